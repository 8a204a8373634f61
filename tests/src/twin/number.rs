//! Exact arithmetic: ticks, rounding, money. Everything directional is mirrored here, once.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::types::{Bar, Direction, Q, Side};

/// A whole number.
pub fn int(value: i64) -> Q {
    Q::from_integer(BigInt::from(value))
}

/// A fraction.
pub fn ratio(numerator: i64, denominator: i64) -> Q {
    Q::new(BigInt::from(numerator), BigInt::from(denominator))
}

/// A percentage as a fraction.
pub fn percent(value: &Q) -> Q {
    value / int(100)
}

/// The exact value of a finite float.
pub fn exact(value: f64) -> Q {
    BigRational::from_float(value).expect("indicator values are finite")
}

/// The integer below, or the one within 1e-6.
pub fn tick_down(value: &Q) -> i64 {
    whole(&snapped(value).unwrap_or_else(|| value.floor()))
}

/// The integer above, or the one within 1e-6.
pub fn tick_up(value: &Q) -> i64 {
    whole(&snapped(value).unwrap_or_else(|| value.ceil()))
}

fn snapped(value: &Q) -> Option<Q> {
    let nearest = value.round();
    ((value - &nearest).abs() <= ratio(1, 1_000_000)).then_some(nearest)
}

/// The integer part of a value that is one already, or is to be truncated.
pub fn whole(value: &Q) -> i64 {
    value.to_integer().to_i64().expect("prices and quantities fit 64 bits")
}

/// Fees: up at 1e-8.
pub fn fee_up(value: &Q) -> Q {
    (value * int(100_000_000)).ceil() / int(100_000_000)
}

/// Funding: half-even at 1e-8.
pub fn half_even(value: &Q) -> Q {
    let scaled = value * int(100_000_000);
    let floor = scaled.floor();
    let rest = &scaled - &floor;
    let half = ratio(1, 2);
    let odd = !(&floor / int(2)).is_integer();
    let up = rest > half || (rest == half && odd);
    (if up { floor + int(1) } else { floor }) / int(100_000_000)
}

/// The smaller of two exact numbers.
pub fn least(a: Q, b: Q) -> Q {
    if b < a { b } else { a }
}

impl Direction {
    /// +1 or −1.
    pub fn sign(self) -> i64 {
        match self {
            Direction::Long => 1,
            Direction::Short => -1,
        }
    }

    /// Side of its entries.
    pub fn entry_side(self) -> Side {
        match self {
            Direction::Long => Side::Buy,
            Direction::Short => Side::Sell,
        }
    }

    /// Side of its exits.
    pub fn exit_side(self) -> Side {
        match self {
            Direction::Long => Side::Sell,
            Direction::Short => Side::Buy,
        }
    }

    /// `a` is strictly worse than `b` for the holder: lower for a long.
    pub fn worse(self, a: i64, b: i64) -> bool {
        self.sign() * a < self.sign() * b
    }

    /// `a` is `b` or worse.
    pub fn at_or_worse(self, a: i64, b: i64) -> bool {
        !self.worse(b, a)
    }

    /// The worse of two prices: the minimum for a long.
    pub fn worst_of(self, a: i64, b: i64) -> i64 {
        if self.worse(b, a) { b } else { a }
    }

    /// The better of two prices: the maximum for a long.
    pub fn best_of(self, a: i64, b: i64) -> i64 {
        if self.worse(a, b) { b } else { a }
    }

    /// The extreme on the loss side: L for a long.
    pub fn loss_extreme(self, bar: &Bar) -> i64 {
        if self == Direction::Long { bar.l } else { bar.h }
    }

    /// The extreme on the gain side: H for a long.
    pub fn gain_extreme(self, bar: &Bar) -> i64 {
        if self == Direction::Long { bar.h } else { bar.l }
    }

    /// Rounds to the loss side: down for a long. Entry levels and taker exits.
    pub fn round_to_loss(self, value: &Q) -> i64 {
        if self == Direction::Long { tick_down(value) } else { tick_up(value) }
    }

    /// Rounds to the gain side: up for a long. Targets, stops and taker entries.
    pub fn round_to_gain(self, value: &Q) -> i64 {
        if self == Direction::Long { tick_up(value) } else { tick_down(value) }
    }

    /// `price` moved by a fraction to the gain side: p·(1 + f) for a long.
    pub fn moved(self, price: &Q, fraction: &Q) -> Q {
        price * (int(1) + int(self.sign()) * fraction)
    }

    /// Taker entry around `price`, against the book.
    pub fn taker_entry(self, price: i64, slippage: &Q) -> i64 {
        self.round_to_gain(&self.moved(&int(price), slippage))
    }

    /// Taker exit around `price`, against the book.
    pub fn taker_exit(self, price: i64, slippage: &Q) -> i64 {
        self.round_to_loss(&self.moved(&int(price), &-slippage))
    }
}
