//! Stores of every schema that was ever shipped must open. `GARDEFOU_WRITE_FIXTURES=1 cargo test
//! -p gardefou --lib store::tests::fixture` writes the one of this schema anew, which is only right
//! before that schema is shipped.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::crash::HARMS;
use super::disk::{Disk, Harm};
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

fn fixture(schema: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(path(schema)).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The executions that a store of this schema has.
fn executions(schema: u32) -> Vec<FillRecord> {
    let mut fills = vec![work::fill(11, 58_800), work::fill(12, 58_801)];
    if schema >= 2 {
        fills.extend(work::parts(13));
    }
    fills
}

#[test]
fn a_store_of_every_schema_opens_and_every_table_is_read() {
    if std::env::var_os("GARDEFOU_WRITE_FIXTURES").is_some() {
        rewrite();
    }
    for schema in 1..=SCHEMA {
        let opened = Store::open_on(Disk::with(&fixture(schema)), &work::options()).unwrap();
        assert_eq!(opened.report.identity.build, "1.0.0");
        assert_eq!((opened.report.tip.batches, opened.report.tip.seq), (8, 10));
        let checkpoint = opened.last_checkpoint.unwrap();
        assert_eq!(checkpoint.state, work::checkpoint(9).state);
        assert_eq!(checkpoint.resumed, (schema >= 2).then_some(false));
        assert_eq!(opened.tail.len(), 1);
        assert_eq!(opened.pending_alerts.len(), 2);
        let snapshot = opened.store.snapshot().unwrap();
        assert_eq!(snapshot.schema().unwrap(), schema, "looking changes nothing");
        assert_eq!(rows::<JournalRecord>(&snapshot).len(), 3);
        assert_eq!(rows::<Checkpoint>(&snapshot).len(), 2);
        assert_eq!(rows::<OrderRecord>(&snapshot), [work::order(OrderState::Filled, Some("X1"))]);
        assert_eq!(rows::<OrderName>(&snapshot).len(), 1);
        assert_eq!(rows::<FillRecord>(&snapshot), executions(schema));
        assert_eq!(rows::<CycleRecord>(&snapshot), [work::cycle()]);
        assert_eq!(rows::<FundingRecord>(&snapshot), [work::funding()]);
        assert_eq!(rows::<BarRecord>(&snapshot).len(), 5);
        assert_eq!(rows::<AlertRecord>(&snapshot).len(), 2);
        assert_eq!(rows::<Conflict>(&snapshot).len(), 1);
        drop(snapshot);
        assert!(opened.store.check().unwrap().is_sound());
    }
}

/// The first commit of this version: the executions that are there, told again, and a new one in two
/// parts.
fn first_commit() -> Batch {
    let mut fills = executions(1);
    fills.extend(work::parts(20));
    Batch { fills, ..work::plain(11) }
}

#[test]
fn the_first_commit_brings_an_older_store_up_whatever_happens_at_any_write() {
    let cuts = HARMS.into_iter().filter(|harm| matches!(harm, Harm::Cut(_)));
    for (schema, harm) in cuts.flat_map(|harm| (1..SCHEMA).map(move |schema| (schema, harm))) {
        let start = fixture(schema);
        let mut kept = executions(schema);
        let (mut before, mut after) = (0, 0);
        for point in 0.. {
            let disk = Disk::with(&start);
            disk.harm(point, harm);
            let opened = Store::open_on(disk.clone(), &work::options());
            let batch = work::numbered(9, &first_commit());
            let write = |opened: Opened| opened.store.committer()?.write(&[batch]);
            let written = opened.and_then(write).is_ok();
            let harmed = disk.is_dead();
            disk.cut();
            let opened = Store::open_on(disk, &work::options()).unwrap();
            let snapshot = opened.store.snapshot().unwrap();
            let found = (snapshot.schema().unwrap(), opened.report.tip.batches);
            assert!(found == (SCHEMA, 9) || (found == (schema, 8) && !written), "{found:?}");
            if found.1 == 9 {
                after += 1;
                kept.extend(work::parts(20));
            } else {
                before += 1;
            }
            assert_eq!(rows::<FillRecord>(&snapshot), kept);
            assert_eq!(opened.report.tip.conflicts, 1, "nothing contradicts what was there");
            drop(snapshot);
            assert!(opened.store.check().unwrap().is_sound());
            kept.truncate(executions(schema).len());
            if !harmed {
                break;
            }
        }
        assert!(before > 0 && after > 0, "{harm:?}: {before} before, {after} after");
    }
}
