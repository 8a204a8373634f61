//! Candle files, good and bad, written by the tests themselves.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use gardefou_core::money::Ticks;
use gardefou_core::time::{Timeframe, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tempfile::TempDir;

use super::candles::read_limited;
use super::table::Limits;
use super::{DataError, Gap, RawSeries, effective_tick, read_candles, shared_tick};

pub(super) const HEADER: &str = "timestamp,open,high,low,close,volume\n";
/// 2024-01-01T00:00Z.
pub(super) const START: i64 = 1_704_067_200_000;
const HOUR: i64 = 3_600_000;

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn dec(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// A file with these rows; `T0`, `T1`, … stand for the first hours.
fn file(rows: &str) -> String {
    let mut text = rows.to_owned();
    for hour in (0..10).rev() {
        text = text.replace(&format!("T{hour}"), &(START + hour * HOUR).to_string());
    }
    format!("{HEADER}{text}")
}

fn read(rows: &str) -> Result<RawSeries, DataError> {
    read_bytes("x.csv", file(rows).as_bytes())
}

fn read_bytes(name: &str, bytes: &[u8]) -> Result<RawSeries, DataError> {
    let folder = TempDir::new().unwrap();
    read_candles(&write(&folder, name, bytes), Timeframe::H1)
}

/// What a person reads, the folder aside.
fn told(result: Result<RawSeries, DataError>) -> String {
    let error = result.unwrap_err();
    let folder = format!("{}/", error.path().parent().unwrap_or(Path::new("")).display());
    error.to_string().replace(&folder, "")
}

#[test]
fn a_good_file_is_read_exactly() {
    let rows = "T0,100,101.5,99.50,100.25,12\nT1,100.3,1.02e2,100,101.0,0\nT2,101,101,101,101,1e-9";
    let text = file(rows);
    let plain = read_bytes("x.csv", text.as_bytes()).unwrap();
    let zipped = read_bytes("x.csv.gz", &gzip(text.as_bytes())).unwrap();
    let windows = read_bytes(
        "x.csv",
        format!("\u{feff}{text}\r\n").replace('\n', "\r\n").replace("\r\r", "\r").as_bytes(),
    );
    assert_eq!(plain.in_finest_steps(), zipped.in_finest_steps());
    assert_eq!(plain.in_finest_steps(), windows.unwrap().in_finest_steps());
    assert_ne!(plain.sha256(), zipped.sha256());
    assert_eq!((plain.decimals(), plain.finest_step(), plain.rows()), (2, dec("0.01"), 3));
    assert_eq!((plain.first(), plain.last()), (Timestamp(START), Timestamp(START + 2 * HOUR)));
    let bars = plain.to_bars(dec("0.01")).unwrap();
    assert_eq!(
        (bars[0].low, bars[0].close, bars[1].high),
        (Ticks(9_950), Ticks(10_025), Ticks(10_200))
    );
    assert_eq!(bars.iter().map(|bar| bar.traded).collect::<Vec<_>>(), [true, false, true]);
    plain.require_contiguous().unwrap();
}

#[test]
fn the_hash_is_of_the_bytes_on_disk() {
    // printf 'timestamp,open,high,low,close,volume\n1704067200000,1,1,1,1,1\n' | sha256sum
    let series = read("T0,1,1,1,1,1\n").unwrap();
    let known = "64e4add4fed5339b60a4af4e53a2a639688afd877bfd864588ff645397d865dd";
    assert_eq!(series.sha256().to_string(), known);
    let identity = series.identity("BTCUSDT".parse().unwrap(), dec("0.1"));
    let json = serde_json::to_string(&identity).unwrap();
    let sha = series.sha256();
    assert_eq!(
        json,
        format!(
            "{{\"symbol\":\"BTCUSDT\",\"kind\":\"candles\",\"timeframe\":\"1h\",\"file\":\"x.csv\",\
             \"first\":{START},\"last\":{START},\"rows\":1,\"days_short\":0,\"gaps\":0,\"sha256\":\"{sha}\",\
             \"tick_used\":\"0.1\"}}"
        )
    );
    assert_eq!(serde_json::from_str::<super::DataIdentity>(&json).unwrap(), identity);
}

#[test]
fn ticks_are_the_instruments_or_the_finest_of_history() {
    assert_eq!(effective_tick(dec("0.1"), dec("0.01")), dec("0.01"));
    assert_eq!(effective_tick(dec("0.0010"), dec("0.01")), dec("0.001"));
    let coarse = read("T0,100.5,101,99.5,100,1").unwrap();
    let fine = read("T0,100.51,101,99.5,100,1").unwrap();
    assert_eq!(shared_tick(dec("0.5"), [&coarse]), dec("0.5"));
    assert_eq!(shared_tick(dec("0.5"), [&coarse, &fine]), dec("0.01"));
    assert_eq!(coarse.to_bars(dec("0.5")).unwrap()[0].open, Ticks(201));
    assert_eq!(coarse.to_bars(dec("0.001")).unwrap()[0].open, Ticks(100_500));
    let error = fine.to_bars(dec("0.5")).unwrap_err();
    assert_eq!(error.at_line(), Some(2));
    assert!(error.to_string().ends_with(
        "x.csv:2: open is 100.51, not a multiple of the tick 0.5; check the instrument's tick"
    ));
    for tick in ["0", "-0.1", "0.0000000000001", "79228162514264337593543950335"] {
        assert!(coarse.to_bars(dec(tick)).is_err(), "{tick}");
    }
    let error = read("T0,5e10,5e10,5e10,5e10,1").unwrap().to_bars(dec("1e-12")).err();
    assert!(error.is_none_or(|error| error.to_string().contains("2^53")));
    let large = read("T0,50000000,50000000,50000000,50000000,1").unwrap();
    let error = large.to_bars(dec("0.000000001")).unwrap_err().to_string();
    assert!(error.contains("2^53"), "{error}");
}

#[test]
fn gaps_are_recorded_and_refused_where_none_may_be() {
    let series = read("T0,1,1,1,1,1\nT3,1,1,1,1,1\nT4,1,1,1,1,1\nT6,1,1,1,1,1").unwrap();
    let gap = |hour, missing| Gap { from: Timestamp(START + hour * HOUR), missing };
    assert_eq!(series.gaps(), [gap(1, 2), gap(5, 1)]);
    assert!(series.require_contiguous().unwrap_err().to_string().ends_with(
        "x.csv:3: 3 1h bars are missing in 2 gaps (2 from 2024-01-01T01:00:00Z, \
         1 from 2024-01-01T05:00:00Z); fetch the missing bars, indicators cannot be computed \
         across a gap"
    ));
}

#[test]
fn bad_rows_are_refused_with_place_value_and_remedy() {
    let good = "T0,100,101,99,100,1\n";
    for (row, place, words) in [
        ("T1,100,101,99,100", "3", "5 fields, expected 6"),
        ("T1,100,101,99,100,1,", "3", "7 fields, expected 6"),
        ("\nT1,100,101,99,100,1", "3", "line is empty"),
        ("T1,NaN,101,99,100,1", "3:15", "open is \"NaN\", which is no value"),
        ("T1,100,-inf,99,100,1", "3:19", "high is \"-inf\", which is no value"),
        ("T1,100,101,,100,1", "3:23", "low is empty"),
        ("T1,100,101,99,abc,1", "3:26", "close is \"abc\", which is not a decimal"),
        ("T1,100,101,99,\"100\",1", "3:26", "close is \"\\\"100\\\"\", which is not a decimal"),
        ("T1,100,98,99,100,1", "3:22", "low is \"99\", above high, which is \"98\""),
        ("T1,100,99.5,99,99.5,1", "3:19", "high is \"99.5\", below open, which is \"100\""),
        ("T1,100,101,0,100,1", "3:23", "low is \"0\"; prices are above zero"),
        ("T1,-100,101,99,100,1", "3:15", "open is \"-100\"; prices are above zero"),
        ("T0,100,101,99,100,1", "3:1", "2024-01-01T00:00:00Z is there twice"),
        ("1704063600000,1,1,1,1,1", "3:1", "2023-12-31T23:00:00Z comes after 2024-01-01T00:00:00Z"),
        ("1704067260000,1,1,1,1,1", "3:1", "2024-01-01T00:01:00Z is not the open of a 1h bar"),
        ("1704070800,1,1,1,1,1", "3:1", "looks like seconds, multiply by 1000"),
        ("1704070800000000,1,1,1,1,1", "3:1", "looks like microseconds, divide by 1000"),
        ("-5,1,1,1,1,1", "3:1", "timestamps are milliseconds since 1970"),
        ("T1,100,101,99,100,-1", "3:30", "volume is \"-1\"; volumes are zero or above"),
        ("T1,100,101,99,100,x", "3:30", "volume is \"x\""),
        ("T1,1.0000000000001,2,1,1,1", "3:15", "finer than 12 decimals"),
        ("T1,1e40,1e40,1,1,1", "3:15", "open is \"1e40\", which is too large"),
        ("T1,99999999999999999999,1,1,1,1", "3:15", "which is too large"),
    ] {
        let told = told(read(&format!("{good}{row}")));
        assert!(told.starts_with(&format!("x.csv:{place}: ")), "{row}: {told}");
        assert!(told.contains(words), "{row}: {told}");
    }
}

#[test]
fn a_fine_price_must_not_overflow_the_earlier_ones() {
    let told = told(read("T0,1e12,1e12,1e12,1e12,1\nT1,0.000000000001,1,0.000000000001,1,1"));
    assert!(told.starts_with("x.csv:2: open is \"1000000000000\", which is too large"), "{told}");
}

#[test]
fn bad_files_are_refused_with_reason_and_remedy() {
    let good = file("T0,1,1,1,1,1\n");
    let zipped = gzip(good.repeat(200).as_bytes());
    let mut corrupt = zipped.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let invalid = [good.as_bytes(), b"1704070800000,1,1,\xff\xfe,1,1\n"].concat();
    for (name, bytes, words) in [
        ("x.csv", &b""[..], "x.csv: the file is empty; expected the header `timestamp,open"),
        ("x.csv.gz", &gzip(b""), "x.csv.gz: the file is empty"),
        ("x.csv", HEADER.as_bytes(), "x.csv: the file has a header but no rows"),
        ("x.csv", b"time,o,h,l,c,v\n1,1,1,1,1,1\n", "x.csv:1: the header is \"time,o,h,l,c,v\""),
        ("x.csv.gz", good.as_bytes(), "x.csv.gz: named .gz but not gzip data"),
        ("x.csv", &zipped, "x.csv: gzip data under a name without .gz"),
        ("x.csv.gz", &zipped[..1], "the gzip data ends too early"),
        ("x.csv.gz", &zipped[..12], "the gzip data ends too early"),
        ("x.csv.gz", &gzip(good.as_bytes())[..60], "the gzip data ends too early"),
        (
            "x.csv.gz",
            &[&gzip(good.as_bytes())[..], b"rubbish"].concat(),
            "or is followed by something else",
        ),
        ("x.csv", &invalid, "x.csv:3:19: low is \"\\xff\\xfe\", which is not UTF-8 text"),
    ] {
        let told = told(read_bytes(name, bytes));
        assert!(told.contains(words), "{told}");
    }
    assert!(read_bytes("x.csv.gz", &corrupt).is_err());
    let mut checksum = gzip(good.as_bytes());
    let end = checksum.len() - 6;
    checksum[end] ^= 1;
    let told = told(read_bytes("x.csv.gz", &checksum));
    assert!(told.contains("the gzip data is damaged"), "{told}");
}

#[test]
fn paths_that_are_no_files_are_named() {
    let folder = TempDir::new().unwrap();
    let missing = read_candles(&folder.path().join("no.csv"), Timeframe::H1);
    assert!(told(missing).contains("no.csv: there is no such file"));
    let directory = read_candles(folder.path(), Timeframe::H1);
    assert!(directory.unwrap_err().to_string().contains("this is a folder"));
    let inside = write(&folder, "x.csv", b"").join("y.csv");
    assert!(read_candles(&inside, Timeframe::H1).unwrap_err().to_string().contains("folder"));
}

#[test]
fn monstrous_files_are_refused_within_bounds() {
    let columns = [HEADER.as_bytes(), "1,".repeat(4_000_000).as_bytes()].concat();
    let told_columns = told(read_bytes("x.csv", &columns));
    assert!(told_columns.contains("x.csv:2: the line is longer than 1024 bytes"), "{told_columns}");
    let zeros = gzip(&vec![0; 200_000_000]);
    let told_zeros = told(read_bytes("x.csv.gz", &zeros));
    assert!(told_zeros.contains("x.csv.gz:1: the line is longer"), "{told_zeros}");
    let lines = gzip(&[HEADER.as_bytes(), &vec![b'\n'; 50_000_000]].concat());
    assert!(told(read_bytes("x.csv.gz", &lines)).contains("x.csv.gz:2: the line is empty"));

    let folder = TempDir::new().unwrap();
    let many = file("T0,1,1,1,1,1\nT1,1,1,1,1,1\nT2,1,1,1,1,1\n");
    let path = write(&folder, "x.csv", many.as_bytes());
    let limit = |rows| Limits { rows, ..Limits::FILES };
    assert!(read_limited(&path, Timeframe::H1, limit(3)).is_ok());
    let refused = told(read_limited(&path, Timeframe::H1, limit(2)));
    assert_eq!(refused, "x.csv:4: more than 2 rows; split the file by year");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(
        bytes in vec(any::<u8>(), 0..300),
        zip: bool,
        header: bool,
    ) {
        let mut text = if header { HEADER.as_bytes().to_vec() } else { Vec::new() };
        text.extend(bytes);
        let zipped = if zip { gzip(&text) } else { text.clone() };
        let _ = read_bytes("x.csv.gz", &zipped);
        let _ = read_bytes("x.csv", &text);
    }

    #[test]
    fn a_damaged_file_is_answered(
        places in vec((0usize..400, any::<u8>()), 1..6),
        zip: bool,
    ) {
        let rows = "T0,100,101.5,99.50,100.25,12\nT1,100.3,1.02e2,100,101.0,0\n";
        let good = file(&format!("{rows}T2,101,101,101,101,1e-9\n"));
        let mut bytes = if zip { gzip(good.as_bytes()) } else { good.into_bytes() };
        for (place, byte) in places {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(series) = read_bytes(if zip { "x.csv.gz" } else { "x.csv" }, &bytes) {
            let tick = shared_tick(dec("0.01"), [&series]);
            for bar in series.to_bars(tick).unwrap_or_default() {
                prop_assert_eq!(bar.check(), Ok(()));
            }
        }
    }

    #[test]
    fn prices_come_back_as_they_were_written(
        prices in vec((1i64..90_000_000, 0u32..9), 1..20),
    ) {
        let rows: String = prices.iter().enumerate().map(|(hour, &(mantissa, scale))| {
            let price = Decimal::new(mantissa, scale);
            format!("{},{price},{price},{price},{price},1\n", START + hour as i64 * HOUR)
        }).collect();
        let series = read(&rows).unwrap();
        let bars = series.to_bars(series.finest_step()).unwrap();
        for (bar, &(mantissa, scale)) in bars.iter().zip(&prices) {
            let price = Decimal::from(bar.open.0) * series.finest_step();
            prop_assert_eq!(price, Decimal::new(mantissa, scale));
        }
    }
}
