//! The real candles of the folder named by `GARDEFOU_CANDLES`; skipped, and said so, without it.

use std::path::{Path, PathBuf};

use gardefou_core::ids::SymbolName;
use gardefou_core::time::{Span, Timeframe};
use rust_decimal::Decimal;

use super::{Dataset, find, read_candles, read_funding};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("GARDEFOU_CANDLES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: GARDEFOU_CANDLES is not set");
    }
    folder
}

fn files(folder: &Path) -> Vec<(PathBuf, SymbolName)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let symbol =
        |path: &PathBuf| path.file_name()?.to_str()?.split('_').nth(1)?.parse::<SymbolName>().ok();
    files.into_iter().filter_map(|path| symbol(&path).map(|symbol| (path, symbol))).collect()
}

#[test]
fn every_candle_file_loads() {
    let Some(folder) = folder() else { return };
    for timeframe in [Timeframe::H1, Timeframe::M5, Timeframe::M1] {
        for (path, symbol) in files(&folder.join(timeframe.name())) {
            let series = read_candles(&path, timeframe).unwrap();
            let tick = series.finest_step();
            let bars = series.to_bars(tick).unwrap();
            if timeframe == Timeframe::H1 {
                series.require_contiguous().unwrap();
            }
            assert!(bars.iter().all(|bar| bar.check().is_ok()));
            let flat = bars.iter().filter(|bar| !bar.traded).count();
            let (rows, gaps) = (bars.len(), series.gaps().len());
            let file = series.identity(symbol, tick).file;
            println!("{file}: {rows} rows, {gaps} gaps, step {tick}, {flat} without volume");
        }
    }
}

#[test]
fn every_funding_file_loads() {
    let Some(folder) = folder() else { return };
    let funding: Vec<_> = files(&folder.join("funding"));
    for (path, symbol) in files(&folder.join("1h")) {
        let series = read_candles(&path, Timeframe::H1).unwrap();
        let Some((file, _)) = funding.iter().find(|(_, other)| *other == symbol) else {
            println!("{symbol} no funding file");
            continue;
        };
        let rates = read_funding(file).unwrap();
        let all = rates.coverage(series.first(), series.last(), Span::hours(8));
        let (missing, ranges) = (all.expected - all.present, all.missing.len());
        let (expected, extra) = (all.expected, all.extra);
        println!("{symbol}: {missing} of {expected} missing in {ranges} ranges, {extra} extra");
        assert!(rates.settlements().iter().all(|(_, rate)| rate.to_f64().abs() < 0.1));
        assert_eq!(rates.identity(symbol, ranges).tick_used, None::<Decimal>);
    }
}

#[test]
fn one_venue_serves_all() {
    let Some(folder) = folder() else { return };
    let symbols = ["BTCUSDT", "DYDXUSDT", "NOUSDT"].map(|name| name.parse::<SymbolName>().unwrap());
    let hourly = find(&folder, &symbols, Timeframe::H1, None).unwrap();
    assert_eq!(hourly.venue.as_deref(), Some("binance-perp"));
    assert_eq!((hourly.files.len(), &hourly.missing[..]), (2, &symbols[2..]));
    let venue = hourly.venue.as_deref();
    let funding = find(&folder, &symbols, Dataset::Funding, venue).unwrap();
    assert_eq!((funding.files.len(), &funding.missing[..]), (1, &symbols[1..]));
    let same = find(&folder.join("1h"), &symbols, Timeframe::H1, None).unwrap();
    assert_eq!(same.files, hourly.files);
}
