//! What happened.

use gardefou_core::config::{EngineConfig, Mode};
use gardefou_core::event::{Fill, Liquidity, Reject};
use gardefou_core::ids::{BookId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Cash, Direction};
use gardefou_core::notice::Exposed;
use gardefou_core::notice::{Anomaly, CycleResult, FillReason, Notice, Readiness, Switch};
use gardefou_core::risk::switches::Cause;

use super::numbers::{
    cash, counted, length, minute, percent, percent_short, price, quantity, signed_cash,
    signed_usdt, usdt,
};
use super::{book_name, pair, refusal};

/// One sentence, without the place that [`place`] names.
#[must_use]
pub fn notice(config: &EngineConfig, notice: &Notice) -> String {
    match notice {
        Notice::Filled { fill, cycle, reason } => filled(config, fill, *cycle, *reason),
        Notice::Funded { rate, amount, .. } => funded(*amount, &percent(*rate)),
        Notice::CycleClosed(result) => closed(result),
        Notice::Refused { refusal: why, .. } => format!("nothing is quoted: {}", refusal(why)),
        Notice::SwitchTripped { switch, cause, .. } => match cause {
            Cause::Person { reason } => {
                let name = name(config, *switch);
                format!("{name} was tripped by hand: {reason}; no new entries")
            }
            Cause::Loss { loss, limit } => format!(
                "{} TRIPPED: lost {}, the limit is {}; no new entries",
                name(config, *switch),
                percent_short(*loss),
                percent(*limit)
            ),
        },
        Notice::SwitchReleased { switch, by, reason, .. } => format!(
            "{} released by {by}{}; entries are allowed again",
            name(config, *switch),
            because(reason)
        ),
        Notice::Paused { pause, .. } => format!(
            "paused by {}{}; no new entries, open cycles stay managed",
            pause.by,
            because(&pause.reason)
        ),
        Notice::Resumed { by, reason, .. } => {
            format!("resumed by {by}{}; entries are decided at the next close", because(reason))
        }
        Notice::Unprotected { since, why, .. } => {
            let (since, what) = (minute(*since), exposed(*why));
            format!("UNPROTECTED since {since} UTC: {what}")
        }
        Notice::Anomaly { what } => anomaly(config, what),
        Notice::Reconciled(plan) => super::plan(config, plan),
        Notice::Readiness { state, .. } => readiness(*state),
    }
}

/// A reason after the name of the one who has it.
fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn exposed(why: Exposed) -> &'static str {
    match why {
        Exposed::Unconfirmed => "the exchange has no stop for it; the position is being closed",
        Exposed::NotExecuted => {
            "the price is beyond its stop, which does not execute; it is being closed"
        }
        Exposed::NoAnswer => {
            "the exchange does not answer about its stop; still asking, nothing is added"
        }
    }
}

/// The book and the symbol that a notice is about, as far as it has them.
#[must_use]
pub fn place(notice: &Notice) -> (Option<BookId>, Option<SymbolId>) {
    match notice {
        Notice::Filled { fill, .. } => of_order(fill.id),
        Notice::Funded { book, symbol, .. }
        | Notice::Refused { book, symbol, .. }
        | Notice::Unprotected { book, symbol, .. }
        | Notice::Readiness { book, symbol, .. } => (Some(*book), Some(*symbol)),
        Notice::CycleClosed(result) => (Some(result.book), Some(result.symbol)),
        Notice::Reconciled(plan) => (Some(plan.book), None),
        Notice::SwitchTripped { switch, .. } | Notice::SwitchReleased { switch, .. } => {
            match switch {
                Switch::Session(book) => (Some(*book), None),
                Switch::Global(_) => (None, None),
            }
        }
        Notice::Paused { book, .. } | Notice::Resumed { book, .. } => (Some(*book), None),
        Notice::Anomaly { what } => match what {
            Anomaly::UnknownOrderFilled(fill) | Anomaly::FillChanged(fill) => of_order(fill.id),
            Anomaly::Rejected(id, _) => of_order(*id),
            Anomaly::Dust { book, symbol, .. }
            | Anomaly::TooOld { book, symbol, .. }
            | Anomaly::Unmatched { book, symbol, .. } => (Some(*book), Some(*symbol)),
            Anomaly::Impossible => (None, None),
            Anomaly::Gap { symbol, .. } | Anomaly::BrokenBar { symbol, .. } => {
                (None, Some(*symbol))
            }
        },
    }
}

/// The name of a level, as in transcripts: `L0` is the long level nearest to the market, `S0` the
/// short one.
#[must_use]
pub fn level(direction: Direction, level: u8) -> String {
    let side = match direction {
        Direction::Long => 'L',
        Direction::Short => 'S',
    };
    format!("{side}{level}")
}

fn of_order(id: OrderId) -> (Option<BookId>, Option<SymbolId>) {
    (Some(id.book), Some(id.symbol))
}

/// Why an execution happened, or why a cycle ended.
#[must_use]
pub fn fill_reason(reason: FillReason) -> &'static str {
    match reason {
        FillReason::Level => "level",
        FillReason::Signal => "signal",
        FillReason::Target => "target reached",
        FillReason::TargetAtClose => "target met by the close",
        FillReason::Stop => "STOP hit",
        FillReason::DirectionFlip => "trend turned",
        FillReason::TimeStop => "held too long",
        FillReason::OppositeFill => "other side filled first",
        FillReason::Emergency => "the position could not be kept under a stop",
        FillReason::KillSwitch => "kill switch",
        FillReason::Liquidation => "LIQUIDATED by the exchange",
        FillReason::Unheard => "closed by an order of ours whose reason was lost",
    }
}

