//! Rules of orders, protection and rounds, each shown by the shortest story that needs it.

use super::*;
use crate::config::{GridParams, Params, SymbolConfig};
use crate::event::{Ended, Fill, Liquidity};
use crate::ids::FillId;
use crate::money::{Direction, Fraction};
use crate::notice::Anomaly;
use crate::venue::bars::walk::Place;
use crate::venue::fixture::{OTHER, grid, id};

const LONGS: Sides = Sides { long: true, short: false };
const SHORTS: Sides = Sides { long: false, short: true };

/// Longs, with other parameters.
fn longs_with(change: impl FnOnce(&mut GridParams)) -> EngineConfig {
    let mut params = grid(LONGS);
    change(&mut params);
    let mut config = longs();
    config.books[0].symbols[0].params = Params::Grid(params);
    config
}

/// Two symbols: 25 lots at 9 900, 9 800 and 9 700 each.
fn pair() -> EngineConfig {
    let mut config = longs();
    config.books[0].symbols.push(SymbolConfig::new(OTHER, Params::Grid(grid(LONGS))));
    config
}

/// An execution as the exchange would tell it.
fn fill(world: &World, order: OrderId, sequence: u64, price: i64, lots: i64) -> Fill {
    Fill {
        id: order,
        fill: FillId(sequence),
        at: world.live.now(),
        price: Ticks(price),
        lots: Lots(lots),
        fee: Cash::ZERO,
        liquidity: Liquidity::Maker,
    }
}

fn quoted_elsewhere(world: &World) -> usize {
    let desk = world.live.venue().desk(Place { symbol: OTHER, ..PLACE }).unwrap();
    desk.orders.iter().filter(|order| order.id.kind == OrderKind::Entry).count()
}

// ---- rounds ----

#[test]
fn a_bar_that_ends_in_the_future_is_none() {
    let mut world = World::new();
    let bar = world.bar(9_700);
    let end = bar.at + Span::hours(1);
    world.live.advance(end - Span(60_001));
    world.sent();
    let last = world.lane().runner.last().copied();
    for event in
        [Event::BarClosed { symbol: SYMBOL, bar }, Event::HistoryLoaded { symbol: SYMBOL, bar }]
    {
        world.live.tell(&event);
        assert_eq!(world.sent(), [], "it decides nothing");
        assert_eq!(world.lane().runner.last().copied(), last, "and is not taken");
    }
    let broken = Anomaly::BrokenBar { symbol: SYMBOL, at: bar.at };
    let reported = |n: &Notice| *n == Notice::Anomaly { what: broken };
    assert_eq!(world.told(reported), 2);
    // A clock that runs a minute ahead is no future.
    world.live.advance(end - Span(60_000));
    world.live.tell(&Event::BarClosed { symbol: SYMBOL, bar });
    assert_eq!(world.lane().runner.last().copied(), Some(bar));
    assert_ne!(world.sent(), []);
}

#[test]
fn of_bars_that_come_late_and_together_only_the_newest_decides() {
    let mut world = World::new();
    let bars = [9_700, 9_600, 9_500].map(|close| world.bar(close));
    world.live.advance(bars[2].at + Span::hours(1) + Span(500));
    world.sent();
    for bar in &bars[..2] {
        world.live.tell(&Event::BarClosed { symbol: SYMBOL, bar: *bar });
        assert_eq!(world.sent(), []);
        assert_eq!(world.lane().runner.last(), Some(bar), "the indicators have it");
    }
    world.live.tell(&Event::BarClosed { symbol: SYMBOL, bar: bars[2] });
    assert_eq!(world.sent().len(), 3, "the ladder moves once");
}

#[test]
fn a_switch_is_judged_before_rungs_that_waited_are_sent() {
    for (limit, sent) in [(2, false), (90, true)] {
        let mut config = pair();
        config.risk.session_loss_grid = Fraction::percent(limit);
        let mut world = World::with(config, |_| {});
        world.on_command(|_, c| Ok(lost_if(matches!(c, Command::PlaceStop { .. }))));
        world.price(9_899);
        assert_eq!(world.held(), 25);
        // The other symbol's ladder moves and waits for the stop that does not come.
        world.closes(9_950, 9_700);
        world.wait(1_000);
        assert_eq!(quoted_elsewhere(&world), 0);
        world.sent();
        // The stop that travelled with the entry ends the cycle, and with it the wait.
        world.live.price(SYMBOL, Ticks(9_300));
        world.wait(1_000);
        assert_eq!(world.results().last().map(|result| result.reason), Some(FillReason::Stop));
        let elsewhere =
            |c: &Command| matches!(c, Command::Place(order) if order.id.symbol == OTHER);
        assert_eq!(world.sent().iter().any(elsewhere), sent, "limit {limit} %");
    }
}

