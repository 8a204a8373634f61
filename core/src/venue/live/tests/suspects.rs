//! Lost, late and doubled messages that an engine with less memory of its orders would not survive.

use super::*;
use crate::config::MarginMode;
use crate::money::Fraction;
use crate::venue::prices::Status;

/// This fate for a message that is meant, none for the others.
fn late_if(meant: bool, fate: Delivery) -> Delivery {
    if meant { fate } else { Delivery::Once }
}

fn entries(world: &World) -> usize {
    world.quoted().len()
}

/// A close that executed whole leaves what a late entry added: another one follows.
#[test]
fn a_close_that_left_a_late_fill_is_followed_by_another() {
    let mut world = World::with(longs(), |s| s.delays.request = Span(400));
    world.price(9_899);
    world.wait(2_000);
    world.close(10_200);
    world.live.price(SYMBOL, Ticks(9_799));
    world.wait(1_000);
    for _ in 0..20 {
        world.price(9_950);
        world.wait(10_000);
    }
    assert_eq!((world.held(), world.position()), (0, 0));
}

/// An order is withdrawn until its end is confirmed (INC-073, INC-067).
#[test]
fn a_lost_cancel_is_sent_again() {
    let mut world = World::new();
    world.on_command(|_, c| {
        Ok(if matches!(c, Command::Cancel { .. }) { Delivery::Lost } else { Delivery::Once })
    });
    world.kill();
    world.wait(2_000);
    world.heal();
    world.wait(60_000);
    assert_eq!(entries(&world), 0);
}

/// The same with a refusal.
#[test]
fn a_refused_cancel_is_sent_again() {
    let mut world = World::new();
    world.on_command(|_, c| {
        if matches!(c, Command::Cancel { .. }) { Err(Reject::Busy) } else { Ok(Delivery::Once) }
    });
    world.kill();
    world.wait(1_000);
    world.heal();
    world.wait(60_000);
    assert_eq!(entries(&world), 0);
}

/// A refused cancel says nothing of the order: it is known until it ended (INC-067).
#[test]
fn a_late_refusal_of_a_cancel_does_not_forget_the_order() {
    let mut world = World::new();
    let now = world.live.now();
    world.live.venue_mut().set_status(now, SYMBOL, Status::Suspended);
    world.on_event(|_, e| {
        late_if(matches!(e, Event::OrderRejected { .. }), Delivery::Late(Span(2_950)))
    });
    world.kill();
    world.wait(10_000);
    assert_eq!(entries(&world), world.lane().entries[0].iter().flatten().count());
}

/// An entry whose fate is unknown cannot be cancelled at the trip; it is once it turns up.
#[test]
fn an_entry_in_doubt_at_a_trip_is_withdrawn_when_known() {
    let mut world = World::new();
    world.on_event(|_, e| late_if(matches!(e, Event::OrderAccepted { .. }), Delivery::Lost));
    world.close(9_700);
    world.wait(3_150);
    world.kill();
    world.heal();
    world.wait(60_000);
    assert_eq!(entries(&world), 0);
}

/// Questions go on until they are answered, and a close that never arrived is sent again.
#[test]
fn a_close_lost_with_its_question_is_asked_for_again() {
    let mut world = World::new();
    world.price(9_899);
    world.on_command(|_, c| {
        let close = matches!(c, Command::Place(o) if o.id.kind == OrderKind::Close);
        Ok(if close || is_query(c) { Delivery::Lost } else { Delivery::Once })
    });
    world.close(10_200);
    world.wait(4_000);
    world.heal();
    for _ in 0..10 {
        world.wait(10_000);
        world.price(9_950);
    }
    assert_eq!((world.held(), world.position()), (0, 0));
}

