//! `exchange …`: which exchange answers, how it behaves, and what goes wrong there.

use gardefou_core::event::Reject;
use gardefou_core::ids::BookId;
use gardefou_core::money::{Direction, Fraction};
use gardefou_core::reconcile::PartName;
use gardefou_core::time::Span;
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::bars::walk::Place;
use gardefou_core::venue::prices::{Minimums, Settings, Status};

use super::prices::{Message, Mishap, Misstatement, OnPrices};
use super::{Agreeing, Exchange, OnBars};
use crate::transcript::directives::{book, name, named_book, order as named_order, place};
use crate::transcript::fault::Fault;
use crate::transcript::say;
use crate::transcript::say_plan::part_name;
use crate::transcript::stage::Stage;
use crate::transcript::values::{percent, price, quantity, span, whole};
use crate::transcript::words::{Line, Word};

/// `exchange none|agrees|bars …|prices …`, or an order to the one on prices.
pub(in crate::transcript) fn attach(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word(KINDS)?;
    stage.exchange = match word.text {
        "none" => None,
        "agrees" => Some(Box::new(Agreeing::default())),
        "bars" => Some(on_bars(stage, line)?),
        "prices" => Some(on_prices(stage, line)?),
        _ => return order(stage, line, &word),
    };
    line.done()?;
    stage.settle();
    Ok(())
}

const KINDS: &str = "none, agrees, bars pessimistic, bars optimistic, prices, behaves, rejects, \
    loses, status, leverage, fails, empties, trades, rests or drops";

/// `bars pessimistic|optimistic [for BOOK…]`.
fn on_bars(stage: &Stage, line: &mut Line<'_>) -> Result<Box<dyn Exchange>, Fault> {
    let word = line.word("pessimistic or optimistic")?;
    let path = match word.text {
        "pessimistic" => Path::Pessimistic,
        "optimistic" => Path::Optimistic,
        _ => return Err(word.unknown("pessimistic or optimistic")),
    };
    let books = chosen_books(stage, line)?;
    Ok(Box::new(OnBars::new(&stage.config, path, books)))
}

/// `prices [key=value…] [for BOOK…]`.
fn on_prices(stage: &mut Stage, line: &mut Line<'_>) -> Result<Box<dyn Exchange>, Fault> {
    let settings = behaviour(Settings::strict(&stage.config.costs), line)?;
    let books = chosen_books(stage, line)?;
    stage.orders.forget(&books);
    Ok(Box::new(OnPrices::new(stage, settings, books)))
}

fn chosen_books(stage: &Stage, line: &mut Line<'_>) -> Result<Vec<BookId>, Fault> {
    if !line.takes("for") {
        return Ok((0..stage.config.books.len() as u16).map(BookId).collect());
    }
    let mut books = Vec::new();
    while let Some(book) = named_book(stage, line) {
        books.push(book);
    }
    Ok(books)
}

/// An order to the exchange on prices.
fn order(stage: &mut Stage, line: &mut Line<'_>, word: &Word<'_>) -> Result<(), Fault> {
    match word.text {
        "behaves" => {
            let settings = on(stage, word)?.settings().clone();
            let settings = behaviour(settings, line)?;
            line.done()?;
            on(stage, word)?.behave(settings);
            Ok(())
        }
        "rejects" => rejects(stage, line, word),
        "loses" => loses(stage, line, word),
        "status" => set_status(stage, line, word),
        "leverage" => set_leverage(stage, line, word),
        "fails" => misstates(stage, line, word, false),
        "empties" => misstates(stage, line, word, true),
        "trades" => by_hand(stage, line, word, true),
        "rests" => by_hand(stage, line, word, false),
        "drops" => drops(stage, line, word),
        _ => Err(word.unknown(KINDS)),
    }
}

/// The exchange on prices, if it is the one that is attached.
fn on<'s>(stage: &'s mut Stage, word: &Word<'_>) -> Result<&'s mut OnPrices, Fault> {
    let attached = stage.exchange.as_mut().and_then(|exchange| exchange.prices());
    attached.ok_or_else(|| {
        word.fault("no exchange on prices is attached", "write `exchange prices` before")
    })
}

