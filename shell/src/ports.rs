//! The seams of the daemon: what it needs of the world, as small traits. The real ones are beside
//! ([`pace`], [`told`], and the store's writer); tests bring mocks.
//!
//! Never here: rules of trading, and anything that waits without saying for how long.

pub mod pace;
pub mod told;

mod writer;

use std::future::Future;
use std::time::Duration;

use gardefou_core::command::Command;
use gardefou_core::event::Event;
use gardefou_core::time::Timestamp;

use crate::store::{AlertRecord, Batch, Health, SubmitError, Waited};

/// Where orders go, and where what became of them comes from.
#[cfg_attr(test, mockall::automock)]
pub trait Exchange {
    /// Hands over a command and does not wait for its answer, which comes as an event. A request
    /// that could not be made comes back as one too: rejected, or unconfirmed.
    fn send(&mut self, now: Timestamp, command: &Command);

    /// When the next event will be there; none when nothing is under way.
    fn next_due(&self) -> Option<Timestamp>;

    /// The next event that is there by `now`.
    fn take(&mut self, now: Timestamp) -> Option<Event>;
}

/// Where a decision is made durable before it has effects.
#[cfg_attr(test, mockall::automock(type Ticket = u64;))]
pub trait Journal {
    /// What is held for a batch until it is durable.
    type Ticket;

    /// Takes a batch without waiting for the disk.
    ///
    /// # Errors
    /// Full, closed, or out of sequence; with the batch.
    fn submit(&mut self, batch: Batch) -> Result<Self::Ticket, SubmitError>;

    /// What became of a batch, waiting at most for so long; zero only asks.
    fn wait(&mut self, ticket: &Self::Ticket, at_most: Duration) -> Waited;

    /// How writing goes.
    fn health(&self) -> Health;
}

/// The time, which may be that of recorded candles.
#[cfg_attr(test, mockall::automock)]
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits for an instant of that time; one that is past is there at once.
    fn sleep_until(&mut self, at: Timestamp) -> impl Future<Output = ()>;

    /// Waits for so long on the wall, whatever time it keeps: for a disk, not for a market.
    fn pause(&mut self, length: Duration) -> impl Future<Output = ()>;
}

/// Who brings alerts to people.
#[cfg_attr(test, mockall::automock)]
pub trait Notifier {
    /// Delivers an alert; one may come twice, never not at all.
    ///
    /// # Errors
    /// Why it was not delivered; it is tried again.
    fn deliver(&mut self, alert: &AlertRecord) -> Result<(), String>;
}
