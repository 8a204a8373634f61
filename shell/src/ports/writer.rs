//! The store's writer as the daemon's journal.

use std::time::Duration;

use super::Journal;
use crate::store::{Batch, Health, SubmitError, Ticket, Waited, Writer};

impl Journal for Writer {
    type Ticket = Ticket;

    fn submit(&mut self, batch: Batch) -> Result<Ticket, SubmitError> {
        Self::submit(self, batch)
    }

    fn wait(&mut self, ticket: &Ticket, at_most: Duration) -> Waited {
        ticket.wait(at_most)
    }

    fn health(&self) -> Health {
        Self::health(self)
    }
}
