//! What does not fit: a clear message, nothing lost, nothing traded.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;

use gardefou::store::STORE_FILE;

use super::{ALL, done, ledger, nowhere, run, spawned};
use crate::{configured, gzip, market, refused};

/// Bytes of the store.
fn bytes(data: &Path) -> Vec<u8> {
    fs::read(data.join(STORE_FILE)).expect("a store")
}

/// A run is refused and every row of the store is as it was.
fn untouched(feed: &Path, data: &Path, more: &[&str], code: i32, words: &[&str]) {
    let before = ledger(data);
    refused(&run(feed, data, more), code, words);
    assert_eq!(ledger(data), before);
}

/// A run is refused and no byte of the store was written.
fn unopened(feed: &Path, data: &Path, words: &[&str]) {
    let before = bytes(data);
    let said = run(feed, data, &[]);
    refused(&said, 5, words);
    assert!(bytes(data) == before, "the store was changed: {}", said.err);
}

#[test]
fn a_store_in_use_is_told_and_sigterm_ends_in_order() {
    let feed = market(600);
    let (_dir, data) = nowhere();
    let mut child = spawned(feed.path(), &data, &["--pace", "1h=60m"]);
    let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    // Its first line comes when the store is open.
    assert!(log.next().is_some_and(|line| line.is_ok()));
    let said = run(feed.path(), &data, &[]);
    refused(&said, 5, &["in use by another process", &format!("pid {}", child.id())]);
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
    assert!(sent.success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    let ended = done(feed.path(), &data, &[]);
    assert_eq!(ended["ended"], "candles_ended");
}

#[test]
fn candles_that_end_before_the_store_or_are_others_are_refused() {
    let feed = market(700);
    let (_dir, data) = nowhere();
    done(feed.path(), &data, &[]);
    let words = ["time cannot go back", "another --data", "nothing was changed"];
    untouched(feed.path(), &data, &["--to", "2024-01-25"], 4, &words);
    // One price of an hour that was driven.
    let file = feed.path().join("1h/seeded-perp_BTCUSDT_1h_20240101-20241231.csv.gz");
    let read = fs::File::open(&file).expect("candles");
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(read)).expect("text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let row = &mut lines[300];
    let (rest, volume) = row.rsplit_once(',').expect("a volume");
    let (rest, close) = rest.rsplit_once(',').expect("a close");
    let open = rest.split(',').nth(1).expect("an open");
    assert_ne!(open, close);
    *row = format!("{rest},{open},{volume}");
    gzip(&file, &format!("{}\n", lines.join("\n")));
    let words = ["not those that the store was written with", "Give the same files"];
    untouched(feed.path(), &data, &[], 4, &words);
}

#[test]
fn more_candles_at_the_end_are_gone_on_with() {
    let (feed, longer) = (market(650), market(700));
    let (_a, data) = nowhere();
    done(feed.path(), &data, &["--strategies", ALL]);
    let more = done(longer.path(), &data, &["--strategies", ALL]);
    let (_b, whole) = nowhere();
    assert_eq!(
        more["state_hash"],
        done(longer.path(), &whole, &["--strategies", ALL])["state_hash"]
    );
    assert_eq!(ledger(&data), ledger(&whole));
}

#[test]
fn other_options_or_a_lost_symbol_are_refused_with_what_is_open() {
    let feed = market(900);
    let (_dir, data) = nowhere();
    done(feed.path(), &data, &[]);
    let path = feed.path();
    untouched(path, &data, &["--path", "optimistic"], 3, &["--path was pessimistic", "--data"]);
    untouched(path, &data, &["--on-trip", "stop"], 3, &["--on-trip was resume"]);
    let words = ["another configuration", "entry_order changed", "nothing was traded"];
    untouched(path, &data, &["--entry-order", "market"], 3, &words);
    untouched(path, &data, &["--strategies", "supertrend"], 3, &["strategy grid_atr is gone"]);
    let (_config, dir) = configured("risk.yaml", "max_live_grids: 4", "max_live_grids: 3");
    let dir = dir.to_str().expect("a path");
    untouched(path, &data, &["--config", dir], 3, &["risk.yaml changed"]);
    let words = ["symbol ICPUSDT is gone", "another configuration"];
    untouched(path, &data, &["--symbols", "BTCUSDT,SOLUSDT"], 3, &words);
}

#[test]
fn an_open_cycle_whose_symbol_was_lost_is_named() {
    let feed = market(900);
    // Until a day begins with an open cycle.
    for day in ["01-26", "01-28", "01-30", "02-01", "02-03", "02-05", "02-07"] {
        let (_dir, data) = nowhere();
        let to = format!("2024-{day}");
        done(feed.path(), &data, &["--to", &to, "--strategies", ALL]);
        for kept in ["BTCUSDT,ICPUSDT", "BTCUSDT,SOLUSDT", "ICPUSDT,SOLUSDT"] {
            let one = ["--symbols", kept, "--strategies", ALL, "--to", &to];
            let said = run(feed.path(), &data, &one);
            assert_eq!(said.code, 3, "{}", said.err);
            let lost = said.err.contains("whose symbol is not in the configuration any more");
            for words in ["Open are ", ".paper ", "Bring the configuration back to let them end"] {
                assert!(!lost || said.err.contains(words), "{}", said.err);
            }
            if lost {
                return;
            }
        }
    }
    panic!("no cycle was open on any of these days");
}

#[test]
fn a_damaged_store_is_told_and_kept() {
    let feed = market(600);
    let (_dir, data) = nowhere();
    done(feed.path(), &data, &[]);
    let file = data.join(STORE_FILE);
    let mut damaged = bytes(&data);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4_096].fill(0xA5);
    fs::write(&file, &damaged).expect("written");
    let said = run(feed.path(), &data, &[]);
    if said.code != 0 {
        refused(&said, 5, &[STORE_FILE, "restore"]);
        assert!(bytes(&data) == damaged, "the store was changed");
    }
    fs::write(&file, "redb, they said").expect("written");
    unopened(feed.path(), &data, &["this is not a store"]);
}

