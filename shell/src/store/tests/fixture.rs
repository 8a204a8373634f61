//! Stores of every schema that was ever shipped must open. `GARDEFOU_WRITE_FIXTURES=1 cargo test
//! -p gardefou --lib store::tests::fixture` writes the one of this schema anew, which is only right
//! before that schema is shipped.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::disk::Disk;
use super::work;
use crate::store::*;

fn path(schema: u32) -> PathBuf {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stores");
    fixtures.join(format!("v{schema}")).join(format!("{STORE_FILE}.gz"))
}

fn rewrite() {
    let disk = work::store_with(&work::batches());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&disk.bytes()).unwrap();
    let file = path(SCHEMA);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, gzip.finish().unwrap()).unwrap();
}

fn rows<R: Record + 'static>(snapshot: &Snapshot) -> Vec<R> {
    snapshot.rows().unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_store_of_schema_1_opens_and_every_table_is_read() {
    if std::env::var_os("GARDEFOU_WRITE_FIXTURES").is_some() {
        rewrite();
    }
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(path(1)).unwrap()).read_to_end(&mut bytes).unwrap();
    let opened = Store::open_on(Disk::with(&bytes), &work::options()).unwrap();
    assert_eq!(opened.report.identity.build, "1.0.0");
    assert_eq!((opened.report.tip.batches, opened.report.tip.seq), (8, 10));
    assert_eq!(opened.last_checkpoint.unwrap().state, work::checkpoint(9).state);
    assert_eq!(opened.tail.len(), 1);
    assert_eq!(opened.pending_alerts.len(), 2);
    let snapshot = opened.store.snapshot().unwrap();
    assert_eq!(rows::<JournalRecord>(&snapshot).len(), 3);
    assert_eq!(rows::<Checkpoint>(&snapshot).len(), 2);
    assert_eq!(rows::<OrderRecord>(&snapshot), [work::order(OrderState::Filled, Some("X1"))]);
    assert_eq!(rows::<OrderName>(&snapshot).len(), 1);
    assert_eq!(rows::<FillRecord>(&snapshot), [work::fill(11, 58_800), work::fill(12, 58_801)]);
    assert_eq!(rows::<CycleRecord>(&snapshot), [work::cycle()]);
    assert_eq!(rows::<FundingRecord>(&snapshot), [work::funding()]);
    assert_eq!(rows::<BarRecord>(&snapshot).len(), 5);
    assert_eq!(rows::<AlertRecord>(&snapshot).len(), 2);
    assert_eq!(rows::<Conflict>(&snapshot).len(), 1);
    drop(snapshot);
    assert!(opened.store.check().unwrap().is_sound());
}
