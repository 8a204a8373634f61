//! The stop of a position: required, asked for, confirmed — or the position is closed.
//!
//! It depends on nothing but own fills and market rules: no price, no margin, no warm-up, no
//! latch. A change amends the stop in place; a refused change places a new stop and cancels the
//! old one afterwards, so that the position is covered at every instant.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Effects, Lane};
use crate::command::Command;
use crate::event::Reject;
use crate::ids::{OrderId, OrderKind};
use crate::money::{Direction, Lots, Ticks};
use crate::notice::{Exposed, FillReason, Notice};
use crate::step::WakeReason;
use crate::strategy::exits;
use crate::time::{Span, Timestamp};

/// Wait before the second retry of a refused stop; the first is at once.
const RETRY: Span = Span(500);

/// How often that wait doubles.
const DOUBLINGS: u8 = 2;

/// The same while the exchange says that there is nothing to protect: up to a minute.
const DOUBLINGS_OF_NOTHING: u8 = 7;

/// What protects a position.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Protection {
    /// Confirmed by the exchange.
    pub working: Option<Stop>,
    /// Asked for and not confirmed: a new stop, or a change of the working one.
    pub pending: Option<Stop>,
    /// Old stops to be cancelled once a new one works.
    pub leftovers: Vec<OrderId>,
    /// Since when the position is not covered by a confirmed stop.
    pub naked_since: Option<Timestamp>,
    /// Since when the price is at or beyond the stop and the stop has not executed.
    pub crossed_since: Option<Timestamp>,
    /// What people were told last of a position without a stop that works, since it had one.
    #[serde(default)]
    pub told: Option<Exposed>,
    /// Refusals since the last confirmation.
    pub refused: u8,
    /// The last ones said that nothing is held.
    #[serde(default)]
    pub nothing_held: bool,
    /// When a refused stop is asked for again.
    pub retry_at: Option<Timestamp>,
}

/// A stop order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Its id.
    pub id: OrderId,
    /// Mark price that triggers it.
    pub trigger: Ticks,
    /// Quantity.
    pub lots: Lots,
}

impl Protection {
    /// The trigger asked for last.
    #[must_use]
    pub fn trigger(&self) -> Option<Ticks> {
        self.pending.or(self.working).map(|stop| stop.trigger)
    }

    /// True when a stop has its place here.
    pub(super) fn knows(&self, id: OrderId) -> bool {
        let is = |stop: Option<Stop>| stop.is_some_and(|stop| stop.id == id);
        is(self.working) || is(self.pending) || self.leftovers.contains(&id)
    }

    /// Forgets a stop that is gone.
    pub(super) fn forget(&mut self, id: OrderId) {
        self.leftovers.retain(|&leftover| leftover != id);
        self.working = self.working.filter(|stop| stop.id != id);
        self.pending = self.pending.filter(|stop| stop.id != id);
    }
}

impl Lane {
    /// Makes the stop right for the position: nothing when it is, one command when it is not.
    pub fn protect(&mut self, fx: &mut Effects<'_>) {
        if fx.catching_up {
            return; // What was missed is booked first; the stop is made for the whole.
        }
        let (Some(cycle), Some((trigger, held))) = (&self.cycle, self.due_stop()) else {
            return self.unprotect(fx);
        };
        let direction = cycle.direction;
        let asked = self.protection.pending.or(self.protection.working);
        // Not made smaller while entries may still fill: reduce-only does no harm, and the next
        // fill may be there before the change is.
        let grows = self.entries.side(direction).iter().any(Option::is_some);
        let lots = asked.filter(|_| grows).map_or(held, |stop| stop.lots.max(held));
        if asked.is_some_and(|stop| stop.trigger == trigger && stop.lots == lots) {
            return;
        }
        if self.protection.pending.is_some() {
            // Its answer brings us back here. What it does not cover has its deadline from now on.
            if self.protection.working.is_none_or(|working| working.lots < held) {
                self.note_naked(fx);
            }
            return;
        }
        self.protection.retry_at = None;
        if let Some(working) = self.protection.working {
            if working.lots < lots {
                self.note_naked(fx);
            }
            self.protection.pending = Some(Stop { id: working.id, trigger, lots });
            fx.out.commands.push(Command::AmendStop { id: working.id, trigger, lots });
        } else {
            self.note_naked(fx);
            let id = fx.ids.next(self.symbol, OrderKind::Stop, direction, 0);
            self.protection.pending = Some(Stop { id, trigger, lots });
            fx.out.commands.push(Command::PlaceStop { id, trigger, lots });
        }
    }

    /// Trigger and quantity of the stop that the position needs; none when nothing is held.
    pub(crate) fn due_stop(&self) -> Option<(Ticks, Lots)> {
        let cycle = self.cycle.as_ref()?;
        let (value, loss) = (self.terms.value, self.terms.stop_loss);
        let trigger = exits::stop_price(cycle.direction, cycle.basis, value, loss);
        Some((trigger, cycle.basis.lots))
    }

