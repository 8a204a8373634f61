//! Rules 3 to 6, 9 and 11: the path inside a bar.

use super::number::{int, ratio};
use super::testing::*;
use super::types::*;

const FILLED: Ohlc = (1000, 1000, 950, 980);

#[test]
fn a_limit_entry_needs_a_trade_through_its_price() {
    assert!(lines(&one(&[(1000, 1005, 960, 980)])).is_empty());
    assert_eq!(lines(&one(&[(1000, 1005, 959, 980)])), ["6p entry0 960 m"]);
}

#[test]
fn a_market_entry_is_touched_and_pays_by_the_run() {
    let touched = market(one(&[(1000, 1000, 960, 980)]));
    assert_eq!(lines(&touched), ["6p entry0 981 t"]); // max(960, 980) · 1.0005
    assert_eq!(lines(&optimistic(touched)), ["6p entry0 961 t"]); // 960 · 1.0005
}

#[test]
fn a_market_entry_at_the_open_pays_by_the_run() {
    let open = market(one(&[(950, 955, 945, 953)]));
    assert_eq!(lines(&open), ["6o entry0 954 t"]); // 953 · 1.0005
    assert_eq!(lines(&optimistic(open)), ["6o entry0 951 t"]); // 950 · 1.0005
}

#[test]
fn the_stop_of_a_market_entry_ignores_the_close_inside_the_bar() {
    // Basis 961: S = 961 · 0.98 = 941.78 → 942; the 999 booked would give 979.
    let run = market(with(&[(1000, 1005, 942, 998)], |p| p.sl_percent = int(2)));
    assert_eq!(lines(&run), ["6p entry0 999 t", "6p sl_global 937 t"]); // 942 · 0.995
    // From the next bar on the price booked counts: S = 999 · 0.98 = 979.02 → 980.
    let next = market(with(&[(1000, 1005, 943, 998), (985, 990, 980, 985)], |p| {
        p.sl_percent = int(2);
        p.min_profit_pct = int(9);
    }));
    assert_eq!(lines(&next), ["6p entry0 999 t", "7p sl_global 975 t"]); // 980 · 0.995
}

#[test]
fn the_stop_follows_each_fill_of_the_bar() {
    let run = with(&[(1000, 1005, 880, 890)], |p| p.sl_percent = int(5));
    let entries = ["6p entry0 960 m", "6p entry1 940 m", "6p entry2 920 m"];
    assert_eq!(lines(&run)[..3], entries);
    assert_eq!(lines(&run)[3], "6p sl_global 888 t"); // S = 893; 893 · 0.995
    assert_eq!(lines(&optimistic(run))[3], "6p sl_global 892 t"); // 893 · 0.9995
}

#[test]
fn a_deeper_level_at_the_stop_leaves_only_the_stop() {
    // Level 1 rests at 890; 960 · (1 − 7.2917 %) = 890 too, so it is not quoted: only the stop.
    let run = with(&[FILLED, (980, 985, 890, 900)], |p| p.sl_percent = ratio(700, 96));
    assert_eq!(lines(&run), ["6p entry0 960 m", "7p sl_global 885 t"]); // 890 · 0.995
}

#[test]
fn a_touched_level_equal_to_the_stop_goes_first() {
    // Planned S = 960 · 0.978 → 939, so level 1 at 940 is quoted; the 961 paid makes S = 940.
    let run = market(with(&[(1000, 1000, 940, 980)], |p| p.sl_percent = ratio(22, 10)));
    assert_eq!(lines(&optimistic(run)), ["6p entry0 961 t", "6p entry1 941 t"]);
}

#[test]
fn the_target_is_the_moving_average_rounded_up_and_needs_a_trade_through() {
    let at = [FILLED, (985, 995, 984, 985)];
    assert_eq!(lines(&one(&at)), ["6p entry0 960 m"]);
    let through = [FILLED, (985, 996, 984, 985)];
    assert_eq!(lines(&one(&through)), ["6p entry0 960 m", "7p tp_global 995 m"]);
    let odd = [(1000, 1005, 955, 979), (985, 996, 984, 985)]; // SMA 994.75
    assert_eq!(lines(&one(&odd)), ["6p entry0 960 m", "7p tp_global 995 m"]);
}

#[test]
fn the_target_respects_the_least_profit() {
    let run = with(&[FILLED, (985, 1007, 984, 985)], |p| p.min_profit_pct = ratio(48, 10));
    // 960 · 1.048 = 1006.08 → 1007 is not traded through.
    assert_eq!(lines(&run), ["6p entry0 960 m"]);
}

#[test]
fn only_the_optimistic_run_reaches_the_target_of_a_fresh_cycle() {
    let run = one(&[(1000, 1015, 955, 980)]);
    assert_eq!(lines(&run), ["6p entry0 960 m"]);
    assert_eq!(lines(&optimistic(run)), ["6p entry0 960 m", "6p tp_global 1000 m"]);
}

