//! Limit orders: those that are believed to rest, and those that are there.

use alloc::vec::Vec;

use super::super::plan::{Action, Finding, Withheld};
use super::super::snapshot::{Maker, OpenOrder};
use super::Comparison;
use crate::executor::{EntryState, Lane};
use crate::ids::{OrderId, OrderKind};
use crate::money::Lots;

impl Comparison<'_> {
    pub(super) fn orders(&self) -> Option<Vec<OpenOrder>> {
        let symbol = self.symbol();
        let known = self.scene.snapshot.orders.known()?;
        let mut found: Vec<OpenOrder> = known
            .iter()
            .filter(|order| order.symbol == symbol && is_open(order))
            .copied()
            .collect();
        found.sort_by_key(|order| order.maker);
        found.dedup_by_key(|order| order.maker);
        Some(found)
    }

    pub(super) fn judge_orders(&mut self) {
        let Some(orders) = self.orders() else { return self.withdraw_blindly() };
        let mine = |order: &OpenOrder| order.maker.ours().filter(|&id| self.scene.is_mine(id));
        let ours: Vec<(OrderId, OpenOrder)> =
            orders.iter().filter_map(|order| Some((mine(order)?, *order))).collect();
        self.judge_tracked_entries(&ours);
        self.judge_tracked_target(&ours);
        for (id, order) in ours {
            self.judge_present(id, &order);
        }
    }

    /// Nobody knows what rests: what the missed executions ended is withdrawn to be sure.
    pub(super) fn withdraw_blindly(&mut self) {
        for id in self.newly_withdrawn() {
            self.actions.push(Action::Withdraw { id });
        }
        if let (Some(target), None) = (self.before.target, self.trial.lane.target) {
            self.actions.push(Action::Withdraw { id: target.id });
        }
    }

    /// Entries that the missed executions withdraw.
    pub(super) fn newly_withdrawn(&self) -> Vec<OrderId> {
        let cancelling = |lane: &Lane, id: OrderId| {
            lane.entries.iter().any(|e| e.id == id && e.state == EntryState::Cancelling)
        };
        let entries = self.trial.lane.entries.iter();
        let ids = entries.filter(|entry| entry.state == EntryState::Cancelling).map(|e| e.id);
        ids.filter(|&id| !cancelling(self.before, id)).collect()
    }

    pub(super) fn judge_tracked_entries(&mut self, ours: &[(OrderId, OpenOrder)]) {
        let newly = self.newly_withdrawn();
        let entries: Vec<_> = self.trial.lane.entries.iter().copied().collect();
        for entry in entries {
            let id = entry.id;
            let there = ours.iter().find(|(other, _)| *other == id).map(|(_, order)| order);
            let asked = self.trial.lane.doubts(id);
            match there {
                Some(_) if newly.contains(&id) => self.actions.push(Action::Withdraw { id }),
                Some(order) if order.filled > entry.filled && !asked => {
                    self.findings.push(Finding::OrderDiffers { id });
                    self.actions.push(Action::Ask { id });
                }
                Some(order) if matches!(entry.state, EntryState::Sent | EntryState::InDoubt) => {
                    self.findings.push(Finding::OrderDiffers { id });
                    let (price, lots) = (order.price, order.lots - order.filled);
                    self.actions.push(Action::Confirm { id, price, lots });
                }
                // The cancel may never have left; one too many does no harm.
                Some(_) if entry.state == EntryState::Cancelling && !asked => {
                    self.findings.push(Finding::OrderDiffers { id });
                    self.actions.push(Action::Withdraw { id });
                }
                Some(_) => {}
                None if asked => {}
                None => {
                    self.findings.push(Finding::OrderMissing { id });
                    self.actions.push(Action::Ask { id });
                }
            }
        }
    }

    pub(super) fn judge_tracked_target(&mut self, ours: &[(OrderId, OpenOrder)]) {
        let Some(target) = self.trial.lane.target else { return };
        let id = target.id;
        if self.trial.lane.doubts(id) {
            return;
        }
        match ours.iter().find(|(other, _)| *other == id) {
            Some((_, order)) => {
                let rest = order.lots - order.filled;
                let booked = self.before.target != Some(target);
                let same = (order.price, rest) == (target.price, target.lots);
                if !(booked || same && target.working) {
                    self.findings.push(Finding::OrderDiffers { id });
                    self.actions.push(Action::Confirm { id, price: order.price, lots: rest });
                }
            }
            None => {
                self.findings.push(Finding::OrderMissing { id });
                self.actions.push(Action::Ask { id });
            }
        }
    }

    /// An order of ours that has no place is withdrawn; a target may find one.
    pub(super) fn judge_present(&mut self, id: OrderId, order: &OpenOrder) {
        let lane = &self.trial.lane;
        if lane.has_place_for(id) || lane.known_executions(id) >= order.lots {
            return;
        }
        let fits = id.kind == OrderKind::Target
            && order.price.is_positive()
            && lane.target.is_none()
            && lane.close.is_none()
            && lane.cycle.as_ref().is_some_and(|cycle| cycle.direction == id.direction);
        if fits {
            let (price, lots) = (order.price, order.lots - order.filled);
            if !self.blank {
                self.findings.push(Finding::OrderDiffers { id });
            }
            self.actions.push(Action::AdoptTarget { id, price, lots });
            self.trial.lane.adopt_target(id, price, lots);
        } else if id.kind == OrderKind::Entry || lane.cycle.is_some() || self.is_flat_there() {
            self.findings.push(Finding::Leftover { id });
            self.actions.push(Action::Withdraw { id });
        }
    }

    /// A part that failed shows none: what it withheld before stays withheld until it has spoken
    /// (`judge_entries`).
    pub(super) fn judge_foreign_orders(&mut self) {
        let orders = self.orders().unwrap_or_default().into_iter().map(|order| order.maker);
        let triggers = self.triggers().unwrap_or_default().into_iter().map(|stop| stop.maker);
        for maker in orders.chain(triggers) {
            match maker {
                Maker::Other(number) => {
                    self.findings.push(Finding::ForeignOrder { number });
                    self.withheld = self.withheld.or(Some(Withheld::Foreign));
                }
                Maker::Us(id) if !self.scene.is_mine(id) => {
                    self.findings.push(Finding::OtherWriters { id });
                }
                Maker::Us(_) | Maker::Exchange => {}
            }
        }
    }
}

/// True for an order with something left of it.
fn is_open(order: &OpenOrder) -> bool {
    order.filled < order.lots && order.filled >= Lots::ZERO
}
