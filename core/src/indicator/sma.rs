//! Simple moving average of closes, exact: an integer sum over n.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::money::Ticks;

/// The mean of the last `n` closes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sma {
    window: Vec<i64>,
    next: usize,
    filled: bool,
    sum: i64,
}

/// An exact mean: `sum / n` ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mean {
    /// Sum of the closes in ticks.
    pub sum: i64,
    /// How many.
    pub n: u32,
}

impl Mean {
    /// The nearest f64, correctly rounded while the sum is below 2^53.
    #[inline]
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.sum as f64 / f64::from(self.n)
    }

    /// Rounded up to a tick. Of fewer than a million closes no mean lies within a millionth of a
    /// tick beside one, so that there is nothing to snap.
    #[inline]
    #[must_use]
    pub fn up(self) -> Ticks {
        Ticks(-(-self.sum).div_euclid(i64::from(self.n)))
    }

    /// Rounded down to a tick.
    #[inline]
    #[must_use]
    pub fn down(self) -> Ticks {
        Ticks(self.sum.div_euclid(i64::from(self.n)))
    }
}

impl Sma {
    /// Period `n` ≥ 1.
    #[must_use]
    pub fn new(n: u32) -> Self {
        Self { window: alloc::vec![0; n.max(1) as usize], next: 0, filled: false, sum: 0 }
    }

    /// Adds a close.
    #[inline]
    pub fn push(&mut self, close: Ticks) {
        if let Some(oldest) = self.window.get_mut(self.next) {
            self.sum += close.0 - *oldest;
            *oldest = close.0;
        }
        self.next += 1;
        if self.next == self.window.len() {
            self.next = 0;
            self.filled = true;
        }
    }

    /// Defined once n closes were seen.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<Mean> {
        self.filled.then_some(Mean { sum: self.sum, n: self.window.len() as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{ratio_down, ratio_up};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn means_round_like_every_other_ratio(sum in -1_000_000_000_000_000i64..1_000_000_000_000_000, n in 1u32..1_000_000) {
            let mean = Mean { sum, n };
            let (numerator, denominator) = (i128::from(sum), i128::from(n));
            prop_assert_eq!(mean.up(), ratio_up(numerator, denominator));
            prop_assert_eq!(mean.down(), ratio_down(numerator, denominator));
        }
    }

    #[test]
    fn defined_from_the_nth_close_and_exact() {
        let mut sma = Sma::new(3);
        for close in [10, 11] {
            sma.push(Ticks(close));
            assert_eq!(sma.value(), None);
        }
        sma.push(Ticks(13));
        assert_eq!(sma.value(), Some(Mean { sum: 34, n: 3 }));
        sma.push(Ticks(15));
        assert_eq!(sma.value().map(|mean| (mean.down(), mean.up())), Some((Ticks(13), Ticks(13))));
    }
}
