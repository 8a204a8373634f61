//! The entry orders of one symbol that are not terminal: at most one for each side and level.

use core::ops::Index;

use serde::{Deserialize, Serialize};

use super::{Entry, EntryState};
use crate::config::LEVELS_MAX;
use crate::ids::{OrderId, OrderKind};
use crate::money::Direction;
use crate::risk::ladder::{Quote, Quotes};

/// One side's orders by level.
pub type Side = [Option<Entry>; LEVELS_MAX];

/// Entry orders by side and level. Their number is kept, because on most bars there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entries {
    sides: [Side; 2],
    count: u8,
}

impl Entry {
    /// What is left of an order that rests, as a rung that could be kept.
    #[inline]
    fn standing(&self) -> Option<Quote> {
        let Self { price, lots, filled, state, .. } = *self;
        let rests = matches!(state, EntryState::Sent | EntryState::Working);
        rests.then_some(Quote { price, lots: lots - filled, fresh: false })
    }
}

impl Entries {
    /// True when every entry order has ended.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Every order, longs first, nearest level first.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        // Nothing is looked through where there is nothing.
        let sides = if self.is_empty() { &[] } else { &self.sides[..] };
        sides.iter().flatten().flatten()
    }

    /// One side's orders by level.
    #[inline]
    #[must_use]
    pub fn side(&self, direction: Direction) -> &Side {
        &self.sides[direction.index()]
    }

    /// What rests now on one side, as rungs that could be kept.
    #[must_use]
    pub fn standing(&self, direction: Direction) -> Quotes {
        let mut standing = Quotes::default();
        self.show_standing(direction, &mut standing);
        standing
    }

    /// The same, in the place of other rungs.
    #[inline]
    pub(crate) fn show_standing(&self, direction: Direction, rungs: &mut Quotes) {
        for (rung, entry) in rungs.iter_mut().zip(self.side(direction)) {
            *rung = entry.as_ref().and_then(Entry::standing);
        }
    }

    /// The orders of a side, to change their states.
    #[inline]
    pub(super) fn side_mut(&mut self, direction: Direction) -> impl Iterator<Item = &mut Entry> {
        let side = &mut self.sides[direction.index()];
        let none = self.count == 0;
        side.iter_mut().take(if none { 0 } else { LEVELS_MAX }).flatten()
    }

    /// An order by its id.
    #[inline]
    pub(super) fn get_mut(&mut self, id: OrderId) -> Option<&mut Entry> {
        if id.kind != OrderKind::Entry {
            return None;
        }
        let slot = self.sides[id.direction.index()].get_mut(usize::from(id.level))?;
        slot.as_mut().filter(|entry| entry.id == id)
    }

    /// The order of a level, whichever it is.
    #[inline]
    pub(super) fn at(&self, direction: Direction, level: usize) -> Option<&Entry> {
        self.sides[direction.index()].get(level)?.as_ref()
    }

    /// The same, to change its state.
    #[inline]
    pub(super) fn at_mut(&mut self, direction: Direction, level: usize) -> Option<&mut Entry> {
        self.sides[direction.index()].get_mut(level)?.as_mut()
    }

    /// Keeps an order in the place that its id names, which is free.
    #[inline]
    pub(super) fn insert(&mut self, order: Entry) {
        let side = &mut self.sides[order.id.direction.index()];
        if let Some(slot) = side.get_mut(usize::from(order.id.level))
            && slot.replace(order).is_none()
        {
            self.count += 1;
        }
    }

    /// Forgets an order that has ended.
    #[inline]
    pub(super) fn remove(&mut self, id: OrderId) {
        let side = &mut self.sides[id.direction.index()];
        if let Some(slot) = side.get_mut(usize::from(id.level))
            && slot.take_if(|entry| entry.id == id).is_some()
        {
            self.count -= 1;
        }
    }

    /// True while a cancel is under way.
    #[inline]
    #[must_use]
    pub fn is_withdrawing(&self) -> bool {
        self.iter().any(|entry| entry.state == EntryState::Cancelling)
    }
}

impl Index<usize> for Entries {
    type Output = Side;

    /// A side by [`Direction::index`].
    #[inline]
    fn index(&self, side: usize) -> &Side {
        &self.sides[side]
    }
}
