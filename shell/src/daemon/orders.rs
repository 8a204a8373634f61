//! Orders that are not terminal, as the ledger will want to know them: what was asked for, by
//! which step, and how much was executed.

use std::collections::BTreeMap;

use gardefou_core::command::Command;
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Fill, OrderNews};
use gardefou_core::ids::{OrderId, OrderKind};
use gardefou_core::market::Instrument;
use gardefou_core::money::{Lots, Ticks};
use gardefou_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{OrderRecord, OrderState};

/// Standing orders; those that ended are forgotten here and stay in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders(#[serde(with = "pairs")] BTreeMap<OrderId, Standing>);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Limit or trigger; none at market.
    pub price: Option<Ticks>,
    /// Quantity.
    pub lots: Lots,
    /// Booked so far.
    pub filled: Lots,
    /// Executed in total, as the exchange said when the order ended; its fills may come later.
    #[serde(default)]
    pub executed: Option<Lots>,
    /// How far it is.
    pub state: OrderState,
    /// The ledger has a row of it, which must not be left behind.
    #[serde(default)]
    pub kept: bool,
    /// The step of the journal that asked for it.
    pub asked: u64,
}

impl Orders {
    /// Notes what an event says of an order; the order as it is now when the ledger wants it.
    /// Executions are noted when they are booked ([`Orders::booked`]): the same one may be told
    /// several times, or by a comparison that is no event of the order.
    ///
    /// An order that was withdrawn without an execution leaves no row: the journal has it. The
    /// ledger has every one that executed, was refused, or was ever in doubt.
    pub fn hear(&mut self, event: &Event) -> Option<(OrderId, Standing)> {
        let (id, news) = event.order_news()?;
        let standing = self.0.get_mut(&id)?;
        match news {
            OrderNews::Accepted { price, lots } => {
                standing.price = standing.price.map(|_| price);
                if lots != standing.lots {
                    standing.lots = standing.filled + lots; // What stands is what is still open.
                }
                standing.state = OrderState::Resting;
            }
            OrderNews::Canceled { filled, .. } => {
                standing.executed = Some(filled);
                standing.state = OrderState::Canceled;
            }
            // What stood before a refused change still stands.
            OrderNews::Rejected(_) if standing.state == OrderState::Intended => {
                standing.state = OrderState::Rejected;
            }
            OrderNews::Unconfirmed => standing.state = OrderState::InDoubt,
            OrderNews::Rejected(_) | OrderNews::Filled(_) | OrderNews::NotFound => return None,
        }
        self.told(id)
    }

    /// Notes an execution, or a part of one, that was booked.
    pub fn booked(&mut self, fill: &Fill) -> Option<(OrderId, Standing)> {
        let standing = self.0.get_mut(&fill.id)?;
        standing.filled += fill.lots;
        if standing.state != OrderState::Canceled {
            let whole = standing.filled >= standing.lots;
            standing.state = if whole { OrderState::Filled } else { OrderState::Resting };
        }
        self.told(fill.id)
    }

    /// Orders whose fate the engine does not ask for any more: they count as never placed, or
    /// their last fills are told by nobody.
    #[must_use]
    pub fn given_up(&self, engine: &Engine) -> Vec<OrderId> {
        let open = |standing: &Standing| {
            matches!(standing.state, OrderState::InDoubt | OrderState::Canceled)
        };
        let doubtful = self.0.iter().filter(|(_, standing)| open(standing)).map(|(id, _)| *id);
        doubtful.filter(|id| !engine.follows(*id)).collect()
    }

    /// Forgets an order that was given up; its last row.
    pub fn give_up(&mut self, id: OrderId) -> Option<(OrderId, Standing)> {
        let mut standing = self.0.remove(&id)?;
        if standing.state == OrderState::InDoubt {
            standing.state = OrderState::Lost;
        }
        Some((id, standing))
    }

    /// The order as it is now when the ledger wants it. One that ended is forgotten.
    fn told(&mut self, id: OrderId) -> Option<(OrderId, Standing)> {
        let standing = self.0.get_mut(&id)?;
        let executed =
            standing.filled.is_positive() || standing.executed.is_some_and(Lots::is_positive);
        standing.kept |=
            executed || matches!(standing.state, OrderState::Rejected | OrderState::InDoubt);
        let now = *standing;
        if now.has_ended() {
            self.0.remove(&id);
        }
        now.kept.then_some((id, now))
    }

    /// Notes what step `seq` asks for.
    pub fn ask(&mut self, seq: u64, command: &Command) {
        let (id, price, lots) = match *command {
            Command::Place(order) => (order.id, order.limit, order.lots),
            Command::PlaceStop { id, trigger, lots } => (id, Some(trigger), lots),
            Command::Amend { .. }
            | Command::AmendStop { .. }
            | Command::Cancel { .. }
            | Command::Query { .. }
            | Command::FetchBars { .. }
            | Command::QueryAccount { .. }
            | Command::SetLeverage { .. } => return,
        };
        let standing = Standing {
            price,
            lots,
            filled: Lots(0),
            executed: None,
            state: OrderState::Intended,
            kept: false,
            asked: seq,
        };
        self.0.insert(id, standing);
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = (&OrderId, &Standing)> {
        self.0.iter()
    }
}

impl Standing {
    /// Nothing more will be told of it.
    fn has_ended(&self) -> bool {
        match self.state {
            OrderState::Filled | OrderState::Rejected | OrderState::Lost => true,
            OrderState::Canceled => self.executed.is_none_or(|executed| self.filled >= executed),
            OrderState::Intended | OrderState::Resting | OrderState::InDoubt => false,
        }
    }

    /// The row of the ledger.
    #[must_use]
    pub fn record(
        &self,
        id: OrderId,
        book: &str,
        instrument: &Instrument,
        at: Timestamp,
    ) -> OrderRecord {
        OrderRecord {
            id: id.to_string(),
            exchange_id: None,
            book: book.into(),
            symbol: instrument.symbol.to_string(),
            kind: id.kind,
            direction: id.direction,
            level: if id.kind == OrderKind::Entry { id.level } else { 0 },
            price: self.price.map(|price| instrument.price(price)),
            quantity: instrument.quantity(self.lots),
            filled: instrument.quantity(self.filled),
            state: self.state,
            asked: self.asked,
            at,
        }
    }
}

/// JSON has no keys but texts: a list of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use gardefou_core::ids::OrderId;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Standing;

    pub(super) fn serialize<S: Serializer>(
        orders: &BTreeMap<OrderId, Standing>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(orders)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<OrderId, Standing>, D::Error> {
        Vec::<(OrderId, Standing)>::deserialize(deserializer).map(BTreeMap::from_iter)
    }
}

#[cfg(test)]
mod tests;
