//! What can be wrong with the exchange's record: where, what, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure of the record.
#[derive(Debug, Error)]
#[error("{}: {fault}", path.display())]
pub struct ExchangeError {
    path: PathBuf,
    fault: Fault,
}

/// What is wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The system refuses.
    #[error(
        "the record of the simulated exchange cannot be read or written ({0}); check the directory and the disk"
    )]
    Io(#[from] io::Error),
    /// Not a record.
    #[error("this is no record of a simulated exchange; name another data directory")]
    NotARecord,
    /// A newer program wrote it.
    #[error("the record is of version {found}, this program knows {known}; use the newer program")]
    Newer {
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// An entry before the last one cannot be read.
    #[error(
        "entry {line} is damaged: a rehearsal cannot go on from here; begin anew in an empty data directory"
    )]
    Damaged {
        /// Which line, from 1.
        line: u64,
    },
    /// Other instruments or books.
    #[error(
        "the record is of other {what} than the configuration has; begin anew in an empty data directory"
    )]
    Other {
        /// Instruments or books.
        what: &'static str,
    },
    /// A value without JSON.
    #[error("something cannot be written as JSON: {0}; this is a bug")]
    Unwritable(String),
    /// An earlier write failed half way and could not be taken back.
    #[error(
        "an entry was written half and could not be taken back; start again once the disk is well"
    )]
    HalfWritten,
}

impl ExchangeError {
    /// About a file.
    pub(crate) fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.into(), fault }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}
