//! The process dies and comes up again, with its state or without, and compares what it believes
//! with what the exchange holds.

mod deaths;
mod down;
mod gone;
mod others;
mod questions;
mod reconfigured;
mod stops;
mod unsent;

use super::*;
use crate::config::{Params, SymbolConfig};
use crate::engine::Engine;
use crate::money::{Direction, Fraction};
use crate::reconcile::{Action, Failure, Finding, Listed, Part, PartName, Plan, Withheld, Wrong};
use crate::risk::Refusal;
use crate::venue::bars::walk::Place;
use crate::venue::fixture::{OTHER, grid};

const LONGS: Sides = Sides { long: true, short: false };

/// Two symbols: 25 lots at 9 900, 9 800 and 9 700 each.
fn pair() -> EngineConfig {
    let mut config = longs();
    config.books[0].symbols.push(SymbolConfig::new(OTHER, Params::Grid(grid(LONGS))));
    config
}

impl World {
    /// A world whose book has an account that was compared once.
    fn watched(config: EngineConfig) -> Self {
        let mut world = Self::with(config, |settings| settings.delays.visibility = Span(500));
        world.reconnect();
        world.wait(3_000);
        assert_eq!(world.plans(), [], "both sides agree");
        world.sent();
        world
    }

    /// The same after its first level has filled: 50 lots from 9 900, with their stop.
    fn opened() -> Self {
        let mut world = Self::watched(longs());
        world.price(9_899);
        world.wait(5_000);
        world
    }

    fn reconnect(&mut self) {
        self.live.tell(&Event::Reconnected { book: BOOK });
    }

    fn ask(&mut self) {
        let request = Request::Reconcile { book: None };
        self.live.tell(&Event::RequestMade { request, by: "tester".into() });
    }

    /// What the store has at this moment.
    fn saved(&self) -> Engine {
        let text = serde_json::to_string(self.live.engine()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// While no process runs the market trades at a price.
    fn unheard(&mut self, symbol: SymbolId, price: i64) {
        self.live.price(symbol, Ticks(price));
        let until = self.live.now() + Span(5_000);
        self.live.pass_unheard(until);
    }

    /// Another process comes up with this state.
    fn boot(&mut self, engine: Engine) {
        let epoch = engine.books()[0].ids.epoch + 1;
        self.live.restart(engine);
        self.sent();
        self.live.sink_mut().0.clear();
        self.live.tell(&Event::Booted { epoch });
        self.reconnect();
    }

    /// Another process without a state: the store is lost. It has its history again.
    fn boot_blank(&mut self) {
        let config = self.live.engine().config().clone();
        self.live.restart(Engine::new(config));
        self.sent();
        self.live.sink_mut().0.clear();
        let epoch = u32::try_from(self.live.now().0 / 1_000).unwrap();
        self.live.tell(&Event::Booted { epoch });
        for symbol in self.symbols() {
            for index in 0..self.bars {
                let at = Timestamp(0) + Span::hours(index);
                let [open, high, low, close] = [10_000, 10_050, 9_950, 10_000].map(Ticks);
                let bar = Bar { at, open, high, low, close, traded: true };
                self.live.tell(&Event::HistoryLoaded { symbol, bar });
            }
        }
        self.sent();
        self.reconnect();
    }

    /// What was told of comparisons.
    fn plans(&self) -> Vec<Plan> {
        let told = self.live.sink().0.iter().filter_map(|notice| {
            let Notice::Reconciled(plan) = notice else { return None };
            Some((**plan).clone())
        });
        told.collect()
    }

    /// What the first plan found on the first symbol.
    fn found(&self) -> Vec<Finding> {
        let plans = self.plans();
        let symbols = plans.iter().flat_map(|plan| &plan.symbols);
        let mine = symbols.filter(|found| found.symbol == Listed::Symbol(SYMBOL));
        mine.take(1).flat_map(|found| found.findings.clone()).collect()
    }

    /// What was sent, questions about the account aside.
    fn orders_sent(&mut self) -> Vec<Command> {
        let mut sent = self.sent();
        sent.retain(|command| !matches!(command, Command::QueryAccount { .. }));
        sent
    }

    /// What a comparison would do now, were it asked for.
    fn plan_now(&self) -> Plan {
        let now = self.live.now();
        let snapshot = self.live.venue().account(now, BOOK, Timestamp(0)).unwrap();
        self.live.engine().plan(&snapshot).unwrap()
    }

    fn wallet(&self) -> crate::account::Wallet {
        self.live.engine().books()[0].wallet.clone()
    }

    /// Both sides agree: positions, stops, money; and another comparison has nothing to say.
    fn assert_agreed(&mut self) {
        self.wait(120_000);
        assert_eq!(self.held(), self.position());
        assert_eq!(Some(self.wallet().balance), self.live.venue().balance(BOOK));
        let stops = self.resting().into_iter().filter(|order| order.0 == OrderKind::Stop);
        let covered: i64 = stops.map(|order| order.2).sum();
        assert!(covered >= self.position().abs(), "{covered} of {}", self.position());
        let plan = self.plan_now();
        assert!(plan.is_empty() && plan.is_complete(), "{plan:?}");
    }
}

fn fails<T>(part: &mut Part<T>) {
    *part = Part::Failed(Failure::NoAnswer);
}

fn stops_sent(sent: &[Command]) -> usize {
    sent.iter().filter(|command| is_stop(command)).count()
}

#[test]
fn with_its_store_intact_a_restart_sends_and_says_nothing() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(60_000);
    let saved = world.saved();
    world.boot(saved);
    world.wait(3_000);
    let sent = world.sent();
    assert!(matches!(sent[..], [Command::QueryAccount { .. }]), "{sent:?}");
    assert_eq!(world.live.sink().0, []);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    // And it goes on like one that was never away.
    world.price(9_799);
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))));
    world.price(10_001);
    world.assert_flat(FillReason::Target);
}

