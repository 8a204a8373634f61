//! The metrics of a book, or of all books, from its cycles and its daily equity.
//!
//! Money stays exact; a ratio that the data cannot support is none, never zero.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::facts::{Cycle, EquityCurve, EquityPoint, OpenCycle};
use super::result::{
    BookMetrics, Drawdown, DrawdownBasis, LongestCycle, Metrics, Moment, PathResult,
};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
const HOUR_MS: f64 = 3_600_000.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// The time that a run covers, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant at which an entry may fill.
    pub from: i64,
    /// The end of the last bar.
    pub to: i64,
}

/// What the facts of a wallet do not say about themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    /// The balance at the start.
    pub capital: Decimal,
    /// The drawdown measured at bar closes; none = measured on the daily equity.
    pub drawdown: Option<Drawdown>,
    /// Return of the equal-weighted symbols, from [`buy_and_hold`].
    pub buy_and_hold_percent: Option<f64>,
}

/// The facts of a wallet do not add up to its balance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the balance of {book} ended at {balance}, its facts add up to {facts}")]
pub struct Mismatch {
    /// The book.
    pub book: String,
    /// The balance of its last equity point.
    pub balance: Decimal,
    /// Its capital plus the money of its cycles.
    pub facts: Decimal,
}

impl PathResult {
    /// Computes the total equity and all metrics from the facts of the path. `books` are the
    /// books in the order of the configuration; `total` is all of them together (its capital is
    /// theirs).
    ///
    /// # Errors
    /// When the balance of a book is not its capital plus the money of its cycles.
    pub fn measure(
        &mut self,
        window: Window,
        books: &[(String, Basis)],
        total: Basis,
    ) -> Result<(), Mismatch> {
        for (book, basis) in books {
            self.check_balance(book, basis.capital)?;
        }
        self.total_equity = total_equity(&self.equity);
        self.books = books
            .iter()
            .map(|(book, basis)| BookMetrics {
                book: book.clone(),
                metrics: self.measure_one(Some(book), window, basis.clone()),
            })
            .collect();
        let capital = sum(books.iter().map(|(_, basis)| basis.capital));
        self.total = self.measure_one(None, window, Basis { capital, ..total });
        Ok(())
    }

    fn measure_one(&self, book: Option<&str>, window: Window, basis: Basis) -> Metrics {
        let wanted = |name: &str| book.is_none_or(|b| b == name);
        let cycles: Vec<&Cycle> = self.cycles.iter().filter(|c| wanted(&c.book)).collect();
        let open: Vec<&OpenCycle> = self.open_cycles.iter().filter(|c| wanted(&c.book)).collect();
        compute(window, basis, &cycles, &open, self.equity_of(book))
    }

    fn check_balance(&self, book: &str, capital: Decimal) -> Result<(), Mismatch> {
        let Some(last) = self.equity_of(Some(book)).last() else { return Ok(()) };
        let closed = self.cycles.iter().filter(|c| c.book == book).map(|c| c.net);
        let open = self.open_cycles.iter().filter(|c| c.book == book).map(paid_so_far);
        let facts = capital.saturating_add(sum(closed.chain(open)));
        if last.balance == facts {
            return Ok(());
        }
        Err(Mismatch { book: book.to_owned(), balance: last.balance, facts })
    }
}

/// The metrics of a wallet from its cycles and its equity points. Ratios of returns use the
/// points at 00:00 UTC; the end of the run is the last point.
#[must_use]
pub fn compute(
    window: Window,
    basis: Basis,
    cycles: &[&Cycle],
    open: &[&OpenCycle],
    equity: &[EquityPoint],
) -> Metrics {
    let Basis { capital, drawdown, buy_and_hold_percent } = basis;
    let closed = sum(cycles.iter().map(|c| c.net));
    let net_profit = closed.saturating_add(sum(open.iter().map(|c| paid_so_far(c))));
    let open_unrealised = sum(open.iter().map(|c| c.unrealised));
    let results = Results::of(cycles);
    let returns = daily_returns(equity);
    Metrics {
        capital,
        net_profit,
        return_percent: percent(net_profit, capital),
        open_unrealised,
        return_with_open_percent: percent(net_profit.saturating_add(open_unrealised), capital),
        cycles: count(cycles.len()),
        open_cycles: count(open.len()),
        wins: count(results.wins),
        losses: count(results.losses),
        win_rate_percent: percent(results.wins.into(), cycles.len().into()),
        profit_factor: ratio(results.won, -results.lost),
        average_win: mean_money(results.won, results.wins),
        average_loss: mean_money(results.lost, results.losses),
        max_drawdown: drawdown.or_else(|| drawdown_of(equity)),
        sharpe: sharpe(&returns),
        sortino: sortino(&returns),
        daily_returns: count(returns.len()),
        fees: sum(cycles.iter().map(|c| c.fees).chain(open.iter().map(|c| c.fees))),
        funding: sum(cycles.iter().map(|c| c.funding).chain(open.iter().map(|c| c.funding))),
        longest_cycle: longest(cycles, open, window),
        exposure_percent: exposure(cycles, open, window),
        buy_and_hold_percent,
    }
}

