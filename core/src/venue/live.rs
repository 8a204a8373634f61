//! The live driver, sans-IO: an engine and the price venue joined over a virtual clock that jumps
//! to the next instant at which something is due.
//!
//! It holds no rule. What a gateway does is here: commands go out, events come in, and a command
//! whose answer does not come in time is told as an unknown outcome. [`Fates`] decides what
//! happens to each message under way: faults are injected there and nowhere else.

use alloc::vec::Vec;

use super::awaited::Awaited;
use super::delay::DelayQueue;
use super::history::Sink;
use super::prices::{PriceVenue, Print, Settings};
use crate::command::Command;
use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::event::{Event, Reject};
use crate::ids::SymbolId;
use crate::money::{Fraction, Ticks};
use crate::reconcile::AccountSnapshot;
use crate::step::{Step, Wake};
use crate::time::{Span, Timestamp};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives.
    #[default]
    Once,
    /// It arrives, and a copy right after it.
    Twice,
    /// It arrives this much later, possibly after messages that left after it.
    Late(Span),
    /// It never arrives.
    Lost,
}

/// Decides the fate of each message; the defaults deliver everything.
pub trait Fates {
    /// A command on its way to the venue; `Err` = refused before it reached the matching engine.
    ///
    /// # Errors
    /// The refusal that the engine will be told.
    fn command(&mut self, now: Timestamp, command: &Command) -> Result<Delivery, Reject> {
        let _ = (now, command);
        Ok(Delivery::Once)
    }

    /// An event on its way to the engine.
    fn event(&mut self, now: Timestamp, event: &Event) -> Delivery {
        let _ = (now, event);
        Delivery::Once
    }

    /// What an account is said to hold, on its way to the engine: parts of it may fail, be old, or
    /// be empty by mistake.
    fn account(&mut self, now: Timestamp, snapshot: &mut AccountSnapshot) {
        let _ = (now, snapshot);
    }
}

/// Every message arrives once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faithful;

impl Fates for Faithful {}

/// An engine on the price venue.
pub struct Live<S, F> {
    engine: Engine,
    venue: PriceVenue,
    sink: S,
    fates: F,
    now: Timestamp,
    wake: Option<Wake>,
    late_commands: DelayQueue<Command>,
    late_events: DelayQueue<Event>,
    awaited: Awaited,
    bars_wanted: Vec<Command>,
    step: Step,
}

/// What is due next, in the order in which it is taken at one instant.
enum Due {
    Venue,
    LateCommand,
    LateEvent,
    Answer,
    Wake,
}

impl<S: Sink, F: Fates> Live<S, F> {
    /// An engine and a venue at rest at `now`.
    pub fn new(
        config: EngineConfig,
        settings: Settings,
        now: Timestamp,
        sink: S,
        fates: F,
    ) -> Self {
        let venue = PriceVenue::new(&config, settings);
        Self {
            engine: Engine::new(config),
            venue,
            sink,
            fates,
            now,
            wake: None,
            late_commands: DelayQueue::default(),
            late_events: DelayQueue::default(),
            awaited: Awaited::default(),
            bars_wanted: Vec::new(),
            step: Step::default(),
        }
    }

    // ---- what enters ----

    /// Tells the engine a fact that is not the venue's, now.
    pub fn tell(&mut self, event: &Event) {
        self.hear(event);
    }

    /// The market trades, now.
    pub fn print(&mut self, symbol: SymbolId, print: Print) {
        self.venue.print(self.now, symbol, print);
    }

    /// The market trades any quantity at a price that is also the mark price, now.
    pub fn price(&mut self, symbol: SymbolId, price: Ticks) {
        self.venue.price(self.now, symbol, price, price);
    }

    /// Funding is settled, now.
    pub fn settle(&mut self, symbol: SymbolId, rate: Fraction, mark: Ticks) {
        self.venue.settle(self.now, symbol, rate, mark);
    }

    // ---- the clock ----

    /// Takes everything that is due by `until`, each at its own instant; then it is `until`.
    pub fn advance(&mut self, until: Timestamp) {
        while self.take_one(until).is_some() {}
        self.now = self.now.max(until);
    }

