//! The order in which the bars of one close arrive decides nothing (decision 14): not commands, not
//! notices, not the state that remains. The order in which the venue matches symbols decides
//! nothing either, forced closes aside, which see the other symbols at their last price.

use gardefou_core::ids::{FillId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::notice::{FillReason, Notice};
use gardefou_core::time::Timestamp;
use gardefou_world::case::{Case, Which};
use gardefou_world::driver::{Driver, Phase};
use gardefou_world::record::{Hour, Record};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::seeds;

const USUAL: u64 = 10;

/// Runs a case with the bars of `phase` in an order that changes from hour to hour.
fn shuffled(seed: u64, case: &Case, phase: Phase) -> Driver<Record> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut driver = Driver::new(case, Record::default());
    let mut mix = |now: Phase, bars: &mut Vec<(SymbolId, Bar)>| {
        if now == phase {
            match rng.random_range(0..4) {
                0 => bars.reverse(),
                1 if bars.len() > 1 => bars.rotate_left(1),
                _ => bars.shuffle(&mut rng),
            }
        }
    };
    while driver.hour(case, &mut mix) {}
    driver
}

fn closes_in_any_order(which: Which) {
    seeds::each(USUAL, which, |seed, case| {
        let straight = Driver::run(case, Record::default());
        let other = shuffled(seed, case, Phase::Closing);
        if let Some(difference) = straight.watch().first_difference(other.watch()) {
            return Err(difference);
        }
        let same = straight.engine() == other.engine() && straight.venue() == other.venue();
        if same { Ok(()) } else { Err("another final state".into()) }
    });
}

#[test]
fn grid_atr_does_not_mind_the_order_of_arrival() {
    closes_in_any_order(Which::GridAtr);
}

#[test]
fn grid_multi_tf_does_not_mind_the_order_of_arrival() {
    closes_in_any_order(Which::GridMultiTf);
}

#[test]
fn supertrend_does_not_mind_the_order_of_arrival() {
    closes_in_any_order(Which::Supertrend);
}

#[test]
fn a_portfolio_does_not_mind_the_order_of_arrival() {
    closes_in_any_order(Which::All);
}

/// What people learn of an hour, order ids aside, sorted.
fn told(hour: &Hour) -> Vec<String> {
    let plain = |(now, notice): &(Timestamp, Notice)| {
        let mut notice = notice.clone();
        if let Notice::Filled { fill, .. } = &mut notice {
            fill.fill = FillId(0);
            fill.id.sequence = 0;
        }
        format!("{} {notice:?}", now.0)
    };
    let mut lines: Vec<String> = hour.notices.iter().map(plain).collect();
    lines.sort();
    lines
}

fn liquidates(record: &Record) -> bool {
    let forced =
        |notice: &Notice| matches!(notice, Notice::Filled { reason: FillReason::Liquidation, .. });
    record.notices().any(|(_, notice)| forced(notice))
}

#[test]
fn symbols_are_matched_in_any_order() {
    let compared = std::cell::Cell::new(0);
    seeds::each(USUAL, Which::All, |seed, case| {
        let straight = Driver::run(case, Record::default());
        let other = shuffled(seed, case, Phase::Matching);
        if liquidates(straight.watch()) || liquidates(other.watch()) {
            return Ok(());
        }
        compared.set(compared.get() + 1);
        let hours = straight.watch().hours.iter().zip(&other.watch().hours);
        for (number, (one, two)) in hours.enumerate() {
            let (one, two) = (told(one), told(two));
            if one != two {
                return Err(format!("hour {number}:\n{one:#?}\nand\n{two:#?}"));
            }
        }
        let wallets = |driver: &Driver<Record>| {
            driver.engine().books().iter().map(gardefou_core::engine::Book::standing).collect()
        };
        let (one, two): (Vec<_>, Vec<_>) = (wallets(&straight), wallets(&other));
        if one == two { Ok(()) } else { Err("another final standing".into()) }
    });
    assert!(compared.get() > 10, "too few cases without a forced close: {}", compared.get());
}