/// `rejects ORDER REASON [N times]`: the next requests about orders of this name are refused.
fn rejects(stage: &mut Stage, line: &mut Line<'_>, word: &Word<'_>) -> Result<(), Fault> {
    let name = name(stage, line)?;
    let why = reason(line)?;
    let left = times(line)?;
    on(stage, word)?.ordain(Mishap { name, message: Message::Refused(why), left });
    Ok(())
}

/// The words of a rejection.
fn reason(line: &mut Line<'_>) -> Result<Reject, Fault> {
    let word = line.word("a reason: busy")?;
    let why = say::REJECTS.into_iter().find(|&why| say::reject(why) == word.text);
    why.ok_or_else(|| word.unknown(&say::REJECTS.map(say::reject).join(", ")))
}

/// `loses ORDER request|answer|fill [N times]`: such messages do not arrive.
fn loses(stage: &mut Stage, line: &mut Line<'_>, word: &Word<'_>) -> Result<(), Fault> {
    const MESSAGES: &str = "request, answer or fill";
    let name = name(stage, line)?;
    let lost = line.word(MESSAGES)?;
    let message = match lost.text {
        "request" => Message::Request,
        "answer" => Message::Answer,
        "fill" => Message::Fill,
        _ => return Err(lost.unknown(MESSAGES)),
    };
    let left = times(line)?;
    on(stage, word)?.ordain(Mishap { name, message, left });
    Ok(())
}

/// `3 times`, or nothing for once.
fn times(line: &mut Line<'_>) -> Result<u32, Fault> {
    let number = line.take().map(|word| whole(&word)).transpose()?;
    line.takes("times");
    line.done()?;
    Ok(number.unwrap_or(1))
}

/// `status SYMBOLS trading|close_only|suspended|delisted`.
fn set_status(stage: &mut Stage, line: &mut Line<'_>, word: &Word<'_>) -> Result<(), Fault> {
    const STATES: &str = "trading, close_only, suspended or delisted";
    let symbols = stage.symbols(&line.word("symbols: BTCUSDT")?)?;
    let state = line.word(STATES)?;
    let status = match state.text {
        "trading" => Status::Trading,
        "close_only" => Status::CloseOnly,
        "suspended" => Status::Suspended,
        "delisted" => Status::Delisted,
        _ => return Err(state.unknown(STATES)),
    };
    stage.takes_at(line)?;
    let now = stage.now;
    let venue = on(stage, word)?.venue_mut();
    symbols.into_iter().for_each(|symbol| venue.set_status(now, symbol, status));
    stage.settle();
    Ok(())
}

/// `leverage [book] SYMBOL N`: a person sets leverage on the exchange.
fn set_leverage(stage: &mut Stage, line: &mut Line<'_>, word: &Word<'_>) -> Result<(), Fault> {
    let (book, symbol) = place(stage, line)?;
    let leverage = whole(&line.word("a leverage: 6")?)?;
    stage.takes_at(line)?;
    let answer = on(stage, word)?.venue_mut().set_leverage(Place { book, symbol }, leverage);
    let name = stage.orders.place(book, symbol);
    stage.write(match answer {
        Ok(()) => format!("< leverage {name} {leverage}"),
        Err(why) => format!("< leverage {name} {leverage} rejected {}", say::reject(why)),
    });
    Ok(())
}

/// `fails [book] PART [N times]` and `empties …`: in the next answers about the account this part
/// is missing, or empty by mistake.
fn misstates(
    stage: &mut Stage,
    line: &mut Line<'_>,
    word: &Word<'_>,
    empty: bool,
) -> Result<(), Fault> {
    let book = book(stage, line)?;
    let named = line.word("a part of the account: positions")?;
    let part = PARTS.into_iter().find(|&part| part_name(part) == named.text);
    let part = part.ok_or_else(|| named.unknown(&PARTS.map(part_name).join(", ")))?;
    if empty && part == PartName::Balance {
        return Err(named.fault("a balance is no list", "write `exchange fails balance`"));
    }
    let left = times(line)?;
    on(stage, word)?.misstate(Misstatement { book, part, empty, left });
    Ok(())
}

/// Every part of an account.
const PARTS: [PartName; 7] = [
    PartName::Positions,
    PartName::Orders,
    PartName::Triggers,
    PartName::Fills,
    PartName::Funding,
    PartName::Balance,
    PartName::Settings,
];

