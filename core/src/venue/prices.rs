//! The simulated exchange on single prices: commands and prices in, timed events out.
//!
//! A request takes effect after its latency, a resting order exists before the price that fills
//! it, and everything that happens is reported after a delay. Nothing here is random: delays and
//! behaviour come from [`Settings`], faults from whoever drives the venue ([`super::live`]).
//!
//! [`account`] answers questions about a wallet, [`admit`] says what is refused, [`matching`] what a price executes, [`booking`] what an
//! execution does to wallet and position, [`margin`] what a wallet can carry, [`desk`] keeps it.

pub mod account;
pub mod admit;
pub mod booking;
pub mod desk;
pub mod margin;
pub mod matching;
pub mod settings;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::bars::walk::Place;
use super::delay::DelayQueue;
use crate::command::{Command, NewOrder};
use crate::config::{BookConfig, Costs, EngineConfig, MarginMode};
use crate::event::{Ended, Event, Reject};
use crate::ids::{BookId, OrderId, OrderKind, SymbolId};
use crate::money::{Cash, Direction, Lots, Ticks};
use crate::time::Timestamp;
pub use desk::{Account, Desk, Order, OrderType};
pub use matching::Print;
pub use settings::{Delays, Minimums, Rules, Settings, Status};

/// The simulated exchange on prices: one wallet per book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceVenue {
    settings: Settings,
    costs: Costs,
    markets: Vec<Market>,
    accounts: Vec<Account>,
    /// On their way to the exchange.
    requests: DelayQueue<Command>,
    /// On their way to the trader.
    reports: DelayQueue<Event>,
    /// Executions so far.
    fills: u64,
    /// Orders that the exchange made by itself.
    own: u32,
}

/// One symbol, the same for every wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// What orders must satisfy.
    pub rules: Rules,
    /// What may be done.
    pub status: Status,
    /// Last price and mark price; none before the first print.
    pub seen: Option<Seen>,
}

/// The prices of a symbol now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Last price.
    pub last: Ticks,
    /// Mark price.
    pub mark: Ticks,
}

impl PriceVenue {
    /// A venue for the books of `config`.
    #[must_use]
    pub fn new(config: &EngineConfig, settings: Settings) -> Self {
        let mode = config.risk.margin_mode;
        let account = |book: &BookConfig| {
            let desk = |_| Desk::new(1, mode);
            let mut desks: Vec<Desk> = config.instruments.iter().map(desk).collect();
            for chosen in &book.symbols {
                if let Some(desk) = desks.get_mut(usize::from(chosen.symbol.0)) {
                    desk.leverage = chosen.params.leverage();
                }
            }
            Account { balance: book.capital, desks }
        };
        let market = |i| Market { rules: Rules::of(i), status: Status::Trading, seen: None };
        Self {
            settings,
            costs: config.costs.clone(),
            markets: config.instruments.iter().map(market).collect(),
            accounts: config.books.iter().map(account).collect(),
            requests: DelayQueue::default(),
            reports: DelayQueue::default(),
            fills: 0,
            own: 0,
        }
    }

    // ---- what enters ----

    /// Sends a command; it takes effect after the request's latency.
    pub fn handle(&mut self, now: Timestamp, command: &Command) {
        self.requests.push(now + self.settings.delays.request, *command);
    }

    /// Sets leverage while nothing is open; what stood before stands when refused.
    ///
    /// # Errors
    /// Out of the symbol's range, or locked by a position or an order.
    pub fn set_leverage(&mut self, place: Place, leverage: u32) -> Result<(), Reject> {
        let most = self.market(place.symbol).map_or(0, |market| market.rules.max_leverage);
        if !(1..=most).contains(&leverage) {
            return Err(Reject::Precision);
        }
        self.unlocked(place)?.leverage = leverage;
        Ok(())
    }

    /// Sets the margin mode while nothing is open.
    ///
    /// # Errors
    /// Locked by a position or an order.
    pub fn set_margin_mode(&mut self, place: Place, mode: MarginMode) -> Result<(), Reject> {
        self.unlocked(place)?.margin_mode = mode;
        Ok(())
    }

    fn unlocked(&mut self, place: Place) -> Result<&mut Desk, Reject> {
        let locks = self.settings.locks;
        let desk = self.desk_mut(place).ok_or(Reject::Suspended)?;
        if locks && !desk.is_idle() { Err(Reject::Locked) } else { Ok(desk) }
    }

