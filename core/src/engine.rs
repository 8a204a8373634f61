//! The engine: every event goes to its owner here, and the answer comes back as one [`Step`].
//!
//! The same machine runs live, paper, backtest, replay and simulation; those are drivers that
//! differ in where events come from and who carries out commands. [`book`] is one strategy in one
//! mode, [`round`] what happens when the bars of one close are complete, [`reconfigure`] what follows
//! from another configuration.

pub mod book;
pub mod decide;
mod offer;
pub mod reconfigure;
pub mod round;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::config::{EngineConfig, Facts, Mode};
use crate::event::{Event, Feed, Fill, Liquidity, Request};
use crate::executor::{Effects, Lane};
use crate::ids::{BookId, OrderId, OrderKind, SymbolId};
use crate::market::{Append, Bar};
use crate::money::{Cash, Direction, Ticks};
use crate::notice::{Anomaly, Notice, Switch};
use crate::reconcile::{Listed, Settlement};
use crate::risk::switches::{Latch, Pause, PeakWindow};
use crate::runner::Runner;
use crate::step::{Step, Wake, WakeReason};
use crate::time::{Span, Timestamp};
pub use book::Book;
use round::Round;

/// How far an exchange's clock may run ahead of the one that steps the engine. A bar that ends
/// later than that is none.
const CLOCK_SKEW: Span = Span::seconds(60);

/// The whole state of every book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) books: Vec<Book>,
    round: Round,
    globals: [Global; 2],
    /// Rooms for the arithmetic of a round, so that quiet bars allocate nothing.
    #[serde(skip)]
    rooms: decide::Rooms,
}

