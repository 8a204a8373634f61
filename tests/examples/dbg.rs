use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Which};
use gardefou_world::parity;
fn main() {
    let w: Vec<String> = std::env::args().skip(1).collect();
    let which = match w[1].as_str() {
        "grid_multi_tf" => Which::GridMultiTf,
        "supertrend" => Which::Supertrend,
        "all" => Which::All,
        _ => Which::GridAtr,
    };
    let order = if w[2] == "market" { EntryOrder::Market } else { EntryOrder::Limit };
    let path = if w[3] == "optimistic" { Path::Optimistic } else { Path::Pessimistic };
    let (sym, from, to): (usize, i64, i64) =
        (w[4].parse().unwrap(), w[5].parse().unwrap(), w[6].parse().unwrap());
    let case = case::random(w[0].parse().unwrap(), which, order, path, 1000);
    println!("{:#?}", case.config.risk);
    println!("{:?}", case.config.books[0].symbols[sym]);
    parity::run_engine(&case, |h| {
        let lane = &h.engine().books()[0].lanes[sym];
        let Some(b) = lane.runner.last() else { return };
        if b.at.0 >= from && b.at.0 <= to {
            println!("{} {:?}", b.at.0, b);
            println!(
                "   bal {} eq {} budget {:?} told {:?} cool {:?} cyc {:?}",
                h.engine().books()[0].wallet.balance,
                h.engine().books()[0].equity(),
                lane.budget,
                lane.told.map(|k| gardefou_core::risk::Refusal::NAMES[k]),
                lane.cooldown_until,
                lane.cycle.as_ref().map(|c| c.number)
            );
            println!(
                "   L {:?}\n   S {:?}",
                lane.wanted[0].iter().flatten().map(|q| (q.price.0, q.lots.0)).collect::<Vec<_>>(),
                lane.wanted[1].iter().flatten().map(|q| (q.price.0, q.lots.0)).collect::<Vec<_>>()
            );
            println!(
                "   target {:?} stop {:?}",
                lane.target.map(|t| t.price),
                lane.protection.trigger()
            );
            for l in &h.engine().books()[0].lanes {
                print!(
                    "   [{} {:?} {:?} L{} S{}]",
                    l.symbol.0,
                    l.cycle.as_ref().map(|c| c.number),
                    l.told.map(|k| gardefou_core::risk::Refusal::NAMES[k]),
                    l.wanted[0].iter().flatten().count(),
                    l.wanted[1].iter().flatten().count()
                );
            }
            println!();
        }
    });
}
