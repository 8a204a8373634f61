//! Where the bytes of a store are: a file, or whatever a test puts in its place.
//!
//! After a failed write the database refuses all work until it is opened anew. A failed *sync* is
//! worse: the system may mark pages as written that never reached the disk, so that they can be
//! read now and are gone after a power cut. [`Bytes`] therefore remembers what was written since
//! the last sync that succeeded, and writes it again before the database is opened again.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// Something that holds bytes and can be opened again after it failed.
pub trait Medium: fmt::Debug + Send + Sync + 'static {
    /// Opens it.
    ///
    /// # Errors
    /// Those of the system.
    fn open(&self) -> io::Result<Box<dyn StorageBackend>>;
}

/// A file that exists.
#[derive(Debug)]
pub(super) struct FileMedium(pub PathBuf);

impl Medium for FileMedium {
    fn open(&self) -> io::Result<Box<dyn StorageBackend>> {
        let file = File::options().read(true).write(true).open(&self.0)?;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }
}

/// A medium, and what may not have reached it.
#[derive(Debug)]
pub(super) struct Unsynced {
    medium: Box<dyn Medium>,
    writes: Arc<Mutex<VecDeque<Change>>>,
}

#[derive(Debug)]
enum Change {
    Length(u64),
    Write(u64, Vec<u8>),
}

impl Unsynced {
    pub(super) fn new(medium: impl Medium) -> Self {
        Self { medium: Box::new(medium), writes: Arc::default() }
    }

    /// Opens an empty medium to make a store on.
    pub(super) fn fresh(medium: &dyn Medium) -> io::Result<Bytes> {
        Ok(Bytes { inner: medium.open()?, writes: Arc::default() })
    }

    /// Opens the medium as it is.
    pub(super) fn plain(&self) -> io::Result<Box<dyn StorageBackend>> {
        self.medium.open()
    }

    /// Opens the medium, writes again what may not have reached it, and remembers from now on.
    pub(super) fn open(&self) -> io::Result<Bytes> {
        let bytes = Bytes { inner: self.medium.open()?, writes: Arc::clone(&self.writes) };
        bytes.write_again()?;
        Ok(bytes)
    }
}

/// An open medium.
#[derive(Debug)]
pub(super) struct Bytes {
    inner: Box<dyn StorageBackend>,
    writes: Arc<Mutex<VecDeque<Change>>>,
}

impl Bytes {
    fn writes(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_again(&self) -> io::Result<()> {
        let mut writes = self.writes();
        if writes.is_empty() {
            return Ok(());
        }
        for change in &*writes {
            match change {
                Change::Length(length) => self.inner.set_len(*length)?,
                Change::Write(offset, data) => self.inner.write(*offset, data)?,
            }
        }
        self.inner.sync_data()?;
        writes.clear();
        Ok(())
    }
}

impl StorageBackend for Bytes {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)?;
        self.writes().push_back(Change::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.inner.sync_data()?;
        self.writes().clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inner.write(offset, data)?;
        self.writes().push_back(Change::Write(offset, data.into()));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(from, to)
    }

    fn try_lock_shared_range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(from, to)
    }

    fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(from, to)
    }

    fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(from, to)
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(from, to)
    }
}
