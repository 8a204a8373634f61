//! The process dies and comes up again, with its state or without, and compares what it believes
//! with what the exchange holds.

mod deaths;
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
    config.books[0].symbols.push(SymbolConfig { symbol: OTHER, params: Params::Grid(grid(LONGS)) });
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

// ---- the three restarts of day one ----

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

// ---- what happened while nobody listened ----

#[test]
fn inc_081_an_entry_that_filled_while_down_is_booked_and_protected_before_anything_else() {
    let mut world = World::watched(longs());
    let saved = world.saved();
    world.unheard(SYMBOL, 9_899);
    world.boot(saved);
    world.wait(3_000);
    let sent = world.orders_sent();
    assert!(matches!(sent[0], Command::PlaceStop { lots: Lots(50), trigger: Ticks(9_405), .. }));
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    assert_eq!(world.lane().cycle.as_ref().unwrap().filled[0], Lots(50));
    assert!(matches!(world.found()[..], [Finding::EntryFilled { lots: Lots(50), .. }]));
    world.assert_agreed();
}

#[test]
fn inc_128_a_close_while_down_is_the_same_result_as_one_that_was_heard() {
    for (price, reason) in [(10_001, FillReason::Target), (9_300, FillReason::Stop)] {
        let story = |heard: bool| {
            let mut world = World::watched(longs());
            world.price(9_899);
            // Deeper levels would fill on the way to the stop.
            world.kill();
            world.wait(3_000);
            let saved = world.saved();
            if heard {
                world.live.price(SYMBOL, Ticks(price));
                world.wait(5_000);
            } else {
                world.unheard(SYMBOL, price);
                world.boot(saved);
                world.wait(3_000);
            }
            world.assert_flat(reason);
            let closed = world.results().into_iter().next_back().unwrap().clone();
            (closed, world.wallet(), world.lane().cooldown_until)
        };
        assert_eq!(story(false), story(true), "{reason:?}");
    }
}

#[test]
fn a_stop_that_was_partly_executed_while_down_leaves_the_rest_protected() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.kill();
    world.wait(3_000);
    let saved = world.saved();
    let (last, size) = (Ticks(9_300), Some(Lots(20)));
    world.live.print(SYMBOL, Print { last, mark: last, size });
    let until = world.live.now() + Span(5_000);
    world.live.pass_unheard(until);
    assert_eq!(world.position(), 30);
    world.boot(saved);
    world.wait(3_000);
    assert_eq!(world.held(), 30);
    let stop = Finding::ExitFilled { kind: OrderKind::Stop, lots: Lots(20) };
    assert!(world.found().contains(&stop), "{:?}", world.found());
    world.price(9_300);
    assert_eq!((world.held(), world.position()), (0, 0));
    assert_eq!(world.results().len(), 1);
}

#[test]
fn funding_while_down_is_booked_once_and_belongs_to_its_cycle() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(3_000);
    let saved = world.saved();
    world.live.settle(SYMBOL, Fraction(10_000), Ticks(9_900));
    world.unheard(SYMBOL, 9_890);
    world.boot(saved);
    world.wait(3_000);
    let paid = world.lane().cycle.as_ref().unwrap().funding;
    assert!(paid.0 < 0);
    assert_eq!(world.wallet().funding, paid);
    world.assert_agreed();
    assert_eq!(world.lane().cycle.as_ref().unwrap().funding, paid, "once");
}

#[test]
fn a_liquidation_while_down_is_booked() {
    let mut world = World::watched(longs());
    world.price(9_799);
    world.wait(3_000);
    let saved = world.saved();
    for id in
        world.live.venue().desk(PLACE).unwrap().orders.iter().map(|o| o.id).collect::<Vec<_>>()
    {
        world.live.venue_mut().cancel_by_hand(PLACE, id);
    }
    world.unheard(SYMBOL, 100);
    assert_eq!(world.position(), 0);
    world.boot(saved);
    world.wait(3_000);
    assert_eq!(world.results().last().map(|r| r.reason), Some(FillReason::Liquidation));
    assert_eq!(Some(world.wallet().balance), world.live.venue().balance(BOOK));
}

