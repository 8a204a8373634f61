//! Continuity of one symbol's bars: each new bar is appended, known, after a gap, or late.

use serde::{Deserialize, Serialize};

use super::bar::{Bar, BarFault};
use crate::time::{Timeframe, Timestamp};

/// What a series says of a bar that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Append {
    /// The next bar, or the first.
    Appended,
    /// The last bar again.
    Duplicate,
    /// Bars are missing before it; it was not taken.
    Gap {
        /// Open time of the first missing bar.
        from: Timestamp,
        /// How many are missing.
        missing: u32,
    },
    /// Older than the last bar; it was not taken.
    OutOfOrder,
    /// Not on a boundary of the timeframe, or a broken bar; it was not taken.
    Broken(Option<BarFault>),
}

/// The last bar and the count of contiguous bars since the anchor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    timeframe: Timeframe,
    last: Option<Bar>,
    count: u64,
}

impl Series {
    /// An empty series.
    #[must_use]
    pub fn new(timeframe: Timeframe) -> Self {
        Self { timeframe, last: None, count: 0 }
    }

    /// Takes the bar if it is the next one, and says what it is otherwise.
    #[inline]
    pub fn append(&mut self, bar: &Bar) -> Append {
        if let Err(fault) = bar.check() {
            return Append::Broken(Some(fault));
        }
        let span = self.timeframe.span();
        if let Some(last) = &self.last {
            let step = (bar.at - last.at).0;
            if step != span.0 {
                return Self::misplaced(last.at, step, self.timeframe);
            }
        } else if !bar.at.is_aligned(span) {
            return Append::Broken(None);
        }
        self.last = Some(*bar);
        self.count += 1;
        Append::Appended
    }

    fn misplaced(last: Timestamp, step: i64, timeframe: Timeframe) -> Append {
        let span = timeframe.span();
        match step {
            0 => Append::Duplicate,
            step if step < 0 => Append::OutOfOrder,
            step if step % span.0 != 0 => Append::Broken(None),
            step => Append::Gap {
                from: last + span,
                missing: u32::try_from(step / span.0 - 1).unwrap_or(u32::MAX),
            },
        }
    }

    /// The last bar taken.
    #[inline]
    #[must_use]
    pub fn last(&self) -> Option<&Bar> {
        self.last.as_ref()
    }

    /// Contiguous bars since the anchor.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The bar length.
    #[must_use]
    pub fn timeframe(&self) -> Timeframe {
        self.timeframe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Ticks;
    use proptest::prelude::*;

    fn bar(hour: i64) -> Bar {
        let p = Ticks(100);
        Bar { at: Timestamp(hour * 3_600_000), open: p, high: p, low: p, close: p, traded: true }
    }

    #[test]
    fn each_arrival_is_named() {
        let mut series = Series::new(Timeframe::H1);
        assert_eq!(series.append(&bar(10)), Append::Appended);
        assert_eq!(series.append(&bar(10)), Append::Duplicate);
        assert_eq!(series.append(&bar(9)), Append::OutOfOrder);
        let from = Timestamp(11 * 3_600_000);
        assert_eq!(series.append(&bar(13)), Append::Gap { from, missing: 2 });
        assert_eq!(
            series.append(&Bar { at: Timestamp(36_000_001), ..bar(0) }),
            Append::Broken(None)
        );
        assert_eq!(series.append(&bar(11)), Append::Appended);
        assert_eq!(series.count(), 2);
    }

    proptest! {
        #[test]
        fn whatever_arrives_the_series_stays_contiguous(hours in prop::collection::vec(0i64..30, 0..200)) {
            let mut series = Series::new(Timeframe::H1);
            let mut taken: std::vec::Vec<i64> = std::vec::Vec::new();
            for hour in hours {
                if series.append(&bar(hour)) == Append::Appended {
                    taken.push(hour);
                }
            }
            prop_assert!(taken.windows(2).all(|pair| pair[1] == pair[0] + 1));
            prop_assert_eq!(series.count(), taken.len() as u64);
        }
    }
}
