//! Matching on bars (the matching contract), commands and bookkeeping of the simulated exchange.
//!
//! Each fill is told to the engine before the next is looked for, and the engine's commands act
//! at once (latency is zero on bars): that is how the stop follows every fill inside a bar. The
//! path inside the bar is in [`walk`].

pub mod walk;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::desk::{Desk, Position, Resting, RestingStop};
use super::liquidation::{Backing, Exposure};
use crate::command::{Command, NewOrder};
use crate::config::{BookConfig, Costs, EngineConfig, MarginMode};
use crate::event::{Ended, Event, Fill, Liquidity, Reject};
use crate::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use crate::money::{Cash, Fraction, Lots, Ticks};
use crate::time::Timestamp;

/// Which of the two named assumptions about the path inside a bar is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// The bad extreme first; a bar that entered cannot reach its target.
    Pessimistic,
    /// The good extreme first when a cycle was open at the open.
    Optimistic,
}

/// The simulated exchange on bars: one wallet per book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarVenue {
    path: Path,
    costs: Costs,
    margin_mode: MarginMode,
    /// By book, then by symbol.
    wallets: Vec<Purse>,
    /// By symbol: worth of one lot at one tick, maintenance rate.
    terms: Vec<(i64, Fraction)>,
    fills: u64,
    /// Events not yet told.
    queue: VecDeque<Event>,
}

/// One wallet at the venue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purse {
    /// Wallet balance, kept by the venue on its own.
    pub balance: Cash,
    /// By symbol.
    pub desks: Vec<Desk>,
    /// By symbol: leverage as set.
    pub leverage: Vec<u32>,
    /// All positions at their last prices; kept by [`Purse::change`], so that a bar need not add
    /// up every symbol.
    held: Worth,
}

/// Unrealised result and maintenance margin at last prices, both in 1e-16 USDT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Worth {
    unrealised: i128,
    maintenance: i128,
}

impl Worth {
    fn of(desk: &Desk, (value, maintenance): (i64, Fraction)) -> Self {
        let Some(Position { direction, lots, cost }) = desk.position else {
            return Self::default();
        };
        let worth = i128::from(desk.last.0) * i128::from(lots.0) * i128::from(value);
        Self {
            unrealised: (worth - cost.0) * i128::from(direction.sign() * crate::money::SCALE),
            maintenance: worth * i128::from(maintenance.0),
        }
    }
}

impl Purse {
    /// True when the wallet surely carries a position that moves from its `last` price to `price`:
    /// all that it holds at last prices, and the move. Nothing is divided; two ticks cover the
    /// rounding of the liquidation price, which decides what this leaves open.
    #[inline]
    fn outlives(
        &self,
        position: Position,
        last: Ticks,
        price: Ticks,
        (value, maintenance): (i64, Fraction),
    ) -> bool {
        let sign = i128::from(position.direction.sign());
        let unit = i128::from(position.lots.0) * i128::from(value);
        let moved = unit * (i128::from(price.0) - i128::from(last.0) - 2 * sign);
        let funds = self.balance.0 * i128::from(crate::money::SCALE) + self.held.unrealised;
        let result = sign * moved * i128::from(crate::money::SCALE);
        funds + result > self.held.maintenance + moved * i128::from(maintenance.0)
    }

    /// Changes position or last price of a symbol.
    fn change<R>(
        &mut self,
        symbol: SymbolId,
        terms: (i64, Fraction),
        act: impl FnOnce(&mut Desk, &mut Cash) -> R,
    ) -> R {
        let Self { desks, balance, held, .. } = self;
        let desk = &mut desks[usize::from(symbol.0)];
        let before = Worth::of(desk, terms);
        let result = act(desk, balance);
        let after = Worth::of(desk, terms);
        held.unrealised += after.unrealised - before.unrealised;
        held.maintenance += after.maintenance - before.maintenance;
        result
    }
}

