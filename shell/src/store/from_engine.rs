//! Records of the ledger from what the engine says: names for positions, decimals for ticks.

use gardefou_core::event::Fill;
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::{Cash, Fraction};
use gardefou_core::notice::{CycleResult, FillReason};
use rust_decimal::Decimal;

use super::records::{BarRecord, CycleRecord, FillRecord};

impl FillRecord {
    /// From the engine's own.
    #[must_use]
    pub fn of(
        book: &str,
        instrument: &Instrument,
        fill: &Fill,
        cycle: u32,
        reason: FillReason,
    ) -> Self {
        Self {
            book: book.into(),
            symbol: instrument.symbol.to_string(),
            fill: fill.fill.0,
            order: fill.id.to_string(),
            at: fill.at,
            price: instrument.price(fill.price),
            quantity: instrument.quantity(fill.lots),
            fee: usdt(fill.fee),
            liquidity: fill.liquidity,
            cycle,
            reason,
        }
    }
}

impl CycleRecord {
    /// From the engine's own.
    #[must_use]
    pub fn of(book: &str, instrument: &Instrument, result: &CycleResult) -> Self {
        Self {
            book: book.into(),
            symbol: instrument.symbol.to_string(),
            cycle: result.cycle,
            direction: result.direction,
            opened: result.opened,
            closed: result.closed,
            reason: result.reason,
            quantity: instrument.quantity(result.lots),
            entry_notional: usdt(result.entry_notional),
            exit_notional: usdt(result.exit_notional),
            levels: result.levels,
            gross: usdt(result.gross),
            fees: usdt(result.fees),
            funding: usdt(result.funding),
            net: usdt(result.net),
        }
    }
}

impl BarRecord {
    /// From the engine's own.
    #[must_use]
    pub fn of(instrument: &Instrument, bar: &Bar) -> Self {
        Self {
            symbol: instrument.symbol.to_string(),
            at: bar.at,
            open: instrument.price(bar.open),
            high: instrument.price(bar.high),
            low: instrument.price(bar.low),
            close: instrument.price(bar.close),
            traded: bar.traded,
        }
    }
}

/// USDT as a decimal, exact.
#[must_use]
pub fn usdt(cash: Cash) -> Decimal {
    // 28 digits with 8 decimals reach 10^20 USDT.
    Decimal::try_from_i128_with_scale(cash.0, 8).unwrap_or(Decimal::MAX).normalize()
}

/// A fraction as a decimal, exact.
#[must_use]
pub fn rate(fraction: Fraction) -> Decimal {
    Decimal::new(fraction.0, 8).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_rates_keep_every_digit() {
        assert_eq!(usdt(Cash(-19_958_400)).to_string(), "-0.199584");
        assert_eq!(usdt(Cash(10_000_000_000_000_001)).to_string(), "100000000.00000001");
        assert_eq!(rate(Fraction(10_000)).to_string(), "0.0001");
    }
}
