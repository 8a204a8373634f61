//! Options that choose: symbols, strategies, and what happens after a kill switch tripped.

use serde_json::Value;

use super::detail::{EVENT, FIVE, Fine, folder, parts, run};
use super::{backtest, gardefou, market, refused};

fn names(list: &Value, key: &str) -> Vec<String> {
    let all = list.as_array().expect("a list").iter();
    all.map(|item| item[key].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn symbols_are_chosen_as_people_write_them() {
    let dir = market(700);
    let said = backtest(dir.path(), &["--symbols", "btc,SOL/USDT", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let result: Value = serde_json::from_str(&said.out).expect("JSON");
    let book = &result["parameters"]["books"][0];
    assert_eq!(names(&book["symbols"], "symbol"), ["BTCUSDT", "SOLUSDT"]);
    let asked = &result["parameters"]["options"]["symbols"];
    assert_eq!(asked, &serde_json::json!(["BTCUSDT", "SOLUSDT"]));
    for verb in [&["backtest", "--candles", "."][..], &["demo", "--plain"]] {
        let said = gardefou(&[verb, &["--symbols", "b$c"]].concat());
        refused(&said, 2, &["capitals and digits", "write it like BTC, BTC/USDT or BTCUSDT"]);
    }
}

#[test]
fn strategies_are_chosen_also_ones_that_are_not_enabled() {
    let dir = market(700);
    let said = backtest(dir.path(), &["--strategies", "supertrend", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let result: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(names(&result["parameters"]["books"], "name"), ["supertrend"]);
    assert_eq!(result["parameters"]["options"]["strategies"], serde_json::json!(["supertrend"]));
    let said = backtest(dir.path(), &["--strategies", "supertrand"]);
    refused(&said, 3, &["supertrand", "did you mean supertrend?"]);
}

#[test]
fn a_tripped_switch_is_released_or_ends_entries_for_good() {
    // A fall through both levels and their stop, at 16:00; the next midnight; a second fall.
    let crash = parts(&[[10_000, 10_000, 7_000, 10_000]]);
    let again = parts(&[[10_000, 10_000, 8_000, 10_000]]);
    let none = Fine { span: FIVE, hours: 0..0, hole: None };
    let dir = folder(&[(EVENT, crash), (EVENT + 15, again)], &none);
    let later = |result: &Value| {
        let fills = result["paths"]["pessimistic"]["fills"].as_array().expect("fills").iter();
        let at = super::START + (EVENT as i64 + 15) * super::HOUR;
        fills.filter(|fill| fill["time"].as_i64().is_some_and(|time| time > at)).count()
    };
    let resumed = run(&dir, &[]);
    let trip = &resumed["paths"]["pessimistic"]["trips"][0];
    assert_eq!((&trip["switch"], &trip["book"]), (&"session".into(), &"grid_atr".into()));
    assert_eq!(trip["released"]["utc"], "2024-01-23T00:00:00Z");
    assert!(later(&resumed) > 0);
    let stopped = run(&dir, &["--on-trip", "stop"]);
    assert_eq!(stopped["paths"]["pessimistic"]["trips"][0]["released"], Value::Null);
    assert_eq!(stopped["parameters"]["options"]["on_trip"], "stop");
    assert_eq!(later(&stopped), 0);
}
