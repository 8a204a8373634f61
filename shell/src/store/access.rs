//! The store as the rest of the program holds it: reading, checking, compacting, copying. Writing
//! is the [`Writer`]'s alone.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::alert::AlertRecord;
use super::backup;
use super::check::{self, CheckReport};
use super::commit::Committer;
use super::error::{Fault, StoreError};
use super::handle::Handle;
use super::meta::Tip;
use super::snapshot::Snapshot;
use super::writer::{Writer, WriterOptions};

/// An open store. Clones are the same store; it is closed, and the directory given back, when the
/// last clone and the writer are gone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) handle: Arc<Handle>,
}

/// What compacting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Size of the file before, in bytes.
    pub before: u64,
    /// And after.
    pub after: u64,
}

impl fmt::Display for Compacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {} before", self.after, self.before)
    }
}

impl Store {
    pub(super) fn new(handle: Arc<Handle>) -> Self {
        Self { handle }
    }

    /// Starts the one thread that writes. Nothing is written to an opened store before: what was
    /// there stays until the caller has recovered from it.
    ///
    /// # Errors
    /// The writer was started before, or the tip cannot be read.
    pub fn writer(&self, options: WriterOptions) -> Result<Writer, StoreError> {
        Ok(Writer::start(self.committer()?, &self.tip()?, options))
    }

    /// The one that writes, for those who bring their own thread or none.
    pub(super) fn committer(&self) -> Result<Committer, StoreError> {
        if self.handle.writer_taken.swap(true, Ordering::AcqRel) {
            return Err(self.handle.error(Fault::WriterTaken));
        }
        Ok(Committer::new(Arc::clone(&self.handle)))
    }

    /// The directory that this store has to itself, by its lock; none on another medium.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.handle.directory()
    }

    /// A view of the store after its last commit.
    ///
    /// # Errors
    /// The database is closed after a failed write, or cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.handle.with(|database| Snapshot::of(database, &self.handle.file))
    }

    /// How far it has come.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub fn tip(&self) -> Result<Tip, StoreError> {
        self.snapshot()?.tip()
    }

    /// Alerts that people do not have yet, oldest first.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub fn pending_alerts(&self) -> Result<Vec<AlertRecord>, StoreError> {
        self.snapshot()?.pending_alerts()
    }

    /// Checks everything: every page, every envelope, the chain of the journal, the ledger. Commits
    /// wait while pages are checked.
    ///
    /// # Errors
    /// It could not be checked; what is wrong with the content is in the report.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        let pages = self.handle.with_alone(|database| {
            database.check_integrity().map_err(|error| self.handle.error(Fault::of_redb(error)))
        })?;
        let mut report = check::check(&self.snapshot()?)?;
        report.repaired = !pages;
        Ok(report)
    }

    /// Gives unused space of the file back. Commits wait meanwhile.
    ///
    /// # Errors
    /// Somebody reads, or the disk refuses.
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        let size = || fs::metadata(&self.handle.file).map_or(0, |file| file.len());
        let before = size();
        self.handle.with_alone(|database| {
            database.compact().map_err(|error| self.handle.error(Fault::of_redb(error)))
        })?;
        Ok(Compacted { before, after: size() })
    }

    /// Copies the store as it is after its last commit into a new file, while it is written to. The
    /// copy is checked, synced, and only then has its name.
    ///
    /// # Errors
    /// The file is there already, or cannot be written; or what was copied is damaged.
    pub fn backup(&self, to: &Path) -> Result<Tip, StoreError> {
        backup::backup(&self.snapshot()?, to)
    }
}
