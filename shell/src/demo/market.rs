//! The demo without a screen: a seeded market, minute by minute, through the shipped
//! configuration, the core's history driver and its simulated exchange.
//!
//! No rule of trading and no clock: whoever draws calls [`Demo::minute`] as often as it likes.

use std::collections::BTreeMap;

use gardefou_core::config::{EngineConfig, Facts, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Feed};
use gardefou_core::ids::{SymbolId, SymbolName};
use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{History, OnTrip, Sink};

use super::prices;
use super::tally::Tally;
use crate::backtest::explain;
use crate::config::{self, ConfigError, Selection, shipped};
use crate::data::{SeededHour, SeededMarket, SeededParams, SeededSymbol};
use crate::words;

/// What the strategies decide on.
pub const HOUR: Span = Span::hours(1);
/// What is matched.
pub const MINUTE: Span = Span::seconds(60);
const MINUTES: usize = 60;

/// Hours that only warm indicators; the slowest shipped one needs 564.
pub const HISTORY_HOURS: u32 = 600;
/// What a demo shows unless told otherwise.
pub const DEFAULT_HOURS: u32 = 168;
/// The crash begins this many hours after trading does: earliest, and latest.
const CRASH: (u64, u64) = (96, 120);
/// How far prices fall in it: less than the seeded market may, enough to reach every stop.
const CRASH_DEPTH: (f64, f64) = (0.30, 0.38);
/// The generated market begins here: 2024-01-01 00:00 UTC, a Monday.
const BEGINNING: Timestamp = Timestamp(1_704_067_200_000);
/// Closed hours kept per symbol, for charts.
const CANDLES: usize = 168;

/// What a demo runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Decides every price.
    pub seed: u64,
    /// Hours of market to trade.
    pub hours: u32,
    /// Only these symbols; none = every symbol of the strategies.
    pub symbols: Option<Vec<SymbolName>>,
    /// Only these strategies; none = those that are enabled.
    pub strategies: Option<Vec<String>>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self { seed: 1, hours: DEFAULT_HOURS, symbols: None, strategies: None }
    }
}

/// Everything that the engine said, in order, with the time of the step.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Notices with their times.
    pub notices: Vec<(Timestamp, Notice)>,
}

impl Sink for Heard {
    fn hear(&mut self, now: Timestamp, notice: &Notice) {
        self.notices.push((now, notice.clone()));
    }
}

/// What the chart and the table need of one symbol.
#[derive(Clone, Debug)]
struct Tape {
    /// Closed hours, oldest first.
    closed: Vec<Bar>,
    /// The hour so far.
    forming: Option<Bar>,
    /// The last minute's close.
    price: Ticks,
}

/// A demo under way.
pub struct Demo {
    history: History<Heard>,
    market: SeededMarket,
    hours: Vec<SeededHour>,
    paths: Vec<[Ticks; MINUTES]>,
    tapes: Vec<Tape>,
    tally: Tally,
    /// Notices logged so far.
    logged: usize,
    began: Timestamp,
    ends: Timestamp,
    at: Timestamp,
    round: Vec<(SymbolId, Bar)>,
}

impl Demo {
    /// Reads the shipped configuration, loads the history and stands at the first open.
    ///
    /// # Errors
    /// The scenario names a symbol or a strategy that the configuration does not know.
    pub fn new(scenario: &Scenario) -> Result<Self, ConfigError> {
        let config = engine_config(scenario)?;
        let symbols: Vec<SeededSymbol> =
            config.instruments.iter().map(|i| (i.symbol, prices::first(i)).into()).collect();
        let mut market = SeededMarket::with_params(scenario.seed, &symbols, BEGINNING, behaviour());
        let mut tapes =
            vec![Tape { closed: Vec::new(), forming: None, price: Ticks::ZERO }; symbols.len()];
        let tally = Tally::new(&config);
        let mut history = History::new(config, Path::Pessimistic, OnTrip::Resume, Heard::default());
        let epoch = u32::try_from(BEGINNING.0 / 1_000).unwrap_or(1);
        history.tell(BEGINNING, &Event::Booted { epoch });
        let mut hours = Vec::new();
        for _ in 0..HISTORY_HOURS {
            market.next_hour(&mut hours);
            for ((symbol, hour), tape) in (0..).map(SymbolId).zip(&hours).zip(&mut tapes) {
                history.warm(symbol, &hour.bar, HOUR);
                tape.close(hour.bar);
            }
        }
        let began = BEGINNING + Span::hours(i64::from(HISTORY_HOURS));
        for symbol in (0..).map(SymbolId).take(symbols.len()) {
            history.feed(began, symbol, Feed::Streaming);
        }
        let ends = began + Span::hours(i64::from(scenario.hours));
        let (paths, round) = (Vec::new(), Vec::new());
        let (at, logged) = (began, 0);
        Ok(Self { history, market, hours, paths, tapes, tally, logged, began, ends, at, round })
    }

