//! The bars of one symbol on their way to the engine: what was delivered, what is held, what is
//! missing. A bar leaves when every bar before it has left and its end has passed; a hole holds
//! the later ones until it is healed, or given up.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::message::FeedNotice;
use super::settings::Settings;
use crate::event::Event;
use crate::ids::SymbolId;
use crate::market::Bar;
use crate::time::{Span, Timestamp};

/// Delivered bars that are remembered, to see that the venue shows them otherwise now.
const REMEMBERED: usize = 24;

/// The bars of one symbol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    symbol: SymbolId,
    span: Span,
    need: u32,
    /// History is being collected: nothing leaves before all of it is there.
    loading: bool,
    /// The next bar to deliver; while loading, the oldest one wanted.
    next: Timestamp,
    /// What ended until then is history, what ended later is a close.
    live_from: Timestamp,
    /// Proven bars that have not left yet.
    held: BTreeMap<Timestamp, Bar>,
    recent: VecDeque<Bar>,
    doubt: Option<Doubt>,
    gap: Option<Missing>,
}

/// Missing bars in a row, by the open times of the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Missing {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// The venue shows a bar after this one, but not this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Doubt {
    bar: Timestamp,
    since: Timestamp,
    votes: u32,
}

/// What a proven bar was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Accepted {
    /// New: it leaves in its turn.
    Held,
    /// Known, or too old to matter.
    Known,
    /// Delivered before with this other content.
    Revised(Bar),
}

/// Where delivered bars are collected.
#[derive(Default)]
pub(super) struct Delivery {
    /// Events of one symbol, in order.
    pub(super) history: Vec<Event>,
    /// Closed bars of all symbols, to be sorted by close.
    pub(super) closed: Vec<(Timestamp, SymbolId, Bar)>,
}

impl Track {
    /// A cold start: `need` bars of history that ends now.
    pub(super) fn cold(symbol: SymbolId, span: Span, need: u32, now: Timestamp) -> Self {
        Self {
            symbol,
            span,
            need,
            loading: true,
            next: oldest_wanted(now, span, need),
            live_from: now,
            held: BTreeMap::new(),
            recent: VecDeque::new(),
            doubt: None,
            gap: None,
        }
    }

    /// Goes on after a known bar: everything later is a close, missed ones included.
    pub(super) fn resume(&mut self, known: Timestamp) {
        self.loading = false;
        self.next = known + self.span;
        self.live_from = Timestamp(i64::MIN);
    }

    pub(super) fn is_loading(&self) -> bool {
        self.loading
    }

    /// Open time of the next bar to deliver.
    pub(super) fn next(&self) -> Timestamp {
        self.next
    }

    /// Takes a bar that is proven closed.
    pub(super) fn accept(&mut self, bar: Bar) -> Accepted {
        if bar.at >= self.next {
            // Nothing was delivered yet: what the venue shows last is right.
            let known = self.held.insert(bar.at, bar);
            return if known.is_some() { Accepted::Known } else { Accepted::Held };
        }
        let delivered = self.recent.iter_mut().find(|old| old.at == bar.at);
        match delivered {
            Some(old) if *old != bar => Accepted::Revised(core::mem::replace(old, bar)),
            _ => Accepted::Known,
        }
    }

    /// The missing bars to care about first, of those that open before `end`: the oldest ones, as
    /// later bars wait for them; the newest ones while history is collected, as it may begin
    /// later than wished.
    pub(super) fn missing(&self, end: Timestamp) -> Option<Missing> {
        if self.loading { self.newest_missing(end) } else { self.oldest_missing(end) }
    }

    fn oldest_missing(&self, end: Timestamp) -> Option<Missing> {
        let mut first = self.next;
        for &at in self.held.keys() {
            if at != first {
                break;
            }
            first = first + self.span;
        }
        if first >= end {
            return None;
        }
        let known = self.held.range(first..end).next().map_or(end, |(&at, _)| at);
        Some(Missing { first, last: known - self.span })
    }

    fn newest_missing(&self, end: Timestamp) -> Option<Missing> {
        let mut last = end - self.span;
        for (&at, _) in self.held.range(..end).rev() {
            if at != last {
                break;
            }
            last = last - self.span;
        }
        if last < self.next {
            return None;
        }
        let before = self.held.range(self.next..last).next_back();
        Some(Missing { first: before.map_or(self.next, |(&at, _)| at + self.span), last })
    }

