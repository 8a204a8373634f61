//! From level prices to an order ladder: quantities, minimums, what is kept, and no level at or
//! beyond the stop that the shallower ones would form. Used by every driver, in both entry modes.

use serde::{Deserialize, Serialize};

use crate::config::LEVELS_MAX;
use crate::market::Instrument;
use crate::money::{Cash, Direction, Fraction, Lots, SCALE, Ticks};
use crate::risk::sizing::{Budget, RoundTrip};
use crate::strategy::exits::{self, Basis};

/// What the sizing of one symbol depends on, besides money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Worth of one lot at one tick, in 1e-8 USDT.
    pub value: i64,
    /// Smallest order, in lots.
    pub min_lots: Lots,
    /// Smallest order, in USDT.
    pub min_notional: Cash,
    /// 1 to 20.
    pub leverage: u32,
    /// Stop distance from the average entry.
    pub stop_loss: Fraction,
}

impl Terms {
    /// The terms of an instrument at a leverage.
    #[must_use]
    pub fn new(instrument: &Instrument, leverage: u32, stop_loss: Fraction) -> Self {
        Self {
            value: instrument.value,
            min_lots: instrument.min_lots,
            min_notional: instrument.min_notional,
            leverage,
            stop_loss,
        }
    }

    /// What one lot costs, in 1e-8 USDT; 9.2e10 USDT stand for all that is more.
    #[inline]
    #[must_use]
    pub fn unit(&self, price: Ticks) -> i64 {
        price.0.saturating_mul(self.value)
    }

    /// price × quantity.
    #[inline]
    #[must_use]
    pub fn notional(&self, price: Ticks, lots: Lots) -> Cash {
        // Nearly always what a lot costs is narrow, and one multiplication is enough.
        match price.0.checked_mul(self.value) {
            Some(unit) => Cash(i128::from(unit) * i128::from(lots.0)),
            None => self.wide_notional(price, lots),
        }
    }

    #[cold]
    fn wide_notional(&self, price: Ticks, lots: Lots) -> Cash {
        Cash(i128::from(price.0) * i128::from(lots.0) * i128::from(self.value))
    }

    /// True when an order of this size may be sent.
    #[inline]
    #[must_use]
    pub fn accepts(&self, price: Ticks, lots: Lots) -> bool {
        self.is_enough(lots, self.notional(price, lots))
    }

    #[inline]
    fn is_enough(&self, lots: Lots, notional: Cash) -> bool {
        lots.is_positive() && lots >= self.min_lots && notional >= self.min_notional
    }
}

/// One rung: price and quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Limit price, or the price whose touch sends the market order.
    pub price: Ticks,
    /// Quantity.
    pub lots: Lots,
    /// Its price was made at this close; false for one that was kept.
    pub fresh: bool,
}

/// Rungs by level index.
pub type Quotes = [Option<Quote>; LEVELS_MAX];

/// New prices by level; none for a level that there is not, or that has no price.
pub type Prices = [Option<Ticks>; LEVELS_MAX];

/// What a ladder is built on, besides its prices.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// What the cycle already holds.
    pub held: Basis,
    /// Quantity filled per level.
    pub taken: &'a [Lots; LEVELS_MAX],
    /// How near its new price must be for a rung to be kept, as a part of the new price.
    pub tolerance: Fraction,
    /// Margin per level.
    pub budget: &'a Budget,
}

/// The ladder of one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ladder<'a> {
    /// Its rungs.
    pub quotes: &'a Quotes,
    /// What the cycle would hold if every rung filled (held part included).
    pub basis: Basis,
    /// No rung is nearer to the market.
    pub nearest: Ticks,
}

impl<'a> Ladder<'a> {
    /// Builds the rungs in index order, in the place of those that stand now: one whose new price is
    /// near enough is kept at its own price and quantity. A level that filled is not ordered again;
    /// the rest of one that filled in part goes on resting while its price is near enough.
    #[inline(always)] // Of a flat symbol nothing is held or taken: the compiler leaves that out.
    pub fn build(
        quotes: &'a mut Quotes,
        terms: &Terms,
        direction: Direction,
        prices: &Prices,
        base: &Base<'_>,
    ) -> Self {
        let power = base.budget.power(terms.leverage);
        let (mut lowest, mut highest) = (Ticks(i64::MAX), Ticks(i64::MIN));
        let mut basis = base.held;
        for ((rung, price), taken) in quotes.iter_mut().zip(prices).zip(base.taken) {
            let standing = rung.take();
            let Some(price) = *price else { continue };
            let quote = match standing {
                Some(old) if within(old.price, price, base.tolerance) => {
                    Quote { fresh: false, ..old }
                }
                _ if taken.is_positive() => continue,
                _ => Quote { price, lots: power.lots(terms.unit(price)), fresh: true },
            };
            let notional = terms.notional(quote.price, quote.lots);
            // What rests was accepted when it was sent, however little of it is left.
            if !quote.fresh || terms.is_enough(quote.lots, notional) {
                basis = basis.with(notional, quote.lots);
                (lowest, highest) = (lowest.min(quote.price), highest.max(quote.price));
                *rung = Some(quote);
            }
        }
        // Nearly every ladder of a flat symbol is clear of its stop, even if all but the last rung
        // were bought at the price of the first.
        let (nearest, furthest) = match direction {
            Direction::Long => (highest, lowest),
            Direction::Short => (lowest, highest),
        };
        let clear = base.held.lots.is_zero()
            && (lowest > highest
                || exits::clears_stop(nearest, furthest, direction, terms.stop_loss));
        if !clear {
            basis = drop_beyond_stop(quotes, terms, direction, base.held);
        }
        Self { quotes, basis, nearest }
    }

