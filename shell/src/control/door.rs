//! The socket as a file: made by whoever holds the store's lock, for the owner alone, removed at
//! the end.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::Store;

/// The name of the socket in a data directory.
pub const SOCKET_FILE: &str = "control.sock";

/// Where a new socket waits for its permissions before it gets its name.
const UNFINISHED: &str = "control.sock.new";

/// A socket that listens.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
    owner: u32,
    name: String,
}

/// Why there is no socket.
#[derive(Debug, Error)]
pub enum DoorError {
    /// The store has no directory of its own.
    #[error("the store is in memory: it has no directory for a control socket")]
    NoDirectory,
    /// Anybody could replace the socket.
    #[error("{}: every user may write into this directory, and so replace the control socket; take that right away: chmod o-w", .0.display())]
    Open(PathBuf),
    /// Something else has the name.
    #[error("{}: there is something of this name that is no socket; move it away", .0.display())]
    Occupied(PathBuf),
    /// The system refuses.
    #[error("{}: no control socket can be made ({why}); the path of a socket has at most about 100 bytes, and its directory must be writable", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

impl Door {
    /// Opens the door of a store's directory. A socket that a dead daemon left is replaced: who
    /// holds the lock of the directory knows that no other daemon lives there.
    ///
    /// # Errors
    /// [`DoorError`]; a socket that was there stays then.
    pub fn open(store: &Store) -> Result<Self, DoorError> {
        let dir = store.directory().ok_or(DoorError::NoDirectory)?;
        let path = dir.join(SOCKET_FILE);
        let fail = |why| DoorError::System { path: path.clone(), why };
        if fs::metadata(dir).map_err(fail)?.mode() & 0o002 != 0 {
            return Err(DoorError::Open(dir.into()));
        }
        refuse_others(&path)?;
        let unfinished = dir.join(UNFINISHED);
        refuse_others(&unfinished)?;
        remove(&unfinished).map_err(fail)?;
        let listener = UnixListener::bind(&unfinished).map_err(fail)?;
        fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600)).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let made = fs::symlink_metadata(&unfinished).map_err(fail)?;
        // The name appears with its permissions, in place of what a dead daemon left.
        fs::rename(&unfinished, &path).map_err(fail)?;
        let (inode, owner) = (made.ino(), made.uid());
        Ok(Self { listener, path, inode, owner, name: name_of(owner) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The only user who may come in.
    #[must_use]
    pub fn owner(&self) -> u32 {
        self.owner
    }

    /// That user's name, as the system knows it.
    #[must_use]
    pub fn owner_name(&self) -> &str {
        &self.name
    }

    pub(super) fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        tokio::net::UnixListener::from_std(self.listener.try_clone()?)
    }
}

impl Drop for Door {
    /// Removes the socket if it is still this one.
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path).is_ok_and(|there| there.ino() == self.inode);
        if ours && let Err(why) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %why, "the control socket stays");
        }
    }
}

/// Nothing but a socket is ever replaced.
fn refuse_others(path: &Path) -> Result<(), DoorError> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => Err(DoorError::Occupied(path.into())),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(why) => Err(DoorError::System { path: path.into(), why }),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The system's list of users.
const USERS: &str = "/etc/passwd";

/// The name of a user in the system's list; the number where there is none. Nothing is lost by
/// that: the name only tells people who asked, and the door is kept by the number.
fn name_of(uid: u32) -> String {
    let list = fs::read_to_string(USERS).unwrap_or_else(|why| {
        tracing::warn!(path = USERS, %why, "users are called by their numbers");
        String::new()
    });
    let named = list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}
