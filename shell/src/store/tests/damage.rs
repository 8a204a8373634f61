//! A store that is not as it was written is refused, and people are told which row of what.

use redb::Database;

use super::disk::Disk;
use super::work;
use crate::store::handle::builder;
use crate::store::key::Key;
use crate::store::*;

/// Changes one row behind the store's back, or removes it.
pub(super) fn tamper(
    medium: &dyn Medium,
    table: Table,
    key: &Key,
    change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
) {
    let bytes = medium::Unsynced::fresh(medium).unwrap();
    let database: Database = builder().create_with_backend(bytes).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut rows = transaction.open_table(table.definition()).unwrap();
        let old = rows.remove(key.bytes()).unwrap().unwrap().value().to_vec();
        if let Some(new) = change(old) {
            rows.insert(key.bytes(), new.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

fn refused(disk: &Disk) -> StoreError {
    let before = disk.bytes();
    let error = Store::open_on(disk.clone(), &work::options()).err().unwrap();
    assert_eq!(disk.bytes(), before, "a store that is refused is not touched");
    error
}

pub(super) fn turned(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    *bytes.last_mut().unwrap() ^= 1;
    Some(bytes)
}

/// The record with a right envelope and other content.
fn forged<R: Record>(bytes: &[u8], key: &Key, change: impl FnOnce(&mut R)) -> Option<Vec<u8>> {
    let file = std::path::Path::new("");
    let mut record: R = record::decode(file, key.bytes(), bytes).unwrap();
    change(&mut record);
    Some(record::encode(file, &record).unwrap().1)
}

fn steps() -> Disk {
    work::store_with(&[work::plain(1), work::plain(2), work::plain(3)])
}

#[test]
fn a_damaged_row_is_named() {
    for (table, key, shown) in [
        (Table::Checkpoints, Key::new().number(9), "checkpoints, key 9"),
        (Table::Journal, Key::new().number(10), "journal, key 10"),
        (Table::Meta, Key::new().text("tip"), "meta, key tip"),
        (Table::Alerts, Key::new().number(3), "alerts, key 3"),
    ] {
        let disk = work::store_with(&work::batches());
        tamper(&disk, table, &key, turned);
        let error = refused(&disk);
        assert!(matches!(error.fault(), Fault::Damaged), "{error}");
        assert!(error.to_string().contains(shown), "{error}");
        assert!(error.to_string().contains("restore"), "{error}");
    }
}

#[test]
fn a_row_that_no_recovery_needs_is_found_by_a_check() {
    let disk = work::store_with(&work::batches());
    let key = work::fill(11, 0).key();
    tamper(&disk, Table::Fills, &key, turned);
    let store = Store::open_on(disk, &work::options()).unwrap().store;
    let report = store.check().unwrap();
    assert_eq!(report.problems.len(), 1, "{report}");
    assert!(report.to_string().contains("fills, key grid_atr.live·BTCUSDT·11"), "{report}");
}

#[test]
fn a_changed_event_breaks_the_chain_although_its_envelope_is_right() {
    let disk = steps();
    let key = Key::new().number(2);
    tamper(&disk, Table::Journal, &key, |bytes| {
        forged(&bytes, &key, |step: &mut JournalRecord| step.now.0 += 1)
    });
    let error = refused(&disk);
    assert!(matches!(error.fault(), Fault::ChainBroken), "{error}");
    assert_eq!(error.at_row(), Some((Table::Journal, "2")));
}

#[test]
fn a_missing_step_is_told_whether_inside_or_at_the_end() {
    let disk = steps();
    tamper(&disk, Table::Journal, &Key::new().number(2), |_| None);
    let error = refused(&disk);
    assert!(matches!(error.fault(), Fault::Gap { expected: 2, found: 3 }), "{error}");
    let disk = steps();
    tamper(&disk, Table::Journal, &Key::new().number(3), |_| None);
    let error = refused(&disk);
    assert!(matches!(error.fault(), Fault::Gap { expected: 3, .. }), "{error}");
}

#[test]
fn a_state_without_its_hash_is_refused() {
    let disk = work::store_with(&work::batches());
    let key = Key::new().number(9);
    tamper(&disk, Table::Checkpoints, &key, |bytes| {
        forged(&bytes, &key, |checkpoint: &mut Checkpoint| checkpoint.state[0] ^= 1)
    });
    let error = refused(&disk);
    assert!(matches!(error.fault(), Fault::StateHash), "{error}");
}

#[test]
fn a_store_or_a_record_of_a_newer_version_is_refused_and_untouched() {
    let disk = work::store_with(&work::batches());
    tamper(&disk, Table::Meta, &Key::new().text("schema"), |_| {
        Some((SCHEMA + 1).to_string().into_bytes())
    });
    let error = refused(&disk);
    let newer = |found, known| found == SCHEMA + 1 && known == SCHEMA;
    assert!(
        matches!(error.fault(), Fault::NewerSchema { found, known } if newer(*found, *known)),
        "{error}"
    );
    let disk = work::store_with(&work::batches());
    let key = Key::new().number(10);
    tamper(&disk, Table::Journal, &key, |bytes| {
        let old = frame::Frame::decode(Table::Journal, key.bytes(), &bytes).unwrap();
        let new = frame::Frame { version: 9, ..old };
        Some(new.encode(Table::Journal, key.bytes()).unwrap())
    });
    let error = refused(&disk);
    assert!(matches!(error.fault(), Fault::NewerRecord { found: 9, known: 1 }), "{error}");
}

#[test]
fn a_record_that_claims_another_key_is_told() {
    let disk = steps();
    let key = Key::new().number(2);
    tamper(&disk, Table::Journal, &key, |bytes| {
        let old = frame::Frame::decode(Table::Journal, key.bytes(), &bytes).unwrap();
        let json = String::from_utf8(old.json.into()).unwrap().replace("\"seq\":2", "\"seq\":7");
        let new = frame::Frame { json: json.as_bytes(), ..old };
        Some(new.encode(Table::Journal, key.bytes()).unwrap())
    });
    let error = refused(&disk);
    assert!(matches!(error.fault(), Fault::Misplaced(own) if own == "7"), "{error}");
}

#[test]
fn a_byte_changed_anywhere_is_told_or_harmless() {
    let batches = work::batches();
    let disk = work::store_with(&batches);
    let store = Store::open_on(Disk::with(&disk.bytes()), &work::options()).unwrap().store;
    let right = work::dump(&store.snapshot().unwrap());
    drop(store);
    let bytes = disk.bytes();
    let mut told = 0;
    let mut harmless = 0;
    for page in 0..bytes.len() / 4096 {
        for inside in [0, 17, 64, 700, 4_095] {
            let disk = Disk::with(&bytes);
            disk.flip(page * 4096 + inside);
            match Store::open_on(disk, &work::options()) {
                Ok(opened) => {
                    harmless += 1;
                    let there = work::dump(&opened.store.snapshot().unwrap());
                    assert_eq!(there, right, "page {page}, byte {inside}");
                }
                Err(error) => {
                    told += 1;
                    assert!(!matches!(error.fault(), Fault::Panicked(_)), "{error}");
                }
            }
        }
    }
    println!("{told} told, {harmless} harmless");
    assert!(told > 20);
}
