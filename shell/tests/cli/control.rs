//! The verbs that ask a daemon, where none runs: what is known without one, and what is said.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use gardefou::config::{Selection, load_from, shipped};
use gardefou::store::{
    Batch, Checkpoint, FundingRecord, JournalRecord, OpenOptions, Retention, Store, Waited,
    WriterOptions,
};
use gardefou_core::config::{Facts, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Request};
use gardefou_core::time::Timestamp;
use tempfile::TempDir;

use super::{START, gardefou};

/// A store that a daemon left, with its books paused.
fn left_behind() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let options = OpenOptions {
        now: Timestamp(START),
        build: "test".into(),
        create: true,
        retention: Retention::default(),
    };
    let store = Store::open(dir.path(), &options).expect("a store").store;
    let writer = store.writer(WriterOptions::default()).expect("a writer");
    let settings = load_from(&shipped(), &BTreeMap::new()).expect("the shipped configuration");
    let symbols = Some(vec!["BTCUSDT".parse().expect("a name")]);
    let all = Selection::everything(Mode::Paper, Facts::Continuous);
    let selection = Selection { symbols, ..all };
    let config = settings.engine(&selection, &BTreeMap::new()).expect("an engine's settings");
    let mut engine = Engine::new(config);
    let request = Request::Pause { book: None, reason: "a holiday".into() };
    let event = Event::RequestMade { request, by: "anna".into() };
    let step = engine.step(Timestamp(START), &event);
    let mut batch = Batch::new(Timestamp(START));
    let record = JournalRecord::new(1, Timestamp(START), &event, &step.commands);
    batch.journal.push(record.expect("JSON"));
    batch.funding.push(FundingRecord {
        book: "grid_atr".into(),
        symbol: "BTCUSDT".into(),
        at: Timestamp(START),
        cycle: 1,
        rate: "0.0001".parse().expect("a number"),
        price: "60000.1".parse().expect("a number"),
        quantity: "0.01".parse().expect("a number"),
        amount: "-0.06".parse().expect("a number"),
    });
    let state = serde_json::json!({ "history": { "engine": engine } });
    let state = serde_json::to_vec(&state).expect("JSON");
    batch.checkpoint = Some(Checkpoint::new(1, Timestamp(START), "test", "c0ffee", state));
    let written = writer.submit(batch).expect("room").wait(Duration::from_secs(20));
    assert!(matches!(written, Waited::Durable(_)), "{written:?}");
    dir
}

fn path(dir: &TempDir) -> &str {
    dir.path().to_str().expect("UTF-8")
}

#[test]
fn what_only_looks_reads_the_last_checkpoint_and_says_so() {
    let dir = left_behind();
    let said = gardefou(&["status", "--data", path(&dir)]);
    assert_eq!(said.code, 6, "{}", said.err);
    assert!(said.out.contains("NO DAEMON RUNS HERE"), "{}", said.out);
    assert!(said.out.contains("by anna: a holiday"), "{}", said.out);
    assert!(said.err.contains("no daemon runs here"), "{}", said.err);
    let said = gardefou(&["status", "--data", path(&dir), "--json"]);
    let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(status["source"], "checkpoint");
    assert_eq!(status["books"][0]["paused"]["reason"], "a holiday");
    for (verb, text) in [("positions", "Nothing is held."), ("orders", "Nothing rests.")] {
        let said = gardefou(&[verb, "--data", path(&dir)]);
        assert_eq!(said.code, 6);
        assert!(said.out.contains(text), "{}", said.out);
    }
}

#[test]
fn what_changes_something_needs_a_daemon() {
    let dir = left_behind();
    let why = ["--reason", "to see", "--data", path(&dir)];
    for verb in [&["pause"][..], &["resume"], &["kill"], &["release", "--global", "live"]] {
        let said = gardefou(&[verb, &why].concat());
        assert_eq!(said.code, 6, "{}", said.err);
        assert!(said.err.contains("no daemon runs here; start it"), "{}", said.err);
        assert_eq!(said.out, "");
    }
    assert_eq!(gardefou(&["stop", "--data", path(&dir)]).code, 6);
}

#[test]
fn what_cannot_be_asked_is_said_before_anybody_is_asked() {
    let dir = left_behind();
    let said = gardefou(&["pause", "--reason", "  ", "--data", path(&dir)]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("say why"), "{}", said.err);
    for wrong in [
        &["pause", "--data", path(&dir)][..],
        &["release", "--reason", "?", "--data", path(&dir)],
        &["release", "--book", "a", "--global", "live", "--reason", "?", "--data", path(&dir)],
        &["export", "--format", "csv", "--data", path(&dir)],
        &["status"],
    ] {
        let said = gardefou(wrong);
        assert_eq!(said.code, 2, "{wrong:?}: {}", said.err);
    }
}

#[test]
fn the_ledger_is_exported_from_the_store() {
    let dir = left_behind();
    let lines = gardefou(&["export", "--data", path(&dir)]);
    assert_eq!(lines.code, 0, "{}", lines.err);
    let row: serde_json::Value = serde_json::from_str(lines.out.trim()).expect("one row");
    assert_eq!((&row["table"], &row["amount"]), (&"funding".into(), &"-0.06".into()));
    let csv = gardefou(&["export", "--table", "funding", "--format", "csv", "--data", path(&dir)]);
    assert_eq!(csv.code, 0, "{}", csv.err);
    assert_eq!(
        csv.out,
        format!(
            "book,symbol,at,cycle,rate,price,quantity,amount\n\
             grid_atr,BTCUSDT,{START},1,0.0001,60000.1,0.01,-0.06\n"
        )
    );
    let none = gardefou(&["export", "--table", "fills", "--data", path(&dir)]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
}

#[test]
fn a_directory_without_a_store_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    for data in [path(&dir), "/nowhere/at/all"] {
        for verb in ["status", "export"] {
            let said = gardefou(&[verb, "--data", data]);
            assert_eq!(said.code, 5, "{}", said.err);
            assert!(said.err.contains(data), "{}", said.err);
            assert!(said.err.contains("`gardefou run` makes a store"), "{}", said.err);
            assert!(!said.err.contains("allow"), "{}", said.err);
        }
    }
    assert!(!Path::new("/nowhere").exists());
    let left = std::fs::read_dir(dir.path()).expect("a folder").count();
    assert!(left <= 1, "nothing but a lock is made");
}
