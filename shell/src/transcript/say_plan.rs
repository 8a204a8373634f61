//! How the outcome of a comparison with the account is written: a line for the whole, then one for
//! each symbol.

use gardefou_core::ids::OrderKind;
use gardefou_core::money::{Direction, Lots};
use gardefou_core::reconcile::{
    Action, Failure, Finding, Listed, PartName, Plan, SymbolPlan, Withheld, Wrong,
};

use super::orders::Orders;
use super::say::{execution, price, quantity};
use super::values::{time, usdt};

/// The lines of a plan, without their marks.
pub(super) fn plan(orders: &Orders, plan: &Plan) -> Vec<String> {
    let book = orders.book(plan.book);
    if plan.is_empty() {
        return vec![format!("{book} reconciled: both sides agree again")];
    }
    let mut lines = Vec::new();
    for (part, why) in &plan.failed {
        lines.push(format!("{book} reconciled: {} unknown, {}", part_name(*part), failure(*why)));
    }
    if let Some(epoch) = plan.writer {
        lines.push(format!("{book} reconciled: ANOTHER INSTANCE of epoch {epoch}"));
    }
    if let Some(differs) = plan.balance {
        let (ours, theirs) = (usdt(differs.ours), usdt(differs.theirs));
        let does = if differs.adopt { ", taken over" } else { "" };
        lines.push(format!("{book} reconciled: balance {theirs} there, {ours} here{does}"));
    }
    lines.extend(plan.symbols.iter().map(|found| symbol(orders, plan, found)));
    lines
}

fn symbol(orders: &Orders, plan: &Plan, found: &SymbolPlan) -> String {
    let name = match found.symbol {
        Listed::Symbol(symbol) => orders.place(plan.book, symbol),
        Listed::Other(name) => name.to_string(),
    };
    let findings: Vec<String> =
        found.findings.iter().map(|f| finding(orders, found.symbol, f)).collect();
    let actions: Vec<String> =
        found.actions.iter().map(|a| action(orders, found.symbol, a)).collect();
    let said: Vec<String> =
        [findings, actions].iter().filter(|s| !s.is_empty()).map(|s| s.join(", ")).collect();
    format!("{name} reconciled: {}", said.join(" -> "))
}

fn size(orders: &Orders, symbol: Listed, lots: Lots) -> String {
    symbol.symbol().map_or_else(|| lots.0.to_string(), |symbol| quantity(orders, symbol, lots))
}

fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

fn finding(orders: &Orders, symbol: Listed, finding: &Finding) -> String {
    let size = |lots| size(orders, symbol, lots);
    let label = |id| orders.label(id);
    match *finding {
        Finding::Rebuilt { direction, lots, levels } => {
            format!("{} {} in {levels} levels without a record", side(direction), size(lots))
        }
        Finding::EntryFilled { id, lots } => format!("{} filled {}", label(id), size(lots)),
        Finding::ExitFilled { kind, lots } => {
            format!("{} executed {}", kind_name(kind), size(lots))
        }
        Finding::Closed { cycle } => format!("cycle {cycle} over"),
        Finding::FundingMissed { settlements } => format!("{settlements} settlements"),
        Finding::Foreign { direction, lots } => {
            format!("foreign {} {}", side(direction), size(lots))
        }
        Finding::Mixed { ours, theirs } => format!("{} held, ours {}", size(theirs), size(ours)),
        Finding::Missing { ours, theirs, times } => {
            format!("{} held, ours {}, answer {times}", size(theirs), size(ours))
        }
        Finding::Unknown { part } => format!("differs, {} unknown", part_name(part)),
        Finding::ForeignOrder { number } => format!("foreign order {number}"),
        Finding::OtherWriters { id } => format!("{} of another instance", label(id)),
        Finding::StopMissing { id } => format!("{} missing", label(id)),
        Finding::StopWrong { id, wrong } => format!("{} {}", label(id), wrong_name(wrong)),
        Finding::Leftover { id } => format!("{} left over", label(id)),
        Finding::OrderMissing { id } => format!("{} missing", label(id)),
        Finding::OrderDiffers { id } => format!("{} differs", label(id)),
        Finding::SettingsDiverged { leverage, wanted, margin_mode, hedged } => {
            let mode = if margin_mode { ", margin mode differs" } else { "" };
            let hedge = if hedged { ", hedge mode" } else { "" };
            format!("leverage {leverage}, configured {wanted}{mode}{hedge}")
        }
        Finding::SettingsUnknown => "settings not listed".to_owned(),
        Finding::NotConfigured { id: Some(id) } => format!("{} not configured", label(id)),
        Finding::NotConfigured { id: None } => "position not configured".to_owned(),
    }
}

fn action(orders: &Orders, symbol: Listed, action: &Action) -> String {
    let size = |lots| size(orders, symbol, lots);
    let label = |id| orders.label(id);
    match *action {
        Action::Skip { fill, .. } => format!("skip history to {}", time(fill.0)),
        Action::DropStop { id } => format!("forget {}", label(id)),
        Action::AdoptStop { id, .. } | Action::AdoptTarget { id, .. } => {
            format!("adopt {}", label(id))
        }
        Action::ReplaceStop { id } => format!("replace {}", label(id)),
        Action::Book(fill) | Action::BookForced(fill) => {
            format!("book {}", execution(orders, &fill))
        }
        Action::Fund(paid) => format!("book funding {}", usdt(paid.amount)),
        Action::Protect { trigger, lots } => {
            let at = symbol.symbol().map_or_else(String::new, |s| price(orders, s, trigger));
            format!("protect {} when {at}", size(lots))
        }
        Action::Confirm { id, .. } => format!("confirm {}", label(id)),
        Action::Withdraw { id } => format!("withdraw {}", label(id)),
        Action::Ask { id } => format!("ask for {}", label(id)),
        Action::SetLeverage { leverage } => format!("set leverage {leverage}"),
        Action::Block(why) => format!("no entries ({})", withheld(why)),
        Action::Unblock => "entries again".to_owned(),
    }
}

/// Why entries are withheld.
pub(super) fn withheld(why: Withheld) -> &'static str {
    match why {
        Withheld::NotCompared => "not compared",
        Withheld::OtherWriter => "other instance",
        Withheld::Foreign => "foreign",
        Withheld::Unexplained => "unexplained",
        Withheld::Settings => "settings",
    }
}

fn kind_name(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Entry => "entry",
        OrderKind::Target => "target",
        OrderKind::Stop => "stop",
        OrderKind::Close => "close",
    }
}

fn wrong_name(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Side => "on the wrong side",
        Wrong::TriggerType => "on the last price",
        Wrong::NotReduceOnly => "not reduce-only",
        Wrong::Figures => "with other figures",
    }
}

/// The words of the parts; a transcript writes the same ones.
pub(super) fn part_name(part: PartName) -> &'static str {
    match part {
        PartName::Positions => "positions",
        PartName::Orders => "orders",
        PartName::Triggers => "triggers",
        PartName::Fills => "fills",
        PartName::Funding => "fundings",
        PartName::Balance => "balance",
        PartName::Settings => "settings",
    }
}

fn failure(why: Failure) -> &'static str {
    match why {
        Failure::NoAnswer => "no answer",
        Failure::Refused => "refused",
        Failure::Incomplete => "incomplete",
    }
}
