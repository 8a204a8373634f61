//! The same inputs give the same answers and the same state, and a state that was written and
//! read back between two events goes on exactly as the one that never stopped (invariants 13,
//! 24).

use gardefou_world::case::{Case, Which};
use gardefou_world::driver::Driver;
use gardefou_world::record::Record;

use crate::seeds;

fn same(case: &Case, other: Driver<Record>) -> Result<(), String> {
    let one = Driver::run(case, Record::default());
    if let Some(difference) = one.watch().first_difference(other.watch()) {
        return Err(difference);
    }
    // As written: rooms for arithmetic are not part of the state.
    let written = |driver: &Driver<Record>| serde_json::to_string(driver.engine()).ok();
    let same = written(&one) == written(&other) && one.venue() == other.venue();
    if same { Ok(()) } else { Err("another final state".into()) }
}

#[test]
fn the_same_case_twice_is_the_same_run() {
    seeds::each(6, Which::All, |_, case| same(case, Driver::run(case, Record::default())));
}

#[test]
fn a_state_read_back_now_and_then_goes_on_as_if_nothing_had_happened() {
    for which in [Which::GridAtr, Which::GridMultiTf, Which::Supertrend, Which::All] {
        seeds::each(3, which, |seed, case| {
            let mut driver = Driver::new(case, Record::default()).restarted_every(50 + seed);
            driver.finish(case);
            same(case, driver)
        });
    }
}

/// Also while orders are in flight, in the middle of a bar, between the bars of a close.
#[test]
fn a_state_may_be_read_back_before_any_event() {
    seeds::each(1, Which::All, |_, case| {
        let mut driver = Driver::new(case, Record::default()).restarted_every(1);
        driver.finish(case);
        same(case, driver)
    });
}
