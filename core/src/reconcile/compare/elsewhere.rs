//! What a snapshot has on symbols that the book does not run.

use alloc::vec::Vec;

use super::super::plan::{Action, Finding, SymbolPlan};
use super::super::snapshot::{Listed, Maker};
use super::Scene;
use crate::ids::OrderKind;

/// What the snapshot has on symbols that the book does not run.
pub(super) fn elsewhere(scene: &Scene<'_>) -> Vec<SymbolPlan> {
    let runs =
        |listed: Listed| listed.symbol().is_some_and(|symbol| scene.book.lane(symbol).is_some());
    let mut found: Vec<SymbolPlan> = Vec::new();
    let mut add = |symbol: Listed, finding: Finding, action: Option<Action>| {
        let place = found.iter().position(|plan| plan.symbol == symbol).unwrap_or_else(|| {
            found.push(SymbolPlan { symbol, findings: Vec::new(), actions: Vec::new() });
            found.len() - 1
        });
        if let Some(plan) = found.get_mut(place) {
            plan.findings.push(finding);
            plan.actions.extend(action);
        }
    };
    for held in scene.snapshot.positions.known().into_iter().flatten() {
        if !runs(held.symbol) {
            let entered = scene.snapshot.fills.known().into_iter().flatten().any(|fill| {
                fill.symbol == held.symbol && fill.maker.ours().is_some_and(|id| scene.is_mine(id))
            });
            let foreign = Finding::Foreign { direction: held.direction, lots: held.lots };
            let finding = if entered { Finding::NotConfigured { id: None } } else { foreign };
            add(held.symbol, finding, None);
        }
    }
    let orders = scene.snapshot.orders.known().into_iter().flatten();
    let triggers = scene.snapshot.triggers.known().into_iter().flatten();
    let orders = orders.map(|order| (order.symbol, order.maker));
    for (symbol, maker) in orders.chain(triggers.map(|order| (order.symbol, order.maker))) {
        match maker {
            _ if runs(symbol) => {}
            Maker::Us(id) if scene.is_mine(id) => {
                // What opens is withdrawn; what protects stays.
                let opens = id.kind == OrderKind::Entry;
                let action = opens.then_some(Action::Withdraw { id });
                add(symbol, Finding::NotConfigured { id: Some(id) }, action);
            }
            Maker::Us(id) => add(symbol, Finding::OtherWriters { id }, None),
            Maker::Other(number) => add(symbol, Finding::ForeignOrder { number }, None),
            Maker::Exchange => {}
        }
    }
    for plan in &mut found {
        plan.findings.sort_by_key(finding_key);
    }
    found
}

/// Findings of one symbol in an order that does not depend on the exchange's.
fn finding_key(finding: &Finding) -> (u8, u64, u32, u32) {
    match *finding {
        Finding::Foreign { .. } => (0, 0, 0, 0),
        Finding::NotConfigured { id: None } => (1, 0, 0, 0),
        Finding::NotConfigured { id: Some(id) } => (2, 0, id.epoch, id.sequence),
        Finding::OtherWriters { id } => (3, 0, id.epoch, id.sequence),
        Finding::ForeignOrder { number } => (4, number, 0, 0),
        Finding::Rebuilt { .. }
        | Finding::EntryFilled { .. }
        | Finding::ExitFilled { .. }
        | Finding::Closed { .. }
        | Finding::FundingMissed { .. }
        | Finding::Mixed { .. }
        | Finding::Missing { .. }
        | Finding::Unknown { .. }
        | Finding::StopMissing { .. }
        | Finding::StopWrong { .. }
        | Finding::Leftover { .. }
        | Finding::OrderMissing { .. }
        | Finding::OrderDiffers { .. }
        | Finding::SettingsDiverged { .. }
        | Finding::SettingsUnknown => (5, 0, 0, 0),
    }
}
