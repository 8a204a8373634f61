//! The session: what a book realised since 00:00 UTC, against its balance then. The definition
//! of "loss" for the session switch lives here only.

use serde::{Deserialize, Serialize};

use crate::money::{Cash, Fraction, SCALE};
use crate::time::{Span, Timestamp};

/// One UTC day of one wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// 00:00 UTC of the day; none before the first event.
    day: Option<Timestamp>,
    /// Balance at the start, or at the last release.
    base: Cash,
    /// Realised at the start, or at the last release.
    realised: Cash,
}

impl Session {
    /// Before the first event.
    #[must_use]
    pub fn new(balance: Cash) -> Self {
        Self { day: None, base: balance, realised: Cash::ZERO }
    }

    /// True when `now` belongs to a later day.
    #[inline]
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.day.is_none_or(|day| (now - day).0 >= Span::DAY.0)
    }

    /// Starts the day of `now`, or sets a new reference within it.
    pub fn restart(&mut self, now: Timestamp, balance: Cash, realised: Cash) {
        *self = Self { day: Some(now.midnight()), base: balance, realised };
    }

    /// An amount that was realised before the day of this session is heard of now: it is none of its
    /// results.
    pub fn leave_out(&mut self, amount: Cash) {
        self.base += amount;
        self.realised += amount;
    }

    /// Realised since the reference.
    #[must_use]
    pub fn result(&self, realised: Cash) -> Cash {
        realised - self.realised
    }

    /// The loss as a fraction of the base, when it reaches `limit`.
    #[inline]
    #[must_use]
    pub fn loss_beyond(&self, realised: Cash, limit: Fraction) -> Option<Fraction> {
        let loss = (self.realised - realised).0;
        if loss <= 0 || loss * i128::from(SCALE) < i128::from(limit.0) * self.base.0 {
            return None;
        }
        Some(loss_fraction(loss, self.base.0))
    }
}

/// loss / base as a fraction, for people; a loss on nothing is all of it.
#[must_use]
pub fn loss_fraction(loss: i128, base: i128) -> Fraction {
    if base <= 0 {
        return Fraction::ONE;
    }
    Fraction(i64::try_from(loss * i128::from(SCALE) / base).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_trips_at_the_limit() {
        let mut session = Session::new(Cash(1_000));
        session.restart(Timestamp(0), Cash(1_000), Cash(50));
        let limit = Fraction::percent(25);
        assert_eq!(session.loss_beyond(Cash(-199), limit), None);
        assert_eq!(session.loss_beyond(Cash(-200), limit), Some(limit));
        assert_eq!(session.loss_beyond(Cash(500), limit), None);
    }
}
