//! The whole engine over history: shipped `grid_atr` parameters, every level, as many slots as
//! symbols. What is measured is the driver's loop: matching, funding apart, rounds, decisions.
//!
//! `cargo bench -p gardefou-world` prints bars per second; `-- --test` only runs each once.

#![allow(clippy::panic, reason = "a benchmark that cannot be set up has nothing to say")]

use std::collections::BTreeMap;

use divan::Bencher;
use divan::counter::ItemsCount;
use gardefou::config::{self, Selection};
use gardefou::data::{SeededMarket, SeededSymbol};
use gardefou_core::config::{EngineConfig, EntryOrder, Facts, Mode};
use gardefou_core::event::Feed;
use gardefou_core::ids::SymbolId;
use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{History, OnTrip};

const SYMBOLS: usize = 26;
const HOURS: usize = 3 * 365 * 24;
const HOUR: Span = Span::hours(1);
/// 2022-01-01T00:00Z.
const START: Timestamp = Timestamp(1_640_995_200_000);

fn main() {
    divan::main();
}

/// The shipped `grid_atr` over as many symbols as asked for, its nine parameter sets in turn.
fn settings(entry_order: EntryOrder) -> EngineConfig {
    let shipped = config::load_from(&config::shipped(), &BTreeMap::new());
    let shipped = shipped.unwrap_or_else(|why| panic!("the shipped configuration loads: {why}"));
    let selection = Selection {
        strategies: Some(vec!["grid_atr".to_owned()]),
        entry_order: Some(entry_order),
        ..Selection::everything(Mode::Paper, Facts::WithBars)
    };
    let config = shipped.engine(&selection, &BTreeMap::new());
    let mut config = config.unwrap_or_else(|why| panic!("the shipped configuration runs: {why}"));
    let (instruments, sets) = (config.instruments.clone(), config.books[0].symbols.clone());
    config.instruments.clear();
    config.books[0].symbols.clear();
    for index in 0..SYMBOLS {
        let mut instrument = instruments[index % instruments.len()].clone();
        instrument.symbol = name(index);
        instrument.group.clear();
        let mut set = sets[index % sets.len()].clone();
        set.symbol = SymbolId(index as u16);
        config.instruments.push(instrument);
        config.books[0].symbols.push(set);
    }
    config.risk.max_live_grids = SYMBOLS as u32;
    config.risk.max_concurrent_positions = SYMBOLS as u32;
    config
}

fn name(index: usize) -> gardefou_core::ids::SymbolName {
    let text = format!("S{index:02}USDT");
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// Three years of hourly bars, by hour.
fn market() -> Vec<Vec<(SymbolId, Bar)>> {
    let symbols: Vec<SeededSymbol> = (0..SYMBOLS)
        .map(|index| SeededSymbol::new(name(index), Ticks(20_000 + 3_000 * index as i64)))
        .collect();
    let mut market = SeededMarket::new(1, &symbols, START);
    let mut hour = Vec::new();
    let mut all = Vec::with_capacity(HOURS);
    for _ in 0..HOURS {
        market.next_hour(&mut hour);
        let bars = hour.iter().enumerate().map(|(i, made)| (SymbolId(i as u16), made.bar));
        all.push(bars.collect());
    }
    all
}

/// Runs the history and counts its fills.
fn run(config: EngineConfig, path: Path, hours: &[Vec<(SymbolId, Bar)>]) -> u64 {
    let mut fills = 0;
    let sink = |_: Timestamp, notice: &Notice| {
        fills += u64::from(matches!(notice, Notice::Filled { .. }));
    };
    let mut history = History::new(config, path, OnTrip::Resume, sink);
    for index in 0..SYMBOLS {
        history.feed(START, SymbolId(index as u16), Feed::Streaming);
    }
    for bars in hours {
        history.round(bars, HOUR);
    }
    drop(history);
    fills
}

fn measure(bencher: Bencher<'_, '_>, order: EntryOrder, path: Path) {
    let hours = market();
    let config = settings(order);
    let bars = (SYMBOLS * HOURS) as u64;
    let fills = run(config.clone(), path, &hours);
    #[expect(clippy::print_stdout, reason = "the figure belongs beside the speed")]
    {
        println!(
            "{order:?} {path:?}: {fills} fills in {bars} bars, {:.4} a bar",
            fills as f64 / bars as f64
        );
    }
    bencher.counter(ItemsCount::new(bars)).bench_local(|| run(config.clone(), path, &hours));
}

#[divan::bench(sample_count = 5)]
fn limit_entries(bencher: Bencher<'_, '_>) {
    measure(bencher, EntryOrder::Limit, Path::Pessimistic);
}

#[divan::bench(sample_count = 5)]
fn market_entries(bencher: Bencher<'_, '_>) {
    measure(bencher, EntryOrder::Market, Path::Pessimistic);
}
