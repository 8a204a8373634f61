//! The ladder that risk builds, against exact fractions: never more than the budget, never below
//! the minimum, kept exactly when near enough, nothing at or beyond the stop of the rungs above,
//! nothing twice.

use gardefou_core::config::LEVELS_MAX;
use gardefou_core::money::{Cash, Direction, Fraction, Lots, SCALE, Ticks};
use gardefou_core::risk::ladder::{Base, Ladder, Quote, Quotes, Terms};
use gardefou_core::risk::sizing::Budget;
use gardefou_core::strategy::exits::Basis;
use num_rational::BigRational;
use proptest::prelude::*;

type Q = BigRational;

fn q(numerator: impl Into<i128>, denominator: impl Into<i128>) -> Q {
    Q::new(numerator.into().into(), denominator.into().into())
}

/// Everything that a ladder is built from.
#[derive(Clone, Debug)]
struct Given {
    terms: Terms,
    direction: Direction,
    prices: [Option<Ticks>; LEVELS_MAX],
    standing: Quotes,
    taken: [Lots; LEVELS_MAX],
    held: Basis,
    tolerance: Fraction,
    balance: Cash,
    divisor: (u32, u8),
}

fn given() -> impl Strategy<Value = Given> {
    // Steps that put levels in front of, at and beyond the stop of those above.
    let step = prop_oneof![1i64..20, 100i64..3_000];
    let levels = prop::collection::vec((step, 0u8..10, -30i64..30, 1i64..400, 0u8..6), LEVELS_MAX);
    let terms = (1i64..2_000, 1i64..40, 0i64..300, 1u32..=20, 1i64..60);
    let money =
        (1i64..5_000, 1u32..6, 1u8..=6, prop_oneof![Just(0i64), Just(200_000), Just(3_000_000)]);
    (10_000i64..40_000, levels, terms, money, any::<bool>()).prop_map(
        |(start, levels, terms, money, short)| {
            let (value, min_lots, notional, leverage, stop) = terms;
            let (balance, symbols, divisor, tolerance) = money;
            let mut given = Given {
                terms: Terms {
                    value: value * 100,
                    min_lots: Lots(min_lots),
                    min_notional: Cash::usdt(notional),
                    leverage,
                    stop_loss: Fraction::percent(stop),
                },
                direction: if short { Direction::Short } else { Direction::Long },
                prices: [None; LEVELS_MAX],
                standing: [None; LEVELS_MAX],
                taken: [Lots::ZERO; LEVELS_MAX],
                held: Basis::default(),
                tolerance: Fraction(tolerance),
                balance: Cash::usdt(balance),
                divisor: (symbols, divisor),
            };
            let mut price = start;
            for (level, (step, fate, off, lots, filled)) in levels.into_iter().enumerate() {
                price += if short { step } else { -step };
                if price <= 0 || fate == 0 {
                    continue;
                }
                if fate == 2 {
                    price -= price % 500;
                }
                given.prices[level] = Some(Ticks(price).max(Ticks(1)));
                if fate < 4 {
                    // At the edge of the tolerance to the tick, or anywhere near it.
                    let edge = price * tolerance / SCALE + off % 2;
                    let off = if fate == 2 { edge * off.signum() } else { off * price / 5_000 };
                    let price = Ticks((price + off).max(1));
                    given.standing[level] =
                        Some(Quote { price, lots: Lots(lots), fresh: fate == 1 });
                }
                if filled == 0 {
                    given.taken[level] = Lots(lots);
                    let cost = given.terms.notional(Ticks(price), Lots(lots));
                    given.held = given.held.with(cost, Lots(lots));
                }
            }
            given
        },
    )
}

/// The rungs, and what the cycle would hold if all filled.
fn build(given: &Given) -> (Quotes, Basis) {
    let base = Base {
        held: given.held,
        taken: &given.taken,
        tolerance: given.tolerance,
        budget: &Budget::new(given.balance, given.divisor.0, given.divisor.1),
    };
    let mut quotes = given.standing;
    let (terms, prices) = (&given.terms, &given.prices);
    let basis = Ladder::build(&mut quotes, terms, given.direction, prices, &base).basis;
    (quotes, basis)
}

/// What `lots` at `price` cost, in 1e-8 USDT.
fn cost(given: &Given, quote: &Quote) -> Q {
    q(quote.price.0, 1) * q(quote.lots.0, 1) * q(given.terms.value, 1)
}