/// `trades [book] SYMBOL buy|sell QUANTITY @ PRICE`: somebody else trades in this wallet;
/// `rests …`: somebody else rests an order there.
fn by_hand(
    stage: &mut Stage,
    line: &mut Line<'_>,
    word: &Word<'_>,
    trades: bool,
) -> Result<(), Fault> {
    const SIDES: &str = "buy or sell";
    let (book, symbol) = place(stage, line)?;
    let side = line.word(SIDES)?;
    let direction = match side.text {
        "buy" => Direction::Long,
        "sell" => Direction::Short,
        _ => return Err(side.unknown(SIDES)),
    };
    let instrument = stage.instrument(symbol, &side)?;
    let lots = quantity(&line.word("a quantity")?, &instrument)?;
    if !line.takes("@") {
        return Err(line.fault("no price", "add `@ PRICE`"));
    }
    let at = price(&line.word("a price")?, &instrument)?;
    stage.takes_at(line)?;
    let now = stage.now;
    let venue = on(stage, word)?.venue_mut();
    let place = Place { book, symbol };
    if trades {
        venue.trade_by_hand(now, place, direction, lots, at);
    } else {
        venue.rest_by_hand(place, direction == Direction::Long, lots, at, false);
    }
    stage.settle();
    Ok(())
}

/// `drops ORDER`: somebody withdraws an order of ours there, and nobody is told.
fn drops(stage: &mut Stage, line: &mut Line<'_>, word: &Word<'_>) -> Result<(), Fault> {
    let (order, _) = named_order(stage, line)?;
    stage.takes_at(line)?;
    let id = order.id;
    let place = Place { book: id.book, symbol: id.symbol };
    on(stage, word)?.venue_mut().cancel_by_hand(place, id);
    Ok(())
}

/// Every `key=value` that stands here.
fn behaviour(mut settings: Settings, line: &mut Line<'_>) -> Result<Settings, Fault> {
    while let Some((key, value)) = line.takes_if(Word::pair) {
        let delays = &mut settings.delays;
        match key.text {
            "latency" => {
                let one_way: Span = span(&value)?;
                (delays.request, delays.answer, delays.report) = (one_way, one_way, one_way);
            }
            "request" => delays.request = span(&value)?,
            "answer" => delays.answer = span(&value)?,
            "report" => delays.report = span(&value)?,
            "data" => delays.market_data = span(&value)?,
            "visible" => delays.visibility = span(&value)?,
            "minimums" => settings.minimums = minimums(&value)?,
            "slippage" => settings.slippage = slippage(&value)?,
            "stop_slippage" => settings.stop_slippage = slippage(&value)?,
            "triggers" => settings.mark_triggers = one_of(&value, "mark", "last")?,
            _ => *switch(&mut settings, &key)? = one_of(&value, "on", "off")?,
        }
    }
    Ok(settings)
}

/// What can be switched off.
fn switch<'s>(settings: &'s mut Settings, key: &Word<'_>) -> Result<&'s mut bool, Fault> {
    Ok(match key.text {
        "partial_fills" => &mut settings.partial_fills,
        "precision" => &mut settings.precision,
        "margin" => &mut settings.margin,
        "needs_position" => &mut settings.needs_position,
        "stop_side" => &mut settings.stop_side,
        "locks" => &mut settings.locks,
        "liquidation" => &mut settings.liquidation,
        "presets" => &mut settings.presets,
        "sweeps" => &mut settings.sweeps,
        _ => return Err(key.unknown("a setting as fixtures/README.md lists them: latency=200ms")),
    })
}

fn one_of(value: &Word<'_>, yes: &str, no: &str) -> Result<bool, Fault> {
    if value.text == yes || value.text == no {
        return Ok(value.text == yes);
    }
    Err(value.unknown(&format!("{yes} or {no}")))
}

fn minimums(value: &Word<'_>) -> Result<Minimums, Fault> {
    match value.text {
        "off" => Ok(Minimums::Off),
        "entries" => Ok(Minimums::Entries),
        "all" => Ok(Minimums::All),
        _ => Err(value.unknown("off, entries or all")),
    }
}

/// A part of the price below one half.
fn slippage(value: &Word<'_>) -> Result<Fraction, Fault> {
    let part = percent(value)?;
    let sane = (Fraction::ZERO..=Fraction::percent(50)).contains(&part);
    if sane { Ok(part) } else { Err(value.fault("out of range", "write 0% to 50%")) }
}
