//! The executor: orders and the cycle of one symbol of one book — its [`Lane`].
//!
//! It accepts only what risk approved ([`crate::risk::ladder::Ladder`]), keeps every order until
//! the exchange says that it ended, protects before anything else, and owns every fill, late ones
//! included. [`fills`] applies executions ([`executions`] remembers them), [`answers`] what the exchange says of orders, [`doubts`]
//! asks for those whose fate is unknown, [`plan`] turns wanted rungs into the fewest commands,
//! [`protection`] keeps the stop right, [`recover`] takes over what a reconciliation found.

pub mod answers;
pub mod doubts;
pub mod entries;
pub mod executions;
pub mod fills;
pub mod plan;
pub mod protection;
pub mod recover;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::{Cycle, Wallet};
use crate::config::{Costs, EntryOrder, Params, RiskConfig};
use crate::engine::reconfigure::Winding;
use crate::event::{Fill, Reject};
use crate::ids::{BookId, OrderId, OrderKind, SymbolId};
use crate::money::{Cash, Direction, Lots, Margin, Ticks};
use crate::notice::{FillReason, Notice, Readiness};
use crate::reconcile::Watch;
use crate::risk::Refusal;
use crate::risk::ladder::{Quote, Quotes, Terms};
use crate::risk::sizing::Budget;
use crate::risk::switches::Hold;
use crate::runner::Runner;
use crate::step::{Step, WakeReason};
use crate::time::{Timeframe, Timestamp};
pub use doubts::Doubt;
pub use entries::Entries;
pub use executions::Executions;
pub use protection::Protection;

/// Everything that one book knows of one symbol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Which symbol.
    pub symbol: SymbolId,
    /// Its resolved parameters.
    pub params: Params,
    /// Sizing terms.
    pub terms: Terms,
    /// Bars and indicators.
    pub runner: Runner,
    /// Entry orders that are not terminal.
    pub entries: Entries,
    /// Rungs that risk approved, by direction.
    pub wanted: [Quotes; 2],
    /// Approved, but waiting: for the slot of a symbol whose cancels are not terminal yet, or for
    /// the stop of a position of the book.
    pub held_back: bool,
    /// The open cycle.
    pub cycle: Option<Cycle>,
    /// Cycles opened so far.
    pub cycles: u32,
    /// Funding settlements booked last: each is booked once, whichever cycle it belongs to.
    pub funded: VecDeque<Timestamp>,
    /// The newest settlement that was forgotten: an older one may have been booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_forgotten: Option<Timestamp>,
    /// The last time that everything had to go.
    pub swept: Option<Sweep>,
    /// Orders that are asked for.
    pub doubts: Vec<Doubt>,
    /// Refusals that people were told of, by what they were about, until one is accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<(OrderKind, Reject)>,
    /// Margin per level, frozen while anything is quoted or open.
    pub budget: Option<Budget>,
    /// No ladder before the close of the bar that opens at this time.
    pub cooldown_until: Option<Timestamp>,
    /// The resting target.
    pub target: Option<Target>,
    /// The stop.
    pub protection: Protection,
    /// The market close in flight.
    pub close: Option<Close>,
    /// Executions of this cycle and the last ones, so that each is booked once.
    pub executions: Executions,
    /// Executions of exits that were told before the entries that they closed.
    pub early: Vec<(Fill, FillReason)>,
    /// Last price: of the last close, or of the market since.
    pub last: Ticks,
    /// A bar of the round in progress has come.
    pub fresh: bool,
    /// The readiness told last; the next one is told when its kind differs.
    pub readiness: Option<Readiness>,
    /// The refusal told last; the next one is told when its kind differs.
    pub told: Option<usize>,
    /// Closed bars per refusal kind.
    pub refusals: [u32; Refusal::KINDS],
    /// Correlation group, as a position in the configuration.
    pub group: Option<usize>,
    /// Its settings are others now: nothing is entered until it is at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winding: Option<Winding>,
}

