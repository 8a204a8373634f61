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
    /// It ends before what the store knows of.
    #[error(
        "the record has {lines} lines and the store knows of {known}: it was cut or restored from an \
         older copy, and orders and positions of the books are in no record. Bring the newer one \
         back, or begin anew in an empty data directory; nothing was traded"
    )]
    Behind {
        /// What it has.
        lines: u64,
        /// What the store knows of.
        known: u64,
    },
    /// Not the one that the books of this store trade on.
    #[error(
        "this is not the record of the exchange that the books of this store trade on. Bring that one \
         back, or begin anew in an empty data directory; nothing was traded"
    )]
    Another,
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
