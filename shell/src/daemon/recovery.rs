//! Start and recovery are one path: the last checkpoint (the state before the first hour when
//! there is none) and the journal after it. Whatever does not fit is refused before anything is
//! written.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use gardefou_core::config::{EngineConfig, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::engine::reconfigure::{self, Unfit};
use gardefou_core::ids::SymbolId;
use gardefou_core::market::Instrument;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::history::State;
use serde::de::DeserializeOwned;

use super::error::DaemonError;
use super::ledger;
use super::recorder::Recorder;
use super::saved::{self, Author, Living, Saved, Tape, Terms};
use crate::backtest::load::Market;
use crate::store::{Checkpoint, Hash, Opened};
use crate::text;

/// What a run is made of, beside its store.
pub struct Setup<'a> {
    /// The candles.
    pub market: &'a Market,
    /// The configuration.
    pub config: Arc<EngineConfig>,
    /// How it is driven.
    pub terms: Terms,
    /// The run in logs.
    pub run: &'static str,
    /// Who writes.
    pub author: Author,
    /// Hours between checkpoints.
    pub every: u32,
    /// Leave the journal after the last checkpoint aside.
    pub from_checkpoint: bool,
    /// The data directory.
    pub data: PathBuf,
}

/// What a store has of a run.
pub struct TakenUp<W> {
    /// The state of its last checkpoint.
    pub saved: Saved<W>,
    /// Hears the steps that follow it in the journal, then new ones.
    pub recorder: Recorder,
    /// There was none: the state is that before the first step.
    pub fresh: bool,
    /// The journal was left aside: the state does not follow from it.
    pub aside: bool,
    /// The books go on under another configuration.
    pub changed: bool,
}

/// Takes up what a store has, or the state that `genesis` makes when it has none.
///
/// # Errors
/// The store was written with other settings or candles, or by a build whose state cannot be read.
pub fn take_up<W: DeserializeOwned + HasEngine>(
    setup: &Setup<'_>,
    opened: &mut Opened,
    genesis: impl FnOnce() -> Saved<W>,
) -> Result<TakenUp<W>, DaemonError> {
    let checkpoint = opened.last_checkpoint.take();
    let mut saved = match &checkpoint {
        Some(checkpoint) => {
            require_mode(checkpoint, setup.terms.mode)?;
            Saved::of(checkpoint)?
        }
        None => genesis(),
    };
    let changed = *saved.history.engine().config() != *setup.config
        && saved.history.reconfigure(&setup.config);
    if changed {
        // Candles of other symbols are another tape.
        saved.tape = Tape::until(setup.market, saved.next);
    }
    require_same(setup, &saved, changed)?;
    let tail = std::mem::take(&mut opened.tail);
    let aside = setup.from_checkpoint || changed || !opened.tail_is_of_this_build;
    let tip = &opened.report.tip;
    let left = aside && !tail.is_empty();
    if left {
        tracing::warn!(
            steps = tail.len(),
            written_by = tip.build,
            this_build = setup.author.build,
            "the journal after the last checkpoint is not replayed: its hours are decided again; \
             where a result differs the ledger keeps the first and says so"
        );
    }
    let start: (u64, Hash) = match &checkpoint {
        _ if left => (tip.seq, tip.chain),
        Some(checkpoint) => (checkpoint.seq, checkpoint.chain),
        None => (0, opened.report.identity.genesis()),
    };
    let expected = if left { Vec::new() } else { tail };
    let fresh = checkpoint.is_none() && expected.is_empty();
    let config = Arc::clone(&setup.config);
    let resumed = checkpoint.is_some_and(|checkpoint| checkpoint.resumed == Some(true));
    let mut recorder = Recorder::new(config, setup.run, start, saved.orders.clone(), expected);
    if left || resumed || changed {
        recorder.resume_here();
    }
    Ok(TakenUp { saved, recorder, fresh, aside: left, changed })
}

/// A state with an engine in it.
pub trait HasEngine {
    /// The engine.
    fn engine(&self) -> &Engine;

