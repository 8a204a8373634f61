//! What a comparison with the account found, and what is done about it: one line a symbol.

use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{OrderId, OrderKind};
use gardefou_core::market::Instrument;
use gardefou_core::money::{Direction, Lots};
use gardefou_core::reconcile::{
    Action, Failure, Finding, Listed, PartName, Plan, SymbolPlan, Withheld, Wrong,
};

use super::notices::{level, order};
use super::numbers::{counted, minute, price, quantity, usdt};
use super::pair;

/// The whole plan, a line for each thing that differs; the first line is the head.
#[must_use]
pub fn plan(config: &EngineConfig, plan: &Plan) -> String {
    if plan.is_empty() {
        return "compared with the exchange: both sides agree again".to_owned();
    }
    let mut lines = vec!["compared with the exchange".to_owned()];
    for (part, why) in &plan.failed {
        lines.push(format!(
            "{} unknown, {}; nothing is concluded from that, and it is asked again",
            part_name(*part),
            failure(*why)
        ));
    }
    if let Some(epoch) = plan.writer {
        lines.push(format!(
            "another instance trades this account under our prefix (epoch {epoch}): no new entries; \
             stop it, then start this one again"
        ));
    }
    if let Some(differs) = plan.balance {
        let (ours, theirs) = (usdt(differs.ours), usdt(differs.theirs));
        lines.push(if differs.adopt {
            format!("the balance is {theirs}; taken over, as there is no history here")
        } else {
            format!("the balance is {theirs} there and {ours} here; look for what was not told")
        });
    }
    lines.extend(plan.symbols.iter().map(|found| symbol_line(config, found)));
    lines.join("; ")
}

fn symbol_line(config: &EngineConfig, found: &SymbolPlan) -> String {
    let (name, instrument) = match found.symbol {
        Listed::Symbol(symbol) => (pair(config, symbol), config.instrument(symbol)),
        Listed::Other(name) => (name.to_string(), None),
    };
    let findings = found.findings.iter().map(|f| finding(instrument, f));
    let actions = found.actions.iter().filter_map(|a| action(instrument, a));
    let findings: Vec<String> = findings.collect();
    let actions: Vec<String> = actions.collect();
    match (findings.is_empty(), actions.is_empty()) {
        (_, true) => format!("{name}: {}", findings.join(", ")),
        (true, false) => format!("{name}: {}", actions.join(", ")),
        (false, false) => format!("{name}: {} → {}", findings.join(", "), actions.join(", ")),
    }
}

fn lots_of(instrument: Option<&Instrument>, lots: Lots) -> String {
    instrument.map_or_else(|| format!("{} lots", lots.0), |i| quantity(i, lots))
}

fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

/// What differs.
fn finding(instrument: Option<&Instrument>, finding: &Finding) -> String {
    let size = |lots| lots_of(instrument, lots);
    match *finding {
        Finding::Rebuilt { direction, lots, levels } => format!(
            "{} {} of ours without a record, {}",
            side(direction),
            size(lots),
            counted(u32::from(levels), "level")
        ),
        Finding::EntryFilled { id, lots } => {
            format!("level {} filled {} unheard", level(id.direction, id.level), size(lots))
        }
        Finding::ExitFilled { kind, lots } => {
            format!("{} executed {} unheard", kind_name(kind), size(lots))
        }
        Finding::Closed { cycle } => format!("cycle {cycle} ended unheard"),
        Finding::FundingMissed { settlements } => {
            format!("{} of funding not told", counted(settlements, "settlement"))
        }
        Finding::Foreign { direction, lots } => {
            format!("somebody else holds {} {}, left alone", side(direction), size(lots))
        }
        Finding::Mixed { ours, theirs } => {
            format!("{} held, of which {} are ours", size(theirs), size(ours))
        }
        Finding::Missing { ours, theirs, .. } => {
            format!("{} held, our executions say {}; not believed", size(theirs), size(ours))
        }
        Finding::Unknown { part } => {
            format!("differs, and {} are unknown", part_name(part))
        }
        Finding::ForeignOrder { number } => format!("order {number} of somebody else, left alone"),
        Finding::OtherWriters { id } => format!("{id} is of another instance, left alone"),
        Finding::StopMissing { .. } => "its stop is NOT on the exchange".to_owned(),
        Finding::StopWrong { wrong, .. } => format!("a stop of ours {}", wrong_words(wrong)),
        Finding::Leftover { id } => format!("{} without a place", named(id)),
        Finding::OrderMissing { id } => format!("{} is not there", named(id)),
        Finding::OrderDiffers { id } => format!("{} stands otherwise than was told", named(id)),
        Finding::SettingsDiverged { leverage, wanted, margin_mode, hedged } => {
            let mut words = format!("leverage {leverage}× there, {wanted}× configured");
            if margin_mode {
                words.push_str(", another margin mode");
            }
            if hedged {
                words.push_str(", hedge mode");
            }
            words
        }
        Finding::SettingsUnknown => "the exchange does not list its leverage".to_owned(),
        Finding::NotConfigured { id: Some(id) } => {
            format!("{id} is ours, and the symbol is not run any more")
        }
        Finding::NotConfigured { id: None } => {
            "a position of ours, and the symbol is not run any more".to_owned()
        }
    }
}

