//! Going on under another configuration. What is open is managed to its end with the parameters
//! that it was opened with (invariant 33): its stop stands, its exits are evaluated, nothing is
//! entered. Once a symbol is at rest it takes its new parameters and warms up anew, or ends.
//!
//! Everything keeps its place: ids of orders that rest say the position of their book, so symbols
//! and strategies that are gone stay in the lists, and new ones have to wait for a new wallet.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::book::Book;
use crate::command::Command;
use crate::config::{BookConfig, EngineConfig, Params, SymbolConfig};
use crate::executor::{Effects, Lane};
use crate::ids::{BookId, SymbolId, SymbolName};
use crate::market::Instrument;
use crate::risk::ladder::Terms;
use crate::runner::Runner;
use crate::step::Step;
use crate::time::{Span, Timestamp};

/// What happens to a symbol whose settings are others than those it trades with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Winding {
    /// It ends once it is at rest.
    Removed,
    /// It goes on with these once it is at rest.
    Changed(Params),
}

/// What cannot be changed under books that go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A symbol, or one of a strategy, that the books do not have.
    NewSymbol(SymbolName),
    /// A strategy that has no book.
    NewStrategy(String),
    /// Ticks or rules of a symbol: the figures of the books are counted in them.
    Instrument(SymbolName),
    /// Capital, mode or timeframe of a strategy.
    Book(String),
    /// How levels are entered.
    EntryOrder,
}

/// The configuration under which books of `stored` go on when `wanted` is asked for.
///
/// # Errors
/// Everything that cannot be changed.
pub fn merged(stored: &EngineConfig, wanted: &EngineConfig) -> Result<EngineConfig, Vec<Unfit>> {
    let mut unfit = Vec::new();
    for instrument in &wanted.instruments {
        match stored.instruments.iter().find(|old| old.symbol == instrument.symbol) {
            Some(old) if old == instrument => {}
            Some(_) => unfit.push(Unfit::Instrument(instrument.symbol)),
            None => unfit.push(Unfit::NewSymbol(instrument.symbol)),
        }
    }
    for book in wanted.books.iter().filter(|book| find(&stored.books, book).is_none()) {
        unfit.push(Unfit::NewStrategy(book.name.clone()));
    }
    if stored.entry_order != wanted.entry_order {
        unfit.push(Unfit::EntryOrder);
    }
    let mut books = Vec::with_capacity(stored.books.len());
    for old in &stored.books {
        let new = find(&wanted.books, old);
        let fixed = |book: &BookConfig| (book.capital, book.facts, book.timeframe);
        if new.is_some_and(|new| fixed(new) != fixed(old)) {
            unfit.push(Unfit::Book(old.name.clone()));
        }
        let added = new.into_iter().flat_map(|new| &new.symbols).filter_map(|chosen| {
            let symbol = named(wanted, chosen)?;
            let had = old.symbols.iter().any(|had| named(stored, had) == Some(symbol));
            (!had).then_some(Unfit::NewSymbol(symbol))
        });
        let added = added.filter(|added| !unfit.contains(added));
        let added: Vec<Unfit> = added.collect();
        unfit.extend(added);
        let symbols = old.symbols.iter().map(|had| kept(stored, wanted, new, had));
        books.push(BookConfig { symbols: symbols.collect(), ..old.clone() });
    }
    if !unfit.is_empty() {
        return Err(unfit);
    }
    Ok(EngineConfig { instruments: stored.instruments.clone(), books, ..wanted.clone() })
}

fn find<'a>(books: &'a [BookConfig], like: &BookConfig) -> Option<&'a BookConfig> {
    books.iter().find(|book| book.name == like.name && book.mode == like.mode)
}

fn named(config: &EngineConfig, chosen: &SymbolConfig) -> Option<SymbolName> {
    config.instrument(chosen.symbol).map(|instrument| instrument.symbol)
}

/// A symbol in its place, with its new settings, or as one that was removed.
fn kept(
    stored: &EngineConfig,
    wanted: &EngineConfig,
    new: Option<&BookConfig>,
    had: &SymbolConfig,
) -> SymbolConfig {
    let name = named(stored, had);
    let mut symbols = new.into_iter().flat_map(|book| &book.symbols);
    match symbols.find(|chosen| named(wanted, chosen) == name) {
        Some(chosen) => SymbolConfig { symbol: had.symbol, ..chosen.clone() },
        None => SymbolConfig { removed: true, ..had.clone() },
    }
}

