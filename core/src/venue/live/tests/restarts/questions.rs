//! Questions that fail, and answers that are wrong.

use super::*;

#[test]
fn inc_124_while_the_positions_are_unknown_nothing_is_opened_and_asking_goes_on() {
    let mut world = World::opened();
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
fn a_question_of_the_process_before_is_not_said_to_be_unanswered() {
    let mut world = World::watched(longs());
    world.ask();
    let saved = world.saved();
    world.wait(60_000); // The answer comes when nobody listens.
    world.live.restart(saved);
    world.live.sink_mut().0.clear();
    world.live.tell(&Event::Booted { epoch: 2_000_000_000 });
    world.live.tell(&Event::TimePassed);
    world.reconnect();
    world.wait(600_000);
    let failed: Vec<_> = world.plans().into_iter().filter(|plan| !plan.failed.is_empty()).collect();
    assert_eq!(failed, [], "the exchange answers every question");
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
    let mut world = World::opened();
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