/// The global switch of one mode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Global {
    /// Tripped, and why.
    pub latch: Option<Latch>,
    window: PeakWindow,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(config: EngineConfig) -> Self {
        let books =
            (0..config.books.len()).map(|index| Book::new(&config, BookId(index as u16))).collect();
        let round = Round::new(config.instruments.len());
        Self { config, books, round, globals: Default::default(), rooms: decide::Rooms::default() }
    }

    /// Takes one event and answers with what follows from it.
    pub fn step(&mut self, now: Timestamp, event: &Event) -> Step {
        let mut step = Step::default();
        self.step_into(now, event, &mut step);
        step
    }

    /// The same, into a step that is reused: nothing allocates on a bar that decides nothing.
    pub fn step_into(&mut self, now: Timestamp, event: &Event, out: &mut Step) {
        out.clear();
        if !event.is_possible(now) {
            out.notices.push(Notice::Anomaly { what: Anomaly::Impossible });
            out.wake = self.wake();
            return;
        }
        self.start_days(now, out);
        match event {
            Event::Booted { epoch } => self.booted(now, *epoch, out),
            Event::FeedChanged { symbol, feed } => {
                self.round.expect(*symbol, *feed == Feed::Streaming);
                self.finish_round_if_complete(now, out);
            }
            Event::BarClosed { symbol, bar } => self.bar_closed(now, *symbol, bar, out),
            Event::HistoryLoaded { symbol, bar } => self.history_loaded(now, *symbol, bar, out),
            Event::BarsLost { symbol } => self.bars_lost(*symbol, out),
            Event::PriceMoved { book, symbol, price } => {
                self.price_moved(now, *book, *symbol, *price, out);
            }
            Event::RungTouched { book, symbol, direction, level, price } => {
                self.at_lane(now, *book, *symbol, out, |lane, fx| {
                    lane.touch_rung(fx, *direction, usize::from(*level), *price);
                });
            }
            Event::OrderAccepted { id, price, lots } => {
                self.with_lane(now, *id, out, |lane, fx| lane.accepted(fx, *id, *price, *lots));
            }
            Event::OrderRejected { id, why } => {
                self.with_lane(now, *id, out, |lane, fx| lane.rejected(fx, *id, *why));
            }
            Event::OrderFilled(fill) => self.executed(now, fill, out, Lane::apply_fill),
            Event::OrderCanceled { id, filled, why } => {
                self.with_lane(now, *id, out, |lane, fx| lane.ended(fx, *id, *filled, *why));
            }
            Event::OrderUnconfirmed { id } => {
                self.with_lane(now, *id, out, |lane, fx| lane.unconfirmed(fx, *id));
            }
            Event::OrderNotFound { id } => {
                self.with_lane(now, *id, out, |lane, fx| lane.not_found(fx, *id));
            }
            Event::PositionLiquidated { book, symbol, fill, at, price, lots, fee } => {
                let id = self.forced_close(*book, *symbol);
                let liquidity = Liquidity::Taker;
                let (fill, at, price, lots, fee) = (*fill, *at, *price, *lots, *fee);
                let fill = Fill { id, fill, at, price, lots, fee, liquidity };
                self.executed(now, &fill, out, Lane::liquidated);
            }
            Event::FundingSettled { book, symbol, at, rate, price, lots, amount } => {
                let (at, rate, price, lots, amount) = (*at, *rate, *price, *lots, *amount);
                let paid =
                    Settlement { symbol: Listed::Symbol(*symbol), at, rate, price, lots, amount };
                self.at_lane(now, *book, *symbol, out, |lane, fx| {
                    lane.settle_funding(fx, &paid);
                });
                self.judge(now, *book, out);
            }
            Event::BalanceMoved { book, amount } => self.balance_moved(*book, *amount),
            Event::RequestMade { request, by } => self.requested(now, request, by, out),
            Event::Reconnected { book } => self.reconnected(now, *book, out),
            Event::AccountSeen(snapshot) => self.account_seen(now, snapshot, out),
            Event::TimePassed => self.time_passed(now, out),
        }
        if self.books.iter().any(|book| book.watch.is_on()) {
            self.watch_step(now, event, out);
        }
        out.wake = self.wake();
    }

    /// The books, in the order of the configuration.
    #[must_use]
    pub fn books(&self) -> &[Book] {
        &self.books
    }

    /// What the engine was told at the start.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// The global switch of a mode.
    #[must_use]
    pub fn global(&self, mode: Mode) -> &Global {
        &self.globals[mode as usize]
    }

    /// The lane of a symbol in a book.
    #[must_use]
    pub fn lane(&self, book: BookId, symbol: SymbolId) -> Option<&Lane> {
        self.books.get(usize::from(book.0))?.lane(symbol)
    }

    /// True while an order has its place in a book, or is asked for.
    #[must_use]
    pub fn follows(&self, id: OrderId) -> bool {
        self.lane(id.book, id.symbol).is_some_and(|lane| lane.follows(id))
    }

    /// An id for what the exchange does by force: sequence 0 is no order of ours.
    fn forced_close(&self, book: BookId, symbol: SymbolId) -> OrderId {
        let cycle = self.lane(book, symbol).and_then(|lane| lane.cycle.as_ref());
        let direction = cycle.map_or(Direction::Long, |cycle| cycle.direction);
        let kind = OrderKind::Close;
        OrderId { book, symbol, epoch: 0, sequence: 0, kind, direction, level: 0 }
    }

    #[inline]
    fn at_lane(
        &mut self,
        now: Timestamp,
        book: BookId,
        symbol: SymbolId,
        out: &mut Step,
        act: impl FnOnce(&mut Lane, &mut Effects<'_>),
    ) {
        let Self { config, books, .. } = self;
        let book = books.get_mut(usize::from(book.0));
        if let Some((lane, mut fx)) =
            book.and_then(|book| book.lane_and_effects(symbol, now, config, out))
        {
            act(lane, &mut fx);
        }
    }

    /// Runs `act` on the lane that owns an order, judges the switches where facts are known as they
    /// happen, then sends rungs that waited for a slot or for a stop.
    #[inline]
    fn with_lane(
        &mut self,
        now: Timestamp,
        id: OrderId,
        out: &mut Step,
        act: impl FnOnce(&mut Lane, &mut Effects<'_>),
    ) {
        let Self { config, books, .. } = self;
        let Some(book) = books.get_mut(usize::from(id.book.0)) else { return };
        let Some((lane, mut fx)) = book.lane_and_effects(id.symbol, now, config, out) else {
            return;
        };
        act(lane, &mut fx);
        // Withdrawals that are not through yet free nothing that could be used.
        let may_send = *fx.waiting && !lane.is_withdrawing();
        self.judge(now, id.book, out);
        let Self { config, books, .. } = self;
        if let Some(book) = books.get_mut(usize::from(id.book.0)).filter(|_| may_send) {
            book.send_waiting(now, config, out);
        }
    }

    /// An execution goes to the lane that owns it. One that cannot be ours changes nothing.
    fn executed(
        &mut self,
        now: Timestamp,
        fill: &Fill,
        out: &mut Step,
        apply: impl FnOnce(&mut Lane, &mut Effects<'_>, &Fill),
    ) {
        let lane = self.lane(fill.id.book, fill.id.symbol);
        let known = lane.is_some_and(|lane| lane.could_hold(fill.price, fill.lots));
        let positive = fill.lots.is_positive() && fill.price.is_positive();
        if !known || !positive || !fill.id.is_possible() {
            out.notices.push(Notice::Anomaly { what: Anomaly::UnknownOrderFilled(*fill) });
            return;
        }
        self.with_lane(now, fill.id, out, |lane, fx| apply(lane, fx, fill));
    }

    fn booted(&mut self, now: Timestamp, epoch: u32, out: &mut Step) {
        for book in &mut self.books {
            book.boot(epoch);
        }
        self.wind(now, out);
    }

    /// True for a bar that is one: of a symbol that a book trades, whole, on its boundary, over.
    /// Anything else is said, and touches neither rounds nor indicators.
    #[inline]
    fn admits(&self, now: Timestamp, symbol: SymbolId, bar: &Bar, out: &mut Step) -> bool {
        let Some(book) = self.books.iter().find(|book| book.lane(symbol).is_some()) else {
            return false;
        };
        let span = book.timeframe.span();
        let over = bar.at + span <= now + CLOCK_SKEW;
        let whole = over && bar.at.is_aligned(span) && bar.check().is_ok();
        if !whole {
            misplaced(symbol, bar, Append::Broken(None), out);
        }
        whole
    }

    #[inline]
    fn bar_closed(&mut self, now: Timestamp, symbol: SymbolId, bar: &Bar, out: &mut Step) {
        if !self.admits(now, symbol, bar, out) {
            return;
        }
        if self.round.is_behind(bar.at) {
            self.finish_round(now, out);
        }
        let current = self.round.is_current(bar.at);
        let (mut taken, mut awaited) = (false, false);
        for book in &mut self.books {
            let (id, span, facts) = (book.id, book.timeframe.span(), book.facts);
            let Some(lane) = book.lane_mut(symbol) else { continue };
            let append = lane.runner.push(bar, &lane.params);
            if append == Append::Appended {
                // Of bars that come late and together only the newest decides on live prices.
                let timely = facts == Facts::WithBars || bar.at + span + span > now;
                if current && timely && !lane.runner.is_behind() {
                    lane.fresh = true;
                    lane.last = bar.close;
                    taken = true;
                }
            } else {
                awaited |= matches!(append, Append::Gap { .. });
                misplaced(symbol, bar, append, out);
            }
            lane.tell_readiness(id, out);
        }
        if taken {
            self.round.arrive(symbol, bar.at, now);
            self.finish_round_if_complete(now, out);
        } else if awaited {
            self.round.await_bar(bar.at, now);
        }
    }

    fn bars_lost(&mut self, symbol: SymbolId, out: &mut Step) {
        let Self { config, books, .. } = self;
        for book in books {
            let (id, timeframe, cooling) =
                (book.id, book.timeframe, config.risk.cooling(book.mode));
            let Some(lane) = book.lane_mut(symbol) else { continue };
            lane.runner = Runner::new(&lane.params, timeframe, cooling);
            lane.tell_readiness(id, out);
        }
    }

    fn history_loaded(&mut self, now: Timestamp, symbol: SymbolId, bar: &Bar, out: &mut Step) {
        if !self.admits(now, symbol, bar, out) {
            return;
        }
        for book in &mut self.books {
            let Some(lane) = book.lane_mut(symbol) else { continue };
            let append = lane.runner.load(bar);
            if append == Append::Appended {
                lane.last = bar.close;
            } else {
                misplaced(symbol, bar, append, out);
            }
        }
    }

    fn price_moved(
        &mut self,
        now: Timestamp,
        only: Option<BookId>,
        symbol: SymbolId,
        price: Ticks,
        out: &mut Step,
    ) {
        if !price.is_positive() {
            return;
        }
        let Self { config, books, .. } = self;
        for book in books.iter_mut().filter(|book| only.is_none_or(|only| only == book.id)) {
            if let Some((lane, mut fx)) = book.lane_and_effects(symbol, now, config, out) {
                lane.price_moved(&mut fx, price);
            }
        }
        // Drawdown is judged on prices too, where facts are known as they happen.
        for index in 0..self.books.len() {
            let id = BookId(index as u16);
            if only.is_none_or(|only| only == id) && self.lane(id, symbol).is_some() {
                self.judge(now, id, out);
            }
        }
    }

    pub(crate) fn balance_moved(&mut self, book: BookId, amount: Cash) {
        if let Some(book) = self.books.get_mut(usize::from(book.0)) {
            book.wallet.deposit(amount);
            self.globals[book.mode as usize].window.shift(amount);
        }
    }

    fn requested(&mut self, now: Timestamp, request: &Request, by: &str, out: &mut Step) {
        match request {
            Request::Release { switch, reason } => {
                let released = match *switch {
                    Switch::Session(id) => {
                        self.books.get_mut(usize::from(id.0)).is_some_and(|book| book.release(now))
                    }
                    Switch::Global(mode) => self.release_global(mode),
                };
                if released {
                    let (switch, at) = (*switch, now);
                    let (by, reason) = (by.into(), reason.clone());
                    out.notices.push(Notice::SwitchReleased { switch, at, by, reason });
                }
            }
            Request::Pause { book, reason } => {
                let pause = Pause { at: now, by: by.into(), reason: reason.clone() };
                self.pause(*book, &pause, out);
            }
            Request::Resume { book, reason } => self.resume(now, *book, by, reason, out),
            Request::Reconcile { book } => self.compare_requested(now, *book, out),
            Request::Kill { book, reason } => self.kill(now, *book, reason, out),
        }
    }

    /// Releases the global switch of a mode; false when it was not tripped.
    fn release_global(&mut self, mode: Mode) -> bool {
        let global = &mut self.globals[mode as usize];
        if global.latch.take().is_none() {
            return false;
        }
        global.window.clear();
        let books = self.books.iter_mut().filter(|book| book.mode == mode);
        books.for_each(|book| book.globally_latched = false);
        true
    }

    fn time_passed(&mut self, now: Timestamp, out: &mut Step) {
        let Self { config, books, .. } = self;
        for book in books {
            while let Some((why, symbol)) = book.timers.take_due(now) {
                if let Some((lane, mut fx)) = book.lane_and_effects(symbol, now, config, out) {
                    lane.due(&mut fx, why);
                }
            }
        }
        self.ask_accounts(now, out);
        if self.round.deadline().is_some_and(|deadline| deadline <= now) {
            self.finish_round(now, out);
        }
    }

    /// When to tell [`Event::TimePassed`] next, and why; as the last step said.
    #[inline]
    #[must_use]
    pub fn wake(&self) -> Option<Wake> {
        let round = self.round.deadline().map(|at| (at, WakeReason::RoundDeadline));
        let books = self.books.iter().filter_map(Book::deadline);
        let (at, why) = books.chain(round).min()?;
        Some(Wake { at, why })
    }

    /// Judges a book's switches when its facts are known as they happen.
    pub(crate) fn judge(&mut self, now: Timestamp, book: BookId, out: &mut Step) {
        if let Some(Book { facts: Facts::Continuous, mode, .. }) =
            self.books.get(usize::from(book.0))
        {
            let mode = *mode;
            self.judge_sessions(now, Some(book), out);
            self.judge_globals(now, &[mode], out);
        }
    }
}

/// Says what is wrong with a bar that was not taken, and asks for missing ones.
fn misplaced(symbol: SymbolId, bar: &Bar, append: Append, out: &mut Step) {
    let what = match append {
        Append::Gap { from, missing } => {
            let fetch = crate::command::Command::FetchBars {
                symbol,
                from,
                count: missing.saturating_add(1),
            };
            if !out.commands.contains(&fetch) {
                out.commands.push(fetch);
            }
            Anomaly::Gap { symbol, from, missing }
        }
        Append::Broken(_) => Anomaly::BrokenBar { symbol, at: bar.at },
        Append::Appended | Append::Duplicate | Append::OutOfOrder => return,
    };
    let notice = Notice::Anomaly { what };
    if !out.notices.contains(&notice) {
        out.notices.push(notice);
    }
}