impl Engine {
    /// Goes on under a configuration that [`merged`] made of its own. What follows from it follows
    /// at the next [`crate::event::Event::Booted`].
    pub fn reconfigure(&mut self, config: EngineConfig) {
        for book in &mut self.books {
            let Some(settings) = config.books.get(usize::from(book.id.0)) else { continue };
            for (lane, chosen) in book.lanes.iter_mut().zip(&settings.symbols) {
                let instrument = config.instrument(chosen.symbol);
                lane.group = instrument.and_then(|of| config.risk.group(of));
                lane.winding = match chosen {
                    SymbolConfig { removed: true, .. } => Some(Winding::Removed),
                    SymbolConfig { params, .. } if *params == lane.params => None,
                    SymbolConfig { params, .. } => Some(Winding::Changed(params.clone())),
                };
            }
        }
        self.config = config;
    }

    /// Symbols on which anything is open, rests, or is under way.
    pub fn at_work(&self) -> impl Iterator<Item = SymbolName> {
        let ids = (0..).map(SymbolId);
        let works = |symbol| {
            self.books.iter().filter_map(move |book| book.lane(symbol)).any(|l| !l.is_at_rest())
        };
        let all = self.config.instruments.iter().zip(ids);
        all.filter(move |&(_, symbol)| works(symbol)).map(|(instrument, _)| instrument.symbol)
    }

    /// Symbols that are managed to their end, with their books.
    pub fn winding(&self) -> impl Iterator<Item = (BookId, SymbolId, &Winding)> {
        let lanes =
            self.books.iter().flat_map(|book| book.lanes.iter().map(|lane| (book.id, lane)));
        lanes.filter_map(|(book, lane)| {
            let winding = lane.winding.as_ref().filter(|_| !lane.is_at_rest())?;
            Some((book, lane.symbol, winding))
        })
    }

    /// A new process: what rests of symbols that take no entries any more is withdrawn, and those
    /// that are at rest go on.
    pub(super) fn wind(&mut self, now: Timestamp, out: &mut Step) {
        let Self { config, books, .. } = self;
        for book in books {
            book.wind(now, config, out);
        }
        for symbol in (0..self.config.instruments.len()).map(|index| SymbolId(index as u16)) {
            let mut lanes = self.books.iter().filter_map(|book| book.lane(symbol));
            if lanes.all(|lane| lane.winding == Some(Winding::Removed) && lane.is_at_rest()) {
                // Nobody brings its bars any more, and nobody waits for them.
                self.round.expect(symbol, false);
            }
        }
    }
}

impl Book {
    fn wind(&mut self, now: Timestamp, config: &EngineConfig, out: &mut Step) {
        let at = now.floor(self.timeframe.span());
        let cooling = config.risk.cooling(self.mode);
        let (lanes, mut fx) = self.split(now, config, out);
        for lane in lanes.iter_mut().filter(|lane| lane.winding.is_some()) {
            match config.instrument(lane.symbol) {
                Some(instrument) if lane.is_at_rest() => {
                    lane.end_winding(&mut fx, instrument, at, cooling);
                }
                Some(_) | None => lane.stand_aside(&mut fx),
            }
        }
    }

    /// Symbols that the configuration has: the parts of a wallet's balance.
    pub(crate) fn symbols(&self) -> u32 {
        let run = |lane: &&Lane| lane.winding != Some(Winding::Removed);
        self.lanes.iter().filter(run).count() as u32
    }
}

impl Lane {
    /// True when nothing is open, rests, or is under way.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let protection = &self.protection;
        !self.occupies()
            && self.target.is_none()
            && self.close.is_none()
            && self.doubts.is_empty()
            && protection.working.is_none()
            && protection.pending.is_none()
            && protection.leftovers.is_empty()
    }

    /// At rest: takes its new parameters, if there are any; `at` is the close of its last bar.
    /// Indicators with other periods know nothing, so the bars that they need are asked for.
    pub(super) fn end_winding(
        &mut self,
        fx: &mut Effects<'_>,
        instrument: &Instrument,
        at: Timestamp,
        cooling: Option<u32>,
    ) {
        self.want_nothing();
        let Some(Winding::Changed(params)) = &self.winding else { return };
        let params = params.clone();
        self.terms = Terms::new(instrument, params.leverage(), params.stop_loss());
        self.runner = Runner::new(&params, fx.timeframe, cooling);
        let count = params.warmup_bars();
        let from = at - Span(fx.timeframe.span().0 * i64::from(count));
        fx.out.commands.push(Command::FetchBars { symbol: self.symbol, from, count });
        (self.params, self.winding, self.budget, self.told) = (params, None, None, None);
    }
}
