//! The rules of one perpetual contract: tick, lot, minimums, maximum leverage, maintenance.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::ids::SymbolName;
use crate::money::{Cash, Fraction, Lots, SCALE, Ticks};
use crate::time::Span;

/// The exchange's rules for one symbol, with prices and quantities counted in ticks and lots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// Its name on the exchange.
    pub symbol: SymbolName,
    /// The price step, in USDT.
    pub tick: Decimal,
    /// The quantity step, in base coin.
    pub lot: Decimal,
    /// What one lot is worth when the price is one tick, in units of 1e-8 USDT.
    pub value: i64,
    /// The smallest order, in lots.
    pub min_lots: Lots,
    /// The smallest order, in USDT (5 on Bitget).
    pub min_notional: Cash,
    /// The highest leverage that the exchange allows.
    pub max_leverage: u32,
    /// Maintenance margin rate of the lowest tier.
    pub maintenance: Fraction,
    /// Time between funding settlements.
    pub funding_interval: Span,
    /// Correlation group, by name; empty when none.
    pub group: alloc::string::String,
}

/// Why numbers do not make an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstrumentFault {
    /// Tick and lot must be above zero.
    StepNotPositive,
    /// tick × lot must be a whole number of 1e-8 USDT, so that money stays exact.
    TooFine,
    /// tick × lot is beyond what one order could ever be worth.
    TooCoarse,
}

impl core::fmt::Display for InstrumentFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::StepNotPositive => "tick and lot must be above zero",
            Self::TooFine => {
                "one lot at one tick is not a whole number of 0.00000001 USDT; choose a larger lot"
            }
            Self::TooCoarse => "one lot at one tick is worth more than 1000000 USDT",
        })
    }
}

/// The value of one lot at one tick, in 1e-8 USDT.
///
/// # Errors
/// The steps cannot carry exact money.
pub fn unit_value(tick: Decimal, lot: Decimal) -> Result<i64, InstrumentFault> {
    if tick <= Decimal::ZERO || lot <= Decimal::ZERO {
        return Err(InstrumentFault::StepNotPositive);
    }
    let units = tick
        .checked_mul(lot)
        .and_then(|value| value.checked_mul(Decimal::from(SCALE)))
        .ok_or(InstrumentFault::TooCoarse)?;
    if units.fract() != Decimal::ZERO {
        return Err(InstrumentFault::TooFine);
    }
    let units = units.to_i64().ok_or(InstrumentFault::TooCoarse)?;
    if units > 1_000_000 * SCALE { Err(InstrumentFault::TooCoarse) } else { Ok(units) }
}

impl Instrument {
    /// price × quantity, exact.
    #[inline]
    #[must_use]
    pub fn notional(&self, price: Ticks, lots: Lots) -> Cash {
        Cash(i128::from(price.0) * i128::from(lots.0) * i128::from(self.value))
    }

    /// A price in USDT, exact.
    #[must_use]
    pub fn price(&self, ticks: Ticks) -> Decimal {
        Decimal::from(ticks.0) * self.tick
    }

    /// A quantity in base coin, exact.
    #[must_use]
    pub fn quantity(&self, lots: Lots) -> Decimal {
        Decimal::from(lots.0) * self.lot
    }

    /// Ticks of a price, when it lies on the grid.
    #[must_use]
    pub fn ticks(&self, price: Decimal) -> Option<Ticks> {
        whole(price, self.tick).map(Ticks)
    }

    /// Lots of a quantity, when it lies on the grid.
    #[must_use]
    pub fn lots(&self, quantity: Decimal) -> Option<Lots> {
        whole(quantity, self.lot).map(Lots)
    }
}

/// `value / step` when that is a whole number in range.
#[must_use]
pub fn whole(value: Decimal, step: Decimal) -> Option<i64> {
    if step.is_zero() {
        return None;
    }
    let rest = value.checked_rem(step)?;
    if !rest.is_zero() {
        return None;
    }
    value.checked_div(step)?.round().to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::str::FromStr;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    #[test]
    fn unit_values_are_exact_or_refused() {
        assert_eq!(unit_value(dec("0.1"), dec("0.0001")), Ok(1_000));
        assert_eq!(unit_value(dec("0.00001"), dec("1")), Ok(1_000));
        assert_eq!(unit_value(dec("0.0000000001"), dec("1")), Err(InstrumentFault::TooFine));
        assert_eq!(unit_value(dec("0"), dec("1")), Err(InstrumentFault::StepNotPositive));
        assert_eq!(unit_value(dec("100000"), dec("1000000")), Err(InstrumentFault::TooCoarse));
    }

    #[test]
    fn only_prices_on_the_grid_are_prices() {
        assert_eq!(whole(dec("100.25"), dec("0.05")), Some(2_005));
        assert_eq!(whole(dec("100.26"), dec("0.05")), None);
    }
}
