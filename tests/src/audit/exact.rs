//! Exact arithmetic of the auditor: roundings and the stop formula, in big fractions.

use gardefou_core::money::{Direction, Fraction, SCALE, Ticks};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

/// numerator / denominator.
#[must_use]
pub fn ratio(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// `amount · rate` (rate in 1e-8), up.
#[must_use]
pub fn up(amount: i128, rate: i64) -> i128 {
    narrow(&ratio(amount * i128::from(rate), SCALE).ceil())
}

/// `amount · rate` (rate in 1e-8), to the nearest, ties to even.
#[must_use]
pub fn half_even(amount: i128, rate: i64) -> i128 {
    let exact = ratio(amount * i128::from(rate), SCALE);
    let (floor, half) = (narrow(&exact.floor()), ratio(1, 2));
    let rest = exact - ratio(floor, 1);
    let above = rest > half || (rest == half && floor % 2 != 0);
    floor + i128::from(above)
}

/// P̄ · factor for `lots` that cost `cost`, `value` per lot and tick.
fn scaled(cost: i128, lots: i64, value: i128, factor: i64) -> BigRational {
    ratio(cost, i128::from(lots) * value) * ratio(factor, SCALE)
}

/// S = P̄·(1 ∓ sl): the nearer tick, a value within 1e-6 of a tick being that tick.
#[must_use]
pub fn stop(direction: Direction, cost: i128, lots: i64, value: i128, distance: Fraction) -> Ticks {
    match direction {
        Direction::Long => tick_up(&scaled(cost, lots, value, SCALE - distance.0)),
        Direction::Short => tick_down(&scaled(cost, lots, value, SCALE + distance.0)),
    }
}

/// What a taker pays or gets at `price`: up for a buyer, down for a seller.
#[must_use]
pub fn slipped(price: Ticks, slippage: Fraction, buying: bool) -> Ticks {
    if buying {
        tick_up(&(ratio(price.0, 1) * ratio(SCALE + slippage.0, SCALE)))
    } else {
        tick_down(&(ratio(price.0, 1) * ratio(SCALE - slippage.0, SCALE)))
    }
}

fn tick_up(value: &BigRational) -> Ticks {
    Ticks(snapped(value).unwrap_or_else(|| narrow(&value.ceil())) as i64)
}

fn tick_down(value: &BigRational) -> Ticks {
    Ticks(snapped(value).unwrap_or_else(|| narrow(&value.floor())) as i64)
}

fn snapped(value: &BigRational) -> Option<i128> {
    let nearest = value.round();
    ((value - &nearest).abs() <= ratio(1, 1_000_000)).then(|| narrow(&nearest))
}

/// A whole number that fits; one that does not is far beyond any amount of money.
fn narrow(whole: &BigRational) -> i128 {
    whole.to_integer().to_i128().unwrap_or(i128::MAX)
}
