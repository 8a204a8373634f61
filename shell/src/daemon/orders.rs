//! Orders that are not terminal, as the ledger will want to know them: what was asked for, by
//! which step, and how much was executed.

use std::collections::BTreeMap;

use gardefou_core::command::Command;
use gardefou_core::event::Event;
use gardefou_core::ids::OrderId;
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
    /// Executed so far.
    pub filled: Lots,
    /// How far it is.
    pub state: OrderState,
    /// The step of the journal that asked for it.
    pub asked: u64,
}

impl Orders {
    /// Notes what an event says of an order; the order as it is now when the ledger wants it.
    ///
    /// An order that was withdrawn without an execution leaves no row: the journal has it. The
    /// ledger has every one that executed, was refused, or is in doubt.
    pub fn hear(&mut self, event: &Event) -> Option<(OrderId, Standing)> {
        let id = order_of(event)?;
        let standing = self.0.get_mut(&id)?;
        let mut ended = false;
        match event {
            Event::OrderAccepted { price, lots, .. } => {
                standing.price = standing.price.map(|_| *price);
                standing.lots = *lots;
                standing.state = OrderState::Resting;
            }
            Event::OrderFilled(fill) => {
                standing.filled.0 += fill.lots.0;
                ended = standing.filled >= standing.lots;
                standing.state = if ended { OrderState::Filled } else { OrderState::Resting };
            }
            Event::OrderCanceled { .. } => {
                ended = true;
                standing.state = OrderState::Canceled;
            }
            // What stood before a refused change still stands.
            Event::OrderRejected { .. } if standing.state == OrderState::Intended => {
                ended = true;
                standing.state = OrderState::Rejected;
            }
            Event::OrderUnconfirmed { .. } => standing.state = OrderState::InDoubt,
            Event::OrderRejected { .. }
            | Event::Booted { .. }
            | Event::FeedChanged { .. }
            | Event::BarClosed { .. }
            | Event::HistoryLoaded { .. }
            | Event::BarsLost { .. }
            | Event::PriceMoved { .. }
            | Event::RungTouched { .. }
            | Event::OrderNotFound { .. }
            | Event::PositionLiquidated { .. }
            | Event::FundingSettled { .. }
            | Event::BalanceMoved { .. }
            | Event::RequestMade { .. }
            | Event::TimePassed => return None,
        }
        let now = *standing;
        if ended {
            self.0.remove(&id);
        }
        let told = now.filled.is_positive()
            || matches!(now.state, OrderState::Rejected | OrderState::InDoubt);
        told.then_some((id, now))
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
            | Command::SetLeverage { .. } => return,
        };
        let state = OrderState::Intended;
        self.0.insert(id, Standing { price, lots, filled: Lots(0), state, asked: seq });
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = (&OrderId, &Standing)> {
        self.0.iter()
    }
}

impl Standing {
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
            level: id.level,
            price: self.price.map(|price| instrument.price(price)),
            quantity: instrument.quantity(self.lots),
            filled: instrument.quantity(self.filled),
            state: self.state,
            asked: self.asked,
            at,
        }
    }
}

fn order_of(event: &Event) -> Option<OrderId> {
    match event {
        Event::OrderAccepted { id, .. }
        | Event::OrderRejected { id, .. }
        | Event::OrderCanceled { id, .. }
        | Event::OrderUnconfirmed { id } => Some(*id),
        Event::OrderFilled(fill) => Some(fill.id),
        Event::Booted { .. }
        | Event::FeedChanged { .. }
        | Event::BarClosed { .. }
        | Event::HistoryLoaded { .. }
        | Event::BarsLost { .. }
        | Event::PriceMoved { .. }
        | Event::RungTouched { .. }
        | Event::OrderNotFound { .. }
        | Event::PositionLiquidated { .. }
        | Event::FundingSettled { .. }
        | Event::BalanceMoved { .. }
        | Event::RequestMade { .. }
        | Event::TimePassed => None,
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