#[test]
fn inc_131_one_symbol_closed_one_bare_one_unchanged_whatever_their_order() {
    let mut config = pair();
    let third = crate::venue::fixture::instrument("CCCUSDT");
    config.instruments.push(third);
    let symbol = SymbolId(2);
    config.books[0].symbols.push(SymbolConfig { symbol, params: Params::Grid(grid(LONGS)) });
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]] {
        let mut world = World::watched(config.clone());
        for symbol in [0, 1, 2].map(SymbolId) {
            world.live.price(symbol, Ticks(10_000));
            world.live.price(symbol, Ticks(9_899));
        }
        world.wait(5_000);
        let [closed, bare, same] = order.map(SymbolId);
        let place = |symbol| Place { book: BOOK, symbol };
        let saved = world.saved();
        let stop = world.live.engine().lane(BOOK, bare).unwrap().protection.working.unwrap().id;
        world.live.venue_mut().cancel_by_hand(place(bare), stop);
        world.unheard(closed, 10_001);
        world.boot(saved);
        world.wait(3_000);
        let lane = |symbol| world.live.engine().lane(BOOK, symbol).unwrap();
        assert!(lane(closed).cycle.is_none());
        assert_eq!(world.results().len(), 1);
        assert_eq!(world.results()[0].reason, FillReason::Target);
        assert_ne!(lane(bare).protection.working.unwrap().id, stop);
        let sent = world.orders_sent();
        assert!(!sent.iter().any(|command| touches(command, same)), "{sent:?}");
        world.assert_agreed();
    }
}

fn touches(command: &Command, symbol: SymbolId) -> bool {
    match command {
        Command::Place(order) => order.id.symbol == symbol,
        Command::Amend { id, .. }
        | Command::Cancel { id }
        | Command::PlaceStop { id, .. }
        | Command::AmendStop { id, .. }
        | Command::Query { id } => id.symbol == symbol,
        Command::QueryAccount { .. } | Command::FetchBars { .. } | Command::SetLeverage { .. } => {
            false
        }
    }
}

// ---- stops and orders ----

#[test]
fn inc_087_a_stop_that_is_only_a_number_is_placed_anew() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let stop = world.lane().protection.working.unwrap().id;
    world.live.venue_mut().cancel_by_hand(PLACE, stop);
    world.sent();
    world.ask();
    world.wait(3_000);
    let sent = world.orders_sent();
    assert!(matches!(sent[..], [Command::PlaceStop { lots: Lots(50), .. }]), "{sent:?}");
    assert_eq!(world.found(), [Finding::StopMissing { id: stop }]);
    assert_ne!(world.lane().protection.working.unwrap().id, stop);
    world.assert_agreed();
}

#[test]
fn every_quarter_of_an_hour_a_book_is_compared() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let stop = world.lane().protection.working.unwrap().id;
    world.live.venue_mut().cancel_by_hand(PLACE, stop);
    world.sent();
    world.wait(15 * 60_000);
    let sent = world.sent();
    assert_eq!(stops_sent(&sent), 1);
    assert!(sent.iter().filter(|c| matches!(c, Command::QueryAccount { .. })).count() <= 2);
}

#[test]
fn inc_083_of_many_stops_the_right_one_stays() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    // Stops of former lives, of which one would open a position.
    let direction = Direction::Long;
    for sequence in 900..936 {
        let id = OrderId {
            direction,
            ..crate::venue::fixture::id(OrderKind::Stop, direction, sequence)
        };
        let id = OrderId { epoch: 0, ..id };
        let command = Command::PlaceStop { id, trigger: Ticks(9_000), lots: Lots(4) };
        let now = world.live.now();
        world.live.venue_mut().handle(now, &command);
    }
    let until = world.live.now() + Span(5_000);
    world.live.pass_unheard(until);
    let saved = world.saved();
    world.boot(saved);
    world.wait(10_000);
    let stops: Vec<_> = world.resting().into_iter().filter(|o| o.0 == OrderKind::Stop).collect();
    assert_eq!(stops, [(OrderKind::Stop, 9_405, 50)]);
    world.assert_agreed();
    // None for a flat symbol.
    world.price(10_001);
    world.assert_flat(FillReason::Target);
}

