//! What can be in the way on a real disk.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::tempdir;

use super::work;
use crate::store::*;

fn fault(dir: &Path) -> StoreError {
    Store::open(dir, &work::options()).err().unwrap()
}

#[test]
fn a_store_is_made_once_and_opened_afterwards() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("made").join("too");
    let none = OpenOptions { create: false, ..work::options() };
    assert!(matches!(Store::open(&dir, &none).err().unwrap().fault(), Fault::Missing));
    let first = Store::open(&dir, &work::options()).unwrap();
    assert!(first.report.created);
    drop(first.store);
    let second = Store::open(&dir, &none).unwrap();
    assert!(!second.report.created);
    assert_eq!(second.report.identity, first.report.identity);
}

#[test]
fn one_process_at_a_time_and_people_learn_which() {
    let dir = tempdir().unwrap();
    let opened = Store::open(dir.path(), &work::options()).unwrap();
    let error = fault(dir.path());
    assert!(matches!(error.fault(), Fault::InUse { pid: Some(_) }), "{error}");
    assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
    drop(opened);
    // What the file says does not lock anything.
    fs::write(dir.path().join(LOCK_FILE), "1\n").unwrap();
    drop(Store::open(dir.path(), &work::options()).unwrap());
}

#[test]
fn what_is_in_the_way_is_told() {
    let at = |make: &dyn Fn(&Path)| {
        let dir = tempdir().unwrap();
        make(&dir.path().join(STORE_FILE));
        fault(dir.path())
    };
    let error = at(&|file| fs::create_dir(file).unwrap());
    assert!(matches!(error.fault(), Fault::IsFolder), "{error}");
    let error = at(&|file| fs::write(file, "").unwrap());
    assert!(matches!(error.fault(), Fault::Empty), "{error}");
    let error = at(&|file| fs::write(file, "redb, they said").unwrap());
    assert!(matches!(error.fault(), Fault::NotAStore), "{error}");
    let error = at(&|file| fs::write(file, "no").unwrap());
    assert!(matches!(error.fault(), Fault::NotAStore), "{error}");
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = fault(&file);
    assert!(matches!(error.fault(), Fault::NotFolder), "{error}");
    let error = fault(&file.join("below"));
    assert!(matches!(error.fault(), Fault::NotFolder), "{error}");
}

#[test]
fn a_file_that_ends_too_early_is_told() {
    let dir = tempdir().unwrap();
    drop(Store::open(dir.path(), &work::options()).unwrap());
    let file = dir.path().join(STORE_FILE);
    let bytes = fs::read(&file).unwrap();
    for length in [100, 4_096, bytes.len() / 2, bytes.len() - 4_096] {
        fs::write(&file, &bytes[..length]).unwrap();
        let error = fault(dir.path());
        assert!(matches!(error.fault(), Fault::Pages(_)), "{length}: {error}");
        assert_eq!(fs::read(&file).unwrap(), bytes[..length]);
    }
}

#[test]
fn what_an_attempt_left_behind_is_replaced() {
    let dir = tempdir().unwrap();
    let left = dir.path().join(format!("{STORE_FILE}.partial"));
    fs::write(&left, "half a store").unwrap();
    drop(Store::open(dir.path(), &work::options()).unwrap());
    assert!(!left.exists());
}

#[test]
fn the_system_s_refusals_have_names() {
    let of = |kind: io::ErrorKind| Fault::of_io(kind.into());
    assert!(matches!(of(io::ErrorKind::StorageFull), Fault::DiskFull(_)));
    assert!(matches!(of(io::ErrorKind::QuotaExceeded), Fault::DiskFull(_)));
    assert!(matches!(of(io::ErrorKind::ReadOnlyFilesystem), Fault::ReadOnly(_)));
    assert!(matches!(of(io::ErrorKind::PermissionDenied), Fault::ReadOnly(_)));
    assert!(matches!(of(io::ErrorKind::NotADirectory), Fault::NotFolder));
    assert!(matches!(of(io::ErrorKind::TimedOut), Fault::Io(_)));
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let may_write_anyway = fs::write(dir.path().join("probe"), "").is_ok();
    let opened = Store::open(dir.path(), &work::options());
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    match opened {
        Err(error) => assert!(matches!(error.fault(), Fault::ReadOnly(_)), "{error}"),
        Ok(_) => assert!(may_write_anyway, "opened in a directory that may not be written"),
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join(STORE_FILE), "").unwrap();
    let text = fault(dir.path()).to_string();
    assert!(text.starts_with(&dir.path().display().to_string()), "{text}");
    assert!(text.ends_with("restore a backup, or move the file away"), "{text}");
}