#[test]
fn rungs_held_back_in_an_open_cycle_are_sent_once_its_stop_is_confirmed() {
    let mut world = World::new();
    // Shortly before a close: the stop has not been overdue by then.
    world.wait(3_600_000 - 3_000);
    world.on_command(|_, c| Ok(lost_if(is_stop(c))));
    let deeper = [1, 2].map(|level| world.lane().entries[0][level].unwrap().id);
    world.price(9_899);
    for id in deeper {
        let now = world.live.now();
        world.live.venue_mut().handle(now, &Command::Cancel { id });
    }
    world.wait(200);
    world.close(9_950);
    assert!(world.lane().held_back && world.quoted().is_empty());
    world.heal();
    world.wait(4_000);
    assert_eq!(world.lane().protection.naked_since, None);
    assert_eq!(world.quoted().len(), 2, "without another close");
}

#[test]
fn orders_in_doubt_count_while_a_round_is_granted() {
    let mut config = pair();
    // One ladder of 1 460 USDT fits, two do not.
    config.risk.max_margin_ratio = Fraction::percent(60);
    let mut world = World::with(config, |_| {});
    assert_eq!((world.quoted().len(), quoted_elsewhere(&world)), (3, 0), "by name");
    let resting = world.lane().entries[0];
    let bar = world.bar(10_000);
    world.live.advance(bar.at + Span::hours(1));
    for entry in resting.iter().flatten() {
        world.live.tell(&Event::OrderUnconfirmed { id: entry.id });
    }
    world.sent();
    // The other symbol is nearer to its first level now and takes the place.
    let nearer = Bar { close: Ticks(9_960), ..bar };
    world.live.tell(&Event::BarClosed { symbol: OTHER, bar: nearer });
    world.live.tell(&Event::BarClosed { symbol: SYMBOL, bar });
    assert!(!world.sent().iter().any(is_entry), "what may rest still takes its margin");
    world.wait(20_000);
    assert_eq!((world.quoted().len(), quoted_elsewhere(&world)), (0, 3));
}

#[test]
fn a_cycle_that_a_late_fill_opens_is_not_deepened_during_the_cooldown() {
    let config = longs_with(|params| params.cooldown_bars = 2);
    let mut world = World::with(config, |s| s.delays.request = Span(400));
    world.price(9_899);
    world.wait(1_000);
    world.live.price(SYMBOL, Ticks(10_001));
    world.wait(100);
    // Closed at the target; the cancels of the other levels are under way.
    world.live.price(SYMBOL, Ticks(9_799));
    world.wait(2_000);
    assert_eq!((world.results().len(), world.held()), (1, 51));
    let mut quoted = Vec::new();
    for close in [9_790, 9_780, 9_770] {
        world.price(close);
        world.close(close);
        world.wait(2_000);
        quoted.push(world.quoted().is_empty());
    }
    assert_eq!(world.held(), 51);
    assert_eq!(quoted, [true, true, false]);
}

#[test]
fn a_time_stop_needs_no_indicators() {
    let mut world = World::with(longs_with(|params| params.max_hold_bars = 1), |_| {});
    world.price(9_899);
    world.close(9_850);
    world.live.tell(&Event::BarsLost { symbol: SYMBOL });
    world.sent();
    world.close(9_850);
    assert_eq!(world.lane().runner.view(), None);
    assert!(world.sent().iter().any(is_close));
    world.wait(1_000);
    world.price(9_850);
    world.assert_flat(FillReason::TimeStop);
}

#[test]
fn a_target_that_does_not_work_is_watched_without_indicators() {
    let mut world = World::new();
    world.price(9_899);
    world.on_command(|_, c| {
        if matches!(c, Command::Amend { .. }) { Err(Reject::Busy) } else { Ok(Delivery::Once) }
    });
    world.price(9_799);
    world.heal();
    world.live.tell(&Event::BarsLost { symbol: SYMBOL });
    world.sent();
    // Reached, but not traded through: the order that rests there does not fill.
    world.price(10_000);
    assert!(world.sent().iter().any(is_close));
    world.price(10_000);
    world.assert_flat(FillReason::Target);
}

// ---- executions ----

#[test]
fn the_lost_fill_of_an_exit_that_ended_is_asked_for() {
    let mut world = World::new();
    world.price(9_899);
    let target = world.lane().target.unwrap().id;
    world.on_event(move |_, e| lost_if(matches!(e, Event::OrderFilled(f) if f.id == target)));
    world.sized(10_001, 20);
    assert_eq!((world.held(), world.position()), (50, 30));
    world.heal();
    world.sent();
    let ended = Event::OrderCanceled { id: target, filled: Lots(20), why: Ended::ByExchange };
    world.live.tell(&ended);
    assert!(world.sent().contains(&Command::Query { id: target }));
    world.wait(5_000);
    assert_eq!((world.held(), world.position()), (30, 30));
}

