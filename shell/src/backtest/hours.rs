//! A recorded market and an engine, one hour at a time, in the order of the matching contract:
//! feeds that begin or end, funding, matching, the round. Backtest and daemon drive this and
//! nothing else, so that they cannot differ.

use gardefou_core::event::Feed as FeedState;
use gardefou_core::ids::SymbolId;
use gardefou_core::market::Bar;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::history::{History, Sink};

use super::drive::HOUR;
use super::load::{Feed, Market};

/// The bars that open at `at`, by symbol.
pub fn bars(market: &Market, at: Timestamp) -> impl Iterator<Item = (SymbolId, Bar)> {
    let feeds = market.feeds.iter().zip((0..).map(SymbolId));
    feeds.filter_map(move |(feed, symbol)| Some((symbol, *feed.hour(at)?)))
}

/// Hours before `next`, and hours in all.
#[must_use]
pub fn progress(market: &Market, next: Timestamp) -> (u64, u64) {
    let hours = |to: Timestamp| u64::try_from((to - market.first()).0 / HOUR.0).unwrap_or(0);
    (hours(next), hours(market.to))
}

/// The hours of a market, driven in order.
pub struct Hours<'a, S> {
    market: &'a Market,
    history: History<S>,
    tape: Tape<'a>,
}

/// What was driven in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driven {
    /// Bars that opened in it.
    pub bars: u64,
    /// They were matched and decided on; else they only warmed indicators.
    pub decided: bool,
}

impl<'a, S: Sink> Hours<'a, S> {
    /// From the first bar on.
    pub fn new(market: &'a Market, history: History<S>) -> Self {
        Self { market, history, tape: Tape::new(market) }
    }

    /// From the hour that opens at `next` on; all hours before have been driven.
    pub fn resume(market: &'a Market, history: History<S>, next: Timestamp) -> Self {
        let mut tape = Tape::new(market);
        for (cursor, feed) in tape.cursors.iter_mut().zip(&market.feeds) {
            *cursor = Cursor::at(feed, next);
        }
        Self { market, history, tape }
    }

    /// The market.
    #[must_use]
    pub fn market(&self) -> &'a Market {
        self.market
    }

    /// The engine and the venue.
    #[must_use]
    pub fn history(&self) -> &History<S> {
        &self.history
    }

    /// The same, to be told what is not in the market: requests of people.
    pub fn history_mut(&mut self) -> &mut History<S> {
        &mut self.history
    }

    /// Ends the run.
    #[must_use]
    pub fn into_history(self) -> History<S> {
        self.history
    }

    /// The hour that opens at `at`.
    pub fn drive(&mut self, at: Timestamp) -> Driven {
        self.tape.collect(at, &mut self.history);
        let bars = self.tape.now.len() as u64;
        let decided = at + HOUR >= self.market.from;
        if decided {
            self.tape.settle(at, &mut self.history);
            self.tape.matching(at, &mut self.history);
            self.history.close_bars(&self.tape.now, HOUR);
        } else {
            for (symbol, bar) in &self.tape.now {
                self.history.warm(*symbol, bar, HOUR);
            }
        }
        Driven { bars, decided }
    }
}

/// How far the series of a symbol have been read.
#[derive(Clone, Copy, Default)]
struct Cursor {
    bar: usize,
    detail: usize,
    settlement: usize,
}

impl Cursor {
    /// After all hours before `next`.
    fn at(feed: &Feed, next: Timestamp) -> Self {
        let before = feed.bars.partition_point(|bar| bar.at < next);
        // The hour after the last bar told that the feed is silent.
        let ended = feed.bars.last().is_some_and(|last| last.at + HOUR < next);
        Self {
            bar: before + usize::from(ended),
            detail: feed.detail.partition_point(|bar| bar.at < next),
            settlement: feed.settlements.partition_point(|&(due, _)| due < next),
        }
    }
}

/// The market as it is read.
struct Tape<'a> {
    market: &'a Market,
    cursors: Vec<Cursor>,
    /// Bars of the hour, by symbol.
    now: Vec<(SymbolId, Bar)>,
    /// Those without finer bars, matched whole.
    coarse: Vec<(SymbolId, Bar)>,
}

impl<'a> Tape<'a> {
    fn new(market: &'a Market) -> Self {
        let count = market.feeds.len();
        Self {
            market,
            cursors: vec![Cursor::default(); count],
            now: Vec::with_capacity(count),
            coarse: Vec::with_capacity(count),
        }
    }

    /// The bars that open at `at`; tells the engine of feeds that begin or end.
    fn collect<S: Sink>(&mut self, at: Timestamp, history: &mut History<S>) {
        self.now.clear();
        for (index, feed) in self.market.feeds.iter().enumerate() {
            let symbol = SymbolId(index as u16);
            let cursor = &mut self.cursors[index];
            match feed.bars.get(cursor.bar) {
                Some(bar) if bar.at == at => {
                    if cursor.bar == 0 {
                        history.feed(at, symbol, FeedState::Streaming);
                    }
                    self.now.push((symbol, *bar));
                    cursor.bar += 1;
                }
                None if cursor.bar == feed.bars.len() => {
                    cursor.bar += 1;
                    history.feed(at, symbol, FeedState::Silent);
                }
                Some(_) | None => {}
            }
        }
    }

    fn settle<S: Sink>(&mut self, at: Timestamp, history: &mut History<S>) {
        for (symbol, bar) in &self.now {
            let feed = &self.market.feeds[usize::from(symbol.0)];
            let cursor = &mut self.cursors[usize::from(symbol.0)];
            while let Some(&(due, rate)) = feed.settlements.get(cursor.settlement)
                && due <= at
            {
                cursor.settlement += 1;
                if due == at {
                    history.settle(at, *symbol, rate, bar.open);
                }
            }
        }
    }

    /// Matches the hour: fine bars where a symbol has all of them, else its hourly bar.
    fn matching<S: Sink>(&mut self, at: Timestamp, history: &mut History<S>) {
        let Some(detail) = self.market.detail else {
            history.match_bars(&self.now, HOUR);
            return;
        };
        self.coarse.clear();
        let mut fine: Vec<(SymbolId, &[Bar])> = Vec::new();
        for (symbol, bar) in &self.now {
            let index = usize::from(symbol.0);
            let cursor = &mut self.cursors[index].detail;
            match self.market.feeds[index].inside(at, detail, cursor) {
                Some(bars) => fine.push((*symbol, bars)),
                None => self.coarse.push((*symbol, *bar)),
            }
        }
        history.open_bars(&self.coarse);
        let mut step: Vec<(SymbolId, Bar)> = Vec::with_capacity(fine.len());
        let count = fine.iter().map(|(_, bars)| bars.len()).max().unwrap_or(0);
        for index in 0..count {
            step.clear();
            step.extend(fine.iter().filter_map(|&(s, bars)| Some((s, *bars.get(index)?))));
            history.match_bars(&step, detail.span());
        }
        history.path_bars(&self.coarse, HOUR);
    }
}
