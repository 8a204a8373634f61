//! Cycles whose messages are refused, lost, doubled or late (INVARIANTS, executor).

use super::*;
use crate::venue::prices::Status;

#[test]
fn a_stop_refused_past_the_deadline_flattens() {
    let mut world = World::new();
    world.on_command(|_, c| if is_stop(c) { Err(Reject::Busy) } else { Ok(Delivery::Once) });
    world.price(9_899);
    world.wait(3_000);
    assert_eq!((world.held(), world.stop()), (50, None));
    assert!(world.sent().iter().filter(|c| is_stop(c)).count() >= 2, "tried again");
    world.wait(2_000);
    world.price(9_890);
    world.assert_flat(FillReason::Emergency);
    let unprotected = |notice: &Notice| matches!(notice, Notice::Unprotected { .. });
    assert!(world.live.sink().0.iter().any(unprotected));
}

#[test]
fn a_stop_through_which_the_price_has_gone_closes_at_market() {
    let mut world = World::with(longs(), |s| s.presets = false);
    world.live.price(SYMBOL, Ticks(9_899));
    world.live.advance(world.live.now() + Span(35));
    world.live.price(SYMBOL, Ticks(9_300));
    world.wait(1_000);
    world.price(9_300);
    world.assert_flat(FillReason::Emergency);
}

#[test]
fn a_lost_answer_is_asked_for_until_known() {
    for lost in [true, false] {
        let mut world = World::with(longs(), |s| s.delays.visibility = Span(1_500));
        // At the second close the ladder moves: its first order, or the answer to it, is lost.
        let mut once = true;
        world.on_command(move |_, c| {
            let first = matches!(c, Command::Place(order) if order.id.level == 0);
            let lose = lost && first && core::mem::take(&mut once);
            Ok(lost_if(lose))
        });
        world.on_event(move |_, event| {
            let answer = matches!(event, Event::OrderAccepted { id, .. } if id.level == 0);
            lost_if(!lost && answer)
        });
        world.close(9_700);
        world.wait(2_000);
        assert_eq!(
            world.resting().iter().filter(|o| o.0 == OrderKind::Entry).count(),
            3 - usize::from(lost)
        );
        world.wait(2_000);
        let asked = world.sent().iter().filter(|c| matches!(c, Command::Query { .. })).count();
        assert!(asked >= 1, "unknown is not failed");
        world.heal();
        world.wait(10_000);
        let level_0 = world.resting().iter().filter(|o| o.1 == 9_716).count();
        assert_eq!(level_0, 1, "known now, and one order for the level");
        assert_eq!(world.lane().entries[0].iter().flatten().count(), 3);
    }
}

#[test]
fn an_order_that_filled_while_its_answer_was_lost_is_found_and_protected() {
    let mut world = World::new();
    // The stream is down as well: fills are lost until the order is asked for.
    world.on_event(|_, event| {
        lost_if(matches!(event, Event::OrderFilled(_) | Event::OrderAccepted { .. }))
    });
    world.close(9_700);
    world.wait(1_000);
    world.live.price(SYMBOL, Ticks(9_700));
    world.wait(1_000);
    let position = world.position();
    assert!(position > 0 && world.held() == 0);
    world.heal();
    world.wait(5_000);
    assert_eq!(world.held(), position);
    assert_eq!(world.stop().map(|stop| stop.1), Some(position));
}

#[test]
fn a_refused_close_is_tried_again_under_the_stop() {
    let mut world = World::new();
    world.price(9_899);
    let mut refusals = 3;
    world.on_command(move |_, c| {
        if is_close(c) && refusals > 0 {
            refusals -= 1;
            return Err(Reject::Busy);
        }
        Ok(Delivery::Once)
    });
    // The close of the bar is beyond the target: a market close.
    world.sent();
    world.close(10_200);
    world.wait(3_000);
    assert_eq!((world.held(), world.position()), (50, 50), "nothing is booked");
    assert_eq!(world.stop().map(|stop| stop.1), Some(50), "the stop stays");
    world.wait(10_000);
    world.price(9_950);
    world.assert_flat(FillReason::TargetAtClose);
    assert_eq!(world.sent().iter().filter(|c| is_close(c)).count(), 4);
}

#[test]
fn every_event_told_twice_is_booked_once() {
    let mut world = World::new();
    world.on_event(|_, _| Delivery::Twice);
    world.price(9_899);
    world.price(9_799);
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))));
    world.price(10_001);
    world.assert_flat(FillReason::Target);
}

#[test]
fn every_request_sent_twice_does_no_harm() {
    let mut world = World::new();
    world.on_command(|_, _| Ok(Delivery::Twice));
    world.price(9_899);
    world.price(9_799);
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))));
    world.price(10_001);
    world.assert_flat(FillReason::Target);
}

#[test]
fn a_fill_that_comes_after_the_cancel_is_owned() {
    let mut world = World::new();
    world.on_event(|_, event| {
        let fill = matches!(event, Event::OrderFilled(_));
        if fill { Delivery::Late(Span(600)) } else { Delivery::Once }
    });
    world.live.print(SYMBOL, Print { last: Ticks(9_899), mark: Ticks(9_899), size: Some(Lots(4)) });
    world.kill();
    world.wait(300);
    assert_eq!(world.held(), 0, "cancelled with four executed; the fill is under way");
    assert!(world.lane().has_entries(), "kept until its fills are known");
    world.wait(5_000);
    assert_eq!((world.held(), world.stop()), (4, Some((9_405, 4))));
    assert!(!world.lane().has_entries());
}

#[test]
fn a_suspended_symbol_freezes_and_resumes() {
    let mut world = World::new();
    world.price(9_899);
    let now = world.live.now();
    world.live.venue_mut().set_status(now, SYMBOL, Status::Suspended);
    world.close(10_200);
    world.wait(20_000);
    assert_eq!((world.held(), world.position()), (50, 50));
    let now = world.live.now();
    world.live.venue_mut().set_status(now, SYMBOL, Status::Trading);
    world.wait(60_000);
    world.price(9_950);
    world.assert_flat(FillReason::TargetAtClose);
}
