//! Stops: the one that is believed in, those that are there, and what the position needs.

use alloc::vec::Vec;

use super::super::missed::held_there;
use super::super::plan::{Action, Finding, Wrong};
use super::super::snapshot::OpenTrigger;
use super::Comparison;
use crate::command::Command;
use crate::executor::Lane;
use crate::executor::protection::Stop;
use crate::ids::OrderId;
use crate::money::{Direction, Lots, Ticks};

impl Comparison<'_> {
    pub(super) fn triggers(&self) -> Option<Vec<OpenTrigger>> {
        let symbol = self.symbol();
        let known = self.scene.snapshot.triggers.known()?;
        let mut found: Vec<OpenTrigger> =
            known.iter().filter(|stop| stop.symbol == symbol && is_one(stop)).copied().collect();
        found.sort_by_key(|stop| stop.maker);
        found.dedup_by_key(|stop| stop.maker);
        Some(found)
    }

    /// Stops of ours on this symbol.
    pub(super) fn stops(&self) -> Option<Vec<(OrderId, OpenTrigger)>> {
        let mine = |stop: OpenTrigger| {
            stop.maker.ours().filter(|&id| self.scene.is_mine(id)).map(|id| (id, stop))
        };
        Some(self.triggers()?.into_iter().filter_map(mine).collect())
    }

    pub(super) fn judge_stops(&mut self) {
        let Some(stops) = self.stops() else { return };
        let Some(direction) = self.trial.lane.cycle.as_ref().map(|cycle| cycle.direction) else {
            return self.judge_stops_of_nothing(&stops);
        };
        let wrong = |stop: &OpenTrigger| {
            if stop.buys != (direction == Direction::Short) {
                Some(Wrong::Side)
            } else if !stop.reduce_only {
                Some(Wrong::NotReduceOnly)
            } else {
                (!stop.by_mark).then_some(Wrong::TriggerType)
            }
        };
        self.judge_believed_stop(&stops);
        let good: Vec<(OrderId, OpenTrigger)> =
            stops.iter().filter(|(_, stop)| wrong(stop).is_none()).copied().collect();
        let kept = self.choose_stop(&good);
        for (id, stop) in &stops {
            if Some(*id) == kept || self.is_being_replaced(*id) {
                continue;
            }
            self.findings.push(match wrong(stop) {
                Some(wrong) => Finding::StopWrong { id: *id, wrong },
                None => Finding::Leftover { id: *id },
            });
            self.act(Action::ReplaceStop { id: *id });
        }
    }

    /// Stops where nothing is held: what the lane knows is withdrawn when it is made right.
    pub(super) fn judge_stops_of_nothing(&mut self, stops: &[(OrderId, OpenTrigger)]) {
        self.judge_believed_stop(stops);
        for &(id, _) in stops {
            // It may guard a position whose executions nobody can show any more.
            if self.is_flat_there() && !self.trial.lane.has_place_for(id) {
                self.findings.push(Finding::Leftover { id });
                self.actions.push(Action::Withdraw { id });
            }
        }
    }

    /// A stop whose successor is on its way.
    pub(super) fn is_being_replaced(&self, id: OrderId) -> bool {
        let protection = &self.trial.lane.protection;
        let placed = protection.pending.is_some_and(|pending| pending.id == id);
        placed || (protection.pending.is_some() && protection.leftovers.contains(&id))
    }

    /// The stop that the lane believes to work is there, or is not believed in any more.
    pub(super) fn judge_believed_stop(&mut self, stops: &[(OrderId, OpenTrigger)]) {
        let Some(believed) = self.trial.lane.protection.working else { return };
        if stops.iter().any(|&(id, _)| id == believed.id) {
            return;
        }
        if self.trial.lane.cycle.is_some() {
            self.findings.push(Finding::StopMissing { id: believed.id });
        }
        self.act(Action::DropStop { id: believed.id });
    }

    /// A stop, a change of one or a close that was asked for, and of which nothing is heard or
    /// seen: it may never have left. Where it stands is asked for.
    pub(super) fn judge_unanswered(&mut self) {
        let lane = &self.trial.lane;
        let close = lane.close.and_then(|close| close.id);
        let stop = self.stops().zip(lane.protection.pending).and_then(|(there, pending)| {
            let stands = there.iter().any(|&(id, stop)| {
                id == pending.id && (stop.trigger, stop.lots) == (pending.trigger, pending.lots)
            });
            (!stands).then_some(pending.id)
        });
        let waits = |id: &OrderId| !lane.doubts(*id);
        let unanswered: Vec<OrderId> = stop.into_iter().chain(close).filter(waits).collect();
        for id in unanswered {
            self.findings.push(Finding::OrderMissing { id });
            self.actions.push(Action::Ask { id });
        }
    }

    /// The one stop that stays: the one believed in, else the one that fits best.
    pub(super) fn choose_stop(&mut self, good: &[(OrderId, OpenTrigger)]) -> Option<OrderId> {
        let protection = &self.trial.lane.protection;
        let working = protection.working;
        let asked = protection.pending;
        let needed = self.trial.lane.due_stop();
        let held = Lots(self.trial.lane.held_signed().0.abs());
        let fits = |&&(id, stop): &&(OrderId, OpenTrigger)| {
            let right = needed.is_some_and(|(trigger, _)| trigger == stop.trigger);
            let believed = working.is_some_and(|working| working.id == id);
            (believed, right && stop.lots >= held, stop.lots, id)
        };
        let &(id, stop) = good.iter().max_by_key(fits)?;
        let found = Stop { id, trigger: stop.trigger, lots: stop.lots };
        match working {
            Some(working) if working == found => {}
            // A change of it is under way: its answer says what stands.
            Some(working) if working.id == id && asked.is_some_and(|asked| asked.id == id) => {}
            _ => {
                if working.is_some_and(|working| working.id == id) {
                    self.findings.push(Finding::StopWrong { id, wrong: Wrong::Figures });
                } else if !self.blank {
                    self.findings.push(Finding::OrderDiffers { id });
                }
                let Stop { trigger, lots, .. } = found;
                self.act(Action::AdoptStop { id, trigger, lots });
            }
        }
        Some(id)
    }

    /// Plans an action on stops and does it on the copy.
    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
        self.trial.with(true, |lane, fx| {
            lane.take_over(fx, &action);
        });
    }

    /// Plans to make the stop right when that asks for anything.
    pub(super) fn protect(&mut self) {
        let unchanged = self.trial.lane.protection == self.before.protection;
        if self.actions.is_empty() && unchanged && !self.is_held_after_all() {
            return; // Nothing changed: what is wrong with the stop is being seen to.
        }
        self.trial.step.clear();
        self.trial.with(false, Lane::caught_up);
        let asked = self.trial.step.commands.iter().find_map(asked_stop);
        let needed = self.trial.lane.due_stop();
        if let Some((trigger, lots)) = asked.or(needed.filter(|_| self.touches_protection())) {
            self.actions.push(Action::Protect { trigger, lots });
        }
    }

    /// Stops were refused because nothing was held, and now something on this side is, whosever
    /// it is: no retry is waited for.
    fn is_held_after_all(&self) -> bool {
        let lane = &self.trial.lane;
        let held = lane.held_signed();
        self.before.protection.nothing_held
            && lane.protection.pending.is_none()
            && !held.is_zero()
            && held_there(self.scene.snapshot, self.symbol())
                .is_some_and(|there| there.0.signum() == held.0.signum())
    }

    pub(super) fn touches_protection(&self) -> bool {
        self.actions.iter().any(|action| {
            matches!(
                action,
                Action::DropStop { .. }
                    | Action::AdoptStop { .. }
                    | Action::ReplaceStop { .. }
                    | Action::Book(_)
                    | Action::BookForced(_)
            )
        })
    }
}

/// True for a trigger order with figures that can be.
fn is_one(stop: &OpenTrigger) -> bool {
    stop.lots.is_positive() && stop.trigger.is_positive()
}

/// The figures of a stop that is asked for.
fn asked_stop(command: &Command) -> Option<(Ticks, Lots)> {
    if let Command::PlaceStop { trigger, lots, .. } | Command::AmendStop { trigger, lots, .. } =
        *command
    {
        return Some((trigger, lots));
    }
    None
}
