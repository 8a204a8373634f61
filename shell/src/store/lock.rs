//! One process per data directory: an advisory lock of the system on the file `lock`.
//!
//! The system releases it when the process ends, however it ends; the process id inside is only for
//! people, so an id that was given to another process since does not matter. The file stays.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::error::{Fault, StoreError};

/// The name of the lock in a data directory.
pub const LOCK_FILE: &str = "lock";

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

impl DirLock {
    /// Takes the lock of a directory.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(LOCK_FILE);
        let fail = |fault| StoreError::file(&path, fault);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| fail(Fault::of_io(error)))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(fail(Fault::InUse { pid: holder(file) })),
            Err(TryLockError::Error(error)) => return Err(fail(Fault::of_io(error))),
        }
        sign(&mut file).map_err(|error| fail(Fault::of_io(error)))?;
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
