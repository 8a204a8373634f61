//! A closed bar and its invariants. A bar that breaks one never reaches an indicator.

use serde::{Deserialize, Serialize};

use crate::money::{Direction, Ticks};
use crate::time::Timestamp;

/// One closed bar; prices in ticks, the timestamp is its open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Open time.
    pub at: Timestamp,
    /// First price.
    pub open: Ticks,
    /// Highest price.
    pub high: Ticks,
    /// Lowest price.
    pub low: Ticks,
    /// Last price.
    pub close: Ticks,
    /// Whether anything traded; nothing fills in a bar without volume.
    pub traded: bool,
}

/// Why a bar is not a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarFault {
    /// A price is zero or negative.
    PriceNotPositive,
    /// The low is above the open, the close or the high.
    LowTooHigh,
    /// The high is below the open or the close.
    HighTooLow,
}

impl core::fmt::Display for BarFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::PriceNotPositive => "a price is not above zero",
            Self::LowTooHigh => "the low is above another price of the bar",
            Self::HighTooLow => "the high is below another price of the bar",
        })
    }
}

impl Bar {
    /// Checks: prices above zero, low ≤ open, close ≤ high.
    ///
    /// # Errors
    /// The invariant that does not hold.
    #[inline]
    pub fn check(&self) -> Result<(), BarFault> {
        if self.low.0 <= 0 {
            return Err(BarFault::PriceNotPositive);
        }
        if self.low > self.open || self.low > self.close || self.low > self.high {
            return Err(BarFault::LowTooHigh);
        }
        if self.high < self.open || self.high < self.close {
            return Err(BarFault::HighTooLow);
        }
        Ok(())
    }

    /// The same bar seen in the mirror of `direction`: for shorts high and low change places.
    #[inline]
    #[must_use]
    pub fn mirrored(&self, direction: Direction) -> Self {
        match direction {
            Direction::Long => *self,
            Direction::Short => Self {
                open: -self.open,
                high: -self.low,
                low: -self.high,
                close: -self.close,
                ..*self
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_bars_are_named() {
        let good = Bar {
            at: Timestamp(0),
            open: Ticks(10),
            high: Ticks(12),
            low: Ticks(9),
            close: Ticks(11),
            traded: true,
        };
        assert_eq!(good.check(), Ok(()));
        assert_eq!(Bar { low: Ticks(0), ..good }.check(), Err(BarFault::PriceNotPositive));
        assert_eq!(Bar { low: Ticks(11), ..good }.check(), Err(BarFault::LowTooHigh));
        assert_eq!(Bar { high: Ticks(10), ..good }.check(), Err(BarFault::HighTooLow));
        assert_eq!(good.mirrored(Direction::Short).low, Ticks(-12));
    }
}
