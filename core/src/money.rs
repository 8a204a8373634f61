//! Exact numbers: prices in ticks, quantities in lots, cash in 1e-8 USDT, fractions in 1e-8.
//!
//! f64 exists for indicators only. The one bridge from f64 to a price is [`snap`], and every
//! rounding names its direction. Nothing here divides where a multiplication can decide.

use core::fmt;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// Units of [`Cash`] and of [`Fraction`] in one.
pub const SCALE: i64 = 100_000_000;

/// A price, in ticks of its instrument.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticks(pub i64);

/// A quantity, in lots of its instrument.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Lots(pub i64);

/// An amount of USDT, in units of 1e-8; exact, signed, wide enough never to overflow in practice.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cash(pub i128);

/// A dimensionless fraction in units of 1e-8: 5 % is 5 000 000. Rates, fees and limits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fraction(pub i64);

/// Margin, exact for every leverage from 1 to 20: in units of 1e-8 USDT / 232 792 560.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Margin(pub i128);

/// The least common multiple of 1..=20, so that notional / leverage is always whole.
const LEVERAGE_MULTIPLE: u32 = 232_792_560;

/// The highest leverage that [`Margin`] represents exactly.
pub const LEVERAGE_MAX: u32 = 20;

macro_rules! additive {
    ($($name:ident),*) => {$(
        impl Add for $name {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self { Self(self.0 + other.0) }
        }
        impl Sub for $name {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self { Self(self.0 - other.0) }
        }
        impl Neg for $name {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self { Self(-self.0) }
        }
        impl AddAssign for $name {
            #[inline]
            fn add_assign(&mut self, other: Self) { self.0 += other.0; }
        }
        impl SubAssign for $name {
            #[inline]
            fn sub_assign(&mut self, other: Self) { self.0 -= other.0; }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self(0), |total, item| total + item)
            }
        }
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// True for zero.
            #[inline]
            #[must_use]
            pub const fn is_zero(self) -> bool { self.0 == 0 }
            /// True above zero.
            #[inline]
            #[must_use]
            pub const fn is_positive(self) -> bool { self.0 > 0 }
        }
    )*};
}
additive!(Ticks, Lots, Cash, Fraction, Margin);

impl Cash {
    /// A whole number of USDT.
    #[must_use]
    pub const fn usdt(whole: i64) -> Self {
        Self(whole as i128 * SCALE as i128)
    }

    /// `self · fraction`, rounded up (towards +∞): what we owe.
    #[inline]
    #[must_use]
    pub fn times_up(self, fraction: Fraction) -> Self {
        Self(div_ceil(self.0 * i128::from(fraction.0), i128::from(SCALE)))
    }

    /// `self · fraction`, rounded down (towards −∞): what we may rely on.
    #[inline]
    #[must_use]
    pub fn times_down(self, fraction: Fraction) -> Self {
        Self(div_floor(self.0 * i128::from(fraction.0), i128::from(SCALE)))
    }

    /// `self · fraction`, to the nearest, ties to even: what an exchange settles.
    #[must_use]
    pub fn times_half_even(self, fraction: Fraction) -> Self {
        Self(div_half_even(self.0 * i128::from(fraction.0), i128::from(SCALE)))
    }

    /// For indicators, reports and screens only; never for a decision about money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / SCALE as f64
    }
}

impl fmt::Display for Cash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_scaled(f, self.0, 8)
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_scaled(f, i128::from(self.0), 8)
    }
}

/// `value / 10^decimals` without trailing zeros.
fn fmt_scaled(f: &mut fmt::Formatter<'_>, value: i128, decimals: u32) -> fmt::Result {
    let mut value = value;
    let mut decimals = decimals;
    while decimals > 0 && value % 10 == 0 {
        value /= 10;
        decimals -= 1;
    }
    let sign = if value < 0 { "-" } else { "" };
    let unit = 10u128.pow(decimals);
    let magnitude = value.unsigned_abs();
    if decimals == 0 {
        write!(f, "{sign}{magnitude}")
    } else {
        let width = decimals as usize;
        write!(f, "{sign}{}.{:0width$}", magnitude / unit, magnitude % unit)
    }
}

impl Fraction {
    /// One.
    pub const ONE: Self = Self(SCALE);

    /// From whole percent.
    #[must_use]
    pub const fn percent(whole: i64) -> Self {
        Self(whole * (SCALE / 100))
    }

    /// For indicators and reports.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / SCALE as f64
    }
}

