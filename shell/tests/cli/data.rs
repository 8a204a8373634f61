//! Which data a backtest chooses, what it says of the choice, and what it does when some of it is
//! missing: files, venues, finer bars, funding, bars in the range.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{HEADER, HOUR, START, Said, backtest, gardefou, gzip, market, refused};

fn path(dir: &TempDir) -> &str {
    dir.path().to_str().expect("a path")
}

/// A run of the market with these options, as JSON.
fn result(dir: &TempDir, more: &[&str]) -> Value {
    let said = backtest(dir.path(), &[&["--json"], more].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

/// The words of an array.
fn words(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|word| word.as_str().expect("a word")).collect()
}

/// The record of one series.
fn series<'a>(result: &'a Value, symbol: &str, kind: &str) -> &'a Value {
    let all = result["data"].as_array().expect("data").iter();
    let mut of = all.filter(|series| series["symbol"] == symbol && series["kind"] == kind);
    of.next().expect("a series")
}

fn hourly(dir: &TempDir, venue: &str, symbol: &str, range: &str) -> PathBuf {
    dir.path().join(format!("1h/{venue}_{symbol}_1h_{range}.csv.gz"))
}

/// Rows of an hour that rests.
fn flat(hours: usize, price: &str) -> String {
    (0..hours as i64).fold(HEADER.to_owned(), |mut text, hour| {
        let at = START + hour * HOUR;
        writeln!(text, "{at},{price},{price},{price},{price},1").expect("written");
        text
    })
}

#[test]
fn a_second_file_of_a_symbol_is_set_aside_and_said() {
    let dir = market(700);
    gzip(&hourly(&dir, "seeded-perp", "BTCUSDT", "20240101-20240201"), "not even read");
    let aside = "seeded-perp_BTCUSDT_1h_20240101-20240201.csv.gz";
    let result = result(&dir, &[]);
    assert_eq!(words(&series(&result, "BTCUSDT", "candles")["set_aside"]), [aside]);
    assert_eq!(words(&series(&result, "SOLUSDT", "candles")["set_aside"]), [""; 0]);
    let said = backtest(dir.path(), &["--log", "info"]);
    assert!(said.out.contains("Set aside") && said.out.contains(aside), "{}", said.out);
    assert!(said.err.contains("set aside") && said.err.contains(aside), "{}", said.err);
}

#[test]
fn one_of_two_venues_is_chosen_and_said() {
    let dir = market(700);
    gzip(&hourly(&dir, "other-perp", "BTCUSDT", "20240101-20241231"), &flat(700, "42000"));
    let first = result(&dir, &[]);
    assert_eq!(first["parameters"]["choice"]["venue"], "seeded-perp");
    assert_eq!(
        words(&first["parameters"]["choice"]["venues_found"]),
        ["other-perp", "seeded-perp"]
    );
    assert_eq!(first["parameters"]["options"]["venue"], Value::Null);
    let said = backtest(dir.path(), &[]);
    assert!(said.out.contains("Data of seeded-perp; not used: other-perp"), "{}", said.out);
    let other = result(&dir, &["--venue", "other-perp", "--missing-funding", "0"]);
    assert_eq!(other["parameters"]["choice"]["venue"], "other-perp");
    assert_eq!(other["parameters"]["options"]["venue"], "other-perp");
    let files = other["data"].as_array().expect("data").iter().filter(|d| d["kind"] == "candles");
    let files: Vec<&str> = files.map(|series| series["file"].as_str().expect("a name")).collect();
    assert_eq!(files, ["other-perp_BTCUSDT_1h_20240101-20241231.csv.gz"]);
}

#[test]
fn a_venue_without_files_is_named_with_those_found() {
    let dir = market(30);
    let said = backtest(dir.path(), &["--venue", "nope"]);
    refused(&said, 4, &["--venue nope", "seeded-perp", "leave --venue out"]);
}

