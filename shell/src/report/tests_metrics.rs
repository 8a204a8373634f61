//! Metrics against examples computed by hand.

use rust_decimal::Decimal;

use super::metrics::{
    Basis, DAY_MS, DrawdownTracker, Window, buy_and_hold, compute, daily_returns, sharpe, sortino,
    total_equity,
};
use super::result::{
    CloseReason, Cycle, Direction, DrawdownBasis, EquityCurve, EquityPoint, OpenCycle, PathResult,
};

const HOUR: i64 = 3_600_000;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

/// A cycle of book `b` from hour `opened` to hour `closed`, with 1 of fees and 0.5 of funding.
fn cycle(opened: i64, closed: i64, net: &str) -> Cycle {
    Cycle {
        book: "b".to_owned(),
        symbol: "BTCUSDT".to_owned(),
        cycle: 1,
        direction: Direction::Long,
        opened: opened * HOUR,
        closed: closed * HOUR,
        reason: CloseReason::Target,
        average_entry: d("100"),
        average_exit: d("101"),
        quantity: d("1"),
        levels_filled: 1,
        gross: d(net) + d("0.5"),
        fees: d("1"),
        funding: d("0.5"),
        net: d(net),
        params_hash: String::new(),
    }
}

fn open_cycle(opened: i64, unrealised: &str) -> OpenCycle {
    OpenCycle {
        book: "b".to_owned(),
        symbol: "ETHUSDT".to_owned(),
        cycle: 7,
        direction: Direction::Short,
        opened: opened * HOUR,
        average_entry: d("100"),
        last_price: d("101"),
        stop: None,
        quantity: d("1"),
        levels_filled: 1,
        fees: d("2"),
        funding: d("-3"),
        unrealised: d(unrealised),
        params_hash: String::new(),
    }
}

fn days(equity: &[&str]) -> Vec<EquityPoint> {
    let point = |(i, e): (usize, &&str)| EquityPoint::new(i as i64 * DAY_MS, d(e), Decimal::ZERO);
    equity.iter().enumerate().map(point).collect()
}

fn metrics_of(cycles: &[Cycle], open: &[OpenCycle]) -> super::result::Metrics {
    let window = Window { from: 0, to: 100 * HOUR };
    let basis = Basis { capital: d("1000"), ..Basis::default() };
    let (cycles, open): (Vec<_>, Vec<_>) = (cycles.iter().collect(), open.iter().collect());
    compute(window, basis, &cycles, &open, &[])
}

#[test]
fn wins_losses_and_money() {
    let cycles = [cycle(0, 1, "10"), cycle(2, 3, "30"), cycle(4, 5, "-20"), cycle(6, 7, "0")];
    let m = metrics_of(&cycles, &[]);
    assert_eq!((m.cycles, m.wins, m.losses), (4, 2, 2));
    assert_eq!((m.win_rate_percent, m.profit_factor), (Some(50.0), Some(2.0)));
    assert_eq!((m.average_win, m.average_loss), (Some(d("20")), Some(d("-10"))));
    assert_eq!((m.net_profit, m.fees, m.funding), (d("20"), d("4"), d("2.0")));
    assert_eq!(m.return_percent, Some(2.0));
}

#[test]
fn an_open_cycle_is_apart_but_its_costs_have_left_the_balance() {
    let m = metrics_of(&[cycle(0, 1, "10")], &[open_cycle(50, "-50")]);
    assert_eq!((m.cycles, m.open_cycles, m.win_rate_percent), (1, 1, Some(100.0)));
    // 10 of the closed cycle, less 2 of fees and 3 of funding of the open one.
    assert_eq!((m.net_profit, m.open_unrealised), (d("5"), d("-50")));
    assert_eq!(m.return_percent, Some(0.5));
    assert_eq!(m.return_with_open_percent, Some(-4.5));
    let longest = m.longest_cycle.unwrap();
    assert_eq!((longest.symbol.as_str(), longest.hours, longest.open), ("ETHUSDT", 50.0, true));
}

#[test]
fn what_the_data_cannot_support_is_none_and_not_zero() {
    let none = metrics_of(&[], &[]);
    assert_eq!((none.win_rate_percent, none.profit_factor, none.average_win), (None, None, None));
    assert_eq!((none.sharpe, none.sortino, none.max_drawdown), (None, None, None));
    assert_eq!((none.longest_cycle, none.exposure_percent), (None, Some(0.0)));
    let winner = metrics_of(&[cycle(0, 1, "10")], &[]);
    assert_eq!((winner.profit_factor, winner.average_loss), (None, None));
}

