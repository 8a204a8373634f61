//! What executions do to wallet and position: fees, results, reductions and flips in one-way
//! mode, liquidation, delisting and funding. Every one of them is reported.

use alloc::vec::Vec;

use super::account::keep;
use super::desk::{Order, Position, reduces, side};
use super::{Desk, PriceVenue, Status, place_of};
use crate::config::MarginMode;
use crate::event::{Ended, Event, Fill, Liquidity};
use crate::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use crate::money::{Cash, Direction, Fraction, Lots, Ticks, slipped};
use crate::reconcile::{Listed, Settlement};
use crate::time::Timestamp;
use crate::venue::bars::walk::Place;

/// One execution of a live order.
#[derive(Clone, Copy)]
pub(super) struct Execution {
    pub at: Timestamp,
    pub price: Ticks,
    pub lots: Lots,
    pub liquidity: Liquidity,
}

impl PriceVenue {
    /// Executes a part or the whole of a live order.
    pub(super) fn execute(&mut self, id: OrderId, execution: Execution) {
        let Execution { at, price, lots, liquidity } = execution;
        let rate = match liquidity {
            Liquidity::Maker => self.costs.maker,
            Liquidity::Taker => self.costs.taker,
        };
        let fee = self.notional(id.symbol, price, lots).times_up(rate);
        let fill = Fill { id, fill: self.next_fill(), at, price, lots, fee, liquidity };
        let mut preset = None;
        if let Some(desk) = self.desk_mut(place_of(id))
            && let Some(order) = desk.live_mut(id)
        {
            order.fills.push(fill);
            preset = order.preset;
            let whole = !order.rest().is_positive();
            desk.room = desk.room.map(|room| room - lots);
            if whole {
                desk.retire(id, None);
            }
        }
        self.report(at, Event::OrderFilled(fill));
        self.move_position(id, price, lots, fee);
        self.guard(id, preset);
        self.sweep(at, place_of(id));
    }

    pub(super) fn next_fill(&mut self) -> FillId {
        self.fills += 1;
        FillId(self.fills)
    }

    /// Books an execution: the part against an opposite position closes it, the rest opens or
    /// deepens.
    pub(super) fn move_position(&mut self, id: OrderId, price: Ticks, lots: Lots, fee: Cash) {
        let Some(rules) = self.market(id.symbol).map(|market| market.rules) else { return };
        let Some(account) = self.accounts.get_mut(usize::from(id.book.0)) else { return };
        let Some(desk) = account.desks.get_mut(usize::from(id.symbol.0)) else { return };
        account.balance -= fee;
        let mut opening = lots;
        if let Some(held) = desk.position.filter(|held| held.direction != side(id)) {
            let closing = lots.min(held.lots);
            let (result, left) = reduced(&held, rules.notional(price, closing), closing);
            account.balance += result;
            desk.position = left;
            desk.preset = desk.preset.filter(|_| left.is_some());
            opening = lots - closing;
        }
        if opening.is_positive() && !reduces(id) {
            let nothing = Position { direction: side(id), lots: Lots::ZERO, cost: Cash::ZERO };
            let position = desk.position.get_or_insert(nothing);
            position.lots += opening;
            position.cost += rules.notional(price, opening);
        }
    }

    /// The stop that travelled with an entry guards what no stop order covers, until a stop order
    /// made or changed after the fill covers everything.
    fn guard(&mut self, id: OrderId, preset: Option<Ticks>) {
        let on = self.settings.presets;
        let Some(desk) = self.desk_mut(place_of(id)) else { return };
        if on && desk.position.is_some_and(|position| position.direction == id.direction) {
            desk.preset = preset.or(desk.preset);
        }
    }

    /// Ends reduce-only orders that have nothing to reduce any more.
    pub(super) fn sweep(&mut self, at: Timestamp, place: Place) {
        if !self.settings.sweeps {
            return;
        }
        let Some(desk) = self.desk(place) else { return };
        let idle = |order: &&Order| reduces(order.id) && desk.reducible(order.id).is_zero();
        let ids: Vec<OrderId> = desk.orders.iter().filter(idle).map(|order| order.id).collect();
        for id in ids {
            self.end(at, id, Ended::NothingToReduce);
        }
    }

    /// The exchange ends an order.
    pub(super) fn end(&mut self, at: Timestamp, id: OrderId, why: Ended) {
        let desk = self.desk_mut(place_of(id));
        if let Some(filled) = desk.and_then(|desk| desk.retire(id, Some(why))) {
            self.report(at, Event::OrderCanceled { id, filled, why });
        }
    }

    fn end_all(&mut self, at: Timestamp, place: Place) {
        let Some(desk) = self.desk(place) else { return };
        let ids: Vec<OrderId> = desk.orders.iter().map(|order| order.id).collect();
        for id in ids {
            self.end(at, id, Ended::ByExchange);
        }
    }

    // ---- what the exchange does by force ----