    /// Goes on under another configuration; false where the books cannot.
    fn reconfigure(&mut self, config: &EngineConfig) -> bool;
}

impl HasEngine for State {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Paper books are those of one backtest.
    fn reconfigure(&mut self, _config: &EngineConfig) -> bool {
        false
    }
}

impl HasEngine for Living {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn reconfigure(&mut self, config: &EngineConfig) -> bool {
        self.engine.reconfigure(config.clone());
        // The hour is told anew: what the engine has heard of it already changes nothing.
        self.told = 0;
        true
    }
}

/// The books of a store, for whoever needs to know what they trade before the candles are read.
///
/// # Errors
/// They are of the other mode, or cannot be read.
pub fn books(opened: &Opened, mode: Mode) -> Result<Option<Engine>, DaemonError> {
    let Some(checkpoint) = &opened.last_checkpoint else { return Ok(None) };
    require_mode(checkpoint, mode)?;
    saved::engine(checkpoint).map(Some)
}

/// The configuration under which books go on when another one is asked for.
///
/// # Errors
/// What cannot be changed.
pub fn go_on(engine: &Engine, asked: &EngineConfig) -> Result<EngineConfig, DaemonError> {
    reconfigure::merged(engine.config(), asked).map_err(unfit)
}

fn unfit(all: Vec<Unfit>) -> DaemonError {
    let said = all.into_iter().map(|one| match one {
        Unfit::NewSymbol(symbol) => format!("symbol {symbol} is new"),
        Unfit::NewStrategy(name) => format!("strategy {name} is new"),
        Unfit::Instrument(symbol) => format!("ticks or rules of {symbol} changed"),
        Unfit::Book(name) => format!("capital, mode or timeframe of {name} changed"),
        Unfit::EntryOrder => "entry_order changed".to_owned(),
    });
    DaemonError::OtherSettings(format!(
        "live books go on when symbols, strategies or parameters change or are taken out, but not \
         with this: {}. Bring it back, or name another --data to begin anew; nothing was changed, \
         nothing was traded",
        text::list(said)
    ))
}

fn require_mode(checkpoint: &Checkpoint, now: Mode) -> Result<(), DaemonError> {
    let saved = saved::terms(checkpoint)?;
    if saved.mode == now {
        return Ok(());
    }
    let (was, remedy) = match saved.mode {
        Mode::Paper => ("paper", "leave --live-mode out"),
        Mode::Live => ("live", "give --live-mode again"),
    };
    Err(DaemonError::OtherSettings(format!(
        "the books of this store are {was}: {remedy}, or name another --data. Nothing was changed"
    )))
}

fn require_same<W: HasEngine>(
    setup: &Setup<'_>,
    saved: &Saved<W>,
    changed: bool,
) -> Result<(), DaemonError> {
    let engine = saved.history.engine();
    if *engine.config() != *setup.config {
        return Err(other_configuration(engine, &setup.config));
    }
    // Candles of other symbols may begin elsewhere.
    let from = if changed { saved.terms.from } else { setup.terms.from };
    let terms = Terms { from, ..setup.terms.clone() };
    if saved.terms != terms {
        return Err(other_terms(&saved.terms, &terms));
    }
    let market = setup.market;
    if saved.next > market.to {
        let (end, next) = (text::instant(market.to), text::instant(saved.next));
        return Err(DaemonError::OtherData(format!(
            "the candles end at {end}, but the store has come to {next}: time cannot go back. Give \
             the candles that it was written with, or name another --data; nothing was changed"
        )));
    }
    if Tape::until(market, saved.next) != saved.tape {
        return Err(other_candles(saved.next));
    }
    Ok(())
}

/// Candles that are not those of the store.
pub(super) fn other_candles(before: Timestamp) -> DaemonError {
    let next = text::instant(before);
    DaemonError::OtherData(format!(
        "the candles or settlements before {next} are not those that the store was written \
         with (only more of them at the end may be new). Give the same files, or name another \
         --data; nothing was changed"
    ))
}

