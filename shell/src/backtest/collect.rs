//! From what the engine said to the result that people and programs read. Every figure comes from
//! a fact; nothing is estimated.

use std::collections::BTreeMap;

use gardefou_core::config::EngineConfig;
use gardefou_core::event;
use gardefou_core::executor::Lane;
use gardefou_core::ids::{BookId, OrderKind, SymbolId};
use gardefou_core::market::Instrument;
use gardefou_core::money::{self, Cash, Lots};
use gardefou_core::notice::{CycleResult, FillReason, Notice, Switch};
use gardefou_core::risk::Refusal;
use gardefou_core::risk::switches::Cause;
use gardefou_core::time::{Span, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::BacktestError;
use super::drive::{Refused, Run};
use super::load::Market;
use super::share;
use crate::config::resolved;
use crate::report::html::{Ladder, PriceSeries};
use crate::report::metrics::{Basis, DrawdownTracker, Window, buy_and_hold};
use crate::report::result;
use crate::report::result::{
    CloseReason, Cycle, Direction, DrawdownBasis, EquityCurve, EquityPoint, Fill, FillKind,
    Funding, Liquidity, Moment, OpenCycle, PathResult, Refusal as RefusalCount, Side, Trip,
};
use crate::store::Hash;
use crate::words;

/// USDT as a decimal, exact.
#[must_use]
pub fn usdt(cash: Cash) -> Decimal {
    // Balances fit: 28 digits with 8 decimals reach 10^20 USDT.
    Decimal::try_from_i128_with_scale(cash.0, 8).unwrap_or(Decimal::MAX).normalize()
}

/// A fraction as a decimal, exact.
#[must_use]
pub fn fraction(value: money::Fraction) -> Decimal {
    Decimal::new(value.0, 8).normalize()
}

/// Why an execution happened.
#[must_use]
pub fn fill_reason(reason: FillReason) -> result::FillReason {
    match reason {
        FillReason::Level => result::FillReason::Entry,
        FillReason::Signal => result::FillReason::Signal,
        FillReason::Target | FillReason::TargetAtClose => result::FillReason::Target,
        FillReason::Stop => result::FillReason::Stop,
        FillReason::DirectionFlip => result::FillReason::Flip,
        FillReason::TimeStop => result::FillReason::Time,
        FillReason::OppositeFill => result::FillReason::OppositeFill,
        // A backtest hears every order of its own.
        FillReason::Emergency | FillReason::Unheard => result::FillReason::Emergency,
        FillReason::KillSwitch => result::FillReason::KillSwitch,
        FillReason::Liquidation => result::FillReason::Liquidation,
    }
}

/// Why a cycle was closed; none for what only opens. A cycle without a reason is left out, and
/// the result does not add up: that is told as the bug it would be.
#[must_use]
pub fn close_reason(reason: FillReason) -> Option<CloseReason> {
    match reason {
        FillReason::Level | FillReason::Signal => None,
        FillReason::Target | FillReason::TargetAtClose => Some(CloseReason::Target),
        FillReason::Stop => Some(CloseReason::Stop),
        FillReason::DirectionFlip => Some(CloseReason::Flip),
        FillReason::TimeStop => Some(CloseReason::Time),
        FillReason::OppositeFill => Some(CloseReason::OppositeFill),
        FillReason::Emergency | FillReason::Unheard => Some(CloseReason::Emergency),
        FillReason::KillSwitch => Some(CloseReason::KillSwitch),
        FillReason::Liquidation => Some(CloseReason::Liquidation),
    }
}

/// The result of one path.
///
/// # Errors
/// When the facts do not add up to the balances, which is a bug.
pub fn result(
    config: &EngineConfig,
    market: &Market,
    run: &Run,
) -> Result<PathResult, BacktestError> {
    let collector = Collector { config, hashes: hashes(config) };
    let mut result = PathResult::default();
    for (now, notice) in &run.notices {
        collector.take(&mut result, *now, notice);
    }
    result.fills.sort_by(|a, b| (a.time, &a.symbol).cmp(&(b.time, &b.symbol)));
    result.funding.sort_by(|a, b| (a.time, &a.symbol).cmp(&(b.time, &b.symbol)));
    result.cycles.sort_by(|a, b| (a.closed, &a.symbol).cmp(&(b.closed, &b.symbol)));
    for book in run.engine.books() {
        for lane in &book.lanes {
            result.open_cycles.extend(collector.open_cycle(book.id, lane));
            result.refusals.extend(collector.refusals(book.id, lane, &run.refused));
        }
    }
    result.market_share = share::of(market, &result.fills);
    result.equity = equity(config, market, run);
    let window = Window { from: market.from.0, to: market.to.0 };
    let (books, total) = bases(config, market, run);
    result.measure(window, &books, total)?;
    result.state_hash = Hash::of_json(&run.engine)
        .map_err(|why| BacktestError::State(why.to_string()))?
        .to_string();
    Ok(result)
}

type Hashes = BTreeMap<(String, String), String>;

fn hashes(config: &EngineConfig) -> Hashes {
    resolved(config).into_iter().map(|set| ((set.strategy, set.symbol), set.hash)).collect()
}

struct Collector<'a> {
    config: &'a EngineConfig,
    hashes: Hashes,
}

