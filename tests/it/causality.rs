//! Nothing looks ahead (invariant 18): later bars, present, absent or different, never change an
//! earlier answer, and what fills during a bar was quoted before the bar opened. On random series,
//! and on recorded ones around the crashes when `GARDEFOU_CANDLES` is set.

use std::collections::BTreeMap;

use gardefou_core::config::{EntryOrder, Params};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Fill};
use gardefou_core::ids::{BookId, OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Direction, Ticks};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::BarVenue;
use gardefou_world::case::{Case, START, Which};
use gardefou_world::driver::{Driver, Scene, Watch};
use gardefou_world::record::Record;

use crate::{real, seeds};

/// The case without what happens from `end` on.
fn before(case: &Case, end: Timestamp) -> Case {
    let mut case = case.clone();
    case.bars.iter_mut().for_each(|bars| bars.retain(|bar| bar.at < end));
    case.funding.iter_mut().for_each(|due| due.retain(|&(at, _)| at < end));
    case
}

/// The case with another market from `end` on: prices half as high again, moving the other way.
fn otherwise(case: &Case, end: Timestamp) -> Case {
    let mut case = case.clone();
    for bar in case.bars.iter_mut().flatten().filter(|bar| bar.at >= end) {
        let top = bar.high.0 + bar.low.0 + bar.low.0 / 2;
        let turned = |price: Ticks| Ticks(top - price.0);
        let (open, close) = (turned(bar.open), turned(bar.close));
        let (high, low) = (turned(bar.low), turned(bar.high));
        *bar = Bar { open, high, low, close, ..*bar };
    }
    case
}

fn later_bars_change_nothing(which: Which) {
    seeds::each(6, which, |seed, case| {
        let whole = Driver::run(case, Record::default());
        for hours in [550 + seed as i64, 700, 997] {
            let end = START + Span::hours(hours);
            let prefix = Driver::run(&before(case, end), Record::default());
            let other = Driver::run(&otherwise(case, end), Record::default());
            let difference = prefix.watch().first_difference(whole.watch());
            let difference = difference.or_else(|| prefix.watch().first_difference(other.watch()));
            if let Some(difference) = difference {
                return Err(format!("cut after {hours} hours: {difference}"));
            }
        }
        Ok(())
    });
}

#[test]
fn later_bars_change_no_earlier_answer_of_grid_atr() {
    later_bars_change_nothing(Which::GridAtr);
}

#[test]
fn later_bars_change_no_earlier_answer_of_grid_multi_tf() {
    later_bars_change_nothing(Which::GridMultiTf);
}

#[test]
fn later_bars_change_no_earlier_answer_of_supertrend() {
    later_bars_change_nothing(Which::Supertrend);
}

#[test]
fn later_bars_change_no_earlier_answer_of_a_portfolio() {
    later_bars_change_nothing(Which::All);
}

/// The markets of each crash with that day, without it, and with another one.
fn a_crash_changes_nothing_before_it(order: EntryOrder) {
    let Some([binance, _]) = real::markets() else { return };
    for (name, day, _) in real::CRASHES {
        let end = Timestamp(day);
        let near = real::around(binance, day, 1_200, 72);
        let case = real::in_mode(&near, (order, seeds::MODES[0].1));
        let whole = Driver::run(&case, Record::default());
        let prefix = Driver::run(&before(&case, end), Record::default());
        let other = Driver::run(&otherwise(&case, end), Record::default());
        let (whole, prefix, other) = (whole.watch(), prefix.watch(), other.watch());
        assert_eq!(prefix.first_difference(whole), None, "{name} {order:?}: with the crash");
        assert_eq!(prefix.first_difference(other), None, "{name} {order:?}: with another day");
        // What is compared is worth it: decisions before the cut, and a cut that matters.
        let decided: usize = prefix.hours.iter().map(|hour| hour.notices.len()).sum();
        println!("{name} {order:?}: {} hours, {decided} notices", prefix.hours.len());
        assert!(prefix.hours.len() >= 1_199 && decided > 300, "{name}: {decided} notices");
        let diverges = whole.first_difference(other).is_some();
        assert!(whole.hours.len() > prefix.hours.len() && diverges, "{name}: the cut is the end");
    }
}

#[test]
fn a_crash_changes_no_earlier_answer_with_resting_entries() {
    a_crash_changes_nothing_before_it(EntryOrder::Limit);
}

#[test]
fn a_crash_changes_no_earlier_answer_with_market_entries() {
    a_crash_changes_nothing_before_it(EntryOrder::Market);
}

/// What stood when the last round was decided: price and quantity by level.
#[derive(Default)]
struct Foresight {
    standing: BTreeMap<(BookId, SymbolId, Direction, u8), (Ticks, i64)>,
    fills: u64,
    fault: Option<String>,
}

impl Foresight {
    fn check(&mut self, engine: &Engine, fill: &Fill) -> Result<(), String> {
        let id = fill.id;
        let key = (id.book, id.symbol, id.direction, id.level);
        let Some(&(price, lots)) = self.standing.get(&key) else {
            return Err(format!("{fill:?} was not quoted at the last close"));
        };
        self.fills += 1;
        let mono = engine.lane(id.book, id.symbol);
        let mono = mono.is_some_and(|lane| matches!(lane.params, Params::Mono(_)));
        let at_market = mono || engine.config().entry_order == EntryOrder::Market;
        let dearer = id.direction.mirror(fill.price) > id.direction.mirror(price);
        if fill.lots.0 != lots || (dearer && !at_market) {
            return Err(format!("{fill:?}, quoted {lots} at {price:?}"));
        }
        Ok(())
    }
}

impl Watch for Foresight {
    fn after(&mut self, scene: &Scene<'_>) {
        if let Event::OrderFilled(fill) = scene.event
            && fill.id.kind == OrderKind::Entry
            && let Err(fault) = self.check(scene.engine, fill)
        {
            self.fault.get_or_insert(fault);
        }
    }

    fn decided(&mut self, engine: &Engine, venue: &BarVenue) {
        self.standing.clear();
        for book in engine.books() {
            for lane in &book.lanes {
                let Some(desk) = venue.desk(book.id, lane.symbol) else { continue };
                let at = |direction, level| (book.id, lane.symbol, direction, level);
                for order in &desk.entries {
                    let key = at(order.id.direction, order.id.level);
                    self.standing.insert(key, (order.price, order.lots.0));
                }
                for order in desk.market.iter().filter(|order| order.preset.is_some()) {
                    self.standing.insert(at(order.id.direction, 0), (lane.last, order.lots.0));
                }
                for direction in Direction::BOTH {
                    for (rung, level) in lane.wanted[direction.index()].iter().zip(0u8..) {
                        if let Some(rung) = rung {
                            self.standing.insert(at(direction, level), (rung.price, rung.lots.0));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_fills_in_a_bar_was_quoted_before_it_opened() {
    let fills = std::cell::Cell::new(0);
    seeds::each(12, Which::All, |_, case| {
        let driver = Driver::run(case, Foresight::default());
        fills.set(fills.get() + driver.watch().fills);
        driver.watch().fault.clone().map_or(Ok(()), Err)
    });
    assert!(fills.get() > 1_000, "only {} fills", fills.get());
}