    /// Closes this position at `price`, and under cross margin every other cross position of the
    /// wallet at its last price; with slippage and the liquidation fee. Resting orders end first.
    pub(super) fn liquidate(&mut self, at: Timestamp, place: Place, price: Ticks) {
        let mode = |desk: &super::Desk| desk.margin_mode;
        let cross = self.desk(place).map(mode) == Some(MarginMode::Cross);
        self.force_out(at, place, price);
        for index in 0..self.markets.len() {
            let other = Place { symbol: SymbolId(index as u16), ..place };
            let shares = cross && self.desk(other).map(mode) == Some(MarginMode::Cross);
            let last = self.market(other.symbol).and_then(|market| market.seen);
            if let Some(seen) = last.filter(|_| shares && other != place) {
                self.force_out(at, other, seen.last);
            }
        }
    }

    fn force_out(&mut self, at: Timestamp, place: Place, price: Ticks) {
        self.end_all(at, place);
        let Some(position) = self.desk(place).and_then(|desk| desk.position) else { return };
        let buying = position.direction == Direction::Short;
        let price = slipped(price, self.settings.slippage, buying);
        let notional = self.notional(place.symbol, price, position.lots);
        let fee = notional.times_up(self.costs.liquidation);
        let result = reduced(&position, notional, position.lots).0;
        if let Some(account) = self.accounts.get_mut(usize::from(place.book.0)) {
            account.balance += result - fee;
        }
        if let Some(desk) = self.desk_mut(place) {
            (desk.position, desk.preset) = (None, None);
        }
        let (Place { book, symbol }, fill, lots) = (place, self.next_fill(), position.lots);
        let (kind, direction) = (OrderKind::Close, position.direction);
        let id = OrderId { book, symbol, epoch: 0, sequence: 0, kind, direction, level: 0 };
        let liquidity = Liquidity::Taker;
        let forced = Fill { id, fill, at, price, lots, fee, liquidity };
        if let Some(Desk { record, .. }) = self.desk_mut(place)
            && let Some(oldest) = keep(&mut record.forced, forced)
        {
            record.forget(oldest.at);
        }
        self.report(at, Event::PositionLiquidated { book, symbol, fill, at, price, lots, fee });
    }

    /// Changes what may be done with a symbol. A delisting cancels its orders and closes its
    /// positions at the last price.
    pub fn set_status(&mut self, now: Timestamp, symbol: SymbolId, status: Status) {
        self.take_requests(now);
        let Some(market) = self.markets.get_mut(usize::from(symbol.0)) else { return };
        market.status = status;
        let Some(seen) = market.seen.filter(|_| status == Status::Delisted) else { return };
        for index in 0..self.accounts.len() {
            let place = Place { book: BookId(index as u16), symbol };
            self.end_all(now, place);
            let Some(position) = self.desk(place).and_then(|desk| desk.position) else { continue };
            let (price, lots, liquidity) = (seen.last, position.lots, Liquidity::Taker);
            self.execute_own(
                place,
                OrderKind::Close,
                Execution { at: now, price, lots, liquidity },
            );
        }
    }

    /// Executes an order that the exchange made by itself.
    fn execute_own(&mut self, place: Place, kind: OrderKind, execution: Execution) {
        let Some(position) = self.desk(place).and_then(|desk| desk.position) else { return };
        let id = self.own_id(place, kind, position.direction);
        let order = Order::of(id, super::OrderType::Market, execution.lots, execution.at);
        if let Some(desk) = self.desk_mut(place) {
            desk.room = None;
            desk.orders.push(order);
        }
        self.execute(id, execution);
    }

    /// Settles funding on every position of a symbol: longs pay when the rate is positive.
    pub fn settle(&mut self, now: Timestamp, symbol: SymbolId, rate: Fraction, mark: Ticks) {
        self.take_requests(now);
        for index in 0..self.accounts.len() {
            let book = BookId(index as u16);
            let Some(position) = self.desk(Place { book, symbol }).and_then(|desk| desk.position)
            else {
                continue;
            };
            let lots = position.lots;
            let due = self.notional(symbol, mark, lots).times_half_even(rate);
            let amount = Cash(-due.0 * i128::from(position.direction.sign()));
            if let Some(account) = self.accounts.get_mut(index) {
                account.balance += amount;
            }
            let (at, price) = (now, mark);
            let listed = Listed::Symbol(symbol);
            let paid = Settlement { symbol: listed, at, rate, price, lots, amount };
            if let Some(Desk { record, .. }) = self.desk_mut(Place { book, symbol })
                && let Some(oldest) = keep(&mut record.funded, paid)
            {
                record.forget(oldest.at);
            }
            self.report(now, Event::FundingSettled { book, symbol, at, rate, price, lots, amount });
        }
    }
}

/// The result of closing `lots` for `notional`, and what is left. A part takes its part of the
/// cost, rounded down, so that the parts add up to the whole.
fn reduced(held: &Position, notional: Cash, lots: Lots) -> (Cash, Option<Position>) {
    let whole = lots >= held.lots;
    let part = (held.cost.0 * i128::from(lots.0)).div_euclid(i128::from(held.lots.0.max(1)));
    let cost = if whole { held.cost } else { Cash(part) };
    let result = Cash((notional - cost).0 * i128::from(held.direction.sign()));
    let left = Position { lots: held.lots - lots, cost: held.cost - cost, ..*held };
    (result, (!whole).then_some(left))
}
