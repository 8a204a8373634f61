//! What the exchange does by itself: liquidation, delisting, funding, deposits.

use super::*;
use crate::venue::fixture::OTHER;

/// An entry on the other symbol of the same wallet.
fn enter_other(rig: &mut Rig, lots: i64) {
    let id = OrderId { symbol: OTHER, ..id(OrderKind::Entry, Direction::Long, 50) };
    let (limit, lots) = (Some(Ticks(9_900)), Lots(lots));
    rig.venue.set_leverage(Place { symbol: OTHER, ..PLACE }, 5).unwrap();
    rig.venue.price(rig.now, OTHER, Ticks(10_000), Ticks(10_000));
    rig.send(Command::Place(NewOrder { id, limit, lots, preset: None }));
    rig.venue.price(rig.now, OTHER, Ticks(9_899), Ticks(9_899));
}

fn liquidations(rig: &mut Rig) -> Vec<(SymbolId, i64, i64)> {
    let all = rig.events().into_iter();
    let one = |event| {
        if let Event::PositionLiquidated { symbol, price, lots, .. } = event {
            Some((symbol, price.0, lots.0))
        } else {
            None
        }
    };
    all.filter_map(one).collect()
}

#[test]
fn an_isolated_position_is_liquidated_when_its_margin_is_used_up() {
    let mut rig = Rig::with(|s| s.slippage = Fraction::ZERO);
    rig.venue.set_margin_mode(PLACE, MarginMode::Isolated).unwrap();
    rig.holding(100).enter(2, 7_000, 1).events();
    // 9 900 · (1 − 1/5 + 1 %) = 8 019
    assert_eq!(rig.venue.liquidation_price(PLACE), Some(Ticks(8_019)));
    rig.price(8_020);
    assert_eq!(rig.held(), 100);
    rig.price(8_019);
    assert_eq!(liquidations(&mut rig), [(SYMBOL, 8_019, 100)]);
    assert!(rig.desk().orders.is_empty(), "its orders went first");
    // −100 · 18.81 − 1.98 (entry fee) − 80.19 (1 % of 8 019)
    assert_eq!(rig.balance(), Cash::usdt(3_000 - 1_881) - Cash(198_000_000 + 8_019_000_000));
}

#[test]
fn a_cross_wallet_falls_together() {
    let mut rig = Rig::with(|s| s.slippage = Fraction::ZERO);
    rig.holding(70);
    enter_other(&mut rig, 70);
    rig.events();
    rig.price(6_000);
    assert_eq!(liquidations(&mut rig), [], "3 000 less 2 730 is more than 1 % of 11 100");
    rig.price(5_600);
    let last = liquidations(&mut rig);
    assert_eq!(last.len(), 2);
    assert_eq!(last[1], (OTHER, 9_899, 70));
    assert_eq!(rig.held(), 0);
}

#[test]
fn an_isolated_neighbour_keeps_its_margin_to_itself() {
    let mut rig = Rig::new();
    let elsewhere = Place { symbol: OTHER, ..PLACE };
    rig.venue.set_margin_mode(elsewhere, MarginMode::Isolated).unwrap();
    rig.holding(70);
    let alone = rig.venue.liquidation_price(PLACE).unwrap();
    enter_other(&mut rig, 70);
    assert!(rig.venue.liquidation_price(PLACE).unwrap() > alone, "less is shared");
    rig.events();
    rig.price(4_000);
    assert_eq!(liquidations(&mut rig).len(), 1, "only the cross position goes");
    assert!(rig.venue.desk(elsewhere).unwrap().position.is_some());
}

#[test]
fn the_stop_comes_before_the_liquidation_behind_it() {
    let mut rig = Rig::new();
    rig.venue.set_margin_mode(PLACE, MarginMode::Isolated).unwrap();
    rig.holding(100).stop(2, 8_100, 100).events();
    rig.price(7_900);
    assert_eq!(liquidations(&mut rig), []);
    assert_eq!(rig.held(), 0);

    let mut rig = Rig::new();
    rig.venue.set_margin_mode(PLACE, MarginMode::Isolated).unwrap();
    rig.holding(100).stop(2, 7_950, 100).events();
    rig.price(7_900);
    assert_eq!(liquidations(&mut rig), [(SYMBOL, 7_892, 100)], "the stop lay beyond it");
}

#[test]
fn liquidation_is_switchable() {
    let mut rig = Rig::with(|s| s.liquidation = false);
    rig.holding(150).price(5_000);
    assert_eq!(rig.held(), 150);
}

#[test]
fn a_delisting_closes_everything() {
    let mut rig = Rig::new();
    rig.holding(10).enter(2, 9_800, 5).events();
    rig.venue.set_status(rig.now, SYMBOL, Status::Delisted);
    let events = rig.events();
    let entry = id(OrderKind::Entry, Direction::Long, 2);
    let ended = Event::OrderCanceled { id: entry, filled: Lots(0), why: Ended::ByExchange };
    assert!(events.contains(&ended));
    assert!(matches!(events.last(), Some(Event::OrderFilled(fill)) if fill.price == Ticks(10_000)));
    assert_eq!(rig.held(), 0);
    assert_eq!(rig.enter(3, 9_800, 5).refusal(), Some(Reject::Suspended));
}

#[test]
fn funding_is_settled_half_even_on_what_is_held() {
    let mut rig = Rig::new();
    rig.holding(10);
    let before = rig.balance();
    // 10 · 100 USDT · 0.0001
    rig.venue.settle(rig.now, SYMBOL, Fraction(10_000), Ticks(10_000));
    let paid = Cash(-10_000_000);
    let events = rig.events();
    assert!(
        matches!(events[..], [Event::FundingSettled { amount, lots: Lots(10), .. }] if amount == paid)
    );
    assert_eq!(rig.balance() - before, paid, "a long pays when the rate is positive");
    rig.reduce(OrderKind::Close, None, 10).price(10_000).events();
    rig.venue.settle(rig.now, SYMBOL, Fraction(10_000), Ticks(10_000));
    assert_eq!(rig.events(), [], "nothing is held");
}

#[test]
fn deposits_are_facts() {
    let mut rig = Rig::new();
    assert_eq!(rig.enter(1, 9_900, 160).refusal(), Some(Reject::InsufficientMargin));
    rig.venue.deposit(rig.now, BOOK, Cash::usdt(1_000));
    assert_eq!(rig.events(), [Event::BalanceMoved { book: BOOK, amount: Cash::usdt(1_000) }]);
    assert_eq!(rig.enter(2, 9_900, 160).refusal(), None);
}
