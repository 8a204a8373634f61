//! Shows where the engine and the twin part on a seed:
//! `cargo run -p gardefou-world --example twin -- SEED grid_atr|grid_multi_tf|supertrend|all limit|market pessimistic|optimistic`

use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Which};
use gardefou_world::parity;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let seed = word(0).parse().unwrap_or(1);
    let which = match word(1) {
        "grid_multi_tf" => Which::GridMultiTf,
        "supertrend" => Which::Supertrend,
        "all" => Which::All,
        _ => Which::GridAtr,
    };
    let order = if word(2) == "market" { EntryOrder::Market } else { EntryOrder::Limit };
    let path = if word(3) == "optimistic" { Path::Optimistic } else { Path::Pessimistic };
    let case = case::random(seed, which, order, path, 1_000);
    let history = parity::run_engine(&case, |_| {});
    let engine = parity::engine_rows(&case, &history);
    let verdict = parity::first_difference(&engine, &parity::twin_rows(&case));
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{}", verdict.unwrap_or_else(|| format!("agree on {} rows", engine.len())));
    }
}
