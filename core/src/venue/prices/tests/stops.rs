//! Stops: triggers, slippage, presets.

use super::*;

#[test]
fn a_stop_executes_at_its_trigger_or_beyond_it() {
    let mut rig = Rig::new();
    rig.holding(10).stop(2, 9_500, 10).price(9_501);
    assert_eq!(rig.deals(), []);
    rig.price(9_500);
    assert_eq!(rig.deals(), [(9_490, 10, Liquidity::Taker)], "the trigger and slippage");

    let mut rig = Rig::with(|s| s.stop_slippage = Fraction::ZERO);
    rig.holding(10).stop(2, 9_500, 10).price(9_200);
    assert_eq!(rig.deals(), [(9_200, 10, Liquidity::Taker)], "the gap is paid");
}

#[test]
fn the_mark_price_triggers_and_the_last_price_pays() {
    for (mark_triggers, deals) in [(true, 1), (false, 0)] {
        let mut rig = Rig::with(|s| s.mark_triggers = mark_triggers);
        rig.holding(10).stop(2, 9_500, 10).marked(9_600, 9_500);
        assert_eq!(rig.deals().len(), deals);
    }
    let mut rig = Rig::new();
    rig.holding(10).stop(2, 9_500, 10).marked(9_300, 9_501);
    assert_eq!(rig.deals(), [], "a wick of the last price alone");
}

#[test]
fn a_triggered_stop_goes_on_until_it_is_filled() {
    let mut rig = Rig::new();
    rig.holding(10).stop(2, 9_500, 10).sized(9_500, 4).sized(9_700, 4);
    let stop = id(OrderKind::Stop, Direction::Long, 2);
    assert_eq!(rig.send(Command::Cancel { id: stop }).refusal(), Some(Reject::UnknownOrder));
    rig.sized(9_800, 4);
    assert_eq!(rig.held(), 0);
}

#[test]
fn a_preset_protects_from_the_fill_on() {
    for (presets, held) in [(true, 0), (false, 10)] {
        let mut rig = Rig::with(|s| s.presets = presets);
        rig.entry(Direction::Long, 1, Some(9_900), 10, Some(9_500)).price(9_450);
        assert_eq!(rig.held(), held, "within the same price");
    }
}

#[test]
fn a_stop_order_takes_over_from_the_preset() {
    let mut rig = Rig::new();
    rig.entry(Direction::Long, 1, Some(9_900), 10, Some(9_500)).price(9_890).stop(2, 9_300, 10);
    rig.price(9_400);
    assert_eq!(rig.held(), 10, "the preset is gone");
    rig.price(9_300);
    assert_eq!(rig.held(), 0);
}

#[test]
fn a_preset_guards_what_the_stop_order_does_not_cover() {
    let mut rig = Rig::new();
    rig.holding(10).stop(2, 9_300, 10);
    rig.entry(Direction::Long, 3, Some(9_800), 5, Some(9_500)).price(9_790).events();
    assert_eq!(rig.desk().uncovered(), Lots(5));
    rig.price(9_500);
    assert_eq!(rig.deals(), [(9_490, 5, Liquidity::Taker)]);
    assert_eq!(rig.held(), 10);
    let stop = id(OrderKind::Stop, Direction::Long, 2);
    assert_eq!(rig.desk().live(stop).unwrap().rest(), Lots(10));
}

#[test]
fn an_amended_stop_covers_more_and_moves() {
    let mut rig = Rig::new();
    rig.holding(10).stop(2, 9_300, 4);
    let stop = id(OrderKind::Stop, Direction::Long, 2);
    rig.send(Command::AmendStop { id: stop, trigger: Ticks(9_600), lots: Lots(10) });
    let stands = Event::OrderAccepted { id: stop, price: Ticks(9_600), lots: Lots(10) };
    assert_eq!(rig.events().last(), Some(&stands));
    rig.price(9_600);
    assert_eq!(rig.held(), 0);
}

#[test]
fn a_level_above_the_stop_fills_before_it() {
    let mut rig = Rig::with(|s| s.stop_slippage = Fraction::ZERO);
    rig.holding(10).stop(2, 9_500, 20).enter(3, 9_700, 10).price(9_400);
    let deals = [(9_700, 10, Liquidity::Maker), (9_400, 20, Liquidity::Taker)];
    assert_eq!(rig.deals(), deals);
}

#[test]
fn a_short_is_a_long_in_the_mirror() {
    let mut rig = Rig::new();
    rig.entry(Direction::Short, 1, Some(10_100), 10, Some(10_500)).price(10_100);
    assert_eq!(rig.deals(), []);
    rig.price(10_101);
    assert_eq!(rig.deals(), [(10_100, 10, Liquidity::Maker)]);
    rig.price(10_600);
    assert_eq!(rig.deals(), [(10_611, 10, Liquidity::Taker)], "beyond the trigger, and slippage");
}

#[test]
fn a_preset_stays_until_a_stop_order_made_after_it_covers_everything() {
    let mut rig = Rig::new();
    rig.holding(10).stop(2, 9_300, 15);
    rig.entry(Direction::Long, 3, Some(9_800), 5, Some(9_500)).price(9_790).events();
    let stop = id(OrderKind::Stop, Direction::Long, 2);
    let amend = |lots| Command::AmendStop { id: stop, trigger: Ticks(9_300), lots: Lots(lots) };
    rig.send(amend(10)).events();
    assert_eq!((rig.desk().uncovered(), rig.desk().preset), (Lots(5), Some(Ticks(9_500))));
    rig.send(amend(15)).events();
    assert_eq!(rig.desk().preset, None);
    rig.price(9_400);
    assert_eq!(rig.held(), 15);
}