impl Collector<'_> {
    fn book(&self, id: BookId) -> String {
        self.config.book(id).map(|book| book.name.clone()).unwrap_or_default()
    }

    fn instrument(&self, id: SymbolId) -> Option<&Instrument> {
        self.config.instrument(id)
    }

    fn hash(&self, book: &str, symbol: &str) -> String {
        self.hashes.get(&(book.to_owned(), symbol.to_owned())).cloned().unwrap_or_default()
    }

    fn take(&self, result: &mut PathResult, now: Timestamp, notice: &Notice) {
        match notice {
            Notice::Filled { fill, cycle, reason } => {
                result.fills.extend(self.fill(fill, *cycle, *reason));
            }
            Notice::Funded { book, symbol, cycle, at, rate, price, lots, amount } => {
                if let Some(instrument) = self.instrument(*symbol) {
                    result.funding.push(Funding {
                        time: at.0,
                        book: self.book(*book),
                        symbol: instrument.symbol.to_string(),
                        cycle: u64::from(*cycle),
                        rate: fraction(*rate),
                        quantity: instrument.quantity(*lots),
                        price: instrument.price(*price),
                        amount: usdt(*amount),
                    });
                }
            }
            Notice::CycleClosed(cycle) => result.cycles.extend(self.cycle(cycle)),
            Notice::SwitchTripped { switch, at, cause: Cause::Loss { loss, limit } } => {
                result.trips.push(self.trip(*switch, *at, *loss, *limit));
            }
            Notice::SwitchReleased { switch, at, .. } => self.release(result, *switch, *at),
            Notice::Refused { .. }
            // No person trips anything in a history run.
            | Notice::SwitchTripped { cause: Cause::Person { .. }, .. }
            | Notice::Paused { .. }
            | Notice::Resumed { .. }
            | Notice::Unprotected { .. }
            | Notice::Anomaly { .. }
            | Notice::Reconciled(_)
            | Notice::Readiness { .. } => {}
        }
        debug_assert!(now.0 > 0);
    }

    fn fill(&self, fill: &event::Fill, cycle: u32, why: FillReason) -> Option<Fill> {
        let instrument = self.instrument(fill.id.symbol)?;
        let kind = match fill.id.kind {
            OrderKind::Entry if why == FillReason::OppositeFill => FillKind::Close,
            OrderKind::Entry => FillKind::Entry,
            OrderKind::Target => FillKind::Target,
            OrderKind::Stop => FillKind::Stop,
            OrderKind::Close => FillKind::Close,
        };
        let by = match fill.liquidity {
            event::Liquidity::Maker => Liquidity::Maker,
            event::Liquidity::Taker => Liquidity::Taker,
        };
        Some(Fill {
            time: fill.at.0,
            book: self.book(fill.id.book),
            symbol: instrument.symbol.to_string(),
            cycle: u64::from(cycle),
            side: if fill.id.buys() { Side::Buy } else { Side::Sell },
            level: (kind == FillKind::Entry).then_some(fill.id.level),
            kind,
            reason: fill_reason(why),
            liquidity: by,
            price: instrument.price(fill.price),
            quantity: instrument.quantity(fill.lots),
            fee: usdt(fill.fee),
        })
    }

    fn cycle(&self, cycle: &CycleResult) -> Option<Cycle> {
        let instrument = self.instrument(cycle.symbol)?;
        let (book, symbol) = (self.book(cycle.book), instrument.symbol.to_string());
        let params_hash = self.hash(&book, &symbol);
        Some(Cycle {
            book,
            symbol,
            cycle: u64::from(cycle.cycle),
            direction: direction(cycle.direction),
            opened: cycle.opened.0,
            closed: cycle.closed.0,
            reason: close_reason(cycle.reason)?,
            average_entry: average(instrument, cycle.entry_notional, cycle.lots),
            average_exit: average(instrument, cycle.exit_notional, cycle.lots),
            quantity: instrument.quantity(cycle.lots),
            levels_filled: cycle.levels,
            gross: usdt(cycle.gross),
            fees: usdt(cycle.fees),
            funding: usdt(cycle.funding),
            net: usdt(cycle.net),
            params_hash,
        })
    }

    fn open_cycle(&self, book: BookId, lane: &Lane) -> Option<OpenCycle> {
        let cycle = lane.cycle.as_ref()?;
        let instrument = self.instrument(lane.symbol)?;
        let (book, symbol) = (self.book(book), instrument.symbol.to_string());
        let params_hash = self.hash(&book, &symbol);
        Some(OpenCycle {
            book,
            symbol,
            cycle: u64::from(cycle.number),
            direction: direction(cycle.direction),
            opened: cycle.opened.0,
            average_entry: average(instrument, cycle.basis.cost, cycle.basis.lots),
            last_price: instrument.price(lane.last),
            stop: lane.protection.trigger().map(|trigger| instrument.price(trigger)),
            quantity: instrument.quantity(cycle.basis.lots),
            levels_filled: cycle.levels_filled(),
            fees: usdt(cycle.fees),
            funding: usdt(cycle.funding),
            unrealised: usdt(lane.unrealised()),
            params_hash,
        })
    }

    fn refusals(&self, book: BookId, lane: &Lane, told: &Refused) -> Vec<RefusalCount> {
        let Some(instrument) = self.instrument(lane.symbol) else { return Vec::new() };
        let count = |(kind, &bars): (usize, &u32)| {
            (bars > 0).then(|| RefusalCount {
                book: self.book(book),
                symbol: instrument.symbol.to_string(),
                reason: Refusal::NAMES[kind].to_owned(),
                bars: u64::from(bars),
                words: told
                    .get(&(book, lane.symbol, kind))
                    .map_or_else(String::new, words::refusal),
                remedy: words::remedy(Refusal::NAMES[kind]).map(str::to_owned),
            })
        };
        lane.refusals.iter().enumerate().filter_map(count).collect()
    }

    fn trip(
        &self,
        switch: Switch,
        at: Timestamp,
        loss: money::Fraction,
        limit: money::Fraction,
    ) -> Trip {
        let (book, name) = self.switch(switch);
        Trip {
            time: Moment::from_ms(at.0),
            book,
            switch: name,
            loss_percent: loss.to_f64() * 100.0,
            limit_percent: limit.to_f64() * 100.0,
            released: None,
        }
    }

    fn switch(&self, switch: Switch) -> (Option<String>, result::Switch) {
        match switch {
            Switch::Session(book) => (Some(self.book(book)), result::Switch::Session),
            Switch::Global(_) => (None, result::Switch::Global),
        }
    }

    fn release(&self, result: &mut PathResult, switch: Switch, at: Timestamp) {
        let (book, name) = self.switch(switch);
        let open =
            |trip: &&mut Trip| trip.released.is_none() && trip.book == book && trip.switch == name;
        if let Some(trip) = result.trips.iter_mut().rev().find(open) {
            trip.released = Some(Moment::from_ms(at.0));
        }
    }
}

