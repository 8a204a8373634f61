//! Feeds a market to the engine, hour by hour, in the order of the matching contract, and keeps
//! what it says. The clock that measures the engine runs around this loop alone.

use std::collections::BTreeMap;

use cpu_time::ThreadTime;
use gardefou_core::config::EngineConfig;
use gardefou_core::engine::Engine;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::money::{Cash, Ticks};
use gardefou_core::notice::Notice;
use gardefou_core::risk::Refusal;
use gardefou_core::time::{Span, Timeframe, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{History, Sink};

use super::hours::Hours;
use super::load::Market;
use super::{Progress, Request};
use crate::words;

/// The bar on which decisions are made.
pub const HOUR: Span = Timeframe::H1.span();

/// What a run over one path left behind.
pub struct Run {
    /// The engine at the end.
    pub engine: Engine,
    /// Facts in the order of happening, with the time of the step.
    pub notices: Vec<(Timestamp, Notice)>,
    /// Balance and unrealised result of each book at each close.
    pub equity: EquityLog,
    /// Bars that went through the engine.
    pub bars: u64,
    /// Those that were matched and decided on: not only warming indicators.
    pub decided: u64,
    /// What was refused last of each kind, with its numbers.
    pub refused: Refused,
    /// CPU time of the loop.
    pub engine_seconds: f64,
    /// Wanted levels of each book and symbol, at each close that changed them, when charts are
    /// wanted.
    pub ladders: Ladders,
}

/// The last refusal told of each kind, by book, symbol and kind.
pub type Refused = BTreeMap<(BookId, SymbolId, usize), Refusal>;

/// Wanted levels from an instant on, by book and symbol.
pub type Ladders = BTreeMap<(BookId, SymbolId), Vec<(Timestamp, Vec<Ticks>)>>;

/// Balance and unrealised result of every book at every close, in one flat list.
#[derive(Clone, Debug, Default)]
pub struct EquityLog {
    times: Vec<Timestamp>,
    figures: Vec<(Cash, Cash)>,
    books: usize,
}

impl EquityLog {
    fn for_run(books: usize, closes: usize) -> Self {
        let figures = Vec::with_capacity(books * closes);
        Self { times: Vec::with_capacity(closes), figures, books }
    }

    /// Closes in order: the time, and (balance, unrealised) by book.
    pub fn closes(&self) -> impl Iterator<Item = (Timestamp, &[(Cash, Cash)])> {
        self.times.iter().copied().zip(self.figures.chunks_exact(self.books.max(1)))
    }

    /// How many closes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// True when nothing closed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

/// Keeps facts, and of refusals the last of each kind: the engine counts them.
struct Keep<'a> {
    config: &'a EngineConfig,
    path: &'static str,
    facts: Vec<(Timestamp, Notice)>,
    refused: Refused,
}

impl<'a> Keep<'a> {
    fn new(config: &'a EngineConfig, path: Path) -> Self {
        let path = match path {
            Path::Pessimistic => "pessimistic",
            Path::Optimistic => "optimistic",
        };
        Self { config, path, facts: Vec::new(), refused: Refused::new() }
    }
}

impl Sink for Keep<'_> {
    #[inline]
    fn hear(&mut self, now: Timestamp, notice: &Notice) {
        words::log(self.config, self.path, now, notice);
        if let Notice::Refused { book, symbol, refusal } = notice {
            self.refused.insert((*book, *symbol, refusal.kind()), *refusal);
        } else {
            self.facts.push((now, notice.clone()));
        }
    }
}

/// Runs one path.
pub fn run(
    config: &EngineConfig,
    market: &Market,
    request: &Request,
    path: Path,
    charts: bool,
    progress: &mut dyn FnMut(Progress),
) -> Run {
    let keep = Keep::new(config, path);
    let history = History::new(config.clone(), path, request.on_trip, keep);
    let mut at = market.first();
    let total = ((market.to - at).0 / HOUR.0).max(0) as u64;
    let closes = usize::try_from(total).unwrap_or(0);
    let mut driver = Driver {
        hours: Hours::new(market, history),
        equity: EquityLog::for_run(config.books.len(), closes),
        ladders: BTreeMap::new(),
        charts,
        bars: 0,
        decided: 0,
    };
    let clock = ThreadTime::now();
    let mut hour = 0;
    while at < market.to {
        driver.hour(at);
        at = at + HOUR;
        hour += 1;
        if hour % 2_048 == 0 {
            progress(Progress::Running(path, hour, total));
        }
    }
    let engine_seconds = clock.elapsed().as_secs_f64();
    progress(Progress::Running(path, total, total));
    driver.finish(engine_seconds)
}

struct Driver<'a> {
    hours: Hours<'a, Keep<'a>>,
    equity: EquityLog,
    ladders: Ladders,
    charts: bool,
    bars: u64,
    decided: u64,
}

impl Driver<'_> {
    fn hour(&mut self, at: Timestamp) {
        let driven = self.hours.drive(at);
        self.bars += driven.bars;
        if driven.decided {
            self.decided += driven.bars;
            self.observe(at + HOUR);
        }
    }

    fn observe(&mut self, now: Timestamp) {
        let books = self.hours.history().engine().books();
        self.equity.times.push(now);
        let figures = books.iter().map(|book| (book.wallet.balance, book.unrealised()));
        self.equity.figures.extend(figures);
        if self.charts {
            self.draw(now);
        }
    }

    /// Notes the levels that each book wants, where they are others than before.
    fn draw(&mut self, now: Timestamp) {
        for book in self.hours.history().engine().books() {
            for lane in &book.lanes {
                let levels: Vec<Ticks> =
                    lane.wanted.iter().flatten().flatten().map(|rung| rung.price).collect();
                let drawn = self.ladders.entry((book.id, lane.symbol)).or_default();
                if drawn.last().is_none_or(|(_, last)| *last != levels) {
                    drawn.push((now, levels));
                }
            }
        }
    }

    fn finish(self, engine_seconds: f64) -> Run {
        let (engine, _, Keep { facts, refused, .. }) = self.hours.into_history().into_parts();
        Run {
            engine,
            notices: facts,
            equity: self.equity,
            bars: self.bars,
            decided: self.decided,
            refused,
            engine_seconds,
            ladders: self.ladders,
        }
    }
}
