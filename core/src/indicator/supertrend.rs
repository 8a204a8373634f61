//! Supertrend (DECISIONS, formulas): bands around the middle of the bar that ratchet towards the price
//! and flip the direction when a close leaves them.
//!
//! It starts at the first bar with an ATR: UP when that close is above mid + m·ATR, else DOWN;
//! with little history it is therefore DOWN by construction, which is why warm-up is long.

use serde::{Deserialize, Serialize};

use super::Atr;
use crate::market::Bar;
use crate::money::Direction;

/// The trend of one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Supertrend {
    atr: Atr,
    multiplier: f64,
    state: Option<Bands>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Bands {
    upper: f64,
    lower: f64,
    close: f64,
    trend: Direction,
}

impl Supertrend {
    /// ATR period and multiplier.
    #[must_use]
    pub fn new(period: u32, multiplier: f64) -> Self {
        Self { atr: Atr::new(period), multiplier, state: None }
    }

    /// Adds a closed bar.
    #[inline]
    pub fn push(&mut self, bar: &Bar) {
        self.atr.push(bar);
        let Some(atr) = self.atr.value() else { return };
        let mid = (bar.high + bar.low).0 as f64 / 2.0;
        let (basic_upper, basic_lower) = (mid + self.multiplier * atr, mid - self.multiplier * atr);
        let close = bar.close.0 as f64;
        self.state = Some(match self.state {
            None => Bands {
                upper: basic_upper,
                lower: basic_lower,
                close,
                trend: if close > basic_upper { Direction::Long } else { Direction::Short },
            },
            Some(last) => last.next(basic_upper, basic_lower, close),
        });
    }

    /// Long while the trend is up, short while it is down; undefined before the first ATR.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<Direction> {
        self.state.map(|bands| bands.trend)
    }

    /// The band that carries the trend: the lower one while up, the upper one while down.
    #[must_use]
    pub fn line(&self) -> Option<f64> {
        self.state.map(|bands| match bands.trend {
            Direction::Long => bands.lower,
            Direction::Short => bands.upper,
        })
    }
}

impl Bands {
    #[inline]
    fn next(self, basic_upper: f64, basic_lower: f64, close: f64) -> Self {
        let held_upper = self.close <= self.upper && self.upper < basic_upper;
        let held_lower = self.close >= self.lower && self.lower > basic_lower;
        let upper = if held_upper { self.upper } else { basic_upper };
        let lower = if held_lower { self.lower } else { basic_lower };
        let trend = match self.trend {
            Direction::Long if close < lower => Direction::Short,
            Direction::Short if close > upper => Direction::Long,
            unchanged @ (Direction::Long | Direction::Short) => unchanged,
        };
        Self { upper, lower, close, trend }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Ticks;
    use crate::time::Timestamp;

    fn flat(close: i64) -> Bar {
        Bar {
            at: Timestamp(0),
            open: Ticks(close),
            high: Ticks(close + 5),
            low: Ticks(close - 5),
            close: Ticks(close),
            traded: true,
        }
    }

    #[test]
    fn starts_down_flips_up_on_a_close_above_the_upper_band_and_back() {
        let mut st = Supertrend::new(2, 1.0);
        for _ in 0..3 {
            st.push(&flat(1_000));
        }
        assert_eq!(st.value(), Some(Direction::Short));
        assert_eq!(st.line(), Some(1_010.0));
        st.push(&flat(1_030));
        assert_eq!(st.value(), Some(Direction::Long));
        st.push(&flat(900));
        assert_eq!(st.value(), Some(Direction::Short));
    }
}
