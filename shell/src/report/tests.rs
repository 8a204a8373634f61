//! The contract of the report: metrics against hand-made examples, the schema, the renderings.

use rust_decimal::Decimal;

use super::html::{PriceSeries, page};
use super::metrics::{self, Basis, DAY_MS, DrawdownTracker, Mismatch, Window};
use super::result::*;
use super::sample::{self, Size};
use super::summary::{Style, summary};

#[test]
fn the_page_is_the_same_twice_and_bounded_in_size() {
    let (backtest, prices) = sample::make(&Size { symbols: 16, days: 1095 });
    let html = page(&backtest, &prices).unwrap();
    assert_eq!(html, page(&backtest, &prices).unwrap());
    assert!(html.len() < 10_000_000, "{} bytes", html.len());
    if let Some(path) = std::env::var_os("GARDEFOU_SAMPLE_PAGE") {
        std::fs::write(path, &html).unwrap();
        println!(
            "{} bytes, fills {}, cycles {}",
            html.len(),
            backtest.paths.pessimistic.fills.len(),
            backtest.paths.pessimistic.cycles.len()
        );
        println!("{}", summary(&backtest, Style::default()));
    }
}