/// Wins and losses of cycles, counted and added up.
#[derive(Default)]
struct Results {
    wins: usize,
    losses: usize,
    won: Decimal,
    lost: Decimal,
}

impl Results {
    fn of(cycles: &[&Cycle]) -> Self {
        let mut all = Self::default();
        for cycle in cycles {
            if cycle.net > Decimal::ZERO {
                all.wins += 1;
                all.won = all.won.saturating_add(cycle.net);
            } else {
                all.losses += 1;
                all.lost = all.lost.saturating_add(cycle.net);
            }
        }
        all
    }
}

/// Equity of all books together: at each instant that any of them has, the sum of the latest
/// points; a book that has not begun counts with its first balance.
#[must_use]
pub fn total_equity(curves: &[EquityCurve]) -> Vec<EquityPoint> {
    let mut times: Vec<i64> = curves.iter().flat_map(|c| c.points.iter().map(|p| p.time)).collect();
    times.sort_unstable();
    times.dedup();
    let mut next = vec![0_usize; curves.len()];
    times.into_iter().map(|time| total_at(time, curves, &mut next)).collect()
}

fn total_at(time: i64, curves: &[EquityCurve], next: &mut [usize]) -> EquityPoint {
    let (mut balance, mut unrealised) = (Decimal::ZERO, Decimal::ZERO);
    for (curve, next) in curves.iter().zip(next) {
        while curve.points.get(*next).is_some_and(|p| p.time <= time) {
            *next += 1;
        }
        let Some(point) = curve.points.get(next.saturating_sub(1)) else { continue };
        balance = balance.saturating_add(point.balance);
        if *next > 0 {
            unrealised = unrealised.saturating_add(point.unrealised);
        }
    }
    EquityPoint::new(time, balance, unrealised)
}

/// Returns from one 00:00 UTC to the next, as fractions; none from an equity that is not above
/// zero.
#[must_use]
pub fn daily_returns(equity: &[EquityPoint]) -> Vec<f64> {
    let marks: Vec<Decimal> =
        equity.iter().filter(|p| p.time.rem_euclid(DAY_MS) == 0).map(|p| p.equity).collect();
    marks
        .windows(2)
        .filter_map(|w| match w {
            [before, after] => percent(after.saturating_sub(*before), *before),
            _ => None,
        })
        .map(|p| p / 100.0)
        .collect()
}

/// Sharpe ratio of daily returns, a year of 365 days, no risk-free rate. None with fewer than
/// two returns or without deviation.
#[must_use]
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    let mean = mean(returns)?;
    let squares = returns.iter().map(|r| (r - mean).powi(2)).sum();
    annual(mean, squares, returns.len())
}

/// Sortino ratio of daily returns, target zero. None with fewer than two returns or without a
/// loss.
#[must_use]
pub fn sortino(returns: &[f64]) -> Option<f64> {
    let mean = mean(returns)?;
    let squares = returns.iter().map(|r| r.min(0.0).powi(2)).sum();
    annual(mean, squares, returns.len())
}

fn annual(mean: f64, squares: f64, count: usize) -> Option<f64> {
    // What is left of equal returns after rounding is not a deviation.
    const NOISE: f64 = 1e-12;
    if count < 2 {
        return None;
    }
    let deviation = (squares / (float(count) - 1.0)).sqrt();
    let real = deviation > NOISE * mean.abs() && deviation > f64::MIN_POSITIVE;
    real.then(|| mean / deviation * DAYS_PER_YEAR.sqrt()).filter(|r| r.is_finite())
}

/// Equal-weighted return, in percent, of symbols given as (first price, last price). None
/// without a symbol or when a first price is not above zero.
#[must_use]
pub fn buy_and_hold(prices: &[(f64, f64)]) -> Option<f64> {
    let usable = prices.iter().all(|(first, last)| *first > 0.0 && last.is_finite());
    let growth: Vec<f64> = prices.iter().map(|(first, last)| last / first).collect();
    usable.then(|| mean(&growth)).flatten().map(|m| (m - 1.0) * 100.0)
}

