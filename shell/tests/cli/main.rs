//! The binary, as a person calls it: good runs, and every bad input named with its place, its
//! rule and its remedy, under the documented exit codes.

#![allow(clippy::expect_used, clippy::panic, reason = "tests stop where something cannot happen")]

mod control;
mod data;
mod detail;
mod endings;
mod json;
mod logs;
mod options;
mod refusals;
mod run;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use gardefou::config;
use gardefou::data::{SeededMarket, SeededSymbol};
use gardefou_core::money::Ticks;
use gardefou_core::time::Timestamp;
use tempfile::TempDir;

/// 2024-01-01T00:00Z.
const START: i64 = 1_704_067_200_000;
const HOUR: i64 = 3_600_000;

/// What a run said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn gardefou(args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.env_remove("GARDEFOU_CAPITAL").args(args);
    let output = command.output().expect("the binary starts");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A folder with generated candles and funding of three symbols.
fn market(hours: usize) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let symbols = [("BTCUSDT", 420_000), ("ICPUSDT", 12_000), ("SOLUSDT", 100_000)]
        .map(|(name, ticks)| SeededSymbol::new(name.parse().expect("a name"), Ticks(ticks)));
    let mut market = SeededMarket::new(7, &symbols, Timestamp(START));
    let mut rows = vec![String::from(HEADER); 3];
    let mut funding = vec![String::from("timestamp,funding_rate\n"); 3];
    let mut hour = Vec::new();
    let scales = [10.0, 1_000.0, 1_000.0];
    for _ in 0..hours {
        market.next_hour(&mut hour);
        for (index, made) in hour.iter().enumerate() {
            let bar = made.bar;
            let p = |ticks: Ticks| ticks.0 as f64 / scales[index];
            let volume = if bar.traded { 12 } else { 0 };
            rows[index].push_str(&format!(
                "{},{},{},{},{},{volume}\n",
                bar.at.0,
                p(bar.open),
                p(bar.high),
                p(bar.low),
                p(bar.close)
            ));
            if bar.at.0 % (8 * HOUR) == 0 {
                funding[index].push_str(&format!("{},0.0001\n", bar.at.0));
            }
        }
    }
    fs::create_dir_all(dir.path().join("1h")).expect("a folder");
    fs::create_dir_all(dir.path().join("funding")).expect("a folder");
    for (index, symbol) in symbols.iter().enumerate() {
        let name = symbol.symbol;
        gzip(
            &dir.path().join(format!("1h/seeded-perp_{name}_1h_20240101-20241231.csv.gz")),
            &rows[index],
        );
        gzip(
            &dir.path()
                .join(format!("funding/seeded-perp_{name}_funding_20240101-20241231.csv.gz")),
            &funding[index],
        );
    }
    dir
}

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

fn gzip(path: &Path, text: &str) {
    let mut file = GzEncoder::new(fs::File::create(path).expect("a file"), Compression::fast());
    file.write_all(text.as_bytes()).expect("written");
    file.finish().expect("finished");
}

/// A backtest of the generated market with options on top.
fn backtest(dir: &Path, more: &[&str]) -> Said {
    let candles = dir.to_str().expect("a path");
    let mut args = vec!["backtest", "--candles", candles, "--available-only"];
    args.extend(more);
    gardefou(&args)
}

/// A backtest over one BTC file with this content.
fn with_file(name: &str, content: &[u8]) -> Said {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join(name), content).expect("written");
    backtest(dir.path(), &["--missing-funding", "0.0001"])
}

fn with_rows(rows: &[&str]) -> Said {
    let text = format!("{HEADER}{}\n", rows.join("\n"));
    with_file("seeded-perp_BTCUSDT_1h_20240101-20241231.csv", text.as_bytes())
}

fn row(hour: i64, prices: &str) -> String {
    format!("{},{prices},1", START + hour * HOUR)
}

fn refused(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    for word in words {
        assert!(said.err.contains(word), "{word:?} is missing in: {}", said.err);
    }
    assert_eq!(said.out, "", "a refusal writes no result");
}

