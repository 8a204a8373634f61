//! Executions that were applied: each is booked once, whatever path brings it and however often.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::Fill;
use crate::ids::{FillId, OrderId};
use crate::money::{Lots, Ticks};
use crate::time::Timestamp;

/// How many executions of a symbol are remembered.
const SEEN_MAX: usize = 256;

/// Executions of this cycle and the last ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executions {
    seen: VecDeque<Seen>,
    /// The largest id ever seen: a larger one is new without looking.
    largest: Option<FillId>,
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
        if self.seen.len() == SEEN_MAX {
            self.seen.pop_front();
        }
        let &Fill { id: order, fill, price, lots, at, .. } = news;
        self.seen.push_back(Seen { fill, order, price, lots, at });
        self.largest = self.largest.max(Some(fill));
        Noted::New
    }

    fn find(&self, news: &Fill) -> Option<&Seen> {
        let key = |fill: FillId, order: OrderId| (fill, order.epoch, order.sequence);
        self.seen.iter().find(|seen| key(seen.fill, seen.order) == key(news.fill, news.id))
    }

    /// True when an execution was applied, or is so old that it may have been.
    pub(super) fn may_know(&self, fill: &Fill) -> bool {
        let full = self.seen.len() == SEEN_MAX;
        let ancient = self.seen.front().is_some_and(|oldest| full && fill.at < oldest.at);
        ancient || self.find(fill).is_some()
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
