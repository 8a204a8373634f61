//! The series that the script of the page draws, as compact JSON: columns instead of rows, names
//! by number, prices as whole steps and differences.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::PriceSeries;
use super::downsample;
use crate::report::result::{
    Backtest, BookParameters, Cycle, Direction, EquityPoint, Fill, FillKind, PathResult, Side,
};

/// Bars of all charts together: the size of the page is bounded whatever the number of symbols.
const BARS: usize = 144_000;
/// Bars of one chart.
const BARS_PER_SYMBOL: usize = 30_000;
/// Level prices of all charts together.
const LEVELS: usize = 320_000;
/// Fills of one path on the charts, the latest; the JSON of the result has them all.
const FILLS: usize = 20_000;
/// Cycles of one path in the table, the latest.
const CYCLES: usize = 10_000;

#[derive(Serialize)]
struct Page<'a> {
    from: i64,
    to: i64,
    books: Vec<&'a str>,
    symbols: Vec<&'a str>,
    reasons: Vec<&'a str>,
    equity: Vec<Equity>,
    prices: Vec<Prices>,
    fills: [Vec<FillRow>; 2],
    cycles: [Vec<CycleRow>; 2],
    trips: [Vec<TripRow>; 2],
    left: [[usize; 2]; 2],
}

/// Equity of all books, then of each: per path seconds and value; buy and hold of its symbols.
#[derive(Serialize)]
struct Equity {
    paths: [Line; 2],
    hold: Line,
}

#[derive(Serialize, Default)]
struct Line {
    /// Seconds, the first absolute, the others from the one before.
    t: Vec<i64>,
    v: Vec<f64>,
}

/// One chart of prices; all prices are whole numbers of 10^-places.
#[derive(Serialize)]
struct Prices {
    symbol: usize,
    places: i32,
    start: i64,
    step: i64,
    /// Position in `bars` and how many bars of time are missing before it.
    gaps: Vec<(usize, i64)>,
    /// Per bar: open − previous close, close − open, high − body, body − low.
    bars: Vec<i64>,
    ladders: Vec<LadderRows>,
}

/// The levels that one book wanted.
#[derive(Serialize)]
struct LadderRows {
    book: usize,
    /// Per change: seconds since the one before, levels, each from the one before it.
    rows: Vec<Vec<i64>>,
}

/// Seconds, book, symbol, cycle, kind (0 entry, 1 target, 2 stop, 3 close), 1 when bought, level
/// (−1 for exits), price, quantity.
type FillRow = (i64, usize, usize, u64, u8, u8, i16, f64, f64);

/// Book, symbol, cycle, 1 when long, opened, closed (seconds), reason, entry, exit, quantity,
/// levels, gross, fees, funding, net.
type CycleRow = (usize, usize, u64, u8, i64, i64, usize, f64, f64, f64, u8, f64, f64, f64, f64);

/// Seconds, book (−1 for all), loss in percent.
type TripRow = (i64, i64, f64);

/// The JSON, safe to stand inside a script element.
pub(super) fn json(
    backtest: &Backtest,
    prices: &[PriceSeries],
) -> Result<String, serde_json::Error> {
    let names = Names::of(backtest, prices);
    let paths = [&backtest.paths.pessimistic, &backtest.paths.optimistic];
    let page = Page {
        from: backtest.parameters.from.ms / 1000,
        to: backtest.parameters.to.ms / 1000,
        equity: equity(backtest, prices, &names),
        prices: charts(prices, &names),
        fills: paths.map(|p| latest(&p.fills, FILLS).iter().map(|f| names.fill(f)).collect()),
        cycles: paths.map(|p| latest(&p.cycles, CYCLES).iter().map(|c| names.cycle(c)).collect()),
        trips: paths.map(|p| names.trips(p)),
        left: paths
            .map(|p| [p.fills.len().saturating_sub(FILLS), p.cycles.len().saturating_sub(CYCLES)]),
        books: names.books.clone(),
        symbols: names.symbols.clone(),
        reasons: names.reasons.clone(),
    };
    serde_json::to_string(&page).map(|text| inert(&text))
}

/// JSON in which no character can end a script element or begin a comment.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 64);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

fn latest<T>(rows: &[T], most: usize) -> &[T] {
    rows.get(rows.len().saturating_sub(most)..).unwrap_or(rows)
}

