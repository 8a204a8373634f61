//! How many bars a second the whole engine takes in a backtest, on one core: shipped `grid_atr`
//! parameters, all levels, as many slots as symbols, funding included. The seeded market always,
//! the recorded one when `GARDEFOU_CANDLES` is set.

// A benchmark's output is what it prints.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;

#[path = "../it/recorded.rs"]
mod recorded;
#[path = "work/speed.rs"]
mod speed;

use speed::Work;

static SEEDED: LazyLock<Work> = LazyLock::new(Work::seeded);
static RECORDED: LazyLock<Option<Work>> = LazyLock::new(Work::recorded);

const ORDERS: [EntryOrder; 2] = [EntryOrder::Market, EntryOrder::Limit];

fn main() {
    for work in [Some(&*SEEDED), RECORDED.as_ref()].into_iter().flatten() {
        for order in ORDERS {
            let done = work.run(order, Path::Pessimistic);
            let (bars, fills) = (work.bars(), done.fills);
            let rate = fills as f64 / bars as f64;
            println!("{}, {order:?}: {bars} bars, {fills} fills, {rate:.4} per bar", work.name);
        }
    }
    divan::main();
}

#[divan::bench(args = ORDERS, sample_count = 20)]
fn seeded(bencher: Bencher<'_, '_>, order: EntryOrder) {
    measure(bencher, &SEEDED, order);
}

#[divan::bench(args = ORDERS, sample_count = 20)]
fn recorded_candles(bencher: Bencher<'_, '_>, order: EntryOrder) {
    if let Some(work) = &*RECORDED {
        measure(bencher, work, order);
    }
}

fn measure(bencher: Bencher<'_, '_>, work: &Work, order: EntryOrder) {
    let bencher = bencher.counter(ItemsCount::new(work.bars()));
    bencher.bench_local(|| work.run(order, Path::Pessimistic));
}