#[test]
fn inc_083_no_stop_is_left_on_a_flat_symbol() {
    let mut world = World::watched(longs());
    world.on_command(|_, _| Ok(Delivery::Once));
    let mut settings = world.live.venue().settings().clone();
    settings.needs_position = false;
    world.live.venue_mut().set_settings(settings);
    let id = crate::venue::fixture::id(OrderKind::Stop, Direction::Long, 900);
    let id = OrderId { epoch: 0, ..id };
    let now = world.live.now();
    let command = Command::PlaceStop { id, trigger: Ticks(9_000), lots: Lots(4) };
    world.live.venue_mut().handle(now, &command);
    world.wait(5_000);
    world.ask();
    world.wait(5_000);
    assert!(world.resting().iter().all(|order| order.0 == OrderKind::Entry));
    world.assert_agreed();
}

#[test]
fn inc_084_both_classes_of_orders_are_asked_for_and_one_that_failed_withdraws_nothing() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    world.sent();
    world.on_account(|_, snapshot| fails(&mut snapshot.triggers));
    world.ask();
    world.wait(5_000);
    world.on_account(|_, snapshot| fails(&mut snapshot.orders));
    world.wait(60_000);
    assert_eq!(world.orders_sent(), []);
    let told: Vec<_> = world.plans().iter().map(|plan| plan.failed.clone()).collect();
    let [triggers, orders] = [PartName::Triggers, PartName::Orders].map(|p| (p, Failure::NoAnswer));
    assert_eq!(told, [[triggers], [orders]], "said once each");
    world.heal();
    world.assert_agreed();
}

#[test]
fn a_stop_with_other_figures_is_made_right() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let id = world.lane().protection.working.unwrap().id;
    let now = world.live.now();
    let command = Command::AmendStop { id, trigger: Ticks(9_000), lots: Lots(20) };
    world.live.venue_mut().handle(now, &command);
    let until = world.live.now() + Span(5_000);
    world.live.pass_unheard(until);
    world.sent();
    world.ask();
    world.wait(5_000);
    assert_eq!(world.found(), [Finding::StopWrong { id, wrong: Wrong::Figures }]);
    assert_eq!((world.stop(), stops_sent(&world.orders_sent())), (Some((9_405, 50)), 1));
    world.assert_agreed();
}

#[test]
fn a_stop_of_the_wrong_kind_leaves_once_another_one_works() {
    for wrong in [Wrong::TriggerType, Wrong::NotReduceOnly, Wrong::Side] {
        let mut world = World::watched(longs());
        world.price(9_899);
        world.wait(5_000);
        let id = world.lane().protection.working.unwrap().id;
        world.on_account(move |_, snapshot| {
            let Part::Known(stops) = &mut snapshot.triggers else { return };
            for stop in stops.iter_mut().filter(|stop| stop.maker.ours() == Some(id)) {
                match wrong {
                    Wrong::TriggerType => stop.by_mark = false,
                    Wrong::NotReduceOnly => stop.reduce_only = false,
                    Wrong::Side => stop.buys = true,
                    Wrong::Figures => {}
                }
            }
        });
        world.sent();
        world.ask();
        world.wait(5_000);
        let sent = world.orders_sent();
        assert!(
            matches!(sent[..], [Command::PlaceStop { .. }, Command::Cancel { id: gone }] if gone == id),
            "{sent:?}"
        );
        assert_eq!(world.found(), [Finding::StopWrong { id, wrong }]);
        world.heal();
        world.assert_agreed();
    }
}

#[test]
fn an_entry_that_is_not_there_is_asked_for_and_then_quoted_again() {
    let mut world = World::watched(longs());
    world.wait(5_000);
    let id = world.live.venue().desk(PLACE).unwrap().orders[1].id;
    world.live.venue_mut().cancel_by_hand(PLACE, id);
    world.sent();
    world.ask();
    world.wait(5_000);
    assert_eq!(world.found(), [Finding::OrderMissing { id }]);
    assert!(matches!(world.orders_sent()[..], [Command::Query { id: asked }] if asked == id));
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted().len(), 3);
    world.assert_agreed();
}

// ---- questions that fail, and answers that are wrong ----

