//! Rules 7, 8, 10 and the switches: what happens at a close.

use super::number::{int, ratio};
use super::run;
use super::series::{Series, wilder_atr};
use super::testing::*;
use super::types::*;

const FILLED: Ohlc = (1000, 1000, 950, 980);
const QUIET: Ohlc = (1000, 1010, 990, 1000);

#[test]
fn nothing_fills_after_a_close_and_the_cooldown_counts_from_its_bar() {
    // Stopped in bar 6 at 2 %. Level 0 at the closes of bars 6, 7 and 8: SMA 985, 970, 955,
    // ATR 60, 72.5, 98.75.
    let rows =
        [(1000, 1005, 905, 940), (940, 945, 860, 940), (940, 945, 820, 940), (940, 945, 750, 940)];
    let third = |n: usize| {
        let run = with(&rows, |p| (p.sl_percent, p.cooldown_candles) = (int(2), n));
        assert_eq!(lines(&run)[..2], ["6p entry0 960 m", "6p sl_global 936 t"]);
        lines(&run)[2].clone()
    };
    assert_eq!(third(0), "7p entry0 865 m");
    assert_eq!(third(1), "8p entry0 825 m");
    assert_eq!(third(2), "9p entry0 757 m");
}

#[test]
fn a_level_that_exits_at_the_open_cools_from_that_bar() {
    let run = with(&[(1000, 1005, 955, 1000), (1003, 1010, 990, 1000), FILLED], |p| {
        p.cooldown_candles = 1;
    });
    // Exit at O(7), b = 7: quoted at the close of bar 8 only.
    assert_eq!(lines(&run), ["6p entry0 960 m", "7o tp_global 1002 t"]);
}

#[test]
fn the_time_stop_needs_its_age_and_a_loss() {
    let low = (950, 955, 945, 950);
    let run = with(&[(1000, 1005, 955, 958), low, low, low], |p| p.max_hold_candles = 2);
    assert_eq!(lines(&run), ["6p entry0 960 m", "9o time_stop 949 t"]); // 950 · 0.9995
    let gain = (970, 975, 965, 970);
    let run = with(&[(1000, 1005, 955, 970), gain, gain], |p| p.max_hold_candles = 2);
    assert_eq!(lines(&run), ["6p entry0 960 m"]);
}

#[test]
fn the_atr_is_wilders() {
    let atr = wilder_atr(&after_quiet(&[FILLED]), 2);
    assert_eq!(atr[..3], [None, None, Some(20.0)]);
    assert_eq!(atr[6], Some(35.0));
}

#[test]
fn the_direction_comes_from_complete_buckets_as_they_complete() {
    let row = |n: i64| (1000 + n, 1010 + n, 990 + n, 1000 + n);
    let mut rows: Vec<Ohlc> = (0..16).map(|_| row(0)).collect();
    rows.extend((0..4).map(|_| row(200)));
    let mut all = bars(&rows);
    for bar in &mut all {
        bar.open_ms += HOUR; // the first bucket lacks an hour
    }
    let series = Series::new(Kind::GridMultiTf, &params(), &all, HOUR);
    // Buckets complete at bars 6, 10 and 14; ATR(2) is defined from the third.
    assert_eq!(series.trend(13), None);
    assert_eq!(series.trend(14), Some(-1));
    assert_eq!(series.trend(17), Some(-1));
    assert_eq!(series.trend(18), Some(1)); // C 1200 over 1000 + 20
}

#[test]
fn a_flip_closes_at_the_next_open_and_withdraws_the_ladder() {
    let mut rows = vec![QUIET; 14];
    rows.extend([(1000, 1045, 1000, 1035), (1035, 1039, 1030, 1035), (1035, 1039, 1030, 1035)]);
    rows.extend([(1035, 1039, 1030, 1039), (1030, 1200, 900, 1030)]);
    let mut run = with(&rows, |p| (p.long, p.short, p.ma_period) = (true, true, 20));
    run.strategies[0].kind = Kind::GridMultiTf;
    // Down: only the short ladder. 1040 is filled in bar 20 on the way to 1045. The bucket of
    // bars 20 to 23 closes at 1039, over the upper band 1020: flip at O(24).
    let expected = ["20p entry0 1040 m", "24o direction_flip 1031 t"]; // 1030 · 1.0005
    assert_eq!(lines(&run)[..2], expected);
    assert_eq!(run.strategies[0].symbols[0].bars.len(), 25);
}

