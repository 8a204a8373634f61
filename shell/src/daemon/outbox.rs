//! The one reader of a step where an exchange stands outside: journal → send → tell → wake.
//!
//! No entry leaves before the step that asked for it is durable, nor while writing fails. What
//! protects (stops, cancels, reduce-only orders, questions) waits for the disk at most
//! [`PROTECTION`] and leaves then, durable or not: a recovery after such a step asks the exchange.
//! An entry that is withdrawn before it left, or that waited longer than [`STALE`], never leaves, and
//! the engine is told so.

use std::collections::VecDeque;
use std::time::Duration;

use gardefou_core::command::Command;
use gardefou_core::event::{Ended, Event};
use gardefou_core::ids::OrderId;
use gardefou_core::money::Lots;
use gardefou_core::step::{Step, Wake};
use gardefou_core::time::{Span, Timestamp};

use super::durable::Durable;
use super::error::DaemonError;
use crate::ports::{Exchange, Journal, Notifier};
use crate::store::Batch;

/// How long an entry may wait for the disk; one that waited longer is not sent.
pub const STALE: Span = Span::seconds(3);

/// How long what protects waits for the disk.
pub const PROTECTION: Duration = Duration::from_millis(50);

/// Between the engine and everything that follows from its steps.
pub struct Outbox<E, J: Journal, N> {
    exchange: E,
    durable: Durable<J, N>,
    /// Not sent yet: the batch that must be durable first, and what is to be sent.
    held: VecDeque<Held>,
    /// Answers that the exchange cannot give, since it was never asked.
    own: VecDeque<Event>,
    wake: Option<Wake>,
    /// The last batch that was waited for in vain.
    late: u64,
}

/// A command that has not left.
struct Held {
    /// The batch that must be durable first.
    number: u64,
    /// Since when it is held.
    since: Timestamp,
    command: Command,
}

impl<E: Exchange, J: Journal, N: Notifier> Outbox<E, J, N> {
    /// Nothing is under way.
    pub fn new(exchange: E, durable: Durable<J, N>) -> Self {
        Self { exchange, durable, held: VecDeque::new(), own: VecDeque::new(), wake: None, late: 0 }
    }

    /// Takes the answer of the engine to one event; `batch` has its record and rows.
    ///
    /// # Errors
    /// As [`Durable::look`]; what protects was sent.
    pub fn take(&mut self, now: Timestamp, batch: Batch, step: &Step) -> Result<(), DaemonError> {
        // 1 journal
        let posted = self.durable.post(batch);
        let number = self.durable.posted();
        // 2 send
        if step.commands.iter().any(|command| command.protects() && !command.asks()) {
            self.protect(number);
        }
        for command in &step.commands {
            self.send(now, number, command);
        }
        // 3 tell: alerts go out with what is durable.
        let looked = self.release(now);
        // 4 wake
        self.wake = step.wake;
        posted.and(looked)
    }

    /// Sends what has become durable, brings alerts to people. To be called often while
    /// [`Outbox::is_waiting`].
    ///
    /// # Errors
    /// As [`Durable::look`].
    pub fn release(&mut self, now: Timestamp) -> Result<(), DaemonError> {
        let looked = self.durable.look();
        self.withdraw_stale(now);
        while let Some(held) =
            self.held.pop_front_if(|held| Self::may_leave(&self.durable, held.number))
        {
            self.exchange.send(now, &held.command);
        }
        looked
    }

    /// A step that asks for nothing: its record goes to the disk with a later batch.
    pub fn pass(&mut self, step: &Step) {
        self.wake = step.wake;
    }