impl Margin {
    /// The margin that `notional` needs at `leverage` (1 to 20).
    #[inline]
    #[must_use]
    pub fn of(notional: Cash, leverage: u32) -> Self {
        Self(notional.0 * i128::from(LEVERAGE_MULTIPLE / leverage))
    }

    /// Cash seen as margin, for comparisons.
    #[inline]
    #[must_use]
    pub fn from_cash(cash: Cash) -> Self {
        Self(cash.0 * i128::from(LEVERAGE_MULTIPLE))
    }

    /// Rounded up to 1e-8 USDT, for people.
    #[must_use]
    pub fn to_cash_up(self) -> Cash {
        Cash(div_ceil(self.0, i128::from(LEVERAGE_MULTIPLE)))
    }
}

/// Long or short: the side of a book, a ladder or a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Buys first.
    Long,
    /// Sells first.
    Short,
}

impl Direction {
    /// Both directions, long first.
    pub const BOTH: [Self; 2] = [Self::Long, Self::Short];

    /// +1 or −1.
    #[inline]
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Long => 1,
            Self::Short => -1,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// 0 for long, 1 for short.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Long => 0,
            Self::Short => 1,
        }
    }

    /// A price seen in this direction's mirror: unchanged for longs, negated for shorts.
    ///
    /// Every rule about prices is written once, for a long book; a short book is the same rule in
    /// the mirror. The mirror is its own inverse.
    #[inline]
    #[must_use]
    pub const fn mirror(self, price: Ticks) -> Ticks {
        Ticks(price.0 * self.sign())
    }
}

/// A value within this distance (in ticks) of a whole tick is that tick.
const SNAP: f64 = 1e-6;
/// The same as a fraction: one over this.
const SNAP_INVERSE: i128 = 1_000_000;

/// The bridge from f64 to a price: rounds down or up to a whole tick, after snapping.
pub mod snap {
    use super::{SNAP, Ticks};

    /// The largest magnitude that is converted; beyond it the answer is `None`.
    const LIMIT: f64 = 4.0e15;

    /// Rounded down; `None` when the value is not a number or out of range.
    #[inline]
    #[must_use]
    pub fn down(value: f64) -> Option<Ticks> {
        if !(-LIMIT..=LIMIT).contains(&value) {
            return None;
        }
        let shifted = value + SNAP;
        let whole = shifted as i64;
        Some(Ticks(if (whole as f64) > shifted { whole - 1 } else { whole }))
    }

    /// Rounded up; `None` when the value is not a number or out of range.
    #[inline]
    #[must_use]
    pub fn up(value: f64) -> Option<Ticks> {
        down(-value).map(|ticks| -ticks)
    }
}

/// `numerator / denominator` in ticks, rounded down after snapping; `denominator` > 0.
#[must_use]
pub fn ratio_down(numerator: i128, denominator: i128) -> Ticks {
    Ticks(div_floor(numerator * SNAP_INVERSE + denominator, denominator * SNAP_INVERSE) as i64)
}

/// `numerator / denominator` in ticks, rounded up after snapping; `denominator` > 0.
#[must_use]
pub fn ratio_up(numerator: i128, denominator: i128) -> Ticks {
    Ticks(div_ceil(numerator * SNAP_INVERSE - denominator, denominator * SNAP_INVERSE) as i64)
}

/// Division rounded towards −∞; `denominator` > 0.
#[inline]
#[must_use]
pub fn div_floor(numerator: i128, denominator: i128) -> i128 {
    let (magnitude, denominator) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    if numerator >= 0 {
        quotient(magnitude, denominator) as i128
    } else {
        -1 - quotient(magnitude - 1, denominator) as i128
    }
}

/// Division rounded towards +∞; `denominator` > 0.
#[inline]
#[must_use]
pub fn div_ceil(numerator: i128, denominator: i128) -> i128 {
    -div_floor(-numerator, denominator)
}

/// The whole part of a quotient. Narrow operands take the narrow instruction.
#[inline]
fn quotient(numerator: u128, denominator: u128) -> u128 {
    match (u64::try_from(numerator), u64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => u128::from(numerator / denominator),
        _ => numerator / denominator,
    }
}

/// Division to the nearest, ties to even; `denominator` > 0.
#[must_use]
pub fn div_half_even(numerator: i128, denominator: i128) -> i128 {
    let floor = numerator.div_euclid(denominator);
    let twice_rest = 2 * numerator.rem_euclid(denominator);
    if twice_rest > denominator || (twice_rest == denominator && floor % 2 != 0) {
        floor + 1
    } else {
        floor
    }
}

