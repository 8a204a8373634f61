//! Rules 0 to 2: numbers, what is in force, the order of work at the open.

use super::number::{fee_up, half_even, int, ratio, tick_down, tick_up};
use super::run;
use super::testing::*;

/// Bar 6 fills level 0 at 960 and closes at 980: SMA 995, ATR 35, deeper levels 890 and 855.
const FILLED: Ohlc = (1000, 1000, 950, 980);

#[test]
fn prices_snap_before_they_round() {
    assert_eq!(tick_down(&ratio(9_599_999_999, 10_000_000)), 960);
    assert_eq!(tick_down(&ratio(959_999, 1000)), 959);
    assert_eq!(tick_up(&ratio(9_600_000_001, 10_000_000)), 960);
    assert_eq!(tick_up(&ratio(960_001, 1000)), 961);
}

#[test]
fn fees_round_up_and_funding_half_even() {
    assert_eq!(fee_up(&ratio(1, 1_000_000_000)), ratio(1, 100_000_000));
    assert_eq!(half_even(&ratio(25, 1_000_000_000)), ratio(2, 100_000_000));
    assert_eq!(half_even(&ratio(35, 1_000_000_000)), ratio(4, 100_000_000));
    assert_eq!(half_even(&ratio(-25, 1_000_000_000)), ratio(-2, 100_000_000));
    assert_eq!(half_even(&ratio(-26, 1_000_000_000)), ratio(-3, 100_000_000));
}

#[test]
fn quantity_is_floored_and_the_fee_is_exact() {
    let fill = &run(&one(&[FILLED])).fills[0];
    assert_eq!(fill.lots, 1041); // floor(10000 / 960 / 0.01)
    assert_eq!(fill.fee, ratio(199_872, 100_000)); // 10.41 · 960 · 0.0002
}

#[test]
fn nothing_is_quoted_before_the_warm_up_or_from() {
    let mut late = one(&[FILLED]);
    late.strategies[0].symbols[0].warmup_bars = 7;
    assert!(lines(&late).is_empty());

    let mut from = one(&[FILLED]);
    from.from_ms = Some(6 * HOUR);
    assert_eq!(lines(&from), ["6p entry0 960 m"]);
    from.from_ms = Some(6 * HOUR + 1);
    assert!(lines(&from).is_empty());
}

#[test]
fn an_order_within_the_tolerance_keeps_its_price() {
    // SMA 1001, level 961: one tick of 961 is within 0.2 %.
    let kept = one(&[(1000, 1010, 990, 1004), (1004, 1005, 959, 1000)]);
    assert_eq!(lines(&kept), ["7p entry0 960 m"]);
    // SMA 1002, level 962: two ticks are not (1.924).
    let moved = one(&[(1000, 1010, 990, 1008), (1004, 1005, 960, 1000)]);
    assert_eq!(lines(&moved), ["7p entry0 962 m"]);
}

#[test]
fn in_market_mode_levels_follow_without_tolerance() {
    let moved = optimistic(market(one(&[(1000, 1010, 990, 1004), (1000, 1001, 961, 990)])));
    assert_eq!(lines(&moved), ["7p entry0 962 t"]); // 961 · 1.0005 up
}

#[test]
fn a_level_at_or_beyond_the_prospective_stop_is_not_quoted() {
    // Level 0 alone stops at 960 · 0.98 = 940.8 → 941, above level 1.
    let run = with(&[(1000, 1005, 941, 980)], |p| p.sl_percent = int(2));
    assert_eq!(lines(&run), ["6p entry0 960 m", "6p sl_global 936 t"]); // 941 · 0.995
    // 960 · (1 − 2.0833…%) = 940 exactly: at the stop is beyond it.
    let at = with(&[(1000, 1005, 939, 980)], |p| p.sl_percent = ratio(200, 96));
    assert_eq!(lines(&at), ["6p entry0 960 m", "6p sl_global 935 t"]); // 940 · 0.995 = 935.3
}

#[test]
fn a_decided_close_takes_the_open() {
    // C = 1000 ≥ T = 1000 at bar 6.
    let run = one(&[(1000, 1005, 955, 1000), (1003, 1100, 500, 1000)]);
    assert_eq!(lines(&run), ["6p entry0 960 m", "7o tp_global 1002 t"]); // 1003 · 0.9995
}