#[test]
fn inc_124_while_the_positions_are_unknown_nothing_is_opened_and_asking_goes_on() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let saved = world.saved();
    world.on_account(|_, snapshot| fails(&mut snapshot.positions));
    world.boot(saved);
    world.wait(50 * 60_000);
    world.close(9_900);
    world.wait(600_000);
    let sent = world.sent();
    let asked = sent.iter().filter(|c| matches!(c, Command::QueryAccount { .. })).count();
    assert!(asked > 10, "{asked}");
    assert!(!sent.iter().any(is_entry) && !sent.iter().any(is_close), "{sent:?}");
    assert!(sent.iter().any(|c| matches!(c, Command::Amend { .. })), "the target follows");
    assert_eq!(world.held(), 50, "what is known stays");
    let plans = world.plans();
    assert_eq!(plans.len(), 1, "said once");
    assert_eq!(plans[0].failed, [(PartName::Positions, Failure::NoAnswer)]);
    world.heal();
    world.wait(120_000);
    assert_eq!(world.live.engine().books()[0].watch().withheld(), None);
    assert!(world.sent().iter().any(is_entry), "and then what waited is sent");
    assert!(world.plans().last().unwrap().is_empty(), "and said");
}

#[test]
fn an_account_that_does_not_answer_is_asked_again_and_said() {
    let mut world = World::watched(longs());
    let saved = world.saved();
    world.on_event(|_, e| lost_if(matches!(e, Event::AccountSeen(_))));
    world.boot(saved);
    world.wait(600_000);
    let asked = world.sent().iter().filter(|c| matches!(c, Command::QueryAccount { .. })).count();
    assert!((8..40).contains(&asked), "{asked}");
    assert_eq!(world.plans().len(), 1);
    assert_eq!(world.plans()[0].failed.len(), 7);
    world.heal();
    world.assert_agreed();
    assert_eq!(world.live.engine().books()[0].watch().withheld(), None);
}

#[test]
fn inc_109_no_entry_before_a_comparison_says_flat() {
    let mut world = World::with(longs(), |_| {});
    world.live.price(SYMBOL, Ticks(10_000));
    world.price(9_899);
    world.on_account(|_, snapshot| fails(&mut snapshot.positions));
    world.boot_blank();
    world.wait(60_000);
    world.close(10_000);
    world.wait(60_000);
    let sent = world.sent();
    assert!(!sent.iter().any(is_entry), "{sent:?}");
    let refused =
        |n: &Notice| matches!(n, Notice::Refused { refusal: Refusal::Unreconciled { .. }, .. });
    assert!(world.told(refused) > 0);
    assert!(sent.iter().all(|c| matches!(c, Command::QueryAccount { .. })), "nothing is removed");
    world.heal();
    world.wait(120_000);
    assert_eq!(world.held(), 50, "what is there is taken over, not entered a second time");
    world.assert_agreed();
}

#[test]
fn inc_129_a_close_without_its_fills_is_pending() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.kill();
    world.wait(3_000);
    let saved = world.saved();
    world.unheard(SYMBOL, 9_300);
    world.on_account(|_, snapshot| fails(&mut snapshot.fills));
    world.boot(saved);
    world.wait(60_000);
    assert_eq!(world.results(), [] as [&CycleResult; 0]);
    assert_eq!(world.held(), 50, "not removed either");
    let part = PartName::Fills;
    assert!(world.found().contains(&Finding::Unknown { part }), "{:?}", world.found());
    assert_eq!(world.told(|n| matches!(n, Notice::SwitchTripped { .. })), 0);
    world.heal();
    world.wait(120_000);
    world.assert_flat(FillReason::Stop);
    assert_eq!(world.results().len(), 1);
}

#[test]
fn inc_130_a_close_is_booked_from_its_own_fills_alone() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.kill();
    world.wait(3_000);
    let saved = world.saved();
    // The stop executes in twelve parts; then somebody trades on the symbol.
    for _ in 0..12 {
        let (last, size) = (Ticks(9_300), Some(Lots(5)));
        world.live.print(SYMBOL, Print { last, mark: last, size });
        let until = world.live.now() + Span(1_000);
        world.live.pass_unheard(until);
    }
    let now = world.live.now();
    for (direction, price) in [(Direction::Long, 9_000), (Direction::Short, 8_000)] {
        let venue = world.live.venue_mut();
        venue.trade_by_hand(now, PLACE, direction, Lots(50), Ticks(price));
    }
    world.boot(saved);
    world.wait(3_000);
    let result = world.results()[0].clone();
    assert_eq!((result.reason, result.lots), (FillReason::Stop, Lots(50)));
    let executed: Cash = world
        .live
        .sink()
        .0
        .iter()
        .filter_map(|notice| {
            let Notice::Filled { fill, reason: FillReason::Stop, .. } = notice else { return None };
            Some(Cash(i128::from(fill.price.0 * fill.lots.0) * 1_000_000))
        })
        .sum();
    assert_eq!(result.exit_notional, executed);
    assert!(executed.0 > 9_000 * 50 * 1_000_000);
}

