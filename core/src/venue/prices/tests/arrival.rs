//! What is refused on arrival, and that what stood before still stands.

use alloc::vec;

use super::*;
use crate::venue::fixture::OTHER;

#[test]
fn orders_below_the_minimum_are_refused() {
    let rules = Rules { min_lots: Lots(3), ..Rig::new().venue.market(SYMBOL).unwrap().rules };
    for (minimums, entry, close) in [
        (Minimums::All, Some(Reject::BelowMinimum), Some(Reject::BelowMinimum)),
        (Minimums::Entries, Some(Reject::BelowMinimum), None),
        (Minimums::Off, None, None),
    ] {
        let mut rig = Rig::with(|s| s.minimums = minimums);
        rig.venue.set_rules(SYMBOL, rules);
        rig.holding(10);
        assert_eq!(rig.enter(2, 9_900, 2).refusal(), entry);
        assert_eq!(rig.reduce(OrderKind::Target, Some(10_100), 2).refusal(), close);
        // What was refused does not fill.
        let some =
            |refused: Option<Reject>, deal| if refused.is_none() { vec![deal] } else { vec![] };
        rig.price(10_101);
        assert_eq!(rig.deals(), some(close, (10_100, 2, Liquidity::Maker)), "{minimums:?}");
        rig.price(9_899);
        assert_eq!(rig.deals(), some(entry, (9_900, 2, Liquidity::Maker)), "{minimums:?}");
        let held = 10 - 2 * i64::from(close.is_none()) + 2 * i64::from(entry.is_none());
        assert_eq!(rig.held(), held, "{minimums:?}");
    }
    // 9 lots at 99 ticks of 0.0005 USDT: 0.45 USDT.
    for (minimums, held) in [(Minimums::Entries, 0), (Minimums::Off, 9)] {
        let mut rig = Rig::with(|s| s.minimums = minimums);
        rig.venue.set_rules(SYMBOL, Rules { value: 50_000, ..rules });
        let refusal = (held == 0).then_some(Reject::BelowMinimum);
        assert_eq!(rig.entry(Direction::Long, 2, Some(99), 9, Some(90)).refusal(), refusal);
        rig.price(98);
        assert_eq!(rig.held(), held, "{minimums:?}");
    }
}

#[test]
fn figures_off_the_steps_are_refused() {
    let rules = Rig::new().venue.market(SYMBOL).unwrap().rules;
    for (precision, refusal) in [(true, Some(Reject::Precision)), (false, None)] {
        let mut rig = Rig::with(|s| s.precision = precision);
        rig.venue.set_rules(SYMBOL, Rules { price_step: 5, lot_step: 10, ..rules });
        assert_eq!(rig.enter(1, 9_903, 10).refusal(), refusal, "price");
        assert_eq!(rig.enter(2, 9_900, 12).refusal(), refusal, "quantity");
        assert_eq!(rig.enter(3, 9_900, 10).refusal(), None);
        assert_eq!(rig.enter(4, 9_900, 0).refusal(), Some(Reject::Precision), "nothing");
        rig.price(9_800);
        let maker = |price, lots| (price, lots, Liquidity::Maker);
        let deals = match refusal {
            Some(_) => vec![maker(9_900, 10)],
            None => vec![maker(9_903, 10), maker(9_900, 12), maker(9_900, 10)],
        };
        assert_eq!(rig.deals(), deals, "what was refused does not fill");
    }
}

#[test]
fn entries_need_free_margin() {
    // 3 000 USDT at 5×: 15 000 of notional.
    let mut rig = Rig::new();
    assert_eq!(rig.enter(1, 10_000 - 1, 100).refusal(), None);
    assert_eq!(rig.enter(2, 9_900, 60).refusal(), Some(Reject::InsufficientMargin));
    assert_eq!(rig.enter(3, 9_900, 50).refusal(), None);
    rig.price(9_000);
    assert_eq!(rig.held(), 150);

    let mut rig = Rig::with(|s| s.margin = false);
    rig.enter(1, 9_999, 100).enter(2, 9_900, 60).price(9_850);
    assert_eq!(rig.held(), 160);
}

#[test]
fn of_two_sides_the_larger_needs_margin_and_a_reduction_none() {
    let mut rig = Rig::new();
    rig.enter(1, 9_900, 140).entry(Direction::Short, 2, Some(10_100), 140, Some(11_000));
    assert_eq!(rig.refusal(), None, "one of the two sides will be withdrawn");
    assert_eq!(rig.enter(3, 9_900, 20).refusal(), Some(Reject::InsufficientMargin));
    rig.price(9_899).entry(Direction::Short, 4, Some(10_200), 140, Some(11_000));
    assert_eq!(rig.refusal(), None, "it only takes off the long");
}

#[test]
fn reductions_need_a_position() {
    let mut rig = Rig::new();
    assert_eq!(rig.reduce(OrderKind::Close, None, 5).refusal(), Some(Reject::NoPosition));
    assert_eq!(rig.stop(2, 9_000, 5).refusal(), Some(Reject::NoPosition));
    let mut rig = Rig::with(|s| s.needs_position = false);
    assert_eq!(rig.reduce(OrderKind::Close, None, 5).refusal(), None);
    rig.price(10_000);
    let close = id(OrderKind::Close, Direction::Long, 900);
    let ended = Event::OrderCanceled { id: close, filled: Lots(0), why: Ended::NothingToReduce };
    assert_eq!(rig.events(), [ended]);
}

