//! `gardefou run`: the same as a backtest, the same as the replay of its journal, and the same
//! however often it is killed.

mod ages;
mod bad;
mod killed;
mod live;
mod restarts;
mod same;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gardefou::store::{
    AlertRecord, CycleRecord, FillRecord, FundingRecord, OpenOptions, OrderRecord, Record,
    Retention, Snapshot, Store,
};
use gardefou_core::time::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::{Said, gardefou};

/// Every strategy, so that all of them are compared.
const ALL: &str = "grid_atr,grid_multi_tf,supertrend";

/// A run over candles into a data directory.
fn run(feed: &Path, data: &Path, more: &[&str]) -> Said {
    gardefou(&arguments(feed, data, more))
}

/// A run that must end well; what it says as JSON.
fn done(feed: &Path, data: &Path, more: &[&str]) -> Value {
    let mut options = vec!["--json"];
    options.extend(more);
    let said = run(feed, data, &options);
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

fn arguments<'a>(feed: &'a Path, data: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let text = |path: &'a Path| path.to_str().expect("a path");
    let mut args = vec!["run", "--feed", text(feed), "--data", text(data), "--available-only"];
    args.extend(more);
    args
}

/// The binary with its words in a pipe, to be watched and killed.
fn spawned(feed: &Path, data: &Path, more: &[&str]) -> std::process::Child {
    let args = arguments(feed, data, more);
    Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .env_remove("GARDEFOU_CAPITAL")
        .args(args)
        .args(["--log", "gardefou::daemon=debug"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// A data directory that does not exist yet.
fn nowhere() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    (dir, data)
}

/// How a store is opened to be looked at.
fn opened(data: &Path) -> Store {
    let options = OpenOptions {
        now: Timestamp(0),
        build: gardefou::daemon::BUILD.into(),
        create: false,
        retention: Retention::default(),
    };
    Store::open(data, &options).expect("a store").store
}

/// The ledger as text: every order, execution, cycle, settlement and alert, in the order of the
/// store; and how many steps the journal has.
fn ledger(data: &Path) -> String {
    let store = opened(data);
    let snapshot = store.snapshot().expect("a view");
    let mut text = String::new();
    rows::<OrderRecord>(&snapshot, &mut text);
    rows::<FillRecord>(&snapshot, &mut text);
    rows::<CycleRecord>(&snapshot, &mut text);
    rows::<FundingRecord>(&snapshot, &mut text);
    for alert in snapshot.rows::<AlertRecord>().expect("alerts") {
        let alert = alert.expect("an alert");
        text.push_str(&format!("{} {:?}\n", alert.seq, alert.alert));
    }
    drop(snapshot);
    let tip = store.tip().expect("a tip");
    assert_eq!(tip.conflicts, 0, "no row contradicts another");
    text.push_str(&format!("{} steps\n", tip.seq));
    let report = store.check().expect("a check");
    assert!(report.is_sound() && report.remarks.is_empty(), "{report}");
    text
}

fn rows<R: Record + 'static>(snapshot: &Snapshot, text: &mut String) {
    for row in snapshot.rows::<R>().expect("rows") {
        let row = serde_json::to_string(&row.expect("a row")).expect("JSON");
        text.push_str(&format!("{row}\n"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A recorded year with its warm-up: the folder of candles with only those rows.
fn recorded_year(candles: &Path) -> (TempDir, PathBuf) {
    use std::fs;
    use std::io::Read as _;

    // 2024, and the 50 days that the longest indicator wants before it.
    let wanted = 1_699_747_200_000..1_735_689_600_000_i64;
    let dir = tempfile::tempdir().expect("a folder");
    let to = dir.path().join("1h");
    fs::create_dir(&to).expect("a folder");
    for file in fs::read_dir(candles.join("1h")).expect("candles") {
        let file = file.expect("a file").path();
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if !name.starts_with("binance-perp") || !name.ends_with(".csv.gz") {
            continue;
        }
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(fs::File::open(&file).expect("a file"))
            .read_to_string(&mut text)
            .expect("text");
        let inside = |line: &&str| {
            let at = line.split(',').next().and_then(|at| at.parse().ok());
            at.is_none_or(|at| wanted.contains(&at))
        };
        let rows: Vec<&str> = text.lines().filter(inside).collect();
        if rows.len() > 6_000 {
            super::gzip(&to.join(name), &format!("{}\n", rows.join("\n")));
        }
    }
    let path = dir.path().to_path_buf();
    (dir, path)
}