/// A change that is lost together with its question is asked for until known: the next level is
/// covered all the same (INC-062).
#[test]
fn a_lost_change_of_the_stop_does_not_freeze_it() {
    let mut world = World::with(longs(), |s| s.presets = false);
    world.price(9_899);
    world.on_command(|_, c| {
        Ok(if matches!(c, Command::AmendStop { .. }) || is_query(c) {
            Delivery::Lost
        } else {
            Delivery::Once
        })
    });
    world.sized(10_001, 20);
    world.wait(5_000);
    world.heal();
    world.price(9_799);
    world.wait(60_000);
    assert_eq!(world.held(), world.position());
    assert_eq!(world.live.venue().desk(PLACE).unwrap().uncovered(), Lots(0), "naked");
}

/// Funding belongs to the cycle that was open at its instant (decision 15, 16).
#[test]
fn funding_told_after_its_cycle_closed_is_booked() {
    let mut world = World::new();
    world.price(9_899);
    world.on_event(|_, e| {
        late_if(matches!(e, Event::FundingSettled { .. }), Delivery::Late(Span(5_000)))
    });
    world.live.settle(SYMBOL, Fraction(10_000), Ticks(9_900));
    world.price(10_001);
    world.wait(10_000);
    let wallet = &world.live.engine().books()[0].wallet;
    assert_eq!(Some(wallet.balance), world.live.venue().balance(BOOK));
}

/// Its result and its fee are booked once (INC-107).
#[test]
fn a_liquidation_told_twice_is_booked_once() {
    let mut config = longs();
    config.risk.margin_mode = MarginMode::Isolated;
    let mut world = World::with(config, |s| s.presets = false);
    world.on_event(|_, _| Delivery::Twice);
    world.on_command(|_, c| {
        Ok(if matches!(c, Command::PlaceStop { .. }) { Delivery::Lost } else { Delivery::Once })
    });
    world.price(9_899);
    world.price(7_000);
    world.wait(10_000);
    world.assert_flat(FillReason::Liquidation);
    let forced = |n: &Notice| matches!(n, Notice::Filled { reason: FillReason::Liquidation, .. });
    assert_eq!((world.told(forced), world.results().len()), (1, 1));
}

/// What rested before the refusal still rests: it is changed later, not doubled.
#[test]
fn a_refused_change_of_the_target_leaves_one_target() {
    let mut world = World::new();
    world.price(9_899);
    world.on_command(|_, c| {
        if matches!(c, Command::Amend { .. }) { Err(Reject::Busy) } else { Ok(Delivery::Once) }
    });
    world.price(9_799);
    world.heal();
    world.close(9_950);
    world.wait(5_000);
    let targets = world.resting().iter().filter(|o| o.0 == OrderKind::Target).count();
    assert_eq!(targets, 1);
}

/// In the same step (INC-062, INC-087).
#[test]
fn a_stop_that_the_exchange_does_not_know_is_replaced_at_once() {
    let mut world = World::new();
    world.price(9_899);
    world.on_command(|_, c| {
        if matches!(c, Command::AmendStop { .. }) {
            Err(Reject::UnknownOrder)
        } else {
            Ok(Delivery::Once)
        }
    });
    world.sent();
    world.live.price(SYMBOL, Ticks(9_799));
    world.wait(300);
    assert!(world.sent().iter().any(|c| matches!(c, Command::PlaceStop { .. })));
}

/// Also at the next close.
#[test]
fn the_rest_of_a_level_that_filled_in_part_keeps_resting() {
    let mut world = World::new();
    world.sized(9_899, 20);
    world.close(9_950);
    world.wait(5_000);
    assert!(world.resting().contains(&(OrderKind::Entry, 9_900, 30)), "{:?}", world.resting());
}

/// The next fill may be there before the change is (INC-086).
#[test]
fn a_stop_is_not_made_smaller_while_entries_may_fill() {
    let mut world = World::with(longs(), |s| s.presets = false);
    world.price(9_899);
    world
        .live
        .print(SYMBOL, Print { last: Ticks(10_001), mark: Ticks(10_001), size: Some(Lots(20)) });
    world.live.advance(world.live.now() + Span(35));
    let covered = |world: &World| world.live.venue().desk(PLACE).unwrap().uncovered();
    // 30 held; the change of the stop from 50 to 30 is under way; 21 of the next level fill.
    world
        .live
        .print(SYMBOL, Print { last: Ticks(9_799), mark: Ticks(9_799), size: Some(Lots(20)) });
    let until = world.live.now() + Span(1_000);
    let mut naked = Vec::new();
    while let Some(at) = world.live.take_one(until) {
        if covered(&world).is_positive() {
            naked.push((at, covered(&world)));
        }
    }
    assert_eq!(naked, []);
}