#[test]
fn the_nearest_symbol_gets_the_only_slot_and_loses_it_again() {
    let wide = (1000, 1020, 980, 1000);
    let mut run = input(vec![symbol("A", &[wide, FILLED]), symbol("B", &[QUIET, FILLED])]);
    run.max_live_grids = 1;
    // At the close of bar 5 both are equal: A by name. At the close of bar 6 B is nearer.
    assert_eq!(run_symbols(&run), ["B"]);
    run.strategies[0].symbols[0].bars[6] = after_quiet(&[QUIET])[6];
    assert_eq!(run_symbols(&run), ["A"]);
}

fn run_symbols(input: &Input) -> Vec<String> {
    run(input).fills.iter().map(|f| f.symbol.clone()).collect()
}

#[test]
fn a_ladder_that_does_not_fit_the_cap_leaves_its_slot() {
    let mut run = input(vec![symbol("A", &[FILLED]), symbol("B", &[FILLED])]);
    run.max_margin_ratio = ratio(7, 10);
    assert_eq!(run_symbols(&run), ["A"]); // two ladders of half the balance each
    run.strategies[0].symbols[0].params.num_levels = 3;
    run.max_margin_ratio = ratio(4, 10);
    assert!(run_symbols(&run).is_empty());
    run.max_margin_ratio = int(1);
    run.min_free_margin_percent = int(20);
    assert_eq!(run_symbols(&run), ["A"]);
}

#[test]
fn group_limits_count_directions_and_margin() {
    let mut run = input(vec![symbol("A", &[FILLED]), symbol("B", &[FILLED])]);
    run.groups.insert("none".to_owned(), (1, int(100)));
    assert_eq!(run_symbols(&run), ["A"]);
    run.groups.insert("none".to_owned(), (2, int(60)));
    assert_eq!(run_symbols(&run), ["A"]);
    run.groups.insert("none".to_owned(), (2, int(100)));
    assert_eq!(run_symbols(&run), ["A", "B"]);
    run.max_concurrent_positions = 1;
    assert_eq!(run_symbols(&run), ["A"]);
}

#[test]
fn a_round_trip_that_only_pays_fees_is_not_quoted() {
    // Ladder of one level at 960, T 1000: 4.17 % against 2 · 2.1 %.
    let mut run = with(&[FILLED], |p| p.num_levels = 1);
    run.maker = ratio(21, 1000);
    assert!(lines(&run).is_empty());
    run.maker = ratio(20, 1000);
    assert_eq!(lines(&run).len(), 1);
}

#[test]
fn volatility_gate_and_spacing_floor() {
    assert!(lines(&with(&[FILLED], |p| p.min_atr_pct = 2.1)).is_empty());
    assert_eq!(lines(&with(&[FILLED], |p| p.min_atr_pct = 2.0)).len(), 1);
    // A* = 1000 · 2.2 / 100 = 22: level 0 at 956.
    let floor = with(&[FILLED], |p| p.min_grid_spacing_pct = 2.2);
    assert_eq!(lines(&floor), ["6p entry0 956 m"]);
}

#[test]
fn the_margin_per_level_is_frozen_while_the_cycle_lives() {
    let rows = [FILLED, (980, 985, 880, 940), (940, 1000, 935, 990)];
    let fills = run(&one(&rows)).fills;
    assert_eq!((fills[1].price_ticks, fills[1].lots), (890, 1123)); // 10000 / 890, fees ignored
}

/// Level 0 at half an ATR: bar 6 loses most of the wallet, every later bar would fill.
fn crash() -> Input {
    let mut rows = vec![(1000, 1005, 600, 700)];
    rows.extend(vec![(700, 705, 640, 700); 40]);
    with(&rows, |p| (p.num_levels, p.atr_multiplier_start) = (1, 0.5))
}

