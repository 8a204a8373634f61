//! What each policy of a tripped switch does to what is open, what rests and what is under way;
//! and what a release gives back. While a switch is latched no entry leaves (INC-149). A pause
//! withholds entries under every policy, and does nothing else.

use super::*;
use crate::config::OnKill;
use crate::money::Fraction;

const POLICIES: [OnKill; 3] = [OnKill::Block, OnKill::CancelEntries, OnKill::Flatten];

fn world(policy: OnKill) -> World {
    slow(policy, 40)
}

/// The same with requests that take longer.
fn slow(policy: OnKill, request: i64) -> World {
    let mut config = longs();
    config.risk.on_kill = policy;
    World::with(config, |s| s.delays.request = Span(request))
}

fn cancels(sent: &[Command]) -> usize {
    sent.iter().filter(|c| matches!(c, Command::Cancel { .. })).count()
}

#[test]
fn flatten_withdraws_what_rests_and_closes_what_is_open() {
    let mut world = world(OnKill::Flatten);
    world.price(9_899);
    world.sent();
    world.kill();
    let sent = world.sent();
    assert_eq!(cancels(&sent), 2);
    let closes: Vec<_> = sent.iter().filter(|c| is_close(c)).collect();
    assert!(matches!(closes[..], [Command::Place(order)] if order.lots == Lots(50)), "{sent:?}");
    world.wait(1_000);
    assert_eq!(world.quoted(), []);
    assert_eq!(world.stop(), Some((9_405, 50)), "the stop stays until flat");
    world.price(9_950);
    world.assert_flat(FillReason::KillSwitch);
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted(), [], "and nothing is quoted again");
}

#[test]
fn cancel_entries_withdraws_what_rests_and_manages_what_is_open() {
    let mut world = world(OnKill::CancelEntries);
    world.price(9_899);
    world.kill();
    world.wait(1_000);
    assert_eq!(world.quoted(), []);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    world.close(9_960);
    world.wait(1_000);
    // (10 000 + 10 000 + 9 960) / 3
    assert_eq!(world.resting().last(), Some(&(OrderKind::Target, 9_987, 50)), "it follows");
    assert_eq!(world.quoted(), [], "no deeper level");
    world.price(9_988);
    world.assert_flat(FillReason::Target);
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted(), []);
}

#[test]
fn block_leaves_what_rests_and_adds_nothing() {
    let mut world = world(OnKill::Block);
    world.price(9_899);
    world.sent();
    world.kill();
    world.close(9_960);
    world.wait(1_000);
    assert_eq!(
        world.quoted(),
        [9_800, 9_700].map(Ticks),
        "where they were, though the average moved"
    );
    let sent = world.sent();
    assert!(matches!(sent[..], [Command::Amend { .. }]), "only the target moves: {sent:?}");
    world.price(9_799);
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))), "what rested still fills");
    world.price(10_001);
    world.assert_flat(FillReason::Target);
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted(), [], "once they are gone they are gone");
}

#[test]
fn block_leaves_the_ladder_of_a_flat_symbol() {
    let mut world = world(OnKill::Block);
    world.sent();
    world.kill();
    world.close(9_960);
    world.wait(1_000);
    assert_eq!(world.sent(), []);
    assert_eq!(world.quoted(), [9_900, 9_800, 9_700].map(Ticks));
}

#[test]
fn rungs_held_back_are_not_sent_once_a_switch_is_latched() {
    let untouched = (OnKill::Block, false, 2);
    for (policy, killed, sent) in
        POLICIES.map(|policy| (policy, true, 0)).into_iter().chain([untouched])
    {
        let mut world = world(policy);
        // Shortly before a close: the stop has not been overdue by then.
        world.wait(3_600_000 - 3_000);
        world.on_command(|_, c| Ok(lost_if(is_stop(c))));
        world.price(9_899);
        world.close(9_900);
        world.wait(200);
        assert!(world.lane().held_back, "the ladder moved, and waits for the stop");
        world.sent();
        if killed {
            world.kill();
        }
        world.heal();
        world.wait(4_000);
        assert_eq!(world.lane().protection.naked_since, None, "{policy:?}: it has its stop");
        let entries = world.sent().into_iter().filter(is_entry).count();
        assert_eq!(entries, sent, "{policy:?}, killed: {killed}");
    }
}

#[test]
fn a_cancel_under_way_at_the_trip_is_not_followed_by_its_replacement() {
    for policy in POLICIES {
        let mut world = slow(policy, 400);
        world.sent();
        world.close(9_700);
        assert_eq!(cancels(&world.sent()), 3, "the ladder moves");
        world.kill();
        world.wait(5_000);
        assert!(!world.sent().iter().any(is_entry), "{policy:?}");
        assert_eq!(world.quoted(), [], "{policy:?}");
        assert!(!world.lane().wants_any(), "{policy:?}");
    }
}

#[test]
fn flatten_closes_what_fills_after_the_trip() {
    let mut world = slow(OnKill::Flatten, 400);
    world.kill();
    // The cancels are on their way; the price is faster.
    world.live.price(SYMBOL, Ticks(9_899));
    world.wait(2_000);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))), "protected meanwhile");
    world.price(9_950);
    world.wait(2_000);
    world.assert_flat(FillReason::KillSwitch);
}

#[test]
fn flatten_closes_what_fills_while_it_closes() {
    let mut world = slow(OnKill::Flatten, 400);
    world.price(9_899);
    world.wait(2_000);
    world.kill();
    world.live.price(SYMBOL, Ticks(9_799));
    for _ in 0..3 {
        world.wait(2_000);
        world.price(9_950);
    }
    world.wait(2_000);
    world.assert_flat(FillReason::KillSwitch);
    assert_eq!(world.results().iter().map(|result| result.lots.0).sum::<i64>(), 101);
}

