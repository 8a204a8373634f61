//! Candle files: exact prices in, bars in ticks out. No repair, no filling of gaps.

use std::path::{Path, PathBuf};

use gardefou_core::ids::SymbolName;
use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::time::{Timeframe, Timestamp};
use rust_decimal::Decimal;

use super::decimal::{Number, power_of_ten};
use super::error::{DataError, Fault, Shown, Utc};
use super::find::{Dataset, days_short};
use super::identity::{DataIdentity, Digest};
use super::table::{Limits, Row, Table};
use super::ticks::{Steps, TICKS_MAX};

const HEADER: &str = "timestamp,open,high,low,close,volume";
const COLUMNS: [&str; 6] = ["timestamp", "open", "high", "low", "close", "volume"];
const VOLUME: usize = 5;

/// The most decimals that a price may have.
pub const DECIMALS_MAX: u32 = 12;

/// Bars that are missing between two bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Open time of the first missing bar.
    pub from: Timestamp,
    /// How many are missing.
    pub missing: u64,
}

/// A candle file as read: every price exact, in units of the finest step of the file.
#[derive(Clone, Debug)]
pub struct RawSeries {
    path: PathBuf,
    timeframe: Timeframe,
    /// Prices in units of `10^-decimals`; line number = index + 2.
    bars: Vec<Bar>,
    decimals: u32,
    gaps: Vec<Gap>,
    /// Traded in each bar, in base coin; of hours only, to compare orders with.
    volumes: Vec<f64>,
    sha256: Digest,
}

/// Reads a candle file: CSV or gzip, header `timestamp,open,high,low,close,volume`, the timestamp
/// being the open of the bar in milliseconds.
///
/// Rows are sorted, unique, on the boundaries of the timeframe; gaps are recorded, not refused
/// (see [`RawSeries::require_contiguous`]). Volumes are kept for hours, and only for a report: the
/// engine is told whether anything traded, nothing else.
///
/// # Errors
/// The first thing that is wrong with the file, with its place.
pub fn read_candles(path: &Path, timeframe: Timeframe) -> Result<RawSeries, DataError> {
    read_limited(path, timeframe, Limits::FILES)
}

pub(super) fn read_limited(
    path: &Path,
    timeframe: Timeframe,
    limits: Limits,
) -> Result<RawSeries, DataError> {
    let mut table = Table::open(path, HEADER, COLUMNS, limits)?;
    let (bars, gaps, volumes) = (Vec::new(), Vec::new(), Vec::new());
    let mut reading = Reading { timeframe, bars, decimals: 0, gaps, volumes };
    while let Some(row) = table.next()? {
        reading.push(&row)?;
    }
    if reading.bars.is_empty() {
        return Err(DataError::file(path, Fault::NoRows));
    }
    let sha256 = table.finish()?;
    let Reading { mut bars, decimals, gaps, volumes, .. } = reading;
    bars.shrink_to_fit();
    Ok(RawSeries { path: path.into(), timeframe, bars, decimals, gaps, volumes, sha256 })
}

struct Reading {
    timeframe: Timeframe,
    bars: Vec<Bar>,
    decimals: u32,
    gaps: Vec<Gap>,
    volumes: Vec<f64>,
}

impl Reading {
    #[inline]
    fn push(&mut self, row: &Row<'_, 6>) -> Result<(), DataError> {
        let at = self.open_time(row)?;
        let numbers = [row.number(1)?, row.number(2)?, row.number(3)?, row.number(4)?];
        self.refine(row, &numbers)?;
        let price = |field: usize| price(row, field, numbers[field - 1], self.decimals);
        let (open, high, low, close) = (price(1)?, price(2)?, price(3)?, price(4)?);
        let volume = volume(row)?;
        let traded = !volume.is_zero();
        let bar = Bar { at, open, high, low, close, traded };
        bar.check().map_err(|_| not_a_bar(row, &bar))?;
        self.bars.push(bar);
        if self.timeframe == Timeframe::H1 {
            self.volumes.push(volume.approximate());
        }
        Ok(())
    }

    /// The time of the row: in order, on a boundary; records a gap before it.
    #[inline]
    fn open_time(&mut self, row: &Row<'_, 6>) -> Result<Timestamp, DataError> {
        let at = row.time()?;
        let span = self.timeframe.span();
        if !at.is_aligned(span) {
            let fault = Fault::OffBoundary { at, timeframe: self.timeframe.name() };
            return Err(row.wrong_at(0, fault));
        }
        let last = self.bars.last().map(|bar| bar.at);
        row.check_order(at, last)?;
        if let Some(last) = last.filter(|&last| at != last + span) {
            let missing = u64::try_from((at - last).0 / span.0 - 1).unwrap_or(0);
            self.gaps.push(Gap { from: last + span, missing });
        }
        Ok(at)
    }