#[test]
fn a_stop_on_the_wrong_side_of_the_mark_is_refused() {
    let mut rig = Rig::new();
    rig.holding(10).marked(10_000, 9_800);
    assert_eq!(rig.stop(2, 9_800, 10).refusal(), Some(Reject::WrongSide), "at the mark");
    assert_eq!(rig.stop(3, 9_799, 10).refusal(), None);
    let stop = id(OrderKind::Stop, Direction::Long, 3);
    rig.send(Command::AmendStop { id: stop, trigger: Ticks(9_900), lots: Lots(10) });
    assert_eq!(rig.refusal(), Some(Reject::WrongSide));
    assert_eq!(rig.desk().live(stop).unwrap().kind, OrderType::Stop(Ticks(9_799)), "it stands");
    rig.entry(Direction::Long, 4, Some(9_700), 10, Some(9_700));
    assert_eq!(rig.refusal(), Some(Reject::WrongSide), "the stop of an entry at its own price");

    let mut rig = Rig::with(|s| s.stop_side = false);
    rig.holding(10).stop(2, 10_050, 10).price(10_000);
    assert_eq!(rig.held(), 0, "it fires at once");
}

#[test]
fn a_suspended_symbol_takes_nothing_and_fills_nothing() {
    let mut rig = Rig::new();
    rig.holding(10).enter(2, 9_800, 5).stop(3, 9_000, 10).events();
    rig.venue.set_status(rig.now, SYMBOL, Status::Suspended);
    assert_eq!(rig.enter(4, 9_800, 5).refusal(), Some(Reject::Suspended));
    let order = id(OrderKind::Entry, Direction::Long, 2);
    assert_eq!(rig.send(Command::Cancel { id: order }).refusal(), Some(Reject::Suspended));
    rig.price(8_000);
    assert_eq!((rig.deals(), rig.held()), (Vec::new(), 10));
    rig.venue.set_status(rig.now, SYMBOL, Status::Trading);
    rig.price(8_000);
    let deals = rig.deals().len();
    assert_eq!((deals, rig.held()), (3, 0), "the entry, the stop, and the stop that came with it");
}

#[test]
fn an_announced_delisting_allows_reductions_only() {
    let mut rig = Rig::new();
    rig.holding(10).enter(2, 9_800, 5).events();
    rig.venue.set_status(rig.now, SYMBOL, Status::CloseOnly);
    assert_eq!(rig.enter(3, 9_700, 5).refusal(), Some(Reject::Suspended));
    let order = id(OrderKind::Entry, Direction::Long, 2);
    assert_eq!(rig.send(Command::Cancel { id: order }).refusal(), None, "what rests may leave");
    rig.reduce(OrderKind::Close, None, 10).price(10_000);
    assert_eq!(rig.held(), 0);
}

#[test]
fn unknown_orders_cannot_be_changed() {
    let mut rig = Rig::new();
    rig.holding(10);
    let target = id(OrderKind::Target, Direction::Long, 5);
    let stop = id(OrderKind::Stop, Direction::Long, 6);
    for command in [
        Command::Amend { id: target, price: Ticks(10_100), lots: Lots(10) },
        Command::AmendStop { id: stop, trigger: Ticks(9_000), lots: Lots(10) },
        Command::Cancel { id: target },
    ] {
        assert_eq!(rig.send(command).refusal(), Some(Reject::UnknownOrder));
    }
}

#[test]
fn leverage_is_locked_by_positions_and_orders() {
    let set = |leverage| Command::SetLeverage { book: BOOK, symbol: SYMBOL, leverage };
    let mut rig = Rig::new();
    assert_eq!(rig.send(set(2)).refusal(), None);
    rig.enter(1, 9_900, 10);
    assert_eq!(rig.send(set(5)).refusal(), Some(Reject::Locked));
    let (mode, locked) = (MarginMode::Isolated, Err(Reject::Locked));
    assert_eq!(rig.venue.set_margin_mode(PLACE, mode), locked);
    assert_eq!(rig.enter(2, 9_900, 60).refusal(), Some(Reject::InsufficientMargin), "2× of 3 000");
    let elsewhere = Place { symbol: OTHER, ..PLACE };
    assert_eq!(rig.venue.set_margin_mode(elsewhere, mode), Ok(()), "other symbols are free");

    rig.price(9_899);
    assert_eq!(rig.held(), 10);

    let mut rig = Rig::with(|s| s.locks = false);
    rig.enter(1, 9_900, 10).send(set(2)).send(set(5)).enter(2, 9_900, 60);
    assert_eq!(rig.refusal(), None);
    rig.price(9_899);
    assert_eq!(rig.held(), 70, "what 5× carries fills");
}

#[test]
fn a_margin_mode_that_changes_under_a_position_changes_where_it_is_liquidated() {
    // 100 lots at 9 900 with 5×: alone it is liquidated near 8 019, with the wallet near 6 970.
    for (locks, held) in [(true, 100), (false, 0)] {
        let mut rig = Rig::with(|s| s.locks = locks);
        rig.holding(100);
        let answer = rig.venue.set_margin_mode(PLACE, MarginMode::Isolated);
        assert_eq!(answer, if locks { Err(Reject::Locked) } else { Ok(()) });
        rig.price(8_000);
        assert_eq!(rig.held(), held);
    }
}

#[test]
fn leverage_has_a_ceiling() {
    let mut rig = Rig::new();
    let set = |leverage| Command::SetLeverage { book: BOOK, symbol: SYMBOL, leverage };
    assert_eq!(rig.send(set(21)).refusal(), Some(Reject::Precision));
    assert_eq!(rig.send(set(0)).refusal(), Some(Reject::Precision));
    assert_eq!(rig.send(set(20)).refusal(), None);
}