#[test]
fn an_entry_bars_the_target_in_the_pessimistic_run() {
    // Level 1 at 890, T = 995, both inside bar 7.
    let run = one(&[FILLED, (980, 1000, 880, 940)]);
    assert_eq!(lines(&run), ["6p entry0 960 m", "7p entry1 890 m"]);
    assert_eq!(lines(&optimistic(run)), ["6p entry0 960 m", "7p tp_global 995 m"]);
}

#[test]
fn stop_first_in_one_run_target_first_in_the_other() {
    let run = with(&[FILLED, (980, 1000, 900, 940)], |p| p.sl_percent = int(2));
    assert_eq!(lines(&run), ["6p entry0 960 m", "7p sl_global 936 t"]);
    assert_eq!(lines(&optimistic(run)), ["6p entry0 960 m", "7p tp_global 995 m"]);
}

fn both_sides(row: Ohlc) -> Input {
    with(&[row], |p| p.short = true)
}

#[test]
fn with_both_sides_the_nearer_extreme_is_first() {
    let high = both_sides((1000, 1045, 950, 1010));
    assert_eq!(lines(&high), ["6p entry0 1040 m"]);
    assert_eq!(lines(&optimistic(high)), ["6p entry0 1040 m", "6p tp_global 1000 m"]);
    let tie = both_sides((1000, 1050, 950, 990));
    assert_eq!(lines(&tie), ["6p entry0 960 m"]);
    assert_eq!(lines(&optimistic(tie)), ["6p entry0 960 m", "6p tp_global 1000 m"]);
}

#[test]
fn a_cycle_of_the_second_leg_does_not_reach_its_target() {
    let run = optimistic(both_sides((1000, 1030, 950, 990)));
    assert_eq!(lines(&run), ["6p entry0 960 m"]);
}

#[test]
fn isolated_liquidation_comes_where_the_margin_ends() {
    let mut run = with(&[(1000, 1005, 860, 900)], |p| p.num_levels = 1);
    run.strategies[0].leverage = 10;
    run.margin_mode = MarginMode::Isolated;
    // 960 · (1 − 0.1 + 0.005) = 868.8 → 869; 869 · 0.9995 = 868.57.
    assert_eq!(lines(&run), ["6p entry0 960 m", "6p liquidation 868 t"]);
}

#[test]
fn cross_liquidation_closes_the_wallet() {
    let quiet = (1000, 1010, 990, 1000);
    let mut run =
        input(vec![symbol("A", &[FILLED, quiet]), symbol("B", &[FILLED, (980, 981, 700, 800)])]);
    run.strategies[0].leverage = 10;
    run.strategies[0].symbols[0].params.num_levels = 1;
    run.strategies[0].symbols[1].params.num_levels = 1;
    run.strategies[0].symbols[0].params.min_profit_pct = int(9);
    run.strategies[0].symbols[1].params.sl_percent = int(50);
    // Each holds 52.08 at 960; fees 2 · 9.99936. A's bar 7 closes at 1000: +2083.2 − 260.4.
    // B: (10000 − 19.99872 + 2083.2 − 260.4 − 49996.8) / −(52.08 · 0.995) = 737.13 → 738.
    let expected = [
        "6p entry0 960 m",
        "6p entry0 960 m",
        "7p liquidation 999 t", // 1000 · 0.9995 = 999.5
        "7p liquidation 737 t", // 738 · 0.9995 = 737.6
    ];
    assert_eq!(lines(&run), expected);
}

/// A fall, then a jump over the upper band at bar 9: UP. Entry at the open of bar 10.
fn mono(rows: &[Ohlc]) -> Input {
    let fall = [(1000, 1010, 990, 995), (995, 1000, 985, 990), (990, 995, 985, 990)];
    let jump = [(990, 1060, 990, 1060)];
    let mut run = one(&[&fall[..], &jump[..], rows].concat());
    run.strategies[0].kind = Kind::Supertrend;
    only(&mut run).sl_percent = int(2);
    run
}

#[test]
fn a_mono_position_enters_at_the_open_and_keeps_its_exits() {
    let target = mono(&[(1060, 1065, 1055, 1060), (1060, 1110, 1055, 1100)]);
    // 1060 · 1.0005 = 1060.53 → 1061; T = 1061 · 1.04 = 1103.44 → 1104.
    assert_eq!(lines(&target), ["10o entry 1061 t", "11p tp 1104 m"]);
    let both = mono(&[(1060, 1065, 1055, 1060), (1060, 1110, 1000, 1100)]);
    // S = 1061 · 0.98 = 1039.78 → 1040; 1040 · 0.995 = 1034.8.
    assert_eq!(lines(&both), ["10o entry 1061 t", "11p sl 1034 t"]);
    assert_eq!(lines(&optimistic(both)), ["10o entry 1061 t", "11p tp 1104 m"]);
}

#[test]
fn a_mono_position_is_sized_by_its_risk() {
    let fills = super::run(&mono(&[(1060, 1065, 1055, 1060)])).fills;
    // 10000 · 0.02 / (0.02 + 0.0006 + 0.0005) = 9478.67; / 1060 = 8.9421.
    assert_eq!(fills[0].lots, 894);
}