#[test]
fn a_close_decided_before_a_bar_without_volume_is_decided_anew() {
    let rows = [(1000, 1005, 955, 1000), (1003, 1003, 1003, 980), (990, 991, 989, 990)];
    let mut run = one(&rows);
    run.strategies[0].symbols[0].bars[7].volume_is_zero = true;
    // SMA 995 at bar 7, C = 980: no close any more. Bar 8 closes at 990, T = 993.
    assert_eq!(lines(&run), ["6p entry0 960 m"]);
}

#[test]
fn a_bar_without_volume_fills_nothing_but_pays_funding() {
    let mut run_ = one(&[FILLED, (980, 985, 975, 980), (980, 990, 500, 980)]);
    run_.strategies[0].symbols[0].bars[8].volume_is_zero = true;
    run_.strategies[0].symbols[0].funding = vec![(8 * HOUR, ratio(1, 10_000))];
    let output = run(&run_);
    assert_eq!(output.fills.len(), 1);
    // 0.0001 · 10.41 · 980, paid by the long.
    assert_eq!(output.funding[0].amount, ratio(-102_018, 100_000));
}

#[test]
fn funding_is_on_what_is_held_at_the_end_of_the_bar_before() {
    let mut run_ = one(&[FILLED]);
    run_.strategies[0].symbols[0].funding =
        vec![(6 * HOUR, ratio(1, 10_000)), (7 * HOUR, ratio(1, 10_000))];
    assert!(run(&run_).funding.is_empty());
}

#[test]
fn a_gap_fills_kept_levels_at_their_prices_and_then_the_stop() {
    // P̄ = 2997700/3190 = 939.7; S = 893 at 5 %.
    let run = with(&[(1000, 1010, 990, 1000), (870, 900, 860, 880)], |p| p.sl_percent = int(5));
    let expected = ["7o entry0 960 m", "7o entry1 940 m", "7o entry2 920 m", "7o sl_global 869 t"];
    assert_eq!(lines(&run), expected); // 870 · 0.9995 = 869.565
}

#[test]
fn a_gap_stops_before_a_level_that_lies_deeper() {
    // After bar 6: held 960, S = 941 at 2 %; levels 890 and 855 are beyond it.
    let run = with(&[FILLED, (930, 931, 800, 900)], |p| p.sl_percent = int(2));
    assert_eq!(lines(&run), ["6p entry0 960 m", "7o sl_global 929 t"]); // 930 · 0.9995
}

#[test]
fn a_new_level_that_the_open_has_passed_is_taken_at_the_open() {
    let run = one(&[(950, 951, 945, 950)]);
    assert_eq!(lines(&run), ["6o entry0 951 t"]); // 950 · 1.0005 up
    let capped = one(&[(960, 965, 959, 960)]);
    assert_eq!(lines(&capped), ["6o entry0 960 t"]); // never above the level
}

#[test]
fn a_new_target_that_the_open_has_passed_is_taken_at_the_open() {
    let run = one(&[FILLED, (997, 998, 990, 995)]);
    assert_eq!(lines(&run), ["6p entry0 960 m", "7o tp_global 996 t"]); // 997 · 0.9995
    let at = one(&[FILLED, (995, 998, 990, 995)]);
    assert_eq!(lines(&at), ["6p entry0 960 m", "7o tp_global 995 t"]); // never below T
}

#[test]
fn a_kept_target_fills_at_its_price_in_a_gap() {
    // T = 960 · 1.05 = 1008 at the closes of bars 6 and 7.
    let rows = [FILLED, (980, 985, 975, 980), (1020, 1030, 1010, 1020)];
    let run = with(&rows, |p| p.min_profit_pct = int(5));
    assert_eq!(lines(&run), ["6p entry0 960 m", "8o tp_global 1008 m"]);
}

#[test]
fn shorts_mirror() {
    let mut run = with(&[(1000, 1045, 995, 1020), (1000, 1001, 990, 1000)], |p| {
        (p.long, p.short) = (false, true);
    });
    assert_eq!(lines(&run), ["6p entry0 1040 m", "7o tp_global 1001 t"]); // 1000 · 1.0005
    run.strategies[0].symbols[0].bars[6] = after_quiet(&[(1050, 1055, 1045, 1050)])[6];
    assert_eq!(lines(&run)[0], "6o entry0 1049 t"); // 1050 · 0.9995 = 1049.475
}
