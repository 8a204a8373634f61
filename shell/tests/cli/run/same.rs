//! Backtest, run and the replay of the journal: the same executions, the same state.

use std::fs;
use std::path::{Path, PathBuf};

use gardefou::store::FillRecord;
use serde_json::Value;

use super::{ALL, done, nowhere, opened, text};
use crate::{backtest, gardefou, market};

/// One execution: time, book, symbol, cycle, side is in the sign of nothing but the order; price,
/// quantity and fee are texts.
type Execution = (i64, String, String, u64, String, String, String);

fn of_backtest(path: &Value) -> Vec<Execution> {
    let fill = |fill: &Value| {
        (
            fill["time"].as_i64().expect("a time"),
            text(&fill["book"]),
            text(&fill["symbol"]),
            fill["cycle"].as_u64().expect("a cycle"),
            text(&fill["price"]),
            text(&fill["quantity"]),
            text(&fill["fee"]),
        )
    };
    let mut fills: Vec<Execution> =
        path["fills"].as_array().expect("fills").iter().map(fill).collect();
    fills.sort();
    fills
}

fn of_ledger(data: &Path) -> Vec<Execution> {
    let store = opened(data);
    let rows = store.snapshot().expect("a view").rows::<FillRecord>().expect("rows");
    let fill = |fill: FillRecord| {
        let book = fill.book.strip_suffix(".paper").expect("a paper book").to_owned();
        let figures = [fill.price, fill.quantity, fill.fee].map(|figure| figure.to_string());
        let [price, quantity, fee] = figures;
        (fill.at.0, book, fill.symbol, u64::from(fill.cycle), price, quantity, fee)
    };
    let mut fills: Vec<Execution> = rows.map(|row| fill(row.expect("a row"))).collect();
    fills.sort();
    fills
}

/// The three say the same; how many executions they say.
fn compared(candles: &Path, more: &[&str], path: &str) -> usize {
    let mut options = vec!["--json"];
    options.extend(more);
    let said = backtest(candles, &options);
    assert_eq!(said.code, 0, "{}", said.err);
    let whole: Value = serde_json::from_str(&said.out).expect("JSON");
    let (_dir, data) = nowhere();
    let mut options = vec!["--path", path];
    options.extend(more);
    let ran = done(candles, &data, &options);
    assert_eq!(ran["state_hash"], whole["paths"][path]["state_hash"], "{path} {more:?}");
    let fills = of_backtest(&whole["paths"][path]);
    assert_eq!(fills, of_ledger(&data), "{path} {more:?}");
    assert_eq!(ran["fills"].as_u64(), Some(fills.len() as u64));
    let said = gardefou(&["replay", "--json", data.to_str().expect("a path")]);
    assert_eq!(said.code, 0, "{}", said.err);
    let replayed: Value = serde_json::from_str(&said.out).expect("JSON");
    let journal = &replayed["journals"][0];
    assert_eq!(journal["state_hash"], ran["state_hash"]);
    assert_eq!(journal["to"], ran["step"]);
    assert!(journal["events"].as_u64() > Some(500), "{journal}");
    fills.len()
}

#[test]
fn backtest_run_and_replay_say_the_same_for_all_strategies_and_both_entry_orders() {
    let dir = market(1_300);
    for order in ["limit", "market"] {
        for path in ["pessimistic", "optimistic"] {
            let more = ["--strategies", ALL, "--entry-order", order];
            let fills = compared(dir.path(), &more, path);
            assert!(fills > 20, "{fills} executions test nothing");
        }
    }
}

#[test]
fn a_range_and_a_tripped_switch_change_nothing_of_it() {
    let dir = market(1_300);
    let more =
        ["--from", "2024-01-25", "--to", "2024-02-20", "--on-trip", "stop", "--strategies", ALL];
    assert!(compared(dir.path(), &more, "pessimistic") > 5);
}

#[test]
fn each_strategy_alone_on_a_recorded_year() {
    let Some(candles) = std::env::var_os("GARDEFOU_CANDLES").map(PathBuf::from) else {
        println!("GARDEFOU_CANDLES is not set: no recorded candles to compare on");
        return;
    };
    // A year and its warm-up, cut out so that nothing else is read.
    let (_dir, cut) = super::recorded_year(&candles);
    for strategy in ALL.split(',') {
        for order in ["limit", "market"] {
            let more = ["--strategies", strategy, "--entry-order", order];
            let more = [&more[..], &["--missing-funding", "0.0001"]].concat();
            let fills = compared(&cut, &more, "pessimistic");
            println!("{strategy}, {order}: {fills} executions");
        }
    }
}

#[test]
fn replay_says_where_a_journal_is_and_where_none_is() {
    let (dir, data) = nowhere();
    fs::create_dir(&data).expect("a folder");
    let said = gardefou(&["replay", data.to_str().expect("a path")]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    drop(dir);
}
