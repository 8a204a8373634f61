//! At which price an exchange liquidates (matching rule 11): one formula for both venues.

use crate::money::{Cash, Direction, Fraction, Lots, SCALE, Ticks, ratio_down, ratio_up};

/// A position as the formulas see it.
#[derive(Clone, Copy, Debug)]
pub struct Exposure {
    /// Long or short.
    pub direction: Direction,
    /// Notional at entry.
    pub cost: Cash,
    /// Quantity held; above zero.
    pub lots: Lots,
    /// Worth of one lot at one tick, in 1e-8 USDT.
    pub value: i64,
    /// Maintenance margin, as a part of the notional.
    pub maintenance: Fraction,
}

/// What stands behind a position.
#[derive(Clone, Copy, Debug)]
pub enum Backing {
    /// Its own margin, at this leverage.
    Isolated(u32),
    /// The wallet; both in 1e-16 USDT.
    Cross {
        /// Balance, and unrealised result of the other positions.
        funds: i128,
        /// Maintenance of the other positions.
        others: i128,
    },
}

impl Exposure {
    /// Where it is liquidated, rounded to the nearer tick like a stop; none when that is not above
    /// zero.
    ///
    /// Isolated: P̄·(1 ∓ (1/leverage − maintenance)). Cross: where funds and the result of this
    /// position are down to its maintenance and that of the others.
    #[must_use]
    pub fn liquidation(&self, backing: &Backing) -> Option<Ticks> {
        let (sign, scale) = (self.sign(), i128::from(SCALE));
        match *backing {
            Backing::Isolated(leverage) => {
                let leverage = i128::from(leverage.max(1));
                let distance = scale - leverage * i128::from(self.maintenance.0);
                let factor = leverage * scale - sign * distance;
                self.price(self.cost.0 * factor, self.unit() * leverage * scale)
            }
            Backing::Cross { funds, others } => {
                // funds + sign·(x·unit − cost) = maintenance·x·unit + others
                let needed = others - funds + sign * self.cost.0 * scale;
                let part = scale - sign * i128::from(self.maintenance.0);
                self.price(sign * needed, self.unit() * part)
            }
        }
    }

    fn sign(&self) -> i128 {
        i128::from(self.direction.sign())
    }

    fn unit(&self) -> i128 {
        i128::from(self.lots.0) * i128::from(self.value)
    }

    fn price(&self, numerator: i128, denominator: i128) -> Option<Ticks> {
        match self.direction {
            Direction::Long => Some(ratio_up(numerator, denominator)).filter(|at| at.is_positive()),
            // Not above zero: used up at any price.
            Direction::Short => Some(ratio_down(numerator, denominator).max(Ticks(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(direction: Direction) -> Exposure {
        // Ten lots at 1000 ticks; a lot at a tick is worth 1 USDT.
        let cost = Cash::usdt(10_000);
        let (lots, value) = (Lots(10), SCALE);
        Exposure { direction, cost, lots, value, maintenance: Fraction::percent(1) }
    }

    fn isolated(direction: Direction, leverage: u32) -> Option<Ticks> {
        held(direction).liquidation(&Backing::Isolated(leverage))
    }

    fn cross(direction: Direction, funds: i128) -> Option<Ticks> {
        held(direction).liquidation(&Backing::Cross { funds, others: 0 })
    }

    #[test]
    fn isolated_counts_from_the_average_entry() {
        // 10×, 1 %: 9 % away.
        assert_eq!(isolated(Direction::Long, 10), Some(Ticks(910)));
        assert_eq!(isolated(Direction::Short, 10), Some(Ticks(1_090)));
        assert_eq!(isolated(Direction::Long, 1), Some(Ticks(10)));
    }

    #[test]
    fn cross_is_where_equity_meets_maintenance() {
        // 1000 USDT behind it: 1000 + 10·(x − 1000) = 0.01·10·x at x = 909.09.
        let funds = Cash::usdt(1_000).0 * i128::from(SCALE);
        assert_eq!(cross(Direction::Long, funds), Some(Ticks(910)));
        assert_eq!(cross(Direction::Short, funds), Some(Ticks(1_089)));
        // Used up already; more than the position can lose.
        assert_eq!(cross(Direction::Short, -funds * 20), Some(Ticks(1)));
        assert_eq!(cross(Direction::Long, funds * 20), None);
    }
}