    /// One minute of market: what opens an hour first, then matching, then what closes it.
    /// False when the demo is over.
    pub fn minute(&mut self) -> bool {
        if self.is_over() {
            return false;
        }
        let minute = usize::try_from((self.at - self.at.floor(HOUR)).0 / MINUTE.0).unwrap_or(0);
        if minute == 0 {
            self.open_hour();
        }
        self.match_minute(minute);
        self.at = self.at + MINUTE;
        if minute + 1 == MINUTES {
            self.close_hour();
        }
        let Self { tally, logged, history, tapes, .. } = self;
        let notices = &history.sink().notices;
        for (now, notice) in notices.get(*logged..).unwrap_or_default() {
            words::log(history.engine().config(), "demo", *now, notice);
        }
        *logged = notices.len();
        tally.learn(history.engine(), &history.sink().notices, |symbol| price(tapes, symbol));
        true
    }

    fn open_hour(&mut self) {
        self.market.next_hour(&mut self.hours);
        self.paths.clear();
        self.paths.extend(self.market.streams().iter().map(|stream| stream.path()));
        for (symbol, hour) in (0..).map(SymbolId).zip(&self.hours) {
            if let Some(rate) = hour.funding {
                self.history.settle(hour.bar.at, symbol, rate, hour.bar.open);
            }
        }
    }

    fn match_minute(&mut self, minute: usize) {
        self.round.clear();
        let hours = self.hours.iter().zip(&self.paths).zip(&mut self.tapes);
        for (symbol, ((hour, path), tape)) in (0..).map(SymbolId).zip(hours) {
            let bar = minute_bar(self.at, path, minute, hour.bar.traded);
            tape.extend(hour.bar.at, &bar);
            self.round.push((symbol, bar));
        }
        self.history.match_bars(&self.round, MINUTE);
    }

    fn close_hour(&mut self) {
        self.round.clear();
        for ((symbol, hour), tape) in (0..).map(SymbolId).zip(&self.hours).zip(&mut self.tapes) {
            tape.close(hour.bar);
            self.round.push((symbol, hour.bar));
        }
        self.history.close_bars(&self.round, HOUR);
    }

    /// True when every hour was traded.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.at >= self.ends
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at
    }

    /// When trading began, and when it ends.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.began, self.ends)
    }

    /// The engine, to look at.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.history.engine()
    }

    /// The crash of this market, when trading has met it: its first hour, and how far a price
    /// falls with it, as a fraction.
    #[must_use]
    pub fn crash(&self) -> Option<(Timestamp, f64)> {
        let (at, crash) = self.market.crashes().next()?;
        (at < self.at).then_some((at, crash.depth))
    }

    /// Everything that the engine said so far.
    #[must_use]
    pub fn notices(&self) -> &[(Timestamp, Notice)] {
        &self.history.sink().notices
    }

    /// Results so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The last price of a symbol.
    #[must_use]
    pub fn price(&self, symbol: SymbolId) -> Ticks {
        price(&self.tapes, symbol)
    }

    /// The last `count` hours of a symbol, oldest first; the last one may still be forming.
    #[must_use]
    pub fn candles(&self, symbol: SymbolId, count: usize) -> Vec<Bar> {
        let Some(tape) = self.tapes.get(usize::from(symbol.0)) else { return Vec::new() };
        let all: Vec<Bar> = tape.closed.iter().chain(&tape.forming).copied().collect();
        all[all.len().saturating_sub(count)..].to_vec()
    }
}

