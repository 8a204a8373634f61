//! What the exchange refuses, and why. Nothing here changes anything.

use super::desk::{OrderType, reduces, side};
use super::margin::Adding;
use super::{Market, Minimums, PriceVenue, Status, place_of};
use crate::command::NewOrder;
use crate::event::Reject;
use crate::ids::OrderId;
use crate::money::{Direction, Lots, Margin, Ticks};

impl PriceVenue {
    /// A new limit or market order.
    pub(super) fn admit(&self, order: &NewOrder) -> Result<(), Reject> {
        let market = self.open_for(order.id)?;
        self.admit_figures(
            &market,
            order.limit.unwrap_or(Ticks(market.rules.price_step)),
            order.lots,
        )?;
        let expected = order.limit.or(market.seen.map(|seen| seen.last));
        self.admit_size(&market, order.id, expected, order.lots)?;
        if reduces(order.id) {
            return self.admit_reduction(order.id);
        }
        if let (Some(preset), Some(price)) = (order.preset, expected) {
            self.admit_trigger(order.id.direction, preset, price)?;
        }
        self.admit_margin(order.id, expected.unwrap_or(Ticks::ZERO), order.lots)
    }

    /// New figures for a resting limit order.
    pub(super) fn admit_change(&self, id: OrderId, price: Ticks, lots: Lots) -> Result<(), Reject> {
        let market = self.open_for(id)?;
        let kind = self.live_type(id)?;
        if !matches!(kind, OrderType::Limit(_)) {
            return Err(Reject::UnknownOrder);
        }
        self.admit_figures(&market, price, lots)?;
        self.admit_size(&market, id, Some(price), lots)?;
        if reduces(id) { self.admit_reduction(id) } else { Ok(()) }
    }

    /// A new stop.
    pub(super) fn admit_stop(&self, id: OrderId, trigger: Ticks, lots: Lots) -> Result<(), Reject> {
        let market = self.open_for(id)?;
        self.admit_figures(&market, trigger, lots)?;
        self.admit_reduction(id)?;
        market.seen.map_or(Ok(()), |seen| self.admit_trigger(id.direction, trigger, seen.mark))
    }

    /// New figures for a stop that has not been triggered.
    pub(super) fn admit_stop_change(
        &self,
        id: OrderId,
        trigger: Ticks,
        lots: Lots,
    ) -> Result<(), Reject> {
        self.open_for(id)?;
        match self.live_type(id)? {
            OrderType::Stop(_) => self.admit_stop(id, trigger, lots),
            OrderType::Limit(_) | OrderType::Market | OrderType::Triggered => {
                Err(Reject::UnknownOrder)
            }
        }
    }

    /// A cancel; what has been triggered is being executed.
    pub(super) fn admit_cancel(&self, id: OrderId) -> Result<(), Reject> {
        self.open_for(id)?;
        match self.live_type(id)? {
            OrderType::Limit(_) | OrderType::Market | OrderType::Stop(_) => Ok(()),
            OrderType::Triggered => Err(Reject::UnknownOrder),
        }
    }

    fn live_type(&self, id: OrderId) -> Result<OrderType, Reject> {
        let order = self.desk(place_of(id)).and_then(|desk| desk.live(id));
        order.map(|order| order.kind).ok_or(Reject::UnknownOrder)
    }

    /// The market of an order, if it takes requests of its kind.
    fn open_for(&self, id: OrderId) -> Result<Market, Reject> {
        let known = self.desk(place_of(id)).and(self.market(id.symbol));
        let market = known.ok_or(Reject::Suspended)?;
        match market.status {
            Status::Trading => Ok(*market),
            Status::CloseOnly if reduces(id) || self.live_type(id).is_ok() => Ok(*market),
            Status::CloseOnly | Status::Suspended | Status::Delisted => Err(Reject::Suspended),
        }
    }

    /// Figures above zero, and on the steps of the symbol.
    fn admit_figures(&self, market: &Market, price: Ticks, lots: Lots) -> Result<(), Reject> {
        let positive = price.is_positive() && lots.is_positive();
        let stepped = price.0 % market.rules.price_step.max(1) == 0
            && lots.0 % market.rules.lot_step.max(1) == 0;
        if positive && (stepped || !self.settings.precision) {
            Ok(())
        } else {
            Err(Reject::Precision)
        }
    }

    fn admit_size(
        &self,
        market: &Market,
        id: OrderId,
        price: Option<Ticks>,
        lots: Lots,
    ) -> Result<(), Reject> {
        let exempt = match self.settings.minimums {
            Minimums::Off => true,
            Minimums::Entries => reduces(id),
            Minimums::All => false,
        };
        let rules = &market.rules;
        let worth = price.is_none_or(|price| rules.notional(price, lots) >= rules.min_notional);
        if exempt || (lots >= rules.min_lots && worth) { Ok(()) } else { Err(Reject::BelowMinimum) }
    }

    fn admit_reduction(&self, id: OrderId) -> Result<(), Reject> {
        let reducible = self.desk(place_of(id)).map_or(Lots::ZERO, |desk| desk.reducible(id));
        if reducible.is_positive() || !self.settings.needs_position {
            Ok(())
        } else {
            Err(Reject::NoPosition)
        }
    }

    /// A stop of a long lies below the price that it is compared with.
    fn admit_trigger(
        &self,
        direction: Direction,
        trigger: Ticks,
        price: Ticks,
    ) -> Result<(), Reject> {
        let right = direction.mirror(trigger) < direction.mirror(price);
        if right || !self.settings.stop_side { Ok(()) } else { Err(Reject::WrongSide) }
    }

    /// What an entry adds must be free; what it takes off an opposite position needs nothing.
    fn admit_margin(&self, id: OrderId, price: Ticks, lots: Lots) -> Result<(), Reject> {
        let account = self.accounts.get(usize::from(id.book.0)).ok_or(Reject::Suspended)?;
        let notional = self.notional(id.symbol, price, lots);
        let adds = Adding { symbol: id.symbol, direction: side(id), notional };
        let needed = self.margin_used(account, adds);
        let enough = needed <= Margin::from_cash(self.equity(account));
        if enough || !self.settings.margin { Ok(()) } else { Err(Reject::InsufficientMargin) }
    }
}
