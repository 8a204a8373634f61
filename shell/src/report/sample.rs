//! A made-up result for tests and for looking at the page: seeded prices, and a toy grid whose
//! money adds up. The toy knows none of the engine's rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::html::{Ladder, PriceSeries};
use super::metrics::{Basis, DAY_MS, Window, buy_and_hold};
use super::result::*;
use stated::{data, parameters};
use toy::Toy;

mod stated;
mod toy;

const HOUR: i64 = 3_600_000;
/// 2022-01-01T00:00:00Z.
const START: i64 = 1_640_995_200_000;
const LEVELS: usize = 4;
const CAPITAL: i64 = 10_000;

/// What to make.
pub(super) struct Size {
    pub symbols: usize,
    pub days: i64,
    /// Distance of level 0 from the average in hourly ranges: the smaller, the more fills.
    pub reach: f64,
}

/// A small result: three symbols, 120 days.
pub(super) fn small() -> (Backtest, Vec<PriceSeries>) {
    make(&Size { symbols: 3, days: 120, reach: 3.4 })
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

const SYMBOLS: [(&str, f64, u32); 16] = [
    ("AAVEUSDT", 260.0, 2),
    ("ADAUSDT", 1.3, 4),
    ("ARBUSDT", 1.1, 4),
    ("AVAXUSDT", 110.0, 3),
    ("BCHUSDT", 430.0, 2),
    ("BNBUSDT", 510.0, 2),
    ("BTCUSDT", 46_200.0, 1),
    ("CRVUSDT", 5.1, 4),
    ("DOGEUSDT", 0.17, 5),
    ("DYDXUSDT", 8.0, 3),
    ("ETHUSDT", 3_680.0, 2),
    ("ICPUSDT", 24.0, 3),
    ("LINKUSDT", 19.5, 3),
    ("LTCUSDT", 146.0, 2),
    ("SOLUSDT", 170.0, 3),
    ("XRPUSDT", 0.83, 4),
];

/// A result of the given size with its prices.
pub(super) fn make(size: &Size) -> (Backtest, Vec<PriceSeries>) {
    let mut prices: Vec<PriceSeries> = (0..size.symbols)
        .map(|i| walk(SYMBOLS[(i + 5) % 16], i as u64 + 7, size.days * 24))
        .collect();
    prices.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    let window = Window { from: START, to: START + size.days * DAY_MS };
    let books = [("grid_atr", size.reach), ("grid_multi_tf", size.reach * 1.25)];
    let paths = [false, true].map(|optimistic| path(&books, &mut prices, optimistic, window));
    let [pessimistic, optimistic] = paths;
    let backtest = Backtest {
        format: Format::V1,
        parameters: parameters(&books, &prices, window),
        data: data(&prices, window),
        paths: Paths { pessimistic, optimistic },
        timing: timing(size),
    };
    (backtest, prices)
}

/// As if a tenth of the bars had only warmed indicators.
fn timing(size: &Size) -> Timing {
    let bars = 2 * size.days as u64 * 24 * size.symbols as u64;
    Timing::new(bars, bars - bars / 10, 0.31)
}

fn walk((symbol, start, places): (&str, f64, u32), seed: u64, bars: i64) -> PriceSeries {
    let mut chance = Chance(seed);
    let scale = 10_f64.powi(places as i32);
    let snap = |p: f64| (p * scale).round() / scale;
    // Products and sums only: the same everywhere, so that a snapshot of it holds.
    let (mut price, mut anchor, mut heat) = (start, start, 1.0_f64);
    let mut points = Vec::new();
    for i in 0..bars {
        heat = (heat * 0.97 + 0.03 + if chance.next() < 0.002 { 2.5 } else { 0.0 }).min(6.0);
        anchor *= 1.0 + 0.0036 * chance.normal();
        // Now and then every symbol falls at once.
        if i % 4_380 == 2_900 {
            (anchor, price) = (anchor * 0.97, price * 0.96);
            heat = 3.0;
        }
        let open = price;
        let (mut high, mut low) = (open, open);
        for _ in 0..6 {
            let pull = 0.0048 * (anchor / price - 1.0);
            price *= 1.0 + 0.0019 * heat * chance.normal() + pull;
            (high, low) = (high.max(price), low.min(price));
        }
        price = snap(price).max(1.0 / scale);
        let low = snap(low).min(price).min(open).max(1.0 / scale);
        points.push((START + i * HOUR, snap(open), snap(high).max(price).max(open), low, price));
    }
    PriceSeries { symbol: symbol.to_owned(), points, ladders: Vec::new() }
}

fn path(
    books: &[(&str, f64)],
    prices: &mut [PriceSeries],
    optimistic: bool,
    window: Window,
) -> PathResult {
    let mut path = PathResult::default();
    for (book, reach) in books {
        let mut points: BTreeMap<i64, (Decimal, Decimal)> = BTreeMap::new();
        let share = 10_000.0 / prices.len() as f64 / LEVELS as f64;
        for series in prices.iter_mut() {
            let mut toy = Toy::new(book, series, *reach, share, optimistic, window);
            toy.run(!optimistic);
            let Toy { facts, marks, ladder, .. } = toy;
            path.fills.extend(facts.fills);
            path.funding.extend(facts.funding);
            path.cycles.extend(facts.cycles);
            path.open_cycles.extend(facts.open_cycles);
            for (time, money, unrealised) in marks {
                let point = points.entry(time).or_default();
                *point = (point.0 + money, point.1 + unrealised);
            }
            if !optimistic {
                series.ladders.push(Ladder { book: (*book).to_owned(), changes: ladder });
            }
        }
        let capital = Decimal::from(CAPITAL);
        let curve = points.into_iter().map(|(t, (m, u))| EquityPoint::new(t, capital + m, u));
        path.equity.push(EquityCurve { book: (*book).to_owned(), points: curve.collect() });
        refusals(&mut path, book, prices, optimistic);
    }
    path.fills.sort_by(|a, b| (a.time, &a.symbol).cmp(&(b.time, &b.symbol)));
    path.funding.sort_by(|a, b| (a.time, &a.symbol).cmp(&(b.time, &b.symbol)));
    path.cycles.sort_by(|a, b| (a.closed, &a.symbol).cmp(&(b.closed, &b.symbol)));
    trips(&mut path, window);
    let ends = prices.iter().map(|p| (p.points[0].1, p.points[p.points.len() - 1].4));
    let hold = buy_and_hold(&ends.collect::<Vec<_>>());
    let basis = Basis { capital: CAPITAL.into(), drawdown: None, buy_and_hold_percent: hold };
    let each: Vec<_> = books.iter().map(|(b, _)| ((*b).to_owned(), basis.clone())).collect();
    path.measure(window, &each, basis).unwrap();
    path
}

fn refusals(path: &mut PathResult, book: &str, prices: &[PriceSeries], optimistic: bool) {
    let reasons = [("max_live_grids", 900), ("margin_guard", 310), ("round_trip_cost", 44)];
    for (i, series) in prices.iter().enumerate() {
        for (reason, bars) in reasons {
            path.refusals.push(Refusal {
                book: book.to_owned(),
                symbol: series.symbol.clone(),
                reason: reason.to_owned(),
                bars: (bars * (i as u64 % 5 + 1)) / (1 + u64::from(optimistic) * (i as u64 % 2)),
                words: format!("{reason} in words"),
                remedy: None,
            });
        }
    }
}

fn trips(path: &mut PathResult, window: Window) {
    let at = window.from + (window.to - window.from) * 2 / 5 / DAY_MS * DAY_MS + 15 * HOUR;
    path.trips.push(Trip {
        time: at.into(),
        book: Some("grid_atr".to_owned()),
        switch: Switch::Session,
        loss_percent: 26.4,
        limit_percent: 25.0,
        released: Some((at + 9 * HOUR).into()),
    });
}