#[test]
fn the_session_switch_blocks_until_midnight() {
    let mut run_ = crash();
    run_.global_loss_percent = int(100);
    let output = run(&run_);
    assert_eq!(output.trips[0].ms, 7 * HOUR);
    assert_eq!((&*output.trips[0].scope, &*output.trips[0].kind), ("grid", "session"));
    assert_eq!(output.fills[2].ms, 25 * HOUR - 1); // quoted at 24:00
    run_.on_trip = OnTrip::Stop;
    assert_eq!(run(&run_).fills.len(), 2);
}

#[test]
fn the_global_switch_blocks_for_a_day() {
    let mut run_ = crash();
    run_.session_loss_percent_grid = int(100);
    let output = run(&run_);
    assert_eq!(output.trips[0].ms, 7 * HOUR);
    assert_eq!((&*output.trips[0].scope, &*output.trips[0].kind), ("global", "global"));
    assert_eq!(output.fills[2].ms, 32 * HOUR - 1); // quoted at 31:00
}

#[test]
fn balance_and_unrealised_are_told_apart() {
    let output = run(&one(&[FILLED]));
    assert_eq!(output.final_balance[0].1, int(10_000) - ratio(199_872, 100_000));
    assert_eq!(output.final_unrealised[0].1, ratio(2082, 10)); // (980 − 960) · 10.41
}

/// A market without pattern: a linear congruence moves it.
fn restless(seed: u64, length: usize) -> Vec<Ohlc> {
    let mut state = seed;
    let mut next = |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % n) as i64
    };
    let mut close = 1000;
    let mut row = || {
        let open = (close + next(31) - 15).max(300);
        let moved = (open + next(81) - 40 + (1000 - open) / 20).max(300);
        let (high, low) = (open.max(moved) + next(30), open.min(moved) - next(30));
        close = moved;
        (open, high, low, moved)
    };
    (0..length).map(|_| row()).collect()
}

fn restless_pair(kind: Kind, length: usize) -> Input {
    let funded = |name, seed| {
        let mut one = symbol(name, &restless(seed, length));
        one.params.short = true;
        one.funding =
            (0..length as i64).map(|n| (n * 8 * HOUR, ratio(n % 7 - 3, 10_000))).collect();
        one
    };
    let mut all = input(vec![funded("A", 1), funded("B", 2)]);
    all.strategies[0].kind = kind;
    all
}

#[test]
fn the_balance_is_the_sum_of_its_facts() {
    for kind in [Kind::GridAtr, Kind::GridMultiTf, Kind::Supertrend] {
        let output = run(&restless_pair(kind, 500));
        let mut cash = int(10_000);
        for fill in &output.fills {
            let value = int(fill.price_ticks * fill.lots) / int(100);
            cash += if fill.side == Side::Sell { value } else { -value } - &fill.fee;
        }
        cash = output.funding.iter().fold(cash, |sum, f| sum + &f.amount);
        let mut held = int(0);
        for (name, last) in [("A", 0), ("B", 1)] {
            let of = output.fills.iter().filter(|f| f.symbol == name);
            let sign = |f: &Fill| if f.side == Side::Buy { f.lots } else { -f.lots };
            let close = restless_pair(kind, 500).strategies[0].symbols[last].bars[505].c;
            held += int(of.map(sign).sum::<i64>() * close) / int(100);
        }
        assert!(output.fills.len() > 20, "{kind:?} {}", output.fills.len());
        assert_eq!(cash + held, &output.final_balance[0].1 + &output.final_unrealised[0].1);
    }
}

#[test]
fn later_bars_change_nothing_earlier() {
    for kind in [Kind::GridAtr, Kind::GridMultiTf, Kind::Supertrend] {
        let whole = run(&restless_pair(kind, 300)).fills;
        let mut cut = restless_pair(kind, 300);
        cut.strategies[0].symbols.iter_mut().for_each(|s| s.bars.truncate(200));
        let part = run(&cut).fills;
        assert_eq!(whole[..part.len()], part);
        assert!(whole[part.len()..].iter().all(|f| f.ms >= 200 * HOUR));
    }
}
