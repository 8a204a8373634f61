//! Sizing: capital → margin → quantity, one formula for grids and one for mono positions.

use serde::{Deserialize, Serialize};

use crate::money::{Cash, Direction, Fraction, LEVERAGE_MAX, Lots, SCALE, Ticks, div_floor};

/// The margin per level of one symbol: balance / symbols / levels, exact. Frozen when the first
/// order of a ladder is quoted, held until the cycle closes or nothing is quoted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    balance: Cash,
    divisor: u32,
}

impl Budget {
    /// `symbols` and `levels` ≥ 1.
    #[must_use]
    pub fn new(balance: Cash, symbols: u32, levels: u8) -> Self {
        Self { balance, divisor: symbols.max(1) * u32::from(levels.max(1)) }
    }

    /// What a level may buy: margin · leverage, in whole 1e-8 USDT; 1.8e11 USDT stand for all that
    /// is more. Rounding it down first changes no quantity, since the cost of a lot is whole:
    /// floor(floor(a / b) / c) = floor(a / (b · c)).
    #[inline]
    #[must_use]
    pub fn power(&self, leverage: u32) -> Power {
        debug_assert!(leverage <= LEVERAGE_MAX);
        let power = self.balance.0.max(0) * i128::from(leverage);
        Power(u64::try_from(div_floor(power, i128::from(self.divisor))).unwrap_or(u64::MAX))
    }
}

/// Buying power of one level, in 1e-8 USDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power(u64);

impl Power {
    /// quantity = floor(margin · leverage / price), in lots; zero when there is no money. `unit`
    /// is what one lot costs at that price, in 1e-8 USDT.
    #[inline]
    #[must_use]
    pub fn lots(self, unit: i64) -> Lots {
        let lots = u64::try_from(unit).ok().and_then(|unit| self.0.checked_div(unit));
        Lots(i64::try_from(lots.unwrap_or(0)).unwrap_or(i64::MAX))
    }
}

/// Quantity of a mono position: it loses `risk` of the capital at its stop, costs included.
///
/// notional = capital·risk / (sl + taker + slippage); leverage does not enter (DECISIONS, formulas).
#[must_use]
pub fn risk_lots(
    capital: Cash,
    risk: Fraction,
    cost_at_stop: Fraction,
    price: Ticks,
    value: i64,
) -> Lots {
    if capital.0 <= 0 || cost_at_stop.0 <= 0 || price.0 <= 0 {
        return Lots::ZERO;
    }
    let numerator = capital.0 * i128::from(risk.0);
    let denominator = i128::from(cost_at_stop.0) * i128::from(price.0) * i128::from(value);
    Lots(i64::try_from(div_floor(numerator, denominator)).unwrap_or(i64::MAX))
}

/// Profit of a round trip before fees and its fees: every level filled at its price, the whole
/// closed at the target by a resting order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrip {
    /// Before fees.
    pub gain: Cash,
    /// Of all entries and the exit.
    pub fees: Cash,
}

impl RoundTrip {
    /// True when it earns more than its fees.
    #[inline]
    #[must_use]
    pub fn pays(self) -> bool {
        self.gain > self.fees
    }

    /// True when a round trip from `entry` to `exit` surely earns more than fees at `rate`, with all
    /// entries at `entry` or further from the exit; decides most cases cheaply. `value` is the worth
    /// of one lot at one tick.
    #[inline]
    #[must_use]
    pub fn surely_pays(
        direction: Direction,
        entry: Ticks,
        exit: Ticks,
        value: i64,
        rate: Fraction,
    ) -> bool {
        let wide = |product: (i64, i64)| i128::from(product.0) * i128::from(product.1);
        let gain = wide((direction.mirror(exit - entry).0, SCALE));
        let net = gain - wide(((exit + entry).0, rate.0));
        // What one lot earns. Each of at most seven fees is rounded up by less than one unit.
        net * i128::from(value) > 7 * i128::from(SCALE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_level_spends_its_share_and_not_a_lot_more() {
        // 1000 USDT, 5 symbols, 2 levels: 100 USDT margin, 600 USDT notional at 6×.
        let budget = Budget::new(Cash::usdt(1_000), 5, 2);
        // One lot at one tick is worth 0.001 USDT; at 70 ticks a lot costs 0.07 USDT.
        assert_eq!(budget.power(6).lots(70 * 100_000), Lots(8_571));
    }

    #[test]
    fn a_mono_position_risks_its_percentage() {
        // 2 % of 1000 at 2 % + 0.06 % + 0.05 %: notional 947.867; price 100, lot 0.01.
        let lots = risk_lots(
            Cash::usdt(1_000),
            Fraction::percent(2),
            Fraction(2_110_000),
            Ticks(10_000),
            10_000,
        );
        assert_eq!(lots, Lots(947));
    }

    proptest! {
        #[test]
        fn what_surely_pays_pays(exit in 1_000i64..1_000_000, near in -1_000i64..1_000, rungs in prop::collection::vec((0i64..1_000, 1i64..10_000), 1..7), value in 1i64..1_000_000, rate in 0i64..1_000_000, short: bool) {
            let direction = if short { Direction::Short } else { Direction::Long };
            let entry = (exit - direction.sign() * near).max(1);
            let notional = |price: i64, lots: i64| Cash(i128::from(price) * i128::from(lots) * i128::from(value));
            let bought = |&(further, lots): &(i64, i64)| notional((entry - direction.sign() * further).max(1), lots);
            let lots = rungs.iter().map(|rung| rung.1).sum();
            let cost: Cash = rungs.iter().map(bought).sum();
            let sold = notional(exit, lots);
            let entries: Cash = rungs.iter().map(|rung| bought(rung).times_up(Fraction(rate))).sum();
            let gain = Cash((sold - cost).0 * i128::from(direction.sign()));
            let trip = RoundTrip { gain, fees: entries + sold.times_up(Fraction(rate)) };
            let sure = RoundTrip::surely_pays(direction, Ticks(entry), Ticks(exit), value, Fraction(rate));
            prop_assert!(!sure || trip.pays());
        }

        #[test]
        fn never_more_than_the_budget_and_never_a_whole_lot_less(balance in 1i64..1_000_000, symbols in 1u32..40, levels in 1u8..=6, price in 1i64..10_000_000, value in 1i64..1_000_000, leverage in 1u32..=20) {
            let budget = Budget::new(Cash::usdt(balance), symbols, levels);
            let lots = budget.power(leverage).lots(price * value);
            let spent = |lots: i64| i128::from(lots) * i128::from(price) * i128::from(value) * i128::from(symbols) * i128::from(levels);
            let power = Cash::usdt(balance).0 * i128::from(leverage);
            prop_assert!(spent(lots.0) <= power && spent(lots.0 + 1) > power);
        }
    }
}