/// What is done about it; what speaks for itself is left out.
fn action(instrument: Option<&Instrument>, action: &Action) -> Option<String> {
    Some(match *action {
        Action::Skip { fill, .. } => {
            format!("executions up to {} UTC are history", minute(fill.0))
        }
        Action::DropStop { .. } | Action::Book(_) | Action::BookForced(_) | Action::Fund(_) => {
            return None;
        }
        Action::AdoptStop { .. } => "its stop is taken over".to_owned(),
        Action::ReplaceStop { .. } => "that stop leaves once another one covers".to_owned(),
        Action::Protect { trigger, lots } => {
            let at = instrument.map_or_else(String::new, |i| format!(" at {}", price(i, trigger)));
            format!("stop for {}{at}", lots_of(instrument, lots))
        }
        Action::Confirm { id, .. } => format!("{} noted", named(id)),
        Action::AdoptTarget { .. } => "its target is taken over".to_owned(),
        Action::Withdraw { id } => format!("{} withdrawn", named(id)),
        Action::Ask { id } => format!("{} asked for", named(id)),
        Action::SetLeverage { leverage } => format!("leverage set to {leverage}×"),
        Action::Block(why) => format!("no entries: {}", withheld(why)),
        Action::Unblock => "entries allowed again".to_owned(),
    })
}

/// Why entries wait, as the end of a sentence.
#[must_use]
pub fn withheld(why: Withheld) -> &'static str {
    match why {
        Withheld::NotCompared => "the account has not been compared since the connection was made",
        Withheld::OtherWriter => "another instance trades this account under our prefix",
        Withheld::Foreign => "somebody else has a position or an order on it",
        Withheld::Unexplained => "the exchange does not hold what our executions say",
        Withheld::Settings => "leverage or modes there are not the configured ones",
    }
}

fn named(id: OrderId) -> String {
    order(id)
}

fn kind_name(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Entry => "an entry",
        OrderKind::Target => "the target",
        OrderKind::Stop => "the stop",
        OrderKind::Close => "a close",
    }
}

fn wrong_words(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Side => "would add to the position",
        Wrong::TriggerType => "is triggered by the last price",
        Wrong::NotReduceOnly => "could open a position",
        Wrong::Figures => "has other figures",
    }
}

fn part_name(part: PartName) -> &'static str {
    match part {
        PartName::Positions => "positions",
        PartName::Orders => "open orders",
        PartName::Triggers => "trigger orders",
        PartName::Fills => "executions",
        PartName::Funding => "funding payments",
        PartName::Balance => "the balance",
        PartName::Settings => "leverage and modes",
    }
}

fn failure(why: Failure) -> &'static str {
    match why {
        Failure::NoAnswer => "the exchange did not answer",
        Failure::Refused => "the exchange refused the question",
        Failure::Incomplete => "the answer is not complete",
    }
}