#[test]
fn overlapping_cycles_count_once_in_the_exposure() {
    let cycles = [cycle(10, 20, "1"), cycle(15, 30, "1"), cycle(-5, 2, "1")];
    let m = metrics_of(&cycles, &[open_cycle(90, "0")]);
    assert!(close(m.exposure_percent.unwrap(), 20.0 + 2.0 + 10.0));
}

#[test]
fn sharpe_and_sortino_of_three_days() {
    // +10 %, −10 %, +10 %: mean 1/30, deviation √(0.04/3) = 0.11547, downside √0.005.
    let returns = daily_returns(&days(&["100", "110", "99", "108.9"]));
    assert_eq!(returns.len(), 3);
    assert!(close(sharpe(&returns).unwrap(), 5.515_130_7), "{:?}", sharpe(&returns));
    assert!(close(sortino(&returns).unwrap(), 9.006_170_7), "{:?}", sortino(&returns));
}

#[test]
fn ratios_need_two_returns_and_a_deviation() {
    assert_eq!(sharpe(&[0.1]), None);
    assert_eq!(sharpe(&[0.1, 0.1, 0.1]), None);
    assert_eq!(sharpe(&[0.0, 0.0]), None);
    assert_eq!(sortino(&[0.1, 0.2]), None);
    assert!(sharpe(&[0.0, 0.1]).is_some());
}

#[test]
fn only_midnights_make_returns() {
    let mut points = days(&["100", "110"]);
    points.insert(0, EquityPoint::new(-HOUR, d("50"), Decimal::ZERO));
    points.push(EquityPoint::new(DAY_MS + HOUR, d("500"), Decimal::ZERO));
    assert_eq!(daily_returns(&points).len(), 1);
    assert!(close(daily_returns(&points)[0], 0.1));
    assert!(daily_returns(&days(&["0", "10"])).is_empty());
}

#[test]
fn the_deepest_fall_and_its_dates() {
    let mut tracker = DrawdownTracker::new(DrawdownBasis::Bar);
    assert_eq!(tracker.worst(), None);
    for (time, equity) in
        ["100", "120", "90", "119", "120", "121", "60.5", "100"].iter().enumerate()
    {
        tracker.push(time as i64, d(equity));
        if time == 4 {
            let fall = tracker.worst().unwrap();
            assert_eq!((fall.percent, fall.amount), (25.0, d("30")));
            assert_eq!((fall.peak.ms, fall.trough.ms), (1, 2));
            assert_eq!(fall.recovered.unwrap().ms, 4);
        }
    }
    let fall = tracker.worst().unwrap();
    assert_eq!((fall.percent, fall.peak.ms, fall.trough.ms), (50.0, 5, 6));
    assert_eq!((fall.recovered, fall.basis), (None, DrawdownBasis::Bar));
}

#[test]
fn buy_and_hold_is_equal_weighted() {
    assert!(close(buy_and_hold(&[(100.0, 150.0), (10.0, 9.0)]).unwrap(), 20.0));
    assert_eq!(buy_and_hold(&[]), None);
    assert_eq!(buy_and_hold(&[(0.0, 1.0)]), None);
}

#[test]
fn total_equity_takes_the_latest_point_of_each_book() {
    let point = |time, balance, unrealised| EquityPoint::new(time, d(balance), d(unrealised));
    let curve = |book: &str, points| EquityCurve { book: book.to_owned(), points };
    let total = total_equity(&[
        curve("a", vec![point(0, "100", "0"), point(10, "110", "-5")]),
        curve("b", vec![point(5, "50", "1"), point(10, "60", "2")]),
    ]);
    let expected = [point(0, "150", "0"), point(5, "150", "1"), point(10, "170", "-3")];
    assert_eq!(total, expected);
}

#[test]
fn a_balance_that_is_not_its_facts_is_refused() {
    let mut path = PathResult {
        cycles: vec![cycle(0, 1, "10")],
        equity: vec![EquityCurve { book: "b".to_owned(), points: days(&["1000", "1010"]) }],
        ..PathResult::default()
    };
    let basis = Basis { capital: d("1000"), ..Basis::default() };
    let books = [("b".to_owned(), basis.clone())];
    let window = Window { from: 0, to: DAY_MS };
    path.measure(window, &books, basis.clone()).unwrap();
    assert_eq!(path.total.net_profit, d("10"));
    assert_eq!(path.metrics(Some("b")), Some(&path.total));

    path.cycles[0].net = d("10.00000001");
    let fault = path.measure(window, &books, basis).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the balance of b ended at 1010, its facts add up to 1010.00000001"
    );
}
