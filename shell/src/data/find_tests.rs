//! Choosing files and the one venue.

use gardefou_core::ids::SymbolName;
use gardefou_core::time::Timeframe;
use tempfile::TempDir;

use super::candles_tests::write;
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
