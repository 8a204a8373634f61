//! An engine on the price venue: scenarios with named faults, and properties over random walks.

mod faults;
mod late;
mod mends;
mod paths;
mod restarts;
mod suspects;
mod switches;
mod walks;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::*;
use crate::config::Sides;
use crate::event::{Feed, Request};
use crate::executor::Lane;
use crate::ids::{OrderId, OrderKind, SymbolId};
use crate::market::Bar;
use crate::money::{Cash, Lots};
use crate::notice::{CycleResult, FillReason, Notice, Switch};
use crate::venue::fixture::{BOOK, PLACE, SYMBOL, config, longs};
use crate::venue::prices::Order;

/// What the engine said.
#[derive(Default)]
struct Log(Vec<Notice>);

impl Sink for Log {
    fn hear(&mut self, _: Timestamp, notice: &Notice) {
        self.0.push(notice.clone());
    }
}

fn is_stop(command: &Command) -> bool {
    matches!(command, Command::PlaceStop { .. } | Command::AmendStop { .. })
}

fn is_close(command: &Command) -> bool {
    matches!(command, Command::Place(order) if order.id.kind == OrderKind::Close)
}

fn is_entry(command: &Command) -> bool {
    matches!(command, Command::Place(order) if order.id.kind == OrderKind::Entry)
}

fn is_query(command: &Command) -> bool {
    matches!(command, Command::Query { .. })
}

fn lost_if(lost: bool) -> Delivery {
    if lost { Delivery::Lost } else { Delivery::Once }
}

type CommandFate = dyn FnMut(Timestamp, &Command) -> Result<Delivery, Reject>;
type EventFate = dyn FnMut(Timestamp, &Event) -> Delivery;
type AccountFate = dyn FnMut(Timestamp, &mut AccountSnapshot);

/// The fates that a scenario decides, and everything that was sent.
struct Script {
    command: Box<CommandFate>,
    event: Box<EventFate>,
    account: Box<AccountFate>,
    sent: Vec<Command>,
}

impl Fates for Script {
    fn command(&mut self, now: Timestamp, command: &Command) -> Result<Delivery, Reject> {
        self.sent.push(*command);
        (self.command)(now, command)
    }

    fn event(&mut self, now: Timestamp, event: &Event) -> Delivery {
        (self.event)(now, event)
    }

    fn account(&mut self, now: Timestamp, snapshot: &mut AccountSnapshot) {
        (self.account)(now, snapshot);
    }
}

/// Bars so far when the ladder is quoted for the first time.
const WARM: i64 = 500;

/// A driver whose engine has just quoted 9 900, 9 800 and 9 700 (50, 51 and 51 lots), the target
/// at 10 000.
struct World {
    live: Live<Log, Script>,
    bars: i64,
}

impl World {
    fn new() -> Self {
        Self::with(longs(), |_| {})
    }

    fn with(config: EngineConfig, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::strict(&config.costs);
        (settings.delays.request, settings.delays.answer) = (Span(40), Span(40));
        (settings.delays.report, settings.delays.market_data) = (Span(30), Span(20));
        change(&mut settings);
        let script = Script {
            command: Box::new(|_, _| Ok(Delivery::Once)),
            event: Box::new(|_, _| Delivery::Once),
            account: Box::new(|_, _| {}),
            sent: Vec::new(),
        };
        let start = Timestamp(0) + Span::hours(WARM);
        let live = Live::new(config, settings, start, Log::default(), script);
        let mut world = Self { live, bars: 0 };
        world.live.tell(&Event::Booted { epoch: 1 });
        world.live.tell(&Event::FeedChanged { symbol: SYMBOL, feed: Feed::Streaming });
        for _ in 0..WARM {
            let bar = world.bar(10_000);
            for symbol in world.symbols() {
                world.live.tell(&Event::HistoryLoaded { symbol, bar });
            }
        }
        world.price(10_000);
        world.close(10_000);
        world.wait(1_000);
        world
    }

    fn bar(&mut self, close: i64) -> Bar {
        let at = Timestamp(0) + Span::hours(self.bars);
        self.bars += 1;
        let (low, high) = (Ticks(close.min(9_950)), Ticks(close.max(10_050)));
        Bar { at, open: Ticks(10_000), high, low, close: Ticks(close), traded: true }
    }

    /// What the book runs.
    fn symbols(&self) -> Vec<SymbolId> {
        let book = &self.live.engine().config().books[0];
        book.symbols.iter().map(|chosen| chosen.symbol).collect()
    }

    /// The next bar closes; that of a second symbol, if there is one, at 10 000.
    fn close(&mut self, close: i64) {
        self.closes(close, 10_000);
    }

    /// The next bars close. Only the first symbol's is awaited: it ends the round.
    fn closes(&mut self, close: i64, other: i64) {
        let bar = self.bar(close);
        self.live.advance(bar.at + Span::hours(1));
        for symbol in self.symbols().into_iter().rev() {
            let close = Ticks(if symbol == SYMBOL { close } else { other });
            let bar = Bar { low: bar.low.min(close), high: bar.high.max(close), close, ..bar };
            self.live.tell(&Event::BarClosed { symbol, bar });
        }
    }

    /// Time passes, instant by instant, and the invariants hold after each.
    fn wait(&mut self, millis: i64) {
        let until = self.live.now() + Span(millis);
        while self.live.take_one(until).is_some() {
            self.check_money();
        }
        self.live.advance(until);
        self.check_money();
    }

    /// A price, and a second for what follows from it.
    fn price(&mut self, price: i64) {
        self.live.price(SYMBOL, Ticks(price));
        self.wait(1_000);
    }

