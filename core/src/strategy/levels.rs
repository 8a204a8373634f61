//! Prices of a ladder (DECISIONS, formulas): P_i = SMA ∓ A*·(start + i·step), entries rounded away from
//! the market. A* is the ATR, or its floor as a percentage of the close.

use crate::config::GridParams;
use crate::money::{Direction, Ticks, snap};
use crate::risk::ladder::Prices;

/// A* = max(ATR, close · min_grid_spacing_pct / 100).
#[inline]
#[must_use]
pub fn effective_atr(params: &GridParams, atr: f64, close: Ticks) -> f64 {
    if params.min_grid_spacing_pct > 0.0 {
        let floor = close.0 as f64 * params.min_grid_spacing_pct / 100.0;
        if floor > atr {
            return floor;
        }
    }
    atr
}

/// The rounded price of one level; none when it is not above zero.
#[inline]
#[must_use]
pub fn level_price(
    params: &GridParams,
    direction: Direction,
    mean: f64,
    atr: f64,
    level: u8,
) -> Option<Ticks> {
    let k = params.atr_multiplier_start + f64::from(level) * params.atr_multiplier_step;
    let price = match direction {
        Direction::Long => snap::down(mean - atr * k),
        Direction::Short => snap::up(mean + atr * k),
    };
    price.filter(|price| price.is_positive())
}

/// The prices of a ladder by level.
#[inline]
#[must_use]
pub fn prices(params: &GridParams, direction: Direction, mean: f64, atr: f64) -> Prices {
    let mut prices = Prices::default();
    for (price, level) in prices.iter_mut().zip(0..params.levels) {
        *price = level_price(params, direction, mean, atr, level);
    }
    prices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sides;
    use crate::indicator::Mean;
    use crate::money::Fraction;
    use proptest::prelude::*;

    fn ladder(p: &GridParams, direction: Direction, mean: Mean, atr: f64) -> Vec<Option<Ticks>> {
        let prices = prices(p, direction, mean.to_f64(), atr);
        assert!(prices.iter().skip(p.levels.into()).all(Option::is_none));
        prices[..p.levels.into()].to_vec()
    }

    fn params(start: f64, step: f64, levels: u8) -> GridParams {
        GridParams {
            ma_period: 14,
            atr_period: 14,
            atr_multiplier_start: start,
            atr_multiplier_step: step,
            levels,
            stop_loss: Fraction::percent(20),
            sides: Sides { long: true, short: true },
            leverage: 6,
            max_hold_bars: 0,
            cooldown_bars: 3,
            min_grid_spacing_pct: 0.0,
            min_profit: Fraction(0),
            min_atr_pct: 0.0,
            trend: None,
        }
    }

    #[test]
    fn entries_are_rounded_away_from_the_market() {
        let mean = Mean { sum: 30_001, n: 3 }; // 10000.33
        let p = params(2.0, 1.5, 3);
        assert_eq!(
            ladder(&p, Direction::Long, mean, 100.0),
            [Some(Ticks(9_800)), Some(Ticks(9_650)), Some(Ticks(9_500))]
        );
        assert_eq!(
            ladder(&p, Direction::Short, mean, 100.0),
            [Some(Ticks(10_201)), Some(Ticks(10_351)), Some(Ticks(10_501))]
        );
    }

    #[test]
    fn the_spacing_floor_replaces_a_small_atr() {
        let mut p = params(2.0, 1.0, 1);
        p.min_grid_spacing_pct = 1.8;
        assert_eq!(effective_atr(&p, 10.0, Ticks(1_000)), 18.0);
        assert_eq!(effective_atr(&p, 30.0, Ticks(1_000)), 30.0);
    }

    #[test]
    fn levels_below_zero_do_not_exist() {
        let mean = Mean { sum: 100, n: 1 };
        assert_eq!(ladder(&params(2.0, 1.0, 2), Direction::Long, mean, 50.0), [None, None]);
    }

    proptest! {
        #[test]
        fn a_ladder_descends_and_never_crosses_its_formula(sum in 1_000i64..100_000_000, n in 1u32..50, atr in 0.01f64..1e5, start in 0.1f64..6.0, step in 0.0f64..3.0, levels in 1u8..=6) {
            let p = params(start, step, levels);
            let mean = Mean { sum, n };
            let long = ladder(&p, Direction::Long, mean, atr);
            for (level, price) in long.iter().enumerate() {
                if let Some(price) = price {
                    let exact = mean.to_f64() - atr * (start + level as f64 * step);
                    prop_assert!(price.0 as f64 <= exact + 1e-5 && price.0 as f64 > exact - 1.0);
                }
            }
            prop_assert!(long.windows(2).all(|pair| pair[1].is_none() || pair[0] >= pair[1]));
        }
    }
}