impl BarVenue {
    /// A venue for the books of `config`.
    #[must_use]
    pub fn new(config: &EngineConfig, path: Path) -> Self {
        let symbols = config.instruments.len();
        let purse = |book: &BookConfig| {
            let mut leverage = alloc::vec![1; symbols];
            for chosen in &book.symbols {
                leverage[usize::from(chosen.symbol.0)] = chosen.params.leverage();
            }
            let desks = (0..symbols).map(|_| Desk::default()).collect();
            Purse { balance: book.capital, desks, leverage, held: Worth::default() }
        };
        Self {
            path,
            costs: config.costs.clone(),
            margin_mode: config.risk.margin_mode,
            wallets: config.books.iter().map(purse).collect(),
            terms: config.instruments.iter().map(|i| (i.value, i.maintenance)).collect(),
            fills: 0,
            queue: VecDeque::new(),
        }
    }

    /// The next event to tell the engine.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }

    /// Orders and position of a book on a symbol.
    #[must_use]
    pub fn desk(&self, book: BookId, symbol: SymbolId) -> Option<&Desk> {
        self.wallets.get(usize::from(book.0))?.desks.get(usize::from(symbol.0))
    }

    /// A wallet's balance as the venue keeps it.
    #[must_use]
    pub fn balance(&self, book: BookId) -> Option<Cash> {
        self.wallets.get(usize::from(book.0)).map(|purse| purse.balance)
    }

    #[inline]
    fn desk_mut(&mut self, book: BookId, symbol: SymbolId) -> Option<&mut Desk> {
        self.wallets.get_mut(usize::from(book.0))?.desks.get_mut(usize::from(symbol.0))
    }

    #[inline]
    fn notional(&self, symbol: SymbolId, price: Ticks, lots: Lots) -> Cash {
        let value = self.terms.get(usize::from(symbol.0)).map_or(0, |&(value, _)| value);
        Cash(i128::from(price.0) * i128::from(lots.0) * i128::from(value))
    }

    /// Carries out a command at once.
    #[inline]
    pub fn carry_out(&mut self, command: &Command) {
        match *command {
            Command::Place(order) => self.place(&order),
            Command::Amend { id, price, lots } => self.amend(id, price, lots),
            Command::Cancel { id } => self.cancel(id),
            Command::PlaceStop { id, trigger, lots } => {
                if let Some(desk) = self.desk_mut(id.book, id.symbol) {
                    desk.stops.push(RestingStop { id, trigger, lots });
                    self.queue.push_back(Event::OrderAccepted { id, price: trigger, lots });
                }
            }
            Command::AmendStop { id, trigger, lots } => self.amend_stop(id, trigger, lots),
            // Nothing is ever in doubt here, no bar is missing, and leverage is in the terms.
            Command::Query { .. }
            | Command::FetchBars { .. }
            | Command::SetLeverage { .. }
            | Command::QueryAccount { .. } => {}
        }
    }

    #[inline]
    fn place(&mut self, order: &NewOrder) {
        let id = order.id;
        let Some(desk) = self.desk_mut(id.book, id.symbol) else { return };
        match (order.limit, id.kind) {
            (Some(price), OrderKind::Entry) => {
                let made = desk.made_now();
                desk.entries.push(Resting {
                    id,
                    price,
                    lots: order.lots,
                    made,
                    preset: order.preset,
                });
            }
            (Some(price), _) => {
                let made = desk.made_now();
                desk.target = Some(Resting { id, price, lots: order.lots, made, preset: None });
            }
            (None, _) => desk.market.push(*order),
        }
        let price = order.limit.unwrap_or(Ticks::ZERO);
        self.queue.push_back(Event::OrderAccepted { id, price, lots: order.lots });
    }

    fn amend(&mut self, id: OrderId, price: Ticks, lots: Lots) {
        let Some(desk) = self.desk_mut(id.book, id.symbol) else { return };
        let made = desk.made_now();
        let event = match desk.target.as_mut().filter(|target| target.id == id) {
            Some(target) => {
                if target.price != price {
                    target.made = made;
                }
                (target.price, target.lots) = (price, lots);
                Event::OrderAccepted { id, price, lots }
            }
            None => Event::OrderRejected { id, why: Reject::UnknownOrder },
        };
        self.queue.push_back(event);
    }