/// An entry order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id.
    pub id: OrderId,
    /// Limit price; for a market order the price expected.
    pub price: Ticks,
    /// Quantity.
    pub lots: Lots,
    /// Executed so far.
    pub filled: Lots,
    /// Where it stands.
    pub state: EntryState,
}

/// Where an entry order stands; none of these is terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Sent; no answer yet.
    Sent,
    /// Resting.
    Working,
    /// A cancel was sent.
    Cancelling,
    /// The outcome of the last request is unknown.
    InDoubt,
    /// Ended with this quantity executed, of which fills are still missing.
    AwaitingFills {
        /// Executed in total.
        executed: Lots,
    },
}

/// The resting reduce-only order at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub id: OrderId,
    /// Price asked for last.
    pub price: Ticks,
    /// Quantity asked for last.
    pub lots: Lots,
    /// The exchange has accepted it, with these figures or with others.
    pub placed: bool,
    /// Confirmed with these figures. While it is not, every price is watched instead.
    pub working: bool,
    /// Requests not answered yet; the last one has these figures.
    pub asked: u8,
    /// Acceptances in a row with other figures than those asked for.
    pub unequal: u8,
}

/// A reduce-only market order that closes the cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Its id; none while a failed attempt waits to be tried again.
    pub id: Option<OrderId>,
    /// Why.
    pub reason: FillReason,
    /// Quantity not executed yet.
    pub lots: Lots,
    /// Attempts so far.
    pub attempts: u8,
    /// Answers in a row that nothing is held.
    #[serde(default)]
    pub nothing_held: u8,
}

/// Orders up to this one were withdrawn because everything had to go: what they still fill is
/// adopted, protected and closed (INC-122).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Epoch of the last order before it.
    pub epoch: u32,
    /// Sequence of the last order before it.
    pub sequence: u32,
    /// Why.
    pub reason: FillReason,
}

/// What an executor function may touch besides its lane.
pub struct Effects<'a> {
    /// The time of the event.
    pub now: Timestamp,
    /// Where commands and notices go.
    pub out: &'a mut Step,
    /// The money.
    pub wallet: &'a mut Wallet,
    /// Where ids come from.
    pub ids: &'a mut Ids,
    /// Deadlines of the book.
    pub timers: &'a mut Timers,
    /// Positions of the book without a confirmed stop: no entry is sent meanwhile (INC-120).
    pub naked: &'a mut u32,
    /// Set when a lane holds rungs back.
    pub waiting: &'a mut bool,
    /// What the comparison with the account withholds (decision 20).
    pub watch: &'a Watch,
    /// Executions of the past are being booked: the position is protected once all of them are.
    pub catching_up: bool,
    /// What withholds entries: a latched switch (INC-149) or a pause.
    pub hold: Hold,
    /// Limits.
    pub risk: &'a RiskConfig,
    /// Fees and slippage.
    pub costs: &'a Costs,
    /// How levels are entered.
    pub entry_order: EntryOrder,
    /// Bar length of the book.
    pub timeframe: Timeframe,
}

impl Effects<'_> {
    /// Tells people.
    pub fn tell(&mut self, notice: Notice) {
        self.out.notices.push(notice);
    }
}

/// Derives order ids: book, epoch and a sequence that never repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// The book.
    pub book: BookId,
    /// Of the last boot.
    pub epoch: u32,
    /// Orders so far in this epoch.
    pub sequence: u32,
}

impl Ids {
    /// The next id.
    #[inline]
    pub fn next(
        &mut self,
        symbol: SymbolId,
        kind: crate::ids::OrderKind,
        direction: Direction,
        level: usize,
    ) -> OrderId {
        self.sequence += 1;
        let Self { book, epoch, sequence } = *self;
        OrderId { book, symbol, epoch, sequence, kind, direction, level: level as u8 }
    }
}

/// Named deadlines of a book, earliest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timers {
    /// In ascending order. There are few: a sorted list beats a tree.
    due: Vec<(Timestamp, WakeReason, SymbolId)>,
}

