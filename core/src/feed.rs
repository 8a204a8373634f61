//! The feed: from what a venue shows, in whatever order and state, to closed bars as the engine
//! wants them: of every symbol in order, unique, complete, none before its end.
//!
//! A machine like the engine: a fact goes in, and one [`FeedStep`] comes out, with commands for
//! the shell, events for the engine, notices for people, and when to wake it. It holds no opinion
//! about the market and knows no strategy.
//!
//! * **What closes a bar.** The venue puts no flag on its rows. A row is a closed bar when the same
//!   answer holds a later row and the venue's own time on that answer is two seconds past the row's
//!   end, or, without a later row, three seconds past it; and when our clock has passed the end
//!   too. Between two frames of a stream nothing is proven: the last revision of a bar may be
//!   missing between them. So the stream gives prices, liveness and what it happens to prove, and
//!   each bar that it has not proven two seconds after its close is asked for at once.
//! * **Gaps.** A missing bar holds the later ones. When the venue has shown later bars, but not
//!   this one, often and long enough, it is lost: [`Event::BarsLost`], and history again after it.
//! * **History or close.** What ended before the start is [`Event::HistoryLoaded`], what ended
//!   after it [`Event::BarClosed`]; for a restored symbol all is a close, and what was missed is
//!   given close by close across symbols ([`Market::known_until`]).
//! * **One clock.** Time is the largest `now` seen: a clock that jumps back stands still.
//! * **Recovery never ends.** Every question is asked again until it is answered, with delays that
//!   stop growing; see [`Settings`] for all thresholds.

mod inputs;
mod line;
mod message;
mod outputs;
mod pace;
mod settings;
mod track;
mod wire;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::event::Event;
use crate::ids::SymbolId;
use crate::time::{Timeframe, Timestamp};
use line::{Line, Turn};
pub use message::{
    Failure, FeedCommand, FeedEvent, FeedNotice, FeedStep, Market, MarketStatus, Phase, RowFault,
};
use pace::Meter;
pub use pace::{Backoff, Pace};
pub use settings::Settings;
use wire::Stream;

/// The bars of all symbols of one venue in one timeframe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    timeframe: Timeframe,
    settings: Settings,
    /// The largest time seen.
    now: Timestamp,
    /// Sorted by symbol.
    lines: Vec<Line>,
    stream: Stream,
    requests: Meter,
    /// The venue wants no request before.
    paused_until: Timestamp,
    /// Answers in a row that there were too many requests.
    limited: u32,
    started: Timestamp,
    /// Missed bars are being collected; they leave together.
    replaying: bool,
}

/// What is known of a symbol's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which symbol.
    pub symbol: SymbolId,
    /// Where it stands.
    pub phase: Phase,
    /// When something about now was received last.
    pub heard: Timestamp,
    /// That was too long ago.
    pub stale: bool,
    /// Open time of the next bar to deliver; the oldest one wanted while history is loaded.
    pub next: Timestamp,
}

impl Feed {
    /// A feed that follows nothing yet.
    #[must_use]
    pub fn new(timeframe: Timeframe, settings: Settings) -> Self {
        let never = Timestamp::default();
        Self {
            timeframe,
            settings,
            now: never,
            lines: Vec::new(),
            stream: Stream::new(never),
            requests: Meter::default(),
            paused_until: never,
            limited: 0,
            started: never,
            replaying: false,
        }
    }

    /// Takes one fact and answers with what follows from it.
    pub fn step(&mut self, now: Timestamp, event: &FeedEvent) -> FeedStep {
        self.now = self.now.max(now);
        let mut out = FeedStep::default();
        let price = self.handle(event, &mut out);
        self.expire(&mut out);
        self.deliver(&mut out);
        self.pass(price, &mut out);
        self.tell(&mut out);
        self.connect(&mut out);
        self.subscribe(&mut out);
        self.ask(&mut out);
        out.wake = self.wake();
        out
    }

    /// What is known of each symbol, in their order.
    pub fn standings(&self) -> impl Iterator<Item = Standing> + '_ {
        self.lines.iter().map(|line| Standing {
            symbol: line.symbol,
            phase: line.phase(),
            heard: line.heard(),
            stale: line.is_stale(),
            next: line.track.next(),
        })
    }

    /// True when no symbol is stale and each expects its next bar (invariant 23).
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.standings().all(|standing| !standing.stale && standing.phase.expects_bars())
    }

    fn index(&self, symbol: SymbolId) -> Option<usize> {
        self.lines.binary_search_by_key(&symbol, |line| line.symbol).ok()
    }

    /// A symbol, and what its functions may touch.
    fn line<'a>(
        &'a mut self,
        symbol: SymbolId,
        out: &'a mut FeedStep,
    ) -> Option<(&'a mut Line, Turn<'a>)> {
        let index = self.index(symbol)?;
        let Self { lines, settings, now, .. } = self;
        let turn = Turn { now: *now, settings, notices: &mut out.notices };
        Some((lines.get_mut(index)?, turn))
    }
}
