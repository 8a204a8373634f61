//! A made-up result for tests and for looking at the page: seeded prices, and a toy grid whose
//! money adds up. The toy knows none of the engine's rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;

use super::html::PriceSeries;
use super::metrics::{Basis, DAY_MS, Window, buy_and_hold};
use super::result::*;

const HOUR: i64 = 3_600_000;
/// 2022-01-01T00:00:00Z.
const START: i64 = 1_640_995_200_000;
const LEVELS: usize = 4;
const CAPITAL: i64 = 10_000;

/// What to make.
pub(super) struct Size {
    pub symbols: usize,
    pub days: i64,
}

/// A small result: three symbols, 120 days.
pub(super) fn small() -> (Backtest, Vec<PriceSeries>) {
    make(&Size { symbols: 3, days: 120 })
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
    let books = [("grid_atr", 5.2), ("grid_multi_tf", 6.4)];
    let paths = [false, true].map(|optimistic| path(&books, &mut prices, optimistic, window));
    let [pessimistic, optimistic] = paths;
    let backtest = Backtest {
        format: Format::V1,
        parameters: parameters(&books, &prices, window),
        data: data(&prices, window),
        paths: Paths { pessimistic, optimistic },
        timing: Timing::new(2 * size.days as u64 * 24 * size.symbols as u64, 0.31),
    };
    (backtest, prices)
}

fn walk((symbol, start, places): (&str, f64, u32), seed: u64, bars: i64) -> PriceSeries {
    let mut chance = Chance(seed);
    let scale = 10_f64.powi(places as i32);
    let snap = |p: f64| (p * scale).round() / scale;
    let (mut price, mut anchor, mut heat) = (start, start.ln(), 1.0_f64);
    let mut points = Vec::new();
    for i in 0..bars {
        heat = (heat * 0.97 + 0.03 + if chance.next() < 0.002 { 2.5 } else { 0.0 }).min(6.0);
        anchor += 0.0036 * chance.normal();
        // Now and then every symbol falls at once.
        if i % 4_380 == 2_900 {
            (anchor, price) = (anchor - 0.09, price * 0.93);
            heat = 5.0;
        }
        let open = price;
        let (mut high, mut low) = (open, open);
        for _ in 0..6 {
            let pull = 0.0047 * (anchor - price.ln());
            price *= (0.0019 * heat * chance.normal() + pull).exp();
            (high, low) = (high.max(price), low.min(price));
        }
        price = snap(price).max(1.0 / scale);
        let low = snap(low).min(price).min(open).max(1.0 / scale);
        points.push((START + i * HOUR, snap(open), snap(high).max(price).max(open), low, price));
    }
    PriceSeries { symbol: symbol.to_owned(), points, ladder: Vec::new() }
}