    /// A price at which only so much trades.
    fn sized(&mut self, price: i64, size: i64) {
        let (last, size) = (Ticks(price), Some(Lots(size)));
        self.live.print(SYMBOL, Print { last, mark: last, size });
        self.wait(1_000);
    }

    fn on_command(
        &mut self,
        fate: impl FnMut(Timestamp, &Command) -> Result<Delivery, Reject> + 'static,
    ) {
        self.live.fates_mut().command = Box::new(fate);
    }

    fn on_event(&mut self, fate: impl FnMut(Timestamp, &Event) -> Delivery + 'static) {
        self.live.fates_mut().event = Box::new(fate);
    }

    fn on_account(&mut self, fate: impl FnMut(Timestamp, &mut AccountSnapshot) + 'static) {
        self.live.fates_mut().account = Box::new(fate);
    }

    /// A person trips the switch: entries are withdrawn.
    fn kill(&mut self) {
        let request = Request::Kill { book: None, reason: "test".into() };
        self.live.tell(&Event::RequestMade { request, by: "tester".into() });
    }

    /// A person pauses the book.
    fn pause(&mut self) {
        let request = Request::Pause { book: None, reason: "test".into() };
        self.live.tell(&Event::RequestMade { request, by: "tester".into() });
    }

    /// A person ends the pause.
    fn resume(&mut self) {
        let request = Request::Resume { book: None, reason: "test".into() };
        self.live.tell(&Event::RequestMade { request, by: "tester".into() });
    }

    /// A person releases it.
    fn release(&mut self) {
        let switch = crate::notice::Switch::Session(BOOK);
        let request = Request::Release { switch, reason: "test".into() };
        self.live.tell(&Event::RequestMade { request, by: "tester".into() });
    }

    /// The engine is written down and read back.
    fn restore(&mut self) {
        let text = serde_json::to_string(&self.live.engine).unwrap();
        self.live.engine = serde_json::from_str(&text).unwrap();
    }

    /// No more faults.
    fn heal(&mut self) {
        self.on_command(|_, _| Ok(Delivery::Once));
        self.on_event(|_, _| Delivery::Once);
        self.on_account(|_, _| {});
    }

    /// What was sent since the last look.
    fn sent(&mut self) -> Vec<Command> {
        core::mem::take(&mut self.live.fates_mut().sent)
    }

    fn lane(&self) -> &Lane {
        self.live.engine().lane(BOOK, SYMBOL).unwrap()
    }

    /// What the engine holds.
    fn held(&self) -> i64 {
        self.lane().cycle.as_ref().map_or(0, |cycle| cycle.basis.lots.0 * cycle.direction.sign())
    }

    /// What the venue holds.
    fn position(&self) -> i64 {
        let position = self.live.venue().desk(PLACE).unwrap().position;
        position.map_or(0, |position| position.lots.0 * position.direction.sign())
    }

    /// Trigger and quantity of the stop that the engine knows to work.
    fn stop(&self) -> Option<(i64, i64)> {
        self.lane().protection.working.map(|stop| (stop.trigger.0, stop.lots.0))
    }

    /// Kinds and prices of what rests at the venue, in the order of arrival.
    fn resting(&self) -> Vec<(OrderKind, i64, i64)> {
        let orders = &self.live.venue().desk(PLACE).unwrap().orders;
        let line = |o: &Order| (o.id.kind, o.kind.price().0, o.rest().0);
        orders.iter().map(line).collect()
    }

    /// Entries that rest at the venue.
    fn quoted(&self) -> Vec<Ticks> {
        let entries = self.resting().into_iter().filter(|order| order.0 == OrderKind::Entry);
        entries.map(|order| Ticks(order.1)).collect()
    }

    /// What was said that is meant.
    fn told(&self, meant: impl Fn(&Notice) -> bool) -> usize {
        self.live.sink().0.iter().filter(|notice| meant(notice)).count()
    }

    fn results(&self) -> Vec<&CycleResult> {
        let mut results = Vec::new();
        for notice in &self.live.sink().0 {
            if let Notice::CycleClosed(result) = notice {
                results.push(result);
            }
        }
        results
    }

    /// Both sides agree, nothing is open and nothing rests.
    fn assert_flat(&self, reason: FillReason) {
        assert_eq!((self.held(), self.position()), (0, 0));
        assert_eq!(self.resting(), []);
        assert_eq!(self.results().last().map(|result| result.reason), Some(reason));
        let wallet = &self.live.engine().books()[0].wallet;
        assert_eq!(Some(wallet.balance), self.live.venue().balance(BOOK));
    }

    /// initial + realised + unrealised = equity, after every event; the balances agree once
    /// everything that moves money has been told.
    fn check_money(&self) {
        let book = &self.live.engine().books()[0];
        let (wallet, standing) = (&book.wallet, book.standing());
        assert_eq!(wallet.initial + wallet.deposits + wallet.realised, wallet.balance);
        assert_eq!(wallet.balance + book.unrealised(), standing.equity);
        assert_eq!(standing.free + standing.reserved, standing.equity);
    }

    /// Nothing that is under way concerns money.
    fn is_told(&self) -> bool {
        !self.live.venue().under_way().any(|event| {
            matches!(
                event,
                Event::OrderFilled(_)
                    | Event::FundingSettled { .. }
                    | Event::PositionLiquidated { .. }
            )
        })
    }
}

#[test]
fn the_world_is_as_described() {
    let mut world = World::new();
    let entries = [(9_900, 50), (9_800, 51), (9_700, 51)];
    assert_eq!(world.resting(), entries.map(|(price, lots)| (OrderKind::Entry, price, lots)));
    assert_eq!(world.sent().len(), 3);
    assert_eq!(world.live.now(), Timestamp(0) + Span::hours(WARM + 1) + Span(1_000));
}
