//! The engine alone through a journal: from the oldest state that is kept, told every event that
//! was written, it must answer with the same commands and end in the same state.

use std::path::Path;

use gardefou_core::engine::Engine;
use gardefou_core::event::Event;
use gardefou_core::step::Step;
use gardefou_core::time::Timestamp;

use super::error::{DaemonError, Step as Compared};
use super::saved::{self, state_hash};
use crate::store::{
    Checkpoint, Hash, JournalRecord, OpenOptions, Retention, STORE_FILE, Snapshot, Store,
};

/// A journal that was replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The step after which it began: that of the oldest checkpoint.
    pub from: u64,
    /// The last step.
    pub to: u64,
    /// Checkpoints on the way whose state was the one reached.
    pub checkpoints: u64,
    /// Checkpoints at which the run had gone on from an earlier state: another build took over, or
    /// a person asked for it.
    pub resumed: u64,
    /// The hash of the engine's state at the end.
    pub state_hash: Hash,
}

/// True for a data directory: it has a store.
#[must_use]
pub fn is_data(path: &Path) -> bool {
    path.join(STORE_FILE).is_file()
}

/// Replays the journal of a data directory, which nobody may be using.
///
/// # Errors
/// The store cannot be used, or a step comes out differently.
pub fn replay(dir: &Path, now: Timestamp, build: &str) -> Result<Replayed, DaemonError> {
    let retention = Retention::default();
    let options = OpenOptions { now, build: build.into(), create: false, retention };
    let opened = Store::open(dir, &options)?;
    let snapshot = opened.store.snapshot()?;
    // One state at a time: a checkpoint is as large as the engine.
    let mut checkpoints = snapshot.rows::<Checkpoint>()?;
    let Some(first) = checkpoints.next() else {
        return Err(DaemonError::OtherData(format!(
            "{} has no checkpoint: no run has begun there",
            opened.report.file.display()
        )));
    };
    let mut alone = Alone::from(&first?)?;
    let mut replayed = Replayed {
        from: alone.seq,
        to: alone.seq,
        checkpoints: 0,
        resumed: 0,
        state_hash: Hash::default(),
    };
    for checkpoint in checkpoints {
        let checkpoint = checkpoint?;
        alone.steps(&snapshot, Some(checkpoint.seq))?;
        let reached = Alone::from(&checkpoint)?;
        // Where it was not noted, another build may have gone back.
        let other_build = opened.report.tip.build_since > replayed.from + 1;
        if state_hash(&reached.engine).map_err(DaemonError::Record)?
            == state_hash(&alone.engine).map_err(DaemonError::Record)?
        {
            replayed.checkpoints += 1;
        } else if checkpoint.resumed.unwrap_or(other_build) {
            replayed.resumed += 1;
            alone = reached;
        } else {
            return Err(DaemonError::Bug(format!(
                "the state after step {} is not that of its checkpoint",
                checkpoint.seq
            )));
        }
    }
    alone.steps(&snapshot, None)?;
    replayed.to = alone.seq;
    replayed.state_hash = state_hash(&alone.engine).map_err(DaemonError::Record)?;
    Ok(replayed)
}

/// An engine between two steps of a journal.
struct Alone {
    engine: Engine,
    seq: u64,
    chain: Hash,
    step: Step,
}

impl Alone {
    fn from(checkpoint: &Checkpoint) -> Result<Self, DaemonError> {
        Ok(Self {
            engine: saved::engine(checkpoint)?,
            seq: checkpoint.seq,
            chain: checkpoint.chain,
            step: Step::default(),
        })
    }

    /// The steps up to one, or up to the last.
    fn steps(&mut self, snapshot: &Snapshot, until: Option<u64>) -> Result<(), DaemonError> {
        if until.is_some_and(|until| until <= self.seq) {
            return Ok(());
        }
        for record in snapshot.journal(self.seq + 1)? {
            self.take(&record?)?;
            if until == Some(self.seq) {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, written: &JournalRecord) -> Result<(), DaemonError> {
        let event: Event = written.event.read().map_err(DaemonError::Record)?;
        self.engine.step_into(written.now, &event, &mut self.step);
        let seq = self.seq + 1;
        let mut found = JournalRecord::new(seq, written.now, &event, &self.step.commands)
            .map_err(DaemonError::Record)?;
        found.chain = found.link(self.chain);
        if found.chain != written.chain {
            return Err(DaemonError::differs(Compared::of(written), Compared::of(&found)));
        }
        (self.seq, self.chain) = (seq, found.chain);
        Ok(())
    }
}
