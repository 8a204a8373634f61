//! Choosing files and the one venue.

use std::path::{Path, PathBuf};

use gardefou_core::ids::SymbolName;
use gardefou_core::time::{Timeframe, Timestamp};
use tempfile::TempDir;

use super::candles_tests::write;
use super::find::days_short;
use super::{Dataset, Found, find};

fn symbols(names: &[&str]) -> Vec<SymbolName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn folder(names: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for sub in ["1h", "funding"] {
        std::fs::create_dir(folder.path().join(sub)).unwrap();
    }
    for name in names {
        write(&folder, name, b"");
    }
    folder
}

fn names(found: &Found) -> Vec<&str> {
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    found.files.iter().map(|(_, path)| &*name(path).leak()).collect()
}

fn hourly(folder: &TempDir, wanted: &[&str], venue: Option<&str>) -> Found {
    find(folder.path(), &symbols(wanted), Timeframe::H1, venue).unwrap()
}

#[test]
fn the_venue_with_most_symbols_serves_the_whole_run() {
    let folder = folder(&[
        "1h/a-perp_BTCUSDT_1h_20240101-20241231.csv.gz",
        "1h/b-perp_BTCUSDT_1h_20200101-20241231.csv",
        "1h/b-perp_ETHUSDT_1h_20200101-20241231.csv.gz",
        "1h/b-perp_ETHUSDT_5m_20200101-20241231.csv.gz",
        "c-spot_BTCUSDT_1h_20100101-20241231.csv.gz",
        "funding/a-perp_BTCUSDT_funding_20240101-20241231.csv.gz",
        "notes.txt",
        "1h/b-perp_solusdt_1h_20200101-20241231.csv.gz",
    ]);
    let found = hourly(&folder, &["ETHUSDT", "BTCUSDT", "SOLUSDT"], None);
    assert_eq!(found.venue.as_deref(), Some("b-perp"));
    assert_eq!(
        names(&found),
        ["b-perp_ETHUSDT_1h_20200101-20241231.csv.gz", "b-perp_BTCUSDT_1h_20200101-20241231.csv"]
    );
    assert_eq!(found.missing, symbols(&["SOLUSDT"]));
    assert_eq!(found.venues, ["a-perp", "b-perp", "c-spot"]);
    assert_eq!(hourly(&folder, &["BTCUSDT"], None).venue.as_deref(), Some("a-perp"));
    assert_eq!(hourly(&folder, &["BTCUSDT"], Some("c-spot")).venue.as_deref(), Some("c-spot"));
    let absent = hourly(&folder, &["BTCUSDT"], Some("z"));
    assert_eq!((absent.venue, absent.missing), (None, symbols(&["BTCUSDT"])));
    let funding = find(folder.path(), &symbols(&["BTCUSDT"]), Dataset::Funding, None).unwrap();
    assert_eq!(names(&funding), ["a-perp_BTCUSDT_funding_20240101-20241231.csv.gz"]);
}

#[test]
fn perpetuals_come_before_spot() {
    let folder = folder(&["a-spot_BTCUSDT_1h.csv", "b-perp_BTCUSDT_1h.csv"]);
    assert_eq!(hourly(&folder, &["BTCUSDT"], None).venue.as_deref(), Some("b-perp"));
}

#[test]
fn the_longest_range_is_taken_and_the_rest_is_said() {
    let folder = folder(&[
        "a-perp_BTCUSDT_1h_20240101-20241231.csv",
        "a-perp_BTCUSDT_1h_20230101-20241231.csv.gz",
        "1h/a-perp_BTCUSDT_1h_20230101-20241231.csv.gz",
    ]);
    let found = hourly(&folder, &["BTCUSDT", "BTCUSDT"], None);
    assert_eq!(names(&found), ["a-perp_BTCUSDT_1h_20230101-20241231.csv.gz"]);
    assert_eq!((found.files.len(), found.set_aside.len()), (1, 2));
    assert_eq!(found, hourly(&folder, &["BTCUSDT"], None));
}

#[test]
fn a_folder_is_a_folder() {
    let folder = folder(&["x.csv"]);
    let told = |name: &str| {
        let refused = find(&folder.path().join(name), &[], Timeframe::H1, None);
        refused.unwrap_err().to_string()
    };
    assert!(told("x.csv").contains("x.csv: this is a file, but a folder"));
    assert!(told("nowhere").contains("nowhere: there is no such file or folder"));
    assert_eq!(hourly(&folder, &[], None).venue, None);
}

#[test]
fn days_that_no_calendar_has_are_refused() {
    for days in ["20191350-20200101", "20240101-20230101", "20240230-20240301"] {
        let folder = folder(&[&format!("a-perp_BTCUSDT_1h_{days}.csv")]);
        let refused = find(folder.path(), &symbols(&["BTCUSDT"]), Timeframe::H1, None);
        let told = refused.unwrap_err().to_string();
        assert!(told.contains(&format!("{days} in its name are no days")), "{told}");
    }
    let folder = folder(&["a-perp_BTCUSDT_1h_old.csv"]);
    assert_eq!(hourly(&folder, &["BTCUSDT"], None).files, []);
}

#[test]
fn whole_days_that_a_name_promises_and_the_rows_lack_are_counted() {
    let day = |days: i64| Timestamp(1_704_067_200_000 + days * 86_400_000);
    let name = |days: &str| PathBuf::from(format!("x/a-perp_BTCUSDT_1h_{days}.csv.gz"));
    let short = |days: &str, first, last| {
        days_short(&name(days), Timeframe::H1.into(), first, Timestamp(last))
    };
    let evening = |days: i64| day(days).0 + 23 * 3_600_000;
    assert_eq!(short("20240101-20240110", day(0), evening(9)), 0);
    assert_eq!(short("20240101-20240110", day(0), evening(6)), 3);
    assert_eq!(short("20240101-20240110", day(2), evening(6)), 5);
    assert_eq!(days_short(Path::new("BTC.csv"), Timeframe::H1.into(), day(0), day(1)), 0);
}