/// Names by number, each list sorted or in the order of the configuration.
struct Names<'a> {
    books: Vec<&'a str>,
    symbols: Vec<&'a str>,
    reasons: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn of(backtest: &'a Backtest, prices: &'a [PriceSeries]) -> Self {
        let paths = backtest.paths.named().map(|(_, path)| path);
        let parameters = &backtest.parameters;
        let configured = parameters.books.iter().flat_map(|b| b.symbols.iter().map(|s| &s.symbol));
        let traded = paths.iter().flat_map(|p| p.fills.iter().map(|f| &f.symbol));
        let charted = prices.iter().map(|p| &p.symbol);
        let held = paths.iter().flat_map(|p| p.cycles.iter().map(|c| &c.symbol));
        let mut books: Vec<&str> = parameters.books.iter().map(|b| b.name.as_str()).collect();
        let known = books.len();
        let mentioned = paths.iter().flat_map(|p| {
            let cycles = p.cycles.iter().map(|c| c.book.as_str());
            cycles.chain(p.fills.iter().map(|f| f.book.as_str()))
        });
        let unknown = sorted(mentioned.filter(|b| !books[..known].contains(b)));
        books.extend(unknown);
        Self {
            books,
            symbols: sorted(
                configured.chain(traded).chain(charted).chain(held).map(String::as_str),
            ),
            reasons: sorted(paths.iter().flat_map(|p| p.cycles.iter().map(|c| c.reason.name()))),
        }
    }

    fn book(&self, name: &str) -> usize {
        position(&self.books, name)
    }

    fn symbol(&self, name: &str) -> usize {
        self.symbols.binary_search(&name).unwrap_or_default()
    }

    fn reason(&self, name: &str) -> usize {
        self.reasons.binary_search(&name).unwrap_or_default()
    }

    fn fill(&self, fill: &Fill) -> FillRow {
        let kind = match fill.kind {
            FillKind::Entry => 0,
            FillKind::Target => 1,
            FillKind::Stop => 2,
            FillKind::Close => 3,
        };
        (
            fill.time / 1000,
            self.book(&fill.book),
            self.symbol(&fill.symbol),
            fill.cycle,
            kind,
            u8::from(fill.side == Side::Buy),
            fill.level.map_or(-1, i16::from),
            float(fill.price),
            float(fill.quantity),
        )
    }

    fn cycle(&self, cycle: &Cycle) -> CycleRow {
        (
            self.book(&cycle.book),
            self.symbol(&cycle.symbol),
            cycle.cycle,
            u8::from(cycle.direction == Direction::Long),
            cycle.opened / 1000,
            cycle.closed / 1000,
            self.reason(cycle.reason.name()),
            float(cycle.average_entry.round_dp(10)),
            float(cycle.average_exit.round_dp(10)),
            float(cycle.quantity),
            cycle.levels_filled,
            money(cycle.gross),
            money(cycle.fees),
            money(cycle.funding),
            // To the last digit: the page adds them up.
            float(cycle.net.round_dp(8)),
        )
    }

    fn trips(&self, path: &PathResult) -> Vec<TripRow> {
        let book = |name: &str| i64::try_from(self.book(name)).unwrap_or(-1);
        path.trips
            .iter()
            .map(|t| (t.time.ms / 1000, t.book.as_deref().map_or(-1, book), t.loss_percent))
            .collect()
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

fn position(names: &[&str], name: &str) -> usize {
    names.iter().position(|n| *n == name).unwrap_or_default()
}

fn equity(backtest: &Backtest, prices: &[PriceSeries], names: &Names<'_>) -> Vec<Equity> {
    let all = std::iter::once(None).chain(names.books.iter().map(|b| Some(*b)));
    all.map(|book| {
        let paths = [&backtest.paths.pessimistic, &backtest.paths.optimistic];
        let hold = hold(backtest, prices, book, paths[0].equity_of(book));
        Equity { paths: paths.map(|p| line(p.equity_of(book))), hold }
    })
    .collect()
}

fn line(points: &[EquityPoint]) -> Line {
    let t = differences(points.iter().map(|p| p.time / 1000));
    Line { t, v: points.iter().map(|p| money(p.equity)).collect() }
}

/// The capital of a book, or of each of them, spread equally over its symbols at the first point
/// and held.
fn hold(
    backtest: &Backtest,
    prices: &[PriceSeries],
    book: Option<&str>,
    points: &[EquityPoint],
) -> Line {
    let Some(first) = points.first() else { return Line::default() };
    let books = backtest.parameters.books.iter().filter(|b| book.is_none_or(|n| n == b.name));
    let holdings: Vec<Holding<'_>> =
        books.filter_map(|book| Holding::buy(book, prices, first.time)).collect();
    if holdings.is_empty() {
        return Line::default();
    }
    let worth = |time: i64| holdings.iter().map(|holding| holding.worth(time)).sum::<f64>();
    Line {
        t: differences(points.iter().map(|p| p.time / 1000)),
        v: points.iter().map(|p| cents(worth(p.time))).collect(),
    }
}

/// The symbols of a book, bought with equal parts of its capital.
struct Holding<'a> {
    capital: f64,
    bought: Vec<(&'a PriceSeries, f64)>,
}

impl<'a> Holding<'a> {
    /// None when there is no price of any of its symbols.
    fn buy(book: &BookParameters, prices: &'a [PriceSeries], at: i64) -> Option<Self> {
        let own = |series: &&PriceSeries| book.symbols.iter().any(|s| s.symbol == series.symbol);
        let own = prices.iter().filter(own);
        let bought: Vec<_> = own.filter_map(|p| Some((p, price_at(p, at)?))).collect();
        (!bought.is_empty()).then(|| Self { capital: float(book.capital), bought })
    }

    fn worth(&self, time: i64) -> f64 {
        let each = self.capital / self.bought.iter().map(|_| 1.0).sum::<f64>();
        let growth = |(p, from): &(&PriceSeries, f64)| price_at(p, time).unwrap_or(*from) / from;
        self.bought.iter().map(|held| each * growth(held)).sum()
    }
}

/// The price at an instant: the close of the last bar that opened before it, else the first open.
fn price_at(series: &PriceSeries, time: i64) -> Option<f64> {
    let after = series.points.partition_point(|p| p.0 < time);
    let price = match after.checked_sub(1).and_then(|i| series.points.get(i)) {
        Some(before) => before.4,
        None => series.points.first()?.1,
    };
    Some(price).filter(|p| *p > 0.0 && p.is_finite())
}

fn charts(prices: &[PriceSeries], names: &Names<'_>) -> Vec<Prices> {
    let number = prices.len().max(1);
    let most = (BARS / number).clamp(100, BARS_PER_SYMBOL);
    let ladders = prices.iter().map(|p| p.ladders.len()).sum::<usize>().max(1);
    prices.iter().filter_map(|p| chart(p, names, most, LEVELS / ladders)).collect()
}

fn chart(series: &PriceSeries, names: &Names<'_>, most: usize, levels: usize) -> Option<Prices> {
    let merged = downsample::bars(&series.points, most)?;
    let highest = merged.bars.iter().map(|(_, b)| b[1]).fold(0.0, f64::max);
    let places = places(highest);
    let mut rows = Vec::with_capacity(merged.bars.len() * 4);
    let (mut gaps, mut expected, mut before) = (Vec::new(), 0, 0);
    for (position, (index, bar)) in merged.bars.iter().enumerate() {
        if *index != expected {
            gaps.push((position, index - expected));
        }
        expected = index + 1;
        let [open, high, low, close] = bar.map(|price| steps(price, places));
        rows.extend([open - before, close - open, high - open.max(close), open.min(close) - low]);
        before = close;
    }
    Some(Prices {
        symbol: names.symbol(&series.symbol),
        places,
        start: merged.start / 1000,
        step: merged.step / 1000,
        gaps,
        bars: rows,
        ladders: series
            .ladders
            .iter()
            .map(|wanted| LadderRows {
                book: names.book(&wanted.book),
                rows: ladder(&wanted.changes, levels, places),
            })
            .collect(),
    })
}

fn ladder(changes: &[(i64, Vec<f64>)], levels: usize, places: i32) -> Vec<Vec<i64>> {
    let widest = changes.iter().map(|(_, l)| l.len()).max().unwrap_or(0);
    let kept = downsample::ladder(changes, levels / (widest + 1));
    let mut before = 0;
    kept.into_iter()
        .map(|(time, prices)| {
            let seconds = time / 1000;
            let mut row = vec![seconds - before];
            row.extend(differences(prices.iter().map(|price| steps(*price, places))));
            before = seconds;
            row
        })
        .collect()
}

/// Decimal places that give a price six significant digits.
fn places(highest: f64) -> i32 {
    (0..9).find(|places| highest * 10_f64.powi(*places) >= 1e5).unwrap_or(9)
}

#[allow(clippy::cast_possible_truncation, reason = "a price for a chart; the cast saturates")]
fn steps(price: f64, places: i32) -> i64 {
    (price * 10_f64.powi(places)).round() as i64
}

fn differences(values: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut before = 0;
    values.map(|value| value - std::mem::replace(&mut before, value)).collect()
}

fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

fn money(amount: Decimal) -> f64 {
    let places = if amount.abs() < Decimal::ONE { 4 } else { 2 };
    float(amount.round_dp(places))
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// Cycles of a path counted and added up per symbol.
pub(super) fn by_symbol(path: &PathResult) -> BTreeMap<&str, Vec<&Cycle>> {
    let mut all: BTreeMap<&str, Vec<&Cycle>> = BTreeMap::new();
    for cycle in &path.cycles {
        all.entry(cycle.symbol.as_str()).or_default().push(cycle);
    }
    all
}
