//! Instants and bar boundaries. Time enters the core as an argument; nothing here reads a clock.

use core::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(count: i64) -> Self {
        Self(count * 1_000)
    }
    /// Whole hours.
    #[must_use]
    pub const fn hours(count: i64) -> Self {
        Self(count * 3_600_000)
    }
    /// One UTC day.
    pub const DAY: Self = Self::hours(24);
}

impl Add<Span> for Timestamp {
    type Output = Self;
    #[inline]
    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    #[inline]
    fn sub(self, span: Span) -> Self {
        Self(self.0 - span.0)
    }
}

impl Sub for Timestamp {
    type Output = Span;
    #[inline]
    fn sub(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Timestamp {
    /// The start of the span-aligned bucket that holds this instant (UTC boundaries).
    #[inline]
    #[must_use]
    pub const fn floor(self, span: Span) -> Self {
        Self(self.0 - self.0.rem_euclid(span.0))
    }

    /// 00:00 UTC of the same day.
    #[must_use]
    pub const fn midnight(self) -> Self {
        self.floor(Span::DAY)
    }

    /// True on a boundary of `span`.
    #[inline]
    #[must_use]
    pub const fn is_aligned(self, span: Span) -> bool {
        self.0 % span.0 == 0
    }
}

/// The length of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timeframe {
    /// One minute.
    #[serde(rename = "1m")]
    M1,
    /// Five minutes.
    #[serde(rename = "5m")]
    M5,
    /// Fifteen minutes.
    #[serde(rename = "15m")]
    M15,
    /// One hour: what the strategies decide on.
    #[serde(rename = "1h")]
    H1,
    /// Four hours, aligned to 00, 04, 08, 12, 16 and 20 UTC.
    #[serde(rename = "4h")]
    H4,
    /// One UTC day.
    #[serde(rename = "1d")]
    D1,
}

impl Timeframe {
    /// Its length.
    #[inline]
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::M1 => Span::seconds(60),
            Self::M5 => Span::seconds(300),
            Self::M15 => Span::seconds(900),
            Self::H1 => Span::hours(1),
            Self::H4 => Span::hours(4),
            Self::D1 => Span::DAY,
        }
    }

    /// The name that people and files use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::M1 => "1m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::H1 => "1h",
            Self::H4 => "4h",
            Self::D1 => "1d",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_aligned_to_utc() {
        let t = Timestamp(1_567_962_000_000); // 2019-09-08T17:00Z
        assert_eq!(t.floor(Timeframe::H4.span()), Timestamp(1_567_958_400_000)); // 16:00Z
        assert!(t.is_aligned(Timeframe::H1.span()));
        assert_eq!(t.midnight() + Span::hours(17), t);
    }
}
