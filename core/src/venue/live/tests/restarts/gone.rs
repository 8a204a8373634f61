//! The exchange does not hold what our executions say, and goes on saying so: it is asked, ever
//! slower, and people hear of it once.

use super::*;
use crate::notice::Anomaly;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

/// How often each thing was said, whatever the ids and times in it.
fn said(world: &World) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for notice in &world.live.sink().0 {
        let what = if let Notice::Anomaly { what: Anomaly::Rejected(id, why) } = notice {
            format!("{:?} refused: {why:?}", id.kind)
        } else if let Notice::Unprotected { why, .. } = notice {
            format!("unprotected: {why:?}")
        } else if let Notice::Reconciled(plan) = notice {
            format!("compared: {}", plan.symbols.len())
        } else {
            continue;
        };
        *times.entry(what).or_default() += 1;
    }
    times
}

/// Days go by in which nothing changes.
fn days_go_by(world: &mut World, days: i64) {
    world.live.sink_mut().0.clear();
    world.sent();
    world.wait(24 * 3_600_000 * days);
}

/// Everything was said a few times at most, and what changes something was sent once a minute.
fn assert_quiet(world: &mut World, days: usize) {
    let said = said(world);
    assert!(said.values().all(|&times| times <= 4), "{said:?}");
    let sent = world.sent();
    let orders = sent.iter().filter(|c| is_close(c) || is_stop(c)).count();
    let minutes = 24 * 60 * days;
    assert!(orders <= 2 * minutes, "{orders} orders in {days} days: a stop and a close a minute");
}

#[test]
fn a_position_that_somebody_closed_by_hand_is_told_once_and_asked_for_every_minute() {
    let mut world = World::opened();
    let now = world.live.now();
    world.live.venue_mut().trade_by_hand(now, PLACE, Direction::Short, Lots(50), Ticks(9_900));
    days_go_by(&mut world, 10);
    assert_quiet(&mut world, 10);
    assert_eq!(world.held(), 50, "nothing is invented");
    let why = world.live.engine().books()[0].watch().blocked(SYMBOL);
    assert_eq!(why, Some(Withheld::Unexplained));
    assert!(!said(&world).is_empty(), "but it is told");
}

#[test]
fn an_exchange_that_went_back_in_time_makes_no_storm() {
    let mut world = World::watched(longs());
    let before = world.live.venue().clone();
    world.price(9_899);
    world.wait(5_000);
    assert_eq!(world.held(), 50);
    *world.live.venue_mut() = before;
    let saved = world.saved();
    world.boot(saved);
    days_go_by(&mut world, 10);
    assert_quiet(&mut world, 10);
}

#[test]
fn a_position_that_is_there_again_is_protected_again() {
    let mut world = World::opened();
    let now = world.live.now();
    world.live.venue_mut().trade_by_hand(now, PLACE, Direction::Short, Lots(50), Ticks(9_900));
    // Long enough that the next attempt of our own would be half an hour away.
    world.wait(6 * 3_600_000);
    assert_eq!(world.stop(), None);
    let now = world.live.now();
    world.live.venue_mut().trade_by_hand(now, PLACE, Direction::Long, Lots(50), Ticks(9_900));
    world.wait(120_000);
    assert_eq!(world.stop(), Some((9_405, 50)), "{:?}", world.resting());
}

#[test]
fn an_exchange_says_how_far_back_it_knows_and_what_lies_before_is_not_guessed() {
    let mut world = World::opened();
    let saved = world.saved();
    // Cycle after cycle that the older state knows nothing of, more than the exchange remembers.
    world.price(10_001);
    for _ in 0..300 {
        let (now, lots) = (world.live.now(), Lots(1));
        for direction in [Direction::Long, Direction::Short] {
            world.live.venue_mut().trade_by_hand(now, PLACE, direction, lots, Ticks(9_900));
        }
        world.wait(1_000);
    }
    let now = world.live.now();
    let snapshot = world.live.venue().account(now, BOOK, Timestamp(0)).unwrap();
    assert!(snapshot.since > Timestamp(0), "it does not claim what it has forgotten");
    world.boot(saved);
    world.wait(120_000);
    let plan = world.plans()[0].clone();
    assert!(plan.failed.contains(&(PartName::Fills, Failure::Incomplete)), "{plan:?}");
    assert_eq!(world.live.engine().books()[0].watch().withheld(), Some(Withheld::NotCompared));
    assert!(!world.sent().iter().any(is_entry), "and nothing is entered");
    // A store that was lost altogether takes over what is there.
    world.boot_blank();
    world.wait(120_000);
    assert_eq!(world.live.engine().books()[0].watch().withheld(), None);
}

#[test]
fn balances_that_differ_are_told_once_until_it_is_twice_as_much() {
    let mut world = World::watched(longs());
    let differ = |world: &mut World, by: i128| {
        world.on_account(move |_, snapshot| {
            if let Part::Known(balance) = &mut snapshot.balance {
                *balance -= Cash(by);
            }
        });
        world.wait(16 * 60_000);
    };
    for by in 9..=16 {
        differ(&mut world, 1_000 * by);
    }
    assert_eq!(world.plans().len(), 1, "{:?}", world.plans());
    differ(&mut world, 5_000_000);
    assert_eq!(world.plans().len(), 2, "{:?}", world.plans());
    world.on_account(|_, snapshot| {
        if let Part::Known(balance) = &mut snapshot.balance {
            *balance += Cash(1_000);
        }
    });
    world.wait(16 * 60_000);
    assert_eq!(world.plans().len(), 3, "now it is the other one that is larger");
    world.heal();
    world.wait(16 * 60_000);
    assert_eq!(world.plans().len(), 4);
    assert!(world.plans()[3].is_empty(), "and that it is over");
}
