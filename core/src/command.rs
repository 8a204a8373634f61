//! Commands: what only the outside can do. Plain, comparable, serialisable data; a command that
//! could not be carried out comes back as an event, never as an error.

use serde::{Deserialize, Serialize};

use crate::ids::{BookId, OrderId, SymbolId};
use crate::money::{Lots, Ticks};
use crate::time::Timestamp;

/// Everything that the engine can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Send an entry, target or close order.
    Place(NewOrder),
    /// Change price and quantity of a resting target.
    Amend {
        /// Which order.
        id: OrderId,
        /// New price.
        price: Ticks,
        /// New quantity.
        lots: Lots,
    },
    /// Withdraw an order (entry, target, close or stop).
    Cancel {
        /// Which order.
        id: OrderId,
    },
    /// Place a reduce-only market stop, triggered by the mark price.
    PlaceStop {
        /// Its id.
        id: OrderId,
        /// Trigger.
        trigger: Ticks,
        /// Quantity: the whole position.
        lots: Lots,
    },
    /// Change a stop in place.
    AmendStop {
        /// Which stop.
        id: OrderId,
        /// New trigger.
        trigger: Ticks,
        /// New quantity.
        lots: Lots,
    },
    /// Ask what became of an order; the answer comes back as events.
    Query {
        /// Which order.
        id: OrderId,
    },
    /// Ask for bars that are missing; they come back in order.
    FetchBars {
        /// Which symbol.
        symbol: SymbolId,
        /// Open time of the first missing bar.
        from: Timestamp,
        /// How many.
        count: u32,
    },
    /// Ask what a wallet holds; the answer is one [`crate::event::Event::AccountSeen`].
    QueryAccount {
        /// Which book's wallet.
        book: BookId,
        /// Fills and funding have to reach back to here.
        since: Timestamp,
    },
    /// Set leverage; only sent when flat and without orders.
    SetLeverage {
        /// Which book's wallet.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// 1 to 20.
        leverage: u32,
    },
}

/// An order to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Its id, which also says book, symbol, kind and side.
    pub id: OrderId,
    /// Limit price, or none for a market order.
    pub limit: Option<Ticks>,
    /// Quantity.
    pub lots: Lots,
    /// The stop that travels with an entry: that of the cycle if this level fills (decision 11).
    /// None on orders that reduce: those are reduce-only.
    pub preset: Option<Ticks>,
}

impl Command {
    /// The order that it is about.
    #[inline]
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        match *self {
            Self::Place(order) => Some(order.id),
            Self::Amend { id, .. }
            | Self::Cancel { id }
            | Self::PlaceStop { id, .. }
            | Self::AmendStop { id, .. }
            | Self::Query { id } => Some(id),
            Self::FetchBars { .. } | Self::QueryAccount { .. } | Self::SetLeverage { .. } => None,
        }
    }

    /// True for what protects or reduces and therefore never waits for the disk longer than its
    /// deadline: stops, cancels and reduce-only closes.
    #[must_use]
    pub fn protects(&self) -> bool {
        match self {
            Self::Place(order) => order.preset.is_none(),
            Self::Amend { .. }
            | Self::Cancel { .. }
            | Self::PlaceStop { .. }
            | Self::AmendStop { .. }
            | Self::Query { .. }
            | Self::QueryAccount { .. } => true,
            Self::FetchBars { .. } | Self::SetLeverage { .. } => false,
        }
    }

    /// True for what only asks.
    #[must_use]
    pub fn asks(&self) -> bool {
        matches!(self, Self::Query { .. } | Self::QueryAccount { .. })
    }

    /// The order that it places, changes or withdraws, about which an answer is awaited. A question
    /// changes nothing, and the engine asks again by itself.
    #[must_use]
    pub fn awaits(&self) -> Option<OrderId> {
        self.order().filter(|_| !self.asks())
    }
}
