//! The open database and who may use it: many read, one writes, and after a failure it is closed
//! and opened again.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use redb::{Builder, Database};

use super::error::{Fault, StoreError};
use super::lock::DirLock;
use super::medium::Unsynced;
use super::options::OpenOptions;

/// What every part of an open store shares.
#[derive(Debug)]
pub(super) struct Handle {
    pub file: PathBuf,
    pub options: OpenOptions,
    pub writer_taken: AtomicBool,
    medium: Unsynced,
    database: RwLock<Option<Database>>,
    // Dropped last: the directory is ours until the database is closed.
    lock: Option<DirLock>,
}

impl Handle {
    /// Opens the database of a medium that was looked through before.
    pub(super) fn open(
        file: &Path,
        medium: Unsynced,
        lock: Option<DirLock>,
        options: &OpenOptions,
    ) -> Result<Self, StoreError> {
        let database = open_database(&medium).map_err(|fault| StoreError::file(file, fault))?;
        Ok(Self {
            file: file.into(),
            options: options.clone(),
            writer_taken: AtomicBool::new(false),
            medium,
            database: RwLock::new(Some(database)),
            lock,
        })
    }

    /// The directory whose lock is held.
    pub(super) fn directory(&self) -> Option<&Path> {
        self.lock.as_ref().and_then(|_| self.file.parent())
    }

    pub(super) fn error(&self, fault: Fault) -> StoreError {
        StoreError::file(&self.file, fault)
    }

    /// Works with the database as it is open now.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &*self.read() {
            Some(database) => work(database),
            None => Err(self.error(Fault::Closed)),
        }
    }

    /// Works with the database alone; commits and new snapshots wait meanwhile.
    pub(super) fn with_alone<T>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &mut *self.write() {
            Some(database) => work(database),
            None => Err(self.error(Fault::Closed)),
        }
    }

    /// Closes the database after a failure.
    pub(super) fn close(&self) {
        *self.write() = None;
    }

    /// Opens the database again if it was closed.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        let mut database = self.write();
        if database.is_none() {
            *database = Some(open_database(&self.medium).map_err(|fault| self.error(fault))?);
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        self.database.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_database(medium: &Unsynced) -> Result<Database, Fault> {
    let bytes = medium.open().map_err(Fault::of_io)?;
    builder().create_with_backend(bytes).map_err(Fault::of_redb)
}

/// Pages that are kept in memory, in bytes.
const CACHE: usize = 32 << 20;

pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}
