//! The seeded market keeps its word: same seed same bars, valid bars, a crash, clustering.

use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::time::{Span, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{SeededHour, SeededMarket, SeededParams, SeededSymbol};

/// 2024-01-01T00:00Z.
const START: Timestamp = Timestamp(1_704_067_200_000);
const YEAR: usize = 8_760;

fn symbol(name: &str) -> SeededSymbol {
    SeededSymbol::new(name.parse().unwrap(), Ticks(600_000))
}

fn market(seed: u64, names: &[&str]) -> SeededMarket {
    SeededMarket::new(seed, &names.iter().map(|name| symbol(name)).collect::<Vec<_>>(), START)
}

fn hours(seed: u64, name: &str, count: usize) -> Vec<SeededHour> {
    market(seed, &[name]).into_streams().remove(0).take(count).collect()
}

fn returns(hours: &[SeededHour]) -> Vec<f64> {
    let close = |hour: &SeededHour| hour.bar.close.0 as f64;
    hours.windows(2).map(|pair| libm::log(close(&pair[1]) / close(&pair[0]))).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let cross = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum::<f64>();
    let square = |x: &[f64], m: f64| x.iter().map(|v| (v - m) * (v - m)).sum::<f64>();
    cross / (square(a, ma) * square(b, mb)).sqrt()
}

/// How deep the price fell in a crash: from the close before to the last falling close and to
/// the lowest low, as fractions.
fn fall(seed: u64, name: &str) -> (f64, f64) {
    let (_, crash) = market(seed, &[name]).crashes().next().unwrap();
    let (first, count) = (crash.hour as usize, crash.hours as usize);
    assert!((240..2_880).contains(&first));
    let hours = hours(seed, name, first + count);
    let before = hours[first - 1].bar.close.0 as f64;
    let lowest = hours[first..].iter().map(|hour| hour.bar.low.0).min().unwrap() as f64;
    (1.0 - hours[first + count - 1].bar.close.0 as f64 / before, 1.0 - lowest / before)
}

fn digest(hours: &[SeededHour]) -> String {
    let mut hash = Sha256::new();
    for SeededHour { bar, funding } in hours {
        let Bar { at, open, high, low, close, traded } = *bar;
        let funding = funding.map_or(i64::MIN, |rate| rate.0);
        for number in [at.0, open.0, high.0, low.0, close.0, i64::from(traded), funding] {
            hash.update(number.to_le_bytes());
        }
    }
    super::Digest(hash.finalize().into()).to_string()
}

#[test]
fn the_same_seed_gives_the_same_bars_everywhere() {
    const KNOWN: &str = "416d9bc9e2dd85138e183c7f5afc32b2a5fd00189e87bb0491fc396aeb9beca8";
    assert_eq!(digest(&hours(42, "BTCUSDT", 3 * YEAR)), KNOWN);
    assert_ne!(digest(&hours(43, "BTCUSDT", 100)), digest(&hours(42, "BTCUSDT", 100)));
    assert_ne!(digest(&hours(42, "ETHUSDT", 100)), digest(&hours(42, "BTCUSDT", 100)));
}

#[test]
fn a_symbol_does_not_depend_on_its_neighbours() {
    let mut both = market(7, &["ETHUSDT", "BTCUSDT"]);
    let alone = hours(7, "BTCUSDT", 500);
    let mut round = Vec::new();
    for hour in alone {
        both.next_hour(&mut round);
        assert_eq!(round[1], hour);
        assert_eq!(round[0].bar.at, hour.bar.at);
    }
}

#[test]
fn bars_are_valid_contiguous_and_made_of_their_path() {
    for (seed, price) in [(1, 600_000), (2, 3), (3, 1), (4, 1 << 49), (5, -5)] {
        let symbol = SeededSymbol { price: Ticks(price), ..symbol("BTCUSDT") };
        let start = START + Span(1_234_567);
        let mut stream = SeededMarket::new(seed, &[symbol], start).into_streams().remove(0);
        for hour in 0..2 * YEAR {
            let SeededHour { bar, funding } = stream.next_hour();
            assert_eq!(bar.at, START + Span::hours(hour as i64));
            assert_eq!(bar.check(), Ok(()));
            assert_eq!(funding.is_some(), hour % 8 == 0);
            let path = stream.path();
            assert_eq!((path[0], path[59]), (bar.open, bar.close));
            assert_eq!(path.iter().min(), Some(&bar.low));
            assert_eq!(path.iter().max(), Some(&bar.high));
            assert!(bar.traded || bar.low == bar.high);
        }
    }
}

#[test]
fn a_crash_occurs_in_its_window_and_is_as_deep_as_stated() {
    for seed in 0..40 {
        for name in ["BTCUSDT", "ETHUSDT"] {
            let (close, low) = fall(seed, name);
            assert!((0.25..0.68).contains(&close), "{seed} {name} {close}");
            assert!(low > close && low > 0.3, "{seed} {name} {low}");
        }
    }
    let crashes: Vec<_> = market(1, &[]).crashes().take(3).collect();
    let distinct = |at: usize| crashes[at].1.hour / YEAR as u64;
    assert_eq!((distinct(0), distinct(1), distinct(2)), (0, 1, 2));
    assert_eq!(crashes[1].0, START + Span::hours(crashes[1].1.hour as i64));
}

#[test]
fn it_resembles_a_market() {
    for seed in 0..4 {
        let (a, b) = (hours(seed, "BTCUSDT", 3 * YEAR), hours(seed, "ETHUSDT", 3 * YEAR));
        let (ra, rb) = (returns(&a), returns(&b));
        let widths: Vec<f64> = ra.iter().map(|moved| moved.abs().min(0.05)).collect();
        for lag in [1, 5, 24] {
            let echo = correlation(&widths[lag..], &widths[..widths.len() - lag]);
            assert!(echo > 0.03, "clustering at lag {lag}: {echo}");
        }
        let common = correlation(&ra, &rb);
        assert!((0.25..0.9).contains(&common), "correlation {common}");
        let second = ra.iter().map(|x| x * x).sum::<f64>() / ra.len() as f64;
        let fourth = ra.iter().map(|x| x.powi(4)).sum::<f64>() / ra.len() as f64;
        let (volatility, kurtosis) = (second.sqrt(), fourth / (second * second));
        assert!((0.004..0.015).contains(&volatility), "volatility {volatility}");
        assert!(kurtosis > 5.0, "kurtosis {kurtosis}");
        let halted = a.iter().filter(|hour| !hour.bar.traded).count();
        let gapped = a.windows(2).filter(|pair| pair[0].bar.close != pair[1].bar.open).count();
        assert!((5..200).contains(&halted) && (30..300).contains(&gapped), "{halted} {gapped}");
        println!("seed {seed}: volatility {volatility:.4}, kurtosis {kurtosis:.0}, {common:.2}");
    }
}

/// Prices go three widths away from a day's mean and come back: what a grid lives on.
#[test]
fn wide_moves_come_back() {
    for seed in 0..4 {
        let hours = hours(seed, "BTCUSDT", YEAR);
        let closes: Vec<f64> = hours.iter().map(|hour| hour.bar.close.0 as f64).collect();
        let ranges: Vec<f64> =
            hours.iter().map(|hour| (hour.bar.high.0 - hour.bar.low.0) as f64).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (mut away, mut cycles) = (false, 0);
        for end in 24..closes.len() {
            let (average, range) = (mean(&closes[end - 24..end]), mean(&ranges[end - 14..end]));
            if closes[end] < average - 2.0 * range {
                away = true;
            } else if away && closes[end] >= average {
                away = false;
                cycles += 1;
            }
        }
        println!("seed {seed}: {cycles} cycles of two ranges a year");
        assert!(cycles > 15, "{cycles}");
    }
}

#[test]
fn funding_follows_the_recent_move() {
    let hours = hours(3, "BTCUSDT", YEAR);
    let settled: Vec<(f64, f64)> = (24..hours.len())
        .filter_map(|at| {
            let rate = hours[at].funding?.to_f64();
            let moved = hours[at - 1].bar.close.0 as f64 / hours[at - 24].bar.close.0 as f64 - 1.0;
            Some((rate, moved))
        })
        .collect();
    let (rates, moves): (Vec<f64>, Vec<f64>) = settled.into_iter().unzip();
    assert!(correlation(&rates, &moves) > 0.5);
    assert!(rates.iter().all(|rate| rate.abs() <= 0.003));
    assert!(rates.iter().any(|&rate| rate < 0.0) && rates.iter().any(|&rate| rate > 0.0));
}

#[test]
fn strange_parameters_still_give_bars() {
    let params = SeededParams {
        market_volatility: f64::NAN,
        own_volatility: 50.0,
        crash_period: 0,
        crash_window: (9, 3),
        crash_depth: (2.0, 3.0),
        drift_hours: (5, 1),
        ..SeededParams::default()
    };
    let mut odd = SeededMarket::with_params(1, &[symbol("BTCUSDT")], START, params);
    let mut hours = Vec::new();
    for _ in 0..1_000 {
        odd.next_hour(&mut hours);
        assert_eq!(hours[0].bar.check(), Ok(()));
    }
}