    /// Counts in finer steps when a price of this row needs it.
    #[inline]
    fn refine(&mut self, row: &Row<'_, 6>, numbers: &[Number; 4]) -> Result<(), DataError> {
        for (at, number) in numbers.iter().enumerate() {
            if number.decimals() > self.decimals {
                self.refine_to(row, at + 1, number.decimals())?;
            }
        }
        Ok(())
    }

    #[cold]
    fn refine_to(
        &mut self,
        row: &Row<'_, 6>,
        field: usize,
        decimals: u32,
    ) -> Result<(), DataError> {
        let (column, value) = (row.column(field), row.shown(field));
        if decimals > DECIMALS_MAX {
            let fault = Fault::TooFine { column, value, limit: DECIMALS_MAX };
            return Err(row.wrong_at(field, fault));
        }
        let factor = power_of_ten(decimals - self.decimals).unwrap_or(1).cast_signed();
        for (index, bar) in self.bars.iter_mut().enumerate() {
            let earlier = *bar;
            *bar = map_prices(&earlier, |price, column| {
                price.checked_mul(factor).ok_or_else(|| {
                    let shown = Decimal::new(price, self.decimals).to_string();
                    let value = Shown::new(shown.as_bytes());
                    let fault = Fault::TooLarge { column, value, decimals };
                    DataError::line(row.path, line_of(index), fault)
                })
            })?;
        }
        self.decimals = decimals;
        Ok(())
    }
}

#[inline]
fn price(
    row: &Row<'_, 6>,
    field: usize,
    number: Number,
    decimals: u32,
) -> Result<Ticks, DataError> {
    match number.scaled(decimals) {
        Ok(units) if units > 0 => Ok(Ticks(units)),
        refused => Err(wrong_price(row, field, refused.is_err() && !number.negative, decimals)),
    }
}

#[cold]
fn wrong_price(row: &Row<'_, 6>, field: usize, large: bool, decimals: u32) -> DataError {
    let (column, value) = (row.column(field), row.shown(field));
    let fault = if large {
        Fault::TooLarge { column, value, decimals }
    } else {
        Fault::PriceNotPositive { column, value }
    };
    row.wrong_at(field, fault)
}

#[inline]
fn volume(row: &Row<'_, 6>) -> Result<Number, DataError> {
    let volume = row.number(VOLUME)?;
    if volume.negative {
        let value = row.shown(VOLUME);
        return Err(row.wrong_at(VOLUME, Fault::NegativeVolume { value }));
    }
    Ok(volume)
}

/// What is wrong with a bar that breaks an invariant: a low above, or a high below, another price.
#[cold]
fn not_a_bar(row: &Row<'_, 6>, bar: &Bar) -> DataError {
    let (open, high, low, close) = (1, 2, 3, 4);
    let prices = [(high, bar.high), (open, bar.open), (close, bar.close)];
    let above = prices.iter().find(|(_, price)| bar.low > *price);
    let below = prices.iter().find(|(_, price)| bar.high < *price);
    let (field, than, other) = match (above, below) {
        (Some(&(other, _)), _) => (low, "above", other),
        (None, Some(&(other, _))) => (high, "below", other),
        (None, None) => {
            let (column, value) = (row.column(low), row.shown(low));
            return row.wrong_at(low, Fault::PriceNotPositive { column, value });
        }
    };
    let (column, value) = (row.column(field), row.shown(field));
    let (other, against) = (row.column(other), row.shown(other));
    row.wrong_at(field, Fault::Crossed { column, value, than, other, against })
}

/// The line of the bar at this index.
fn line_of(index: usize) -> u64 {
    index as u64 + 2
}