#[test]
fn a_backtest_says_an_interval_and_what_it_does_not_prove() {
    let dir = market(1_500);
    let said = backtest(dir.path(), &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    for word in ["pessimistic … optimistic", "What this does not prove", "grid_atr", "bars/s"] {
        assert!(said.out.contains(word), "{word:?} is missing in: {}", said.out);
    }
}

#[test]
fn json_follows_its_schema_and_is_the_same_twice() {
    let dir = market(2_000);
    let run = |more: &[&str]| {
        let mut options = vec!["--json"];
        options.extend(more);
        let said = backtest(dir.path(), &options);
        assert_eq!(said.code, 0, "{}", said.err);
        let mut value: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        let timing = value.as_object_mut().and_then(|o| o.remove("timing")).expect("timing");
        (value, timing)
    };
    let (first, timing) = run(&[]);
    assert_eq!(first, run(&[]).0);
    let mut whole = first.clone();
    whole["timing"] = timing;
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/schema/backtest.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).expect("schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    if let Some(error) = validator.iter_errors(&whole).next() {
        panic!("{error} at {}", error.instance_path());
    }
    let fills = |value: &serde_json::Value| {
        value["paths"]["pessimistic"]["fills"].as_array().map_or(0, Vec::len)
    };
    assert!(fills(&first) > 0, "a market without a single fill tests nothing");
    let (market_entries, _) = run(&["--entry-order", "market"]);
    assert_ne!(first["paths"], market_entries["paths"]);
}

#[test]
fn a_report_is_written_where_it_was_asked_for() {
    let dir = market(1_000);
    let file = dir.path().join("report.html");
    let said = backtest(dir.path(), &["--report", file.to_str().expect("a path")]);
    assert_eq!(said.code, 0, "{}", said.err);
    let page = fs::read_to_string(&file).expect("the report");
    assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("https://"));
    let nowhere = dir.path().join("nowhere/report.html");
    let said = backtest(dir.path(), &["--report", nowhere.to_str().expect("a path")]);
    assert_eq!((said.code, said.out.as_str()), (5, ""), "nothing is run before: {}", said.err);
    assert!(said.err.contains("choose a file in a folder that exists"), "{}", said.err);
}

#[test]
fn symbols_without_data_stop_the_run_or_are_listed() {
    let dir = market(700);
    let candles = dir.path().to_str().expect("a path");
    let said = gardefou(&["backtest", "--candles", candles]);
    refused(&said, 4, &["ADAUSDT", "--available-only", "--symbols"]);
    let said = backtest(dir.path(), &[]);
    assert!(said.out.contains("Left out") && said.out.contains("ADAUSDT"), "{}", said.out);
}

#[test]
fn missing_funding_is_refused_unless_a_rate_is_stated() {
    let dir = market(1_000);
    fs::remove_dir_all(dir.path().join("funding")).expect("removed");
    refused(
        &backtest(dir.path(), &[]),
        4,
        &["funding is missing", "BTCUSDT", "--missing-funding 0.0001"],
    );
    let said = backtest(dir.path(), &["--missing-funding", "0.0001"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("0.01"), "the rate is stated: {}", said.out);
}

#[test]
fn broken_candles_are_named_with_file_line_and_remedy() {
    let good = "100,101,99,100";
    let cases: Vec<(Vec<String>, Vec<&str>)> = vec![
        (vec![row(0, good), row(2, good), row(1, good)], vec![":4:"]),
        (vec![row(0, good), row(0, good)], vec![":3:"]),
        (vec![row(0, good), row(3, good)], vec!["2", "missing"]),
        (vec![row(0, "100,101,99,NaN")], vec![":2:", "NaN"]),
        (vec![row(0, "100,98,99,100")], vec![":2:"]),
        (vec![row(0, "0,101,0,100")], vec![":2:"]),
        (vec![row(0, "100,101,99,")], vec![":2:"]),
        (vec![format!("{},{}", START, "1,".repeat(300_000))], vec![":2:"]),
    ];
    for (rows, words) in cases {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let said = with_rows(&rows);
        let mut expected = vec!["BTCUSDT_1h_20240101-20241231.csv"];
        expected.extend(words);
        refused(&said, 4, &expected);
        assert!(said.err.contains(';'), "a remedy follows the rule: {}", said.err);
    }
}

#[test]
fn broken_files_are_named() {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    let rows: Vec<String> = (0..2_000).map(|hour| row(hour, "100,101,99,100")).collect();
    zipped.write_all(format!("{HEADER}{}\n", rows.join("\n")).as_bytes()).expect("written");
    let whole = zipped.finish().expect("finished");
    let name = "seeded-perp_BTCUSDT_1h_20240101-20241231.csv.gz";
    refused(&with_file(name, &whole[..whole.len() / 2]), 4, &[name]);
    refused(&with_file(name, b"not gzip at all"), 4, &[name]);
    refused(
        &with_file("seeded-perp_BTCUSDT_1h_20240101-20241231.csv", b""),
        4,
        &["BTCUSDT_1h_20240101-20241231.csv"],
    );
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("seeded-perp_BTCUSDT_1h_20240101-20241231.csv"))
        .expect("a folder");
    let words = ["BTCUSDT_1h_20240101-20241231.csv: this is a folder", "name a file inside it"];
    refused(&backtest(dir.path(), &[]), 4, &words);
    let missing = dir.path().join("not-there");
    refused(&backtest(&missing, &[]), 4, &["not-there"]);
}