    fn amend_stop(&mut self, id: OrderId, trigger: Ticks, lots: Lots) {
        let Some(desk) = self.desk_mut(id.book, id.symbol) else { return };
        let event = match desk.stops.iter_mut().find(|stop| stop.id == id) {
            Some(stop) => {
                (stop.trigger, stop.lots) = (trigger, lots);
                Event::OrderAccepted { id, price: trigger, lots }
            }
            None => Event::OrderRejected { id, why: Reject::UnknownOrder },
        };
        self.queue.push_back(event);
    }

    #[inline]
    fn cancel(&mut self, id: OrderId) {
        let Some(desk) = self.desk_mut(id.book, id.symbol) else { return };
        let found = match id.kind {
            OrderKind::Entry => {
                desk.remove_entry(id) || remove(&mut desk.market, |order| order.id == id)
            }
            OrderKind::Target => desk.target.take_if(|target| target.id == id).is_some(),
            OrderKind::Stop => remove(&mut desk.stops, |stop| stop.id == id),
            OrderKind::Close => remove(&mut desk.market, |order| order.id == id),
        };
        self.queue.push_back(if found {
            Event::OrderCanceled { id, filled: Lots::ZERO, why: Ended::Requested }
        } else {
            Event::OrderRejected { id, why: Reject::UnknownOrder }
        });
    }

    /// Books an execution in the venue's own position and balance, and queues the event.
    fn execute(
        &mut self,
        id: OrderId,
        at: Timestamp,
        price: Ticks,
        lots: Lots,
        liquidity: Liquidity,
        preset: Option<Ticks>,
    ) {
        self.fills += 1;
        let notional = self.notional(id.symbol, price, lots);
        let rate = match liquidity {
            Liquidity::Maker => self.costs.maker,
            Liquidity::Taker => self.costs.taker,
        };
        let fee = notional.times_up(rate);
        let fill = Fill { id, fill: FillId(self.fills), at, price, lots, fee, liquidity };
        self.settle(id, notional, lots, fee, preset);
        self.queue.push_back(Event::OrderFilled(fill));
    }

    fn settle(
        &mut self,
        id: OrderId,
        notional: Cash,
        lots: Lots,
        fee: Cash,
        preset: Option<Ticks>,
    ) {
        let Some(purse) = self.wallets.get_mut(usize::from(id.book.0)) else { return };
        let Some(&terms) = self.terms.get(usize::from(id.symbol.0)) else { return };
        purse.change(id.symbol, terms, |desk, balance| {
            *balance -= fee;
            if id.kind == OrderKind::Entry {
                let position = desk.position.get_or_insert(Position {
                    direction: id.direction,
                    lots: Lots::ZERO,
                    cost: Cash::ZERO,
                });
                position.lots += lots;
                position.cost += notional;
                desk.preset = preset.or(desk.preset);
            } else if let Some(position) = desk.position.take() {
                // On bars every exit is whole.
                let sign = i128::from(position.direction.sign());
                *balance += Cash((notional - position.cost).0 * sign);
                desk.preset = None;
            }
        });
    }

    /// The close of a bar is the last price.
    #[inline]
    fn set_last(&mut self, place: walk::Place, price: Ticks) {
        let Some(purse) = self.wallets.get_mut(usize::from(place.book.0)) else { return };
        let Some(desk) = purse.desks.get_mut(usize::from(place.symbol.0)) else { return };
        if desk.position.is_none() {
            desk.last = price;
        } else if let Some(&terms) = self.terms.get(usize::from(place.symbol.0)) {
            purse.change(place.symbol, terms, |desk, _| desk.last = price);
        }
    }