/// Follows equity and keeps its deepest fall from a peak, in percent.
#[derive(Clone, Debug)]
pub struct DrawdownTracker {
    basis: DrawdownBasis,
    peak: Option<(i64, Decimal)>,
    worst: Option<Fall>,
}

#[derive(Clone, Copy, Debug)]
struct Fall {
    peak: (i64, Decimal),
    trough: (i64, Decimal),
    percent: f64,
    recovered: Option<i64>,
}

impl DrawdownTracker {
    /// A tracker that is shown equity as often as `basis` says.
    #[must_use]
    pub const fn new(basis: DrawdownBasis) -> Self {
        Self { basis, peak: None, worst: None }
    }

    /// Takes the equity at an instant; instants must come in order.
    pub fn push(&mut self, time: i64, equity: Decimal) {
        if let Some(fall) = &mut self.worst
            && fall.recovered.is_none()
            && equity >= fall.peak.1
        {
            fall.recovered = Some(time);
        }
        match self.peak {
            Some(peak) if equity < peak.1 => self.fall(peak, (time, equity)),
            Some(peak) if equity == peak.1 => {}
            Some(_) | None => self.peak = Some((time, equity)),
        }
    }

    fn fall(&mut self, peak: (i64, Decimal), trough: (i64, Decimal)) {
        let Some(percent) = percent(peak.1.saturating_sub(trough.1), peak.1) else { return };
        if self.worst.is_none_or(|worst| percent > worst.percent) {
            self.worst = Some(Fall { peak, trough, percent, recovered: None });
        }
    }

    /// The deepest fall so far; none when equity never fell.
    #[must_use]
    pub fn worst(&self) -> Option<Drawdown> {
        self.worst.map(|fall| Drawdown {
            percent: fall.percent,
            amount: fall.peak.1.saturating_sub(fall.trough.1),
            peak: Moment::from_ms(fall.peak.0),
            trough: Moment::from_ms(fall.trough.0),
            recovered: fall.recovered.map(Moment::from_ms),
            basis: self.basis,
        })
    }
}

fn drawdown_of(equity: &[EquityPoint]) -> Option<Drawdown> {
    let mut tracker = DrawdownTracker::new(DrawdownBasis::Daily);
    for point in equity {
        tracker.push(point.time, point.equity);
    }
    tracker.worst()
}

fn longest(cycles: &[&Cycle], open: &[&OpenCycle], window: Window) -> Option<LongestCycle> {
    let closed = cycles.iter().map(|c| (c.closed - c.opened, &c.book, &c.symbol, c.cycle, false));
    let held = open.iter().map(|c| (window.to - c.opened, &c.book, &c.symbol, c.cycle, true));
    // The first of equals: `max_by_key` would give the last.
    let (span, book, symbol, cycle, open) =
        closed.chain(held).reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let hours = float_ms(span.max(0)) / HOUR_MS;
    Some(LongestCycle { book: book.clone(), symbol: symbol.clone(), cycle, hours, open })
}

fn exposure(cycles: &[&Cycle], open: &[&OpenCycle], window: Window) -> Option<f64> {
    let clip = |(from, to): (i64, i64)| (from.max(window.from), to.min(window.to));
    let mut spans: Vec<(i64, i64)> = cycles
        .iter()
        .map(|c| (c.opened, c.closed))
        .chain(open.iter().map(|c| (c.opened, window.to)))
        .map(clip)
        .filter(|(from, to)| from < to)
        .collect();
    spans.sort_unstable();
    let (mut covered, mut until) = (0, window.from);
    for (from, to) in spans {
        covered += (to - from.max(until)).max(0);
        until = until.max(to);
    }
    let length = window.to - window.from;
    (length > 0).then(|| 100.0 * float_ms(covered) / float_ms(length))
}

/// Money that an open cycle has already moved in the balance.
fn paid_so_far(cycle: &OpenCycle) -> Decimal {
    cycle.funding.saturating_sub(cycle.fees)
}

/// The sum of amounts.
pub(crate) fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}

fn percent(part: Decimal, whole: Decimal) -> Option<f64> {
    ratio(part, whole).map(|r| r * 100.0)
}

fn ratio(part: Decimal, whole: Decimal) -> Option<f64> {
    if whole <= Decimal::ZERO {
        return None;
    }
    Some(part.to_f64()? / whole.to_f64()?).filter(|r| r.is_finite())
}

fn mean_money(total: Decimal, number: usize) -> Option<Decimal> {
    const PLACES: u32 = 8;
    total.checked_div(number.into()).map(|mean| mean.round_dp(PLACES))
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / float(values.len()))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn float(number: usize) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss, reason = "spans far below 2^53 ms")]
fn float_ms(span: i64) -> f64 {
    span as f64
}