#[test]
fn with_its_store_lost_positions_are_rebuilt_with_their_levels_and_protected_first() {
    let mut world = World::watched(longs());
    world.price(9_799);
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))));
    let opened = world.lane().cycle.clone().unwrap();
    world.unheard(SYMBOL, 9_790);
    world.boot_blank();
    world.wait(3_000);
    let cycle = world.lane().cycle.clone().unwrap();
    assert_eq!((cycle.filled, cycle.basis), (opened.filled, opened.basis));
    assert_eq!((cycle.opened, cycle.fees), (opened.opened, opened.fees));
    let lots = Lots(101);
    let rebuilt = Finding::Rebuilt { direction: Direction::Long, lots, levels: 2 };
    assert_eq!(world.found()[0], rebuilt);
    // The stop and the target that are right stay; the third level leaves; nothing is opened.
    let sent = world.orders_sent();
    assert!(matches!(sent[..], [Command::Cancel { id }] if id.level == 2), "{sent:?}");
    assert_eq!(world.stop(), Some((9_358, 101)));
    assert!(world.lane().target.is_some_and(|target| target.working));
    // The session has lost the fees of what is open, and nothing else.
    assert_eq!(world.wallet().realised, -cycle.fees);
    world.assert_agreed();
    world.price(10_001);
    world.assert_flat(FillReason::Target);
    let gained = world.wallet().realised;
    assert_eq!(gained, world.results().iter().map(|result| result.net).sum());
}

#[test]
fn inc_082_a_rebuilt_position_without_a_stop_gets_one_before_anything_else() {
    let mut world = World::watched(longs());
    world.price(9_899);
    let stop = world.lane().protection.working.unwrap().id;
    world.live.venue_mut().cancel_by_hand(PLACE, stop);
    world.unheard(SYMBOL, 9_890);
    world.boot_blank();
    world.wait(3_000);
    let sent = world.orders_sent();
    let (lots, trigger) = (Lots(50), Ticks(9_405));
    assert!(
        matches!(sent[0], Command::PlaceStop { lots: l, trigger: t, .. } if (l, t) == (lots, trigger)),
        "{sent:?}"
    );
    assert!(!sent.iter().any(is_entry), "nothing is opened");
    world.assert_agreed();
}

#[test]
fn past_cycles_of_a_lost_store_are_not_booked_again() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.price(10_001);
    world.close(10_000);
    world.wait(1_000);
    world.price(9_899);
    let held = world.held();
    assert!(held > 0);
    let balance = world.live.venue().balance(BOOK).unwrap();
    world.unheard(SYMBOL, 9_890);
    world.boot_blank();
    world.wait(3_000);
    assert_eq!(world.held(), held);
    assert_eq!(world.results(), [] as [&CycleResult; 0]);
    let wallet = world.wallet();
    assert_eq!(wallet.realised, -world.lane().cycle.as_ref().unwrap().fees);
    assert_eq!(wallet.balance, balance, "what was earned before is a deposit, no result");
    world.assert_agreed();
    // Nor later, when the same fills are shown again.
    world.ask();
    world.assert_agreed();
    assert_eq!(world.results(), [] as [&CycleResult; 0]);
}

#[test]
fn a_position_whose_executions_nobody_can_show_keeps_its_stop() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.unheard(SYMBOL, 9_890);
    // The exchange does not reach back so far.
    world.on_account(|_, snapshot| snapshot.fills = Part::Known(Vec::new()));
    world.boot_blank();
    world.wait(5_000);
    let (direction, lots) = (Direction::Long, Lots(50));
    assert!(world.found().contains(&Finding::Foreign { direction, lots }));
    let reducing: Vec<_> =
        world.resting().into_iter().filter(|order| order.0 != OrderKind::Entry).collect();
    assert_eq!(reducing, [(OrderKind::Stop, 9_405, 50), (OrderKind::Target, 10_000, 50)]);
    assert_eq!(world.quoted(), []);
    assert_eq!(
        world.live.engine().books()[0].watch().blocked(SYMBOL),
        Some(Withheld::Foreign),
        "and nothing is entered beside it"
    );
}
