//! Stop and target of a cycle, from its cost basis (decisions 10 and 11, rules 4 and 5).

use serde::{Deserialize, Serialize};

use crate::indicator::Mean;
use crate::money::{Cash, Direction, Fraction, Lots, SCALE, Ticks, ratio_down, ratio_up};

/// What a position cost: Σ price·quantity, and the quantity. The average entry is their exact
/// quotient; it is never rounded before a price is made from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Notional at entry.
    pub cost: Cash,
    /// Quantity held.
    pub lots: Lots,
}

impl Basis {
    /// Adds an entry.
    #[inline]
    #[must_use]
    pub fn with(self, notional: Cash, lots: Lots) -> Self {
        Self { cost: self.cost + notional, lots: self.lots + lots }
    }

    /// average entry · factor, as numerator and denominator in ticks.
    fn scaled(self, value: i64, factor: i64) -> (i128, i128) {
        (
            self.cost.0 * i128::from(factor),
            i128::from(self.lots.0) * i128::from(value) * i128::from(SCALE),
        )
    }

    /// The average entry in ticks, for people.
    #[must_use]
    pub fn average(self, value: i64) -> f64 {
        self.cost.0 as f64 / (self.lots.0 as f64 * value as f64)
    }
}

/// S = P̄·(1 ∓ sl), rounded to the nearer tick (long up, short down). `basis.lots` > 0; `value`
/// is the worth of one lot at one tick.
#[must_use]
pub fn stop_price(direction: Direction, basis: Basis, value: i64, stop_loss: Fraction) -> Ticks {
    match direction {
        Direction::Long => {
            let (n, d) = basis.scaled(value, SCALE - stop_loss.0);
            ratio_up(n, d)
        }
        Direction::Short => {
            let (n, d) = basis.scaled(value, SCALE + stop_loss.0);
            ratio_down(n, d)
        }
    }
}

/// True when `price` lies at or beyond the stop of a cycle with this basis: such a level would be
/// filled by the move that stops the cycle. The same comparison as with [`stop_price`], decided
/// without its division when the answer is clear.
#[inline]
#[must_use]
pub fn beyond_stop(
    direction: Direction,
    price: Ticks,
    basis: Basis,
    value: i64,
    stop_loss: Fraction,
) -> bool {
    // Compared as notionals, times 1e8. Two ticks cover the rounding of the stop.
    let unit = i128::from(basis.lots.0) * i128::from(value) * i128::from(SCALE);
    let at_stop = basis.cost.0 * i128::from(SCALE - direction.sign() * stop_loss.0);
    let distance = i128::from(direction.sign()) * (i128::from(price.0) * unit - at_stop);
    if distance > 2 * unit {
        return false;
    }
    let stop = stop_price(direction, basis, value, stop_loss);
    direction.mirror(price) <= direction.mirror(stop)
}

/// True when no price from `nearest` to `furthest` lies at or beyond the stop of a cycle entered at
/// any of them. Two products; what it leaves open, [`beyond_stop`] decides.
#[inline]
#[must_use]
pub fn clears_stop(
    nearest: Ticks,
    furthest: Ticks,
    direction: Direction,
    stop_loss: Fraction,
) -> bool {
    let (nearest, furthest) = (direction.mirror(nearest), direction.mirror(furthest));
    let stop = i128::from(nearest.0) * i128::from(SCALE - direction.sign() * stop_loss.0);
    // Two ticks cover the rounding of the stop.
    i128::from(furthest.0) * i128::from(SCALE) > stop + 2 * i128::from(SCALE)
}

/// T = SMA, or the further of SMA and P̄·(1 ± min_profit) when a least profit is set; rounded to
/// the further tick (long up, short down).
#[inline]
#[must_use]
pub fn target_price(
    direction: Direction,
    mean: Mean,
    basis: Basis,
    value: i64,
    min_profit: Fraction,
) -> Ticks {
    let at_mean = match direction {
        Direction::Long => mean.up(),
        Direction::Short => mean.down(),
    };
    if !min_profit.is_positive() {
        return at_mean;
    }
    // The rounded quotient lies between the mean and the exact one, if the mean is beyond that.
    let (n, d) = basis.scaled(value, SCALE + direction.sign() * min_profit.0);
    if i128::from(direction.sign()) * (i128::from(at_mean.0) * d - n) >= 0 {
        return at_mean;
    }
    let at_profit = profit_price(direction, basis, value, min_profit);
    match direction {
        Direction::Long => at_mean.max(at_profit),
        Direction::Short => at_mean.min(at_profit),
    }
}

