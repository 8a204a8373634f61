//! Money adds up after every event: initial + deposits + realised + unrealised = equity =
//! free + reserved, on the engine's books, the venue's and the auditor's; and the driver that
//! looks does what the real history driver does.

use gardefou_core::config::{EntryOrder, OnKill};
use gardefou_core::engine::Engine;
use gardefou_core::event::Event;
use gardefou_core::ids::BookId;
use gardefou_core::money::Cash;
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::BarVenue;
use gardefou_world::audit::{Audit, Seen};
use gardefou_world::case::{Case, Which};
use gardefou_world::driver::{Driver, Scene, Watch};
use gardefou_world::parity;
use gardefou_world::record::Record;

use crate::seeds;

const USUAL: u64 = 12;

/// The case with one of the three policies of a tripped switch. With market entries nothing rests
/// that `block` could leave alone: that pair is looked at apart.
fn with_policy(seed: u64, case: &Case) -> Case {
    let blocks = seed % 3 == 2 && case.config.entry_order == EntryOrder::Limit;
    let flattens = seed % 3 == 1;
    let policy = if blocks { OnKill::Block } else { OnKill::CancelEntries };
    with(case, if flattens { OnKill::Flatten } else { policy })
}

fn with(case: &Case, policy: OnKill) -> Case {
    let mut case = case.clone();
    case.config.risk.on_kill = policy;
    case
}

fn audited(case: &Case) -> Result<Seen, String> {
    let driver = Driver::run(case, Audit::new(&case.config));
    let audit = driver.watch();
    audit.fault().map_or(Ok(audit.seen()), |fault| Err(fault.to_owned()))
}

fn holds(which: Which) {
    let total = std::cell::RefCell::new(Seen::default());
    seeds::each(USUAL, which, |seed, case| {
        let seen = audited(&with_policy(seed, case))?;
        total.borrow_mut().add(&seen);
        Ok(())
    });
    let seen = *total.borrow();
    println!("{which:?}: {seen:?}");
    // A check that never looks at anything proves nothing.
    assert!(seen.fills > 100 && seen.positions > 1_000 && seen.settlements > 100, "{seen:?}");
    if which != Which::Supertrend {
        assert!(seen.deferred > 10 && seen.quotes > 1_000 && seen.granted > 1_000, "{seen:?}");
    }
}

#[test]
fn grid_atr_adds_up_after_every_event() {
    holds(Which::GridAtr);
}

#[test]
fn grid_multi_tf_adds_up_after_every_event() {
    holds(Which::GridMultiTf);
}

#[test]
fn supertrend_adds_up_after_every_event() {
    holds(Which::Supertrend);
}

#[test]
fn a_portfolio_adds_up_after_every_event() {
    holds(Which::All);
}

/// The auditor, and how often a switch tripped.
struct Trips(Audit, u64);

impl Watch for Trips {
    fn after(&mut self, scene: &Scene<'_>) {
        self.0.after(scene);
        let tripped = |notice: &&Notice| matches!(notice, Notice::SwitchTripped { .. });
        self.1 += scene.step.notices.iter().filter(tripped).count() as u64;
    }

    fn decided(&mut self, engine: &Engine, venue: &BarVenue) {
        self.0.decided(engine, venue);
    }
}

#[test]
fn a_switch_that_only_blocks_stops_market_entries_too() {
    let trips = std::cell::Cell::new(0);
    seeds::each(30, Which::GridAtr, |_, case| {
        let case = with(case, OnKill::Block);
        let driver = Driver::run(&case, Trips(Audit::new(&case.config), 0));
        let Trips(audit, tripped) = driver.watch();
        if case.config.entry_order == EntryOrder::Market {
            trips.set(trips.get() + tripped);
        }
        audit.fault().map_or(Ok(()), |fault| Err(fault.to_owned()))
    });
    println!("{} trips with market entries", trips.get());
    assert!(trips.get() > 20, "only {} trips with market entries", trips.get());
}

/// Money that comes and goes is no result: it moves the balance and nothing that was earned.
#[test]
fn deposits_and_withdrawals_are_facts_of_their_own() {
    seeds::each(4, Which::All, |seed, case| {
        let mut driver = Driver::new(case, Audit::new(&case.config));
        let mut hour = 0u64;
        while driver.hour(case, |_, _| {}) {
            hour += 1;
            if hour % 40 == seed % 40 {
                let book = BookId((hour / 40 % case.config.books.len() as u64) as u16);
                let amount = Cash::usdt(if hour % 80 < 40 { 70 } else { -55 });
                let now = case.bars.iter().flatten().map(|bar| bar.at).min().unwrap_or_default();
                let now = now + Span::hours(hour as i64);
                driver.tell(now, &Event::BalanceMoved { book, amount });
            }
        }
        if driver.watch().seen().deposits == 0 {
            return Err("nothing was deposited".into());
        }
        driver.watch().fault().map_or(Ok(()), |fault| Err(fault.to_owned()))
    });
}

#[test]
fn the_driver_that_looks_is_the_history_driver() {
    seeds::each(4, Which::All, |_, case| {
        let history = parity::run_engine(case, |_| {});
        let driver = Driver::run(case, Record::default());
        let told = |(_, notice): &&(Timestamp, Notice)| !matches!(notice, Notice::Refused { .. });
        if !driver.watch().notices().filter(told).eq(&history.sink().notices) {
            return Err("other notices".into());
        }
        let same = driver.engine() == history.engine() && driver.venue() == history.venue();
        if same { Ok(()) } else { Err("another final state".into()) }
    });
}
