//! `--detail`: finer bars decide in which order prices came inside a slow bar, and nothing else.
//! Ladder, target, cooldown and decisions stay on the slow bars.
//!
//! The market: hours that rest at 10000 and move by 50 both ways, so that the average is 10000,
//! the ATR 100, the first level 9800 and the target 10000. One hour is the event.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gardefou::config;
use serde_json::Value;
use tempfile::TempDir;

use super::{HEADER, HOUR, START, gardefou};

const STRATEGY: &str = "grid_atr:
  enabled: true
  ma_period: 10
  atr_period: 10
  atr_multiplier_start: 2
  atr_multiplier_step: 1
  num_levels: 2
  sl_percent: 20
  leverage: 2
  cooldown_candles: 3
  sides: [long]
  per_asset:
    BTC/USDT: {}
";

/// A book of one symbol may use its whole wallet.
const ROOM: [(&str, &str); 3] = [
    ("max_margin_ratio: 0.70", "max_margin_ratio: 1"),
    ("min_free_margin_percent: 20", "min_free_margin_percent: 0"),
    ("max_exposure_percent: 60", "max_exposure_percent: 100"),
];

/// The hour of the event: the 500 bars of the warm-up are over.
pub(super) const EVENT: usize = 520;
pub(super) const HOURS: usize = 540;
pub(super) const FIVE: i64 = 300_000;
const MINUTE: i64 = 60_000;

/// Open, high, low, close.
pub(super) type Prices = [i64; 4];

const CALM: Prices = [10_000, 10_050, 9_950, 10_000];

/// One hour as twelve parts of five minutes.
pub(super) type Parts = [Prices; 12];

/// Down to the first level, up to the target, down again.
pub(super) const DOWN_FIRST: Parts = parts(&[
    [10_000, 10_010, 9_990, 10_000],
    [10_000, 10_000, 9_790, 9_850],
    [9_850, 10_060, 9_850, 10_040],
    [10_040, 10_040, 9_700, 9_990],
]);

/// Up beyond the target, then down to the first level and no way back.
const UP_FIRST: Parts = parts(&[
    [10_000, 10_060, 10_000, 10_050],
    [10_050, 10_050, 9_900, 9_900],
    [9_900, 9_900, 9_790, 9_850],
]);

/// The hour that begins so and then rests at its last price.
pub(super) const fn parts(begin: &[Prices]) -> Parts {
    let close = begin[begin.len() - 1][3];
    let mut all = [[close; 4]; 12];
    let mut at = 0;
    while at < begin.len() {
        all[at] = begin[at];
        at += 1;
    }
    all
}

/// The bar of an hour.
fn whole(parts: &Parts) -> Prices {
    let high = parts.iter().map(|part| part[1]).max().unwrap_or(0);
    let low = parts.iter().map(|part| part[2]).min().unwrap_or(0);
    [parts[0][0], high, low, parts[11][3]]
}

/// Which fine bars there are.
pub(super) struct Fine {
    pub(super) span: i64,
    pub(super) hours: std::ops::Range<usize>,
    /// One of the first fine bars of this hour is not there.
    pub(super) hole: Option<usize>,
}

impl Fine {
    fn name(&self) -> &'static str {
        if self.span == FIVE { "5m" } else { "1m" }
    }
}

/// A folder with a configuration, calm hours with an event, and fine bars.
pub(super) fn folder(events: &[(usize, Parts)], fine: &Fine) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in config::shipped() {
        let name = Path::new(&path).file_name().expect("a name").to_owned();
        let text = if name == "strategies.yaml" { STRATEGY.to_owned() } else { text };
        let text = ROOM.iter().fold(text, |text, (from, to)| text.replace(from, to));
        fs::write(dir.path().join(name), text).expect("written");
    }
    let mut slow = HEADER.to_owned();
    let mut quick = HEADER.to_owned();
    for hour in 0..HOURS {
        let event = events.iter().find(|(at, _)| *at == hour).map(|(_, parts)| *parts);
        let open = START + hour as i64 * HOUR;
        row(&mut slow, open, event.as_ref().map_or(CALM, whole));
        if fine.hours.contains(&hour) {
            let parts = event.unwrap_or_else(|| parts(&[CALM]));
            let hole = (fine.hole == Some(hour)).then_some(open + fine.span);
            fine_rows(&mut quick, open, &parts, fine.span, hole);
        }
    }
    let file = |name: &str| dir.path().join(format!("test-perp_BTCUSDT_{name}.csv"));
    fs::write(file("1h"), slow).expect("written");
    fs::write(file(fine.name()), quick).expect("written");
    dir
}

