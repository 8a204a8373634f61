//! What happened while nobody listened: booked as if it had been heard.

use super::*;
use crate::reconcile::Maker;

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
fn a_close_of_ours_that_filled_while_down_keeps_its_reason_though_its_record_is_lost() {
    let mut config = longs();
    config.risk.on_kill = crate::config::OnKill::Flatten;
    for (mark, reason) in [(None, FillReason::KillSwitch), (Some(0), FillReason::Unheard)] {
        let mut world = World::watched(config.clone());
        world.price(9_899);
        world.wait(10_000);
        // The state is that of before the close was decided: its step was lost.
        let saved = world.saved();
        world.kill();
        world.unheard(SYMBOL, 9_890);
        world.unheard(SYMBOL, 9_889);
        assert_eq!(world.position(), 0);
        world.on_account(move |_, snapshot| {
            let Part::Known(fills) = &mut snapshot.fills else { return };
            for fill in fills {
                // What a program sent that did not say why.
                if let (Maker::Us(id), Some(mark)) = (&mut fill.maker, mark)
                    && id.kind == OrderKind::Close
                {
                    id.level = mark;
                }
            }
        });
        world.boot(saved);
        world.wait(3_000);
        world.assert_flat(reason);
    }
}

#[test]
fn a_loss_of_yesterday_that_is_heard_of_today_is_none_of_todays() {
    for days in [0, 1] {
        let mut world = World::watched(longs());
        world.price(9_899);
        world.kill();
        world.wait(3_000);
        let saved = world.saved();
        world.unheard(SYMBOL, 9_300);
        let later = world.live.now().midnight() + Span(Span::DAY.0 * days + Span::hours(1).0);
        world.live.pass_unheard(later.max(world.live.now()));
        world.boot(saved);
        world.wait(3_000);
        world.assert_flat(FillReason::Stop);
        let wallet = world.wallet();
        let session = &world.live.engine().books()[0].session;
        let lost = world.results().into_iter().next_back().unwrap().net;
        assert!(lost < Cash::ZERO);
        assert_eq!(Some(wallet.balance), world.live.venue().balance(BOOK));
        let today = session.result(wallet.realised);
        assert_eq!(today < Cash::ZERO, days == 0, "{days}: {today:?}");
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
    config.books[0].symbols.push(SymbolConfig::new(symbol, Params::Grid(grid(LONGS))));
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
