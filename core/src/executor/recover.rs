//! What a reconciliation does to a lane. Each function takes one difference over; the rules of
//! fills, stops and orders stay where they are ([`super::fills`], [`super::protection`],
//! [`super::answers`]).

use super::executions::Noted;
use super::protection::Stop;
use super::{Effects, EntryState, Lane, Target};
use crate::command::Command;
use crate::event::Fill;
use crate::ids::OrderId;
use crate::money::{Direction, Lots, Ticks};
use crate::notice::Notice;
use crate::reconcile::{Action, Settlement};

impl Lane {
    /// Books a settlement, once; the answer is whether it was news.
    pub(crate) fn settle_funding(&mut self, fx: &mut Effects<'_>, paid: &Settlement) -> bool {
        let &Settlement { at, rate, price, lots, amount, .. } = paid;
        match self.note_settlement(at) {
            Noted::New => {}
            Noted::TooOld => {
                self.tell_too_old(fx, at);
                return false;
            }
            Noted::Again | Noted::Changed => return false,
        }
        let cycle = self.fund(at, amount);
        fx.wallet.receive_funding(amount);
        let (book, symbol) = (fx.ids.book, self.symbol);
        fx.tell(Notice::Funded { book, symbol, cycle, at, rate, price, lots, amount });
        true
    }

    /// True when nothing was ever traded here and nothing is under way.
    pub(crate) fn is_blank(&self) -> bool {
        self.cycles == 0 && self.executions.is_empty() && !self.has_entries()
    }

    /// What is held, above zero for a long.
    #[must_use]
    pub fn held_signed(&self) -> Lots {
        let held = self.cycle.as_ref();
        held.map_or(Lots::ZERO, |cycle| Lots(cycle.basis.lots.0 * cycle.direction.sign()))
    }

    /// An order is tracked here.
    pub(crate) fn has_place_for(&self, id: OrderId) -> bool {
        self.tracks(id)
    }

    /// What is known to have been executed of an order.
    pub(crate) fn known_executions(&self, id: OrderId) -> Lots {
        self.executed(id)
    }

    /// True when an execution was applied already, or is so old that it may have been.
    pub(crate) fn knows_fill(&self, fill: &Fill) -> bool {
        self.executions.may_know(fill)
    }

    /// Takes over what was found out about a stop; false when the action is about something else.
    pub(crate) fn take_over(&mut self, fx: &mut Effects<'_>, action: &Action) -> bool {
        if let Action::DropStop { id } = *action {
            self.drop_stop(id);
        } else if let Action::AdoptStop { id, trigger, lots } = *action {
            self.adopt_stop(Stop { id, trigger, lots });
        } else if let Action::ReplaceStop { id } = *action {
            self.replace_stop(fx, id);
        } else {
            return false;
        }
        true
    }

    /// A stop that is not there is not believed in any more. What is missing is asked for by
    /// [`Lane::caught_up`].
    fn drop_stop(&mut self, id: OrderId) {
        self.settled(id);
        self.protection.forget(id);
    }

    /// A stop of ours that works takes its place.
    fn adopt_stop(&mut self, stop: Stop) {
        self.answered(stop.id);
        let protection = &mut self.protection;
        protection.leftovers.retain(|&leftover| leftover != stop.id);
        protection.pending = protection.pending.filter(|pending| pending.id != stop.id);
        (protection.refused, protection.retry_at) = (0, None);
        if let Some(old) = protection.working.replace(stop)
            && old.id != stop.id
        {
            protection.leftovers.push(old.id);
        }
    }

    /// A stop of ours that cannot stay: withdrawn at once when another one covers the position,
    /// otherwise as soon as one does.
    fn replace_stop(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        let held = self.cycle.as_ref().map_or(Lots::ZERO, |cycle| cycle.basis.lots);
        let protection = &mut self.protection;
        protection.working = protection.working.filter(|stop| stop.id != id);
        protection.pending = protection.pending.filter(|stop| stop.id != id);
        protection.leftovers.retain(|&leftover| leftover != id);
        if protection.working.is_some_and(|stop| stop.lots >= held) {
            fx.out.commands.push(Command::Cancel { id });
        } else {
            protection.leftovers.push(id);
        }
    }

    /// Every execution that was missed has been booked: the stop is made right.
    pub(crate) fn caught_up(&mut self, fx: &mut Effects<'_>) {
        let held = self.cycle.as_ref().map_or(Lots::ZERO, |cycle| cycle.basis.lots);
        if held.is_positive() && self.protection.working.is_some_and(|stop| stop.lots >= held) {
            self.note_covered(fx);
        }
        self.protect(fx);
    }

    /// The target and the rungs follow what was booked.
    pub(crate) fn follow_up(&mut self, fx: &mut Effects<'_>) {
        if self.close.is_none() {
            self.refresh_target(fx, fx.now);
        }
        self.sync(fx);
        self.settle_budget();
    }

    /// A target of ours that rests takes its place.
    pub(crate) fn adopt_target(&mut self, id: OrderId, price: Ticks, lots: Lots) {
        let (placed, working, asked, unequal) = (true, true, 0, 0);
        self.target = Some(Target { id, price, lots, placed, working, asked, unequal });
    }

    /// An order of ours is withdrawn, whether it has a place here or not.
    pub(crate) fn recall(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.state = EntryState::Cancelling;
        }
        fx.out.commands.push(Command::Cancel { id });
    }

    /// Approves nothing and withdraws what rests: the symbol takes no entries.
    pub(crate) fn stand_aside(&mut self, fx: &mut Effects<'_>) {
        for direction in Direction::BOTH {
            self.withdraw_side(fx, direction);
        }
        self.want_nothing();
        self.settle_budget();
    }
}