    /// True when fills have moved the trigger since a stop was asked for.
    fn has_moved(&self, asked: Stop) -> bool {
        self.due_stop().is_some_and(|(trigger, _)| trigger != asked.trigger)
    }

    /// Starts the deadline for a confirmation.
    fn note_naked(&mut self, fx: &mut Effects<'_>) {
        if self.protection.naked_since.is_none() {
            self.protection.naked_since = Some(fx.now);
            *fx.naked += 1;
            self.start_deadline(fx);
        }
    }

    /// The position is covered, or gone.
    pub(super) fn note_covered(&mut self, fx: &mut Effects<'_>) {
        self.protection.told = self.protection.told.filter(|&why| why == Exposed::NotExecuted);
        if self.protection.naked_since.take().is_some() {
            *fx.naked -= 1;
        }
        if self.protection.crossed_since.is_none() {
            fx.timers.clear(WakeReason::StopDeadline, self.symbol);
        }
    }

    fn start_deadline(&mut self, fx: &mut Effects<'_>) {
        fx.timers.set_by(fx.now + fx.risk.stop_deadline, WakeReason::StopDeadline, self.symbol);
    }

    /// Flat: whatever stop remains is withdrawn.
    fn unprotect(&mut self, fx: &mut Effects<'_>) {
        self.protection.crossed_since = None;
        self.note_covered(fx);
        let protection = core::mem::take(&mut self.protection);
        let placed = protection.pending.filter(|p| protection.working.is_none_or(|w| w.id != p.id));
        let ids = protection.working.map(|stop| stop.id).into_iter();
        for id in ids.chain(placed.map(|stop| stop.id)).chain(protection.leftovers) {
            fx.out.commands.push(Command::Cancel { id });
        }
    }

    /// The exchange confirmed a stop. One without a place here, of the cycle before or presumed
    /// lost, protects nothing that is right and leaves.
    pub fn stop_accepted(&mut self, fx: &mut Effects<'_>, id: OrderId, trigger: Ticks, lots: Lots) {
        if !self.protection.knows(id) {
            return self.withdraw_stray(fx, id);
        }
        if self.protection.leftovers.contains(&id) || !trigger.is_positive() {
            return; // Cancelled once a new one works; or it has fired, and executions follow.
        }
        let protection = &mut self.protection;
        let asked = protection.pending.take_if(|pending| pending.id == id);
        let other = asked.is_some_and(|asked| (asked.trigger, asked.lots) != (trigger, lots));
        if !other {
            (protection.refused, protection.retry_at) = (0, None);
            protection.nothing_held = false;
        }
        if let Some(old) = protection.working.replace(Stop { id, trigger, lots })
            && old.id != id
        {
            protection.leftovers.push(old.id);
        }
        for id in protection.leftovers.drain(..) {
            fx.out.commands.push(Command::Cancel { id });
        }
        let held = self.cycle.as_ref().map_or(Lots::ZERO, |cycle| cycle.basis.lots);
        if lots >= held {
            self.note_covered(fx);
        }
        if other {
            return self.retry_stop(fx);
        }
        self.protect(fx);
    }

    /// What was asked for does not stand: asked again, at once the first time and then ever slower.
    fn retry_stop(&mut self, fx: &mut Effects<'_>) {
        let protection = &mut self.protection;
        protection.refused = protection.refused.saturating_add(1);
        if protection.refused == 1 {
            return self.protect(fx);
        }
        let most = if protection.nothing_held { DOUBLINGS_OF_NOTHING } else { DOUBLINGS };
        let wait = Span(RETRY.0 << (protection.refused - 2).min(most));
        protection.retry_at = Some(fx.now + wait);
        self.arm_questions(fx);
    }

