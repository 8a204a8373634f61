//! What a checkpoint of a run on recorded candles holds, and what says that candles and settings
//! are still those of the store.

use gardefou_core::config::{EngineConfig, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::market::Bar;
use gardefou_core::time::{Timeframe, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{OnTrip, State};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::error::DaemonError;
use super::orders::Orders;
use super::recorder::Recorder;
use crate::backtest::drive::HOUR;
use crate::backtest::load::Market;
use crate::store::{Checkpoint, Fault, Hash};

/// The state of a run: of paper books between two hours, with a [`State`]; of live ones between two
/// events, with a [`Living`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved<W = State> {
    /// The open time of the next hour; of live books, of the hour that is being lived.
    pub next: Timestamp,
    /// The candles and settlements of all hours before.
    pub tape: Tape,
    /// How the run is driven.
    pub terms: Terms,
    /// Orders that are not terminal.
    pub orders: Orders,
    /// Engine and exchange; of live books, whose exchange is not ours to keep, the engine.
    pub history: W,
}

/// What live books need to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Living<E = Engine> {
    /// The engine.
    pub engine: E,
    /// The time.
    pub now: Timestamp,
    /// The first instant of which this store knows: bars that closed before are history.
    pub began: Timestamp,
    /// How many facts of the hour the engine has been told.
    pub told: usize,
}

/// Any of them, for its engine alone.
#[derive(Deserialize)]
struct Alone {
    engine: Engine,
}

impl<W: DeserializeOwned> Saved<W> {
    /// What a checkpoint holds.
    ///
    /// # Errors
    /// This build cannot read it.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, DaemonError> {
        serde_json::from_slice(&checkpoint.state).map_err(|why| DaemonError::State {
            seq: checkpoint.seq,
            build: checkpoint.build.clone(),
            why: why.to_string(),
        })
    }
}

/// How the run of a checkpoint is driven.
///
/// # Errors
/// As [`Saved::of`].
pub fn terms(checkpoint: &Checkpoint) -> Result<Terms, DaemonError> {
    Saved::<IgnoredAny>::of(checkpoint).map(|saved| saved.terms)
}

/// The engine of a checkpoint, whatever books it has.
///
/// # Errors
/// As [`Saved::of`].
pub fn engine(checkpoint: &Checkpoint) -> Result<Engine, DaemonError> {
    Saved::<Alone>::of(checkpoint).map(|saved| saved.history.engine)
}

/// The same, borrowed, to be written.
#[derive(Serialize)]
pub struct SavedRef<'a, W> {
    /// As in [`Saved`].
    pub next: Timestamp,
    /// As in [`Saved`].
    pub tape: Tape,
    /// As in [`Saved`].
    pub terms: &'a Terms,
    /// As in [`Saved`].
    pub orders: &'a Orders,
    /// As in [`Saved`].
    pub history: W,
}

impl<W: Serialize> SavedRef<'_, W> {
    /// The checkpoint after the last step that was heard.
    ///
    /// # Errors
    /// The state has no JSON, which is a bug.
    pub fn checkpoint(
        &self,
        recorder: &Recorder,
        now: Timestamp,
        author: &Author,
    ) -> Result<Checkpoint, DaemonError> {
        let state = serde_json::to_vec(self)
            .map_err(|why| DaemonError::Bug(format!("the state has no JSON ({why})")))?;
        let Author { build, config_hash } = author;
        let (seq, _) = recorder.tip();
        let mut checkpoint = Checkpoint::new(seq, now, build, config_hash, state);
        checkpoint.resumed = Some(recorder.is_at_resumption());
        Ok(checkpoint)
    }
}

/// Who wrote and with what: goes into every checkpoint.
#[derive(Clone, Debug)]
pub struct Author {
    /// The build.
    pub build: String,
    /// Hash of the configuration.
    pub config_hash: String,
}

/// How a run is driven, beside its configuration: what may not change while a store lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Which assumption about the inside of bars.
    pub path: Path,
    /// What the simulated operator does.
    pub on_trip: OnTrip,
    /// Decisions begin here.
    pub from: Timestamp,
    /// Length of finer bars.
    pub detail: Option<Timeframe>,
    /// Paper or live.
    #[serde(default = "paper")]
    pub mode: Mode,
}

/// Stores of before live books have paper ones.
fn paper() -> Mode {
    Mode::Paper
}

/// A hash over all hours that were driven. More candles at the end change nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tape(Hash);

impl Tape {
    /// Of all hours that open before `next`.
    #[must_use]
    pub fn until(market: &Market, next: Timestamp) -> Self {
        let mut tape = Self::default();
        let mut at = market.first();
        while at < next {
            tape.advance(market, at);
            at = at + HOUR;
        }
        tape
    }

    /// With the hour that opens at `at`.
    pub fn advance(&mut self, market: &Market, at: Timestamp) {
        let mut bytes = Vec::with_capacity(64 * (market.feeds.len() + 1));
        bytes.extend(self.0.0);
        bytes.extend(at.0.to_be_bytes());
        for feed in &market.feeds {
            let bar = feed.hour(at);
            bytes.push(u8::from(bar.is_some()));
            bar.into_iter().for_each(|bar| put(&mut bytes, bar));
            let due = feed.settlements.partition_point(|&(due, _)| due < at);
            if let Some((_, rate)) = feed.settlements.get(due).filter(|(due, _)| *due == at) {
                bytes.extend(rate.0.to_be_bytes());
            }
            let fine = feed.detail.partition_point(|bar| bar.at < at);
            let fine = feed.detail.iter().skip(fine).take_while(|bar| bar.at < at + HOUR);
            fine.for_each(|bar| put(&mut bytes, bar));
        }
        self.0 = Hash::of(&bytes);
    }
}

fn put(bytes: &mut Vec<u8>, bar: &Bar) {
    for figure in [bar.at.0, bar.open.0, bar.high.0, bar.low.0, bar.close.0] {
        bytes.extend(figure.to_be_bytes());
    }
    bytes.push(u8::from(bar.traded));
}

/// The hash of an engine's whole state: what backtest, run and replay are compared by.
///
/// # Errors
/// The state has no JSON, which is a bug of its type.
pub fn state_hash(engine: &Engine) -> Result<Hash, Fault> {
    Hash::of_json(engine)
}

/// The hash of a configuration as the engine has it.
///
/// # Errors
/// As [`state_hash`].
pub fn config_hash(config: &EngineConfig) -> Result<Hash, Fault> {
    Hash::of_json(config)
}
