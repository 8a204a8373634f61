//! How orders execute: makers, takers, parts, reductions, flips, latency.

use super::*;

const MAKER: Liquidity = Liquidity::Maker;
const TAKER: Liquidity = Liquidity::Taker;

#[test]
fn a_limit_fills_at_its_price_when_the_price_trades_through_it() {
    let mut rig = Rig::new();
    rig.enter(1, 9_900, 10).price(9_900);
    assert_eq!(rig.deals(), [], "a touch is not a trade through");
    rig.price(9_899);
    assert_eq!(rig.deals(), [(9_900, 10, MAKER)]);
}

#[test]
fn a_limit_that_crosses_on_arrival_takes_the_better_of_price_and_limit() {
    let mut rig = Rig::new();
    rig.enter(1, 10_200, 10);
    assert_eq!(rig.deals(), [(10_010, 10, TAKER)], "the market and slippage");
    rig.enter(2, 10_005, 10);
    assert_eq!(rig.deals(), [(10_005, 10, TAKER)], "never worse than the limit");
}

#[test]
fn a_market_order_waits_for_the_next_price() {
    let mut rig = Rig::new();
    rig.entry(Direction::Long, 1, None, 10, Some(9_000));
    assert_eq!(rig.deals(), []);
    rig.price(10_100);
    assert_eq!(rig.deals(), [(10_111, 10, TAKER)], "10 100 and 0.1 %, rounded against us");
}

#[test]
fn slippage_is_switchable() {
    let mut rig = Rig::with(|s| s.slippage = Fraction::ZERO);
    rig.entry(Direction::Long, 1, None, 10, Some(9_000)).price(10_100);
    assert_eq!(rig.deals(), [(10_100, 10, TAKER)]);
}

#[test]
fn latency_decides_whether_the_order_was_there() {
    for (latency, deals) in [(0, 1), (100, 1), (101, 0)] {
        let mut rig = Rig::with(|s| s.delays.request = Span(latency));
        rig.enter(1, 9_900, 10).wait(100).price(9_800).price(9_950).wait(200);
        assert_eq!(rig.deals().len(), deals, "{latency} ms");
    }
}

#[test]
fn a_late_limit_crosses_where_an_early_one_rested() {
    let mut rig = Rig::with(|s| s.delays.request = Span(100));
    rig.enter(1, 9_900, 10).wait(50).price(9_800).wait(50);
    assert_eq!(rig.deals(), [(9_810, 10, TAKER)]);
}

#[test]
fn a_cancel_that_is_late_finds_the_order_filled() {
    let mut rig = Rig::with(|s| s.delays.request = Span(100));
    rig.enter(1, 9_900, 10).wait(100);
    let order = id(OrderKind::Entry, Direction::Long, 1);
    rig.send(Command::Cancel { id: order }).wait(99).price(9_800).wait(1);
    let events = rig.events();
    assert!(events.iter().any(|e| matches!(e, Event::OrderFilled(_))));
    let refused = Event::OrderRejected { id: order, why: Reject::UnknownOrder };
    assert_eq!(events.last(), Some(&refused));
}

#[test]
fn reports_and_prices_reach_the_trader_later() {
    let mut rig = Rig::with(|s| {
        s.delays.report = Span(30);
        s.delays.market_data = Span(70);
    });
    rig.wait(70).events();
    rig.enter(1, 9_900, 10).price(9_800);
    let order = id(OrderKind::Entry, Direction::Long, 1);
    assert_eq!(
        rig.events(),
        [Event::OrderAccepted { id: order, price: Ticks(9_900), lots: Lots(10) }]
    );
    assert_eq!(rig.venue.next_due(), Some(rig.now + Span(30)));
    assert_eq!(rig.held(), 10, "the exchange knows before the trader does");
    assert_eq!(rig.wait(30).fills().len(), 1);
    let now = rig.wait(40).now;
    let moved = Event::PriceMoved { book: None, symbol: SYMBOL, price: Ticks(9_800) };
    assert_eq!(rig.venue.take_due(now), Some((now, moved)));
}

