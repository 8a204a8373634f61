//! The time of recorded candles, let go by at a chosen pace.

use std::str::FromStr;
use std::time::Duration;

use gardefou_core::time::{Span, Timestamp};
use tokio::time::Instant;

use super::Clock;

/// How fast recorded time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the machine can.
    Max,
    /// So much recorded time in so much time on the wall.
    Fixed {
        /// Recorded.
        recorded: Span,
        /// On the wall.
        wall: Duration,
    },
}

impl FromStr for Pace {
    type Err = String;

    /// `max`, or two lengths: `1h=1s`, `1d=500ms`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let refused = || {
            format!(
                "{text:?} is not a pace; write max, or recorded time = time on the wall, for \
                 example 1h=1s (units ms, s, m, h, d)"
            )
        };
        let (recorded, wall) = text.split_once('=').ok_or_else(refused)?;
        match (length(recorded), length(wall)) {
            (Some(recorded), Some(wall)) => {
                let wall = Duration::from_millis(wall);
                Ok(Self::Fixed { recorded: Span(recorded.cast_signed()), wall })
            }
            (Some(_) | None, _) => Err(refused()),
        }
    }
}

/// A length in milliseconds: above nothing, at most a year.
fn length(text: &str) -> Option<u64> {
    const YEAR: u64 = 366 * 24 * 3_600_000;
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 24 * 3_600_000,
        _ => return None,
    };
    let length = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=YEAR).contains(&length).then_some(length)
}

/// Recorded time. It starts with the first instant that is waited for, and never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    pace: Pace,
    /// Recorded time, and the wall's when it began there.
    start: Option<(Timestamp, Instant)>,
    now: Timestamp,
}

impl Recorded {
    /// A clock that stands at `now` until an instant is waited for.
    #[must_use]
    pub fn new(pace: Pace, now: Timestamp) -> Self {
        Self { pace, start: None, now }
    }
}

impl Clock for Recorded {
    fn now(&self) -> Timestamp {
        self.now
    }

    async fn sleep_until(&mut self, at: Timestamp) {
        match self.pace {
            // Others have a turn: a signal is seen between two hours, however fast they go by.
            Pace::Max => tokio::task::yield_now().await,
            // Before its own time nothing is waited for, and the wall's is not counted.
            Pace::Fixed { .. } if at <= self.now => tokio::task::yield_now().await,
            Pace::Fixed { recorded, wall } => {
                let (from, began) = *self.start.get_or_insert((self.now, Instant::now()));
                tokio::time::sleep_until(began + scaled(at - from, recorded, wall)).await;
            }
        }
        self.now = self.now.max(at);
    }

    async fn pause(&mut self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// The time on the wall of so much recorded time.
fn scaled(length: Span, recorded: Span, wall: Duration) -> Duration {
    let nanos = i128::from(length.0.max(0)) * i128::try_from(wall.as_nanos()).unwrap_or(i128::MAX);
    let nanos = nanos / i128::from(recorded.0.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(recorded: i64, wall: u64) -> Result<Pace, String> {
        Ok(Pace::Fixed { recorded: Span(recorded), wall: Duration::from_millis(wall) })
    }

    #[test]
    fn a_pace_is_two_lengths_or_max() {
        assert_eq!("max".parse(), Ok(Pace::Max));
        assert_eq!("1h=1s".parse(), fixed(3_600_000, 1_000));
        assert_eq!("1d=500ms".parse(), fixed(86_400_000, 500));
        for wrong in ["", "1h", "1h=", "=1s", "0h=1s", "1h=0s", "-1h=1s", "1=1", "9999999999d=1s"] {
            let said = wrong.parse::<Pace>().unwrap_err();
            assert!(said.contains("1h=1s"), "{wrong}: {said}");
        }
    }

    #[test]
    fn recorded_time_takes_its_time_on_the_wall() {
        let second = Duration::from_secs(1);
        let hour = Span::hours(1);
        assert_eq!(scaled(Span::hours(3), hour, second), Duration::from_secs(3));
        assert_eq!(scaled(Span::seconds(1), hour, second), Duration::from_nanos(277_777));
        assert_eq!(scaled(Span::hours(-1), hour, second), Duration::ZERO);
        assert_eq!(scaled(Span(i64::MAX), Span(1), second), Duration::from_nanos(u64::MAX));
    }

    #[tokio::test]
    async fn recorded_time_never_goes_back() {
        for pace in ["max", "1d=1ms"] {
            let mut clock = Recorded::new(pace.parse().unwrap(), Timestamp(0));
            clock.sleep_until(Timestamp(3 * 3_600_000)).await;
            assert_eq!(clock.now(), Timestamp(3 * 3_600_000));
            clock.sleep_until(Timestamp(3_600_000)).await;
            assert_eq!(clock.now(), Timestamp(3 * 3_600_000));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn hours_before_its_own_time_are_not_waited_for_and_not_made_up_for() {
        let hour = |hour: i64| Timestamp(hour * 3_600_000);
        let mut clock = Recorded::new("1h=1s".parse().unwrap(), hour(500));
        clock.sleep_until(hour(499)).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        let began = Instant::now();
        clock.sleep_until(hour(501)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }
}