    /// Changes the behaviour from now on.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Changes the rules of a symbol from now on.
    pub fn set_rules(&mut self, symbol: SymbolId, rules: Rules) {
        if let Some(market) = self.markets.get_mut(usize::from(symbol.0)) {
            market.rules = rules;
        }
    }

    /// Money comes into a wallet (negative: leaves it).
    pub fn deposit(&mut self, now: Timestamp, book: BookId, amount: Cash) {
        if let Some(account) = self.accounts.get_mut(usize::from(book.0)) {
            account.balance += amount;
            self.report(now, Event::BalanceMoved { book, amount });
        }
    }

    // ---- what leaves ----

    /// When something happens next without a new price: a request arrives, or an event.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.requests.next_due().into_iter().chain(self.reports.next_due()).min()
    }

    /// The next event that has reached the trader by `now`, and when it did.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        loop {
            let request = self.requests.next_due().filter(|&at| at <= now);
            let report = self.reports.next_due().filter(|&at| at <= now);
            match (request, report) {
                (Some(asked), told) if told.is_none_or(|told| asked <= told) => {
                    self.take_requests(asked);
                }
                _ => return self.reports.take_due(now),
            }
        }
    }

    /// Carries out every request that has arrived by `now`, as asking for events would.
    pub fn arrive(&mut self, now: Timestamp) {
        self.take_requests(now);
    }

    /// The trader's connection is gone, and what was under way on it with it: who comes back has
    /// to ask. Requests under way arrive all the same; questions are forgotten with whoever asked.
    pub fn disconnect(&mut self) {
        self.reports = DelayQueue::default();
        self.requests.retain(|request| !request.asks());
    }

    /// Events on their way to the trader.
    pub fn under_way(&self) -> impl Iterator<Item = &Event> {
        self.reports.iter().map(|(_, event)| event)
    }

    // ---- what can be looked at ----

    /// A wallet's balance.
    #[must_use]
    pub fn balance(&self, book: BookId) -> Option<Cash> {
        self.accounts.get(usize::from(book.0)).map(|account| account.balance)
    }

    /// Orders and position of a wallet on a symbol.
    #[must_use]
    pub fn desk(&self, place: Place) -> Option<&Desk> {
        self.accounts.get(usize::from(place.book.0))?.desks.get(usize::from(place.symbol.0))
    }

    /// A symbol's rules, status and prices.
    #[must_use]
    pub fn market(&self, symbol: SymbolId) -> Option<&Market> {
        self.markets.get(usize::from(symbol.0))
    }

    /// How it behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn desk_mut(&mut self, place: Place) -> Option<&mut Desk> {
        let account = self.accounts.get_mut(usize::from(place.book.0))?;
        account.desks.get_mut(usize::from(place.symbol.0))
    }

    // ---- requests that have arrived ----

    /// Carries out every request that has arrived by `now`, each at its own time.
    fn take_requests(&mut self, now: Timestamp) {
        while let Some((at, command)) = self.requests.take_due(now) {
            self.carry_out(at, &command);
        }
    }

    fn carry_out(&mut self, at: Timestamp, command: &Command) {
        match *command {
            Command::Place(order) => self.place(at, &order),
            Command::Amend { id, price, lots } => self.amend(at, id, price, lots),
            Command::Cancel { id } => self.cancel(at, id),
            Command::PlaceStop { id, trigger, lots } => self.place_stop(at, id, trigger, lots),
            Command::AmendStop { id, trigger, lots } => self.amend_stop(at, id, trigger, lots),
            Command::Query { id } => self.query(at, id),
            Command::SetLeverage { book, symbol, leverage } => {
                let place = Place { book, symbol };
                if let Err(why) = self.set_leverage(place, leverage) {
                    let id = self.own_id(place, OrderKind::Entry, Direction::Long);
                    self.answer(at, Event::OrderRejected { id, why });
                }
            }
            Command::QueryAccount { book, since } => self.show_account(at, book, since),
            Command::FetchBars { .. } => {} // Bars are not the venue's.
        }
    }

    fn place(&mut self, at: Timestamp, order: &NewOrder) {
        let id = order.id;
        if self.already_live(at, id) {
            return;
        }
        if let Err(why) = self.admit(order) {
            return self.answer(at, Event::OrderRejected { id, why });
        }
        self.rest(at, Order::new(order, at));
        self.cross(at, id);
    }

    fn place_stop(&mut self, at: Timestamp, id: OrderId, trigger: Ticks, lots: Lots) {
        if self.already_live(at, id) {
            return;
        }
        if let Err(why) = self.admit_stop(id, trigger, lots) {
            return self.answer(at, Event::OrderRejected { id, why });
        }
        self.rest(at, Order::of(id, OrderType::Stop(trigger), lots, at));
        if let Some(desk) = self.desk_mut(place_of(id)) {
            desk.drop_preset_if_covered();
        }
    }

    /// A client id is unique among live orders: a copy of the request changes nothing.
    fn already_live(&mut self, at: Timestamp, id: OrderId) -> bool {
        let Some(standing) = self.desk(place_of(id)).and_then(|desk| desk.live(id)) else {
            return false;
        };
        let event = standing.accepted();
        self.answer(at, event);
        true
    }

    fn rest(&mut self, at: Timestamp, order: Order) {
        self.answer(at, order.accepted());
        if let Some(desk) = self.desk_mut(place_of(order.id)) {
            desk.orders.push(order);
        }
    }

    fn amend(&mut self, at: Timestamp, id: OrderId, price: Ticks, lots: Lots) {
        if let Err(why) = self.admit_change(id, price, lots) {
            return self.answer(at, Event::OrderRejected { id, why });
        }
        self.change(at, id, OrderType::Limit(price), lots);
        self.cross(at, id);
    }

    fn amend_stop(&mut self, at: Timestamp, id: OrderId, trigger: Ticks, lots: Lots) {
        if let Err(why) = self.admit_stop_change(id, trigger, lots) {
            return self.answer(at, Event::OrderRejected { id, why });
        }
        self.change(at, id, OrderType::Stop(trigger), lots);
        if let Some(desk) = self.desk_mut(place_of(id)) {
            desk.drop_preset_if_covered();
        }
    }

    /// `lots` is what stands after the change, executions so far not counted.
    fn change(&mut self, at: Timestamp, id: OrderId, kind: OrderType, lots: Lots) {
        let Some(order) = self.desk_mut(place_of(id)).and_then(|desk| desk.live_mut(id)) else {
            return;
        };
        order.kind = kind;
        order.lots = order.filled() + lots;
        let event = order.accepted();
        self.answer(at, event);
    }

    fn cancel(&mut self, at: Timestamp, id: OrderId) {
        let place = place_of(id);
        let event = match self.admit_cancel(id) {
            Err(why) => Event::OrderRejected { id, why },
            Ok(()) => {
                let desk = self.desk_mut(place);
                let why = Ended::Requested;
                let filled = desk.and_then(|desk| desk.retire(id, Some(why)));
                Event::OrderCanceled { id, filled: filled.unwrap_or_default(), why }
            }
        };
        self.answer(at, event);
    }

    /// Answers from the record: every execution again, then where the order stands.
    fn query(&mut self, at: Timestamp, id: OrderId) {
        let visible = |order: &&Order| order.made + self.settings.delays.visibility <= at;
        let found = self.desk(place_of(id)).and_then(|desk| desk.find(id)).filter(visible);
        let Some(order) = found.cloned() else {
            return self.answer(at, Event::OrderNotFound { id });
        };
        for fill in &order.fills {
            self.answer(at, Event::OrderFilled(*fill));
        }
        let filled = order.filled();
        if let Some(why) = order.why {
            self.answer(at, Event::OrderCanceled { id, filled, why });
        } else if filled < order.lots {
            self.answer(at, order.accepted());
        }
    }

    fn answer(&mut self, at: Timestamp, event: Event) {
        self.reports.push(at + self.settings.delays.answer, event);
    }

    fn report(&mut self, at: Timestamp, event: Event) {
        self.reports.push(at + self.settings.delays.report, event);
    }

    /// An id for what the exchange does by itself.
    fn own_id(&mut self, place: Place, kind: OrderKind, direction: Direction) -> OrderId {
        self.own += 1;
        let Place { book, symbol } = place;
        OrderId { book, symbol, epoch: 0, sequence: self.own, kind, direction, level: 0 }
    }
}

/// Where an order belongs.
pub(crate) fn place_of(id: OrderId) -> Place {
    Place { book: id.book, symbol: id.symbol }
}

#[cfg(test)]
mod tests;