/// The price that a taker pays: worse by `slippage`, rounded against the book.
///
/// `buying` rounds up, selling rounds down; works in the mirror too, where prices are negative.
#[must_use]
pub fn slipped(price: Ticks, slippage: Fraction, buying: bool) -> Ticks {
    let distance = i128::from(price.0.abs()) * i128::from(slippage.0);
    let exact = i128::from(price.0) * i128::from(SCALE);
    if buying {
        ratio_up(exact + distance, i128::from(SCALE))
    } else {
        ratio_down(exact - distance, i128::from(SCALE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std;
    use std::string::ToString;

    #[test]
    fn cash_reads_as_a_person_writes_it() {
        assert_eq!(Cash(123_450_000_000).to_string(), "1234.5");
        assert_eq!(Cash(-1).to_string(), "-0.00000001");
        assert_eq!(Cash::usdt(7).to_string(), "7");
        assert_eq!(Fraction(60_000).to_string(), "0.0006");
    }

    #[test]
    fn snapping_forgives_a_millionth_of_a_tick_and_no_more() {
        assert_eq!(snap::down(99.999_999_5), Some(Ticks(100)));
        assert_eq!(snap::down(99.999_998), Some(Ticks(99)));
        assert_eq!(snap::up(100.000_000_5), Some(Ticks(100)));
        assert_eq!(snap::up(100.000_002), Some(Ticks(101)));
        assert_eq!(snap::down(-0.5), Some(Ticks(-1)));
        assert_eq!(snap::down(f64::NAN), None);
        assert_eq!(snap::up(f64::INFINITY), None);
    }

    #[test]
    fn half_even_breaks_ties_to_the_even_neighbour() {
        assert_eq!(div_half_even(5, 2), 2);
        assert_eq!(div_half_even(7, 2), 4);
        assert_eq!(div_half_even(-5, 2), -2);
        assert_eq!(div_half_even(-7, 2), -4);
    }

    #[test]
    fn takers_round_against_themselves() {
        let s = Fraction(50_000);
        assert_eq!(slipped(Ticks(1_001), s, true), Ticks(1_002));
        assert_eq!(slipped(Ticks(1_001), s, false), Ticks(1_000));
        assert_eq!(slipped(Ticks(2_000), s, true), Ticks(2_001));
        assert_eq!(slipped(Ticks(2_000), s, false), Ticks(1_999));
    }

    proptest! {
        #[test]
        fn ratios_bracket_the_exact_value(n in -1_000_000_000_000i128..1_000_000_000_000, d in 1i128..1_000_000_000) {
            let (down, up) = (i128::from(ratio_down(n, d).0), i128::from(ratio_up(n, d).0));
            prop_assert!(down <= up && up - down <= 1);
            // Within the snap, never further than a millionth on the wrong side.
            prop_assert!(down * d * SNAP_INVERSE <= n * SNAP_INVERSE + d);
            prop_assert!((down + 1) * d > n);
            prop_assert!(up * d * SNAP_INVERSE >= n * SNAP_INVERSE - d);
        }

        #[test]
        fn divisions_round_as_they_say(n: i64, by: i64, d in 1i64..i64::MAX, wide: bool) {
            let (n, d) = (i128::from(n) * if wide { i128::from(by) } else { 1 }, i128::from(d));
            prop_assert_eq!(div_floor(n, d), n.div_euclid(d));
            prop_assert_eq!(div_ceil(n, d), -(-n).div_euclid(d));
        }

        #[test]
        fn shorts_are_longs_in_the_mirror(price in 1i64..10_000_000, s in 0i64..10_000_000) {
            let (price, s) = (Ticks(price), Fraction(s));
            let sell = Direction::Short.mirror(slipped(Direction::Short.mirror(price), s, true));
            prop_assert_eq!(sell, slipped(price, s, false));
        }

        #[test]
        fn fees_never_round_in_our_favour(cash in 0i128..1_000_000_000_000_000, rate in 0i64..1_000_000) {
            let fee = Cash(cash).times_up(Fraction(rate));
            prop_assert!(fee.0 * i128::from(SCALE) >= cash * i128::from(rate));
            prop_assert!((fee.0 - 1) * i128::from(SCALE) < cash * i128::from(rate));
        }

        #[test]
        fn margin_is_exact_for_every_leverage(cash in 0i128..1_000_000_000_000_000, leverage in 1u32..=20) {
            prop_assert_eq!(Margin::of(Cash(cash), leverage).0 * i128::from(leverage), Margin::from_cash(Cash(cash)).0);
        }
    }
}
