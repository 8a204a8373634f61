//! A cycle: every fill on one symbol in one direction, from the first to flat.
//! The level of a fill is carried by its order, never inferred.

use serde::{Deserialize, Serialize};

use crate::config::LEVELS_MAX;
use crate::ids::{BookId, SymbolId};
use crate::money::{Cash, Direction, Lots};
use crate::notice::{CycleResult, FillReason};
use crate::strategy::Basis;
use crate::time::Timestamp;

/// An open cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cycle {
    /// Its number in its book and symbol, from 1.
    pub number: u32,
    /// Long or short.
    pub direction: Direction,
    /// Time of the first fill.
    pub opened: Timestamp,
    /// Open time of the bar that holds the first fill.
    pub first_bar: Timestamp,
    /// What is held now.
    pub basis: Basis,
    /// Quantity filled per level.
    pub filled: [Lots; LEVELS_MAX],
    /// Entered in total.
    pub entered: Basis,
    /// Notional of exits so far.
    pub exit_notional: Cash,
    /// Booked before costs.
    pub gross: Cash,
    /// Fees so far.
    pub fees: Cash,
    /// Funding so far.
    pub funding: Cash,
}

impl Cycle {
    /// A cycle about to receive its first fill.
    #[must_use]
    pub fn new(number: u32, direction: Direction, opened: Timestamp, first_bar: Timestamp) -> Self {
        Self {
            number,
            direction,
            opened,
            first_bar,
            basis: Basis::default(),
            filled: [Lots::ZERO; LEVELS_MAX],
            entered: Basis::default(),
            exit_notional: Cash::ZERO,
            gross: Cash::ZERO,
            fees: Cash::ZERO,
            funding: Cash::ZERO,
        }
    }

    /// Adds an entry fill.
    pub fn enter(&mut self, level: u8, notional: Cash, lots: Lots) {
        self.basis = self.basis.with(notional, lots);
        self.entered = self.entered.with(notional, lots);
        if let Some(filled) = self.filled.get_mut(usize::from(level)) {
            *filled += lots;
        }
    }

    /// Removes `lots` at `notional` and returns the result before costs. A part of the position
    /// takes its part of the cost, rounded down, so that the whole always adds up exactly.
    pub fn exit(&mut self, notional: Cash, lots: Lots) -> Cash {
        let cost = if lots >= self.basis.lots {
            self.basis.cost
        } else {
            let part = self.basis.cost.0 * i128::from(lots.0);
            Cash(part.div_euclid(i128::from(self.basis.lots.0.max(1))))
        };
        self.basis = Basis { cost: self.basis.cost - cost, lots: self.basis.lots - lots };
        self.exit_notional += notional;
        let result = Cash((notional - cost).0 * i128::from(self.direction.sign()));
        self.gross += result;
        result
    }

    /// Unrealised result when the position is worth `notional`.
    #[inline]
    #[must_use]
    pub fn unrealised(&self, notional: Cash) -> Cash {
        Cash((notional - self.basis.cost).0 * i128::from(self.direction.sign()))
    }

    /// Levels that filled, at least in part.
    #[must_use]
    pub fn levels_filled(&self) -> u8 {
        self.filled.iter().filter(|lots| lots.is_positive()).count() as u8
    }

    /// The result, once flat.
    #[must_use]
    pub fn result(
        &self,
        book: BookId,
        symbol: SymbolId,
        closed: Timestamp,
        reason: FillReason,
    ) -> CycleResult {
        CycleResult {
            book,
            symbol,
            cycle: self.number,
            direction: self.direction,
            opened: self.opened,
            closed,
            reason,
            lots: self.entered.lots,
            entry_notional: self.entered.cost,
            exit_notional: self.exit_notional,
            levels: self.levels_filled(),
            gross: self.gross,
            fees: self.fees,
            funding: self.funding,
            net: self.gross - self.fees + self.funding,
        }
    }

    /// Charges a fee to the cycle.
    pub fn charge(&mut self, fee: Cash) {
        self.fees += fee;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cycle(direction: Direction) -> Cycle {
        Cycle::new(1, direction, Timestamp(0), Timestamp(0))
    }

    #[test]
    fn a_short_earns_when_the_price_falls() {
        let mut c = cycle(Direction::Short);
        c.enter(0, Cash(1_000), Lots(10));
        assert_eq!(c.unrealised(Cash(900)), Cash(100));
        assert_eq!(c.exit(Cash(900), Lots(10)), Cash(100));
        assert_eq!(c.basis, Basis::default());
    }

    proptest! {
        #[test]
        fn partial_exits_add_up_to_the_whole(entries in prop::collection::vec((1i64..10_000, 1i64..500), 1..6), cuts in prop::collection::vec((1i64..20_000, 1i64..300), 1..20), short: bool) {
            let direction = if short { Direction::Short } else { Direction::Long };
            let mut c = cycle(direction);
            let (mut paid, mut received) = (0i128, 0i128);
            for (level, &(price, lots)) in entries.iter().enumerate() {
                paid += i128::from(price * lots);
                c.enter(level as u8, Cash(i128::from(price * lots)), Lots(lots));
            }
            for &(price, lots) in &cuts {
                let lots = lots.min(c.basis.lots.0);
                if lots == 0 { break }
                received += i128::from(price * lots);
                c.exit(Cash(i128::from(price * lots)), Lots(lots));
            }
            let rest = c.basis.lots;
            if rest.is_positive() {
                received += i128::from(rest.0) * 7;
                c.exit(Cash(i128::from(rest.0) * 7), rest);
            }
            prop_assert_eq!(c.gross, Cash((received - paid) * i128::from(direction.sign())));
            prop_assert_eq!(c.basis, Basis::default());
        }
    }
}
