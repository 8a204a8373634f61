//! The engine on every recorded hourly file, when `GARDEFOU_CANDLES` is set: the three strategies
//! with the shipped parameters, both entry orders, both paths. The auditor looks after every event
//! of the whole history, and of fresh wallets around the crashes; the twin agrees around the
//! crashes, on long series, and on recorded finer bars.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use gardefou_core::config::EntryOrder;
use gardefou_core::engine::Engine;
use gardefou_core::ids::BookId;
use gardefou_core::market::Bar;
use gardefou_core::money::Fraction;
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timeframe, Timestamp};
use gardefou_core::venue::bars::{BarVenue, Path};
use gardefou_world::audit::{Audit, Seen};
use gardefou_world::case::Case;
use gardefou_world::driver::{Driver, Scene, Watch};
use gardefou_world::parity;

use crate::recorded;
use crate::seeds::MODES;

const STRATEGIES: [&str; 3] = ["grid_atr", "grid_multi_tf", "supertrend"];

/// Crash months: name, the day of the crash, and the month's end, in milliseconds since 1970.
pub const CRASHES: [(&str, i64, i64); 4] = [
    ("March 2020", 1_583_971_200_000, 1_585_699_200_000),
    ("May 2021", 1_621_382_400_000, 1_622_505_600_000),
    ("November 2022", 1_667_865_600_000, 1_669_852_800_000),
    ("10 October 2025", 1_760_054_400_000, 1_761_955_200_000),
];

/// All recorded symbols of the venue with most of them, and the one of the other.
pub fn markets() -> Option<&'static [Case; 2]> {
    static MARKETS: OnceLock<Option<[Case; 2]>> = OnceLock::new();
    let read = || {
        let folder = recorded::folder()?;
        let venues = ["binance-perp", "bitget-perp"];
        Some(venues.map(|venue| recorded::case(&folder, venue, &STRATEGIES)))
    };
    MARKETS.get_or_init(read).as_ref()
}

pub fn in_mode(case: &Case, (order, path): (EntryOrder, Path)) -> Case {
    let mut case = case.clone();
    case.config.entry_order = order;
    case.path = path;
    case
}

/// The hours from `before` hours before an instant to `after` hours after it.
pub fn around(case: &Case, at: i64, before: i64, after: i64) -> Case {
    let mut case = case.clone();
    let from = Timestamp(at) - Span::hours(before);
    let to = Timestamp(at) + Span::hours(after);
    let inside = |at: Timestamp| at >= from && at < to;
    case.bars.iter_mut().for_each(|bars| bars.retain(|bar| inside(bar.at)));
    case.funding.iter_mut().for_each(|due| due.retain(|&(at, _)| inside(at)));
    case
}

/// Audits every event, and counts fills and refusals by book and crash.
struct Whole {
    audit: Audit,
    active: BTreeMap<(BookId, usize), (u64, u64)>,
    fills: BTreeMap<BookId, u64>,
    refusals: BTreeMap<BookId, u64>,
}

impl Whole {
    fn new(case: &Case) -> Self {
        let audit = Audit::new(&case.config);
        let (active, fills, refusals) = Default::default();
        Self { audit, active, fills, refusals }
    }
}

/// The crash that an instant belongs to.
fn crash_at(now: Timestamp) -> Option<usize> {
    CRASHES.iter().position(|&(_, day, end)| now.0 >= day && now.0 < end)
}

impl Watch for Whole {
    fn after(&mut self, scene: &Scene<'_>) {
        self.audit.after(scene);
        for notice in &scene.step.notices {
            if let Notice::Filled { fill, .. } = notice {
                *self.fills.entry(fill.id.book).or_default() += 1;
                if let Some(crash) = crash_at(scene.now) {
                    self.active.entry((fill.id.book, crash)).or_default().0 += 1;
                }
            }
        }
    }

