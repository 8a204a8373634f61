//! Average true range after Wilder (DECISIONS, formulas).
//!
//! TR(t) = max(H−L, |H−C(t−1)|, |L−C(t−1)|); the first value, at t = n, is the mean of TR(1..n)
//! (TR(0) has no previous close and is left out); then ATR(t) = (ATR(t−1)·(n−1) + TR(t)) / n.

use serde::{Deserialize, Serialize};

use crate::market::Bar;
use crate::money::Ticks;

/// Wilder's ATR in ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Atr {
    period: u32,
    previous_close: Option<Ticks>,
    seeded: u32,
    seed: f64,
    value: f64,
}

impl Atr {
    /// Period n ≥ 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { period: period.max(1), previous_close: None, seeded: 0, seed: 0.0, value: 0.0 }
    }

    /// Adds a closed bar.
    #[inline]
    pub fn push(&mut self, bar: &Bar) {
        let Some(previous) = self.previous_close.replace(bar.close) else { return };
        let range = (bar.high - bar.low)
            .max(Ticks((bar.high - previous).0.abs()))
            .max(Ticks((bar.low - previous).0.abs()));
        let range = range.0 as f64;
        let n = f64::from(self.period);
        if self.seeded == self.period {
            self.value = (self.value * (n - 1.0) + range) / n;
        } else {
            self.seed += range;
            self.seeded += 1;
            self.value = self.seed / n;
        }
    }

    /// Defined once n + 1 bars were seen.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        (self.seeded == self.period).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn bar(high: i64, low: i64, close: i64) -> Bar {
        Bar {
            at: Timestamp(0),
            open: Ticks(close),
            high: Ticks(high),
            low: Ticks(low),
            close: Ticks(close),
            traded: true,
        }
    }

    #[test]
    fn seeded_with_a_mean_then_smoothed() {
        let mut atr = Atr::new(2);
        atr.push(&bar(110, 90, 100)); // TR(0) does not count
        atr.push(&bar(108, 100, 104)); // 8
        assert_eq!(atr.value(), None);
        atr.push(&bar(120, 110, 118)); // max(10, 16, 6) = 16
        assert_eq!(atr.value(), Some(12.0));
        atr.push(&bar(119, 115, 116)); // 4 → (12 + 4) / 2
        assert_eq!(atr.value(), Some(8.0));
    }
}