    /// The request that heals a hole: from its head, or from its tail, in both cases with the
    /// bars at its edges, which prove that the answer is about the right time.
    pub(super) fn request(&self, hole: Missing, tail: bool, page: u32) -> (Timestamp, u32) {
        let page = page.max(3);
        let wanted = self.count(hole).saturating_add(2).min(page);
        let all = wanted < page;
        let from = if tail && !all {
            hole.last + self.span + self.span - self.bars(wanted)
        } else {
            hole.first - self.span
        };
        (from.max(Timestamp(0)), wanted)
    }

    /// Bars in a hole.
    pub(super) fn count(&self, hole: Missing) -> u32 {
        u32::try_from((hole.last - hole.first).0 / self.span.0 + 1).unwrap_or(u32::MAX)
    }

    fn bars(&self, count: u32) -> Span {
        Span(self.span.0 * i64::from(count))
    }

    /// The answer to a request showed a bar after `hole`, but not its last one. True when that was
    /// said often and long enough to be believed.
    pub(super) fn deny(&mut self, hole: Missing, now: Timestamp, settings: &Settings) -> bool {
        let fresh = Doubt { bar: hole.last, since: now, votes: 0 };
        let doubt = self.doubt.get_or_insert(fresh);
        if doubt.bar != hole.last {
            *doubt = fresh;
        }
        doubt.votes += 1;
        doubt.votes >= settings.lost_votes && now - doubt.since >= settings.lost_after
    }

    /// Gives a hole up: history starts after it. If bars were delivered, they are worth nothing any
    /// more, and what closed until now is history.
    pub(super) fn lose(&mut self, hole: Missing, now: Timestamp) -> FeedNotice {
        let symbol = self.symbol;
        let oldest = oldest_wanted(now, self.span, self.need);
        self.next = oldest.max(hole.last + self.span);
        self.held = self.held.split_off(&self.next);
        self.recent.clear();
        if !self.loading {
            self.live_from = now;
        }
        self.loading = true;
        self.gap = None;
        let asked = self.doubt.take().map_or(0, |doubt| doubt.votes);
        FeedNotice::Lost { symbol, from: hole.first, until: hole.last, asked }
    }

    /// Delivers again from a bar that the engine lacks.
    pub(super) fn rewind(&mut self, from: Timestamp) {
        if !self.loading && from < self.next && from.0 >= 0 && from.is_aligned(self.span) {
            self.next = from;
            self.recent.clear();
            self.doubt = None;
            self.gap = None;
        }
    }

    /// Lets go what may leave: history at once and whole, closes one after the other unless
    /// `hold`. `end` is the open time of the first bar that is not due yet.
    pub(super) fn deliver(
        &mut self,
        now: Timestamp,
        end: Timestamp,
        hold: bool,
        to: &mut Delivery,
    ) {
        if self.loading && self.newest_missing(end).is_none() {
            self.loading = false;
        }
        while !self.loading
            && let Some(entry) = self.held.first_entry()
            && *entry.key() == self.next
        {
            let (bar, ends) = (*entry.get(), self.next + self.span);
            let is_history = ends <= self.live_from;
            if ends > now || (hold && !is_history) {
                break;
            }
            entry.remove();
            if is_history {
                to.history.push(Event::HistoryLoaded { symbol: self.symbol, bar });
            } else {
                to.closed.push((bar.at, self.symbol, bar));
            }
            self.remember(bar);
            self.next = ends;
        }
    }

    fn remember(&mut self, bar: Bar) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(bar);
    }

    /// Says that a gap opened or was healed. The newest bar alone is late, not a gap.
    pub(super) fn tell_gap(&mut self, end: Timestamp) -> Option<FeedNotice> {
        let symbol = self.symbol;
        let gap = self.oldest_missing(end).filter(|hole| hole.first + self.span < end);
        if let Some(told) = self.gap {
            if self.next <= told.last || gap.is_some() {
                return None;
            }
            self.gap = None;
            let healed = Missing { last: self.next - self.span, ..told };
            return Some(FeedNotice::Healed { symbol, from: told.first, bars: self.count(healed) });
        }
        if self.loading {
            return None;
        }
        let hole = gap?;
        self.gap = Some(hole);
        Some(FeedNotice::Gap { symbol, from: hole.first, missing: self.count(hole) })
    }
}

fn oldest_wanted(now: Timestamp, span: Span, need: u32) -> Timestamp {
    (now.floor(span) - Span(span.0.saturating_mul(i64::from(need)))).max(Timestamp(0))
}
