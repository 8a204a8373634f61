//! What is told again long after it was booked, and orders that nobody asks for any more.

use super::*;
use crate::event::{Fill, Liquidity};
use crate::ids::FillId;
use crate::money::{Direction, Fraction};
use crate::notice::Anomaly;
use crate::venue::fixture::id;

/// One lot of an order that nobody here knows any more.
fn part(number: u64, at: Timestamp) -> Event {
    let id = id(OrderKind::Entry, Direction::Long, 900);
    let (price, lots, fee) = (Ticks(9_850), Lots(1), Cash::ZERO);
    let (fill, liquidity) = (FillId(1_000 + number), Liquidity::Maker);
    Event::OrderFilled(Fill { id, fill, at, price, lots, fee, liquidity })
}

fn settled(at: Timestamp) -> Event {
    let (rate, price, lots) = (Fraction(10_000), Ticks(10_000), Lots(1));
    let (book, symbol, amount) = (BOOK, SYMBOL, Cash(-1_000));
    Event::FundingSettled { book, symbol, at, rate, price, lots, amount }
}

fn too_old(world: &World) -> usize {
    world.told(|n| matches!(n, Notice::Anomaly { what: Anomaly::TooOld { .. } }))
}

#[test]
fn inc_107_an_execution_of_the_same_day_is_known_however_many_came_between() {
    let mut world = World::new();
    let now = world.live.now();
    (0..600).for_each(|number| world.live.tell(&part(number, now + Span(number as i64))));
    assert_eq!(world.held(), 600);
    (0..600).for_each(|number| world.live.tell(&part(number, now + Span(number as i64))));
    assert_eq!(world.held(), 600);
    assert_eq!(world.told(|n| matches!(n, Notice::Anomaly { .. })), 0, "a copy is no surprise");
}

#[test]
fn inc_107_what_may_have_been_booked_long_ago_is_told_and_not_booked() {
    let mut world = World::new();
    let now = world.live.now();
    let day = |number: u64| now + Span::hours(24 * number as i64);
    (0..300).for_each(|number| world.live.tell(&part(number, day(number))));
    world.live.tell(&part(0, day(0)));
    assert_eq!((world.held(), too_old(&world)), (300, 1));
    world.live.tell(&part(200, day(200)));
    assert_eq!((world.held(), too_old(&world)), (300, 1), "the last ones are known for good");
}

#[test]
fn a_settlement_is_booked_once_however_late_it_is_told_again() {
    let mut world = World::new();
    world.price(9_899);
    let due = |hour: i64| world_start() + Span::hours(hour);
    (1..=100).for_each(|hour| world.live.tell(&settled(due(hour))));
    let funding = |world: &World| world.lane().cycle.as_ref().map(|cycle| cycle.funding);
    let booked = funding(&world);
    assert_eq!(booked, Some(Cash(-100_000)));
    (1..=100).for_each(|hour| world.live.tell(&settled(due(hour))));
    assert_eq!(funding(&world), booked);
    assert_eq!(too_old(&world), 36, "the last 64 are known");
}

fn world_start() -> Timestamp {
    Timestamp(0) + Span::hours(WARM + 10)
}

#[test]
fn an_order_is_followed_until_nobody_asks_for_it() {
    let mut world = World::new();
    let entry = world.lane().entries[0][0].unwrap().id;
    let stray = id(OrderKind::Entry, Direction::Long, 900);
    let follows = |world: &World, id| world.live.engine().follows(id);
    assert!(follows(&world, entry) && !follows(&world, stray));
    world.live.tell(&Event::OrderUnconfirmed { id: stray });
    assert!(follows(&world, stray), "it is asked for");
    world.wait(120_000);
    assert!(follows(&world, entry) && !follows(&world, stray), "it counts as never placed");
}

#[test]
fn exits_that_nothing_was_held_for_are_kept_up_to_a_bound_and_told_beyond_it() {
    let mut world = World::new();
    let now = world.live.now();
    for number in 0..1_000 {
        let id = id(OrderKind::Target, Direction::Long, 900);
        let (price, lots, fee) = (Ticks(9_950), Lots(1), Cash::ZERO);
        let (fill, liquidity) = (FillId(1_000 + number), Liquidity::Maker);
        let at = now + Span(number as i64);
        world.live.tell(&Event::OrderFilled(Fill { id, fill, at, price, lots, fee, liquidity }));
    }
    assert_eq!(world.lane().early.len(), 64);
    let unmatched = |n: &Notice| matches!(n, Notice::Anomaly { what: Anomaly::Unmatched { .. } });
    assert_eq!(world.told(unmatched), 1_000 - 64, "each one that is forgotten is told");
}