impl Timers {
    /// Sets a deadline in place of the one of its kind and symbol.
    pub fn set(&mut self, at: Timestamp, why: WakeReason, symbol: SymbolId) {
        self.clear(why, symbol);
        let place = self.due.partition_point(|due| *due < (at, why, symbol));
        self.due.insert(place, (at, why, symbol));
    }

    /// Sets a deadline unless an earlier one of its kind and symbol stands.
    pub fn set_by(&mut self, at: Timestamp, why: WakeReason, symbol: SymbolId) {
        if !self.due.iter().any(|&(due, w, s)| w == why && s == symbol && due <= at) {
            self.set(at, why, symbol);
        }
    }

    /// Forgets the deadlines of one kind and symbol.
    pub fn clear(&mut self, why: WakeReason, symbol: SymbolId) {
        self.due.retain(|&(_, w, s)| w != why || s != symbol);
    }

    /// The earliest.
    #[inline]
    #[must_use]
    pub fn earliest(&self) -> Option<(Timestamp, WakeReason)> {
        self.due.first().map(|&(at, why, _)| (at, why))
    }

    /// Takes the earliest deadline that is due.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(WakeReason, SymbolId)> {
        let &(at, why, symbol) = self.due.first()?;
        if at > now {
            return None;
        }
        self.due.remove(0);
        Some((why, symbol))
    }
}

impl Lane {
    /// An idle lane.
    #[must_use]
    pub fn new(
        symbol: SymbolId,
        params: Params,
        terms: Terms,
        runner: Runner,
        group: Option<usize>,
    ) -> Self {
        Self {
            symbol,
            params,
            terms,
            runner,
            entries: Entries::default(),
            wanted: Default::default(),
            held_back: false,
            cycle: None,
            cycles: 0,
            funded: VecDeque::new(),
            funding_forgotten: None,
            swept: None,
            doubts: Vec::new(),
            complaints: Vec::new(),
            budget: None,
            cooldown_until: None,
            target: None,
            protection: Protection::default(),
            close: None,
            executions: Executions::default(),
            early: Vec::new(),
            last: Ticks::ZERO,
            fresh: false,
            readiness: None,
            told: None,
            refusals: [0; Refusal::KINDS],
            group,
            winding: None,
        }
    }

    /// price × quantity on this symbol.
    #[inline]
    #[must_use]
    pub fn notional(&self, price: Ticks, lots: Lots) -> Cash {
        self.terms.notional(price, lots)
    }

    /// True when an execution of this size is below 10^13 USDT: more is no fill of ours.
    #[must_use]
    pub fn could_hold(&self, price: Ticks, lots: Lots) -> bool {
        let notional = i128::from(price.0)
            .checked_mul(i128::from(lots.0))
            .and_then(|size| size.checked_mul(i128::from(self.terms.value)));
        notional.is_some_and(|notional| notional <= crate::event::CASH_MAX)
    }

    /// Unrealised result at the last price.
    #[inline]
    #[must_use]
    pub fn unrealised(&self) -> Cash {
        match &self.cycle {
            Some(cycle) => cycle.unrealised(self.notional(self.last, cycle.basis.lots)),
            None => Cash::ZERO,
        }
    }

