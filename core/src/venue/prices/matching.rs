//! What one price executes (rules 3 to 9, for a single price).
//!
//! Market orders that were waiting come first. Then whatever the price met on its way from the
//! one before: limits that it traded through, stops, liquidation — the nearest first, a limit
//! before a stop at the same price.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::booking::Execution;
use super::desk::{Order, OrderType, reduces};
use super::{PriceVenue, Seen, Status, place_of};
use crate::event::{Ended, Event, Liquidity};
use crate::ids::{BookId, OrderId, OrderKind, SymbolId};
use crate::money::{Direction, Fraction, Lots, Ticks, slipped};
use crate::time::Timestamp;
use crate::venue::bars::walk::Place;

/// One price of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// Last price.
    pub last: Ticks,
    /// Mark price.
    pub mark: Ticks,
    /// How much can fill at it, per wallet; none = any quantity.
    pub size: Option<Lots>,
}

/// Something that a price met.
#[derive(Clone, Copy)]
enum Met {
    Limit(OrderId, Ticks),
    Stop(OrderId, Ticks),
    Preset(Ticks),
    Liquidation(Ticks),
}

impl Met {
    fn price(self) -> Ticks {
        match self {
            Self::Limit(_, price)
            | Self::Stop(_, price)
            | Self::Preset(price)
            | Self::Liquidation(price) => price,
        }
    }

    /// At one price, limits come before stops and stops before liquidation.
    fn rank(self) -> u8 {
        match self {
            Self::Limit(..) => 0,
            Self::Stop(..) | Self::Preset(_) => 1,
            Self::Liquidation(_) => 2,
        }
    }
}

impl PriceVenue {
    /// A price of any size.
    pub fn price(&mut self, now: Timestamp, symbol: SymbolId, last: Ticks, mark: Ticks) {
        self.print(now, symbol, Print { last, mark, size: None });
    }

    /// A price: requests that have arrived take effect before it, then it is matched.
    pub fn print(&mut self, now: Timestamp, symbol: SymbolId, print: Print) {
        self.take_requests(now);
        if !print.last.is_positive() || !print.mark.is_positive() {
            return;
        }
        let Some(market) = self.markets.get_mut(usize::from(symbol.0)) else { return };
        let from = market.seen.map_or(print.last, |seen| seen.last);
        market.seen = Some(Seen { last: print.last, mark: print.mark });
        let open = matches!(market.status, Status::Trading | Status::CloseOnly);
        for index in 0..self.accounts.len() {
            let place = Place { book: BookId(index as u16), symbol };
            if let Some(desk) = self.desk_mut(place) {
                desk.room = None;
            }
            if open {
                self.match_print(now, place, &print, from);
            }
        }
        let moved = Event::PriceMoved { book: None, symbol, price: print.last };
        self.reports.push(now + self.settings.delays.market_data, moved);
    }

    fn match_print(&mut self, at: Timestamp, place: Place, print: &Print, from: Ticks) {
        let size = print.size.filter(|_| self.settings.partial_fills);
        let Some(desk) = self.desk_mut(place) else { return };
        if desk.is_idle() {
            desk.room = size;
            return;
        }
        desk.room = size;
        let waits = |o: &&Order| matches!(o.kind, OrderType::Market | OrderType::Triggered);
        let waiting: Vec<OrderId> = desk.orders.iter().filter(waits).map(|o| o.id).collect();
        for id in waiting {
            self.execute_at_market(at, id, print.last);
        }
        while let Some(met) = self.nearest_met(place, print, from) {
            match met {
                Met::Limit(id, price) => self.fill(at, id, price, Liquidity::Maker),
                Met::Stop(id, trigger) => {
                    self.trigger(id);
                    self.execute_at_market(at, id, worse(id, trigger, print.last));
                }
                Met::Preset(trigger) => self.preset_met(at, place, trigger, print.last),
                Met::Liquidation(price) => {
                    let price = self.beyond(place, price, print.last);
                    self.liquidate(at, place, price);
                }
            }
        }
    }

    /// A limit order that reaches the last price on arrival crosses at once: at the better of
    /// its price and the market's.
    pub(super) fn cross(&mut self, at: Timestamp, id: OrderId) {
        let Some(seen) = self.market(id.symbol).and_then(|market| market.seen) else { return };
        let Some(desk) = self.desk(place_of(id)) else { return };
        let Some(&Order { kind: OrderType::Limit(limit), .. }) = desk.live(id) else { return };
        let taken = slipped(seen.last, self.settings.slippage, id.buys());
        if id.buys() && seen.last <= limit {
            self.fill(at, id, taken.min(limit), Liquidity::Taker);
        } else if !id.buys() && seen.last >= limit {
            self.fill(at, id, taken.max(limit), Liquidity::Taker);
        }
    }

