//! What the log says, for people and as JSON: what a run was made of, and what happened in it.

use std::process::Command;

use serde_json::Value;

use super::detail::{EVENT, FIVE, Fine, folder, parts};
use super::{Said, backtest, gardefou, market};

/// A run in which a cycle is stopped and a switch trips and is released.
fn eventful(log: &[&str]) -> Said {
    let crash = parts(&[[10_000, 10_000, 7_000, 10_000]]);
    let dir = folder(&[(EVENT, crash)], &Fine { span: FIVE, hours: 0..0, hole: None });
    let path = dir.path().to_str().expect("a path");
    let run = ["backtest", "--config", path, "--candles", path, "--missing-funding", "0"];
    let said = gardefou(&[log, &run].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    said
}

/// True when one line of the log has all these words.
fn line_with(log: &str, words: &[&str]) -> bool {
    log.lines().any(|line| words.iter().all(|word| line.contains(word)))
}

#[test]
fn the_log_for_people_says_what_was_run_and_what_happened() {
    let info = eventful(&["--log", "info"]);
    let lines: [&[&str]; 6] = [
        &["INFO", "configuration file", "risk.yaml", "sha256="],
        &["INFO", "resolved parameters", "BTCUSDT", "hash=", "leverage"],
        &["INFO", "Worst case of grid_atr"],
        &["INFO", "data file chosen", "test-perp_BTCUSDT_1h", "sha256=", "rows=540"],
        &["INFO", "session switch of grid_atr TRIPPED", "run=\"pessimistic\"", "2024-01-22T17:00Z"],
        &["INFO", "session switch of grid_atr released", "run=\"optimistic\""],
    ];
    for words in lines {
        assert!(line_with(&info.err, words), "{words:?} is missing in: {}", info.err);
    }
    assert!(!info.err.contains("cycle 1"), "cycles are for debug: {}", info.err);
    assert!(!info.err.contains('\u{1b}'), "no colours where no terminal is");
    let debug = eventful(&["--log", "debug"]);
    assert!(line_with(&debug.err, &["DEBUG", "cycle 1 LOST", "STOP hit"]), "{}", debug.err);
    assert!(!debug.err.contains("nothing is quoted"), "refusals are for trace");
    let trace = eventful(&["--log", "trace"]);
    assert!(line_with(&trace.err, &["TRACE", "nothing is quoted", "BTC/USDT"]), "{}", trace.err);
    assert_eq!(eventful(&[]).err, "", "nothing is said that was not asked for");
}

#[test]
fn the_log_as_json_is_one_object_a_line() {
    let dir = market(700);
    let said = backtest(dir.path(), &["--log", "info", "--log-format", "json"]);
    let lines: Vec<Value> =
        said.err.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |message: &str| {
        let mut all = lines.iter().filter(|line| line["fields"]["message"] == message);
        all.next().unwrap_or_else(|| panic!("{message:?} is missing in: {}", said.err))
    };
    let chosen = &of("data file chosen")["fields"];
    assert_eq!(chosen["symbol"], "BTCUSDT");
    assert_eq!(chosen["from"], "2024-01-01T00:00Z");
    assert_eq!(chosen["sha256"].as_str().map(str::len), Some(64));
    let file = &of("configuration file")["fields"];
    assert_eq!(
        (&file["file"], file["sha256"].as_str().map(str::len)),
        (&"config/risk.yaml".into(), Some(64))
    );
    assert_eq!(of("resolved parameters")["level"], "INFO");
    assert!(lines.iter().any(|line| line["fields"]["reason"] == "no 1h candles in the folder"));
}

#[test]
fn a_filter_that_cannot_be_read_is_a_wrong_command_line() {
    let said = super::gardefou(&["check", "--log", "gardefou=bar"]);
    super::refused(&said, 2, &["--log", "gardefou=bar", "gardefou=debug"]);
}

#[test]
fn the_log_has_no_environment() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.env("GARDEFOU_API_SECRET", "hunter2").args(["--log", "trace", "check"]);
    let output = command.output().expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("configuration file") && !said.contains("hunter2"), "{said}");
}
