//! What an exchange answers, when the author of the transcript is the exchange.

use gardefou_core::event::{Ended, Event, Fill, Liquidity, Reject};
use gardefou_core::money::Ticks;

use super::directives::order;
use super::fault::Fault;
use super::orders::{Asked, Order};
use super::say;
use super::stage::Stage;
use super::values::{cash, instant, price, quantity};
use super::words::Line;

/// `accept ORDER [QUANTITY] [@ PRICE]`: accepted, or a change confirmed; as asked by default.
pub(super) fn accept(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (order, word) = order(stage, line)?;
    let instrument = stage.instrument(order.id.symbol, &word)?;
    let mut lots = order.rest();
    if let Some(word) =
        line.takes_if(|w| w.text.starts_with(|c: char| c.is_ascii_digit()).then_some(*w))
    {
        lots = quantity(&word, &instrument)?;
    }
    let mut at = order.price.unwrap_or(Ticks::ZERO);
    if line.takes("@") {
        at = price(&line.word("a price")?, &instrument)?;
    }
    stage.takes_at(line)?;
    stage.tell(&Event::OrderAccepted { id: order.id, price: at, lots });
    Ok(())
}

/// `confirm [SYMBOL]`: the exchange says yes to everything that it has not answered.
pub(super) fn confirm(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let named = line.takes_if(|w| (w.text != "at").then_some(*w));
    let only = named.map(|word| stage.symbols(&word)).transpose()?;
    stage.takes_at(line)?;
    for order in stage.orders.unanswered() {
        if only.as_ref().is_none_or(|only| only.contains(&order.id.symbol)) {
            let event = yes(&order);
            stage.tell(&event);
        }
    }
    Ok(())
}

fn yes(order: &Order) -> Event {
    let id = order.id;
    if order.asked == Some(Asked::Cancel) {
        return Event::OrderCanceled { id, filled: order.filled(), why: Ended::Requested };
    }
    Event::OrderAccepted { id, price: order.price.unwrap_or(Ticks::ZERO), lots: order.rest() }
}

/// `reject ORDER REASON`: refused, or a change or cancel refused.
pub(super) fn reject(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (order, _) = order(stage, line)?;
    let word = line.word("a reason: busy")?;
    let why = say::REJECTS.into_iter().find(|&why: &Reject| say::reject(why) == word.text);
    let why = why.ok_or_else(|| word.unknown(&say::REJECTS.map(say::reject).join(", ")))?;
    stage.takes_at(line)?;
    stage.tell(&Event::OrderRejected { id: order.id, why });
    Ok(())
}

/// `fill ORDER [again] [QUANTITY] [@ PRICE] [maker|taker] [fee F] [stamped TIME] [at TIME]`.
pub(super) fn fill(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (order, word) = order(stage, line)?;
    let instrument = stage.instrument(order.id.symbol, &word)?;
    let again = line.takes("again");
    let last = order.fills.last().copied().filter(|_| again);
    if again && last.is_none() {
        return Err(word.fault("nothing of it was filled before", "remove `again`"));
    }
    let mut lots = last.map_or(order.rest(), |fill| fill.lots);
    if let Some(word) =
        line.takes_if(|w| w.text.starts_with(|c: char| c.is_ascii_digit()).then_some(*w))
    {
        lots = quantity(&word, &instrument)?;
    }
    let mut at = last.map_or(order.price, |fill| Some(fill.price));
    if line.takes("@") {
        at = Some(price(&line.word("a price")?, &instrument)?);
    }
    let Some(paid) = at else {
        return Err(word.fault("an order at market has no price of its own", "add `@ PRICE`"));
    };
    let liquidity = liquidity(&order, line);
    let fee = if line.takes("fee") { Some(cash(&line.word("a fee")?)?) } else { None };
    let stamp = if line.takes("stamped") { Some(line.word("a time")?) } else { None };
    stage.takes_at(line)?;
    let at = stamp.map(|word| instant(&word, stage.now)).transpose()?.unwrap_or(stage.now);
    let fee = fee.unwrap_or_else(|| stage.fee(order.id.symbol, paid, lots, liquidity));
    let fresh = match last {
        Some(last) => last.fill,
        None => stage.next_fill(),
    };
    let at = last.map_or(at, |last| last.at);
    let fill = Fill { id: order.id, fill: fresh, at, price: paid, lots, fee, liquidity };
    if let Some(exchange) = &mut stage.exchange {
        exchange.learn(&fill);
    }
    stage.tell(&Event::OrderFilled(fill));
    Ok(())
}

/// As written; otherwise a limit order rested and everything else crossed.
fn liquidity(order: &Order, line: &mut Line<'_>) -> Liquidity {
    use gardefou_core::ids::OrderKind;
    if line.takes("maker") {
        return Liquidity::Maker;
    }
    if line.takes("taker") {
        return Liquidity::Taker;
    }
    match (order.id.kind, order.price) {
        (OrderKind::Entry | OrderKind::Target, Some(_)) => Liquidity::Maker,
        (OrderKind::Entry | OrderKind::Target | OrderKind::Stop | OrderKind::Close, _) => {
            Liquidity::Taker
        }
    }
}

/// `canceled ORDER [filled QUANTITY] [REASON]`: it ended; executed as known by default.
pub(super) fn canceled(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (order, word) = order(stage, line)?;
    let mut filled = order.filled();
    if line.takes("filled") {
        let instrument = stage.instrument(order.id.symbol, &word)?;
        filled = quantity(&line.word("a quantity")?, &instrument)?;
    }
    let found = |text: &str| say::ENDS.into_iter().find(|&why: &Ended| say::ended(why) == text);
    let why = line.takes_if(|word| found(word.text)).unwrap_or(Ended::Requested);
    stage.takes_at(line)?;
    stage.tell(&Event::OrderCanceled { id: order.id, filled, why });
    Ok(())
}

/// `timeout ORDER`: no answer came to the last request about it.
pub(super) fn timeout(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (order, _) = order(stage, line)?;
    stage.takes_at(line)?;
    stage.tell(&Event::OrderUnconfirmed { id: order.id });
    Ok(())
}

/// `notfound ORDER`: the exchange was asked and does not know it.
pub(super) fn not_found(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (order, _) = order(stage, line)?;
    stage.takes_at(line)?;
    stage.tell(&Event::OrderNotFound { id: order.id });
    Ok(())
}
