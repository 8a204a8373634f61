//! One measured run for a profiler: `cargo run --profile fast -p gardefou-world --example speed --
//! [seeded|recorded] [market|limit] [pessimistic|optimistic] [times]`.

// An example's output is what it prints.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a measurement prints, and stops where it cannot be set up"
)]

use cpu_time::ThreadTime;
use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;

#[path = "../it/recorded.rs"]
mod recorded;
#[path = "../benches/work/speed.rs"]
mod speed;

use speed::Work;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let says = |word: &str| words.iter().any(|given| given == word);
    let work = if says("recorded") { Work::recorded() } else { Some(Work::seeded()) };
    let Some(work) = work else { return };
    let order = if says("market") { EntryOrder::Market } else { EntryOrder::Limit };
    let path = if says("optimistic") { Path::Optimistic } else { Path::Pessimistic };
    let times = words.iter().find_map(|word| word.parse().ok()).unwrap_or(5);
    for _ in 0..times {
        let clock = ThreadTime::now();
        let done = work.run(order, path);
        let seconds = clock.elapsed().as_secs_f64();
        let bars = work.bars() as f64;
        println!(
            "{}, {order:?} {path:?}: {:.2} M bars/s of CPU time, {:.4} fills per bar, {done:?}",
            work.name,
            bars / seconds / 1e6,
            done.fills as f64 / bars,
        );
    }
}
