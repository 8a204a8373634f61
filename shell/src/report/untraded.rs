//! Why a symbol was never traded: the rule that refused it most, in words with its numbers, and
//! what a person can change. A result without trades must not leave its reader guessing.

use std::collections::BTreeSet;

use super::result::{Backtest, PathResult, Refusal, SymbolParameters};
use super::words::whole;

/// A symbol of a book without an execution on either path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untraded {
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// Why, and what to change: a sentence without its full stop.
    pub why: String,
}

/// The symbols that were never traded, in the order of the configuration.
#[must_use]
pub fn untraded(backtest: &Backtest) -> Vec<Untraded> {
    let paths = [&backtest.paths.pessimistic, &backtest.paths.optimistic];
    let traded: BTreeSet<(&str, &str)> = paths
        .iter()
        .flat_map(|path| path.fills.iter().map(|f| (f.book.as_str(), f.symbol.as_str())))
        .collect();
    let books = backtest.parameters.books.iter();
    books
        .flat_map(|book| book.symbols.iter().map(move |symbol| (book, symbol)))
        .filter(|(book, symbol)| !traded.contains(&(book.name.as_str(), symbol.symbol.as_str())))
        .map(|(book, symbol)| Untraded {
            book: book.name.clone(),
            symbol: symbol.symbol.clone(),
            why: why(backtest, paths[0], &book.name, symbol),
        })
        .collect()
}

fn why(backtest: &Backtest, path: &PathResult, book: &str, symbol: &SymbolParameters) -> String {
    let of = |refusal: &&Refusal| refusal.book == book && refusal.symbol == symbol.symbol;
    let refusals = || path.refusals.iter().filter(of);
    let refused: u64 = refusals().map(|refusal| refusal.bars).sum();
    let (bars, rows) = bars(backtest, &symbol.symbol);
    // Warming up is told as such; what refused after it says more.
    let most = refusals().filter(|r| r.reason != NOT_READY).max_by_key(|refusal| refusal.bars);
    match most {
        Some(refusal) if refused.saturating_mul(2) >= bars => most_often(refusal, bars),
        None if refused > 0 || bars == 0 || rows < u64::from(symbol.warmup_bars) => format!(
            "its indicators need {} bars before the first decision and the data has {}: add earlier \
             candles",
            whole(symbol.warmup_bars.into()),
            whole(rows)
        ),
        Some(_) | None => {
            "a ladder was quoted on most of its bars and no price reached it: a longer range, or \
             levels nearer to the average (atr_multiplier_start) would show more"
                .to_owned()
        }
    }
}

const NOT_READY: &str = "not_ready";

fn most_often(refusal: &Refusal, bars: u64) -> String {
    let words = if refusal.words.is_empty() { &refusal.reason } else { &refusal.words };
    let remedy = refusal.remedy.as_ref().map_or_else(String::new, |remedy| format!(": {remedy}"));
    format!(
        "on {} of its {} bars {words} ({}){remedy}",
        whole(refusal.bars),
        whole(bars),
        refusal.reason
    )
}

/// Bars of a symbol in the run, and in its file of decisions.
fn bars(backtest: &Backtest, symbol: &str) -> (u64, u64) {
    let hours = backtest.data.iter().find(|d| d.symbol == symbol && d.resolution.is_some());
    hours.map_or((0, 0), |series| {
        let run = series.resolution.as_ref().map_or(0, |r| r.bars.values().sum());
        (run, series.rows)
    })
}