    /// True when an entry order of this symbol is not terminal.
    #[inline]
    #[must_use]
    pub fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }

    /// True while a cancel of an entry is under way.
    #[inline]
    #[must_use]
    pub fn is_withdrawing(&self) -> bool {
        self.entries.is_withdrawing()
    }

    /// True when any rung is approved.
    #[inline]
    #[must_use]
    pub fn wants_any(&self) -> bool {
        self.wanted.iter().flatten().any(Option::is_some)
    }

    /// True when the symbol uses a slot: an open cycle, or an entry that is not terminal.
    #[must_use]
    pub fn occupies(&self) -> bool {
        self.cycle.is_some() || self.has_entries()
    }

    /// What one side may still buy, price · quantity in ticks and lots: each level's wanted rung or
    /// order, whichever is larger. Orders that `counts` leaves out are those being withdrawn, in a
    /// plan.
    #[inline]
    fn side_size(&self, direction: Direction, counts: impl Fn(&Entry) -> bool) -> i128 {
        let size = |price: Ticks, lots: Lots| i128::from(price.0) * i128::from(lots.0);
        let quoted = |wanted: &Option<Quote>| wanted.map_or(0, |rung| size(rung.price, rung.lots));
        let wanted = self.wanted[direction.index()].iter();
        if !self.has_entries() {
            return wanted.map(quoted).sum();
        }
        let resting = |entry: &Option<Entry>| {
            let order = entry.as_ref().filter(|entry| counts(entry));
            order.map_or(0, |order| size(order.price, order.lots - order.filled))
        };
        let levels = wanted.zip(self.entries.side(direction));
        let used = levels.filter(|(wanted, entry)| wanted.is_some() || entry.is_some());
        used.map(|(wanted, entry)| quoted(wanted).max(resting(entry))).sum()
    }

    fn margin(&self, counts: impl Fn(&Entry) -> bool) -> Margin {
        let [long, short] = Direction::BOTH.map(|direction| self.side_size(direction, &counts));
        let worth = |size: i128| Cash(size * i128::from(self.terms.value));
        let cost = match &self.cycle {
            Some(cycle) => cycle.basis.cost + worth(long + short),
            None => worth(long.max(short)),
        };
        Margin::of(cost, self.terms.leverage)
    }

    /// Margin that this symbol reserves: fills at entry cost, rungs and every order that is not
    /// terminal; while flat, two sides count as the larger.
    #[inline]
    #[must_use]
    pub fn reserved(&self) -> Margin {
        self.margin(|_| true)
    }

    /// Margin that it will reserve once the cancels under way are terminal: what a round plans
    /// with. Sending waits until [`Lane::reserved`] allows it.
    #[inline]
    #[must_use]
    pub fn planned(&self) -> Margin {
        self.margin(|entry| entry.state != EntryState::Cancelling)
    }

    /// Approves nothing: resting entries will be withdrawn.
    #[inline]
    pub fn want_nothing(&mut self) {
        self.wanted = Default::default();
        self.held_back = false;
    }

    /// Books a settlement that is new in its cycle; the answer is the number of that cycle, which
    /// may have closed since.
    pub(crate) fn fund(&mut self, at: Timestamp, amount: Cash) -> u32 {
        match &mut self.cycle {
            Some(cycle) if cycle.opened < at => {
                cycle.funding += amount;
                cycle.number
            }
            open => self.cycles - u32::from(open.is_some()),
        }
    }

    /// Tells people when the readiness is another than the one told last.
    #[inline]
    pub(crate) fn tell_readiness(&mut self, book: BookId, out: &mut Step) {
        let state = self.runner.readiness();
        let before = self.readiness.replace(state);
        if before.is_some_and(|before| !before.is_like(&state)) {
            out.notices.push(Notice::Readiness { book, symbol: self.symbol, state });
        }
    }

    /// Counts a refusal; people are told when its kind changes.
    #[inline]
    pub(crate) fn tell_refusal(&mut self, fx: &mut Effects<'_>, refusal: Refusal) {
        let kind = refusal.kind();
        self.refusals[kind] += 1;
        if self.told != Some(kind) {
            self.told = Some(kind);
            fx.tell(Notice::Refused { book: fx.ids.book, symbol: self.symbol, refusal });
        }
    }

    /// Releases the frozen margin per level once nothing is open, wanted or resting.
    #[inline]
    pub fn settle_budget(&mut self) {
        // Cheapest first: what is wanted has to be looked through.
        let used = self.cycle.is_some() || self.has_entries();
        if self.budget.is_some() && !used && !self.wants_any() {
            self.budget = None;
        }
    }
}
