//! A round: all bars of one close. It ends with the last expected bar, or two seconds after the
//! first; sizing, slots and switches act on the round, so that the order of arrival decides
//! nothing (decision 14).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::decide::Turn;
use crate::config::Mode;
use crate::ids::{BookId, SymbolId};
use crate::money::Cash;
use crate::notice::{Notice, Switch};
use crate::risk::switches::{Cause, Latch, Pause};
use crate::step::Step;
use crate::time::{Span, Timestamp};

/// How long the last bars of a round are awaited.
const PATIENCE: Span = Span::seconds(2);

/// Which bars of the current close have come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Open time of the bars being collected.
    at: Option<Timestamp>,
    /// Open time of the bars of the last round that ended.
    done: Option<Timestamp>,
    /// When the round ends without the missing bars.
    deadline: Option<Timestamp>,
    /// By symbol: expected, and open time of the last bar.
    symbols: Vec<(bool, Timestamp)>,
    /// Expected symbols whose bar is missing.
    missing: u32,
}

impl Round {
    pub(super) fn new(symbols: usize) -> Self {
        Self {
            at: None,
            done: None,
            deadline: None,
            symbols: alloc::vec![(false, Timestamp(i64::MIN)); symbols],
            missing: 0,
        }
    }

    /// Sets whether a symbol's bars are expected.
    pub(super) fn expect(&mut self, symbol: SymbolId, expected: bool) {
        if let Some((slot, _)) = self.symbols.get_mut(usize::from(symbol.0)) {
            *slot = expected;
        }
        if let Some(at) = self.at {
            self.missing = self.count_missing(at);
        }
    }

    fn count_missing(&self, at: Timestamp) -> u32 {
        self.symbols.iter().filter(|&&(expected, last)| expected && last < at).count() as u32
    }

    /// True when a round is open and a bar of a later close comes.
    #[inline]
    pub(super) fn is_behind(&self, at: Timestamp) -> bool {
        self.at.is_some_and(|open| open < at)
    }

    /// True for a bar of the close that is being collected or was decided last, or of a later one.
    /// An older bar heals a gap: it is no part of any round.
    #[inline]
    pub(super) fn is_current(&self, at: Timestamp) -> bool {
        self.at.or(self.done).is_none_or(|newest| newest <= at)
    }

    /// A close is known of: its bars are awaited from now on.
    #[inline]
    fn open(&mut self, at: Timestamp, now: Timestamp) {
        if self.at.is_none() {
            self.at = Some(at);
            self.deadline = Some(now + PATIENCE);
            self.missing = self.count_missing(at);
        }
    }

    /// A bar was seen that cannot be taken before those that are missing: it is awaited like the
    /// others of its close.
    pub(super) fn await_bar(&mut self, at: Timestamp, now: Timestamp) {
        if self.done.is_none_or(|done| done < at) {
            self.open(at, now);
        }
    }

    /// Notes a bar.
    #[inline]
    pub(super) fn arrive(&mut self, symbol: SymbolId, at: Timestamp, now: Timestamp) {
        self.open(at, now);
        if let Some((expected, last)) = self.symbols.get_mut(usize::from(symbol.0))
            && *last < at
        {
            *last = at;
            self.missing -= u32::from(*expected).min(self.missing);
        }
    }

    #[inline]
    fn is_complete(&self) -> bool {
        self.at.is_some() && self.missing == 0
    }

    /// When the round ends at the latest; none while no bar is awaited.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// Open time of the last bar of a symbol.
    pub(super) fn last(&self, symbol: SymbolId) -> Option<Timestamp> {
        self.symbols.get(usize::from(symbol.0)).map(|&(_, last)| last)
    }
}

impl Engine {
    #[inline]
    pub(super) fn finish_round_if_complete(&mut self, now: Timestamp, out: &mut Step) {
        if self.round.is_complete() {
            self.finish_round(now, out);
        }
    }

    /// Closes have been booked; switches are judged, then every book decides.
    pub(super) fn finish_round(&mut self, now: Timestamp, out: &mut Step) {
        let Some(at) = self.round.at.take() else { return };
        self.round.deadline = None;
        self.round.done = Some(at);
        self.judge_sessions(now, None, out);
        self.judge_globals(now, &[Mode::Paper, Mode::Live], out);
        let Self { config, books, rooms, round, .. } = self;
        for book in books {
            book.pass_over_blocked(now, config, out);
            book.decide(rooms, &Turn { at, now, config, round }, out);
        }
    }