    /// Jumps to the next instant by `until` at which something is due, and takes one thing.
    pub fn take_one(&mut self, until: Timestamp) -> Option<Timestamp> {
        let (at, due) = self.next().filter(|&(at, _)| at <= until)?;
        self.now = self.now.max(at);
        match due {
            Due::Venue => {
                if let Some((_, event)) = self.venue.take_due(self.now) {
                    self.deliver(event);
                }
            }
            Due::LateCommand => {
                if let Some((_, command)) = self.late_commands.take_due(self.now) {
                    self.venue.handle(self.now, &command);
                }
            }
            Due::LateEvent => {
                if let Some((_, event)) = self.late_events.take_due(self.now) {
                    self.hear(&event);
                }
            }
            Due::Answer => {
                if let Some(event) = self.awaited.take_due(self.now) {
                    self.hear(&event);
                }
            }
            Due::Wake => self.hear(&Event::TimePassed),
        }
        Some(self.now)
    }

    /// When something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next().map(|(at, _)| at)
    }

    fn next(&self) -> Option<(Timestamp, Due)> {
        let sources = [
            (self.venue.next_due(), Due::Venue),
            (self.late_commands.next_due(), Due::LateCommand),
            (self.late_events.next_due(), Due::LateEvent),
            (self.awaited.next_due(), Due::Answer),
            (self.wake.map(|wake| wake.at), Due::Wake),
        ];
        let due = sources.into_iter().filter_map(|(at, due)| Some((at?, due)));
        due.min_by_key(|&(at, _)| at)
    }

    // ---- messages ----

    fn deliver(&mut self, mut event: Event) {
        if let Event::AccountSeen(snapshot) = &mut event {
            self.fates.account(self.now, snapshot);
        }
        let event = &event;
        match self.fates.event(self.now, event) {
            Delivery::Once => self.hear(event),
            Delivery::Twice => {
                self.hear(event);
                self.hear(event);
            }
            Delivery::Late(by) => self.late_events.push(self.now + by, event.clone()),
            Delivery::Lost => {}
        }
    }

    fn hear(&mut self, event: &Event) {
        self.awaited.heard(event);
        let mut step = core::mem::take(&mut self.step);
        self.engine.step_into(self.now, event, &mut step);
        for notice in &step.notices {
            self.sink.hear(self.now, notice);
        }
        self.wake = step.wake;
        for command in &step.commands {
            self.send(command);
        }
        self.step = step;
    }

    fn send(&mut self, command: &Command) {
        self.awaited.sent(self.now, command);
        if matches!(command, Command::FetchBars { .. }) {
            self.bars_wanted.push(*command);
            return;
        }
        match self.fates.command(self.now, command) {
            Ok(Delivery::Once) => self.venue.handle(self.now, command),
            Ok(Delivery::Twice) => {
                self.venue.handle(self.now, command);
                self.venue.handle(self.now, command);
            }
            Ok(Delivery::Late(by)) => self.late_commands.push(self.now + by, *command),
            Ok(Delivery::Lost) => {}
            Err(why) => {
                if let Some(id) = command.awaits() {
                    let delays = self.venue.settings().delays;
                    let at = self.now + delays.request + delays.answer;
                    self.late_events.push(at, Event::OrderRejected { id, why });
                }
            }
        }
    }

    // ---- what can be looked at ----

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The venue.
    #[must_use]
    pub fn venue(&self) -> &PriceVenue {
        &self.venue
    }

    /// The venue, to change its rules or the status of a symbol.
    pub fn venue_mut(&mut self) -> &mut PriceVenue {
        &mut self.venue
    }

    /// Who listens.
    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// Who listens, to look away.
    #[cfg(test)]
    pub(crate) fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Who decides the fate of messages.
    pub fn fates_mut(&mut self) -> &mut F {
        &mut self.fates
    }

    /// The process dies and another one comes up with this engine: whatever was under way to the
    /// old one, and every answer that it awaited, is lost. The venue goes on.
    pub fn restart(&mut self, engine: Engine) {
        self.engine = engine;
        self.wake = None;
        self.late_events = DelayQueue::default();
        self.awaited = Awaited::default();
    }

    /// Time passes while no process runs: the venue goes on, and what it says is lost.
    pub fn pass_unheard(&mut self, until: Timestamp) {
        while let Some(at) = self.venue.next_due().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            let _ = self.venue.take_due(self.now);
        }
        self.now = self.now.max(until);
    }

    /// Bars that the engine asked for; whoever has them tells them.
    pub fn take_bars_wanted(&mut self) -> Vec<Command> {
        core::mem::take(&mut self.bars_wanted)
    }
}

#[cfg(test)]
mod tests;