impl Tape {
    fn extend(&mut self, hour: Timestamp, minute: &Bar) {
        let bar = self.forming.get_or_insert(Bar { at: hour, ..*minute });
        bar.high = bar.high.max(minute.high);
        bar.low = bar.low.min(minute.low);
        bar.close = minute.close;
        self.price = minute.close;
    }

    fn close(&mut self, bar: Bar) {
        self.forming = None;
        self.price = bar.close;
        if self.closed.len() == CANDLES {
            self.closed.remove(0);
        }
        self.closed.push(bar);
    }
}

fn price(tapes: &[Tape], symbol: SymbolId) -> Ticks {
    tapes.get(usize::from(symbol.0)).map_or(Ticks::ZERO, |tape| tape.price)
}

/// One minute of an hour's path: from the minute before to this one. The bars of an hour have
/// together the open, the extremes and the close of its bar.
fn minute_bar(at: Timestamp, path: &[Ticks; MINUTES], minute: usize, traded: bool) -> Bar {
    let (open, close) = (path[minute.saturating_sub(1)], path[minute]);
    Bar { at, open, high: open.max(close), low: open.min(close), close, traded }
}

/// The usual market, with a crash that every demo meets.
fn behaviour() -> SeededParams {
    let history = u64::from(HISTORY_HOURS);
    let crash_window = (history + CRASH.0, history + CRASH.1);
    SeededParams { crash_window, crash_depth: CRASH_DEPTH, ..SeededParams::default() }
}

/// The shipped configuration as every other verb reads it, without the environment: a demo is
/// the same everywhere.
fn engine_config(scenario: &Scenario) -> Result<EngineConfig, ConfigError> {
    let settings = config::load_from(&shipped(), &BTreeMap::new())?;
    settings.log();
    let selection = Selection {
        symbols: scenario.symbols.clone(),
        strategies: scenario.strategies.clone(),
        ..Selection::everything(Mode::Paper, Facts::WithBars)
    };
    let config = settings.engine(&selection, &BTreeMap::new())?;
    settings.refuse_liquidation(&config)?;
    explain::log(&config);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_make_up_their_hour() {
        let mut demo = Demo::new(&Scenario::default()).unwrap();
        for _ in 0..200 * MINUTES {
            if !demo.minute() {
                break;
            }
            let forming: Vec<Option<Bar>> = demo.tapes.iter().map(|tape| tape.forming).collect();
            if demo.at.is_aligned(HOUR) {
                continue;
            }
            for ((hour, path), formed) in demo.hours.iter().zip(&demo.paths).zip(forming) {
                let formed = formed.unwrap();
                assert_eq!((formed.at, formed.open), (hour.bar.at, path[0]));
                assert!(formed.low >= hour.bar.low && formed.high <= hour.bar.high);
                if (demo.at + MINUTE).is_aligned(HOUR) {
                    let last = minute_bar(demo.at, path, MINUTES - 1, true);
                    let whole = Bar {
                        high: formed.high.max(last.high),
                        low: formed.low.min(last.low),
                        close: last.close,
                        traded: hour.bar.traded,
                        ..formed
                    };
                    assert_eq!(whole, hour.bar);
                }
            }
        }
    }

    #[test]
    fn every_symbol_is_ready_at_the_first_open() {
        let demo = Demo::new(&Scenario::default()).unwrap();
        let lanes = || demo.engine().books().iter().flat_map(|book| &book.lanes);
        assert_eq!(lanes().count(), 18);
        assert!(lanes().all(|lane| lane.runner.is_ready()));
        assert!(demo.notices().is_empty());
    }

    #[test]
    fn an_unknown_symbol_is_refused_in_words() {
        let symbols = Some(vec!["NOSUCHUSDT".parse().unwrap()]);
        let refused = Demo::new(&Scenario { symbols, ..Scenario::default() });
        assert!(refused.err().unwrap().to_string().contains("NOSUCHUSDT"));
    }
}
