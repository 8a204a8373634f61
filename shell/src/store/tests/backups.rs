//! Copies that are made while the store is written to, and put back.

use std::fs;
use std::time::Duration;

use tempfile::tempdir;

use super::damage::{tamper, turned};
use super::work::{self, plain};
use crate::store::*;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_backup_during_writing_restores_to_the_same_hashes() {
    let dir = tempdir().unwrap();
    let store = Store::open(&dir.path().join("data"), &work::options()).unwrap().store;
    let writer = store.writer(WriterOptions::default()).unwrap();
    for batch in work::batches() {
        assert!(matches!(writer.submit(batch).unwrap().wait(LONG), Waited::Durable(_)));
    }
    let seen = store.snapshot().unwrap();
    let later = writer.submit(plain(11)).unwrap();
    let copy = dir.path().join("copy.redb");
    let tip = backup::backup(&seen, &copy).unwrap();
    assert!(matches!(later.wait(LONG), Waited::Durable(_)));
    assert_eq!(tip.seq, 10);
    let restored = dir.path().join("restored");
    assert_eq!(restore(&copy, &restored).unwrap(), tip);
    let opened = Store::open(&restored, &work::options()).unwrap();
    assert_eq!(opened.report.tip, tip);
    assert_eq!(opened.last_checkpoint, seen.last_checkpoint().unwrap());
    assert_eq!(opened.tail, seen.tail(opened.last_checkpoint.as_ref()).unwrap());
    assert_eq!(work::dump(&opened.store.snapshot().unwrap()), work::dump(&seen));
}

#[test]
fn a_backup_replaces_nothing_and_a_store_is_never_overwritten() {
    let dir = tempdir().unwrap();
    let data = dir.path().join("data");
    let store = Store::open(&data, &work::options()).unwrap().store;
    let copy = dir.path().join("copy.redb");
    store.backup(&copy).unwrap();
    let error = store.backup(&copy).unwrap_err();
    assert!(matches!(error.fault(), Fault::Exists), "{error}");
    let error = restore(&copy, &data).unwrap_err();
    assert!(matches!(error.fault(), Fault::Exists), "{error}");
    // A store that runs is no backup.
    let error = restore(&data.join(STORE_FILE), &dir.path().join("new")).unwrap_err();
    assert!(matches!(error.fault(), Fault::InUse { .. }), "{error}");
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_made() {
    let dir = tempdir().unwrap();
    let store = Store::open(&dir.path().join("data"), &work::options()).unwrap().store;
    let writer = store.writer(WriterOptions::default()).unwrap();
    let done = writer.submit(work::batches().remove(0)).unwrap().wait(LONG);
    assert!(matches!(done, Waited::Durable(_)));
    let copy = dir.path().join("copy.redb");
    store.backup(&copy).unwrap();
    let mut bytes = fs::read(&copy).unwrap();
    let text = b"said to people";
    let found = bytes.windows(text.len()).rposition(|window| window == text).unwrap();
    bytes[found] ^= 1;
    fs::write(&copy, bytes).unwrap();
    let data = dir.path().join("new");
    let error = restore(&copy, &data).unwrap_err();
    assert!(matches!(error.fault(), Fault::Pages(_)), "{error}");
    assert!(!data.exists());
    assert!(matches!(restore(&data, &data).unwrap_err().fault(), Fault::Missing));
}

#[test]
fn a_row_that_was_changed_in_a_backup_is_named() {
    let dir = tempdir().unwrap();
    let store = Store::open(&dir.path().join("data"), &work::options()).unwrap().store;
    let writer = store.writer(WriterOptions::default()).unwrap();
    let fill = work::fill(11, 58_800);
    let done = writer.submit(Batch { fills: vec![fill.clone()], ..plain(1) }).unwrap().wait(LONG);
    assert!(matches!(done, Waited::Durable(_)));
    let copy = dir.path().join("copy.redb");
    store.backup(&copy).unwrap();
    tamper(&medium::FileMedium(copy.clone()), Table::Fills, &fill.key(), turned);
    let error = restore(&copy, &dir.path().join("new")).unwrap_err();
    assert_eq!(error.at_row(), Some((Table::Fills, "grid_atr.live·BTCUSDT·11·1")), "{error}");
}

#[test]
fn compacting_gives_space_back_and_loses_nothing() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path(), &work::options()).unwrap().store;
    let writer = store.writer(WriterOptions::default()).unwrap();
    for number in 1..=40 {
        let state = vec![7; 200_000];
        let checkpoint = Checkpoint::new(number, work::at(number), "1.0.0", "c0ffee", state);
        let batch = Batch { checkpoint: Some(checkpoint), ..plain(number) };
        assert!(matches!(writer.submit(batch).unwrap().wait(LONG), Waited::Durable(_)));
    }
    let snapshot = store.snapshot().unwrap();
    let before = work::dump(&snapshot);
    let error = store.compact().unwrap_err();
    assert!(matches!(error.fault(), Fault::Busy), "{error}");
    drop(snapshot);
    let compacted = store.compact().unwrap();
    assert!(compacted.after < compacted.before, "{compacted}");
    assert_eq!(work::dump(&store.snapshot().unwrap()), before);
    assert!(store.check().unwrap().is_sound());
}
