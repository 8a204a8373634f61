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
use gardefou_core::event::{Event, Fill, Liquidity, Request};
use gardefou_core::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Cash, Direction, Lots, Ticks};
use gardefou_core::reconcile::{AccountSnapshot, Listed, Maker, OpenOrder, Part};
use gardefou_core::time::{Span, Timestamp};
use tempfile::TempDir;

use super::{START, gardefou};

/// A store that a daemon left, with its books paused.
fn left_behind() -> TempDir {
    let request = Request::Pause { book: None, reason: "a holiday".into() };
    left_after(Mode::Paper, &[Event::RequestMade { request, by: "anna".into() }])
}

/// A store that a daemon left after these events.
fn left_after(mode: Mode, events: &[Event]) -> TempDir {
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
    let all = Selection::everything(mode, Facts::Continuous);
    let selection = Selection { symbols, ..all };
    let config = settings.engine(&selection, &BTreeMap::new()).expect("an engine's settings");
    let mut engine = Engine::new(config);
    let mut batch = Batch::new(Timestamp(START));
    let mut last = 0;
    for (seq, event) in (1..).zip(events) {
        let step = engine.step(Timestamp(START), event);
        let record = JournalRecord::new(seq, Timestamp(START), event, &step.commands);
        batch.journal.push(record.expect("JSON"));
        last = seq;
    }
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
    batch.checkpoint = Some(Checkpoint::new(last, Timestamp(START), "test", "c0ffee", state));
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

/// An entry of the first book on its first symbol.
fn entry(epoch: u32) -> OrderId {
    let (book, symbol, kind) = (BookId(0), SymbolId(0), OrderKind::Entry);
    OrderId { book, symbol, epoch, sequence: 1, kind, direction: Direction::Long, level: 0 }
}

/// What `status --json` and `status` say of the first book.
fn standing(dir: &TempDir) -> (serde_json::Value, String) {
    let said = gardefou(&["status", "--data", path(dir), "--json"]);
    let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    (status["books"][0].clone(), gardefou(&["status", "--data", path(dir)]).out)
}

#[test]
fn another_instance_and_a_position_without_a_stop_are_what_status_says_first() {
    let at = Timestamp(START);
    let (price, lots) = (Ticks(600_000), Lots(10));
    let fee = Cash(1);
    let (fill, liquidity) = (FillId(1), Liquidity::Maker);
    let filled = Event::OrderFilled(Fill { id: entry(1), fill, at, price, lots, fee, liquidity });
    let (book, lag, since) = (BookId(0), Span(0), Timestamp(0));
    let order = OpenOrder {
        symbol: Listed::Symbol(SymbolId(0)),
        maker: Maker::Us(entry(9)),
        price,
        lots,
        filled: Lots(0),
    };
    let snapshot = AccountSnapshot {
        book,
        at,
        lag,
        since,
        positions: Part::Known(Vec::new()),
        orders: Part::Known(vec![order]),
        triggers: Part::Known(Vec::new()),
        fills: Part::Known(Vec::new()),
        funding: Part::Known(Vec::new()),
        balance: Part::Known(Cash(0)),
        settings: Part::Known(Vec::new()),
    };
    let booted = Event::Booted { epoch: 1 };
    let dir = left_after(Mode::Live, &[booted.clone(), filled.clone()]);
    let (json, text) = standing(&dir);
    assert_eq!((&json["entries"], &json["unprotected"]), (&"unprotected".into(), &1.into()));
    assert!(text.contains("WITHOUT A CONFIRMED STOP"), "{text}");
    let connected = [booted, Event::Reconnected { book }];
    let (json, text) = standing(&left_after(Mode::Live, &connected));
    assert_eq!(json["entries"], "not_compared");
    assert!(text.contains("not compared"), "{text}");
    // The order of another instance outweighs both.
    let events = [&connected[..], &[filled, Event::AccountSeen(snapshot.into())]].concat();
    let (json, text) = standing(&left_after(Mode::Live, &events));
    assert_eq!((&json["entries"], &json["unprotected"]), (&"other_instance".into(), &1.into()));
    assert!(text.contains("other instance"), "{text}");
}