#[test]
fn a_newer_store_is_refused() {
    const META: redb::TableDefinition<'static, &[u8], &[u8]> = redb::TableDefinition::new("meta");
    let feed = market(600);
    let (_dir, data) = nowhere();
    done(feed.path(), &data, &["--to", "2024-01-03"]);
    let database = redb::Database::open(data.join(STORE_FILE)).expect("a database");
    let write = database.begin_write().expect("a transaction");
    write
        .open_table(META)
        .expect("the table")
        .insert(b"schema\0\0".as_slice(), b"999".as_slice())
        .expect("a row");
    write.commit().expect("committed");
    drop(database);
    let words = ["written by a newer version", "schema 999", "nothing was changed"];
    unopened(feed.path(), &data, &words);
}

#[test]
fn a_place_that_is_no_directory_is_refused() {
    let feed = market(600);
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    fs::write(&file, "mine").expect("written");
    refused(&run(feed.path(), &file, &[]), 5, &["this is a file", "name a directory"]);
    assert_eq!(fs::read_to_string(&file).expect("there"), "mine");
    refused(&run(feed.path(), Path::new("/proc/gardefou"), &[]), 5, &["/proc/gardefou"]);
}

#[test]
fn a_disk_that_fails_stops_deciding_and_the_run_goes_on_when_it_works() {
    let feed = market(700);
    let (_a, whole) = nowhere();
    let undisturbed = done(feed.path(), &whole, &["--strategies", ALL]);
    let (_b, data) = nowhere();
    // Files may not grow beyond this: writing fails in the middle of the run.
    let limit = bytes(&whole).len() / 1_024 * 5 / 8;
    let mut args = super::arguments(feed.path(), &data, &["--strategies", ALL]);
    args.extend(["--log", "gardefou::daemon=info"]);
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
    let mut child = Command::new("bash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_gardefou")])
        .args(&args)
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut said = String::new();
    let failing = log.by_ref().any(|line| {
        let line = line.expect("a line");
        said.push_str(&line);
        line.contains("the store cannot be written")
    });
    assert!(failing, "{said}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(5), "{said}");
    let ended = done(feed.path(), &data, &["--strategies", ALL]);
    assert_eq!(ended["state_hash"], undisturbed["state_hash"]);
    assert_eq!(ledger(&data), ledger(&whole));
}