    fn decided(&mut self, engine: &Engine, venue: &BarVenue) {
        self.audit.decided(engine, venue);
        for book in engine.books() {
            let last = book.lanes.iter().filter_map(|lane| lane.runner.last()).map(|bar| bar.at);
            let all = book.lanes.iter().flat_map(|lane| lane.refusals).map(u64::from).sum();
            let before = self.refusals.insert(book.id, all).unwrap_or_default();
            if let Some(crash) = last.max().and_then(crash_at) {
                self.active.entry((book.id, crash)).or_default().1 += all - before;
            }
        }
    }
}

fn every_file(mode: (EntryOrder, Path)) {
    let Some([binance, bitget]) = markets() else { return };
    for (case, crashes) in [(binance, 4), (bitget, 2)] {
        let mut case = in_mode(case, mode);
        if case.bars.len() == 1 {
            // One ladder of one symbol plans with the whole balance: no cap would admit it.
            (case.config.risk.max_margin_ratio, case.config.risk.min_free_margin) =
                (Fraction::ONE, Fraction::ZERO);
            case.config.risk.groups.clear();
        }
        let driver = Driver::run(&case, Whole::new(&case));
        let whole = driver.watch();
        assert_eq!(whole.audit.fault(), None);
        let bars: usize = case.bars.iter().map(Vec::len).sum();
        println!("{mode:?}: {} symbols, {bars} bars, fills {:?}", case.bars.len(), whole.fills);
        let few = whole.fills.values().filter(|&&fills| fills < 50).count();
        assert!(whole.fills.len() == 3 && few == 0, "{mode:?}: {:?}", whole.fills);
        acts_in_crashes(whole, crashes);
    }
}

/// Every book fills or refuses in every crash that its data covers.
fn acts_in_crashes(whole: &Whole, crashes: usize) {
    let mut acting = [0; CRASHES.len()];
    for (&(book, crash), &(fills, refusals)) in &whole.active {
        println!("{book:?} in {}: {fills} fills, {refusals} refusals", CRASHES[crash].0);
        acting[crash] += usize::from(fills + refusals > 0);
    }
    let covered = acting.iter().filter(|&&books| books == 3).count();
    assert_eq!(covered, crashes, "{acting:?}");
}

#[test]
fn every_file_with_resting_entries_pessimistic() {
    every_file(MODES[0]);
}

#[test]
fn every_file_with_resting_entries_optimistic() {
    every_file(MODES[1]);
}

#[test]
fn every_file_with_market_entries_pessimistic() {
    every_file(MODES[2]);
}

#[test]
fn every_file_with_market_entries_optimistic() {
    every_file(MODES[3]);
}

#[test]
fn recorded_data_covers_the_crash_months() {
    let Some([binance, _]) = markets() else { return };
    for (name, day, end) in CRASHES {
        let month = |bars: &&Vec<gardefou_core::market::Bar>| {
            bars.iter().filter(|bar| bar.at.0 >= day && bar.at.0 < end).count() as i64
                == (end - day) / Span::hours(1).0
        };
        let symbols = binance.bars.iter().filter(month).count();
        println!("{name}: {symbols} symbols");
        assert!(symbols >= 5, "{name}: {symbols} symbols");
    }
}

/// Every event from the end of the warm-up to ten days after each crash, all symbols.
#[test]
fn every_event_of_the_crashes_adds_up_and_is_protected() {
    let Some([binance, _]) = markets() else { return };
    let mut total = Seen::default();
    for mode in MODES {
        for (name, day, _) in CRASHES {
            let case = in_mode(&around(binance, day, 620, 240), mode);
            let driver = Driver::run(&case, Audit::new(&case.config));
            let audit = driver.watch();
            assert_eq!(audit.fault(), None, "{name} {mode:?}");
            total.add(&audit.seen());
        }
    }
    println!("{total:?}");
    assert!(total.fills > 1_000 && total.positions > 10_000 && total.deferred > 0, "{total:?}");
}

/// The case with some of its symbols only.
fn only(case: &Case, names: &[&str]) -> Case {
    let mut case = case.clone();
    for (index, instrument) in case.config.instruments.iter().enumerate() {
        if !names.contains(&instrument.symbol.as_str()) {
            case.bars[index].clear();
            case.funding[index].clear();
        }
    }
    case
}