    /// Entries wait for the disk.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        !self.held.is_empty()
    }

    /// Something waits for the disk.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty() || !self.durable.is_idle()
    }

    /// Why no entry may be sent; none when they may.
    #[must_use]
    pub fn blocked(&self) -> Option<&str> {
        self.durable.blocked()
    }

    /// When the engine wants to be woken.
    #[must_use]
    pub fn wake(&self) -> Option<Wake> {
        self.wake
    }

    /// When the next answer will be there; at once for answers of our own.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.own.is_empty() { self.exchange.next_due() } else { Some(now) }
    }

    /// The next answer that is there.
    pub fn next_event(&mut self, now: Timestamp) -> Option<Event> {
        self.own.pop_front().or_else(|| self.exchange.take(now))
    }

    /// The way to the disk.
    pub fn durable(&self) -> &Durable<J, N> {
        &self.durable
    }

    /// The same, to wait for it.
    pub fn durable_mut(&mut self) -> &mut Durable<J, N> {
        &mut self.durable
    }

    /// The exchange, whose market goes on whoever trades.
    pub fn exchange(&self) -> &E {
        &self.exchange
    }

    /// The same, to let it go on.
    pub fn exchange_mut(&mut self) -> &mut E {
        &mut self.exchange
    }

    /// The journal, to be closed.
    pub fn into_journal(self) -> J {
        self.durable.into_journal()
    }

    fn may_leave(durable: &Durable<J, N>, number: u64) -> bool {
        durable.is_durable(number) && durable.blocked().is_none()
    }

    /// Gives the disk its chance before what protects leaves.
    fn protect(&mut self, number: u64) {
        if !self.durable.is_durable(self.late) {
            // What came before has waited in vain: the disk is slow for all that follows.
            return;
        }
        match self.durable.wait(number, PROTECTION) {
            Ok(true) => {}
            Ok(false) => {
                self.late = number;
                tracing::info!("protection is sent before its step is on the disk");
            }
            Err(why) => {
                tracing::error!(%why, "protection is sent although its step is not written")
            }
        }
    }

    fn send(&mut self, now: Timestamp, number: u64, command: &Command) {
        let about = subject(command).filter(|id| self.holds(*id));
        let held = Held { number, since: now, command: *command };
        match (about, command) {
            // An order that is asked for is not awaited any longer than one that is cancelled.
            (Some(id), Command::Cancel { .. } | Command::Query { .. }) => self.withdraw(id),
            // Behind the order that it is about.
            (Some(_), _) => self.held.push_back(held),
            (None, _) if command.protects() => self.exchange.send(now, command),
            (None, _) if self.held.is_empty() && Self::may_leave(&self.durable, number) => {
                self.exchange.send(now, command);
            }
            (None, _) => self.held.push_back(held),
        }
    }

    fn holds(&self, id: OrderId) -> bool {
        self.held.iter().any(|held| places(&held.command) == Some(id))
    }

    /// A decision that is older than this is none: the market has gone on without it.
    fn withdraw_stale(&mut self, now: Timestamp) {
        let stale = |held: &&Held| now - held.since > STALE;
        while let Some(id) = self.held.iter().filter(stale).find_map(|held| places(&held.command)) {
            tracing::warn!(%id, "the order waited too long for the disk and is not sent");
            self.withdraw(id);
        }
    }

    /// An entry that is withdrawn before it left.
    fn withdraw(&mut self, id: OrderId) {
        let about =
            |held: &Held| [places(&held.command), subject(&held.command)].contains(&Some(id));
        self.held.retain(|held| !about(held));
        self.own.push_back(Event::OrderCanceled { id, filled: Lots(0), why: Ended::Requested });
    }
}

fn places(command: &Command) -> Option<OrderId> {
    match command {
        Command::Place(order) => Some(order.id),
        Command::Amend { .. }
        | Command::Cancel { .. }
        | Command::PlaceStop { .. }
        | Command::AmendStop { .. }
        | Command::Query { .. }
        | Command::FetchBars { .. }
        | Command::QueryAccount { .. }
        | Command::SetLeverage { .. } => None,
    }
}

/// The order that a later command is about.
fn subject(command: &Command) -> Option<OrderId> {
    match command {
        Command::Amend { id, .. }
        | Command::Cancel { id }
        | Command::AmendStop { id, .. }
        | Command::Query { id } => Some(*id),
        Command::Place(_)
        | Command::PlaceStop { .. }
        | Command::FetchBars { .. }
        | Command::QueryAccount { .. }
        | Command::SetLeverage { .. } => None,
    }
}
