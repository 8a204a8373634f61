//! What others own, and settings that are not ours.

use super::*;

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
    let mut world = World::opened();
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
    let mut world = World::opened();
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
    let mut world = World::opened();
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
