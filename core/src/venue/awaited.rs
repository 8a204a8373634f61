//! What a gateway to an exchange keeps: which commands it has sent, and until when it waits for the
//! answer to each. One that does not come in time is told as an unknown outcome, which is not a
//! failure.
//!
//! Exchanges answer with the order's id and not with the command's, so an answer is matched by what
//! it says: an acceptance answers the placing, and the change to exactly these figures, or, with
//! figures that nobody asked for, the first change; a refusal answers the first command that could
//! be refused so; an end answers everything about the order. A copy of the last acceptance answers
//! nothing.

use alloc::vec::Vec;

use super::delay::DelayQueue;
use crate::command::Command;
use crate::event::{Event, Reject};
use crate::ids::OrderId;
use crate::money::{Lots, Ticks};
use crate::time::{Span, Timestamp};

/// How long the answer to a command is awaited.
const PATIENCE: Span = Span::seconds(3);

/// Commands whose answers are awaited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Awaited {
    /// Until when.
    commands: DelayQueue<Command>,
    /// Figures with which orders were accepted last, of which something is still awaited.
    stand: Vec<(OrderId, Ticks, Lots)>,
}

impl Awaited {
    /// A command leaves.
    pub fn sent(&mut self, now: Timestamp, command: &Command) {
        if command.awaits().is_some() {
            self.commands.push(now + PATIENCE, *command);
        }
    }

    /// An event came, which may be an answer.
    pub fn heard(&mut self, event: &Event) {
        if let Event::OrderAccepted { id, price, lots } = *event {
            self.accepted(id, price, lots);
        } else if let Event::OrderRejected { id, why } = *event {
            self.commands.recall(|command| is_about(command, id) && may_be_refused(command, why));
        } else if let Event::OrderCanceled { id, .. } = *event {
            self.commands.retain(|command| !is_about(command, id));
        }
    }

    fn accepted(&mut self, id: OrderId, price: Ticks, lots: Lots) {
        let commands = &mut self.commands;
        let placed = commands.recall(|command| is_about(command, id) && places(command));
        let exact = commands.recall(|command| changes_to(command, id, price, lots));
        let copy = self.stand.contains(&(id, price, lots));
        if placed.is_none() && exact.is_none() && !copy {
            commands.recall(|command| is_about(command, id) && changes(command));
        }
        self.stand.retain(|&(of, ..)| of != id);
        self.stand.push((id, price, lots));
        self.stand.retain(|&(of, ..)| commands.iter().any(|(_, command)| is_about(command, of)));
    }

    /// When the patience with an answer ends next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.commands.next_due()
    }

    /// An answer that did not come by `now`.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Event> {
        let id = self.commands.take_due(now).and_then(|(_, command)| command.awaits())?;
        Some(Event::OrderUnconfirmed { id })
    }
}

fn is_about(command: &Command, id: OrderId) -> bool {
    command.awaits() == Some(id)
}

/// Whatever figures an order is accepted with, it was placed.
fn places(command: &Command) -> bool {
    matches!(command, Command::Place(_) | Command::PlaceStop { .. })
}

fn changes(command: &Command) -> bool {
    matches!(command, Command::Amend { .. } | Command::AmendStop { .. })
}

fn changes_to(command: &Command, about: OrderId, at: Ticks, of: Lots) -> bool {
    if let Command::Amend { id, price, lots } | Command::AmendStop { id, trigger: price, lots } =
        *command
    {
        return (id, price, lots) == (about, at, of);
    }
    false
}

/// What is wrong with figures is no answer to a cancel.
fn may_be_refused(command: &Command, why: Reject) -> bool {
    match why {
        Reject::UnknownOrder | Reject::Locked | Reject::Suspended | Reject::Busy => true,
        Reject::BelowMinimum
        | Reject::Precision
        | Reject::InsufficientMargin
        | Reject::WrongSide
        | Reject::NoPosition => !matches!(command, Command::Cancel { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::NewOrder;
    use crate::event::Ended;
    use crate::ids::OrderKind;
    use crate::money::Direction;
    use crate::venue::fixture::id;

    fn order() -> OrderId {
        id(OrderKind::Target, Direction::Long, 1)
    }

    fn place() -> Command {
        let limit = Some(Ticks(10_000));
        Command::Place(NewOrder { id: order(), limit, lots: Lots(50), preset: None })
    }

    fn amend(price: i64) -> Command {
        Command::Amend { id: order(), price: Ticks(price), lots: Lots(50) }
    }

    fn accepted(price: i64) -> Event {
        Event::OrderAccepted { id: order(), price: Ticks(price), lots: Lots(50) }
    }

    /// Sends the commands a second apart, hears the answers, and says which stay unanswered.
    fn unanswered(commands: &[Command], answers: &[Event]) -> Vec<Command> {
        let mut awaited = Awaited::default();
        for (second, command) in (0..).zip(commands) {
            awaited.sent(Timestamp(1_000 * second), command);
        }
        answers.iter().for_each(|answer| awaited.heard(answer));
        let left = awaited.commands.iter().map(|(_, command)| *command).collect();
        let mut told = 0;
        while let Some(event) = awaited.take_due(Timestamp(60_000)) {
            assert_eq!(event, Event::OrderUnconfirmed { id: order() });
            told += 1;
        }
        assert_eq!(Vec::len(&left), told, "each is told as unknown");
        left
    }

    #[test]
    fn an_answer_to_one_command_is_none_to_the_next_on_the_same_order() {
        let cancel = Command::Cancel { id: order() };
        // The placing is answered, the change is lost.
        assert_eq!(unanswered(&[place(), amend(9)], &[accepted(10_000)]), [amend(9)]);
        // Told twice, it is still no answer to the change.
        let twice = [accepted(10_000), accepted(10_000)];
        assert_eq!(unanswered(&[place(), amend(9)], &twice), [amend(9)]);
        // The second change is answered, the first is lost.
        let commands = [place(), amend(8), amend(9)];
        assert_eq!(unanswered(&commands, &[accepted(10_000), accepted(9)]), [amend(8)]);
        // Figures that nobody asked for answer the change all the same.
        assert_eq!(unanswered(&[amend(9)], &[accepted(7)]), []);
        // A refused change is no refused cancel.
        let refused = Event::OrderRejected { id: order(), why: Reject::Precision };
        assert_eq!(unanswered(&[cancel, amend(9)], &[refused]), [cancel]);
        // An acceptance is no answer to a cancel.
        assert_eq!(unanswered(&[place(), cancel], &[accepted(10_000)]), [cancel]);
    }

    #[test]
    fn an_order_that_has_ended_leaves_nothing_unanswered_and_others_are_not_touched() {
        let other = OrderId { sequence: 2, ..order() };
        let commands = [place(), amend(9), Command::Cancel { id: order() }];
        let why = Ended::Requested;
        let ended = Event::OrderCanceled { id: order(), filled: Lots(0), why };
        assert_eq!(unanswered(&commands, &[ended]), []);
        let others = Event::OrderCanceled { id: other, filled: Lots(0), why };
        assert_eq!(unanswered(&commands, &[others]), commands);
        // Of a refusal, the first that could be refused so is answered.
        let refused = Event::OrderRejected { id: order(), why: Reject::UnknownOrder };
        assert_eq!(unanswered(&commands, &[refused]), commands[1..]);
    }
}
