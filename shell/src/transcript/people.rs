//! Money, people, the clock and the process: everything that is neither market nor answer.

use gardefou_core::config::Mode;
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Feed, Request};
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::money::{Cash, Direction};
use gardefou_core::notice::Switch;

use super::directives::{book, place};
use super::fault::Fault;
use super::stage::Stage;
use super::values::{cash, instant, percent, price, quantity};
use super::words::Line;

/// `funding SYMBOL RATE @ PRICE [QUANTITY] [amount A] [for TIME] [at TIME]`: settled on what is held.
pub(super) fn funding(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let (book, symbol) = place(stage, line)?;
    let rate_word = line.word("a rate: 0.01%")?;
    let (rate, instrument) = (percent(&rate_word)?, stage.instrument(symbol, &rate_word)?);
    if !line.takes("@") {
        return Err(line.fault("no price", "add `@ PRICE` after the rate"));
    }
    let at_price = price(&line.word("a price")?, &instrument)?;
    let cycle = stage.engine.lane(book, symbol).and_then(|lane| lane.cycle.as_ref());
    let direction = cycle.map_or(Direction::Long, |cycle| cycle.direction);
    let mut lots = cycle.map_or(gardefou_core::money::Lots::ZERO, |cycle| cycle.basis.lots);
    if let Some(word) =
        line.takes_if(|w| w.text.starts_with(|c: char| c.is_ascii_digit()).then_some(*w))
    {
        lots = quantity(&word, &instrument)?;
    }
    let due = instrument.notional(at_price, lots).times_half_even(rate);
    let mut amount = Cash(-due.0 * i128::from(direction.sign()));
    if line.takes("amount") {
        amount = cash(&line.word("an amount")?)?;
    }
    let settled = if line.takes("for") { Some(line.word("a time")?) } else { None };
    stage.takes_at(line)?;
    let at = settled.map(|word| instant(&word, stage.now)).transpose()?.unwrap_or(stage.now);
    let event = Event::FundingSettled { book, symbol, at, rate, price: at_price, lots, amount };
    stage.tell(&event);
    Ok(())
}

/// `settle SYMBOL RATE @ PRICE`: the attached exchange settles funding on what it holds.
pub(super) fn settle(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let symbol = stage.symbol(&line.word("a symbol")?)?;
    let word = line.word("a rate: 0.01%")?;
    let (rate, instrument) = (percent(&word)?, stage.instrument(symbol, &word)?);
    if !line.takes("@") {
        return Err(line.fault("no price", "add `@ PRICE` after the rate"));
    }
    let at_price = price(&line.word("a price")?, &instrument)?;
    stage.takes_at(line)?;
    let now = stage.now;
    let Some(exchange) = &mut stage.exchange else {
        return Err(word.fault("no exchange is attached", "write `funding` instead"));
    };
    exchange.fund(now, symbol, rate, at_price);
    stage.settle();
    Ok(())
}

/// `liquidate SYMBOL @ PRICE [fee F]`: the exchange closes what is held by force;
/// `liquidate again` tells the last one a second time.
pub(super) fn liquidate(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    if line.takes("again") {
        let fault = line.fault("nothing was liquidated before", "remove `again`");
        let event = stage.liquidated.clone().ok_or(fault)?;
        stage.takes_at(line)?;
        stage.tell(&event);
        return Ok(());
    }
    let (book, symbol) = place(stage, line)?;
    if !line.takes("@") {
        return Err(line.fault("no price", "add `@ PRICE`"));
    }
    let word = line.word("a price")?;
    let instrument = stage.instrument(symbol, &word)?;
    let price = price(&word, &instrument)?;
    let held = stage.engine.lane(book, symbol).and_then(|lane| lane.cycle.as_ref());
    let Some(lots) = held.map(|cycle| cycle.basis.lots) else {
        return Err(word.fault("nothing is held", "liquidate an open cycle"));
    };
    let mut fee = instrument.notional(price, lots).times_up(stage.config.costs.liquidation);
    if line.takes("fee") {
        fee = cash(&line.word("a fee")?)?;
    }
    stage.takes_at(line)?;
    let (fill, at) = (stage.next_fill(), stage.now);
    let event = Event::PositionLiquidated { book, symbol, fill, at, price, lots, fee };
    stage.liquidated = Some(event.clone());
    stage.tell(&event);
    Ok(())
}

/// `deposit [book] AMOUNT` and `withdraw [book] AMOUNT`.
pub(super) fn move_money(stage: &mut Stage, line: &mut Line<'_>, sign: i128) -> Result<(), Fault> {
    let book = book(stage, line)?;
    let amount = cash(&line.word("an amount")?)?;
    stage.takes_at(line)?;
    let (now, amount) = (stage.now, Cash(amount.0 * sign));
    let exchange = stage.exchange.as_mut();
    if exchange.is_some_and(|exchange| exchange.move_money(now, book, amount)) {
        stage.settle();
    } else {
        stage.tell(&Event::BalanceMoved { book, amount });
    }
    Ok(())
}

