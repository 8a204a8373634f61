//! Funding files: what each settlement charged. No estimate of a rate that is not there.

use std::path::{Path, PathBuf};

use gardefou_core::ids::SymbolName;
use gardefou_core::money::{Fraction, SCALE};
use gardefou_core::time::{Span, Timestamp};

use super::error::{DataError, Fault};
use super::find::{Dataset, days_short};
use super::identity::{DataIdentity, Digest};
use super::table::{Limits, Row, Table};

const HEADER: &str = "timestamp,funding_rate";
const COLUMNS: [&str; 2] = ["timestamp", "funding_rate"];
const RATE: usize = 1;
const DECIMALS: u32 = 8;
const MINUTE: i64 = 60_000;
const HOUR: Span = Span::hours(1);

/// The settlements of one symbol, in order, each instant once.
#[derive(Clone, Debug)]
pub struct Funding {
    path: PathBuf,
    settlements: Vec<(Timestamp, Fraction)>,
    sha256: Digest,
}

/// Settlements that have no record, at a regular interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingGap {
    /// The first settlement without a record.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// How many.
    pub missing: u64,
}

/// How far the records cover a range of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundingCoverage {
    /// Settlements that the interval makes in the range.
    pub expected: u64,
    /// Those with a record.
    pub present: u64,
    /// Records in the range at other instants: the exchange settled more often, or off the hour.
    pub extra: u64,
    /// Those without a record, as ranges in order.
    pub missing: Vec<FundingGap>,
}

/// Reads a funding file: CSV or gzip, header `timestamp,funding_rate`, the rate as a fraction of
/// the position's value with at most 8 decimals.
///
/// Exchanges stamp a settlement some milliseconds to seconds late. A timestamp within 60 s of a
/// whole hour is taken as that hour, any other as the nearest whole minute.
///
/// # Errors
/// The first thing that is wrong with the file, with its place.
pub fn read_funding(path: &Path) -> Result<Funding, DataError> {
    let mut table = Table::open(path, HEADER, COLUMNS, Limits::FILES)?;
    let mut settlements: Vec<(Timestamp, Fraction)> = Vec::new();
    while let Some(row) = table.next()? {
        let at = snap(row.time()?);
        row.check_order(at, settlements.last().map(|last| last.0))?;
        settlements.push((at, rate(&row)?));
    }
    if settlements.is_empty() {
        return Err(DataError::file(path, Fault::NoRows));
    }
    let sha256 = table.finish()?;
    Ok(Funding { path: path.into(), settlements, sha256 })
}

fn snap(at: Timestamp) -> Timestamp {
    let hour = (at + Span(HOUR.0 / 2)).floor(HOUR);
    if (at - hour).0.abs() <= MINUTE { hour } else { (at + Span(MINUTE / 2)).floor(Span(MINUTE)) }
}

fn rate(row: &Row<'_, 2>) -> Result<Fraction, DataError> {
    let number = row.number(RATE)?;
    if number.decimals() > DECIMALS {
        let (column, value) = (row.column(RATE), row.shown(RATE));
        return Err(row.wrong_at(RATE, Fault::TooFine { column, value, limit: DECIMALS }));
    }
    match number.scaled(DECIMALS) {
        Ok(units) if units.abs() <= SCALE => Ok(Fraction(units)),
        _ => Err(row.wrong_at(RATE, Fault::RateRange { value: row.shown(RATE) })),
    }
}

impl Funding {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Instant and rate of each settlement, in order; longs pay when the rate is positive.
    #[must_use]
    pub fn settlements(&self) -> &[(Timestamp, Fraction)] {
        &self.settlements
    }

    /// The line of the file that a settlement stands on, by its position in
    /// [`Funding::settlements`].
    #[must_use]
    pub fn line(&self, index: usize) -> u64 {
        index as u64 + 2
    }

    /// The rate settled at exactly this instant, if there is a record.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<Fraction> {
        let found = self.settlements.binary_search_by_key(&at, |settlement| settlement.0).ok()?;
        self.settlements.get(found).map(|settlement| settlement.1)
    }

    /// Which settlements — the multiples of `interval` (UTC) from `from` to `to`, both included —
    /// have a record. An interval that is not above zero makes no settlements.
    #[must_use]
    pub fn coverage(&self, from: Timestamp, to: Timestamp, interval: Span) -> FundingCoverage {
        let mut coverage =
            FundingCoverage { expected: 0, present: 0, extra: 0, missing: Vec::new() };
        let inside = self.between(from, to);
        if interval.0 <= 0 || from > to {
            coverage.extra = inside.len() as u64;
            return coverage;
        }
        // Settlements are numbered from 1970 on; arithmetic on i128 cannot overflow.
        let (step, start, end) = (i128::from(interval.0), i128::from(from.0), i128::from(to.0));
        let mut next = -(-start).div_euclid(step);
        let last = end.div_euclid(step);
        coverage.expected = u64::try_from(last - next + 1).unwrap_or(0);
        for (at, _) in inside {
            let at = i128::from(at.0);
            if at.rem_euclid(step) != 0 {
                coverage.extra += 1;
                continue;
            }
            coverage.present += 1;
            coverage.missing.extend(hole(next, at.div_euclid(step) - 1, step));
            next = at.div_euclid(step) + 1;
        }
        coverage.missing.extend(hole(next, last, step));
        coverage
    }

    /// The settlements of [`Funding::coverage`] that have no record.
    #[must_use]
    pub fn missing(&self, from: Timestamp, to: Timestamp, interval: Span) -> Vec<FundingGap> {
        self.coverage(from, to, interval).missing
    }

    /// Holes between the first and the last record, each of one or more settlements that `interval`
    /// makes and that have no record.
    #[must_use]
    pub fn gaps(&self, interval: Span) -> usize {
        let ends = self.settlements.first().zip(self.settlements.last());
        ends.map_or(0, |(first, last)| self.missing(first.0, last.0, interval).len())
    }

    /// What a report says of this file.
    #[must_use]
    pub fn identity(&self, symbol: SymbolName, gaps: usize) -> DataIdentity {
        let (kind, timeframe) = DataIdentity::kind(Dataset::Funding);
        let ends = self.settlements.first().zip(self.settlements.last());
        let (first, last) = ends.map(|(a, b)| (a.0, b.0)).unwrap_or_default();
        DataIdentity {
            symbol,
            kind,
            timeframe,
            file: DataIdentity::file_name(&self.path),
            first,
            last,
            rows: self.settlements.len(),
            days_short: days_short(&self.path, Dataset::Funding, first, last),
            gaps,
            sha256: self.sha256,
            tick_used: None,
        }
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> &[(Timestamp, Fraction)] {
        let start = self.settlements.partition_point(|settlement| settlement.0 < from);
        let end = self.settlements.partition_point(|settlement| settlement.0 <= to);
        self.settlements.get(start..end).unwrap_or_default()
    }
}

/// The settlements numbered `from` to `to`, if any.
fn hole(from: i128, to: i128, step: i128) -> Option<FundingGap> {
    let missing = u64::try_from(to - from + 1).ok().filter(|&missing| missing > 0)?;
    let instant = |number: i128| i64::try_from(number * step).ok().map(Timestamp);
    Some(FundingGap { from: instant(from)?, to: instant(to)?, missing })
}
