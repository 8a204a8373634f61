//! What a gateway to an exchange keeps: which orders it has sent something about, and until when it
//! waits for the answer. One that does not come in time is told as an unknown outcome, which is
//! not a failure.

use super::delay::DelayQueue;
use crate::command::Command;
use crate::event::Event;
use crate::ids::OrderId;
use crate::time::{Span, Timestamp};

/// How long the answer to a command is awaited.
const PATIENCE: Span = Span::seconds(3);

/// Answers that are awaited, until when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Awaited(DelayQueue<OrderId>);

impl Awaited {
    /// A command leaves.
    pub fn sent(&mut self, now: Timestamp, command: &Command) {
        if let Some(id) = command.awaits() {
            self.0.push(now + PATIENCE, id);
        }
    }

    /// An event came, which may be an answer.
    pub fn heard(&mut self, event: &Event) {
        if let Event::OrderAccepted { id, .. }
        | Event::OrderRejected { id, .. }
        | Event::OrderCanceled { id, .. } = event
        {
            self.0.recall(|awaited| awaited == id);
        }
    }

    /// When the patience with an answer ends next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.0.next_due()
    }

    /// An answer that did not come by `now`.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Event> {
        self.0.take_due(now).map(|(_, id)| Event::OrderUnconfirmed { id })
    }
}