    fn execute_at_market(&mut self, at: Timestamp, id: OrderId, price: Ticks) {
        let slippage = self.slippage_of(id);
        self.fill(at, id, slipped(price, slippage, id.buys()), Liquidity::Taker);
    }

    fn slippage_of(&self, id: OrderId) -> Fraction {
        if id.kind == OrderKind::Stop {
            self.settings.stop_slippage
        } else {
            self.settings.slippage
        }
    }

    /// Executes what the size of the print and, reduce-only, the position allow.
    fn fill(&mut self, at: Timestamp, id: OrderId, price: Ticks, liquidity: Liquidity) {
        let Some(desk) = self.desk(place_of(id)) else { return };
        let Some(order) = desk.live(id) else { return };
        let reducible = if reduces(id) { desk.reducible(id) } else { order.rest() };
        if reducible.is_zero() {
            return self.end(at, id, Ended::NothingToReduce);
        }
        let room = desk.room.unwrap_or(order.rest());
        let lots = order.rest().min(reducible).min(room);
        if lots.is_positive() {
            self.execute(id, Execution { at, price, lots, liquidity });
        }
    }

    fn trigger(&mut self, id: OrderId) {
        if let Some(order) = self.desk_mut(place_of(id)).and_then(|desk| desk.live_mut(id)) {
            order.kind = OrderType::Triggered;
        }
    }

    /// The stop that travelled with an entry becomes a market order of the exchange's own.
    fn preset_met(&mut self, at: Timestamp, place: Place, trigger: Ticks, last: Ticks) {
        let Some(desk) = self.desk(place) else { return };
        let (Some(position), lots) = (desk.position, desk.uncovered()) else { return };
        let id = self.own_id(place, OrderKind::Stop, position.direction);
        if let Some(desk) = self.desk_mut(place) {
            desk.preset = None;
            desk.orders.push(Order::of(id, OrderType::Triggered, lots, at));
        }
        self.execute_at_market(at, id, worse(id, trigger, last));
    }

    // ---- what a price meets ----

    fn nearest_met(&self, place: Place, print: &Print, from: Ticks) -> Option<Met> {
        let desk = self.desk(place)?;
        let room = desk.room.is_none_or(Lots::is_positive);
        let watched = if self.settings.mark_triggers { print.mark } else { print.last };
        let orders = desk.orders.iter().filter_map(|order| match order.kind {
            OrderType::Limit(price) if room && through(order.id, price, print.last) => {
                Some(Met::Limit(order.id, price))
            }
            OrderType::Stop(trigger) if reached(order.id.direction, trigger, watched) => {
                Some(Met::Stop(order.id, trigger))
            }
            OrderType::Limit(_) | OrderType::Stop(_) | OrderType::Market | OrderType::Triggered => {
                None
            }
        });
        let direction = desk.position.map(|position| position.direction);
        let preset = desk.preset.filter(|_| desk.uncovered().is_positive()).zip(direction);
        let preset = preset.filter(|&(trigger, direction)| reached(direction, trigger, watched));
        let preset = preset.map(|(trigger, _)| Met::Preset(trigger));
        let used_up = direction.and_then(|direction| self.used_up(place, direction, print.mark));
        orders
            .chain(preset)
            .chain(used_up.map(Met::Liquidation))
            .min_by_key(|met| ((met.price() - from).0.abs(), met.rank()))
    }

    /// The liquidation price, when the mark price has reached it.
    fn used_up(&self, place: Place, direction: Direction, mark: Ticks) -> Option<Ticks> {
        let on = self.settings.liquidation;
        let price = if on { self.liquidation_price(place) } else { None };
        price.filter(|&price| reached(direction, price, mark))
    }

    /// The price of a forced close: the last price when it is worse than where it was due.
    fn beyond(&self, place: Place, due: Ticks, last: Ticks) -> Ticks {
        let direction = self.desk(place).and_then(|desk| desk.position).map(|p| p.direction);
        match direction {
            Some(Direction::Short) => due.max(last),
            Some(Direction::Long) | None => due.min(last),
        }
    }
}

/// The price traded beyond a resting limit.
fn through(id: OrderId, limit: Ticks, last: Ticks) -> bool {
    if id.buys() { last < limit } else { last > limit }
}

/// A falling price has reached the trigger of a long (a rising one that of a short).
fn reached(direction: Direction, trigger: Ticks, price: Ticks) -> bool {
    direction.mirror(price) <= direction.mirror(trigger)
}

/// Of two prices, the worse for the order.
fn worse(id: OrderId, one: Ticks, other: Ticks) -> Ticks {
    if id.buys() { one.max(other) } else { one.min(other) }
}
