//! How notices are written: one line each, exact figures.

use gardefou_core::config::Mode;
use gardefou_core::event::Fill;
use gardefou_core::money::Direction;
use gardefou_core::notice::Exposed;
use gardefou_core::notice::{Anomaly, CycleResult, FillReason, Notice, Readiness, Switch};
use gardefou_core::risk::Refusal;
use gardefou_core::risk::switches::Cause;

use super::orders::Orders;
use super::say::{execution, price, quantity, reject};
use super::say_plan;
use super::values::{in_percent, length, time, usdt};

/// The notices of one step, without their marks. Equal refusals of three and more neighbours are
/// said once: `C05..C26`.
pub(super) fn notices(orders: &Orders, notices: &[Notice]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(first) = notices.get(at) {
        let run = notices[at..].windows(2).take_while(|two| neighbours(&two[0], &two[1])).count();
        let last = &notices[at + run];
        if let (Notice::Refused { book, symbol, refusal }, Notice::Refused { symbol: end, .. }) =
            (first, last)
            && run >= 2
        {
            let (place, end) = (orders.place(*book, *symbol), orders.symbol(*end));
            lines.push(format!("{place}..{end} refused: {}", refused(refusal)));
            at += run + 1;
        } else {
            if let Notice::Reconciled(plan) = first {
                lines.extend(say_plan::plan(orders, plan));
            } else {
                lines.push(notice(orders, first));
            }
            at += 1;
        }
    }
    lines
}

/// True when the second refuses for the next symbol what the first refused.
fn neighbours(one: &Notice, two: &Notice) -> bool {
    let (
        Notice::Refused { book: b1, symbol: s1, refusal: r1 },
        Notice::Refused { book: b2, symbol: s2, refusal: r2 },
    ) = (one, two)
    else {
        return false;
    };
    b1 == b2 && r1 == r2 && s1.0 + 1 == s2.0
}

/// A notice, without its mark.
fn notice(orders: &Orders, notice: &Notice) -> String {
    match notice {
        Notice::Filled { fill, cycle, reason } => filled(orders, fill, *cycle, *reason),
        Notice::Funded { book, symbol, cycle, rate, price: at, lots, amount, .. } => {
            let (place, lots) = (orders.place(*book, *symbol), quantity(orders, *symbol, *lots));
            let (at, rate, amount) =
                (price(orders, *symbol, *at), in_percent(*rate), usdt(*amount));
            format!("{place} cycle {cycle} funding {amount} = {rate} of {lots} @ {at}")
        }
        Notice::CycleClosed(result) => closed(orders, result),
        Notice::Refused { book, symbol, refusal } => {
            format!("{} refused: {}", orders.place(*book, *symbol), refused(refusal))
        }
        Notice::SwitchTripped { switch, cause, .. } => tripped(orders, *switch, cause),
        Notice::SwitchReleased { switch, by, reason, .. } => {
            format!("{} released by {by}{}", named(orders, *switch), because(reason))
        }
        Notice::Paused { book, pause } => {
            format!("{} PAUSED by {}{}", orders.book(*book), pause.by, because(&pause.reason))
        }
        Notice::Resumed { book, by, reason, .. } => {
            format!("{} resumed by {by}{}", orders.book(*book), because(reason))
        }
        Notice::Unprotected { book, symbol, since, why } => {
            let why = match why {
                Exposed::Unconfirmed => "stop not confirmed",
                Exposed::NotExecuted => "stop not executed",
                Exposed::NoAnswer => "no answer",
            };
            format!("{} UNPROTECTED since {}: {why}", orders.place(*book, *symbol), time(*since))
        }
        Notice::Anomaly { what } => format!("anomaly: {}", anomaly(orders, what)),
        Notice::Reconciled(plan) => say_plan::plan(orders, plan).join("; "),
        Notice::Readiness { book, symbol, state } => {
            format!("{} is {}", orders.place(*book, *symbol), readiness(*state))
        }
    }
}

fn filled(orders: &Orders, fill: &Fill, cycle: u32, reason: FillReason) -> String {
    let place = orders.place(fill.id.book, fill.id.symbol);
    let execution = execution(orders, fill);
    let rest = execution.strip_prefix(&place).unwrap_or(&execution);
    format!("{place} cycle {cycle} {}:{rest}", why(reason))
}

fn closed(orders: &Orders, r: &CycleResult) -> String {
    let place = orders.place(r.book, r.symbol);
    let direction = match r.direction {
        Direction::Long => "long",
        Direction::Short => "short",
    };
    format!(
        "{place} cycle {} closed by {}: {direction} {} in {} levels held {} gross {} fees {} funding {} net {}",
        r.cycle,
        why(r.reason),
        quantity(orders, r.symbol, r.lots),
        r.levels,
        length(r.closed - r.opened),
        usdt(r.gross),
        usdt(r.fees),
        usdt(r.funding),
        usdt(r.net),
    )
}