fn filled(config: &EngineConfig, fill: &Fill, cycle: u32, reason: FillReason) -> String {
    let what = match reason {
        FillReason::Level => format!("level {}", level(fill.id.direction, fill.id.level)),
        FillReason::Signal
        | FillReason::Target
        | FillReason::TargetAtClose
        | FillReason::Stop
        | FillReason::DirectionFlip
        | FillReason::TimeStop
        | FillReason::OppositeFill
        | FillReason::Emergency
        | FillReason::KillSwitch
        | FillReason::Liquidation
        | FillReason::Unheard => fill_reason(reason).to_owned(),
    };
    let how = match fill.liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    };
    let fee = cash(fill.fee);
    format!("cycle {cycle}, {what}: {} ({how}, fee {fee})", execution(config, fill))
}

/// `buys 0.0121 BTC at 58,800.0`.
fn execution(config: &EngineConfig, fill: &Fill) -> String {
    let verb = if fill.id.buys() { "buys" } else { "sells" };
    match config.instrument(fill.id.symbol) {
        Some(i) => format!("{verb} {} at {}", quantity(i, fill.lots), price(i, fill.price)),
        None => format!("{verb} something that is not configured"),
    }
}

fn funded(amount: Cash, rate: &str) -> String {
    if amount.0 < 0 {
        format!("pays {} of funding at {rate}", usdt(-amount))
    } else {
        format!("receives {} of funding at {rate}", usdt(amount))
    }
}

fn closed(result: &CycleResult) -> String {
    let outcome = if result.net.is_positive() { "WON" } else { "LOST" };
    let direction = match result.direction {
        Direction::Long => "long",
        Direction::Short => "short",
    };
    let mut costs = format!("fees {}", cash(result.fees));
    if !result.funding.is_zero() {
        costs.push_str(&format!(", funding {}", signed_cash(result.funding)));
    }
    format!(
        "cycle {} {outcome} {} net: {}; {direction}, {}, {} ({costs})",
        result.cycle,
        signed_usdt(result.net),
        fill_reason(result.reason),
        counted(u32::from(result.levels), "level"),
        length(result.closed - result.opened),
    )
}

fn name(config: &EngineConfig, switch: Switch) -> String {
    match switch {
        Switch::Session(book) => format!("session switch of {}", book_name(config, book)),
        Switch::Global(Mode::Paper) => "global switch of the paper books".to_owned(),
        Switch::Global(Mode::Live) => "global switch of the live books".to_owned(),
    }
}

fn readiness(state: Readiness) -> String {
    match state {
        Readiness::Warming { missing } => {
            format!("warming up: {} of history missing", counted(missing, "bar"))
        }
        Readiness::Cooling { bars } => {
            format!("cold start: no entries for {}", counted(bars, "bar"))
        }
        Readiness::Ready => "ready: indicators can be trusted".to_owned(),
        Readiness::Gap => "not ready: bars are missing and not healed yet".to_owned(),
    }
}

fn anomaly(config: &EngineConfig, what: &Anomaly) -> String {
    match what {
        Anomaly::UnknownOrderFilled(fill) => {
            format!("order {} is not known here and {}", fill.id, execution(config, fill))
        }
        Anomaly::Rejected(id, why) => {
            format!("the exchange refused {}: {}", order(*id), reject(*why))
        }
        Anomaly::FillChanged(fill) => format!(
            "execution {} came again with other content: {}",
            fill.fill.0,
            execution(config, fill)
        ),
        Anomaly::TooOld { at, .. } => format!(
            "an execution or settlement of {} UTC was told so late that it may have been booked; it \
             is not booked, the account is compared",
            minute(*at)
        ),
        Anomaly::Unmatched { at, .. } => format!(
            "too many exits came without what they close: the one of {} UTC is not booked, the \
             account is compared",
            minute(*at)
        ),
        Anomaly::Dust { symbol, lots, .. } => {
            let rest = config.instrument(*symbol).map_or_else(String::new, |i| quantity(i, *lots));
            format!("the stop left a rest below the smallest order: {rest}")
        }
        Anomaly::Gap { from, missing, .. } => {
            format!("{} missing from {} UTC on", counted(*missing, "bar"), minute(*from))
        }
        Anomaly::Impossible => {
            "an event with figures that cannot be was ignored; the log has it".to_owned()
        }
        Anomaly::BrokenBar { symbol, at } => {
            format!(
                "the bar of {} at {} UTC is broken and was not used",
                pair(config, *symbol),
                minute(*at)
            )
        }
    }
}

pub(super) fn order(id: OrderId) -> String {
    match id.kind {
        OrderKind::Entry => format!("level {}", level(id.direction, id.level)),
        OrderKind::Target => "the target".to_owned(),
        OrderKind::Stop => "the stop".to_owned(),
        OrderKind::Close => "the closing order".to_owned(),
    }
}

fn reject(why: Reject) -> &'static str {
    match why {
        Reject::BelowMinimum => "below the smallest order",
        Reject::Precision => "price or quantity off the grid",
        Reject::InsufficientMargin => "not enough margin",
        Reject::NoPosition => "there is nothing to reduce",
        Reject::WrongSide => "the stop is on the wrong side of the mark price",
        Reject::Suspended => "the symbol is suspended",
        Reject::UnknownOrder => "the order is not there any more",
        Reject::Locked => "leverage cannot change while something is open",
        Reject::Busy => "the exchange is busy",
    }
}