#[test]
fn an_empty_answer_is_not_believed_at_once() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    world.on_account(|_, snapshot| {
        snapshot.positions = Part::Known(Vec::new());
        snapshot.triggers = Part::Known(Vec::new());
    });
    world.sent();
    world.ask();
    world.wait(60_000);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    let sent = world.orders_sent();
    assert!(!sent.iter().any(|c| is_stop(c) || is_close(c)), "{sent:?}");
    assert!(matches!(world.found()[..], [Finding::Missing { times: 1, .. }]));
    let why = world.live.engine().books()[0].watch().blocked(SYMBOL);
    assert_eq!(why, Some(Withheld::Unexplained));
    world.heal();
    world.assert_agreed();
    assert_eq!(world.live.engine().books()[0].watch().blocked(SYMBOL), None);
}

#[test]
fn an_old_answer_removes_nothing() {
    let mut world = World::watched(longs());
    let old = {
        let now = world.live.now();
        world.live.venue().account(now, BOOK, Timestamp(0)).unwrap()
    };
    world.price(9_899);
    world.wait(5_000);
    world.sent();
    world.on_account(move |_, snapshot| *snapshot = old.clone());
    world.ask();
    world.wait(30_000);
    assert_eq!(world.orders_sent(), []);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    world.heal();
    world.assert_agreed();
}

#[test]
fn what_is_younger_than_the_lag_is_not_missing() {
    let mut world = World::with(longs(), |settings| settings.delays.visibility = Span(2_000));
    world.reconnect();
    world.wait(10_000);
    world.live.price(SYMBOL, Ticks(9_899));
    world.wait(500);
    assert!(world.stop().is_some(), "it has just been made");
    world.sent();
    world.ask();
    world.wait(1_000);
    assert_eq!(world.orders_sent(), []);
    world.wait(10_000);
    assert_eq!(world.orders_sent(), []);
    assert_eq!(world.plans(), []);
}

// ---- what others own ----

#[test]
fn inc_132_what_others_own_is_told_and_left_alone() {
    let mut world = World::watched(pair());
    let place = Place { symbol: OTHER, ..PLACE };
    let now = world.live.now();
    let venue = world.live.venue_mut();
    // A position on the one symbol, an order without our mark on the other.
    let number = venue.rest_by_hand(PLACE, true, Lots(7), Ticks(9_000), false);
    venue.trade_by_hand(now, place, Direction::Short, Lots(3), Ticks(10_000));
    world.sent();
    world.ask();
    world.wait(3_000);
    let plan = world.plans()[0].clone();
    let (direction, lots) = (Direction::Short, Lots(3));
    assert_eq!(plan.symbols[0].findings, [Finding::ForeignOrder { number }]);
    assert_eq!(plan.symbols[1].findings, [Finding::Foreign { direction, lots }]);
    let blocked = [Action::Block(Withheld::Foreign)];
    assert_eq!([&plan.symbols[0].actions, &plan.symbols[1].actions], [&blocked, &blocked]);
    // Our entries leave, theirs stays, and so does their position.
    world.wait(5_000);
    assert_eq!(world.quoted(), []);
    assert_eq!(world.live.venue().desk(PLACE).unwrap().record.foreign.len(), 1);
    assert!(world.live.venue().desk(place).unwrap().position.is_some());
    world.sent();
    world.close(10_000);
    world.wait(16 * 60_000);
    assert!(!world.sent().iter().any(is_entry), "no entries beside it");
    assert_eq!(world.plans().len(), 1, "said once");
    // When they are gone, everything is as before.
    let now = world.live.now();
    let venue = world.live.venue_mut();
    venue.trade_by_hand(now, place, Direction::Long, Lots(3), Ticks(10_000));
    venue.withdraw_by_hand(PLACE, number);
    world.ask();
    world.wait(5_000);
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted().len(), 3);
}