    /// The exchange refused a stop, a change of one, or its cancel.
    pub fn stop_rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        let protection = &mut self.protection;
        let placing = protection.pending.is_some_and(|pending| pending.id == id)
            && protection.working.is_none_or(|working| working.id != id);
        if why == Reject::UnknownOrder && !placing {
            return self.stop_ended(fx, id);
        }
        if protection.pending.is_none_or(|pending| pending.id != id) {
            return self.stray_rejected(fx, id, why);
        }
        let refused = protection.pending.take();
        let nothing_held = why == Reject::NoPosition;
        if nothing_held && !protection.nothing_held {
            protection.refused = protection.refused.min(1); // It begins quickly, whatever was before.
        }
        protection.nothing_held = nothing_held;
        self.settled(id);
        if why == Reject::WrongSide {
            if refused.is_some_and(|stop| self.has_moved(stop)) {
                return self.protect(fx); // The price is beyond a stop that is not the one now.
            }
            // Beyond the stop already. Should the price come back before the close is through, the
            // stop is asked for again.
            self.protection.retry_at = Some(fx.now + RETRY);
            self.arm_questions(fx);
            return self.close_at_market(fx, FillReason::Emergency);
        }
        // A new stop is placed beside the old one, which is cancelled once the new one works.
        let protection = &mut self.protection;
        if let Some(working) = protection.working.take() {
            protection.leftovers.push(working.id);
        }
        if protection.refused > 0 {
            self.note_naked(fx);
        }
        self.retry_stop(fx);
    }

    /// The stop is gone without our asking, or was never there: another one in the same step.
    pub fn stop_ended(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        self.settled(id);
        self.protection.forget(id);
        if self.cycle.is_some() {
            self.protect(fx);
        }
    }

    /// The exchange does not know a stop. One that was never confirmed may still turn up: it is
    /// cancelled like a leftover once another one works.
    pub(super) fn stop_not_found(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        if !self.protection.knows(id) {
            if self.missed(fx, id) {
                self.settled(id);
            }
            return;
        }
        let confirmed = self.protection.working.is_some_and(|stop| stop.id == id);
        let leftover = self.protection.leftovers.contains(&id);
        self.stop_ended(fx, id);
        if !confirmed && !leftover {
            self.protection.leftovers.push(id);
        }
    }

    /// A price at or beyond the stop while the position is open: nothing is inferred from it. The
    /// stop is asked for, and has the deadline to execute (INC-080).
    pub(super) fn watch_stop(&mut self, fx: &mut Effects<'_>) {
        if self.protection.crossed_since.is_some() || !self.is_beyond_stop() {
            return;
        }
        let Some(stop) = self.protection.working else { return };
        self.protection.crossed_since = Some(fx.now);
        fx.out.commands.push(Command::Query { id: stop.id });
        self.start_deadline(fx);
    }

    /// True when the last price is at or beyond the confirmed stop.
    fn is_beyond_stop(&self) -> bool {
        let direction = self.cycle.as_ref().map_or(Direction::Long, |cycle| cycle.direction);
        let trigger = self.protection.working.map(|stop| stop.trigger);
        trigger.is_some_and(|at| direction.mirror(self.last) <= direction.mirror(at))
    }

    /// A deadline passed: for the confirmation of the stop, or for the execution of one that the
    /// price has crossed. A price that came back asks for nothing.
    pub fn stop_overdue(&mut self, fx: &mut Effects<'_>) {
        if self.cycle.is_none() {
            return;
        }
        if !self.is_beyond_stop() && self.protection.working.is_some() {
            self.protection.crossed_since = None;
            self.protection.told = self.protection.told.filter(|&w| w != Exposed::NotExecuted);
        }
        let Protection { naked_since, crossed_since, .. } = self.protection;
        let limit = fx.risk.stop_deadline;
        let late = |since: &Timestamp| *since + limit <= fx.now;
        for since in [naked_since, crossed_since].into_iter().flatten() {
            let from = if late(&since) { fx.now } else { since };
            fx.timers.set_by(from + limit, WakeReason::StopDeadline, self.symbol);
        }
        match (crossed_since.filter(late), naked_since.filter(late)) {
            (Some(since), _) => self.flatten_unprotected(fx, since, Exposed::NotExecuted),
            (None, Some(since)) if self.is_unanswered() => self.alert_unanswered(fx, since),
            (None, Some(since)) => self.flatten_unprotected(fx, since, Exposed::Unconfirmed),
            (None, None) => {}
        }
    }

    /// The exchange has not said anything about the stop that was asked for.
    fn is_unanswered(&self) -> bool {
        let Protection { pending, refused, .. } = &self.protection;
        pending.is_some_and(|pending| *refused == 0 || self.doubts(pending.id))
    }

    fn flatten_unprotected(&mut self, fx: &mut Effects<'_>, since: Timestamp, why: Exposed) {
        self.tell_exposed(fx, since, why);
        // A close of what is not there is tried again in its own time.
        if self.close.is_none_or(|close| close.nothing_held == 0) {
            self.close_at_market(fx, FillReason::Emergency);
        }
    }

    /// People are told once, and again when something else is wrong.
    fn tell_exposed(&mut self, fx: &mut Effects<'_>, since: Timestamp, why: Exposed) {
        if self.protection.told.replace(why) != Some(why) {
            fx.tell(Notice::Unprotected { book: fx.ids.book, symbol: self.symbol, since, why });
        }
    }

    /// Unconfirmed is not absent: the questions go on, people are told once, and nothing is added
    /// to the position.
    fn alert_unanswered(&mut self, fx: &mut Effects<'_>, since: Timestamp) {
        self.tell_exposed(fx, since, Exposed::NoAnswer);
        self.want_nothing();
        self.sync(fx);
    }
}
