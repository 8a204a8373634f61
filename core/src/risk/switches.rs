//! What withholds entries: kill switches, whose latch only a person releases, with the drawdown that
//! trips the global one; and the pause that a person asks for.

use alloc::collections::VecDeque;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::session::loss_fraction;
use crate::money::{Cash, Fraction, SCALE};
use crate::risk::Refusal;
use crate::time::{Span, Timestamp};

/// A tripped switch, with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latch {
    /// When it tripped.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
}

/// What trips a switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A loss reached its limit, both as parts of the reference.
    Loss {
        /// The loss.
        loss: Fraction,
        /// The limit.
        limit: Fraction,
    },
    /// A person did, for a reason.
    Person {
        /// In that person's words.
        reason: String,
    },
}

/// A pause that a person asked for. It outlives the process and ends only when a person resumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// In that person's words.
    pub reason: String,
}

/// What withholds entries of a book: the one rule for switches and pauses. A tripped switch comes
/// first, since a pause never lifts what a switch demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// Nothing: entries may leave.
    #[default]
    Free,
    /// A person paused the book.
    Paused,
    /// A switch is tripped.
    Latched,
}

impl Hold {
    /// The rule: what a book with these does.
    #[inline]
    #[must_use]
    pub const fn of(latched: bool, paused: bool) -> Self {
        match (latched, paused) {
            (true, _) => Self::Latched,
            (false, true) => Self::Paused,
            (false, false) => Self::Free,
        }
    }

    /// Why no entry may leave; none when it may.
    #[inline]
    #[must_use]
    pub const fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Free => None,
            Self::Paused => Some(Refusal::Paused),
            Self::Latched => Some(Refusal::KillSwitch),
        }
    }

    /// True when no entry may leave.
    #[inline]
    #[must_use]
    pub const fn withholds(self) -> bool {
        !matches!(self, Self::Free)
    }

    /// True when a tripped switch holds, which may demand more than withholding entries.
    #[inline]
    #[must_use]
    pub const fn is_latched(self) -> bool {
        matches!(self, Self::Latched)
    }
}

/// The highest equity of a sliding window. Kept as a falling staircase of maxima: memory and time
/// per sample do not grow with the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PeakWindow {
    peaks: VecDeque<(Timestamp, Cash)>,
}

impl PeakWindow {
    /// Adds a sample and returns the drawdown from the window's peak when it reaches `limit`.
    pub fn sample(
        &mut self,
        now: Timestamp,
        equity: Cash,
        window: Span,
        limit: Fraction,
    ) -> Option<Fraction> {
        while self.peaks.back().is_some_and(|&(_, peak)| peak <= equity) {
            self.peaks.pop_back();
        }
        self.peaks.push_back((now, equity));
        while self.peaks.front().is_some_and(|&(at, _)| (now - at).0 > window.0) {
            self.peaks.pop_front();
        }
        let (_, peak) = *self.peaks.front()?;
        let fall = (peak - equity).0;
        let tripped = fall > 0 && fall * i128::from(SCALE) >= i128::from(limit.0) * peak.0;
        tripped.then(|| loss_fraction(fall, peak.0))
    }

    /// Forgets the past: a release sets a new reference.
    pub fn clear(&mut self) {
        self.peaks.clear();
    }

    /// Shifts every peak by a deposit (negative: a withdrawal), which is no result.
    pub fn shift(&mut self, amount: Cash) {
        for (_, peak) in &mut self.peaks {
            *peak += amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn trips_at_the_limit_and_forgets_what_is_older_than_the_window() {
        let mut window = PeakWindow::default();
        let (day, limit) = (Span::DAY, Fraction::percent(45));
        let hour = |h: i64| Timestamp(h * 3_600_000);
        assert_eq!(window.sample(hour(0), Cash(1_000), day, limit), None);
        assert_eq!(window.sample(hour(1), Cash(551), day, limit), None);
        assert_eq!(window.sample(hour(2), Cash(550), day, limit), Some(limit));
        assert_eq!(window.sample(hour(25), Cash(540), day, limit), None);
    }

    proptest! {
        #[test]
        fn the_staircase_is_the_maximum(samples in prop::collection::vec((0i64..10, 1i128..1_000), 1..60)) {
            let mut window = PeakWindow::default();
            let (mut now, mut all) = (0, std::vec::Vec::new());
            for (step, equity) in samples {
                now += step;
                all.push((now, equity));
                let got = window.sample(Timestamp(now), Cash(equity), Span(20), Fraction::percent(45));
                let peak = all.iter().filter(|&&(at, _)| now - at <= 20).map(|&(_, e)| e).max().unwrap();
                prop_assert_eq!(got.is_some(), (peak - equity) * 100 >= 45 * peak);
            }
        }
    }
}
