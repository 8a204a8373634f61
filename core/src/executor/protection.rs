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
use crate::money::{Lots, Ticks};
use crate::notice::{FillReason, Notice};
use crate::step::WakeReason;
use crate::strategy::exits;
use crate::time::Timestamp;

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
    /// The exchange does not answer: unconfirmed is not absent.
    pub unanswered: bool,
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
}

impl Lane {
    /// Makes the stop right for the position: nothing when it is, one command when it is not.
    pub fn protect(&mut self, fx: &mut Effects<'_>) {
        let Some(cycle) = &self.cycle else { return self.unprotect(fx) };
        let (direction, basis) = (cycle.direction, cycle.basis);
        let trigger = exits::stop_price(direction, basis, self.terms.value, self.terms.stop_loss);
        let lots = basis.lots;
        let asked = self.protection.pending.or(self.protection.working);
        if asked.is_some_and(|stop| stop.trigger == trigger && stop.lots == lots) {
            return;
        }
        if self.protection.pending.is_some() {
            return; // Its answer brings us back here.
        }
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

    /// Starts the deadline for a confirmation.
    fn note_naked(&mut self, fx: &mut Effects<'_>) {
        if self.protection.naked_since.is_none() {
            self.protection.naked_since = Some(fx.now);
            fx.timers.set(fx.now + fx.risk.stop_deadline, WakeReason::StopDeadline, self.symbol);
        }
    }

    /// Flat: whatever stop remains is withdrawn.
    fn unprotect(&mut self, fx: &mut Effects<'_>) {
        let protection = core::mem::take(&mut self.protection);
        let placed = protection.pending.filter(|p| protection.working.is_none_or(|w| w.id != p.id));
        let ids = protection.working.map(|stop| stop.id).into_iter();
        for id in ids.chain(placed.map(|stop| stop.id)).chain(protection.leftovers) {
            fx.out.commands.push(Command::Cancel { id });
        }
        fx.timers.clear(WakeReason::StopDeadline, self.symbol);
    }

    /// The exchange confirmed a stop.
    pub fn stop_accepted(&mut self, fx: &mut Effects<'_>, id: OrderId, trigger: Ticks, lots: Lots) {
        let protection = &mut self.protection;
        protection.unanswered = false;
        let confirmed = Stop { id, trigger, lots };
        if protection.pending.is_some_and(|pending| pending.id == id) {
            protection.pending = None;
        }
        if let Some(old) = protection.working.replace(confirmed)
            && old.id != id
        {
            protection.leftovers.push(old.id);
        }
        for id in protection.leftovers.drain(..) {
            fx.out.commands.push(Command::Cancel { id });
        }
        let held = self.cycle.as_ref().map_or(Lots::ZERO, |cycle| cycle.basis.lots);
        if lots >= held {
            self.protection.naked_since = None;
            fx.timers.clear(WakeReason::StopDeadline, self.symbol);
        }
        self.protect(fx);
    }

    /// The exchange refused a stop or a change of one.
    pub fn stop_rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        let protection = &mut self.protection;
        protection.unanswered = false;
        if protection.pending.is_none_or(|pending| pending.id != id) {
            return; // A cancel of a leftover that was already gone.
        }
        protection.pending = None;
        match why {
            Reject::WrongSide => return self.close_at_market(fx, FillReason::Emergency),
            Reject::UnknownOrder => {
                protection.working = protection.working.filter(|working| working.id != id);
            }
            Reject::BelowMinimum
            | Reject::Precision
            | Reject::InsufficientMargin
            | Reject::NoPosition
            | Reject::Suspended
            | Reject::Locked
            | Reject::Busy => {
                // Place a new stop beside the old one, which is cancelled once the new one works.
                if let Some(working) = protection.working.take() {
                    protection.leftovers.push(working.id);
                }
            }
        }
        if self.cycle.is_some() {
            self.note_naked(fx);
            fx.timers.set(fx.now + super::ASK_AGAIN, WakeReason::AskAgain, self.symbol);
        }
    }

    /// The stop ended without our asking.
    pub fn stop_ended(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        let protection = &mut self.protection;
        protection.leftovers.retain(|&leftover| leftover != id);
        protection.working = protection.working.filter(|stop| stop.id != id);
        protection.pending = protection.pending.filter(|stop| stop.id != id);
        if self.cycle.is_some() {
            self.protect(fx);
        }
    }

    /// The deadline for a confirmation passed.
    pub fn stop_overdue(&mut self, fx: &mut Effects<'_>) {
        let Some(since) = self.protection.naked_since else { return };
        if self.cycle.is_none() {
            return;
        }
        if self.protection.unanswered {
            // Unconfirmed is not absent: keep asking while the exchange does not answer.
            if let Some(pending) = self.protection.pending {
                fx.out.commands.push(Command::Query { id: pending.id });
            }
            fx.timers.set(fx.now + fx.risk.stop_deadline, WakeReason::StopDeadline, self.symbol);
            return;
        }
        fx.tell(Notice::Unprotected { book: fx.ids.book, symbol: self.symbol, since });
        fx.timers.set(fx.now + fx.risk.stop_deadline, WakeReason::StopDeadline, self.symbol);
        self.close_at_market(fx, FillReason::Emergency);
    }
}