/// The words of a reason.
pub(super) fn why(reason: FillReason) -> &'static str {
    match reason {
        FillReason::Level => "level",
        FillReason::Signal => "signal",
        FillReason::Target => "target",
        FillReason::TargetAtClose => "target_at_close",
        FillReason::Stop => "stop",
        FillReason::DirectionFlip => "direction_flip",
        FillReason::TimeStop => "time_stop",
        FillReason::OppositeFill => "opposite_fill",
        FillReason::Emergency => "emergency",
        FillReason::KillSwitch => "kill_switch",
        FillReason::Liquidation => "liquidation",
        FillReason::Unheard => "unheard",
    }
}

/// A refusal with its numbers.
pub(super) fn refused(refusal: &Refusal) -> String {
    let name = Refusal::NAMES.get(refusal.kind()).copied().unwrap_or("?");
    let numbers = match *refusal {
        Refusal::BelowMinimum
        | Refusal::Disarmed
        | Refusal::KillSwitch
        | Refusal::NoSignal
        | Refusal::NotReady
        | Refusal::Paused
        | Refusal::Unprotected => return name.to_owned(),
        Refusal::CorrelationExposure { needed, limit } => {
            format!("needs {} of {}", usdt(needed), usdt(limit))
        }
        Refusal::CorrelationGroup { open, limit } => format!("{open} open of {limit}"),
        Refusal::ColdStart { bars } | Refusal::Cooldown { bars } => format!("{bars} bars left"),
        Refusal::FreeMargin { free, floor } => {
            format!("{} would remain, floor {}", usdt(free), usdt(floor))
        }
        Refusal::LossAtStop { loss, limit } => format!("{} of {}", usdt(loss), usdt(limit)),
        Refusal::MarginGuard { needed, cap } => format!("needs {} of {}", usdt(needed), usdt(cap)),
        Refusal::MaxConcurrentPositions { limit } | Refusal::MaxLiveGrids { limit } => {
            format!("limit {limit}")
        }
        Refusal::RoundTrip { gain, fees } => format!("gain {} fees {}", usdt(gain), usdt(fees)),
        Refusal::Unreconciled { why } => say_plan::withheld(why).to_owned(),
        Refusal::Volatility { atr } => format!("atr {}", in_percent(atr)),
    };
    format!("{name}, {numbers}")
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn tripped(orders: &Orders, switch: Switch, cause: &Cause) -> String {
    let name = named(orders, switch);
    match cause {
        Cause::Person { reason } => format!("{name} TRIPPED by a person: {reason}"),
        Cause::Loss { loss, limit } => {
            format!("{name} TRIPPED: loss {} limit {}", in_percent(*loss), in_percent(*limit))
        }
    }
}

/// The name of a switch.
pub(super) fn named(orders: &Orders, switch: Switch) -> String {
    match switch {
        Switch::Session(book) => format!("{} session switch", orders.book(book)),
        Switch::Global(Mode::Live) => "live global switch".to_owned(),
        Switch::Global(Mode::Paper) => "paper global switch".to_owned(),
    }
}

fn anomaly(orders: &Orders, what: &Anomaly) -> String {
    match what {
        Anomaly::UnknownOrderFilled(fill) => {
            format!("fill without a place in the books: {}", execution(orders, fill))
        }
        Anomaly::Rejected(id, why) => format!("{} rejected {}", orders.label(*id), reject(*why)),
        Anomaly::FillChanged(fill) => format!("fill changed: {}", execution(orders, fill)),
        Anomaly::TooOld { book, symbol, at } => {
            format!("{} told too late of {}", orders.place(*book, *symbol), time(*at))
        }
        Anomaly::Unmatched { book, symbol, at } => {
            format!(
                "{} exit without entry forgotten of {}",
                orders.place(*book, *symbol),
                time(*at)
            )
        }
        Anomaly::Dust { book, symbol, lots } => {
            let lots = quantity(orders, *symbol, *lots);
            format!("{} dust {lots}", orders.place(*book, *symbol))
        }
        Anomaly::Gap { symbol, from, missing } => {
            format!("{} gap of {missing} bars from {}", orders.symbol(*symbol), time(*from))
        }
        Anomaly::Impossible => "impossible figures".to_owned(),
        Anomaly::BrokenBar { symbol, at } => {
            format!("{} broken bar {}", orders.symbol(*symbol), time(*at))
        }
    }
}

/// How far a symbol is from deciding.
pub(super) fn readiness(state: Readiness) -> String {
    match state {
        Readiness::Warming { missing } => format!("warming {missing}"),
        Readiness::Cooling { bars } => format!("cooling {bars}"),
        Readiness::Ready => "ready".to_owned(),
        Readiness::Gap => "gap".to_owned(),
    }
}