/// `kill [book|all] [by NAME] WORDS`: a person stops new entries, for a reason; `pause` and `resume`
/// the same.
pub(super) fn ask(
    stage: &mut Stage,
    line: &mut Line<'_>,
    request: impl FnOnce(Option<BookId>, String) -> Request,
) -> Result<(), Fault> {
    let book = if line.takes("all") { None } else { Some(book(stage, line)?) };
    let by = name(line)?;
    let request = request(book, rest(line));
    stage.tell(&Event::RequestMade { request, by });
    Ok(())
}

pub(super) fn kill(book: Option<BookId>, reason: String) -> Request {
    Request::Kill { book, reason }
}

pub(super) fn pause(book: Option<BookId>, reason: String) -> Request {
    Request::Pause { book, reason }
}

pub(super) fn resume(book: Option<BookId>, reason: String) -> Request {
    Request::Resume { book, reason }
}

/// Takes `by NAME`; the operator when nobody is named.
fn name(line: &mut Line<'_>) -> Result<String, Fault> {
    let name = if line.takes("by") { line.word("a name")?.text } else { "operator" };
    Ok(name.to_owned())
}

/// Takes what is left of a line, as a reason.
fn rest(line: &mut Line<'_>) -> String {
    let mut words = Vec::new();
    while let Some(word) = line.take() {
        words.push(word.text);
    }
    words.join(" ")
}

/// `release [book|global] [by NAME] [because WORDS]`.
pub(super) fn release(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let switches = if line.takes("global") {
        vec![Switch::Global(Mode::Paper), Switch::Global(Mode::Live)]
    } else {
        vec![Switch::Session(book(stage, line)?)]
    };
    let by = name(line)?;
    let reason = if line.takes("because") { rest(line) } else { String::new() };
    stage.takes_at(line)?;
    for switch in switches {
        let request = Request::Release { switch, reason: reason.clone() };
        stage.tell(&Event::RequestMade { request, by: by.clone() });
    }
    Ok(())
}

/// `time +5s` or `time 10:00:05`: the clock goes there, stopping at every deadline.
pub(super) fn time(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word("a time: +5s")?;
    line.done()?;
    stage.advance_to(&word, true)
}

/// `boot [SYMBOLS… | none]`: the process starts, and the feeds of these symbols stream; all of
/// them when none is named.
pub(super) fn boot(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let mut streaming = Vec::new();
    let all = line.is_at_end();
    while let Some(word) = line.takes_if(|word| (word.text != "none").then_some(*word)) {
        streaming.extend(stage.symbols(&word)?);
    }
    line.takes("none");
    line.done()?;
    if all {
        streaming = (0..stage.config.instruments.len() as u16).map(SymbolId).collect();
    }
    booted(stage);
    for symbol in streaming {
        stage.tell(&Event::FeedChanged { symbol, feed: Feed::Streaming });
    }
    Ok(())
}

fn booted(stage: &mut Stage) {
    let epoch = u32::try_from(stage.now.0 / 1_000).unwrap_or(u32::MAX);
    stage.tell(&Event::Booted { epoch });
}

/// `down [at TIME]`: the process dies. What the exchange says from now on is not heard.
pub(super) fn down(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    stage.takes_at(line)?;
    stage.go_down();
    Ok(())
}

/// `reconnect [book] [at TIME]`: the connection to the account was made.
pub(super) fn reconnect(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let book = book(stage, line)?;
    stage.takes_at(line)?;
    stage.tell(&Event::Reconnected { book });
    Ok(())
}

/// `reconcile [book|all] [at TIME]`: a person wants the books compared with their accounts.
pub(super) fn reconcile(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let book = if line.takes("all") { None } else { Some(book(stage, line)?) };
    stage.takes_at(line)?;
    let request = Request::Reconcile { book };
    stage.tell(&Event::RequestMade { request, by: "operator".to_owned() });
    Ok(())
}

/// `restart with state`: the state is written, read back and booted. `restart cold`: it is lost.
pub(super) fn restart(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word("`with state` or `cold`")?;
    let kept = match word.text {
        "with" if line.takes("state") => true,
        "cold" => false,
        _ => return Err(word.unknown("`with state` or `cold`")),
    };
    stage.takes_at(line)?;
    let engine = if kept {
        saved_and_loaded(&stage.engine).map_err(|why| word.fault(why, "report this"))?
    } else {
        Engine::new(stage.config.clone())
    };
    stage.replace_engine(engine);
    booted(stage);
    Ok(())
}

/// The engine after a trip through bytes, which must be the same engine.
fn saved_and_loaded(engine: &Engine) -> Result<Engine, String> {
    let text = |engine: &Engine| serde_json::to_string(engine).map_err(|why| why.to_string());
    let saved = text(engine)?;
    let loaded = serde_json::from_str(&saved).map_err(|why| format!("not readable: {why}"))?;
    if text(&loaded)? == saved { Ok(loaded) } else { Err("the loaded state differs".to_owned()) }
}