/// The candles end before the journal does.
pub(super) fn feed_ends(next: Timestamp, last: u64) -> DaemonError {
    let end = text::instant(next);
    DaemonError::OtherData(format!(
        "the candles end at {end}, but the store has come further (step {last} of its \
         journal): time cannot go back. Give the candles that it was written with, or name \
         another --data; nothing was changed"
    ))
}

fn other_terms(saved: &Terms, now: &Terms) -> DaemonError {
    let mut what = Vec::new();
    if saved.path != now.path {
        what.push(format!("--path was {:?}", saved.path).to_lowercase());
    }
    if saved.on_trip != now.on_trip {
        what.push(format!("--on-trip was {:?}", saved.on_trip).to_lowercase());
    }
    if saved.from != now.from {
        what.push(format!("--from was {}", text::instant(saved.from)));
    }
    if saved.detail != now.detail {
        let name = saved.detail.map_or("left out", gardefou_core::time::Timeframe::name);
        what.push(format!("--detail was {name}"));
    }
    DaemonError::OtherSettings(format!(
        "the store was written with other options: {}; give them again, or name another --data. \
         Nothing was changed",
        text::list(what)
    ))
}

/// What differs, and what is open that the new configuration would leave behind.
fn other_configuration(engine: &Engine, now: &EngineConfig) -> DaemonError {
    let before = engine.config();
    let mut said = String::from("the store was written with another configuration: ");
    said.push_str(&text::list(differences(before, now)));
    let open = open_cycles(engine, now);
    if open.is_empty() {
        said.push_str(". No cycle is open");
    } else {
        let _ = write!(said, ". Open are {}", text::list(open));
    }
    said.push_str(
        ". Bring the configuration back to let them end, or name another --data to begin anew; \
         nothing was changed, nothing was traded",
    );
    DaemonError::OtherSettings(said)
}

fn differences(before: &EngineConfig, now: &EngineConfig) -> Vec<String> {
    let names = |config: &EngineConfig| -> Vec<String> {
        config.instruments.iter().map(|i| i.symbol.to_string()).collect()
    };
    let books = |config: &EngineConfig| -> Vec<String> {
        config.books.iter().map(|book| book.name.clone()).collect()
    };
    let mut found = Vec::new();
    for (kind, old, new) in
        [("symbol", names(before), names(now)), ("strategy", books(before), books(now))]
    {
        found
            .extend(old.iter().filter(|n| !new.contains(n)).map(|n| format!("{kind} {n} is gone")));
        found.extend(new.iter().filter(|n| !old.contains(n)).map(|n| format!("{kind} {n} is new")));
    }
    let parts = [
        ("risk.yaml", before.risk != now.risk),
        ("entry_order", before.entry_order != now.entry_order),
        ("fees or slippage", before.costs != now.costs),
        ("capital or parameters of strategies", before.books != now.books && found.is_empty()),
        (
            "ticks or rules of instruments",
            before.instruments != now.instruments && found.is_empty(),
        ),
    ];
    found.extend(parts.iter().filter(|(_, is)| *is).map(|(what, _)| format!("{what} changed")));
    found
}

fn open_cycles(engine: &Engine, now: &EngineConfig) -> Vec<String> {
    let config = engine.config();
    let mut open = Vec::new();
    for book in engine.books() {
        for lane in &book.lanes {
            let (Some(cycle), Some(of)) = (&lane.cycle, instrument(config, lane.symbol)) else {
                continue;
            };
            let kept = now.instruments.iter().any(|other| other.symbol == of.symbol);
            let lost =
                if kept { "" } else { ", whose symbol is not in the configuration any more" };
            open.push(format!(
                "{} {} (cycle {} since {}, {} held{lost})",
                ledger::book_name(config, book.id),
                of.symbol,
                cycle.number,
                text::instant(cycle.opened),
                of.quantity(cycle.basis.lots),
            ));
        }
    }
    open
}

fn instrument(config: &EngineConfig, id: SymbolId) -> Option<&Instrument> {
    config.instrument(id)
}