/// The shipped configuration with one replacement in one file.
fn configured(file: &str, from: &str, to: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in config::shipped() {
        let name = Path::new(&path).file_name().expect("a name").to_owned();
        let text = if name == file {
            assert!(text.contains(from), "{from:?} is not in {file}");
            text.replacen(from, to, 1)
        } else {
            text
        };
        fs::write(dir.path().join(name), text).expect("written");
    }
    let path = dir.path().to_path_buf();
    (dir, path)
}

fn check(file: &str, from: &str, to: &str) -> Said {
    let (_dir, path) = configured(file, from, to);
    gardefou(&["check", "--config", path.to_str().expect("a path")])
}

#[test]
fn broken_configurations_are_named_with_line_column_rule_and_remedy() {
    let cases = [
        ("risk.yaml", "max_live_grids: 4", "max_live_gridz: 4", "max_live_grids"),
        ("risk.yaml", "max_live_grids: 4", "max_live_grids: 0", "max_live_grids"),
        ("risk.yaml", "max_live_grids: 4", "max_live_grids: many", "max_live_grids"),
        ("risk.yaml", "max_live_grids: 4", "max_live_grids:", "max_live_grids"),
        ("risk.yaml", "max_margin_ratio: 0.70", "max_margin_ratio: 70", "max_margin_ratio"),
    ];
    for (file, from, to, word) in cases {
        let said = check(file, from, to);
        refused(&said, 3, &[file, word, ";"]);
        assert!(said.err.contains(&format!("{file}:")), "{}", said.err);
    }
}

#[test]
fn missing_configuration_files_and_directories_in_their_place_are_named() {
    let (_dir, path) = configured("risk.yaml", "max_live_grids: 4", "max_live_grids: 4");
    fs::remove_file(path.join("assets.yaml")).expect("removed");
    let run = || gardefou(&["check", "--config", path.to_str().expect("a path")]);
    refused(&run(), 3, &["assets.yaml"]);
    fs::create_dir(path.join("assets.yaml")).expect("a folder");
    refused(&run(), 3, &["assets.yaml: the file is a directory: must be a file; put a YAML file"]);
}

#[test]
fn liquidation_before_the_stop_is_refused_with_the_numbers() {
    let said = check("risk.yaml", "mode: cross", "mode: isolated");
    let numbers = ["stop at 20 %", "0.5 % of slippage", "liquidation at 15.66 %", "below 15.16"];
    refused(&said, 3, &numbers);
    let said = gardefou(&["check"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("worst case") && said.out.contains("it would trip"), "{}", said.out);
}

#[test]
fn a_wrong_command_line_is_explained() {
    assert_eq!(gardefou(&["backtest"]).code, 2);
    let said = gardefou(&["backtest", "--candles", ".", "--missing-funding", "lots"]);
    refused(&said, 2, &["0.0001"]);
    let said = gardefou(&["backtest", "--candles", ".", "--from", "yesterday"]);
    refused(&said, 2, &["2024-01-05"]);
}

#[test]
fn an_empty_range_is_explained() {
    let dir = market(700);
    refused(&backtest(dir.path(), &["--from", "2030-01-01"]), 4, &["--from", "2024"]);
    refused(&backtest(dir.path(), &["--to", "2020-01-01"]), 4, &["--to"]);
    let turned = ["--from", "2024-01-20", "--to", "2024-01-10"];
    refused(&backtest(dir.path(), &turned), 4, &["--from 2024-01-20", "--to 2024-01-10"]);
}