#[test]
fn the_lost_fill_of_an_accepted_close_is_asked_for() {
    let mut world = World::new();
    world.price(9_899);
    world.on_event(|_, e| {
        lost_if(matches!(e, Event::OrderFilled(f) if f.id.kind == OrderKind::Close))
    });
    world.close(10_200);
    world.wait(200);
    world.live.price(SYMBOL, Ticks(9_950));
    world.wait(500);
    assert_eq!((world.held(), world.position()), (50, 0), "nobody told");
    world.heal();
    world.wait(5_000);
    world.assert_flat(FillReason::TargetAtClose);
}

#[test]
fn a_question_that_is_answered_by_known_fills_is_answered() {
    let mut world = World::new();
    world.on_command(|_, c| Ok(lost_if(is_query(c))));
    // An order that nobody here knows any more has executed whole.
    let lost = id(OrderKind::Entry, Direction::Long, 900);
    let known = fill(&world, lost, 900, 9_850, 5);
    world.live.tell(&Event::OrderFilled(known));
    assert!(world.lane().doubts(lost), "what is left of it is asked for");
    world.live.tell(&Event::OrderFilled(known));
    assert!(!world.lane().doubts(lost));
    world.sent();
    world.wait(30_000);
    assert!(!world.sent().contains(&Command::Query { id: lost }));
    assert_eq!(world.held(), 5, "and booked once");
}

#[test]
fn a_fill_that_comes_again_with_other_content_changes_nothing() {
    let mut world = World::new();
    world.price(9_899);
    let mut fills = world.live.sink().0.iter().filter_map(|notice| {
        if let Notice::Filled { fill, .. } = notice { Some(*fill) } else { None }
    });
    let booked = fills.next().unwrap();
    let before = (world.lane().cycle.clone(), world.live.engine().books()[0].wallet.clone());
    for changed in [Fill { price: Ticks(9_901), ..booked }, Fill { lots: Lots(49), ..booked }] {
        world.live.tell(&Event::OrderFilled(changed));
        let what = Anomaly::FillChanged(changed);
        assert_eq!(world.told(|n| *n == Notice::Anomaly { what }), 1);
    }
    world.live.tell(&Event::OrderFilled(booked));
    assert_eq!(world.told(|n| matches!(n, Notice::Anomaly { .. })), 2, "a copy is no surprise");
    let after = (world.lane().cycle.clone(), world.live.engine().books()[0].wallet.clone());
    assert_eq!(before, after);
}

#[test]
fn a_liquidation_told_before_the_entry_of_its_short_closes_it() {
    let mut world = World::with(config(SHORTS), |_| {});
    let entry = world.lane().entries[1][0].unwrap();
    assert_eq!((entry.price, entry.lots), (Ticks(10_100), Lots(49)));
    let at = world.live.now();
    world.live.tell(&Event::PositionLiquidated {
        book: BOOK,
        symbol: SYMBOL,
        fill: FillId(901),
        at,
        price: Ticks(11_500),
        lots: Lots(49),
        fee: Cash(7),
    });
    assert_eq!(world.results().len(), 0);
    let entered = Fill { fee: Cash(5), ..fill(&world, entry.id, 900, 10_100, 49) };
    world.live.tell(&Event::OrderFilled(entered));
    assert_eq!(world.held(), 0);
    let result = world.results()[0];
    assert_eq!((result.reason, result.direction), (FillReason::Liquidation, Direction::Short));
    // 49 · 14 USDT
    assert_eq!(result.gross, -Cash::usdt(686));
    assert_eq!(result.fees, Cash(12), "of the entry and of the exit that was told before it");
    let wallet = &world.live.engine().books()[0].wallet;
    assert_eq!(wallet.balance, Cash::usdt(3_000) + result.net);
}

#[test]
fn the_fee_of_an_exit_told_early_is_in_the_cycle_that_it_closed() {
    let mut world = World::new();
    world.on_event(|_, e| {
        let entry = matches!(e, Event::OrderFilled(fill) if fill.id.kind == OrderKind::Entry);
        if entry { Delivery::Late(Span(600)) } else { Delivery::Once }
    });
    // Three entries and the stop that travelled with them; the stop is told first.
    world.price(9_000);
    world.wait(2_000);
    assert_eq!((world.held(), world.position()), (0, 0));
    let net: Cash = world.results().iter().map(|result| result.net).sum();
    assert_eq!(Some(Cash::usdt(3_000) + net), world.live.venue().balance(BOOK));
}