/// The bar with each price mapped.
#[inline]
fn map_prices<E>(bar: &Bar, map: impl Fn(i64, &'static str) -> Result<i64, E>) -> Result<Bar, E> {
    Ok(Bar {
        open: Ticks(map(bar.open.0, COLUMNS[1])?),
        high: Ticks(map(bar.high.0, COLUMNS[2])?),
        low: Ticks(map(bar.low.0, COLUMNS[3])?),
        close: Ticks(map(bar.close.0, COLUMNS[4])?),
        ..*bar
    })
}

impl RawSeries {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bar length.
    #[must_use]
    pub fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// How many bars.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.bars.len()
    }

    /// Open time of the first bar.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.bars.first().map_or(Timestamp(0), |bar| bar.at)
    }

    /// Open time of the last bar.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.bars.last().map_or(Timestamp(0), |bar| bar.at)
    }

    /// The holes, in order.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// What was traded in each bar, in base coin and to about 15 digits; empty for finer bars.
    #[must_use]
    pub fn volumes(&self) -> &[f64] {
        &self.volumes
    }

    /// SHA-256 of the file's bytes on disk.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// Decimals that the prices of the file use, trailing zeros aside.
    #[must_use]
    pub fn decimals(&self) -> u32 {
        self.decimals
    }

    /// The finest step of the prices in the file: 10^-decimals.
    #[must_use]
    pub fn finest_step(&self) -> Decimal {
        Decimal::new(1, self.decimals)
    }

    /// The bars with prices counted in the finest step: what the file says, not yet in ticks.
    #[must_use]
    pub fn in_finest_steps(&self) -> &[Bar] {
        &self.bars
    }

    /// Refuses a series with a gap: hourly bars feed indicators, which know no holes.
    ///
    /// # Errors
    /// How many bars are missing, and where the first gaps are.
    pub fn require_contiguous(&self) -> Result<(), DataError> {
        if self.gaps.is_empty() {
            return Ok(());
        }
        let name = |gap: &Gap| format!("{} from {}", gap.missing, Utc(gap.from));
        let mut first = self.gaps.iter().take(3).map(name).collect::<Vec<_>>().join(", ");
        if self.gaps.len() > 3 {
            first.push_str(", …");
        }
        let fault = Fault::Gaps {
            timeframe: self.timeframe.name(),
            gaps: self.gaps.len(),
            missing: self.gaps.iter().map(|gap| gap.missing).sum(),
            first,
        };
        let after =
            self.gaps.first().map_or(0, |gap| self.bars.partition_point(|b| b.at < gap.from));
        Err(DataError::line(&self.path, line_of(after), fault))
    }

    /// The bars in ticks of `tick` (see [`super::shared_tick`] for which one).
    ///
    /// # Errors
    /// The first price that is not a multiple of the tick, with its line; or an unusable tick.
    pub fn to_bars(&self, tick: Decimal) -> Result<Vec<Bar>, DataError> {
        let steps = self.steps(tick)?;
        let convert = |(index, bar)| {
            map_prices(bar, |price, column| {
                let fault = match steps.count(price) {
                    Some(ticks) if ticks <= TICKS_MAX => return Ok(ticks),
                    Some(_) => Fault::TooManyTicks { column, price: self.decimal(price), tick },
                    None => Fault::OffTick { column, price: self.decimal(price), tick },
                };
                Err(DataError::line(&self.path, line_of(index), fault))
            })
        };
        self.bars.iter().enumerate().map(convert).collect()
    }

    /// True when every price is a multiple of `tick`.
    #[must_use]
    pub fn fits(&self, tick: Decimal) -> bool {
        let Ok(steps) = self.steps(tick) else { return false };
        let whole = |price: Ticks| steps.count(price.0).is_some();
        self.bars
            .iter()
            .all(|bar| whole(bar.open) && whole(bar.high) && whole(bar.low) && whole(bar.close))
    }

    /// What a report says of this file.
    #[must_use]
    pub fn identity(&self, symbol: SymbolName, tick_used: Decimal) -> DataIdentity {
        let (kind, timeframe) = DataIdentity::kind(Dataset::Candles(self.timeframe));
        DataIdentity {
            symbol,
            kind,
            timeframe,
            file: DataIdentity::file_name(&self.path),
            first: self.first(),
            last: self.last(),
            rows: self.rows(),
            days_short: days_short(&self.path, self.timeframe.into(), self.first(), self.last()),
            gaps: self.gaps.len(),
            sha256: self.sha256,
            tick_used: Some(tick_used),
        }
    }

    fn decimal(&self, price: i64) -> Decimal {
        Decimal::new(price, self.decimals).normalize()
    }

    fn steps(&self, tick: Decimal) -> Result<Steps, DataError> {
        Steps::new(tick, self.decimals).ok_or_else(|| {
            DataError::file(&self.path, Fault::BadTick { tick, limit: DECIMALS_MAX })
        })
    }
}