/// Random losses, copies, delays and refusals; then calm. Positions are protected, sides agree.
#[test]
fn after_any_storm_both_sides_agree_and_nothing_is_naked() {
    let mut failed = Vec::new();
    for seed in 0..400u64 {
        let mut world = World::new();
        let mut state = seed * 7_919 + 1;
        let mut roll = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % 100
        };
        let (mut of_commands, mut prices) = (roll, roll);
        for _ in 0..7 {
            roll();
        }
        world.on_command(move |_, _| match of_commands() {
            0..8 => Ok(Delivery::Lost),
            8..12 => Ok(Delivery::Twice),
            12..16 => Ok(Delivery::Late(Span(900))),
            16..22 => Err(Reject::Busy),
            _ => Ok(Delivery::Once),
        });
        world.on_event(move |_, e| match roll() {
            0..8 if !matches!(e, Event::OrderFilled(_) | Event::OrderCanceled { .. }) => {
                Delivery::Lost
            }
            8..14 => Delivery::Twice,
            14..20 => Delivery::Late(Span(700)),
            _ => Delivery::Once,
        });
        let mut price = 9_950;
        for turn in 0..60 {
            price += prices() as i64 - 50;
            world.sized(price, 1 + prices() as i64);
            if turn % 20 == 19 {
                world.close(price);
            }
        }
        world.heal();
        world.wait(60_000);
        for _ in 0..5 {
            world.live.price(SYMBOL, Ticks(price));
            world.wait(20_000);
        }
        let naked = world.live.venue().desk(PLACE).unwrap().uncovered();
        let wallet = world.live.engine().books()[0].wallet.balance;
        let same =
            world.held() == world.position() && Some(wallet) == world.live.venue().balance(BOOK);
        if naked.is_positive() || !same {
            failed.push((
                seed,
                naked.0,
                world.held(),
                world.position(),
                wallet,
                world.live.venue().balance(BOOK).unwrap(),
            ));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of 400: {:#?}",
        failed.len(),
        failed.iter().take(12).collect::<Vec<_>>()
    );
}

/// Told late, it does not stand for the stop of this cycle: that one is mended, or the position goes.
#[test]
fn the_confirmation_of_the_stop_before_does_not_end_the_deadline() {
    let mut world = World::with(longs(), |s| s.presets = false);
    let confirms =
        |e: &Event| matches!(e, Event::OrderAccepted { id, .. } if id.kind == OrderKind::Stop);
    world.on_event(move |_, e| late_if(confirms(e), Delivery::Late(Span(2_500))));
    world.price(9_899);
    world.price(10_001);
    world.on_command(|_, c| {
        Ok(if matches!(c, Command::PlaceStop { .. }) { Delivery::Lost } else { Delivery::Once })
    });
    world.live.price(SYMBOL, Ticks(9_799));
    world.wait(20_000);
    for _ in 0..10 {
        world.price(9_850);
        world.wait(3_000);
    }
    let open = world.position();
    assert!(open == 0 || world.live.venue().desk(PLACE).unwrap().uncovered().is_zero(), "{open}");
}

/// The change of its quantity and its own execution cross each other: what is left of it works.
#[test]
fn a_target_that_fills_in_part_while_it_is_changed_ends_up_working() {
    let mut world = World::new();
    world.price(9_899);
    // The next level fills and, before the change of the target is confirmed, the target fills in part.
    world.live.price(SYMBOL, Ticks(9_799));
    world.live.advance(world.live.now() + Span(60));
    world
        .live
        .print(SYMBOL, Print { last: Ticks(10_001), mark: Ticks(10_001), size: Some(Lots(20)) });
    world.wait(5_000);
    assert!(world.lane().target.is_some_and(|target| target.working), "{:?}", world.lane().target);
}