#[test]
fn the_size_of_a_print_limits_what_fills() {
    let mut rig = Rig::new();
    rig.enter(1, 9_900, 10).sized(9_800, 4);
    assert_eq!(rig.deals(), [(9_900, 4, MAKER)]);
    rig.sized(9_850, 4).sized(9_900, 4).sized(9_899, 4);
    assert_eq!(rig.deals(), [(9_900, 4, MAKER), (9_900, 2, MAKER)]);

    let mut rig = Rig::with(|s| s.partial_fills = false);
    rig.enter(1, 9_900, 10).sized(9_800, 4);
    assert_eq!(rig.deals(), [(9_900, 10, MAKER)]);
}

#[test]
fn a_crossing_order_takes_what_the_last_print_left() {
    let mut rig = Rig::new();
    rig.sized(10_000, 4).enter(1, 10_100, 10);
    assert_eq!(rig.deals(), [(10_010, 4, TAKER)]);
    rig.sized(10_050, 100);
    assert_eq!(rig.deals(), [(10_100, 6, MAKER)], "the rest rests at its own price");
}

#[test]
fn a_part_that_filled_stays_when_the_rest_is_cancelled() {
    let mut rig = Rig::new();
    rig.enter(1, 9_900, 10).sized(9_800, 4);
    let order = id(OrderKind::Entry, Direction::Long, 1);
    rig.send(Command::Cancel { id: order });
    let canceled = Event::OrderCanceled { id: order, filled: Lots(4), why: Ended::Requested };
    assert_eq!(rig.events().last(), Some(&canceled));
    assert_eq!(rig.held(), 4);
}

#[test]
fn the_nearest_order_fills_first() {
    let mut rig = Rig::new();
    rig.enter(1, 9_700, 1).enter(2, 9_900, 1).enter(3, 9_800, 1).price(9_600);
    let prices: Vec<i64> = rig.deals().iter().map(|deal| deal.0).collect();
    assert_eq!(prices, [9_900, 9_800, 9_700]);
}

#[test]
fn fills_have_ids_of_their_own_and_fees_round_up() {
    let mut rig = Rig::new();
    rig.enter(1, 9_999, 7).sized(9_900, 3).sized(9_900, 4);
    let fills = rig.fills();
    assert_ne!(fills[0].fill, fills[1].fill);
    // 3 · 99.99 · 0.02 % = 0.059994
    assert_eq!(fills[0].fee, Cash(5_999_400));
    let paid: Cash = fills.iter().map(|fill| fill.fee).sum();
    assert_eq!(rig.balance(), Cash::usdt(3_000) - paid);
}

#[test]
fn what_reduces_is_clipped_to_the_position() {
    let mut rig = Rig::new();
    rig.holding(10).reduce(OrderKind::Close, None, 15).price(10_000);
    assert_eq!(rig.deals(), [(9_990, 10, TAKER)]);
    assert_eq!(rig.held(), 0);
}

#[test]
fn an_entry_of_the_other_side_reduces_and_flips() {
    let mut rig = Rig::new();
    rig.holding(10).entry(Direction::Short, 2, Some(10_100), 4, Some(11_000)).price(10_101);
    assert_eq!(rig.deals(), [(10_100, 4, MAKER)]);
    assert_eq!(rig.held(), 6);
    rig.stop(3, 9_500, 6).events();
    rig.entry(Direction::Short, 4, Some(10_200), 10, Some(11_000)).price(10_201);
    let stop = id(OrderKind::Stop, Direction::Long, 3);
    let swept = Event::OrderCanceled { id: stop, filled: Lots(0), why: Ended::NothingToReduce };
    assert!(rig.events().contains(&swept), "the long's stop goes with the long");
    assert_eq!(rig.held(), -4);
    assert_eq!(rig.desk().position.unwrap().cost, Cash(10_200 * 4 * 1_000_000));
    assert_eq!(rig.desk().preset, Some(Ticks(11_000)), "the short has the stop that came with it");
}

