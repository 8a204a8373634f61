//! The daemon's way to the simulated exchange: commands are handed over, their answers awaited, and
//! what could not be handed over comes back as an event, as everything does.

use gardefou_core::command::Command;
use gardefou_core::event::{Event, Reject};
use gardefou_core::time::Timestamp;
use gardefou_core::venue::awaited::Awaited;
use gardefou_core::venue::delay::DelayQueue;

use super::simulated::Simulated;
use crate::ports::Exchange;

/// The way to a [`Simulated`] exchange.
#[derive(Debug)]
pub struct Gateway {
    exchange: Simulated,
    awaited: Awaited,
    /// Answers to what never reached the exchange.
    own: DelayQueue<Event>,
}

impl Gateway {
    /// Nothing is under way.
    #[must_use]
    pub fn new(exchange: Simulated) -> Self {
        Self { exchange, awaited: Awaited::default(), own: DelayQueue::default() }
    }

    /// The exchange.
    #[must_use]
    pub fn exchange(&self) -> &Simulated {
        &self.exchange
    }

    /// The same, whose market goes on whoever trades.
    pub fn exchange_mut(&mut self) -> &mut Simulated {
        &mut self.exchange
    }

    /// A command that the exchange could not record never reached it: a new order was refused, and
    /// what became of one that may be there is not known.
    fn failed(&mut self, now: Timestamp, command: &Command) {
        let Some(id) = command.awaits() else { return };
        let rejected = Event::OrderRejected { id, why: Reject::Busy };
        let is_new = matches!(command, Command::Place(_) | Command::PlaceStop { .. });
        self.own.push(now, if is_new { rejected } else { Event::OrderUnconfirmed { id } });
    }
}

impl Exchange for Gateway {
    fn send(&mut self, now: Timestamp, command: &Command) {
        if matches!(command, Command::FetchBars { .. }) {
            // Bars are not the exchange's: whoever has the candles brings them.
            return;
        }
        match self.exchange.handle(now, command) {
            Ok(()) => self.awaited.sent(now, command),
            Err(why) => {
                tracing::error!(%why, ?command, "the exchange could not be reached");
                self.failed(now, command);
            }
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        let sources = [self.own.next_due(), self.exchange.next_due(), self.awaited.next_due()];
        sources.into_iter().flatten().min()
    }

    fn take(&mut self, now: Timestamp) -> Option<Event> {
        let event = self.own.take_due(now).or_else(|| self.exchange.take_due(now));
        match event {
            Some((_, event)) => {
                self.awaited.heard(&event);
                Some(event)
            }
            None => self.awaited.take_due(now),
        }
    }
}
