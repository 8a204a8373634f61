//! Which funding settlements a run charges: every recorded one at its own instant, and the stated
//! rate where a regular one has no record. Without a stated rate, a hole is refused. Every hole is
//! counted, and the count goes into the result.

use std::collections::BTreeMap;

use gardefou_core::ids::SymbolName;
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::Fraction;
use gardefou_core::time::{Span, Timeframe, Timestamp};

use super::{BacktestError, Request};
use crate::data::{DataError, Fault, Funding};
use crate::report::result::FundingCoverage;
use crate::text;

/// When one symbol's positions can meet a settlement.
pub(super) struct Due {
    symbol: SymbolName,
    /// First and last instant at which a position can be held; none without bars.
    held: Option<(Timestamp, Timestamp)>,
    /// Between regular settlements.
    interval: Span,
}

/// The settlements of one symbol.
#[derive(Default)]
pub(super) struct Settled {
    /// In order of time.
    pub settlements: Vec<(Timestamp, Fraction)>,
    /// How many the run expects, finds recorded, and fills with the stated rate.
    pub coverage: FundingCoverage,
    /// Those that have neither.
    pub missing: Option<Missing>,
}

/// Settlements of one symbol that are neither recorded nor stated.
pub(super) struct Missing {
    symbol: SymbolName,
    from: Timestamp,
    count: u64,
}

impl Due {
    /// From the bar after the warm-up (`warmup` bars), or `--from`, to the open of the last bar.
    pub(super) fn new(
        request: &Request,
        instrument: &Instrument,
        warmup: u32,
        bars: &[Bar],
    ) -> Self {
        let warm = Span(i64::from(warmup) * Timeframe::H1.span().0);
        let held = bars.first().zip(bars.last()).map(|(first, last)| {
            let earliest = first.at + warm;
            (request.from.map_or(earliest, |from| from.max(earliest)), last.at)
        });
        Self { symbol: instrument.symbol, held, interval: instrument.funding_interval }
    }

    /// Recorded rates, and `stated` where a regular settlement has none.
    ///
    /// # Errors
    /// A record that is not at the open of an hourly bar, with its line.
    pub(super) fn settle(
        &self,
        recorded: Option<&Funding>,
        stated: Option<Fraction>,
    ) -> Result<Settled, BacktestError> {
        let Some((start, end)) = self.held else { return Ok(Settled::default()) };
        let mut rates = BTreeMap::new();
        if let Some(funding) = recorded {
            let rows = funding.settlements().iter().enumerate();
            for (index, &(at, rate)) in rows.filter(|(_, row)| (start..=end).contains(&row.0)) {
                require_on_the_hour(funding, index, at)?;
                rates.insert(at, rate);
            }
        }
        let mut settled =
            Settled { coverage: self.coverage(recorded, start, end), ..Settled::default() };
        let absent: Vec<Timestamp> =
            self.regular(start, end).filter(|at| !rates.contains_key(at)).collect();
        let count = absent.len() as u64;
        match (stated, absent.first()) {
            (Some(rate), _) => {
                settled.coverage.filled = count;
                rates.extend(absent.iter().map(|&at| (at, rate)));
            }
            (None, Some(&from)) => {
                settled.missing = Some(Missing { symbol: self.symbol, from, count });
            }
            (None, None) => {}
        }
        settled.settlements = rates.into_iter().collect();
        Ok(settled)
    }

    fn coverage(
        &self,
        recorded: Option<&Funding>,
        start: Timestamp,
        end: Timestamp,
    ) -> FundingCoverage {
        match recorded.map(|funding| funding.coverage(start, end, self.interval)) {
            Some(found) => FundingCoverage {
                expected: found.expected,
                records: found.present,
                extra: found.extra,
                filled: 0,
            },
            None => FundingCoverage {
                expected: self.regular(start, end).count() as u64,
                ..FundingCoverage::default()
            },
        }
    }

    /// Multiples of the interval (UTC) from `start` to `end`, both included.
    fn regular(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = Timestamp> {
        let next = |at: &Timestamp| Some(*at + self.interval);
        std::iter::successors(Some(start.floor(self.interval)), next)
            .skip_while(move |at| *at < start)
            .take_while(move |at| *at <= end)
    }
}

fn require_on_the_hour(
    funding: &Funding,
    index: usize,
    at: Timestamp,
) -> Result<(), BacktestError> {
    if at.is_aligned(Timeframe::H1.span()) {
        return Ok(());
    }
    let fault = Fault::FundingOffHour { at };
    Err(DataError::line(funding.path(), funding.line(index), fault).into())
}

/// Refuses a run whose funding has holes.
///
/// # Errors
/// The symbols, how many settlements each lacks from when on, and what to do.
pub(super) fn refuse(missing: &[Missing]) -> Result<(), BacktestError> {
    if missing.is_empty() {
        return Ok(());
    }
    let each = missing
        .iter()
        .map(|m| format!("{} ({} settlements from {})", m.symbol, m.count, text::instant(m.from)));
    Err(BacktestError::Request(format!(
        "funding is missing for {}; give --funding DIR with the records, choose another range with \
         --from and --to, or state a rate per settlement, for example --missing-funding 0.0001",
        text::list(each)
    )))
}
