//! How often: paces that are never exceeded, and delays that double up to a longest and never end.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// At most `burst` at once, and one more each `every`: in any window of length w, at most
/// burst + w / every.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Time in which one is earned.
    pub every: Span,
    /// How many may be saved, 1 or more.
    pub burst: u32,
}

/// What was used of a pace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meter {
    /// When all that was used is earned again.
    whole: Timestamp,
}

impl Meter {
    /// When the next one may leave.
    pub(super) fn ready_at(self, pace: Pace) -> Timestamp {
        self.whole - Span(pace.every.0 * i64::from(pace.burst.saturating_sub(1)))
    }

    /// Uses one.
    pub(super) fn take(&mut self, pace: Pace, now: Timestamp) {
        self.whole = self.whole.max(now) + pace.every;
    }
}

/// Delays between attempts: first, twice as long, four times, up to the longest, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// After the first failure.
    pub first: Span,
    /// Never longer.
    pub longest: Span,
}

impl Backoff {
    /// The delay after this many failures in a row.
    #[must_use]
    pub fn delay(self, failures: u32) -> Span {
        let doubled = self.first.0.saturating_mul(1 << failures.saturating_sub(1).min(32));
        Span(doubled.min(self.longest.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn delays_double_and_stop_growing_but_never_end() {
        let backoff = Backoff { first: Span::seconds(2), longest: Span::seconds(60) };
        let delays = [0, 1, 2, 3, 6, 7, u32::MAX].map(|n| backoff.delay(n).0 / 1_000);
        assert_eq!(delays, [2, 2, 4, 8, 60, 60, 60]);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_its_pace(waits in prop::collection::vec(0i64..300, 1..200)) {
            let pace = Pace { every: Span(67), burst: 5 };
            let (mut meter, mut now) = (Meter::default(), Timestamp(1_000_000));
            let mut sent: Vec<i64> = Vec::new();
            for wait in waits {
                now = now + Span(wait);
                while meter.ready_at(pace) <= now {
                    meter.take(pace, now);
                    sent.push(now.0);
                }
            }
            for (first, &from) in sent.iter().enumerate() {
                for (more, &to) in sent[first..].iter().enumerate() {
                    prop_assert!((more as i64) < 5 + (to - from) / 67);
                }
            }
        }
    }
}
