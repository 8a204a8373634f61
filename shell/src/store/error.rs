//! What can be wrong with a store, told to a person: where, what, why and what to do.
//! No reading and no repair.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::key;
use super::table::Table;

/// A failure of the store. Its text is complete: there is no chain of causes to print.
#[derive(Debug, Error)]
#[error("{place}: {fault}")]
pub struct StoreError {
    place: Box<Place>,
    fault: Box<Fault>,
}

#[derive(Clone, Debug)]
struct Place {
    file: PathBuf,
    table: Option<Table>,
    key: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(table) = self.table {
            write!(f, ", table {table}")?;
        }
        self.key.as_ref().map_or(Ok(()), |key| write!(f, ", key {key}"))
    }
}

impl StoreError {
    /// About a file or directory as a whole.
    #[must_use]
    pub fn file(file: &Path, fault: Fault) -> Self {
        let place = Place { file: file.into(), table: None, key: None };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// About a table.
    #[must_use]
    pub fn table(file: &Path, table: Table, fault: Fault) -> Self {
        let place = Place { file: file.into(), table: Some(table), key: None };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// About one row.
    #[must_use]
    pub fn row(file: &Path, table: Table, key: &[u8], fault: Fault) -> Self {
        let place =
            Place { file: file.into(), table: Some(table), key: Some(key::show(table, key)) };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The file or directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.file
    }

    /// Table and key, when one row is at fault.
    #[must_use]
    pub fn at_row(&self) -> Option<(Table, &str)> {
        Some((self.place.table?, self.place.key.as_deref()?))
    }
}

/// What is wrong with the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing there.
    #[error("there is no store here; check the directory")]
    Missing,
    /// A directory where the file should be.
    #[error("this is a directory, but the store is a file of this name; move the directory away")]
    IsFolder,
    /// A file where the data directory should be.
    #[error("this is a file, but a data directory is meant; name a directory")]
    NotFolder,
    /// A pipe, a socket, a device.
    #[error("this is not a regular file; the store needs one of its own")]
    NotRegular,
    /// The system does not let us write.
    #[error(
        "cannot be opened for writing ({0}); the store needs a directory and files that this user \
         may write: check owner, permissions and how the disk is mounted"
    )]
    ReadOnly(io::Error),
    /// No space left.
    #[error("the disk is full ({0}); free some space, what waits is then written in order")]
    DiskFull(io::Error),
    /// The system failed otherwise.
    #[error("reading or writing failed ({0}); check the disk and the log of the system")]
    Io(io::Error),
    /// The lock is held.
    #[error(
        "in use by another process{}; a data directory belongs to one process: stop that one, or \
         ask it", by(.pid.as_ref())
    )]
    InUse {
        /// Its process id as it wrote it down, for people only.
        pid: Option<u32>,
    },
    /// Other bytes than those of a store.
    #[error("this is not a store (it does not begin like one); check the data directory")]
    NotAStore,
    /// No byte at all.
    #[error("the file is empty, which a store never is; restore a backup, or move the file away")]
    Empty,
    /// A file format of the database that is too old.
    #[error("the file has format {0} of the database, which is too old; use the version before")]
    OldFormat(u8),
    /// Written by a newer schema.
    #[error(
        "written by a newer version (schema {found}, this program knows {known}); run that version, \
         or restore a backup of before: nothing was changed"
    )]
    NewerSchema {
        /// Schema of the file.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// A record of a newer version.
    #[error("the record has version {found}, this program knows {known}; run the newer version")]
    NewerRecord {
        /// Version of the record.
        found: u16,
        /// The newest that this program knows.
        known: u16,
    },
    /// Pages that are not as they were written.
    #[error("pages of the file are damaged ({0}); restore the last backup and keep this file")]
    Pages(String),
    /// A record that is not as it was written.
    #[error(
        "the record is damaged (its checksum differs); restore the last backup, keep this file"
    )]
    Damaged,
    /// A record with a right checksum that cannot be understood.
    #[error("the record cannot be read ({0}); use the version that wrote it, or restore a backup")]
    Unreadable(String),
    /// A record that belongs to another key.
    #[error("the record says that its key is {0}; restore the last backup and keep this file")]
    Misplaced(String),
    /// A table is not there.
    #[error("the table is missing; restore the last backup and keep this file")]
    NoTable,
    /// A row that every store has is not there.
    #[error("the row is missing; restore the last backup and keep this file")]
    NoRow,
    /// A table of another kind.
    #[error("the file is laid out differently ({0}); it was not written by this program")]
    Layout(String),
    /// A record of the journal is not there.
    #[error("record {expected} of the journal is missing ({found} follows); restore a backup")]
    Gap {
        /// The sequence that should follow.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// The chained hash of a record differs.
    #[error(
        "the chain of the journal is broken here: this record or one before was changed; restore \
         the last backup and keep this file"
    )]
    ChainBroken,
    /// The state of a checkpoint is not the one that was hashed.
    #[error("the state does not have the hash that was written with it; restore the last backup")]
    StateHash,
    /// A batch does not follow what was submitted before: a bug of the caller.
    #[error("sequence {found} was given where {expected} must follow; nothing was written")]
    OutOfSequence {
        /// What must follow.
        expected: u64,
        /// What was given.
        found: u64,
    },
    /// A value that cannot be written as JSON: a bug of the caller.
    #[error("the value cannot be written as JSON ({0})")]
    NotJson(String),
    /// A record beyond the limit.
    #[error("the record has {bytes} bytes, at most {limit} are stored")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Somebody reads.
    #[error("the store is being read; try again when exports and backups have ended")]
    Busy,
    /// Closed after a failed write, and not yet open again.
    #[error("the store is closed after a failed write and is opened again; try in a moment")]
    Closed,
    /// A file where a new one would be written.
    #[error("exists already and is never overwritten; name another place, or move it away")]
    Exists,
    /// The one writer is taken.
    #[error("the writer of this store is running already; a store has one")]
    WriterTaken,
    /// The database stopped at an assertion of its own.
    #[error("the database stopped at an assertion ({0}); keep the file and restore a backup")]
    Panicked(String),
}

fn by(pid: Option<&u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

impl Fault {
    /// An error of the system, in our words.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's kinds are many and grow")]
    pub fn of_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::IsADirectory => Self::IsFolder,
            io::ErrorKind::NotADirectory => Self::NotFolder,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly(error)
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(error),
            io::ErrorKind::UnexpectedEof => Self::Pages("the file ends too early".into()),
            _ => Self::Io(error),
        }
    }

    /// An error of the database, in our words.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "the database adds variants")]
    pub fn of_redb(error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Io(error) => Self::of_io(error),
            redb::Error::Corrupted(what) => Self::Pages(what),
            redb::Error::DatabaseAlreadyOpen => Self::InUse { pid: None },
            redb::Error::UpgradeRequired(format) => Self::OldFormat(format),
            redb::Error::TransactionInProgress => Self::Busy,
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => Self::Closed,
            redb::Error::TableDoesNotExist(_) => Self::NoTable,
            other => Self::Layout(other.to_string()),
        }
    }
}
