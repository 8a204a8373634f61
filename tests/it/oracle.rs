//! SMA, ATR and Supertrend against the official `ta-lib` crate, value by value, to 1e-9 of the
//! value: over seeded series, and over every recorded hourly file when `GARDEFOU_CANDLES` is set.
//! The two Supertrends start differently and agree from the first common flip on.

use gardefou_core::indicator::{Atr, Sma, Supertrend};
use gardefou_core::market::Bar;
use gardefou_core::money::Direction;
use gardefou_world::case::START;
use gardefou_world::market::{self, Style};
use ta_lib::Core;

use crate::recorded;

const PERIODS: [u32; 6] = [2, 7, 10, 14, 20, 50];
const MULTIPLIERS: [f64; 4] = [0.5, 1.0, 2.0, 3.0];

/// A series as the oracle takes it.
struct Columns {
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

impl Columns {
    fn of(bars: &[Bar]) -> Self {
        let column = |pick: fn(&Bar) -> i64| bars.iter().map(|bar| pick(bar) as f64).collect();
        Self {
            high: column(|bar| bar.high.0),
            low: column(|bar| bar.low.0),
            close: column(|bar| bar.close.0),
        }
    }
}

fn near(own: f64, oracle: f64) -> bool {
    (own - oracle).abs() <= 1e-9 * oracle.abs()
}

/// Compares from the oracle's first value on, and that both start at the same bar.
fn values(what: &str, own: &[Option<f64>], begin: usize, oracle: &[f64]) -> usize {
    let first = own.iter().position(Option::is_some);
    assert_eq!(first, Some(begin), "{what}: first value");
    for (index, (own, oracle)) in own[begin..].iter().zip(oracle).enumerate() {
        let own = own.expect("defined from its first value on");
        assert!(near(own, *oracle), "{what} at {}: {own} and {oracle}", begin + index);
    }
    assert_eq!(own.len() - begin, oracle.len(), "{what}: number of values");
    oracle.len()
}

fn averages(core: &Core, bars: &[Bar], columns: &Columns, period: u32) -> usize {
    let mut sma = Sma::new(period);
    let mut atr = Atr::new(period);
    let (mut means, mut ranges) = (Vec::new(), Vec::new());
    for bar in bars {
        sma.push(bar.close);
        atr.push(bar);
        means.push(sma.value().map(gardefou_core::indicator::Mean::to_f64));
        ranges.push(atr.value());
    }
    let mut out = vec![0.0; bars.len()];
    let last = bars.len() - 1;
    let range = core.sma(0, last, &columns.close, period as i32, &mut out).expect("a mean");
    let what = format!("SMA {period}");
    let compared = values(&what, &means, range.beg_idx, &out[..range.count]);
    let Columns { high, low, close } = columns;
    let range = core.atr(0, last, high, low, close, period as i32, &mut out).expect("an ATR");
    let what = format!("ATR {period}");
    compared + values(&what, &ranges, range.beg_idx, &out[..range.count])
}

/// Compares directions (and, where they agree, lines) from the first bar on which both flip the
/// same way; returns how many bars were compared.
fn trends(core: &Core, bars: &[Bar], columns: &Columns, period: u32, multiplier: f64) -> usize {
    let mut own = Supertrend::new(period, multiplier);
    let mut ours = Vec::new();
    for bar in bars {
        own.push(bar);
        ours.push(own.value().zip(own.line()));
    }
    let (mut lines, mut signs) = (vec![0.0; bars.len()], vec![0; bars.len()]);
    let Columns { high, low, close } = columns;
    let last = bars.len() - 1;
    let range = core
        .supertrend(0, last, high, low, close, period as i32, multiplier, &mut lines, &mut signs)
        .expect("a trend");
    let direction = |sign: i32| if sign > 0 { Direction::Long } else { Direction::Short };
    let mut common = false;
    let mut compared = 0;
    for index in 1..range.count {
        let at = range.beg_idx + index;
        let (oracle, before) = (direction(signs[index]), direction(signs[index - 1]));
        let Some((trend, line)) = ours[at] else { continue };
        let was = ours[at - 1].map(|(trend, _)| trend);
        common |= oracle != before && was == Some(before) && trend == oracle;
        if common {
            compared += 1;
            assert_eq!(trend, oracle, "Supertrend {period} × {multiplier} at bar {at}");
            let (is, should) = (line, lines[index]);
            assert!(near(is, should), "line {period} × {multiplier} at {at}: {is} and {should}");
        }
    }
    compared
}

fn hold(name: &str, bars: &[Bar], periods: &[u32], multipliers: &[f64]) {
    let (core, columns) = (Core::new(), Columns::of(bars));
    let (mut compared, mut flipped) = (0, 0);
    for &period in periods {
        compared += averages(&core, bars, &columns, period);
        for &multiplier in multipliers {
            flipped += trends(&core, bars, &columns, period, multiplier);
        }
    }
    println!("{name}: {} bars, {compared} averages, {flipped} trends compared", bars.len());
    let runs = periods.len() * multipliers.len();
    assert!(flipped * 10 > bars.len() * runs * 8, "{name}: too little of the trend is compared");
}

#[test]
fn the_oracle_agrees_on_seeded_series() {
    for seed in 0..8u64 {
        let volatility = [0.004, 0.01, 0.03, 0.06][(seed % 4) as usize];
        let price = [900, 10_000, 250_000, 90_000_000][(seed / 2) as usize];
        let style = Style { price, volatility, gaps: 0.3, shocks: 0.03, silence: 0.02 };
        let bars = market::bars(seed, START, 3_000, style);
        hold(&format!("seed {seed}"), &bars, &PERIODS, &MULTIPLIERS);
    }
}

#[test]
fn the_oracle_agrees_on_every_recorded_file() {
    let Some(folder) = recorded::folder() else { return };
    for (name, bars) in recorded::hourly(&folder) {
        hold(&name, &bars, &[7, 10, 14], &[2.0, 3.0]);
    }
}
