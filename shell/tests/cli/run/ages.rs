//! Stores and records of different ages, directories that cannot be written, and what a refused
//! start leaves behind.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gardefou::exchange::simulated::{CHECKPOINT_FILE, RECORD_FILE};
use gardefou::store::{AlertRecord, STORE_FILE};
use serde_json::Value;

use super::live::{all_live, audited, happened, options, until_held};
use super::{done, nowhere, opened, run};
use crate::{gardefou, market, refused};

fn alerts(data: &Path) -> usize {
    opened(data).snapshot().expect("a view").rows::<AlertRecord>().expect("alerts").count()
}

#[test]
fn a_record_that_is_behind_its_store_is_refused_and_nothing_is_traded() {
    let (_config, config) = all_live();
    let feed = market(1_100);
    let (_dir, data) = nowhere();
    let more = options(&config, "limit");
    until_held(feed.path(), &data, &more, 1);
    let record = data.join(RECORD_FILE);
    let whole = fs::read_to_string(&record).expect("a record");
    let lines: Vec<&str> = whole.lines().collect();
    let (ledger, told) = (happened(&data), alerts(&data));
    // The last line, a hundred, and all but the first.
    for cut in [1, 100, lines.len() - 1] {
        let kept = lines.len() - cut;
        fs::write(&record, format!("{}\n", lines[..kept].join("\n"))).expect("cut");
        let known = format!("has {kept} lines and the store knows of {}", lines.len());
        let words = [RECORD_FILE, known.as_str(), "Bring the newer one back", "nothing was traded"];
        refused(&run(feed.path(), &data, &more), 5, &words);
    }
    assert_eq!((happened(&data), alerts(&data)), (ledger, told));
    // With the whole one it goes on.
    fs::write(&record, whole).expect("brought back");
    let ended = done(feed.path(), &data, &more);
    assert_eq!(ended["ended"], "candles_ended");
    audited(&data);
}

#[test]
fn an_older_store_before_a_newer_record_opens_nothing_twice_and_protects() {
    let (_config, config) = all_live();
    let feed = market(1_100);
    for (from, next) in [("2024-01-26", 1), ("2024-02-04", 6)] {
        let (_dir, data) = nowhere();
        let more = options(&config, "limit");
        done(feed.path(), &data, &[&more[..], &["--to", from]].concat());
        let backup = fs::read(data.join(STORE_FILE)).expect("a store");
        // Days go by that the backup knows nothing of, and it ends with something held.
        until_held(feed.path(), &data, &more, next);
        fs::write(data.join(STORE_FILE), backup).expect("restored");
        let ended = done(feed.path(), &data, &more);
        assert_eq!(ended["ended"], "candles_ended");
        // Every execution is booked once, no level had two entries, every position its stop.
        audited(&data);
        assert!(alerts(&data) < 100, "since {from}: {} alerts", alerts(&data));
    }
}

#[test]
fn the_journal_of_live_books_that_went_back_to_their_checkpoint_is_replayed() {
    let (_config, config) = all_live();
    let feed = market(1_100);
    let (_dir, data) = nowhere();
    let more = options(&config, "limit");
    until_held(feed.path(), &data, &more, 1);
    let back = [&more[..], &["--from-checkpoint"]].concat();
    let ended = done(feed.path(), &data, &back);
    audited(&data);
    let said = gardefou(&["replay", "--json", data.to_str().expect("a path")]);
    assert_eq!(said.code, 0, "{}", said.err);
    let replayed: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(replayed["journals"][0]["state_hash"], ended["state_hash"]);
    assert_eq!(replayed["journals"][0]["to"], ended["step"]);
}

/// A directory in which this process can make nothing.
fn unwritable(dir: &Path) -> PathBuf {
    fs::set_permissions(dir, Permissions::from_mode(0o555)).expect("read-only");
    if fs::write(dir.join("probe"), "").is_err() {
        return dir.to_path_buf();
    }
    // Whoever may do everything still makes nothing there.
    PathBuf::from("/sys/gardefou")
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_clearly() {
    let feed = market(600);
    let dir = tempfile::tempdir().expect("a folder");
    let data = unwritable(dir.path());
    for more in [&["--live-mode"][..], &[]] {
        let said = run(feed.path(), &data, more);
        refused(&said, 5, &[data.to_str().expect("a path"), "cannot be opened for writing"]);
    }
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("writable again");
}

#[test]
fn a_refused_start_leaves_no_store_behind() {
    let feed = market(600);
    let live = ["--live-mode", "--strategies", "grid_atr"];
    // The record of an exchange that nobody can read.
    let (_dir, data) = nowhere();
    fs::create_dir(&data).expect("a folder");
    fs::write(data.join(RECORD_FILE), "no record at all\n").expect("written");
    refused(&run(feed.path(), &data, &live), 5, &["no record of a simulated exchange"]);
    assert!(!data.join(STORE_FILE).exists() && !data.join(CHECKPOINT_FILE).exists());
    // A directory in which no control socket can be: its name is too long.
    for more in [&live[..], &[]] {
        let (dir, _) = nowhere();
        let data = dir.path().join("d".repeat(120));
        fs::create_dir(&data).expect("a folder");
        let said = run(feed.path(), &data, more);
        refused(&said, 5, &["control"]);
        assert!(!data.join(STORE_FILE).exists(), "{}", said.err);
    }
    // Candles and settings that do not fit.
    for more in [&["--to", "2020-01-01"][..], &["--strategies", "supertrend"]] {
        let (_dir, data) = nowhere();
        fs::create_dir(&data).expect("a folder");
        let said = run(feed.path(), &data, &[&["--live-mode"], more].concat());
        assert!(said.code != 0, "{}", said.out);
        let left: Vec<_> = fs::read_dir(&data).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