#[test]
fn what_fills_after_a_trip_that_does_not_flatten_is_owned_and_managed() {
    for policy in [OnKill::Block, OnKill::CancelEntries] {
        let mut world = slow(policy, 400);
        world.kill();
        world.live.price(SYMBOL, Ticks(9_899));
        world.wait(5_000);
        assert_eq!((world.held(), world.position()), (50, 50), "{policy:?}");
        assert_eq!(world.stop(), Some((9_405, 50)), "{policy:?}");
        world.price(10_001);
        world.assert_flat(FillReason::Target);
    }
}

#[test]
fn a_release_quotes_again_from_the_next_close() {
    for policy in POLICIES {
        let mut world = world(policy);
        world.kill();
        world.price(9_000);
        world.price(10_000);
        world.close(10_000);
        world.wait(1_000);
        assert_eq!(world.quoted(), [], "{policy:?}: latched");
        world.release();
        world.wait(1_000);
        assert_eq!(world.quoted(), [], "{policy:?}: not before a close");
        world.close(10_000);
        world.wait(1_000);
        assert_eq!(world.quoted().len(), 3, "{policy:?}");
    }
}

#[test]
fn a_release_sets_a_new_reference() {
    let mut config = longs();
    config.risk.session_loss_grid = Fraction::percent(5);
    let mut world = World::with(config, |_| {});
    let trips = |world: &World| world.told(|n| matches!(n, Notice::SwitchTripped { .. }));
    world.price(9_899);
    world.price(9_000);
    world.price(10_000);
    assert_eq!(trips(&world), 1, "the stop cost more than 5 % of the day's balance");
    world.release();
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(trips(&world), 1, "the same loss trips once");
    assert_eq!(world.quoted().len(), 3);
}

#[test]
fn a_flatten_half_way_survives_being_written_and_read() {
    let mut world = world(OnKill::Flatten);
    world.price(9_899);
    let mut refusals = 2;
    world.on_command(move |_, c| {
        let refuse = is_close(c) && refusals > 0;
        refusals -= i32::from(refuse);
        if refuse { Err(Reject::Busy) } else { Ok(Delivery::Once) }
    });
    world.sent();
    world.kill();
    let until = world.live.now() + Span(10_000);
    world.restore();
    while world.live.take_one(until).is_some() {
        world.restore();
    }
    assert_eq!(world.sent().iter().filter(|c| is_close(c)).count(), 3, "two refused, one stands");
    world.live.price(SYMBOL, Ticks(9_950));
    world.restore();
    world.wait(1_000);
    world.assert_flat(FillReason::KillSwitch);
    assert!(world.live.engine().books()[0].is_latched(), "and the switch is still latched");
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted(), []);
}

#[test]
fn a_fall_between_closes_trips_the_global_switch_and_a_release_ends_it() {
    let mut config = longs();
    config.risk.global_loss = Fraction::percent(8);
    let mut world = World::with(config, |_| {});
    let trips = |world: &World| {
        world.told(|n| matches!(n, Notice::SwitchTripped { switch: Switch::Global(_), .. }))
    };
    world.price(9_699);
    assert_eq!((world.held(), trips(&world)), (152, 0));
    // Nothing fills here: 152 lots, 199 ticks below their average.
    world.price(9_600);
    assert_eq!((world.held(), trips(&world)), (152, 1));
    world.price(10_001);
    world.close(10_000);
    world.wait(1_000);
    assert_eq!(world.quoted(), [], "latched");
    let request = Request::Release {
        switch: Switch::Global(crate::config::Mode::Live),
        reason: "test".into(),
    };
    world.live.tell(&Event::RequestMade { request, by: "tester".into() });
    world.close(10_000);
    world.wait(1_000);
    assert_eq!((world.quoted().len(), trips(&world)), (3, 1));
}

#[test]
fn a_pause_is_the_same_under_every_policy() {
    for policy in POLICIES {
        let mut world = world(policy);
        world.price(9_899);
        world.sent();
        world.pause();
        let sent = world.sent();
        assert_eq!((cancels(&sent), sent.len()), (2, 2), "{policy:?}: {sent:?}");
        world.pause();
        assert_eq!(world.sent(), [], "{policy:?}: asked again");
        assert_eq!(world.told(|n| matches!(n, Notice::Paused { .. })), 1, "{policy:?}");
        world.restore();
        world.close(9_960);
        world.wait(1_000);
        assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))), "{policy:?}");
        assert_eq!(world.resting().last(), Some(&(OrderKind::Target, 9_987, 50)), "{policy:?}");
        assert_eq!(world.quoted(), [], "{policy:?}: no deeper level");
        world.price(9_988);
        world.assert_flat(FillReason::Target);
    }
}

#[test]
fn a_resume_quotes_again_from_the_next_close_and_releases_nothing() {
    for policy in POLICIES {
        let mut world = world(policy);
        world.pause();
        world.kill();
        world.price(9_000);
        world.price(10_000);
        world.close(10_000);
        world.wait(1_000);
        world.resume();
        world.close(10_000);
        world.wait(1_000);
        assert_eq!(world.quoted(), [], "{policy:?}: the switch is tripped still");
        world.pause();
        world.release();
        world.close(10_000);
        world.wait(1_000);
        assert_eq!(world.quoted(), [], "{policy:?}: a release resumes nothing");
        world.resume();
        world.wait(1_000);
        assert_eq!(world.quoted(), [], "{policy:?}: not before a close");
        world.close(10_000);
        world.wait(1_000);
        assert_eq!(world.quoted().len(), 3, "{policy:?}");
    }
}
