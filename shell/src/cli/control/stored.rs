//! What a daemon that does not run left behind: its last checkpoint, and the ledger. The lock of
//! the directory is held while it is read, so that no daemon starts under the reader's eyes.

use std::path::Path;

use gardefou_core::engine::Engine;
use gardefou_core::time::Timestamp;
use serde::Deserialize;

use crate::cli::Failure;
use crate::control::Vitals;
use crate::control::answers::Source;
use crate::store::{Fault, OpenOptions, Opened, Retention, Store};

/// A state that was stored.
pub struct Stored {
    /// The engine at the checkpoint.
    pub engine: Engine,
    /// What is known around it.
    pub vitals: Vitals,
}

/// What is shown of a checkpoint, which holds more ([`crate::daemon::saved::Saved`]).
#[derive(Deserialize)]
struct Shown {
    history: Driven,
}

#[derive(Deserialize)]
struct Driven {
    engine: Engine,
}

impl Stored {
    /// Reads the last checkpoint of a data directory.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let opened = store(dir)?;
        let Some(checkpoint) = opened.last_checkpoint else {
            return Err(Failure::NotRunning(format!(
                "{}: no daemon runs here, and none has left a checkpoint yet",
                dir.display()
            )));
        };
        let Shown { history: Driven { engine } } = serde_json::from_slice(&checkpoint.state)
            .map_err(|error| {
                Failure::Unreadable(format!(
                    "{}: the last checkpoint is of build {} and this one cannot show it ({error}); \
                     use that build, or start the daemon",
                    opened.report.file.display(),
                    checkpoint.build
                ))
            })?;
        let vitals = Vitals {
            source: Source::Checkpoint,
            now: checkpoint.now,
            store: None,
            feed_at: None,
            alerts_pending: opened.pending_alerts.len() as u64,
        };
        Ok(Self { engine, vitals })
    }
}

/// Opens the store of a data directory in which no daemon runs; nothing is made or changed.
pub fn store(dir: &Path) -> Result<Opened, Failure> {
    let options = OpenOptions {
        now: Timestamp(0),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        create: false,
        retention: Retention::default(),
    };
    Store::open(dir, &options).map_err(|error| {
        let hint = if matches!(error.fault(), Fault::InUse { .. }) {
            "; a daemon is starting or ending: try again in a moment"
        } else if matches!(error.fault(), Fault::Missing) {
            " that --data names: `gardefou run` makes a store, and nothing ran here yet"
        } else {
            ""
        };
        Failure::Unreadable(format!("{error}{hint}"))
    })
}
