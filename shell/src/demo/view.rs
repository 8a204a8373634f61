//! The view-model: everything that a screen or a line of text shows, in words, from the state of
//! the demo. No drawing, no clock.

use gardefou_core::engine::Book;
use gardefou_core::executor::Lane;
use gardefou_core::money::{Cash, Margin};
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::walk::Place;

use super::focus::{cooldown, refused, rungs, side};
use super::market::Demo;
use super::tally::{lane_unrealised, unrealised};
use crate::words::{self, numbers};

/// How a text should be felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Less important.
    Quiet,
    /// Money was made.
    Good,
    /// Money was lost.
    Bad,
    /// Look here.
    Alert,
}

impl Tone {
    /// The tone of an amount.
    #[must_use]
    pub fn of(amount: Cash) -> Self {
        if amount.is_positive() {
            Self::Good
        } else if amount.is_zero() {
            Self::Plain
        } else {
            Self::Bad
        }
    }
}

/// How near to action a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// A cycle is open.
    Open,
    /// A ladder rests.
    Quoted,
    /// Neither, for a reason.
    Waiting,
}

/// One symbol of one strategy in the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which.
    pub place: Place,
    /// `BTC/USDT`.
    pub symbol: String,
    /// `grid_atr`.
    pub book: String,
    /// How near to action.
    pub stage: Stage,
    /// `long 2 of 4`, `quoted`, `cooldown 11:00`.
    pub state: String,
    /// Last price.
    pub price: String,
    /// The nearest resting level and how far it is.
    pub next: String,
    /// How far the stop is.
    pub stop: String,
    /// Unrealised, of an open cycle.
    pub unrealised: Option<Cash>,
}

/// One strategy's money.
#[derive(Clone, Debug)]
pub struct WalletLine {
    /// `grid_atr`.
    pub book: String,
    /// Balance, equity, reserved margin and what is free.
    pub figures: [String; 4],
    /// Realised since 00:00 UTC.
    pub today: Cash,
    /// `+3.21 of -411`: today against the session limit.
    pub session: String,
    /// What the switches say, and whether one has tripped.
    pub switches: (String, bool),
}

/// One event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// `grid_atr`, when it concerns one strategy.
    pub book: Option<String>,
    /// `BTC/USDT`, when it concerns one symbol.
    pub symbol: Option<String>,
    /// What happened.
    pub text: String,
    /// How it should be felt.
    pub tone: Tone,
}

/// Every symbol of every strategy, in the order of the configuration.
#[must_use]
pub fn rows(demo: &Demo) -> Vec<Row> {
    let books = demo.engine().books().iter();
    books.flat_map(|book| book.lanes.iter().map(move |lane| row(demo, book, lane))).collect()
}

fn row(demo: &Demo, book: &Book, lane: &Lane) -> Row {
    let config = demo.engine().config();
    let (place, price) = (Place { book: book.id, symbol: lane.symbol }, demo.price(lane.symbol));
    let (stage, state) = state(demo, place, lane);
    let next = rungs(lane, price).first().map_or_else(String::new, |rung| {
        format!("{} {:>8}", rung.name(), numbers::distance(price, rung.price))
    });
    let stop = lane.protection.trigger().filter(|_| lane.cycle.is_some());
    let instrument = config.instrument(lane.symbol);
    Row {
        place,
        symbol: words::pair(config, lane.symbol),
        book: book.name.clone(),
        stage,
        state,
        price: instrument.map_or_else(String::new, |i| numbers::price(i, price)),
        next,
        stop: stop.map_or_else(String::new, |stop| numbers::distance(price, stop)),
        unrealised: lane.cycle.as_ref().map(|_| lane_unrealised(lane, price)),
    }
}

fn state(demo: &Demo, place: Place, lane: &Lane) -> (Stage, String) {
    if let Some(cycle) = &lane.cycle {
        let (filled, levels) = (cycle.levels_filled(), lane.params.levels());
        return (Stage::Open, format!("{} {filled} of {levels}", side(cycle.direction)));
    }
    if lane.has_entries() {
        return (Stage::Quoted, "quoted".to_owned());
    }
    let waiting = match (cooldown(demo, lane), refused(demo, place, lane)) {
        (Some(end), _) => format!("cooldown {}", numbers::hour(end)),
        (None, Some((_, refusal))) => words::refusal_short(&refusal),
        (None, None) => "flat".to_owned(),
    };
    (Stage::Waiting, waiting)
}

/// The wallets, one per strategy.
#[must_use]
pub fn wallets(demo: &Demo) -> Vec<WalletLine> {
    demo.engine().books().iter().map(|book| wallet(demo, book)).collect()
}

