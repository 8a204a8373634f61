//! Files that appear whole or not at all: written under another name, synced, renamed, and the
//! directory synced too.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::error::{Fault, StoreError};

/// Whether a file is there; something else under its name is an error.
pub(super) fn is_file(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(there) if there.is_file() => Ok(true),
        Ok(there) if there.is_dir() => Err(StoreError::file(path, Fault::IsFolder)),
        Ok(_) => Err(StoreError::file(path, Fault::NotRegular)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::file(path, Fault::of_io(error))),
    }
}

/// Lets a file of `dir` appear under its name once `write` has filled it. What an earlier attempt
/// left behind is removed; an existing file is never replaced.
pub(super) fn appear(
    dir: &Path,
    file: &Path,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if is_file(file)? {
        return Err(StoreError::file(file, Fault::Exists));
    }
    let partial = file.with_added_extension("partial");
    let fail = |error| StoreError::file(&partial, Fault::of_io(error));
    let handle = File::create(&partial).map_err(fail)?;
    let written = write(&partial)
        .and_then(|()| handle.sync_all().map_err(fail))
        .and_then(|()| fs::rename(&partial, file).map_err(fail));
    if let Err(error) = written {
        // The error that is told is the first one; a file left behind does no harm.
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    sync_dir(dir).map_err(|error| StoreError::file(dir, Fault::of_io(error)))
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
