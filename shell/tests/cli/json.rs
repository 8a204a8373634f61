//! `--json` of every verb, against its schema; and the whole result of a small fixed run, as a
//! reviewer would read it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::detail::{DOWN_FIRST, EVENT, FIVE, Fine, folder, run};
use super::{Said, gardefou};

/// The JSON that was said, checked against the schema of its verb.
fn valid(said: &Said, schema: &str) -> Value {
    let value: Value = serde_json::from_str(&said.out).expect("JSON");
    let name = format!("../fixtures/schema/{schema}.schema.json");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let schema = serde_json::from_str(&fs::read_to_string(file).expect("schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    if let Some(error) = validator.iter_errors(&value).next() {
        panic!("{error} at {}", error.instance_path());
    }
    value
}

#[test]
fn check_writes_money_as_in_a_result() {
    let said = gardefou(&["check", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let value = valid(&said, "check");
    assert_eq!(value["format"], "gardefou-check/1");
    let grid = &value["worst_cases"][0];
    assert_eq!((&grid["book"], &grid["capital"]), (&"grid_atr".into(), &"1646".into()));
    let worst = &grid["worst_case"];
    // Four ladders of 1646 / 9 · 6, in USDT and not in units of 0.00000001.
    assert_eq!(worst["notional"], "4389.33333332");
    assert_eq!((&worst["trips_session"], &worst["trips_global"]), (&json!(true), &json!(true)));
    assert_eq!(value["parameters"][0]["parameters"]["leverage"], "6");
}

#[test]
fn demo_writes_its_summary() {
    let said = gardefou(&["demo", "--json", "--hours", "12"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let value = valid(&said, "demo");
    assert_eq!((&value["seed"], &value["ended_early"]), (&json!(1), &json!(false)));
    let books = value["books"].as_array().expect("books");
    assert_eq!(books.len(), 2);
    assert_eq!((&books[1]["won"], &books[1]["lost"]), (&json!(2), &json!(0)));
    assert!(books[1]["net"].as_str().is_some_and(|net| net.starts_with("8.7")), "{}", books[1]);
    assert_eq!(value["open_cycles"].as_array().map(Vec::len), Some(2));
    assert_eq!(said.out.lines().count(), 1, "nothing else is written");
}

#[test]
fn replay_writes_what_came_of_each_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenarios/gap.txt");
    let good = fs::read_to_string(scenario).expect("a transcript");
    let broken = good.replacen("----\n", "----\nsomething else\n", 1);
    for (name, text) in [("a.txt", good.as_str()), ("b.txt", &broken), ("c.txt", "nonsense\n")] {
        fs::write(dir.path().join(name), text).expect("written");
    }
    let said = gardefou(&["replay", "--json", dir.path().to_str().expect("a path")]);
    assert_eq!(said.code, 1, "{}", said.err);
    let value = valid(&said, "replay");
    assert_eq!((&value["passed"], &value["failed"]), (&json!(1), &json!(2)));
    let outcome = |file: usize| value["files"][file]["outcome"].as_str().expect("a word");
    assert_eq!([outcome(0), outcome(1), outcome(2)], ["passed", "differs", "invalid"]);
    assert!(value["files"][1]["line"].is_u64() && value["files"][1]["differences"] == 1);
    assert!(value["files"][2]["message"].as_str().is_some_and(|text| text.contains("c.txt:1:1")));
}

/// One cycle on each path: what a change of the engine or of the result would change, is seen.
#[test]
fn the_whole_result_of_a_small_run() {
    let fine = Fine { span: FIVE, hours: EVENT..EVENT + 1, hole: None };
    let mut result = run(&folder(&[(EVENT, DOWN_FIRST)], &fine), &["--detail", "5m"]);
    // 1646 USDT at 2x over two levels: 0.1679 BTC at 9800, in an hour in which 1 BTC was traded.
    for path in ["pessimistic", "optimistic"] {
        let share = &result["paths"][path]["market_share"];
        assert_eq!(share["largest"]["share_percent"], 16.79);
        assert_eq!(share["beyond_from"]["utc"], "2024-01-22T16:09:59.999Z");
        assert_eq!((&share["compared"], &share["beyond"]), (&json!(2), &json!(2)));
    }
    // What differs from run to run, from folder to folder and from version to version.
    result["timing"]["engine_cpu_seconds"] = json!("…");
    result["timing"]["bars_per_second"] = json!("…");
    result["parameters"]["version"] = json!("…");
    for path in ["pessimistic", "optimistic"] {
        result["paths"][path]["state_hash"] = json!("…");
    }
    result["parameters"]["options"]["candles"] = json!("…");
    result["parameters"]["risk"]["configuration_files"] = json!("…");
    insta::assert_json_snapshot!(result);
}
