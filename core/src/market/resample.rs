//! Slower bars from faster ones, aligned to UTC, complete buckets only.
//!
//! A bucket that lacks a bar — joined half-way, or across a hole — is withheld, and whoever
//! depends on it is told *incomplete*, which is not *no signal* (DECISIONS, formulas, INC-013).

use serde::{Deserialize, Serialize};

use super::bar::Bar;
use crate::time::Timeframe;

/// What a fast bar did to its bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bucket {
    /// Not finished yet.
    Open,
    /// This bar completed it.
    Complete(Bar),
    /// This bar ended it, but bars are missing inside.
    Incomplete,
}

/// Builds one slow bar at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resampler {
    fast: Timeframe,
    slow: Timeframe,
    building: Option<Bar>,
    bars: u32,
}

impl Resampler {
    /// From `fast` to `slow`.
    #[must_use]
    pub fn new(fast: Timeframe, slow: Timeframe) -> Self {
        Self { fast, slow, building: None, bars: 0 }
    }

    /// Adds a fast bar; bars come in order (a [`super::Series`] sees to it).
    #[inline]
    pub fn push(&mut self, bar: &Bar) -> Bucket {
        let start = bar.at.floor(self.slow.span());
        match &mut self.building {
            Some(slow) if slow.at == start => {
                slow.high = slow.high.max(bar.high);
                slow.low = slow.low.min(bar.low);
                slow.close = bar.close;
                slow.traded |= bar.traded;
                self.bars += 1;
            }
            _ => {
                self.building = Some(Bar { at: start, ..*bar });
                self.bars = 1;
            }
        }
        if bar.at + self.fast.span() == start + self.slow.span() {
            self.finish()
        } else {
            Bucket::Open
        }
    }

    fn finish(&mut self) -> Bucket {
        let complete = i64::from(self.bars) * self.fast.span().0 == self.slow.span().0;
        match self.building.take() {
            Some(bar) if complete => Bucket::Complete(bar),
            _ => Bucket::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Ticks;
    use crate::time::Timestamp;

    fn bar(hour: i64, price: i64) -> Bar {
        Bar {
            at: Timestamp(hour * 3_600_000),
            open: Ticks(price),
            high: Ticks(price + 2),
            low: Ticks(price - 2),
            close: Ticks(price + 1),
            traded: true,
        }
    }

    #[test]
    fn four_hours_make_one_bar() {
        let mut r = Resampler::new(Timeframe::H1, Timeframe::H4);
        for hour in 4..7 {
            assert_eq!(r.push(&bar(hour, 100 + hour)), Bucket::Open);
        }
        let Bucket::Complete(slow) = r.push(&bar(7, 90)) else { panic!("complete") };
        assert_eq!(slow.at, Timestamp(4 * 3_600_000));
        assert_eq!(
            (slow.open, slow.high, slow.low, slow.close),
            (Ticks(104), Ticks(108), Ticks(88), Ticks(91))
        );
    }

    #[test]
    fn a_bucket_joined_half_way_is_withheld() {
        let mut r = Resampler::new(Timeframe::H1, Timeframe::H4);
        assert_eq!(r.push(&bar(6, 100)), Bucket::Open);
        assert_eq!(r.push(&bar(7, 100)), Bucket::Incomplete);
        for hour in 8..11 {
            assert_eq!(r.push(&bar(hour, 100)), Bucket::Open);
        }
        assert!(matches!(r.push(&bar(11, 100)), Bucket::Complete(_)));
    }
}
