//! What the price venue keeps for one wallet: balance, and per symbol the orders, the position,
//! its stop that travelled with an entry, leverage and margin mode.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::account::Record;
use crate::command::NewOrder;
use crate::config::MarginMode;
use crate::event::{Ended, Event, Fill};
use crate::ids::{OrderId, OrderKind};
use crate::money::{Cash, Direction, Lots, Ticks};
use crate::time::Timestamp;
pub use crate::venue::desk::Position;

/// Ended orders that can still be asked for, per wallet and symbol.
const REMEMBERED: usize = 512;

/// One wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Wallet balance.
    pub balance: Cash,
    /// By symbol.
    pub desks: Vec<Desk>,
}

/// One symbol of one wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// As set; margin is notional over leverage.
    pub leverage: u32,
    /// As set.
    pub margin_mode: MarginMode,
    /// What is held.
    pub position: Option<Position>,
    /// The stop that travelled with the last entry; it guards what no stop order covers.
    pub preset: Option<Ticks>,
    /// Orders that have not ended, in the order of arrival.
    pub orders: Vec<Order>,
    /// Orders that have ended, the latest last.
    pub ended: VecDeque<Order>,
    /// What is left of the size of the last print; none = no limit.
    pub room: Option<Lots>,
    /// What happened besides the orders of the book.
    pub record: Record,
}

/// An order in the venue's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// How it executes.
    pub kind: OrderType,
    /// Quantity in total.
    pub lots: Lots,
    /// Its executions.
    pub fills: Vec<Fill>,
    /// The stop that travels with it.
    pub preset: Option<Ticks>,
    /// When it took effect.
    pub made: Timestamp,
    /// Why it ended; none while it is live, and when it executed whole.
    pub why: Option<Ended>,
}

/// How an order executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At its price or better.
    Limit(Ticks),
    /// At the next price.
    Market,
    /// At market once the trigger is reached.
    Stop(Ticks),
    /// A stop whose trigger was reached; it executes like a market order.
    Triggered,
}

impl OrderType {
    /// The price that an order of this type carries; 0 for those that execute at market.
    #[must_use]
    pub fn price(self) -> Ticks {
        match self {
            Self::Limit(price) | Self::Stop(price) => price,
            Self::Market | Self::Triggered => Ticks::ZERO,
        }
    }
}

/// The direction that an order pushes the position in.
#[must_use]
pub fn side(id: OrderId) -> Direction {
    if id.buys() { Direction::Long } else { Direction::Short }
}

/// Everything but an entry is reduce-only.
#[must_use]
pub fn reduces(id: OrderId) -> bool {
    id.kind != OrderKind::Entry
}

impl Order {
    /// A limit or market order that takes effect now.
    #[must_use]
    pub fn new(order: &NewOrder, made: Timestamp) -> Self {
        let kind = order.limit.map_or(OrderType::Market, OrderType::Limit);
        Self { preset: order.preset, ..Self::of(order.id, kind, order.lots, made) }
    }

    /// An order of any type.
    #[must_use]
    pub fn of(id: OrderId, kind: OrderType, lots: Lots, made: Timestamp) -> Self {
        Self { id, kind, lots, fills: Vec::new(), preset: None, made, why: None }
    }

    /// Executed so far.
    #[must_use]
    pub fn filled(&self) -> Lots {
        self.fills.iter().map(|fill| fill.lots).sum()
    }

    /// Not executed yet.
    #[must_use]
    pub fn rest(&self) -> Lots {
        self.lots - self.filled()
    }

    /// The order as it stands.
    #[must_use]
    pub fn accepted(&self) -> Event {
        Event::OrderAccepted { id: self.id, price: self.kind.price(), lots: self.rest() }
    }
}

impl Desk {
    /// An idle desk.
    #[must_use]
    pub fn new(leverage: u32, margin_mode: MarginMode) -> Self {
        Self {
            leverage,
            margin_mode,
            position: None,
            preset: None,
            orders: Vec::new(),
            ended: VecDeque::new(),
            room: None,
            record: Record::default(),
        }
    }

    /// An order that has not ended.
    #[must_use]
    pub fn live(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// The same, to change it.
    pub fn live_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.id == id)
    }

    /// An order, ended or not.
    #[must_use]
    pub fn find(&self, id: OrderId) -> Option<&Order> {
        self.live(id).or_else(|| self.ended.iter().rev().find(|order| order.id == id))
    }

    /// Moves an order to those that ended; the answer is what it had executed.
    pub fn retire(&mut self, id: OrderId, why: Option<Ended>) -> Option<Lots> {
        let place = self.orders.iter().position(|order| order.id == id)?;
        let order = Order { why, ..self.orders.remove(place) };
        let filled = order.filled();
        if self.ended.len() == REMEMBERED {
            // Executions are asked for long after orders that only came and went.
            let place = self.ended.iter().position(|order| order.fills.is_empty());
            let oldest = self.ended.remove(place.unwrap_or(0));
            let executed = oldest.and_then(|order| order.fills.iter().map(|fill| fill.at).max());
            if let Some(at) = executed {
                self.record.forget(at);
            }
        }
        self.ended.push_back(order);
        Some(filled)
    }

    /// What a reduce-only order of this id could close.
    #[must_use]
    pub fn reducible(&self, id: OrderId) -> Lots {
        match self.position {
            Some(position) if position.direction != side(id) => position.lots,
            _ => Lots::ZERO,
        }
    }

    /// What is held beyond the quantity of its live stop orders.
    #[must_use]
    pub fn uncovered(&self) -> Lots {
        let Some(Position { direction, lots, .. }) = self.position else { return Lots::ZERO };
        let stops = self.orders.iter().filter(|order| order.id.kind == OrderKind::Stop);
        let covered = stops.filter(|order| order.id.direction == direction).map(Order::rest).sum();
        Lots((lots - covered).0.max(0))
    }

    /// Forgets the preset when stop orders cover everything, or nothing is held.
    pub fn drop_preset_if_covered(&mut self) {
        if !self.uncovered().is_positive() {
            self.preset = None;
        }
    }

    /// True when leverage and margin mode may change.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.position.is_none() && self.orders.is_empty()
    }
}