fn wallet(demo: &Demo, book: &Book) -> WalletLine {
    let balance = book.wallet.balance;
    let equity = balance + unrealised(book, |symbol| demo.price(symbol));
    let reserved = book.lanes.iter().map(Lane::reserved).sum::<Margin>().to_cash_up();
    let today = book.session.result(book.wallet.realised);
    let risk = &demo.engine().config().risk;
    let limit = if book.grids { risk.session_loss_grid } else { risk.session_loss_mono };
    let base = balance - today;
    WalletLine {
        book: book.name.clone(),
        figures: [balance, equity, reserved, equity - reserved].map(numbers::cash),
        today,
        session: format!(
            "{} of {}",
            numbers::signed_cash(today),
            numbers::whole_cash(-base.times_up(limit))
        ),
        switches: switches(demo, book),
    }
}

fn switches(demo: &Demo, book: &Book) -> (String, bool) {
    let global = demo.engine().global(book.mode).latch.is_some();
    match (book.latch.is_some(), global) {
        (true, true) => ("BOTH!".to_owned(), true),
        (true, false) => ("SESSION!".to_owned(), true),
        (false, true) => ("GLOBAL!".to_owned(), true),
        (false, false) => ("armed".to_owned(), false),
    }
}

/// How many of the rows are open, quoted and waiting.
#[must_use]
pub fn census(rows: &[Row]) -> [usize; 3] {
    [Stage::Open, Stage::Quoted, Stage::Waiting]
        .map(|stage| rows.iter().filter(|row| row.stage == stage).count())
}

/// The last `count` events that a trader wants to hear of, oldest first.
#[must_use]
pub fn log(demo: &Demo, count: usize) -> Vec<LogLine> {
    let told = demo.notices().iter().rev().filter(|(_, notice)| is_news(notice));
    let mut lines: Vec<LogLine> =
        told.take(count).map(|(now, notice)| log_line(demo, *now, notice)).collect();
    if lines.len() < count {
        lines.push(ready(demo));
    }
    lines.reverse();
    lines
}

/// The line before all others: what was done before trading began.
#[must_use]
pub fn ready(demo: &Demo) -> LogLine {
    let text = format!(
        "{} h of history loaded, indicators ready: trading begins",
        super::market::HISTORY_HOURS
    );
    LogLine { at: demo.span().0, book: None, symbol: None, text, tone: Tone::Plain }
}

/// True for what belongs into the log: refusals are shown where they stand, not as news.
#[must_use]
pub fn is_news(notice: &Notice) -> bool {
    match notice {
        Notice::Filled { .. }
        | Notice::Funded { .. }
        | Notice::CycleClosed(_)
        | Notice::SwitchTripped { .. }
        | Notice::SwitchReleased { .. }
        | Notice::Paused { .. }
        | Notice::Resumed { .. }
        | Notice::Unprotected { .. }
        | Notice::Reconciled(_)
        | Notice::Anomaly { .. } => true,
        Notice::Refused { .. } | Notice::Readiness { .. } => false,
    }
}

/// A notice as a line of the log.
#[must_use]
pub fn log_line(demo: &Demo, now: Timestamp, notice: &Notice) -> LogLine {
    let config = demo.engine().config();
    let (book, symbol) = words::place(notice);
    LogLine {
        at: now,
        book: book.map(|book| words::book_name(config, book).to_owned()),
        symbol: symbol.map(|symbol| words::pair(config, symbol)),
        text: words::notice(config, notice),
        tone: tone(notice),
    }
}

fn tone(notice: &Notice) -> Tone {
    match notice {
        Notice::CycleClosed(result) => {
            if result.net.is_positive() {
                Tone::Good
            } else {
                Tone::Bad
            }
        }
        Notice::SwitchTripped { .. }
        | Notice::Unprotected { .. }
        | Notice::Reconciled(_)
        | Notice::Anomaly { .. } => Tone::Alert,
        Notice::SwitchReleased { .. }
        | Notice::Paused { .. }
        | Notice::Resumed { .. }
        | Notice::Filled { .. } => Tone::Plain,
        Notice::Funded { .. } | Notice::Refused { .. } | Notice::Readiness { .. } => Tone::Quiet,
    }
}

/// `day 2 of 7`.
#[must_use]
pub fn day(demo: &Demo) -> String {
    let (began, ends) = demo.span();
    let total = ((ends - began).0 + Span::DAY.0 - 1) / Span::DAY.0;
    let day = ((demo.now() - began).0 / Span::DAY.0 + 1).min(total.max(1));
    format!("day {day} of {total}")
}