/// Each part as one bar, or as five: the first moves, the others rest.
fn fine_rows(text: &mut String, open: i64, parts: &Parts, span: i64, hole: Option<i64>) {
    for (part, prices) in (0..).zip(parts) {
        for minute in 0..FIVE / span {
            let at = open + part * FIVE + minute * span;
            if hole != Some(at) {
                row(text, at, if minute == 0 { *prices } else { [prices[3]; 4] });
            }
        }
    }
}

fn row(text: &mut String, at: i64, [open, high, low, close]: Prices) {
    writeln!(text, "{at},{open},{high},{low},{close},1").expect("written");
}

/// The result of a backtest of the folder.
pub(super) fn run(dir: &TempDir, more: &[&str]) -> Value {
    let path = dir.path().to_str().expect("a path");
    let mut args = vec!["backtest", "--config", path, "--candles", path, "--json"];
    args.extend(["--missing-funding", "0"]);
    args.extend(more);
    let said = gardefou(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

/// Fills as hour, millisecond inside it, kind and price.
fn fills(result: &Value, path: &str) -> Vec<(usize, i64, String, String)> {
    let all = result["paths"][path]["fills"].as_array().expect("fills").iter();
    let fill = |fill: &Value| {
        let since = fill["time"].as_i64().expect("a time") - START;
        let word = |name: &str| fill[name].as_str().expect("a word").to_owned();
        let price = word("price").trim_end_matches('0').trim_end_matches('.').to_owned();
        ((since / HOUR) as usize, since % HOUR, word("kind"), price)
    };
    all.map(fill).collect()
}

fn fill(hour: usize, at: i64, kind: &str, price: &str) -> (usize, i64, String, String) {
    (hour, at, kind.to_owned(), price.to_owned())
}

const PATHS: [&str; 2] = ["pessimistic", "optimistic"];

#[test]
fn fine_bars_bring_the_target_after_the_entry_into_the_same_hour() {
    for span in [FIVE, MINUTE] {
        let fine = Fine { span, hours: EVENT - 2..EVENT + 2, hole: None };
        let dir = folder(&[(EVENT, DOWN_FIRST)], &fine);
        let slow = fills(&run(&dir, &[]), "pessimistic");
        assert_eq!(slow[0], fill(EVENT, HOUR - 1, "entry", "9800"));
        assert_eq!(slow.iter().filter(|fill| fill.0 == EVENT && fill.2 == "target").count(), 0);
        let result = run(&dir, &["--detail", fine.name()]);
        for path in PATHS {
            // The average of the slow bars is the target, whatever the fine ones close at.
            let expected = [
                fill(EVENT, FIVE + span - 1, "entry", "9800"),
                fill(EVENT, 2 * FIVE + span - 1, "target", "10000"),
            ];
            assert_eq!(fills(&result, path), expected, "{path} {}", fine.name());
        }
    }
}

#[test]
fn fine_bars_take_a_target_away_that_came_before_the_entry() {
    let fine = Fine { span: FIVE, hours: EVENT..EVENT + 1, hole: None };
    let dir = folder(&[(EVENT, UP_FIRST)], &fine);
    let in_event = |result: &Value| -> Vec<_> {
        fills(result, "optimistic").into_iter().filter(|fill| fill.0 == EVENT).collect()
    };
    let slow = in_event(&run(&dir, &[]));
    assert_eq!(slow.last(), Some(&fill(EVENT, HOUR - 1, "target", "10000")));
    let quick = in_event(&run(&dir, &["--detail", "5m"]));
    assert_eq!(quick, [fill(EVENT, 3 * FIVE - 1, "entry", "9800")]);
}

#[test]
fn the_cooldown_counts_slow_bars() {
    let fine = Fine { span: FIVE, hours: EVENT..HOURS, hole: None };
    let deep = parts(&[[10_000, 10_000, 9_400, 10_000]]);
    // The cycle ends in the event; the third bar after it may quote again at its close.
    let events = [(EVENT, DOWN_FIRST), (EVENT + 3, deep), (EVENT + 4, deep)];
    let result = run(&folder(&events, &fine), &["--detail", "5m"]);
    for path in PATHS {
        let entries = fills(&result, path).into_iter().filter(|fill| fill.2 == "entry");
        let hours: Vec<usize> = entries.map(|fill| fill.0).collect();
        assert_eq!(hours, [EVENT, EVENT + 4, EVENT + 4], "{path}");
    }
}

/// Which resolution was used, as counts and as ranges in hours.
fn resolution(result: &Value) -> (Value, Vec<(String, usize, usize)>) {
    let resolution = &result["data"][0]["resolution"];
    let hour = |moment: &Value| ((moment["ms"].as_i64().expect("a time") - START) / HOUR) as usize;
    let range = |range: &Value| {
        let name = range["resolution"].as_str().expect("a word").to_owned();
        (name, hour(&range["from"]), hour(&range["to"]))
    };
    let ranges = resolution["ranges"].as_array().expect("ranges").iter().map(range).collect();
    (resolution["bars"].clone(), ranges)
}

#[test]
fn an_hour_without_all_its_fine_bars_is_matched_whole_and_the_result_says_so() {
    for span in [FIVE, MINUTE] {
        let hours = EVENT - 2..EVENT + 3;
        let fine = Fine { span, hours, hole: Some(EVENT) };
        let dir = folder(&[(EVENT, DOWN_FIRST)], &fine);
        let (slow, result) = (run(&dir, &[]), run(&dir, &["--detail", fine.name()]));
        for path in PATHS {
            let first = |result: &Value| fills(result, path).into_iter().next();
            assert_eq!(first(&slow), Some(fill(EVENT, HOUR - 1, "entry", "9800")));
            assert_eq!(first(&result), first(&slow), "{path}");
        }
        let (name, slow_name) = (fine.name().to_owned(), "1h".to_owned());
        let (bars, ranges) = resolution(&result);
        assert_eq!(bars, serde_json::json!({ "1h": HOURS - 4, name.as_str(): 4 }));
        let expected = [
            (slow_name.clone(), 0, EVENT - 2),
            (name.clone(), EVENT - 2, EVENT),
            (slow_name.clone(), EVENT, EVENT + 1),
            (name, EVENT + 1, EVENT + 3),
            (slow_name, EVENT + 3, HOURS),
        ];
        assert_eq!(ranges, expected);
    }
}

#[test]
fn the_summary_says_how_many_bars_were_matched_at_which_resolution() {
    let fine = Fine { span: FIVE, hours: EVENT..EVENT + 4, hole: Some(EVENT) };
    let dir = folder(&[(EVENT, DOWN_FIRST)], &fine);
    let path = dir.path().to_str().expect("a path");
    let args = ["backtest", "--config", path, "--candles", path, "--missing-funding", "0"];
    let said = gardefou(&[&args[..], &["--detail", "5m"]].concat());
    assert!(said.out.contains("Bars matched: 537 at 1h, 3 at 5m."), "{}", said.out);
}

#[test]
fn an_hour_that_its_finer_bars_contradict_is_listed() {
    let fine = Fine { span: FIVE, hours: EVENT - 2..EVENT + 2, hole: None };
    let dir = folder(&[(EVENT, DOWN_FIRST)], &fine);
    let listed = |result: &Value| result["data"][0]["resolution"]["contradicted"].clone();
    assert_eq!(listed(&run(&dir, &["--detail", "5m"])), serde_json::json!([]));
    // The recorded hour went down to 9700; its finer bars now say 9750.
    let file = dir.path().join("test-perp_BTCUSDT_5m.csv");
    let text = fs::read_to_string(&file).expect("read");
    fs::write(&file, text.replace(",9700,", ",9750,")).expect("written");
    let result = run(&dir, &["--detail", "5m"]);
    let hour = START + EVENT as i64 * HOUR;
    assert_eq!(listed(&result)[0]["ms"], hour);
    assert_eq!(listed(&result).as_array().map(Vec::len), Some(1));
    let path = dir.path().to_str().expect("a path");
    let args = ["backtest", "--config", path, "--candles", path, "--missing-funding", "0"];
    let said = gardefou(&[&args[..], &["--detail", "5m"]].concat());
    let text = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "The bars of 5m make other prices than the hourly bar: BTCUSDT (1 hour, first \
                 2024-01-22 16:00).";
    assert!(text.contains(words), "{text}");
}