#[test]
fn a_file_without_a_bar_in_the_range_is_missing() {
    let dir = market(1_000);
    gzip(&hourly(&dir, "seeded-perp", "SOLUSDT", "20240101-20241231"), &flat(100, "100"));
    // 2024-01-30 is hour 696.
    let asked = ["backtest", "--candles", path(&dir), "--symbols", "BTC,ICP,SOL"];
    let asked = [&asked[..], &["--from", "2024-01-30", "--missing-funding", "0"]].concat();
    let words = ["SOLUSDT", "2024-01-01T00:00Z to 2024-01-05T03:00Z", "--available-only"];
    refused(&gardefou(&asked), 4, &words);
    let said = gardefou(&[&asked[..], &["--available-only", "--json"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let result: Value = serde_json::from_str(&said.out).expect("JSON");
    let left = &result["parameters"]["options"]["left_out"];
    assert_eq!(left[0]["symbol"], "SOLUSDT");
    assert!(left[0]["reason"].as_str().is_some_and(|why| why.contains("no 1h candle between")));
    // The wallet is divided by the symbols that run: two of them, BTC with 4 levels.
    let symbols = &result["parameters"]["books"][0]["symbols"];
    assert_eq!(symbols.as_array().map(Vec::len), Some(2));
    assert_eq!(symbols[0]["margin_divisor"], 8);
}

#[test]
fn the_resolution_and_the_timing_begin_where_entries_may_fill() {
    let dir = market(1_000);
    let result = result(&dir, &["--from", "2024-01-30"]);
    let range = &series(&result, "BTCUSDT", "candles")["resolution"]["ranges"][0];
    assert_eq!(range["from"]["utc"], "2024-01-30T00:00:00Z");
    // Hours 696 to 999, and the one before the first, at the close of which the first decision is
    // made: three symbols, two paths. All others only warm.
    let timing = &result["timing"];
    assert_eq!(timing["bars"], 6_000);
    assert_eq!(timing["bars_decided"], 6 * 305);
}

#[test]
fn detail_that_is_not_there_is_refused_or_listed() {
    let dir = market(700);
    let said = backtest(dir.path(), &["--detail", "1m"]);
    let words = ["--detail 1m", "seeded-perp_BTCUSDT_1m_", "run without --detail"];
    refused(&said, 4, &words);
    let mut minutes = HEADER.to_owned();
    for minute in 0..60 {
        let at = START + 600 * HOUR + minute * 60_000;
        writeln!(minutes, "{at},42000,42000,42000,42000,1").expect("written");
    }
    let name = "seeded-perp_BTCUSDT_1m_20240101-20241231.csv";
    fs::write(dir.path().join(name), minutes).expect("written");
    let result = result(&dir, &["--detail", "1m"]);
    let without = &result["parameters"]["choice"]["without_detail"];
    assert_eq!(without, &json!(["ICPUSDT", "SOLUSDT"]));
    let said = backtest(dir.path(), &["--detail", "1m"]);
    let text = said.out.replace("\n ", "");
    assert!(text.contains("Not everywhere in detail. No hour of the run has all"), "{text}");
    // The hour of the minutes lies before the run: nobody has detail.
    let late = backtest(dir.path(), &["--detail", "1m", "--from", "2024-01-28"]);
    refused(&late, 4, &["--detail 1m"]);
}

/// The funding file of BTC with some of its rows.
fn funding(dir: &TempDir, keep: impl Fn(i64) -> Option<i64>) -> PathBuf {
    let mut text = "timestamp,funding_rate\n".to_owned();
    for at in (0..125).filter_map(|settlement| keep(settlement * 8)) {
        writeln!(text, "{},0.0001", START + at * HOUR).expect("written");
    }
    let file = dir.path().join("funding/seeded-perp_BTCUSDT_funding_20240101-20241231.csv.gz");
    gzip(&file, &text);
    file
}

#[test]
fn settlements_without_a_record_are_counted_and_shown() {
    let dir = market(1_000);
    // Hours 800, 808 and 904 have no record: two holes, three settlements. The run can hold a
    // position from hour 500 on, so it expects those from 504 to 992: 62.
    funding(&dir, |hour| (![800, 808, 904].contains(&hour)).then_some(hour));
    refused(&backtest(dir.path(), &[]), 4, &["BTCUSDT (3 settlements from 2024-02-03T08:00Z)"]);
    let result = result(&dir, &["--missing-funding", "0.0001"]);
    let btc = series(&result, "BTCUSDT", "funding");
    assert_eq!(btc["gaps"], 2);
    let coverage = json!({ "expected": 62, "records": 59, "filled": 3, "extra": 0 });
    assert_eq!(btc["funding"], coverage);
    assert_eq!(series(&result, "SOLUSDT", "funding")["gaps"], 0);
    let said = backtest(dir.path(), &["--missing-funding", "0.0001"]);
    assert!(said.out.replace("\n ", "").contains("3 of 186 settlements have no"), "{}", said.out);
}

#[test]
fn funding_off_the_hour_is_named_with_its_line() {
    let dir = market(1_000);
    let file = funding(&dir, Some);
    // The settlement of hour 600 half an hour late: 75 rows before it, and the header.
    let text = (0..125).fold("timestamp,funding_rate\n".to_owned(), |mut text, settlement| {
        let late = if settlement == 75 { HOUR / 2 } else { 0 };
        writeln!(text, "{},0.0001", START + settlement * 8 * HOUR + late).expect("written");
        text
    });
    gzip(&file, &text);
    let place = format!("{}:77", file.display());
    refused(&backtest(dir.path(), &[]), 4, &[&place, "2024-01-26T00:30", "correct or remove"]);
}

#[test]
fn funding_that_cannot_be_read_never_becomes_the_stated_rate() {
    let dir = market(700);
    fs::remove_dir_all(dir.path().join("funding")).expect("removed");
    fs::write(dir.path().join("funding"), "no folder").expect("written");
    let said = backtest(dir.path(), &["--missing-funding", "0.0001"]);
    refused(&said, 4, &["funding: this is a file, but a folder"]);
}

#[test]
fn funding_may_come_from_elsewhere() {
    let (dir, elsewhere) = (market(1_000), tempfile::tempdir().expect("a folder"));
    let to = elsewhere.path().join("rates");
    fs::rename(dir.path().join("funding"), &to).expect("moved");
    refused(&backtest(dir.path(), &[]), 4, &["funding is missing", "--funding DIR"]);
    let to = to.to_str().expect("a path");
    let result = result(&dir, &["--funding", to]);
    assert_eq!(series(&result, "BTCUSDT", "funding")["funding"]["filled"], 0);
    assert_eq!(result["parameters"]["options"]["funding"], to);
    assert_eq!(result["parameters"]["options"]["candles"], path(&dir));
    let nowhere = backtest(dir.path(), &["--funding", "nowhere-at-all"]);
    refused(&nowhere, 4, &["nowhere-at-all", "check the path"]);
}

/// What a run over ten bars says.
fn ten_bars() -> (TempDir, Said) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("seeded-perp_BTCUSDT_1h_20240101-20241231.csv");
    fs::write(file, flat(10, "42000")).expect("written");
    let page = dir.path().join("report.html");
    let page = page.to_str().expect("a path").to_owned();
    let said = backtest(dir.path(), &["--missing-funding", "0", "--report", &page]);
    (dir, said)
}

fn page(dir: &Path) -> String {
    fs::read_to_string(dir.join("report.html")).expect("the page")
}

#[test]
fn nothing_traded_has_a_reason_with_its_numbers() {
    let (dir, said) = ten_bars();
    let why = "its indicators need 500 bars before the first decision and the data has 10";
    assert!(said.out.replace("\n ", "").contains(why), "{}{}", said.out, said.err);
    assert!(page(dir.path()).contains(why));
    let dir = market(1_500);
    let file = dir.path().join("report.html");
    let file = file.to_str().expect("a path");
    let said = backtest(dir.path(), &["--symbols", "BTC", "--report", file]);
    let text = said.out.replace("\n ", "");
    assert!(text.contains("- grid_atr BTCUSDT: on 1,001 of its 1,500 bars its"), "{text}");
    let page = page(dir.path());
    for word in ["of margin, more than the 987.60 USDT allowed", "raise max_exposure_percent"] {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
        assert!(page.contains(word), "{word}");
    }
}
