//! What the loop drives: books that know what comes next, take it, and bring what follows to the
//! disk. Paper books go hour by hour ([`super::paper`]), live ones event by event
//! ([`super::live`]).

use gardefou_core::engine::Engine;
use gardefou_core::event::Event;
use gardefou_core::time::Timestamp;

use super::durable::Durable;
use super::error::DaemonError;
use super::recorder::Recorder;
use crate::ports::{Journal, Notifier};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub from: Source,
}

/// Where it comes from; of one instant the earlier in this list comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A fill or an answer of the exchange.
    Exchange,
    /// A deadline of the engine.
    Wake,
    /// Bars that close, feeds that begin or end.
    Market,
}

/// Books under way.
pub trait Driven {
    /// The way to the disk.
    type Journal: Journal;
    /// The way to people.
    type Notifier: Notifier;

    /// What comes next; none at the end of the candles.
    fn next(&self) -> Option<Due>;

    /// Takes what [`Driven::next`] said, and posts what follows.
    ///
    /// # Errors
    /// The journal goes another way, or the disk has failed.
    fn turn(&mut self, due: Due) -> Result<(), DaemonError>;

    /// Whether this may be taken: not while the disk cannot follow.
    fn is_ready(&self, due: Due) -> bool;

    /// Steps are awaited that are in the journal already.
    fn is_replaying(&self) -> bool {
        self.recorder().is_replaying()
    }

    /// Looks what has become durable: what waited for it leaves.
    ///
    /// # Errors
    /// As [`Durable::look`].
    fn look(&mut self) -> Result<(), DaemonError>;

    /// A person asks; the number of the batch that must be durable before the answer.
    ///
    /// # Errors
    /// A bug: nobody may ask while the journal is replayed.
    fn request(&mut self, event: &Event) -> Result<u64, DaemonError>;

    /// Posts the state as it is.
    ///
    /// # Errors
    /// The state cannot be written, which is a bug.
    fn save(&mut self) -> Result<(), DaemonError>;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Close of the newest bar that was heard; none before the first.
    fn heard(&self) -> Option<Timestamp>;

    /// Hours driven and to be driven.
    fn progress(&self) -> (u64, u64);

    /// The engine.
    fn engine(&self) -> &Engine;

    /// What has been heard.
    fn recorder(&self) -> &Recorder;

    /// What is on its way to the disk.
    fn durable(&self) -> &Durable<Self::Journal, Self::Notifier>;

    /// The same, to wait for it.
    fn durable_mut(&mut self) -> &mut Durable<Self::Journal, Self::Notifier>;

    /// Ends here; the journal is to be closed.
    fn into_journal(self) -> Self::Journal;

    /// The candles end before the journal does.
    fn feed_ends(&self) -> DaemonError;
}