#[test]
fn in_a_mixed_position_only_ours_is_closed() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let now = world.live.now();
    world.live.venue_mut().trade_by_hand(now, PLACE, Direction::Long, Lots(30), Ticks(9_900));
    world.ask();
    world.wait(5_000);
    let (ours, theirs) = (Lots(50), Lots(80));
    assert_eq!(world.found(), [Finding::Mixed { ours, theirs }]);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    world.price(10_001);
    assert_eq!((world.held(), world.position()), (0, 30));
}

#[test]
fn inc_112_leverage_is_set_only_where_nothing_is_open() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let saved = world.saved();
    world.on_account(|_, snapshot| {
        let Part::Known(settings) = &mut snapshot.settings else { return };
        settings.iter_mut().for_each(|symbol| symbol.leverage = 3);
    });
    world.boot(saved);
    world.wait(60_000);
    let sets = |c: &Command| matches!(c, Command::SetLeverage { .. });
    let sent = world.sent();
    assert!(!sent.iter().any(sets), "{sent:?}");
    let diverged =
        Finding::SettingsDiverged { leverage: 3, wanted: 5, margin_mode: false, hedged: false };
    assert_eq!(world.found(), [diverged]);
    assert_eq!(world.quoted(), [], "no entries");
    world.price(10_001);
    world.assert_flat(FillReason::Target);
    world.wait(16 * 60_000);
    let sent = world.sent();
    assert!(sent.contains(&Command::SetLeverage { book: BOOK, symbol: SYMBOL, leverage: 5 }));
    assert!(!sent.iter().any(is_entry));
    world.heal();
    world.assert_agreed();
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted().len(), 3);
}

#[test]
fn another_instance_under_our_prefix_stops_entries() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let id = crate::venue::fixture::id(OrderKind::Stop, Direction::Long, 1);
    let theirs = OrderId { epoch: 7, ..id };
    let now = world.live.now();
    let order = Command::PlaceStop { id: theirs, trigger: Ticks(9_000), lots: Lots(5) };
    world.live.venue_mut().handle(now, &order);
    let until = world.live.now() + Span(5_000);
    world.live.pass_unheard(until);
    world.sent();
    world.ask();
    world.wait(5_000);
    assert_eq!(world.plans()[0].writer, Some(7));
    assert_eq!(world.found(), [Finding::OtherWriters { id: theirs }]);
    world.close(10_100);
    world.wait(60_000);
    assert!(!world.sent().iter().any(is_entry));
    assert!(world.resting().contains(&(OrderKind::Stop, 9_000, 5)), "theirs is left alone");
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    // A later boot is the only writer again.
    let saved = world.saved();
    world.live.restart(saved);
    world.live.tell(&Event::Booted { epoch: 8 });
    world.reconnect();
    world.wait(10_000);
    assert_eq!(world.live.engine().books()[0].watch().withheld(), None);
}

#[test]
fn a_symbol_that_is_not_run_any_more_loses_its_entries_and_is_told() {
    let mut world = World::watched(pair());
    world.live.price(OTHER, Ticks(10_000));
    world.live.price(OTHER, Ticks(9_899));
    world.wait(5_000);
    let place = Place { symbol: OTHER, ..PLACE };
    let orders = world.live.venue().desk(place).unwrap().orders.len();
    assert_eq!(orders, 4, "two entries, stop, target");
    world.live.restart(Engine::new(longs()));
    world.sent();
    world.live.sink_mut().0.clear();
    world.live.tell(&Event::Booted { epoch: 9 });
    world.reconnect();
    world.wait(10_000);
    let plan = world.plans()[0].clone();
    let other = plan.symbols.iter().find(|found| found.symbol == Listed::Symbol(OTHER)).unwrap();
    assert_eq!(other.findings[0], Finding::NotConfigured { id: None });
    let kinds: Vec<OrderKind> =
        world.live.venue().desk(place).unwrap().orders.iter().map(|order| order.id.kind).collect();
    assert_eq!(kinds, [OrderKind::Stop, OrderKind::Target], "what protects stays");
}
