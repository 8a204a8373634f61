//! What may happen in a transcript: each directive by name, and how it names orders.

use gardefou_core::ids::{BookId, OrderKind, SymbolId};
use gardefou_core::money::Direction;

use super::fault::Fault;
use super::file::Directive;
use super::orders::{Name, Order};
use super::stage::Stage;
use super::values::whole;
use super::words::{Line, Word};
use super::{answers, exchange, market, people, state};

const DIRECTIVES: &str = "bar, bars, round, price, history, feed, accept, confirm, reject, fill, \
    canceled, timeout, notfound, funding, settle, liquidate, deposit, withdraw, kill, release, time, \
    exchange, boot, down, restart, reconnect, reconcile, state or check";

/// Performs one directive.
pub(super) fn perform(stage: &mut Stage, directive: &Directive<'_>) -> Result<(), Fault> {
    let mut line = directive.head.clone();
    let word = line.word(DIRECTIVES)?;
    if word.text != "round"
        && let Some(first) = directive.body.first().and_then(Line::peek)
    {
        return Err(first.fault("an indented line below a directive that has none", "unindent it"));
    }
    let line = &mut line;
    match word.text {
        "history" => market::history(stage, line),
        "feed" => market::feed(stage, line),
        "bar" => market::bar(stage, line),
        "bars" => market::bars(stage, line),
        "round" => market::round(stage, line, &directive.body),
        "price" => market::price(stage, line),
        "accept" => answers::accept(stage, line),
        "confirm" => answers::confirm(stage, line),
        "reject" => answers::reject(stage, line),
        "fill" => answers::fill(stage, line),
        "canceled" => answers::canceled(stage, line),
        "timeout" => answers::timeout(stage, line),
        "notfound" => answers::not_found(stage, line),
        "funding" => people::funding(stage, line),
        "settle" => people::settle(stage, line),
        "liquidate" => people::liquidate(stage, line),
        "deposit" => people::move_money(stage, line, 1),
        "withdraw" => people::move_money(stage, line, -1),
        "kill" => people::ask(stage, line, people::kill),
        "pause" => people::ask(stage, line, people::pause),
        "resume" => people::ask(stage, line, people::resume),
        "release" => people::release(stage, line),
        "time" => people::time(stage, line),
        "exchange" => exchange::attach(stage, line),
        "boot" => people::boot(stage, line),
        "restart" => people::restart(stage, line),
        "down" => people::down(stage, line),
        "reconnect" => people::reconnect(stage, line),
        "reconcile" => people::reconcile(stage, line),
        "state" => state::show(stage, line),
        "check" => state::check(stage, line),
        "config" => Err(word.fault("a second `config`", "write one file per configuration")),
        _ => Err(word.unknown(DIRECTIVES)),
    }
}

/// Takes the name of a book; the only one when there is one.
pub(super) fn book(stage: &Stage, line: &mut Line<'_>) -> Result<BookId, Fault> {
    if let Some(book) = named_book(stage, line) {
        return Ok(book);
    }
    let books = stage.orders.books();
    if books.len() == 1 {
        return Ok(BookId(0));
    }
    let instead = format!("write {} before the symbol", books.join(" or "));
    let what = "there are several books";
    Err(line.peek().map_or_else(|| line.fault(what, &*instead), |word| word.fault(what, &*instead)))
}

/// Takes the name of a book when one stands here.
pub(super) fn named_book(stage: &Stage, line: &mut Line<'_>) -> Option<BookId> {
    let books = stage.orders.books();
    let at = line.takes_if(|word| books.iter().position(|book| book == word.text))?;
    Some(BookId(at as u16))
}

/// Takes `[book] SYMBOL`.
pub(super) fn place(stage: &Stage, line: &mut Line<'_>) -> Result<(BookId, SymbolId), Fault> {
    let book = book(stage, line)?;
    let word = line.word("a symbol")?;
    Ok((book, stage.symbol(&word)?))
}

/// Takes `[book] SYMBOL L0`, `S0`, `target`, `stop` or `close`, with `#2` for the second one: an
/// order that the engine has asked for. Without a number it is the last one of its name.
pub(super) fn order<'a>(stage: &Stage, line: &mut Line<'a>) -> Result<(Order, Word<'a>), Fault> {
    let (book, symbol) = place(stage, line)?;
    let word = line.word("L0, S0, target, stop or close")?;
    let (what, instance) = word.split("#");
    let name = named(book, symbol, &what)?;
    let found = match instance {
        Some(number) => {
            let number: usize = whole(&number)?;
            stage.orders.named(name).find(|order| order.instance == number)
        }
        None => stage.orders.named(name).next_back(),
    };
    let found = found.cloned().ok_or_else(|| {
        let what = format!("{} {} was never placed", stage.orders.place(book, symbol), word.text);
        word.fault(what, "name an order that a `> place` line above shows")
    })?;
    Ok((found, word))
}

/// Takes `[book] SYMBOL L0`, and so on: the orders of a name, whether one was asked for or not.
pub(super) fn name(stage: &Stage, line: &mut Line<'_>) -> Result<Name, Fault> {
    let (book, symbol) = place(stage, line)?;
    named(book, symbol, &line.word("L0, S0, target, stop or close")?)
}

fn named(book: BookId, symbol: SymbolId, word: &Word<'_>) -> Result<Name, Fault> {
    let (kind, rung) = kind(word)?;
    Ok(Name { book, symbol, kind, rung })
}

fn kind(word: &Word<'_>) -> Result<(OrderKind, Option<(Direction, u8)>), Fault> {
    let rung = |direction, level: &str| {
        level.parse::<u8>().ok().map(|level| (OrderKind::Entry, Some((direction, level))))
    };
    let found = match word.text {
        "target" => Some((OrderKind::Target, None)),
        "stop" => Some((OrderKind::Stop, None)),
        "close" => Some((OrderKind::Close, None)),
        text => match (text.strip_prefix('L'), text.strip_prefix('S')) {
            (Some(level), _) => rung(Direction::Long, level),
            (None, Some(level)) => rung(Direction::Short, level),
            (None, None) => None,
        },
    };
    found.ok_or_else(|| word.unknown("L0 (a long level), S0 (a short one), target, stop or close"))
}
