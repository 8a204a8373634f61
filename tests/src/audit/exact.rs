//! Exact arithmetic of the auditor: roundings and the stop formula as whole-number divisions.
//! What does not fit 128 bits panics: that is no amount of money.

use gardefou_core::money::{Direction, Fraction, SCALE, Ticks};

/// A value within one over this of a whole tick is that tick.
const SNAP: i128 = 1_000_000;
const ONE: i128 = SCALE as i128;

fn times(one: i128, other: i128) -> i128 {
    one.checked_mul(other).expect("amounts fit 128 bits")
}

/// `amount · rate` (rate in 1e-8), up.
#[must_use]
pub fn up(amount: i128, rate: i64) -> i128 {
    let exact = times(amount, rate.into());
    exact.div_euclid(ONE) + i128::from(exact.rem_euclid(ONE) > 0)
}

/// `amount · rate` (rate in 1e-8), to the nearest, ties to even.
#[must_use]
pub fn half_even(amount: i128, rate: i64) -> i128 {
    let exact = times(amount, rate.into());
    let (floor, twice) = (exact.div_euclid(ONE), 2 * exact.rem_euclid(ONE));
    floor + i128::from(twice > ONE || (twice == ONE && floor % 2 != 0))
}

/// S = P̄·(1 ∓ sl) for `lots` that cost `cost` at `value` per lot and tick: the nearer tick.
#[must_use]
pub fn stop(direction: Direction, cost: i128, lots: i64, value: i128, distance: Fraction) -> Ticks {
    let denominator = times(times(lots.into(), value), ONE);
    match direction {
        Direction::Long => tick_up(times(cost, ONE - i128::from(distance.0)), denominator),
        Direction::Short => tick_down(times(cost, ONE + i128::from(distance.0)), denominator),
    }
}

/// What a taker pays or gets at `price`: up for a buyer, down for a seller.
#[must_use]
pub fn slipped(price: Ticks, slippage: Fraction, buying: bool) -> Ticks {
    let (price, slippage) = (i128::from(price.0), i128::from(slippage.0));
    if buying {
        tick_up(times(price, ONE + slippage), ONE)
    } else {
        tick_down(times(price, ONE - slippage), ONE)
    }
}

/// The tick above; the tick below when that is within a millionth.
fn tick_up(numerator: i128, denominator: i128) -> Ticks {
    let (below, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    Ticks((below + i128::from(times(rest, SNAP) > denominator)) as i64)
}

/// The tick below; the tick above when that is within a millionth.
fn tick_down(numerator: i128, denominator: i128) -> Ticks {
    let (below, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    Ticks((below + i128::from(times(denominator - rest, SNAP) <= denominator)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roundings_by_hand() {
        assert_eq!((up(101, 1_000_000), up(100, 1_000_000), up(-101, 1_000_000)), (2, 1, -1));
        let half = 50_000_000;
        let halves = [1, 3, -1, -3, 5].map(|amount| half_even(amount, half));
        assert_eq!(halves, [0, 2, 0, -2, 2]);
        let sl = Fraction::percent(20);
        // P̄ = 1001: 800.8 below, 1201.2 above.
        assert_eq!(stop(Direction::Long, 3_003, 3, 1, sl), Ticks(801));
        assert_eq!(stop(Direction::Short, 3_003, 3, 1, sl), Ticks(1_201));
        // Within a millionth of a tick: 800.0000005 is 800, 799.9999995 is 800 too.
        assert_eq!(tick_up(8_000_000_005, 10_000_000), Ticks(800));
        assert_eq!(tick_down(7_999_999_995, 10_000_000), Ticks(800));
        assert_eq!(tick_up(8_000_000_015, 10_000_000), Ticks(801));
        assert_eq!(tick_down(7_999_999_985, 10_000_000), Ticks(799));
        assert_eq!(slipped(Ticks(10_000), Fraction(50_000), true), Ticks(10_005));
        assert_eq!(slipped(Ticks(10_001), Fraction(50_000), false), Ticks(9_995));
    }
}