#[test]
fn before_the_first_price_a_position_is_worth_what_it_cost() {
    let mut engine = Engine::new(longs());
    let entry = id(OrderKind::Entry, Direction::Long, 1);
    let entered = Fill {
        id: entry,
        fill: FillId(1),
        at: Timestamp(0),
        price: Ticks(9_900),
        lots: Lots(50),
        fee: Cash::ZERO,
        liquidity: Liquidity::Maker,
    };
    let _ = engine.step(Timestamp(0), &Event::OrderFilled(entered));
    assert_eq!(engine.lane(BOOK, SYMBOL).unwrap().last, Ticks(9_900));
    assert_eq!(engine.books()[0].unrealised(), Cash::ZERO);
}

// ---- orders ----

#[test]
fn what_the_exchange_ended_is_not_sent_again_before_the_next_close() {
    for (why, again) in [(Ended::ByExchange, 0), (Ended::Requested, 1)] {
        let mut world = World::with(longs(), |s| s.margin = false);
        let id = world.lane().entries[0][1].unwrap().id;
        world.sent();
        world.live.tell(&Event::OrderCanceled { id, filled: Lots(0), why });
        assert_eq!(world.sent().len(), again, "{why:?}");
        world.wait(5_000);
        world.sent();
        world.close(10_000);
        let level = |c: &Command| matches!(c, Command::Place(order) if order.id.level == 1);
        assert_eq!(world.sent().iter().filter(|c| level(c)).count(), 1 - again, "at the close");
    }
}

#[test]
fn a_target_that_is_confirmed_with_other_figures_is_asked_for_thrice_and_then_left() {
    let mut world = World::new();
    world.price(9_899);
    let target = world.lane().target.unwrap();
    world.sent();
    let mut asked = Vec::new();
    for _ in 0..10 {
        let clamped = Event::OrderAccepted { id: target.id, price: Ticks(9_999), lots: Lots(50) };
        world.live.tell(&clamped);
        asked.push(world.sent().len());
    }
    assert_eq!(asked, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert!(!world.lane().target.unwrap().working, "the price is watched instead");
    world.close(9_990);
    assert!(world.sent().iter().any(|c| matches!(c, Command::Amend { .. })), "the next close");
}

#[test]
fn a_stop_that_is_confirmed_with_other_figures_is_asked_for_ever_slower() {
    let mut world = World::new();
    world.price(9_899);
    world.on_command(|_, c| Ok(lost_if(is_stop(c))));
    world.live.tell(&Event::OrderFilled(fill(
        &world,
        world.lane().entries[0][1].unwrap().id,
        900,
        9_800,
        51,
    )));
    let id = world.lane().protection.pending.unwrap().id;
    world.sent();
    let mut waits = Vec::new();
    for _ in 0..5 {
        world.live.tell(&Event::OrderAccepted { id, price: Ticks(9_300), lots: Lots(101) });
        let since = world.live.now();
        while !world.sent().iter().any(is_stop) {
            world.wait(50);
        }
        waits.push((world.live.now() - since).0);
    }
    assert_eq!(waits, [0, 500, 1_000, 2_000, 2_000]);
    assert_eq!(world.stop(), Some((9_300, 101)), "what stands is known meanwhile");
}

#[test]
fn a_stop_refused_as_beyond_the_price_is_asked_for_again_when_the_price_is_back() {
    let mut world = World::with(longs(), |s| s.presets = false);
    world.on_command(|_, c| if is_close(c) { Err(Reject::Busy) } else { Ok(Delivery::Once) });
    world.live.price(SYMBOL, Ticks(9_899));
    world.live.advance(world.live.now() + Span(35));
    world.live.price(SYMBOL, Ticks(9_300));
    world.wait(1_000);
    assert_eq!(world.stop(), None, "refused");
    world.price(9_600);
    assert_eq!(world.stop().map(|stop| stop.1), Some(world.held()), "before the close is through");
}

#[test]
fn a_position_that_outgrows_its_stop_while_a_change_is_under_way_has_its_deadline() {
    let mut world = World::with(longs(), |s| s.presets = false);
    world.price(9_899);
    let second = world.lane().entries[0][1].unwrap().id;
    world.kill();
    world.wait(1_000);
    world.on_command(|_, c| Ok(lost_if(is_stop(c))));
    // Nothing can fill any more: the stop is made smaller, and the answer does not come.
    world.sized(10_001, 20);
    let protection = &world.lane().protection;
    assert_eq!(protection.pending.map(|stop| stop.lots), Some(Lots(30)));
    assert_eq!((world.stop(), protection.naked_since), (Some((9_405, 50)), None));
    let late = fill(&world, second, 900, 9_800, 51);
    world.live.tell(&Event::OrderFilled(late));
    assert_eq!(world.held(), 81);
    assert_eq!(world.lane().protection.naked_since, Some(world.live.now()));
}
