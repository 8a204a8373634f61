//! The auditor: keeps its own books from the events alone and holds engine and venue against
//! them after every event (decision 15, invariants 1, 4, 8, 9).
//!
//! Nothing here calls a formula of the engine: money, margins, stops and limits are recomputed
//! from fills, prices and the configuration in exact fractions. The first thing that is wrong is
//! kept, with the event that showed it; [`Audit::seen`] says how often each check had something
//! to look at, so that a check which never bites is found.

pub mod accounts;
pub mod exact;
mod limits;
mod money;
mod stops;

use gardefou_core::config::EngineConfig;
use gardefou_core::engine::Engine;
use gardefou_core::event::Event;
use gardefou_core::money::Direction;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::bars::BarVenue;

use crate::driver::{Scene, Watch};
use accounts::Accounts;

/// What a check says when something is wrong.
pub type Verdict = Result<(), String>;

/// How often the checks had something to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Events.
    pub events: u64,
    /// Closes at which a round was decided.
    pub rounds: u64,
    /// Executions.
    pub fills: u64,
    /// Positions held while nothing was in flight.
    pub positions: u64,
    /// The same, with a market entry whose price was not known yet.
    pub deferred: u64,
    /// Entries that rested, or rungs that waited, while nothing was in flight.
    pub quotes: u64,
    /// Flat symbols found quoted at the end of a round.
    pub granted: u64,
    /// Settlements.
    pub settlements: u64,
    /// Deposits and withdrawals.
    pub deposits: u64,
    /// Forced closes.
    pub liquidations: u64,
}

impl Seen {
    /// Counts what another run saw as well.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.rounds += other.rounds;
        self.fills += other.fills;
        self.positions += other.positions;
        self.deferred += other.deferred;
        self.quotes += other.quotes;
        self.granted += other.granted;
        self.settlements += other.settlements;
        self.deposits += other.deposits;
        self.liquidations += other.liquidations;
    }
}

/// The auditor of one run.
#[derive(Clone, Debug)]
pub struct Audit {
    accounts: Accounts,
    fault: Option<String>,
    seen: Seen,
    /// Books whose entries were withheld after the last event.
    withheld: Vec<bool>,
}

impl Audit {
    /// The auditor of a run of `config`.
    #[must_use]
    pub fn new(config: &EngineConfig) -> Self {
        Self {
            accounts: Accounts::new(config),
            fault: None,
            seen: Seen::default(),
            withheld: Vec::new(),
        }
    }

    /// The first thing that is wrong.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// What there was to look at.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// The accounts kept from the events.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    fn examine(&mut self, scene: &Scene<'_>) -> Verdict {
        self.accounts.book(scene.event)?;
        let (accounts, engine, venue) = (&self.accounts, scene.engine, scene.venue);
        money::adds_up(accounts, engine)?;
        limits::slots_while_in_flight(engine, venue)?;
        limits::nothing_new_while_withheld(&self.withheld, engine, scene.step)?;
        limits::hold_is_what_it_should_be(engine)?;
        self.withheld.clear();
        let books = engine.books().iter();
        self.withheld.extend(books.map(|book| limits::withholds(engine, book)));
        stops::something_protects(venue, engine)?;
        if scene.settled && !stops::is_executing(engine, venue) {
            self.examine_settled(engine, venue)?;
        }
        Ok(())
    }

    fn examine_settled(&mut self, engine: &Engine, venue: &BarVenue) -> Verdict {
        let accounts = &self.accounts;
        money::both_sides_agree(accounts, engine, venue)?;
        money::reserved(accounts, engine, venue)?;
        stops::entries_are_in_order(accounts, engine, venue)?;
        stops::positions_are_protected(accounts, engine, venue, &mut self.seen)
    }

    fn examine_decided(&mut self, engine: &Engine, venue: &BarVenue) -> Verdict {
        self.examine_settled(engine, venue)?;
        limits::hold_after_a_round(&self.accounts, engine, venue, &mut self.seen)
    }

    fn count(&mut self, scene: &Scene<'_>) {
        let seen = &mut self.seen;
        seen.events += 1;
        match scene.event {
            Event::OrderFilled(_) => seen.fills += 1,
            Event::FundingSettled { .. } => seen.settlements += 1,
            Event::PositionLiquidated { .. } => seen.liquidations += 1,
            Event::BalanceMoved { .. } => seen.deposits += 1,
            _ => {}
        }
        if scene.settled {
            let lanes = scene.engine.books().iter().flat_map(|book| &book.lanes);
            seen.quotes +=
                lanes.flat_map(|lane| lane.wanted.iter().flatten().flatten()).count() as u64;
        }
    }

    fn keep(&mut self, verdict: Verdict, when: impl FnOnce() -> String) {
        if let Err(fault) = verdict
            && self.fault.is_none()
        {
            self.fault = Some(format!("{}: {fault}", when()));
        }
    }
}

impl Watch for Audit {
    fn after(&mut self, scene: &Scene<'_>) {
        if self.fault.is_some() {
            return;
        }
        self.count(scene);
        let verdict = self.examine(scene);
        self.keep(verdict, || format!("at {} after {:?}", scene.now.0, scene.event));
    }

    fn decided(&mut self, engine: &Engine, venue: &BarVenue) {
        if self.fault.is_some() {
            return;
        }
        self.seen.rounds += 1;
        let verdict = self.examine_decided(engine, venue);
        let at = engine.books().iter().flat_map(|book| &book.lanes);
        let at = at.filter_map(|lane| lane.runner.last()).map(|bar| bar.at).max();
        self.keep(verdict, || {
            format!("after the close of the bar {at:?}", at = at.map(|at: Timestamp| at.0))
        });
    }
}

/// +1 for long, −1 for short.
fn sign(direction: Direction) -> i128 {
    if direction == Direction::Long { 1 } else { -1 }
}
