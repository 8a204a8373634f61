//! What the sample claims to have been run with.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;

use super::{CAPITAL, Chance, HOUR, LEVELS, SYMBOLS};
use crate::report::html::PriceSeries;
use crate::report::metrics::Window;
use crate::report::result::*;

pub(super) fn hash(text: &str) -> String {
    let seed = text.bytes().fold(7_u64, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    let mut chance = Chance(seed);
    (0..64).map(|_| char::from_digit((chance.next() * 16.0) as u32, 16).unwrap()).collect()
}

pub(super) fn parameters(
    books: &[(&str, f64)],
    prices: &[PriceSeries],
    window: Window,
) -> Parameters {
    let risk = [
        ("global_max_loss_percent", json!(45)),
        ("global_window_hours", json!(24)),
        ("grid_max_session_loss_percent", json!(25)),
        ("margin_mode", json!("cross")),
        ("max_live_grids", json!(6)),
        ("max_margin_ratio", json!(0.70)),
        ("on_kill", json!("cancel_entries")),
    ];
    Parameters {
        version: "0.1.0".to_owned(),
        from: window.from.into(),
        to: window.to.into(),
        options: Options {
            candles: "candles".to_owned(),
            from: Some(window.from.into()),
            missing_funding: Some(Decimal::new(1, 4)),
            left_out: vec![LeftOut { symbol: "UNIUSDT".to_owned(), reason: "no data".to_owned() }],
            ..Options::default()
        },
        risk: risk.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        costs: Costs {
            maker_percent: Decimal::new(2, 2),
            taker_percent: Decimal::new(6, 2),
            slippage_percent: Decimal::new(5, 2),
            stop_slippage_percent: Decimal::new(5, 1),
            liquidation_percent: Decimal::new(6, 2),
        },
        books: books.iter().map(|(name, reach)| book(name, *reach, prices)).collect(),
        choice: DataChoice {
            venue: "made-perp".to_owned(),
            venues_found: vec!["made-perp".to_owned(), "made-spot".to_owned()],
            without_detail: Vec::new(),
        },
    }
}

fn book(name: &str, reach: f64, prices: &[PriceSeries]) -> BookParameters {
    BookParameters {
        name: name.to_owned(),
        kind: name.to_owned(),
        capital: CAPITAL.into(),
        entry_order: "limit".to_owned(),
        timeframe: "1h".to_owned(),
        symbols: prices.iter().map(|p| symbol(name, reach, p, prices.len())).collect(),
        worst_case: Some(WorstCase {
            cycles: 6,
            notional: Decimal::new(1_800_000, 2),
            margin: Decimal::new(600_000, 2),
            loss: Decimal::new(91_260, 2),
            loss_percent: 9.126,
            maintenance: Decimal::new(9_000, 2),
            tightest_equity: Decimal::new(912_000, 2),
            tightest_maintenance: Decimal::new(9_000, 2),
            liquidation_first: false,
            trips_session: false,
            trips_global: false,
        }),
    }
}

fn symbol(book: &str, reach: f64, series: &PriceSeries, symbols: usize) -> SymbolParameters {
    let places = SYMBOLS.iter().find(|s| s.0 == series.symbol).unwrap().2;
    let strategy = [
        ("atr_multiplier_start", json!(reach)),
        ("atr_multiplier_step", json!(1.3)),
        ("ma_period", json!(48)),
        ("num_levels", json!(LEVELS)),
        ("sides", json!(["long"])),
        ("sl_percent", json!(10)),
    ];
    SymbolParameters {
        symbol: series.symbol.clone(),
        tick: Decimal::new(1, places),
        lot: Decimal::new(1, 3),
        min_quantity: Decimal::new(1, 3),
        min_notional: 5.into(),
        maintenance_rate: Decimal::new(5, 3),
        max_leverage: 75,
        leverage: 6,
        group: series.symbol.starts_with('B').then(|| "majors".to_owned()),
        funding_interval_hours: 8,
        warmup_bars: 500,
        margin_divisor: (symbols * LEVELS) as u32,
        strategy: strategy.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        params_hash: hash(book),
    }
}

pub(super) fn data(prices: &[PriceSeries], window: Window) -> Vec<DataSeries> {
    prices.iter().flat_map(|p| [candles(p, window), rates(p, window)]).collect()
}

fn candles(series: &PriceSeries, window: Window) -> DataSeries {
    let rows = series.points.len() as u64;
    let range = ResolutionRange {
        resolution: "1h".to_owned(),
        from: window.from.into(),
        to: window.to.into(),
    };
    DataSeries {
        symbol: series.symbol.clone(),
        kind: "candles".to_owned(),
        timeframe: Some("1h".to_owned()),
        file: format!("{}_1h.csv.gz", series.symbol),
        set_aside: Vec::new(),
        from: window.from.into(),
        to: (window.to - HOUR).into(),
        days_short: 0,
        rows,
        gaps: 0,
        sha256: hash(&series.symbol),
        tick_used: Some(Decimal::new(1, SYMBOLS.iter().find(|s| s.0 == series.symbol).unwrap().2)),
        resolution: Some(Resolution {
            bars: BTreeMap::from([("1h".to_owned(), rows)]),
            ranges: vec![range],
            contradicted: Vec::new(),
        }),
        funding: None,
    }
}

fn rates(series: &PriceSeries, window: Window) -> DataSeries {
    let settlements = ((window.to - window.from) / (8 * HOUR)) as u64;
    DataSeries {
        symbol: series.symbol.clone(),
        kind: "funding".to_owned(),
        timeframe: None,
        file: format!("{}_funding.csv.gz", series.symbol),
        set_aside: Vec::new(),
        from: window.from.into(),
        to: window.to.into(),
        days_short: 0,
        rows: settlements - 3,
        gaps: 1,
        sha256: hash(&format!("{} funding", series.symbol)),
        tick_used: None,
        resolution: None,
        funding: Some(FundingCoverage {
            expected: settlements,
            records: settlements - 3,
            filled: 3,
            extra: 0,
        }),
    }
}