/// P̄·(1 ± profit), rounded to the further tick (long up, short down).
#[must_use]
pub fn profit_price(direction: Direction, basis: Basis, value: i64, profit: Fraction) -> Ticks {
    match direction {
        Direction::Long => {
            let (n, d) = basis.scaled(value, SCALE + profit.0);
            ratio_up(n, d)
        }
        Direction::Short => {
            let (n, d) = basis.scaled(value, SCALE - profit.0);
            ratio_down(n, d)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn basis(fills: &[(i64, i64)]) -> Basis {
        fills.iter().fold(Basis::default(), |b, &(price, lots)| {
            b.with(Cash(i128::from(price * lots)), Lots(lots))
        })
    }

    #[test]
    fn the_stop_rounds_towards_the_entry() {
        // P̄ = 1004: 20 % below is 803.2, above 1204.8; rounding to the nearest would go further.
        let b = basis(&[(1_004, 3)]);
        assert_eq!(stop_price(Direction::Long, b, 1, Fraction::percent(20)), Ticks(804));
        assert_eq!(stop_price(Direction::Short, b, 1, Fraction::percent(20)), Ticks(1_204));
        // P̄ = 1001: 800.8 and 1201.2.
        let b = basis(&[(1_001, 3)]);
        assert_eq!(stop_price(Direction::Long, b, 1, Fraction::percent(20)), Ticks(801));
        assert_eq!(stop_price(Direction::Short, b, 1, Fraction::percent(20)), Ticks(1_201));
        // P̄ = 1000: a whole tick stays where it is.
        let b = basis(&[(1_000, 3)]);
        assert_eq!(stop_price(Direction::Long, b, 1, Fraction::percent(20)), Ticks(800));
        assert_eq!(stop_price(Direction::Short, b, 1, Fraction::percent(20)), Ticks(1_200));
    }

    #[test]
    fn the_target_is_the_mean_unless_a_profit_is_demanded() {
        let mean = Mean { sum: 3_001, n: 3 }; // 1000.33
        let b = basis(&[(1_010, 1), (1_000, 1)]); // P̄ = 1005
        assert_eq!(target_price(Direction::Long, mean, b, 1, Fraction(0)), Ticks(1_001));
        assert_eq!(target_price(Direction::Long, mean, b, 1, Fraction::percent(1)), Ticks(1_016));
        assert_eq!(target_price(Direction::Short, mean, b, 1, Fraction(0)), Ticks(1_000));
        assert_eq!(target_price(Direction::Short, mean, b, 1, Fraction::percent(1)), Ticks(994));
    }

    proptest! {
        #[test]
        fn shorts_mirror_longs(price in 1_000i64..1_000_000, lots in 1i64..1_000, sl in 100_000i64..90_000_000) {
            // In the mirror a short at P with stop distance sl is a long at −P.
            let b = basis(&[(price, lots)]);
            let mirrored = Basis { cost: -b.cost, lots: b.lots };
            let short = stop_price(Direction::Short, b, 1, Fraction(sl));
            let long = stop_price(Direction::Long, mirrored, 1, Fraction(-sl));
            prop_assert_eq!(Direction::Short.mirror(short), long);
        }

        #[test]
        fn the_quick_answer_is_the_exact_one(price in 1i64..2_000_000, lots in 1i64..1_000_000, at in 1i64..2_000_000, near in -3i64..4, sl in 1i64..90_000_000, short: bool, close: bool) {
            let direction = if short { Direction::Short } else { Direction::Long };
            let b = basis(&[(price, lots), (price / 2 + 1, lots / 3 + 1)]);
            let stop = stop_price(direction, b, 1, Fraction(sl));
            let at = if close { Ticks(stop.0 + near) } else { Ticks(at) };
            let exact = direction.mirror(at) <= direction.mirror(stop);
            prop_assert_eq!(beyond_stop(direction, at, b, 1, Fraction(sl)), exact);
            let prices = [Ticks(price), Ticks(price / 2 + 1), at];
            let (lowest, highest) = (*prices.iter().min().unwrap(), *prices.iter().max().unwrap());
            let (nearest, furthest) = if short { (lowest, highest) } else { (highest, lowest) };
            prop_assert!(!(exact && clears_stop(nearest, furthest, direction, Fraction(sl))));
        }
    }
}
