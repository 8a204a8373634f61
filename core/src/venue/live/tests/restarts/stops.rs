//! Stops and orders that are not what they should be.

use super::*;

#[test]
fn inc_087_a_stop_that_is_only_a_number_is_placed_anew() {
    let mut world = World::opened();
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
    let mut world = World::opened();
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
    let mut world = World::opened();
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
    let mut world = World::opened();
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
    let mut world = World::opened();
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