    /// The round trip of the whole ladder to `target`, entries at `entry_fee`, exit at
    /// `exit_fee`.
    #[must_use]
    pub fn round_trip(
        &self,
        terms: &Terms,
        direction: Direction,
        target: Ticks,
        entry_fee: Fraction,
        exit_fee: Fraction,
    ) -> RoundTrip {
        let exit = terms.notional(target, self.basis.lots);
        let gain = Cash((exit - self.basis.cost).0 * i128::from(direction.sign()));
        let entries: Cash = self
            .quotes
            .iter()
            .flatten()
            .map(|quote| terms.notional(quote.price, quote.lots).times_up(entry_fee))
            .sum();
        RoundTrip { gain, fees: entries + exit.times_up(exit_fee) }
    }
}

/// Leaves out each rung at or beyond the stop that the cycle with the shallower ones has; the answer
/// is what the cycle would hold with those that stay.
fn drop_beyond_stop(
    quotes: &mut Quotes,
    terms: &Terms,
    direction: Direction,
    held: Basis,
) -> Basis {
    let mut shallower = held;
    for rung in quotes {
        let Some(Quote { price, lots, .. }) = *rung else { continue };
        let stops = shallower.lots.is_positive()
            && exits::beyond_stop(direction, price, shallower, terms.value, terms.stop_loss);
        if stops {
            *rung = None;
        } else {
            shallower = shallower.with(terms.notional(price, lots), lots);
        }
    }
    shallower
}

/// |old − new| ≤ tolerance · new.
#[inline]
fn within(old: Ticks, new: Ticks, tolerance: Fraction) -> bool {
    old == new || (tolerance.is_positive() && is_near(old, new, tolerance))
}

/// The same for prices that differ.
#[inline(never)]
fn is_near(old: Ticks, new: Ticks, tolerance: Fraction) -> bool {
    let distance = i128::from((old.0 - new.0).abs());
    distance * i128::from(SCALE) <= i128::from(tolerance.0) * i128::from(new.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            value: 1_000_000, // one lot at one tick: 0.01 USDT
            min_lots: Lots(1),
            min_notional: Cash::usdt(5),
            leverage: 6,
            stop_loss: Fraction::percent(20),
        }
    }

    /// The rungs over those that stand, and what the cycle would hold.
    fn build(list: &[i64], standing: &Quotes, balance: i64) -> (Quotes, Basis) {
        let base = Base {
            held: Basis::default(),
            taken: &[Lots::ZERO; LEVELS_MAX],
            tolerance: Fraction(200_000),
            budget: &Budget::new(Cash::usdt(balance), 1, 3),
        };
        let mut quotes = *standing;
        let prices = core::array::from_fn(|level| list.get(level).copied().map(Ticks));
        let basis = Ladder::build(&mut quotes, &terms(), Direction::Long, &prices, &base).basis;
        (quotes, basis)
    }

    #[test]
    fn a_level_at_or_beyond_the_stop_of_the_shallower_ones_is_not_quoted() {
        // One level at 10000: stop 8000. A level at 8001 rests, one at 8000 does not.
        let (quotes, _) = build(&[10_000, 8_001], &[None; LEVELS_MAX], 3_000);
        assert!(quotes[1].is_some());
        let (quotes, _) = build(&[10_000, 8_000], &[None; LEVELS_MAX], 3_000);
        assert!(quotes[0].is_some() && quotes[1].is_none());
    }

    #[test]
    fn an_order_within_the_tolerance_is_kept_with_its_price_and_quantity() {
        let mut standing = [None; LEVELS_MAX];
        standing[0] = Some(Quote { price: Ticks(10_020), lots: Lots(7), fresh: false });
        let kept = build(&[10_000], &standing, 3_000).0[0];
        assert_eq!(kept, standing[0]);
        standing[0] = Some(Quote { price: Ticks(10_021), lots: Lots(7), fresh: false });
        let requoted = build(&[10_000], &standing, 3_000).0[0];
        assert_eq!(requoted, Some(Quote { price: Ticks(10_000), lots: Lots(60), fresh: true }));
    }

    #[test]
    fn below_the_minimum_there_is_no_order_and_nothing_is_enlarged() {
        // 2 USDT over three levels at 6×: 4 USDT a level, below 5.
        assert_eq!(build(&[100, 90, 80], &[None; LEVELS_MAX], 2), Default::default());
    }

    #[test]
    fn the_round_trip_counts_every_fee() {
        let (quotes, basis) = build(&[10_000], &[None; LEVELS_MAX], 3_000); // 60 lots: 6000 USDT
        let trip = Ladder { quotes: &quotes, basis, nearest: Ticks(10_000) }.round_trip(
            &terms(),
            Direction::Long,
            Ticks(10_010),
            Fraction(20_000),
            Fraction(20_000),
        );
        assert_eq!(trip.gain, Cash::usdt(6));
        assert_eq!(trip.fees, Cash(120_000_000 + 120_120_000));
        assert!(trip.pays());
    }
}