/// A resting order stays where |old − new| ≤ tolerance · new.
fn is_kept(given: &Given, level: usize) -> bool {
    let (Some(old), Some(new)) = (given.standing[level], given.prices[level]) else { return false };
    let distance = q((old.price.0 - new.0).abs(), 1);
    distance <= q(given.tolerance.0, SCALE) * q(new.0, 1)
}

/// The stop of a cycle with this cost and quantity, rounded towards the entry; a value within a
/// millionth of a tick is that tick.
fn stop(given: &Given, cost: &Q, lots: i64) -> i64 {
    let average = cost / (q(lots, 1) * q(given.terms.value, 1));
    let part = q(given.terms.stop_loss.0, SCALE);
    let exact = match given.direction {
        Direction::Long => average * (q(1, 1) - part),
        Direction::Short => average * (q(1, 1) + part),
    };
    let near = exact.round();
    let snaps = (&exact - &near) <= q(1, 1_000_000) && (&near - &exact) <= q(1, 1_000_000);
    let rounded = match given.direction {
        _ if snaps => near,
        Direction::Long => exact.ceil(),
        Direction::Short => exact.floor(),
    };
    i64::try_from(rounded.to_integer()).expect("a price")
}

/// What the contract says of one level, given what the levels above it hold.
fn expected(given: &Given, level: usize, above: &(Q, i64)) -> Option<Quote> {
    let price = given.prices[level]?;
    let quote = if is_kept(given, level) {
        Quote { fresh: false, ..given.standing[level]? }
    } else if given.taken[level].is_positive() {
        return None;
    } else {
        let (symbols, levels) = given.divisor;
        let margin = q(given.balance.0, 1) / q(symbols, 1) / q(levels, 1);
        let power = margin * q(given.terms.leverage, 1);
        let lots = (power / (q(price.0, 1) * q(given.terms.value, 1))).floor();
        let lots = Lots(i64::try_from(lots.to_integer()).expect("a quantity"));
        let enough = lots.is_positive()
            && lots >= given.terms.min_lots
            && cost(given, &Quote { price, lots, fresh: true }) >= q(given.terms.min_notional.0, 1);
        if !enough {
            return None;
        }
        Quote { price, lots, fresh: true }
    };
    let (held, lots) = above;
    let beyond = *lots > 0 && {
        let stop = stop(given, held, *lots);
        match given.direction {
            Direction::Long => quote.price.0 <= stop,
            Direction::Short => quote.price.0 >= stop,
        }
    };
    (!beyond).then_some(quote)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_rung_is_the_one_that_the_contract_says(given in given()) {
        let (quotes, basis) = build(&given);
        let mut above = (q(given.held.cost.0, 1), given.held.lots.0);
        for (level, &rung) in quotes.iter().enumerate() {
            prop_assert_eq!(rung, expected(&given, level, &above), "level {}", level);
            if let Some(rung) = rung {
                above.0 += cost(&given, &rung);
                above.1 += rung.lots.0;
            }
        }
        prop_assert_eq!(q(basis.cost.0, 1), above.0);
        prop_assert_eq!(basis.lots.0, above.1);
    }

    /// The same, said as limits: they hold whatever the contract's order of tests is.
    #[test]
    fn no_rung_breaks_a_limit(given in given()) {
        let (quotes, _) = build(&given);
        let mut above = (q(given.held.cost.0, 1), given.held.lots.0);
        for (level, rung) in quotes.iter().enumerate() {
            let Some(rung) = rung else { continue };
            let (symbols, levels) = given.divisor;
            let share = q(given.balance.0, 1) / q(symbols, 1) / q(levels, 1);
            if rung.fresh {
                let paid = cost(&given, rung);
                prop_assert!(paid <= share * q(given.terms.leverage, 1), "above the budget");
                prop_assert!(paid >= q(given.terms.min_notional.0, 1), "below the minimum");
                prop_assert!(rung.lots >= given.terms.min_lots, "below the minimum");
                prop_assert!(given.taken[level].is_zero(), "a filled level again");
                prop_assert_eq!(Some(rung.price), given.prices[level]);
            } else {
                let old = given.standing[level].expect("what is kept rested");
                prop_assert_eq!((rung.price, rung.lots), (old.price, old.lots));
            }
            if above.1 > 0 {
                let stop = Ticks(stop(&given, &above.0, above.1));
                let mirror = |price: Ticks| given.direction.mirror(price);
                prop_assert!(mirror(rung.price) > mirror(stop), "at or beyond the stop");
            }
            above.0 += cost(&given, rung);
            above.1 += rung.lots.0;
        }
    }
}
