//! The ways of a cycle when every message arrives.

use super::*;
use crate::money::Fraction;

#[test]
fn entries_stop_target_flat() {
    let mut world = World::new();
    world.sent();
    world.price(9_899);
    // 9 900 · 0.95
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    assert!(world.lane().target.is_some_and(|target| target.working));
    let first = world.sent();
    assert!(matches!(first[0], Command::PlaceStop { .. }), "protection leaves first");

    world.price(9_799);
    // (50 · 9 900 + 51 · 9 800) / 101 · 0.95 = 9 357.03…, the nearer tick
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))));
    let second = world.sent();
    assert!(matches!(second[..], [Command::AmendStop { .. }, Command::Amend { .. }]));

    world.price(10_001);
    world.assert_flat(FillReason::Target);
    assert_eq!(world.results()[0].levels, 2);
}

#[test]
fn the_stop_ends_the_cycle() {
    let mut world = World::new();
    world.price(9_899);
    world.price(9_405);
    // Two levels on the way down, then the stop of the first; what it does not cover stays
    // under the stop that travelled with the others, and has a stop of its own by now.
    assert_eq!((world.held(), world.stop().map(|stop| stop.1)), (102, Some(102)));
    world.price(9_200);
    world.assert_flat(FillReason::Stop);
    assert!(world.results()[0].net.0 < 0);
}

#[test]
fn one_jump_through_everything_is_protected_by_what_travelled() {
    let mut world = World::new();
    world.price(9_000);
    assert_eq!(world.position(), 0, "three entries and their stop, before any answer");
    assert_eq!(world.held(), 0);
    let wallet = &world.live.engine().books()[0].wallet;
    assert_eq!(Some(wallet.balance), world.live.venue().balance(BOOK));
}

#[test]
fn a_partial_fill_then_a_cancel_keeps_four_protected() {
    let mut world = World::new();
    world.sized(9_899, 4);
    assert_eq!((world.held(), world.stop()), (4, Some((9_405, 4))));
    world.kill();
    world.wait(1_000);
    assert_eq!((world.held(), world.position()), (4, 4));
    assert_eq!(world.resting().iter().filter(|o| o.0 == OrderKind::Entry).count(), 0);
    assert_eq!(world.stop(), Some((9_405, 4)));
    assert!(!world.lane().has_entries());
    world.price(9_300);
    world.assert_flat(FillReason::Stop);
}

#[test]
fn a_cancel_that_races_a_fill_loses_nothing() {
    let mut world = World::with(longs(), |s| s.delays.request = Span(400));
    world.kill();
    // The cancels are on their way for 400 ms; the price is faster.
    world.live.price(SYMBOL, Ticks(9_899));
    world.wait(5_000);
    assert_eq!((world.held(), world.position()), (50, 50));
    assert_eq!(world.stop(), Some((9_405, 50)));
    assert!(!world.lane().has_entries());
    world.price(10_001);
    world.assert_flat(FillReason::Target);
}

#[test]
fn the_first_fill_withdraws_the_other_side() {
    let both = config(Sides { long: true, short: true });
    let mut world = World::with(both, |_| {});
    assert_eq!(world.resting().len(), 6);
    world.price(10_101);
    assert_eq!(world.held(), -49);
    let entries = world.resting().into_iter().filter(|order| order.0 == OrderKind::Entry);
    assert!(entries.clone().count() == 2 && entries.clone().all(|order| order.1 > 10_000));
    world.price(9_999);
    world.assert_flat(FillReason::Target);
}

#[test]
fn an_entry_of_the_other_side_that_fills_before_its_cancel_is_flattened() {
    let both = config(Sides { long: true, short: true });
    let mut world = World::with(both, |s| s.delays.request = Span(400));
    let (last, size) = (Ticks(9_899), Some(Lots(20)));
    world.live.print(SYMBOL, Print { last, mark: last, size });
    world.live.advance(world.live.now() + Span(200));
    // The short's first level fills while its cancel is under way: 49 against 20.
    world.live.price(SYMBOL, Ticks(10_150));
    world.wait(300);
    assert_eq!((world.held(), world.position()), (-29, -29));
    world.wait(2_000);
    world.price(10_150);
    world.assert_flat(FillReason::OppositeFill);
}

#[test]
fn a_target_fills_in_parts_and_the_rest_stays_protected() {
    let mut world = World::new();
    world.price(9_899);
    world.sized(10_001, 20);
    // Entries still rest: the stop is not made smaller.
    assert_eq!((world.held(), world.stop()), (30, Some((9_405, 50))));
    world.sized(10_001, 30);
    world.assert_flat(FillReason::Target);
}

#[test]
fn funding_is_part_of_the_cycle() {
    let mut world = World::new();
    world.price(9_899);
    world.live.settle(SYMBOL, Fraction(10_000), Ticks(9_900));
    world.wait(1_000);
    world.price(10_001);
    world.assert_flat(FillReason::Target);
    // 50 · 99 · 0.0001
    assert_eq!(world.results()[0].funding, Cash(-49_500_000));
}

#[test]
fn a_liquidation_is_booked_like_any_close() {
    let mut world = World::with(longs(), |s| s.presets = false);
    world.on_command(|_, command| {
        let stop = matches!(command, Command::PlaceStop { .. } | Command::AmendStop { .. });
        Ok(lost_if(stop))
    });
    world.price(9_699);
    assert_eq!(world.position(), 152);
    world.price(7_500);
    world.assert_flat(FillReason::Liquidation);
}

#[test]
fn market_data_that_is_late_enters_at_a_later_price() {
    for (delay, paid) in [(20, 9_860), (150, 9_810)] {
        let mut config = longs();
        config.entry_order = crate::config::EntryOrder::Market;
        let mut world = World::with(config, |s| s.delays.market_data = Span(delay));
        for price in [9_899, 9_850, 9_800] {
            world.live.price(SYMBOL, Ticks(price));
            world.live.advance(world.live.now() + Span(100));
        }
        world.live.advance(world.live.now() + Span(100));
        let fills = world.live.sink().0.iter().filter_map(|notice| {
            if let Notice::Filled { fill, .. } = notice { Some(fill.price) } else { None }
        });
        assert_eq!(fills.collect::<Vec<_>>()[0], Ticks(paid), "{delay} ms");
    }
}

#[test]
fn an_answer_that_takes_too_long_is_an_unknown_outcome() {
    for (answer, asked) in [(2_000, 0), (4_000, 1)] {
        let mut world = World::with(longs(), |s| s.delays.answer = Span(answer));
        world.wait(9_000);
        world.sent();
        world.price(9_899);
        world.wait(3_000);
        let queries = world.sent().into_iter().filter(|c| matches!(c, Command::Query { .. }));
        assert_eq!(queries.count().min(1), asked);
        assert_eq!(world.position(), 50, "and not a failure");
    }
}