fn direction(direction: money::Direction) -> Direction {
    match direction {
        money::Direction::Long => Direction::Long,
        money::Direction::Short => Direction::Short,
    }
}

/// Notional / quantity in USDT, to 12 decimals: exact prices are in the fills.
fn average(instrument: &Instrument, notional: Cash, lots: Lots) -> Decimal {
    let quantity = instrument.quantity(lots);
    usdt(notional)
        .checked_div(quantity)
        .map_or(Decimal::ZERO, |price| price.round_dp(12).normalize())
}

/// Equity of each book: at the start, at each 00:00 UTC, at the end.
fn equity(config: &EngineConfig, market: &Market, run: &Run) -> Vec<EquityCurve> {
    let last = run.equity.len().saturating_sub(1);
    let curve = |(index, book): (usize, &gardefou_core::config::BookConfig)| {
        let mut points = vec![EquityPoint::new(market.from.0, usdt(book.capital), Decimal::ZERO)];
        for (at, (now, figures)) in run.equity.closes().enumerate() {
            let kept = now.is_aligned(Span::DAY) || at == last;
            if let (true, Some(&(balance, unrealised))) =
                (kept && now.0 > market.from.0, figures.get(index))
            {
                points.push(EquityPoint::new(now.0, usdt(balance), usdt(unrealised)));
            }
        }
        EquityCurve { book: book.name.clone(), points }
    };
    config.books.iter().enumerate().map(curve).collect()
}

