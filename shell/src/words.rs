//! What the engine says, in a trader's words: one sentence per refusal and per notice, with the
//! numbers in USDT, coins and percent. For the demo, logs and every verb that tells people.
//!
//! Wording only: nothing here decides, counts or remembers. [`numbers`] writes figures.

pub mod numbers;

mod notices;
mod plans;
mod refusals;

#[cfg(test)]
mod tests;

use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Instrument;
use gardefou_core::notice::Notice;
use gardefou_core::risk::worst_case::WorstCase;
use gardefou_core::time::Timestamp;
use tracing::Level;

pub use notices::{fill_reason, level, notice, place};
pub use plans::{plan, withheld};
pub use refusals::{refusal, refusal_short, remedy};

/// What a book could lose at once, in a sentence.
#[must_use]
pub fn worst_case(book: &str, worst: &WorstCase) -> String {
    let (loss, percent) = (numbers::usdt(worst.loss), numbers::percent_short(worst.loss_ratio));
    let trips = [worst.trips_session, worst.trips_global];
    worst_case_of(book, worst.cycles, &loss, &percent, trips)
}

/// Which kill switches a loss would trip.
pub(crate) fn trips(session: bool, global: bool) -> &'static str {
    match (session, global) {
        (true, true) => "it would trip the session and the global switch",
        (true, false) => "it would trip the session switch",
        (false, true) => "it would trip the global switch",
        (false, false) => "it would trip no switch",
    }
}

/// The same from figures in words; `trips` are the session and the global switch.
pub(crate) fn worst_case_of(
    book: &str,
    cycles: u32,
    loss: &str,
    percent: &str,
    trips: [bool; 2],
) -> String {
    let [session, global] = trips;
    let switches = self::trips(session, global);
    if cycles == 0 {
        return format!(
            "Worst case of {book}: no full cycle fits into max_margin_ratio, so nothing can be lost \
             and nothing traded."
        );
    }
    let cycles = numbers::counted(cycles, "full cycle");
    format!(
        "Worst case of {book}, {cycles} all stopped: {loss} lost, {percent} of its capital; \
         {switches}."
    )
}

/// Logs what the engine said: switches at info, cycles and executions at debug, what is refused and
/// the rest at trace. `run` says which run it was: a path, or the demo.
#[inline]
pub(crate) fn log(config: &EngineConfig, run: &str, now: Timestamp, told: &Notice) {
    // Nothing is put into words that nobody asked for.
    if tracing::enabled!(Level::INFO) {
        say(config, run, now, told);
    }
}

#[cold]
fn say(config: &EngineConfig, run: &str, now: Timestamp, told: &Notice) {
    let (book, symbol) = place(told);
    let book = book.map_or("", |book| book_name(config, book));
    let symbol = symbol.map_or_else(String::new, |symbol| pair(config, symbol));
    macro_rules! log {
        ($level:expr) => {
            tracing::event!(
                $level,
                run,
                at = crate::text::instant(now),
                book,
                symbol,
                "{}",
                notice(config, told)
            )
        };
    }
    match told {
        Notice::SwitchTripped { .. }
        | Notice::SwitchReleased { .. }
        | Notice::Paused { .. }
        | Notice::Resumed { .. }
        | Notice::Unprotected { .. }
        | Notice::Reconciled(_)
        | Notice::Anomaly { .. } => log!(Level::INFO),
        Notice::CycleClosed(_) | Notice::Filled { .. } => log!(Level::DEBUG),
        Notice::Refused { .. } | Notice::Funded { .. } | Notice::Readiness { .. } => {
            log!(Level::TRACE);
        }
    }
}

/// The name of a book's strategy.
#[must_use]
pub fn book_name(config: &EngineConfig, book: BookId) -> &str {
    config.book(book).map_or("unknown book", |book| book.name.as_str())
}

/// A symbol as traders write it: `BTC/USDT`.
#[must_use]
pub fn pair(config: &EngineConfig, symbol: SymbolId) -> String {
    config.instrument(symbol).map_or_else(
        || "unknown symbol".to_owned(),
        |instrument| format!("{}/USDT", coin(instrument)),
    )
}

/// The coin of an instrument: `BTC`.
#[must_use]
pub fn coin(instrument: &Instrument) -> &str {
    let name = instrument.symbol.as_str();
    name.strip_suffix("USDT").unwrap_or(name)
}