    /// Settles funding on what a book holds: long pays when the rate is positive.
    pub fn fund(
        &mut self,
        book: BookId,
        symbol: SymbolId,
        at: Timestamp,
        rate: Fraction,
        price: Ticks,
    ) {
        let Some(position) = self.desk(book, symbol).and_then(|desk| desk.position) else { return };
        let due = self.notional(symbol, price, position.lots).times_half_even(rate);
        let amount = Cash(-due.0 * i128::from(position.direction.sign()));
        if let Some(purse) = self.wallets.get_mut(usize::from(book.0)) {
            purse.balance += amount;
        }
        let lots = position.lots;
        self.queue.push_back(Event::FundingSettled { book, symbol, at, rate, price, lots, amount });
    }

    /// A market order that met a bar in which nothing traded.
    fn lapse(&mut self, order: &NewOrder) {
        let why = Ended::NothingTraded;
        self.queue.push_back(Event::OrderCanceled { id: order.id, filled: Lots::ZERO, why });
    }

    /// The price at or below (long) which the wallet or the position is liquidated while the other
    /// symbols stay at their last price (rule 11); none when that cannot happen.
    fn liquidation_price(&self, place: walk::Place) -> Option<Ticks> {
        let (exposure, backing) = self.exposure(place)?;
        exposure.liquidation(&backing)
    }

    /// True when the wallet (or the isolated position) is used up at `price` of this symbol.
    #[inline]
    fn is_used_up(&self, place: walk::Place, price: Ticks) -> bool {
        let Some(purse) = self.wallets.get(usize::from(place.book.0)) else { return false };
        let Some(desk) = purse.desks.get(usize::from(place.symbol.0)) else { return false };
        let Some(position) = desk.position else { return false };
        let exact = || {
            let mirror = |price| position.direction.mirror(price);
            let at = self.liquidation_price(place);
            at.is_some_and(|at| mirror(price) <= mirror(at))
        };
        if desk.deferred.is_empty()
            && self.margin_mode == MarginMode::Cross
            && let Some(&terms) = self.terms.get(usize::from(place.symbol.0))
            && purse.outlives(position, desk.last, price, terms)
        {
            debug_assert!(!exact());
            return false;
        }
        exact()
    }

    /// What is held on a symbol, deferred entries included, and what stands behind it.
    #[inline]
    fn exposure(&self, place: walk::Place) -> Option<(Exposure, Backing)> {
        let purse = self.wallets.get(usize::from(place.book.0))?;
        let desk = purse.desks.get(usize::from(place.symbol.0))?;
        let (value, maintenance) = *self.terms.get(usize::from(place.symbol.0))?;
        let Position { direction, lots, cost } = desk.exposure(value, self.costs.slippage)?;
        let backing = match self.margin_mode {
            MarginMode::Isolated => {
                Backing::Isolated(purse.leverage.get(usize::from(place.symbol.0)).copied()?)
            }
            MarginMode::Cross => {
                let (funds, others) = self.others(purse, place.symbol);
                let fees: Cash = desk.deferred.iter().map(|order| order.fee).sum();
                Backing::Cross { funds: funds - fees.0 * i128::from(crate::money::SCALE), others }
            }
        };
        Some((Exposure { direction, cost, lots, value, maintenance }, backing))
    }

    /// Balance and unrealised of the other symbols, and their maintenance, in 1e-16 USDT.
    #[inline]
    fn others(&self, purse: &Purse, symbol: SymbolId) -> (i128, i128) {
        debug_assert_eq!(
            purse.held,
            purse.desks.iter().zip(&self.terms).fold(Worth::default(), |all, (desk, &terms)| {
                let own = Worth::of(desk, terms);
                Worth {
                    unrealised: all.unrealised + own.unrealised,
                    maintenance: all.maintenance + own.maintenance,
                }
            })
        );
        let own = Worth::of(&purse.desks[usize::from(symbol.0)], self.terms[usize::from(symbol.0)]);
        let equity = purse.balance.0 * i128::from(crate::money::SCALE) + purse.held.unrealised;
        (equity - own.unrealised, purse.held.maintenance - own.maintenance)
    }
}

fn remove<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool) -> bool {
    match list.iter().position(is) {
        Some(at) => {
            list.remove(at);
            true
        }
        None => false,
    }
}
