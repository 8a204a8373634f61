//! How a run ends when something is not as it should be: a bug, a reader that went away.

use std::process::{Command, Stdio};

use super::{backtest, gardefou, market, refused};

#[test]
#[cfg(debug_assertions)]
fn a_bug_is_told_to_people_and_ends_with_its_own_code() {
    let said = gardefou(&["bug"]);
    let words = ["a bug of ours", "asked for", "cli.rs", "Stops that rest", "Please report"];
    refused(&said, 70, &words);
    let help = gardefou(&["--help"]);
    assert!(!help.out.contains("\n  bug"), "only for tests: {}", help.out);
}

/// Runs with readers that have gone away; returns the exit code.
fn unread(args: &[&str], standard_error: bool) -> i32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    drop(child.stdout.take());
    if standard_error {
        drop(child.stderr.take());
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.status.code().unwrap_or(-1)
}

#[test]
fn a_reader_that_went_away_ends_it_quietly() {
    let dir = market(1_000);
    let candles = dir.path().to_str().expect("a path");
    let run = ["backtest", "--candles", candles, "--available-only"];
    for more in [&[][..], &["--json"]] {
        assert_eq!(unread(&[&run[..], more].concat(), false), 0, "{more:?}");
    }
    assert_eq!(unread(&["check"], false), 0);
    assert_eq!(unread(&["demo", "--plain", "--hours", "4"], false), 0);
}

#[test]
fn a_log_that_nobody_reads_is_no_bug() {
    assert_eq!(unread(&["--log", "trace", "check"], true), 0);
}

#[test]
fn a_refusal_that_nobody_reads_still_has_its_code() {
    let dir = tempfile::tempdir().expect("a folder");
    let candles = dir.path().to_str().expect("a path");
    assert_eq!(backtest(dir.path(), &[]).code, 4);
    assert_eq!(unread(&["backtest", "--candles", candles], true), 4);
}
