//! Why a daemon did not start, or stopped, told to a person: what, where, why, what to do.

use gardefou_core::time::Timestamp;

use crate::backtest::BacktestError;
use crate::config::ConfigError;
use crate::control::DoorError;
use crate::exchange::simulated::ExchangeError;
use crate::store::{Fault, JournalRecord, StoreError};
use crate::text;

/// A failure of the daemon. Nothing was traded on it, and what was written stays.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The candles were refused.
    #[error(transparent)]
    Market(#[from] BacktestError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The simulated exchange cannot be used.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Nobody could ask the daemon.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The store was written with other settings; the text says which and what to do.
    #[error("{0}")]
    OtherSettings(String),
    /// The candles are not those of the store; the text says where and what to do.
    #[error("{0}")]
    OtherData(String),
    /// A step came out differently than it was written.
    #[error(
        "replaying the journal, step {seq} came out differently: written was {written}; now it is \
         {found}. Nothing was written or traded. If candles or configuration were changed, bring \
         them back; if not, this program decides differently than the one that wrote the store: \
         run that one, or start from the last checkpoint with --from-checkpoint",
        seq = .0.seq, written = .0, found = .1
    )]
    Differs(Box<Step>, Box<Step>),
    /// A record of the journal cannot be written or read.
    #[error("a record of the journal cannot be used: {0}")]
    Record(Fault),
    /// A checkpoint has a state that this build cannot read.
    #[error(
        "the state in checkpoint {seq}, written by build {build}, cannot be read ({why}); run that \
         build, or name another --data"
    )]
    State {
        /// The step of the checkpoint.
        seq: u64,
        /// Who wrote it.
        build: String,
        /// What is wrong.
        why: String,
    },
    /// The disk could not take what was decided.
    #[error(
        "{batches} could not be written ({why}); no entry was sent beyond it. Free the disk and \
         start again: the run goes on where the store ends"
    )]
    Unwritten {
        /// How much, in words.
        batches: String,
        /// The last error.
        why: String,
    },
    /// The system refuses what a daemon needs.
    #[error("{what}: {why}; {remedy}")]
    System {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        why: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A rule of ours was broken.
    #[error("{0}; this is a bug, please report it")]
    Bug(String),
}

/// A step of the engine, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub seq: u64,
    now: Timestamp,
    event: String,
    commands: String,
}

impl Step {
    /// Of a record.
    #[must_use]
    pub fn of(record: &JournalRecord) -> Self {
        Self {
            seq: record.seq,
            now: record.now,
            event: record.event.text().into(),
            commands: record.commands.text().into(),
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} → {}", text::instant(self.now), self.event, self.commands)
    }
}

impl DaemonError {
    /// A step that is not the one that was written.
    #[must_use]
    pub fn differs(written: Step, found: Step) -> Self {
        Self::Differs(Box::new(written), Box::new(found))
    }
}
