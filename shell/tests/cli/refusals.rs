//! What is refused, in words: where, what, why and what to do, under the documented exit codes.

use std::fs;

use super::{configured, gardefou, refused};

#[test]
fn a_configuration_that_is_no_folder_is_refused_once() {
    let (dir, path) = configured("risk.yaml", "max_live_grids: 4", "max_live_grids: 4");
    let file = path.join("risk.yaml");
    let said = gardefou(&["check", "--config", file.to_str().expect("a path")]);
    refused(&said, 3, &["risk.yaml: the configuration is a file", "name the folder"]);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    let nowhere = dir.path().join("nowhere");
    let said = gardefou(&["check", "--config", nowhere.to_str().expect("a path")]);
    refused(
        &said,
        3,
        &["nowhere: the configuration is missing", "strategies.yaml", "check the path"],
    );
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}

#[test]
fn a_transcript_that_cannot_be_read_is_the_outside_world() {
    let said = gardefou(&["replay", "not-there.txt"]);
    assert_eq!(said.code, 5, "{}", said.err);
    let words = "not-there.txt: there is no such file or folder; check the path";
    assert!(said.err.contains(words), "{}", said.err);
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("latin.txt");
    fs::write(&file, b"setup caf\xe9\n").expect("written");
    let said = gardefou(&["replay", file.to_str().expect("a path")]);
    assert_eq!(said.code, 5, "{}", said.err);
    assert!(said.err.contains("latin.txt: it is not UTF-8 text; save it as UTF-8"), "{}", said.err);
}

/// Nine ladders at 10× on the whole wallet: nothing is left a tenth below.
#[test]
fn liquidation_of_a_wallet_before_its_stops_is_refused_with_place_and_numbers() {
    let (_dir, path) = configured("risk.yaml", "max_live_grids: 4", "max_live_grids: 9");
    for (file, from, to) in [
        ("risk.yaml", "max_margin_ratio: 0.70", "max_margin_ratio: 1"),
        ("strategies.yaml", "leverage: 6", "leverage: 10"),
    ] {
        let text = fs::read_to_string(path.join(file)).expect("a file");
        fs::write(path.join(file), text.replacen(from, to, 1)).expect("written");
    }
    let said = gardefou(&["check", "--config", path.to_str().expect("a path")]);
    let place = format!("{}:5:1: grid_atr", path.join("strategies.yaml").display());
    // 16,460 USDT of positions fall by 20 %, one of them by 15 %: 3,200.56 − and 9.876 of fees.
    let numbers = [
        &place,
        "9 cycles full at once, positions of 16,460.00 USDT on 1,646.00 USDT",
        "with cross margin liquidation would come before the stops",
        "ADAUSDT (stop at 20 %, liquidation at ",
        "equity is -",
        "of maintenance margin",
        "max_live_grids at ",
        "risk.yaml:6:17",
    ];
    refused(&said, 3, &numbers);
}

#[test]
#[cfg(target_os = "linux")]
fn a_demo_without_space_left_says_what_to_do() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.args(["demo", "--plain", "--hours", "4"]).stdout(full);
    let output = command.output().expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("No space left") && said.contains("free some space"), "{said}");
}
