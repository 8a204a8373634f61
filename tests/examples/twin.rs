//! Shows where the engine and the twin part, on one seed or on a range of them:
//! `cargo run -p gardefou-world --example twin -- SEED|FROM..TO grid_atr|grid_multi_tf|supertrend|all limit|market pessimistic|optimistic`

use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Which};
use gardefou_world::parity;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let number = |text: &str| text.parse::<u64>().unwrap_or(1);
    let (from, to) = match word(0).split_once("..") {
        Some((from, to)) => (number(from), number(to)),
        None => (number(word(0)), number(word(0)).saturating_add(1)),
    };
    let which = match word(1) {
        "grid_multi_tf" => Which::GridMultiTf,
        "supertrend" => Which::Supertrend,
        "all" => Which::All,
        _ => Which::GridAtr,
    };
    let order = if word(2) == "market" { EntryOrder::Market } else { EntryOrder::Limit };
    let path = if word(3) == "optimistic" { Path::Optimistic } else { Path::Pessimistic };
    let (mut differ, mut rows) = (0, 0);
    for seed in from..to {
        let case = case::random(seed, which, order, path, 1_000);
        let engine = parity::engine_rows(&case, &parity::run_engine(&case, |_| {}));
        rows += engine.len();
        if let Some(where_to) = parity::first_difference(&engine, &parity::twin_rows(&case)) {
            differ += 1;
            say(&format!("seed {seed}: {where_to}"));
        }
    }
    say(&format!("{} seeds, {rows} rows, {differ} seeds differ", to - from));
}

fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{line}");
    }
}
