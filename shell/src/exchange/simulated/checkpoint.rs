//! The checkpoint: the state after an entry of the record, so that opening a year reads the end of it
//! only. It is a shortcut and nothing else: one that is not there, damaged or ahead of its record is
//! passed over, and removed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::State;
use super::record::{Position, checked, encode};

#[derive(Serialize)]
struct Writing<'a> {
    identity: u32,
    position: Position,
    state: &'a State,
}

#[derive(Deserialize)]
struct Stored {
    identity: u32,
    position: Position,
    state: State,
}

/// Writes one in place of the last: it is there whole, or not at all.
pub(super) fn write(
    path: &Path,
    identity: u32,
    position: Position,
    state: &State,
) -> io::Result<()> {
    let line = encode(path, &Writing { identity, position, state })
        .map_err(|error| io::Error::other(error.to_string()))?;
    let partial = path.with_added_extension("partial");
    File::create(&partial)?.write_all(&line)?;
    fs::rename(&partial, path)
}

/// The state of the last one and where in its record that is, if it is of this record and not
/// beyond its end.
pub(super) fn read(path: &Path, identity: u32, bytes: u64) -> Option<(Position, State)> {
    let line = match fs::read(path) {
        Ok(line) => line,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return None,
        Err(why) => {
            tracing::warn!(path = %path.display(), %why, "the checkpoint cannot be read");
            return None;
        }
    };
    let stored = checked(&line).and_then(|(_, json)| serde_json::from_slice::<Stored>(json).ok());
    let usable =
        stored.filter(|stored| stored.identity == identity && stored.position.byte <= bytes);
    if usable.is_none() {
        tracing::warn!(path = %path.display(), "the checkpoint is passed over");
    }
    usable.map(|stored| (stored.position, stored.state))
}

/// Removes one, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(()) | Err(_) => Ok(()),
    }
}
