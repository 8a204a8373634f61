//! What the engine says, in a trader's words: one sentence per refusal and per notice, with the
//! numbers in USDT, coins and percent. For the demo, logs and every verb that tells people.
//!
//! Wording only: nothing here decides, counts or remembers. [`numbers`] writes figures.

pub mod numbers;

mod notices;
mod refusals;

#[cfg(test)]
mod tests;

use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Instrument;

pub use notices::{fill_reason, level, notice, place};
pub use refusals::{refusal, refusal_short};

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
