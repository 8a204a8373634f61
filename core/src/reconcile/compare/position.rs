//! What was missed, and whether what is held agrees with it.

use super::super::missed::{Fact, Missed, held_there};
use super::super::plan::{Action, CONFIRMATIONS, Finding, Withheld};
use super::super::snapshot::PartName;
use super::{Comparison, Trial};
use crate::ids::OrderKind;
use crate::money::{Direction, Lots};

impl Comparison<'_> {
    /// True when the exchange says that nothing is held: only then does nothing need a stop.
    pub(super) fn is_flat_there(&self) -> bool {
        held_there(self.scene.snapshot, self.symbol()).is_some_and(|lots| lots.is_zero())
    }

    /// Takes over what was missed; false when it is not believed.
    pub(super) fn book(&mut self, found: &Missed) -> bool {
        let there = held_there(self.scene.snapshot, self.symbol());
        if self.blank && !found.facts.is_empty() {
            let held = self.try_facts(&found.facts);
            if !self.is_worth_rebuilding(held, there, found) {
                self.trial = Trial::new(self.scene, self.before);
                return false;
            }
        } else {
            self.try_facts(&found.facts);
        }
        if let Some(skip) = found.skip {
            self.actions.push(Action::Skip { fill: skip.fill, funding: skip.funding });
        }
        self.actions.extend(found.facts.iter().map(Fact::action));
        self.tell_missed(&found.facts);
        true
    }

    /// What is held after them.
    pub(super) fn try_facts(&mut self, facts: &[Fact]) -> Lots {
        for fact in facts {
            self.trial.with(true, |lane, fx| match fact {
                Fact::Fill(fill) => lane.apply_fill(fx, fill),
                Fact::Forced(fill) => lane.liquidated(fx, fill),
                Fact::Funding(paid) => {
                    lane.settle_funding(fx, paid);
                }
            });
        }
        self.trial.lane.held_signed()
    }

    /// A book without a past believes executions when the position is there. When the exchange
    /// says that it is flat, often enough, they are history.
    pub(super) fn is_worth_rebuilding(
        &mut self,
        ours: Lots,
        there: Option<Lots>,
        found: &Missed,
    ) -> bool {
        let Some(theirs) = there else {
            self.findings.push(Finding::Unknown { part: PartName::Positions });
            self.withheld = Some(Withheld::Unexplained);
            return false;
        };
        let same_side = theirs.0.signum() == ours.0.signum();
        if same_side {
            return true;
        }
        let times = self.contradicted(ours, theirs);
        if times >= CONFIRMATIONS
            && let Some(last) = found.facts.iter().rev().find_map(|fact| match fact {
                Fact::Fill(fill) | Fact::Forced(fill) => Some((fill.at, fill.fill)),
                Fact::Funding(_) => None,
            })
        {
            self.actions.push(Action::Skip { fill: last, funding: self.scene.snapshot.at });
        }
        false
    }

    pub(super) fn contradicted(&mut self, ours: Lots, theirs: Lots) -> u8 {
        let so_far = self.scene.book.watch.contradictions(self.before.symbol);
        let times = so_far.saturating_add(1);
        self.findings.push(Finding::Missing { ours, theirs, times });
        self.withheld = Some(Withheld::Unexplained);
        times
    }

    pub(super) fn tell_missed(&mut self, facts: &[Fact]) {
        let mut settlements = 0;
        let rebuilt = self.blank;
        for fact in facts {
            let finding = match fact {
                Fact::Funding(_) => {
                    settlements += 1;
                    continue;
                }
                _ if rebuilt => continue,
                Fact::Fill(fill) if fill.id.kind == OrderKind::Entry => {
                    Finding::EntryFilled { id: fill.id, lots: fill.lots }
                }
                Fact::Fill(fill) | Fact::Forced(fill) => {
                    Finding::ExitFilled { kind: fill.id.kind, lots: fill.lots }
                }
            };
            self.findings.push(finding);
        }
        let after = self.trial.lane.cycle.as_ref();
        if let (true, Some(cycle)) = (rebuilt && !facts.is_empty(), after) {
            let (direction, lots) = (cycle.direction, cycle.basis.lots);
            self.findings.push(Finding::Rebuilt { direction, lots, levels: cycle.levels_filled() });
        }
        let last = self.trial.lane.cycles - u32::from(after.is_some());
        let first = self.before.cycles + u32::from(self.before.cycle.is_none());
        self.findings.extend((first..=last).map(|cycle| Finding::Closed { cycle }));
        if settlements > 0 {
            self.findings.push(Finding::FundingMissed { settlements });
        }
    }

    /// False when what the exchange holds is not believed.
    pub(super) fn judge_position(&mut self, moving: bool) -> bool {
        let Some(theirs) = held_there(self.scene.snapshot, self.symbol()) else { return true };
        let ours = self.trial.lane.held_signed();
        if moving || theirs == ours {
            return true;
        }
        let fills = self.scene.snapshot.fills.known().is_some();
        let adds = theirs.0.signum() * ours.0.signum() >= 0 && theirs.0.abs() > ours.0.abs();
        match (fills, adds) {
            (false, _) => {
                self.findings.push(Finding::Unknown { part: PartName::Fills });
                self.withheld = Some(Withheld::Unexplained);
                false
            }
            (true, true) if ours.is_zero() => {
                let long = theirs.is_positive();
                let direction = if long { Direction::Long } else { Direction::Short };
                let lots = Lots(theirs.0.abs());
                self.findings.push(Finding::Foreign { direction, lots });
                self.withheld = Some(Withheld::Foreign);
                true
            }
            (true, true) => {
                self.findings.push(Finding::Mixed { ours, theirs });
                self.withheld = Some(Withheld::Foreign);
                true
            }
            (true, false) => {
                self.contradicted(ours, theirs);
                false
            }
        }
    }
}