/// Capital, drawdown at closes, and buy and hold, per book and in total.
fn bases(config: &EngineConfig, market: &Market, run: &Run) -> (Vec<(String, Basis)>, Basis) {
    let mut trackers: Vec<DrawdownTracker> =
        config.books.iter().map(|_| DrawdownTracker::new(DrawdownBasis::Bar)).collect();
    let mut total = DrawdownTracker::new(DrawdownBasis::Bar);
    let mut shown: Option<&[(Cash, Cash)]> = None;
    for (now, figures) in run.equity.closes() {
        if shown == Some(figures) {
            continue; // Nothing moved: no new peak, no new trough.
        }
        let mut sum = Cash::ZERO;
        for (tracker, &(balance, unrealised)) in trackers.iter_mut().zip(figures) {
            tracker.push(now.0, usdt(balance + unrealised));
            sum += balance + unrealised;
        }
        total.push(now.0, usdt(sum));
        shown = Some(figures);
    }
    let books: Vec<(String, Basis)> = config
        .books
        .iter()
        .zip(&trackers)
        .map(|(book, tracker)| {
            let symbols = book.symbols.iter().map(|s| s.symbol);
            let basis = Basis {
                capital: usdt(book.capital),
                drawdown: tracker.worst(),
                buy_and_hold_percent: hold(market, symbols),
            };
            (book.name.clone(), basis)
        })
        .collect();
    let basis = Basis {
        capital: Decimal::ZERO,
        drawdown: total.worst(),
        buy_and_hold_percent: hold_together(books.iter().map(|(_, basis)| basis)),
    };
    (books, basis)
}

