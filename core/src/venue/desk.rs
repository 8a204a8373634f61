//! What the bar venue holds for one symbol of one wallet: resting orders, the position, its stop.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::bars::walk::Happened;
use crate::command::NewOrder;
use crate::ids::OrderId;
use crate::market::Bar;
use crate::money::{Cash, Direction, Fraction, Lots, Ticks, slipped};
use crate::time::Timestamp;

/// Orders and position of one wallet on one symbol.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// Resting limit entries.
    pub entries: Vec<Resting>,
    /// The resting target.
    pub target: Option<Resting>,
    /// Reduce-only stops; the last one made is the one in force.
    pub stops: Vec<RestingStop>,
    /// Market orders that execute at the next price.
    pub market: Vec<NewOrder>,
    /// Market entries of the pessimistic run: executed at the end of the bar that touched them.
    pub deferred: Vec<Deferred>,
    /// What is held.
    pub position: Option<Position>,
    /// The stop that travelled with the last entry; in force until a stop order is made.
    pub preset: Option<Ticks>,
    /// Last price seen.
    pub last: Ticks,
    /// Bars matched so far; an order made during bar n is new at the open of bar n + 1.
    pub bar: u32,
    /// Orders made now count as made before this bar.
    pub backdate: bool,
    /// What has happened in the bar so far.
    pub happened: Happened,
}

/// A resting limit order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    /// Its id.
    pub id: OrderId,
    /// Limit price.
    pub price: Ticks,
    /// Quantity left.
    pub lots: Lots,
    /// The desk's bar count when it was made or its price last moved.
    pub made: u32,
    /// The stop that travels with it.
    pub preset: Option<Ticks>,
}

/// A resting stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestingStop {
    /// Its id.
    pub id: OrderId,
    /// Trigger.
    pub trigger: Ticks,
    /// Quantity.
    pub lots: Lots,
}

/// A market entry whose execution is booked at the end of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// Its id.
    pub id: OrderId,
    /// Quantity.
    pub lots: Lots,
    /// The price that touched its level: min(O, P) for a long.
    pub touched: Ticks,
    /// Time that the fill carries.
    pub at: Timestamp,
    /// Fee that it will be charged.
    pub fee: Cash,
}

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Long or short.
    pub direction: Direction,
    /// Quantity.
    pub lots: Lots,
    /// Notional at entry, for unrealised results.
    pub cost: Cash,
}

impl Position {
    /// The worst price of a bar.
    #[inline]
    #[must_use]
    pub fn worst(&self, bar: &Bar) -> Ticks {
        match self.direction {
            Direction::Long => bar.low,
            Direction::Short => bar.high,
        }
    }
}

impl Desk {
    /// The stop in force.
    #[inline]
    #[must_use]
    pub fn stop(&self) -> Option<Ticks> {
        if self.deferred.is_empty() {
            return self.stops.last().map(|stop| stop.trigger).or(self.preset);
        }
        self.preset
    }

    /// The bar count that an order made now carries.
    #[inline]
    #[must_use]
    pub fn made_now(&self) -> u32 {
        self.bar - u32::from(self.backdate)
    }

    /// True when nothing can happen on any bar.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.position.is_none() && self.market.is_empty() && self.entries.is_empty()
    }

    /// Removes an entry; false when it does not rest here.
    #[inline]
    pub fn remove_entry(&mut self, id: OrderId) -> bool {
        // The sequence tells the orders of a book apart soonest.
        let is = |order: &Resting| order.id.sequence == id.sequence && order.id == id;
        let at = self.entries.iter().position(is);
        if let Some(at) = at {
            self.entries.swap_remove(at);
        }
        at.is_some()
    }

    /// The resting entries of a side.
    #[inline]
    pub fn side(&self, direction: Direction) -> impl Iterator<Item = &Resting> {
        self.entries.iter().filter(move |order| order.id.direction == direction)
    }

    /// True when prices from `low` to `high` reach an entry.
    #[inline]
    #[must_use]
    pub fn reaches_entry(&self, low: Ticks, high: Ticks) -> bool {
        self.entries.iter().any(|order| match order.id.direction {
            Direction::Long => low <= order.price,
            Direction::Short => high >= order.price,
        })
    }

    /// The resting entry of `direction` with the lowest level for which `reached` holds.
    #[must_use]
    pub fn next_entry(
        &self,
        direction: Direction,
        reached: impl Fn(&Resting) -> bool,
    ) -> Option<Resting> {
        self.side(direction)
            .filter(|order| reached(order))
            .min_by_key(|order| order.id.level)
            .copied()
    }

    /// True when the order was made at the last close: new or requoted at this open.
    #[inline]
    #[must_use]
    pub fn is_new(&self, order: &Resting) -> bool {
        order.made + 1 == self.bar
    }

    /// The position with deferred entries, those at the price that touched them plus slippage.
    #[must_use]
    pub fn exposure(&self, value: i64, slippage: Fraction) -> Option<Position> {
        let first = self.deferred.first().map(|order| order.id.direction);
        let direction = self.position.map(|position| position.direction).or(first)?;
        let none = Position { direction, lots: Lots::ZERO, cost: Cash::ZERO };
        let add = |held: Position, order: &Deferred| {
            let price = slipped(order.touched, slippage, direction == Direction::Long);
            let cost = i128::from(price.0) * i128::from(order.lots.0) * i128::from(value);
            Position { lots: held.lots + order.lots, cost: held.cost + Cash(cost), ..held }
        };
        Some(self.deferred.iter().fold(self.position.unwrap_or(none), add))
    }
}
