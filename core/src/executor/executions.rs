//! Executions and settlements that were applied: each is booked once, whatever path brings it and
//! however often.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Lane;
use crate::event::Fill;
use crate::ids::{FillId, OrderId};
use crate::money::{Lots, Ticks};
use crate::time::{Span, Timestamp};

/// The last ones are remembered however old they are.
const LAST: usize = 256;

/// And everything within this time of the newest: sources differ by minutes (invariant 8).
const KEPT: Span = Span::hours(24);

/// But no more than this many, so that memory is bounded whatever happens.
const MOST: usize = 4_096;

/// How many settlements of a symbol are remembered: more than two days of hourly ones.
const SETTLEMENTS: usize = 64;

/// Executions of this cycle and the last ones. One that is forgotten is never taken for a new one:
/// what is told of the time before is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executions {
    /// In the order of their times.
    seen: VecDeque<Seen>,
    /// The largest id ever seen: a larger one is new without looking.
    largest: Option<FillId>,
    /// When the newest of those that were forgotten happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<Timestamp>,
}

/// An execution that was applied: enough of it to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    fill: FillId,
    order: OrderId,
    price: Ticks,
    lots: Lots,
    at: Timestamp,
}

/// What an execution is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// It was not known.
    New,
    /// It was known, and is the same.
    Again,
    /// It was known with other content.
    Changed,
    /// It is so old that it may have been known.
    TooOld,
}

impl Executions {
    /// Remembers an execution that is new. The direction is no part of the identity: a liquidation
    /// carries that of the cycle, which is gone when it is told again.
    pub(super) fn note(&mut self, news: &Fill) -> Noted {
        let may_be_known = self.largest.is_some_and(|largest| news.fill <= largest);
        if may_be_known && let Some(known) = self.find(news) {
            let same = (known.price, known.lots) == (news.price, news.lots);
            return if same { Noted::Again } else { Noted::Changed };
        }
        if may_be_known && self.is_forgotten(news.at) {
            return Noted::TooOld;
        }
        let &Fill { id: order, fill, price, lots, at, .. } = news;
        let place = self.seen.iter().rposition(|seen| seen.at <= at).map_or(0, |last| last + 1);
        self.seen.insert(place, Seen { fill, order, price, lots, at });
        self.largest = self.largest.max(Some(fill));
        self.forget();
        Noted::New
    }

    fn forget(&mut self) {
        while self.seen.len() > LAST
            && let (Some(oldest), Some(newest)) = (self.seen.front(), self.seen.back())
            && (self.seen.len() > MOST || oldest.at + KEPT < newest.at)
        {
            self.forgotten = self.forgotten.max(Some(oldest.at));
            self.seen.pop_front();
        }
    }

    /// True for a time of which executions are forgotten.
    fn is_forgotten(&self, at: Timestamp) -> bool {
        self.forgotten.is_some_and(|forgotten| at <= forgotten)
    }

    fn find(&self, news: &Fill) -> Option<&Seen> {
        let key = |fill: FillId, order: OrderId| (fill, order.epoch, order.sequence);
        self.seen.iter().find(|seen| key(seen.fill, seen.order) == key(news.fill, news.id))
    }

    /// True when an execution was applied, or is so old that it may have been.
    pub(super) fn may_know(&self, fill: &Fill) -> bool {
        self.is_forgotten(fill.at) || self.find(fill).is_some()
    }

    /// True when nothing was ever executed.
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// True when executions are known on both sides of an instant.
    pub(crate) fn span(&self, at: Timestamp) -> bool {
        let before = self.seen.iter().any(|seen| seen.at < at);
        before && self.seen.iter().any(|seen| seen.at >= at)
    }

    /// What is known to have been executed of an order.
    pub(super) fn of(&self, id: OrderId) -> Lots {
        self.seen.iter().filter(|seen| seen.order == id).map(|seen| seen.lots).sum()
    }
}

impl Lane {
    /// True when a settlement was booked, or is so old that it may have been.
    pub(crate) fn knows_settlement(&self, at: Timestamp) -> bool {
        self.is_funding_forgotten(at) || self.funded.contains(&at)
    }

    fn is_funding_forgotten(&self, at: Timestamp) -> bool {
        self.funding_forgotten.is_some_and(|forgotten| at <= forgotten)
    }

    /// Remembers a settlement that is new, as [`Executions::note`] does executions.
    pub(super) fn note_settlement(&mut self, at: Timestamp) -> Noted {
        if self.funded.contains(&at) {
            return Noted::Again;
        }
        if self.is_funding_forgotten(at) {
            return Noted::TooOld;
        }
        let place = self.funded.iter().rposition(|&known| known < at).map_or(0, |last| last + 1);
        self.funded.insert(place, at);
        if self.funded.len() > SETTLEMENTS {
            self.funding_forgotten = self.funding_forgotten.max(self.funded.pop_front());
        }
        Noted::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Liquidity;
    use crate::ids::{BookId, OrderKind, SymbolId};
    use crate::money::{Cash, Direction};

    fn fill(number: u64, second: i64) -> Fill {
        let id = OrderId {
            book: BookId(0),
            symbol: SymbolId(0),
            epoch: 1,
            sequence: 1,
            kind: OrderKind::Entry,
            direction: Direction::Long,
            level: 0,
        };
        let (at, fill, fee) = (Timestamp(1_000 * second), FillId(number), Cash::ZERO);
        let liquidity = Liquidity::Maker;
        Fill { id, fill, at, price: Ticks(100), lots: Lots(1), fee, liquidity }
    }

    #[test]
    fn what_another_source_tells_minutes_later_is_known_however_much_came_between() {
        let mut executions = Executions::default();
        for number in 0..2_000 {
            assert_eq!(executions.note(&fill(number, number as i64)), Noted::New);
        }
        for number in 0..2_000 {
            assert_eq!(executions.note(&fill(number, number as i64)), Noted::Again, "{number}");
        }
    }

    #[test]
    fn what_is_forgotten_is_refused_and_memory_is_bounded() {
        let mut executions = Executions::default();
        // Three a minute for a year.
        let year = 3 * 60 * 24 * 365;
        for number in 0..year {
            assert_eq!(executions.note(&fill(number, 20 * number as i64)), Noted::New);
            assert!(executions.seen.len() <= MOST);
        }
        for number in (0..year).step_by(1_000) {
            let noted = executions.note(&fill(number, 20 * number as i64));
            assert!(matches!(noted, Noted::Again | Noted::TooOld), "{number}: {noted:?}");
            assert!(executions.may_know(&fill(number, 20 * number as i64)));
        }
        // A larger id than any is new, whenever it happened.
        assert_eq!(executions.note(&fill(year, 0)), Noted::New);
    }

    #[test]
    fn what_was_missed_and_is_told_after_newer_ones_is_new() {
        let mut executions = Executions::default();
        let day = 24 * 3_600;
        // The last ones before the end, the first after ten days, and then the ten days between.
        for number in 0..300 {
            executions.note(&fill(number, number as i64));
        }
        assert_eq!(executions.note(&fill(9_000, 10 * day)), Noted::New);
        for number in 300..900 {
            let missed = fill(number, day + 1_000 * number as i64);
            assert_eq!(executions.note(&missed), Noted::New, "{number}");
        }
    }
}