/// Buy and hold of all books: each holds its own symbols with its own capital.
fn hold_together<'a>(books: impl Iterator<Item = &'a Basis>) -> Option<f64> {
    let (mut capital, mut gained) = (0.0, 0.0);
    for basis in books {
        let own = basis.capital.to_f64()?;
        capital += own;
        gained += own * basis.buy_and_hold_percent?;
    }
    (capital > 0.0).then(|| gained / capital)
}

/// Return of the equal-weighted symbols, each bought at its first open in the window (the first
/// price at which a person could have bought) and held to its last close.
fn hold(market: &Market, symbols: impl Iterator<Item = SymbolId>) -> Option<f64> {
    let ends = symbols.filter_map(|symbol| {
        let bars = &market.feed(symbol)?.bars;
        let first = bars.iter().find(|bar| bar.at >= market.from)?;
        Some((first.open.0 as f64, bars.last()?.close.0 as f64))
    });
    buy_and_hold(&ends.collect::<Vec<_>>())
}

/// Prices and wanted levels for the charts.
#[must_use]
pub fn price_series(config: &EngineConfig, market: &Market, run: &Run) -> Vec<PriceSeries> {
    let series = |(index, feed): (usize, &super::load::Feed)| {
        let tick = feed.tick.to_f64().unwrap_or(1.0);
        let price = |ticks: money::Ticks| ticks.0 as f64 * tick;
        let ladder = |(id, book): (usize, &gardefou_core::config::BookConfig)| {
            let drawn = run.ladders.get(&(BookId(id as u16), SymbolId(index as u16)))?;
            let levels =
                |levels: &[money::Ticks]| levels.iter().map(|&level| price(level)).collect();
            let changes = drawn.iter().map(|(at, prices)| (at.0, levels(prices))).collect();
            Some(Ladder { book: book.name.clone(), changes })
        };
        PriceSeries {
            symbol: feed.symbol.to_string(),
            points: feed
                .bars
                .iter()
                .filter(|bar| bar.at >= market.from)
                .map(|b| (b.at.0, price(b.open), price(b.high), price(b.low), price(b.close)))
                .collect(),
            ladders: config.books.iter().enumerate().filter_map(ladder).collect(),
        }
    };
    market.feeds.iter().enumerate().map(series).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::Value;

    const REASONS: [FillReason; 11] = [
        FillReason::Level,
        FillReason::Signal,
        FillReason::Target,
        FillReason::TargetAtClose,
        FillReason::Stop,
        FillReason::DirectionFlip,
        FillReason::TimeStop,
        FillReason::OppositeFill,
        FillReason::Emergency,
        FillReason::KillSwitch,
        FillReason::Liquidation,
    ];

    /// The words that the checked-in schema allows for a type, in order.
    fn allowed(name: &str) -> Vec<String> {
        let text = include_str!("../../../fixtures/schema/backtest.schema.json");
        let schema: Value = serde_json::from_str(text).unwrap();
        let words = schema["$defs"][name]["oneOf"].as_array().unwrap().iter();
        words.map(|word| word["const"].as_str().unwrap().to_owned()).collect()
    }

    /// The words that are written, each once, in the order of the schema.
    fn written<T: Serialize + Ord>(reasons: impl Iterator<Item = T>) -> Vec<String> {
        let mut reasons: Vec<T> = reasons.collect();
        reasons.sort();
        let word = |reason: &T| serde_json::to_value(reason).unwrap().as_str().unwrap().to_owned();
        let mut words: Vec<String> = reasons.iter().map(word).collect();
        words.dedup();
        words
    }

    #[test]
    fn the_schema_lists_the_reasons_that_can_be_written_and_no_other() {
        assert!(REASONS.iter().map(|&reason| reason as usize).eq(0..REASONS.len()));
        assert_eq!(allowed("FillReason"), written(REASONS.into_iter().map(fill_reason)));
        assert_eq!(allowed("CloseReason"), written(REASONS.into_iter().filter_map(close_reason)));
        for reason in REASONS.into_iter().filter_map(close_reason) {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }
}