#[test]
fn a_result_is_what_was_received_less_what_was_paid() {
    let mut rig = Rig::new();
    rig.holding(10).reduce(OrderKind::Target, Some(10_100), 10).sized(10_200, 3).sized(10_200, 7);
    assert_eq!(rig.held(), 0);
    // 10 · (101 − 99) − 0.02 % of 990 and of 1010
    assert_eq!(rig.balance(), Cash::usdt(3_020) - Cash(19_800_000) - Cash(20_200_000));
}

#[test]
fn what_stays_behind_a_flat_position_depends_on_sweeps() {
    for (sweeps, left) in [(true, 0), (false, 1)] {
        let mut rig = Rig::with(|s| s.sweeps = sweeps);
        rig.holding(10).reduce(OrderKind::Target, Some(10_100), 10).stop(2, 9_500, 10);
        rig.price(10_200);
        assert_eq!(rig.held(), 0);
        assert_eq!(rig.desk().orders.len(), left, "an orphan stop");
        rig.price(9_400).price(10_000);
        assert_eq!(rig.held(), 0, "reduce-only: an orphan opens nothing");
        assert_eq!(rig.desk().orders.len(), 0);
    }
}

#[test]
fn an_order_is_found_only_once_it_is_visible() {
    let mut rig = Rig::with(|s| s.delays.visibility = Span(1_000));
    let order = id(OrderKind::Entry, Direction::Long, 1);
    rig.enter(1, 9_900, 10).sized(9_800, 4).events();
    rig.wait(999).send(Command::Query { id: order });
    assert_eq!(rig.events(), [Event::OrderNotFound { id: order }]);
    rig.wait(1).send(Command::Query { id: order });
    let events = rig.events();
    assert!(matches!(events[0], Event::OrderFilled(fill) if fill.lots == Lots(4)));
    assert_eq!(events[1], Event::OrderAccepted { id: order, price: Ticks(9_900), lots: Lots(6) });
}

#[test]
fn the_record_answers_for_ended_orders() {
    let mut rig = Rig::new();
    let order = id(OrderKind::Entry, Direction::Long, 1);
    rig.enter(1, 9_900, 10).sized(9_800, 4).send(Command::Cancel { id: order });
    let told = rig.fills();
    rig.send(Command::Query { id: order });
    let events = rig.events();
    assert_eq!(events[0], Event::OrderFilled(told[0]), "the same execution again");
    let canceled = Event::OrderCanceled { id: order, filled: Lots(4), why: Ended::Requested };
    assert_eq!(events[1], canceled);
    let unknown = id(OrderKind::Entry, Direction::Long, 77);
    rig.send(Command::Query { id: unknown });
    assert_eq!(rig.events(), [Event::OrderNotFound { id: unknown }]);
}

#[test]
fn a_client_id_is_unique_among_live_orders_only() {
    let mut rig = Rig::new();
    rig.enter(1, 9_900, 10).enter(1, 9_900, 10).events();
    assert_eq!(rig.desk().orders.len(), 1, "a copy of a resting order changes nothing");
    rig.price(9_899).enter(1, 9_850, 10).price(9_800);
    assert_eq!(rig.held(), 20, "a copy after the execution is an order of its own");
}

#[test]
fn a_question_asked_too_early_costs_a_second_position() {
    // Whoever takes "not found" for "not placed" sends the order again.
    for (visibility, held) in [(0, 10), (1_000, 20)] {
        let mut rig = Rig::with(|s| s.delays.visibility = Span(visibility));
        let order = id(OrderKind::Entry, Direction::Long, 1);
        rig.enter(1, 9_900, 10).wait(500).send(Command::Query { id: order });
        if rig.events().contains(&Event::OrderNotFound { id: order }) {
            rig.enter(2, 9_900, 10);
        }
        rig.price(9_899);
        let filled: i64 = rig.deals().iter().map(|deal| deal.1).sum();
        assert_eq!((filled, rig.held()), (held, held), "{visibility} ms");
    }
}
