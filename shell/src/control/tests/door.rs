//! The socket as a file: whose it is, what it replaces, what it never touches.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

use gardefou_core::time::Timestamp;
use tempfile::TempDir;

use crate::control::{Door, DoorError, SOCKET_FILE};
use crate::store::{OpenOptions, Retention, Store};

pub fn store(dir: &Path) -> Store {
    let options = OpenOptions {
        now: Timestamp(0),
        build: "test".into(),
        create: true,
        retention: Retention::default(),
    };
    Store::open(dir, &options).unwrap().store
}

fn rights(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_socket_is_the_owners_alone_and_goes_with_the_daemon() {
    let dir = TempDir::new().unwrap();
    let store = store(dir.path());
    let door = Door::open(&store).unwrap();
    let path = dir.path().join(SOCKET_FILE);
    assert_eq!(rights(&path), 0o600);
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{left:?}");
    drop(door);
    assert!(!path.exists());
}

#[test]
fn what_a_dead_daemon_left_is_replaced() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(SOCKET_FILE);
    // Closed, and its file is still there: that is how a killed process leaves it.
    drop(UnixListener::bind(&path).unwrap());
    drop(UnixListener::bind(dir.path().join("control.sock.new")).unwrap());
    let store = store(dir.path());
    let door = Door::open(&store).unwrap();
    assert_eq!(rights(&path), 0o600);
    assert_eq!(door.path(), path);
    // One that another daemon made since is not removed by this one's end.
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    drop(door);
    assert!(path.exists());
    drop(other);
}

#[test]
fn no_door_where_anybody_could_replace_it() {
    let dir = TempDir::new().unwrap();
    let store = store(dir.path());
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Door::open(&store).unwrap_err();
    assert!(matches!(refused, DoorError::Open(_)), "{refused}");
    assert!(!dir.path().join(SOCKET_FILE).exists());
}

#[test]
fn a_file_of_that_name_is_not_touched() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(SOCKET_FILE);
    fs::write(&path, "somebody's notes").unwrap();
    let refused = Door::open(&store(dir.path())).unwrap_err();
    assert!(matches!(refused, DoorError::Occupied(_)), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's notes");
}

#[test]
fn a_path_that_no_socket_can_have_is_said() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("d".repeat(120));
    let refused = Door::open(&store(&deep)).unwrap_err();
    assert!(refused.to_string().contains("100 bytes"), "{refused}");
}