    /// Ends the UTC day of each book whose day is over: its last facts are judged first.
    #[inline]
    pub(super) fn start_days(&mut self, now: Timestamp, out: &mut Step) {
        if !self.books.first().is_some_and(|book| book.session.is_over(now)) {
            return;
        }
        self.judge_sessions(now, None, out);
        for book in &mut self.books {
            book.session.restart(now, book.wallet.balance, book.wallet.realised);
        }
    }

    /// Trips session switches whose loss reached the limit.
    pub(super) fn judge_sessions(&mut self, now: Timestamp, only: Option<BookId>, out: &mut Step) {
        let Self { config, books, .. } = self;
        for book in books.iter_mut().filter(|book| only.is_none_or(|only| only == book.id)) {
            if book.latch.is_some() {
                continue;
            }
            let limit = if book.grids {
                config.risk.session_loss_grid
            } else {
                config.risk.session_loss_mono
            };
            if let Some(loss) = book.session.loss_beyond(book.wallet.realised, limit) {
                let cause = Cause::Loss { loss, limit };
                book.latch = Some(Latch { at: now, cause: cause.clone() });
                let switch = Switch::Session(book.id);
                out.notices.push(Notice::SwitchTripped { switch, at: now, cause });
                book.block(now, config, out);
            }
        }
    }

    /// Trips the global switch of a mode when the equity of its books fell far enough.
    pub(super) fn judge_globals(&mut self, now: Timestamp, modes: &[Mode], out: &mut Step) {
        let Self { config, books, globals, .. } = self;
        for &mode in modes {
            let global = &mut globals[mode as usize];
            let mut any = false;
            let mut equity = Cash::ZERO;
            for book in books.iter().filter(|book| book.mode == mode) {
                equity += book.equity();
                any = true;
            }
            if !any || global.latch.is_some() {
                continue;
            }
            let (window, limit) = (config.risk.global_window, config.risk.global_loss);
            if let Some(loss) = global.window.sample(now, equity, window, limit) {
                let cause = Cause::Loss { loss, limit };
                global.latch = Some(Latch { at: now, cause: cause.clone() });
                let switch = Switch::Global(mode);
                out.notices.push(Notice::SwitchTripped { switch, at: now, cause });
                for book in books.iter_mut().filter(|book| book.mode == mode) {
                    book.globally_latched = true;
                    book.block(now, config, out);
                }
            }
        }
    }

    /// A person pauses a book, or all: what rests is withdrawn, open cycles stay managed. A book
    /// that is paused keeps its first reason.
    pub(super) fn pause(&mut self, only: Option<BookId>, pause: &Pause, out: &mut Step) {
        let Self { config, books, .. } = self;
        for book in books.iter_mut().filter(|book| only.is_none_or(|only| only == book.id)) {
            if book.pause.is_some() {
                continue;
            }
            book.pause = Some(pause.clone());
            out.notices.push(Notice::Paused { book: book.id, pause: pause.clone() });
            book.withdraw_entries(pause.at, config, None, out);
        }
    }

    /// A person ends the pause of a book, or of all: entries are decided at the next close.
    pub(super) fn resume(
        &mut self,
        now: Timestamp,
        only: Option<BookId>,
        by: &str,
        reason: &str,
        out: &mut Step,
    ) {
        for book in self.books.iter_mut().filter(|book| only.is_none_or(|only| only == book.id)) {
            if book.pause.take().is_some() {
                let (book, by, reason) = (book.id, by.into(), reason.into());
                out.notices.push(Notice::Resumed { book, at: now, by, reason });
            }
        }
    }

    /// A person trips the session switch of a book, or of all. One that is tripped keeps its cause.
    pub(super) fn kill(
        &mut self,
        now: Timestamp,
        only: Option<BookId>,
        reason: &str,
        out: &mut Step,
    ) {
        let Self { config, books, .. } = self;
        for book in books.iter_mut().filter(|book| only.is_none_or(|only| only == book.id)) {
            if book.latch.is_none() {
                let cause = Cause::Person { reason: reason.into() };
                book.latch = Some(Latch { at: now, cause: cause.clone() });
                let switch = Switch::Session(book.id);
                out.notices.push(Notice::SwitchTripped { switch, at: now, cause });
            }
            book.block(now, config, out);
        }
    }
}