fn path(
    books: &[(&str, f64)],
    prices: &mut [PriceSeries],
    optimistic: bool,
    window: Window,
) -> PathResult {
    let mut path = PathResult::default();
    for (number, (book, reach)) in books.iter().enumerate() {
        let mut points: BTreeMap<i64, (Decimal, Decimal)> = BTreeMap::new();
        let share = 10_000.0 / prices.len() as f64 / LEVELS as f64;
        for series in prices.iter_mut() {
            let mut toy = Toy::new(book, series, *reach, share, optimistic, window);
            toy.run(number == 0);
            let Toy { facts, marks, ladder, .. } = toy;
            path.fills.extend(facts.fills);
            path.funding.extend(facts.funding);
            path.cycles.extend(facts.cycles);
            path.open_cycles.extend(facts.open_cycles);
            for (time, money, unrealised) in marks {
                let point = points.entry(time).or_default();
                *point = (point.0 + money, point.1 + unrealised);
            }
            if number == 0 {
                series.ladder = ladder;
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

/// One symbol of one book on one path.
struct Toy<'a> {
    book: &'a str,
    series: &'a PriceSeries,
    reach: f64,
    share: f64,
    optimistic: bool,
    window: Window,
    places: u32,
    money: Decimal,
    held: Vec<(i64, Decimal, Decimal)>,
    fees: Decimal,
    paid: Decimal,
    number: u64,
    facts: PathResult,
    marks: Vec<(i64, Decimal, Decimal)>,
    ladder: Vec<(i64, Vec<f64>)>,
}

impl<'a> Toy<'a> {
    fn new(
        book: &'a str,
        series: &'a PriceSeries,
        reach: f64,
        share: f64,
        optimistic: bool,
        window: Window,
    ) -> Self {
        let places = SYMBOLS.iter().find(|s| s.0 == series.symbol).unwrap().2;
        Self {
            book,
            series,
            reach,
            share,
            optimistic,
            window,
            places,
            money: Decimal::ZERO,
            held: Vec::new(),
            fees: Decimal::ZERO,
            paid: Decimal::ZERO,
            number: 1,
            facts: PathResult::default(),
            marks: Vec::new(),
            ladder: Vec::new(),
        }
    }

    fn run(&mut self, ladder: bool) {
        const BARS: usize = 48;
        let points = &self.series.points;
        for (i, &(time, _, high, low, close)) in points.iter().enumerate() {
            self.mark(time, close);
            if i < BARS {
                continue;
            }
            let back = &points[i - BARS..i];
            let average = back.iter().map(|p| p.4).sum::<f64>() / BARS as f64;
            let range = back.iter().map(|p| p.2 - p.3).sum::<f64>() / BARS as f64;
            let level = |k: usize| average - range * (self.reach + 1.3 * k as f64);
            let levels: Vec<f64> = (0..LEVELS).map(level).collect();
            if ladder {
                self.ladder.push((time, levels.clone()));
            }
            self.fund(time, close);
            self.bar(time + HOUR - 1, (high, low), average, &levels);
        }
        let close = points[points.len() - 1].4;
        self.mark(self.window.to, close);
        self.leave_open(close);
    }

    fn mark(&mut self, time: i64, close: f64) {
        if time.rem_euclid(DAY_MS) == 0 {
            self.marks.push((time, self.money, self.unrealised(close)));
        }
    }

    fn unrealised(&self, price: f64) -> Decimal {
        let price = self.price(price);
        self.held.iter().map(|(_, entry, quantity)| (price - entry) * quantity).sum()
    }

    fn price(&self, price: f64) -> Decimal {
        Decimal::new((price * 10_f64.powi(self.places as i32)).round() as i64, self.places)
    }

    fn fund(&mut self, time: i64, close: f64) {
        let quantity: Decimal = self.held.iter().map(|h| h.2).sum();
        if time.rem_euclid(8 * HOUR) != 0 || quantity.is_zero() {
            return;
        }
        let rate = Decimal::new((time / HOUR) % 7 * 3 - 5, 5);
        let price = self.price(close);
        let amount = -(rate * quantity * price).round_dp(8);
        self.money += amount;
        self.paid += amount;
        self.facts.funding.push(Funding {
            time,
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            rate,
            quantity,
            price,
            amount,
        });
    }

    fn bar(&mut self, time: i64, (high, low): (f64, f64), average: f64, levels: &[f64]) {
        let before = self.held.len();
        if self.optimistic && before > 0 && high > average {
            return self.close(time, average, FillKind::Target);
        }
        for (k, level) in levels.iter().enumerate().skip(before) {
            if low < *level && *level > 0.0 {
                let quantity = Decimal::new((self.share * 6.0 / level * 1000.0) as i64, 3);
                let price = self.price(*level);
                self.fill(time, FillKind::Entry, Some(k as u8), price, quantity);
                self.held.push((time, price, quantity));
            }
        }
        let Some(entry) = self.entry() else { return };
        let stop = entry * 0.9;
        if low <= stop {
            return self.close(time, stop * if self.optimistic { 0.9995 } else { 0.995 }, FillKind::Stop);
        }
        let touched = self.held.len() > before;
        if high > average && (self.optimistic || !touched) {
            self.close(time, average, FillKind::Target);
        }
    }

    fn entry(&self) -> Option<f64> {
        let (value, quantity) = self.sums();
        (!quantity.is_zero()).then(|| (value / quantity).try_into().unwrap())
    }

    fn sums(&self) -> (Decimal, Decimal) {
        (self.held.iter().map(|h| h.1 * h.2).sum(), self.held.iter().map(|h| h.2).sum())
    }

    fn fill(&mut self, time: i64, kind: FillKind, level: Option<u8>, price: Decimal, quantity: Decimal) {
        let maker = matches!(kind, FillKind::Entry | FillKind::Target);
        let fee = (price * quantity * Decimal::new(if maker { 2 } else { 6 }, 4)).round_dp(8);
        self.fees += fee;
        self.money -= fee;
        self.facts.fills.push(Fill {
            time,
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            side: if kind == FillKind::Entry { Side::Buy } else { Side::Sell },
            level,
            kind,
            reason: reason(kind).to_owned(),
            liquidity: if maker { Liquidity::Maker } else { Liquidity::Taker },
            price,
            quantity,
            fee,
        });
    }

    fn close(&mut self, time: i64, price: f64, kind: FillKind) {
        let price = self.price(price);
        let (value, quantity) = self.sums();
        self.fill(time, kind, None, price, quantity);
        let gross = price * quantity - value;
        self.money += gross;
        self.facts.cycles.push(Cycle {
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            direction: Direction::Long,
            opened: self.held[0].0,
            closed: time,
            reason: reason(kind).to_owned(),
            average_entry: value / quantity,
            average_exit: price,
            quantity,
            levels_filled: self.held.len() as u8,
            gross,
            fees: self.fees,
            funding: self.paid,
            net: gross - self.fees + self.paid,
            params_hash: hash(self.book),
        });
        (self.fees, self.paid) = (Decimal::ZERO, Decimal::ZERO);
        self.held.clear();
        self.number += 1;
    }

    fn leave_open(&mut self, close: f64) {
        let (value, quantity) = self.sums();
        let Some(first) = self.held.first() else { return };
        self.facts.open_cycles.push(OpenCycle {
            book: self.book.to_owned(),
            symbol: self.series.symbol.clone(),
            cycle: self.number,
            direction: Direction::Long,
            opened: first.0,
            average_entry: value / quantity,
            last_price: self.price(close),
            stop: Some((value / quantity * Decimal::new(9, 1)).round_dp(self.places)),
            quantity,
            levels_filled: self.held.len() as u8,
            fees: self.fees,
            funding: self.paid,
            unrealised: self.unrealised(close),
            params_hash: hash(self.book),
        });
    }
}

fn reason(kind: FillKind) -> &'static str {
    match kind {
        FillKind::Entry => "entry",
        FillKind::Target => "target",
        FillKind::Stop => "stop",
        FillKind::Close => "flip",
    }
}

fn hash(text: &str) -> String {
    let seed = text.bytes().fold(7_u64, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    let mut chance = Chance(seed);
    (0..64).map(|_| char::from_digit((chance.next() * 16.0) as u32, 16).unwrap()).collect()
}

fn parameters(books: &[(&str, f64)], prices: &[PriceSeries], window: Window) -> Parameters {
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
    }
}

fn book(name: &str, reach: f64, prices: &[PriceSeries]) -> BookParameters {
    BookParameters {
        name: name.to_owned(),
        kind: name.to_owned(),
        capital: CAPITAL.into(),
        leverage: 6,
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
            liquidation_first: false,
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

fn data(prices: &[PriceSeries], window: Window) -> Vec<DataSeries> {
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
        from: window.from.into(),
        to: (window.to - HOUR).into(),
        rows,
        gaps: 0,
        sha256: hash(&series.symbol),
        tick_used: Some(Decimal::new(1, SYMBOLS.iter().find(|s| s.0 == series.symbol).unwrap().2)),
        resolution: Some(Resolution {
            bars: BTreeMap::from([("1h".to_owned(), rows)]),
            ranges: vec![range],
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
        from: window.from.into(),
        to: window.to.into(),
        rows: settlements - 3,
        gaps: 0,
        sha256: hash(&format!("{} funding", series.symbol)),
        tick_used: None,
        resolution: None,
        funding: Some(FundingCoverage { records: settlements - 3, filled: 3 }),
    }
}
