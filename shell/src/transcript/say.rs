//! How commands and what the exchange says are written: one line each, prices in USDT,
//! quantities in coin.

use gardefou_core::command::Command;
use gardefou_core::event::{Ended, Event, Fill, Liquidity, OrderNews, Reject};
use gardefou_core::ids::{OrderId, SymbolId};
use gardefou_core::money::{Lots, Ticks};
use gardefou_core::step::{Wake, WakeReason};

use super::orders::Orders;
use super::values::{in_percent, time, usdt};

/// A price of a symbol.
pub(super) fn price(orders: &Orders, symbol: SymbolId, ticks: Ticks) -> String {
    orders.instrument(symbol).map_or_else(|| "?".to_owned(), |i| i.price(ticks).to_string())
}

/// A quantity of a symbol.
pub(super) fn quantity(orders: &Orders, symbol: SymbolId, lots: Lots) -> String {
    orders.instrument(symbol).map_or_else(|| "?".to_owned(), |i| i.quantity(lots).to_string())
}

/// `buy 0.0100`.
fn trade(orders: &Orders, id: OrderId, lots: Lots) -> String {
    let side = if id.buys() { "buy" } else { "sell" };
    format!("{side} {}", quantity(orders, id.symbol, lots))
}

/// A command, without its mark.
pub(super) fn command(orders: &Orders, command: &Command) -> String {
    let at = |id: OrderId, ticks| price(orders, id.symbol, ticks);
    match *command {
        Command::Place(order) => {
            let limit =
                order.limit.map_or_else(|| "market".to_owned(), |limit| at(order.id, limit));
            let stop =
                order.preset.map_or_else(String::new, |p| format!(" stop {}", at(order.id, p)));
            let (label, trade) = (orders.label(order.id), trade(orders, order.id, order.lots));
            format!("place {label} {trade} @ {limit}{stop}")
        }
        Command::Amend { id, price, lots } => {
            format!("amend {} {} @ {}", orders.label(id), trade(orders, id, lots), at(id, price))
        }
        Command::Cancel { id } => format!("cancel {}", orders.label(id)),
        Command::PlaceStop { id, trigger, lots } => {
            let (label, trade) = (orders.label(id), trade(orders, id, lots));
            format!("place {label} {trade} when {}", at(id, trigger))
        }
        Command::AmendStop { id, trigger, lots } => {
            let (label, trade) = (orders.label(id), trade(orders, id, lots));
            format!("amend {label} {trade} when {}", at(id, trigger))
        }
        Command::Query { id } => format!("query {}", orders.label(id)),
        Command::FetchBars { symbol, from, count } => {
            format!("fetch {} {count} bars from {}", orders.symbol(symbol), time(from))
        }
        Command::QueryAccount { book, since } => {
            let since = if since.0 == 0 { "ever".to_owned() } else { time(since) };
            format!("query account {} since {since}", orders.book(book))
        }
        Command::SetLeverage { book, symbol, leverage } => {
            format!("set leverage {} {leverage}", orders.place(book, symbol))
        }
    }
}

/// What an attached exchange says, without its mark; none for what only confirms a command.
pub(super) fn event(orders: &Orders, event: &Event) -> Option<String> {
    if let Event::PositionLiquidated { book, symbol, price: at, lots, fee, .. } = event {
        let (place, lots) = (orders.place(*book, *symbol), quantity(orders, *symbol, *lots));
        let at = price(orders, *symbol, *at);
        return Some(format!("liquidate {place} {lots} @ {at} fee {}", usdt(*fee)));
    }
    if let Event::FundingSettled { book, symbol, rate, price: at, lots, amount, .. } = event {
        let (place, lots) = (orders.place(*book, *symbol), quantity(orders, *symbol, *lots));
        let (at, rate) = (price(orders, *symbol, *at), in_percent(*rate));
        return Some(format!("funding {place} {rate} {lots} @ {at} amount {}", usdt(*amount)));
    }
    let (id, news) = event.order_news()?;
    let label = orders.label(id);
    match news {
        OrderNews::Filled(fill) => Some(format!("fill {}", execution(orders, fill))),
        OrderNews::Rejected(why) => Some(format!("reject {label} {}", reject(why))),
        OrderNews::Canceled { why: Ended::Requested, .. } | OrderNews::Accepted { .. } => None,
        OrderNews::Canceled { filled, why } => {
            let filled = quantity(orders, id.symbol, filled);
            Some(format!("canceled {label} filled {filled} {}", ended(why)))
        }
        OrderNews::Unconfirmed => Some(format!("timeout {label}")),
        OrderNews::NotFound => Some(format!("notfound {label}")),
    }
}

/// `BTCUSDT L0 buy 0.0100 @ 58800.0 maker fee 0.1176`.
pub(super) fn execution(orders: &Orders, fill: &Fill) -> String {
    let liquidity = match fill.liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    };
    format!(
        "{} {} @ {} {liquidity} fee {}",
        orders.label(fill.id),
        trade(orders, fill.id, fill.lots),
        price(orders, fill.id.symbol, fill.price),
        usdt(fill.fee),
    )
}

/// The words of a rejection; a transcript writes the same ones.
pub(super) fn reject(why: Reject) -> &'static str {
    match why {
        Reject::BelowMinimum => "below_minimum",
        Reject::Precision => "precision",
        Reject::InsufficientMargin => "insufficient_margin",
        Reject::NoPosition => "no_position",
        Reject::WrongSide => "wrong_side",
        Reject::Suspended => "suspended",
        Reject::UnknownOrder => "unknown_order",
        Reject::Locked => "locked",
        Reject::Busy => "busy",
    }
}

/// Every rejection.
pub(super) const REJECTS: [Reject; 9] = [
    Reject::BelowMinimum,
    Reject::Precision,
    Reject::InsufficientMargin,
    Reject::NoPosition,
    Reject::WrongSide,
    Reject::Suspended,
    Reject::UnknownOrder,
    Reject::Locked,
    Reject::Busy,
];

/// The words of an end; a transcript writes the same ones.
pub(super) fn ended(why: Ended) -> &'static str {
    match why {
        Ended::Requested => "requested",
        Ended::NothingTraded => "nothing_traded",
        Ended::NothingToReduce => "nothing_to_reduce",
        Ended::ByExchange => "by_exchange",
    }
}

/// Every end.
pub(super) const ENDS: [Ended; 4] =
    [Ended::Requested, Ended::NothingTraded, Ended::NothingToReduce, Ended::ByExchange];

/// When the engine wants to be woken.
pub(super) fn wake(wake: Option<Wake>) -> String {
    let Some(Wake { at, why }) = wake else { return "wake none".to_owned() };
    let why = match why {
        WakeReason::StopDeadline => "stop deadline",
        WakeReason::RoundDeadline => "round deadline",
        WakeReason::AskAgain => "ask again",
        WakeReason::CloseAgain => "close again",
        WakeReason::Reconcile => "reconcile",
    };
    format!("wake {} {why}", time(at))
}
