//! Which tick history is counted in, and the exact change from file prices to ticks.

use rust_decimal::Decimal;

use super::candles::{DECIMALS_MAX, RawSeries};
use super::decimal::power_of_ten;

/// Ticks up to here are exact in the f64 of the indicators.
pub(super) const TICKS_MAX: i64 = 1 << 53;

/// How a price in steps of the file becomes ticks: times `up`, divided by `down`.
pub(super) struct Steps {
    up: i64,
    down: i64,
}

impl Steps {
    pub fn new(tick: Decimal, decimals: u32) -> Option<Self> {
        let tick = tick.normalize();
        if tick <= Decimal::ZERO || tick.scale() > DECIMALS_MAX {
            return None;
        }
        let mantissa = i64::try_from(tick.mantissa()).ok()?;
        let finer = power_of_ten(tick.scale().saturating_sub(decimals))?;
        let coarser = power_of_ten(decimals.saturating_sub(tick.scale()))?;
        let down = mantissa.checked_mul(i64::try_from(coarser).ok()?)?;
        Some(Self { up: i64::try_from(finer).ok()?, down })
    }

    /// Ticks of a price, when it lies on one; `i64::MAX` when there are too many to count.
    #[inline]
    pub fn count(&self, price: i64) -> Option<i64> {
        if self.down == 1 {
            return Some(price.saturating_mul(self.up));
        }
        let units = i128::from(price) * i128::from(self.up);
        let down = i128::from(self.down);
        let whole = units % down == 0;
        whole.then(|| i64::try_from(units / down).unwrap_or(i64::MAX))
    }
}

/// The tick to count in: the instrument's, or the finest step of the history where that is finer.
#[must_use]
pub fn effective_tick(instrument_tick: Decimal, finest_step: Decimal) -> Decimal {
    instrument_tick.min(finest_step).normalize()
}

/// The one tick for all series of a symbol (slow bars and detail): the instrument's when every
/// price is a multiple of it — 0.5 serves prices such as 100.5 — or else the finest step of them.
pub fn shared_tick<'a>(
    instrument_tick: Decimal,
    series: impl IntoIterator<Item = &'a RawSeries>,
) -> Decimal {
    let mut fits = true;
    let mut finest = instrument_tick;
    for one in series {
        fits = fits && one.fits(instrument_tick);
        finest = effective_tick(finest, one.finest_step());
    }
    if fits { instrument_tick.normalize() } else { finest.normalize() }
}