fn twins_agree(name: &str, case: &Case) {
    let history = parity::run_engine(case, |_| {});
    let engine = parity::engine_rows(case, &history);
    let difference = parity::first_difference(&engine, &parity::twin_rows(case));
    assert_eq!(difference, None, "{name}");
    println!("{name}: {} rows agree", engine.len());
}

#[test]
fn the_twin_agrees_around_the_crashes() {
    let Some([binance, _]) = markets() else { return };
    let some = only(binance, &["BTCUSDT", "XRPUSDT", "SOLUSDT", "ETHUSDT"]);
    for mode in MODES {
        for (name, day, _) in CRASHES {
            twins_agree(
                &format!("{name} {mode:?}"),
                &in_mode(&around(&some, day, 1_200, 300), mode),
            );
        }
    }
}

/// A year of one symbol in each mode, its share of the wallet being that of the whole list; all
/// years with `GARDEFOU_TWIN_LONG`.
#[test]
fn the_twin_agrees_on_long_series() {
    let Some([binance, _]) = markets() else { return };
    let all = std::env::var_os("GARDEFOU_TWIN_LONG").is_some();
    let (_, end, _) = CRASHES[3];
    for (mode, name) in MODES.into_iter().zip(["LTCUSDT", "XRPUSDT", "BTCUSDT", "ETHUSDT"]) {
        let whole = only(binance, &[name]);
        let case = if all { whole } else { around(&whole, end, 8_760, 500) };
        twins_agree(&format!("{name} {mode:?}"), &in_mode(&case, mode));
    }
}

/// Of each hour its finer bars, where none is missing.
fn by_hour(case: &Case, finer: &[Vec<Bar>], length: Span) -> Vec<Vec<Vec<Bar>>> {
    let count = (Span::hours(1).0 / length.0) as usize;
    let inside = |finer: &[Bar], hour: &Bar| {
        let from = finer.partition_point(|bar| bar.at < hour.at);
        let to = finer.partition_point(|bar| bar.at < hour.at + Span::hours(1));
        if to - from == count { finer[from..to].to_vec() } else { Vec::new() }
    };
    let symbol = |(bars, finer): (&Vec<Bar>, &Vec<Bar>)| {
        bars.iter().map(|hour| inside(finer, hour)).collect()
    };
    case.bars.iter().zip(finer).map(symbol).collect()
}

/// Recorded finer bars, of the symbols that have them: from the end of the warm-up on.
fn twins_agree_in_detail(detail: Timeframe, from: i64, hours: i64, modes: &[(EntryOrder, Path)]) {
    let Some(folder) = recorded::folder() else { return };
    let (whole, finer) =
        recorded::case_in_detail(&folder, "binance-perp", &STRATEGIES, Some(detail));
    let names: Vec<String> = whole
        .config
        .instruments
        .iter()
        .zip(&finer)
        .filter(|(_, bars)| !bars.is_empty())
        .map(|(instrument, _)| instrument.symbol.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let some = around(&only(&whole, &names), from, 620, hours);
    for &mode in modes {
        let case = in_mode(&some, mode);
        let fine = by_hour(&case, &finer, detail.span());
        let history = parity::run_engine_on(&case, &fine, |_| {});
        let engine = parity::engine_rows(&case, &history);
        let difference = parity::first_difference(&engine, &parity::twin_rows_on(&case, &fine));
        assert_eq!(difference, None, "{detail:?} {mode:?}");
        println!("{} {mode:?}: {} rows agree, of {names:?}", detail.name(), engine.len());
        assert!(engine.len() > 100, "{detail:?} {mode:?}: {} rows", engine.len());
    }
}

#[test]
fn the_twin_agrees_on_recorded_bars_of_five_minutes() {
    // 2025-02-01: a crash on the third day of it.
    twins_agree_in_detail(Timeframe::M5, 1_738_368_000_000, 360, &MODES);
}

#[test]
fn the_twin_agrees_on_recorded_minutes() {
    // 2025-06-03, with three days of minutes after it.
    twins_agree_in_detail(Timeframe::M1, 1_748_908_800_000, 72, &[MODES[0], MODES[3]]);
}
