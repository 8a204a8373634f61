//! Funding files, good and bad, and their coverage.

use gardefou_core::money::Fraction;
use gardefou_core::time::{Span, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use super::candles_tests::{START, gzip, write};
use super::{DataError, Funding, FundingGap, read_funding};

const HOUR: i64 = 3_600_000;

fn read(rows: &str) -> Result<Funding, DataError> {
    let folder = TempDir::new().unwrap();
    read_funding(&write(&folder, "f.csv", format!("timestamp,funding_rate\n{rows}").as_bytes()))
}

fn hour(count: i64) -> Timestamp {
    Timestamp(START + count * HOUR)
}

#[test]
fn rates_are_exact_and_times_are_snapped() {
    let late = hour(8).0 + 17;
    let later = hour(16).0 + 58_000;
    let half = hour(17).0 + 1_800_400;
    let rows = format!("{START},0.0001\n{late},-0.00222786\n{later},1e-05\n{half},0\n");
    let funding = read(&rows).unwrap();
    let half = hour(17) + Span(1_800_000);
    assert_eq!(
        funding.settlements(),
        [
            (hour(0), Fraction(10_000)),
            (hour(8), Fraction(-222_786)),
            (hour(16), Fraction(1_000)),
            (half, Fraction(0)),
        ]
    );
    assert_eq!(funding.at(hour(8)), Some(Fraction(-222_786)));
    assert_eq!(funding.at(hour(9)), None);
    let early = read(&format!("{},0.1\n", hour(8).0 - 900)).unwrap();
    assert_eq!(early.settlements()[0].0, hour(8));
}

#[test]
fn missing_settlements_are_ranges() {
    let at = |count| hour(count).0;
    let rows = format!("{},0\n{},0\n{},0\n{},0\n", at(8), at(12), at(16), at(48));
    let funding = read(&rows).unwrap();
    let coverage = funding.coverage(hour(0), hour(71), Span::hours(8));
    assert_eq!((coverage.expected, coverage.present, coverage.extra), (9, 3, 1));
    let gap = |from, to, missing| FundingGap { from: hour(from), to: hour(to), missing };
    assert_eq!(coverage.missing, [gap(0, 0, 1), gap(24, 40, 3), gap(56, 64, 2)]);
    assert_eq!(funding.missing(hour(1), hour(16), Span::hours(8)), []);
    assert_eq!(funding.missing(hour(100), hour(110), Span::hours(8)), [gap(104, 104, 1)]);
    assert_eq!(funding.missing(hour(9), hour(15), Span::hours(8)), []);
    assert_eq!(funding.missing(hour(16), hour(8), Span::hours(8)), []);
    assert_eq!(funding.missing(hour(0), hour(8), Span(0)), []);
    let all = funding.coverage(Timestamp(i64::MIN), Timestamp(i64::MAX), Span(1));
    assert_eq!(all.present, 4);
}

#[test]
fn bad_funding_is_refused_with_its_place() {
    for (row, place, words) in [
        (format!("{START},0.0001\n"), "3:1", "is there twice"),
        (format!("{},0.0001\n", START - HOUR), "3:1", "comes after"),
        (format!("{},0.000100001\n", hour(8).0), "3:15", "finer than 8 decimals"),
        (format!("{},1.5\n", hour(8).0), "3:15", "beyond ±1"),
        (format!("{},nan\n", hour(8).0), "3:15", "is no value"),
        (format!("{},\n", hour(8).0), "3:15", "funding_rate is empty"),
        (format!("{}\n", hour(8).0), "3", "1 fields, expected 2"),
        ("1704067.5,0.1\n".into(), "3:1", "timestamps are milliseconds"),
    ] {
        let told = read(&format!("{START},0.0001\n{row}")).unwrap_err().to_string();
        assert!(told.contains(&format!("f.csv:{place}: ")) && told.contains(words), "{told}");
    }
    assert!(read("").unwrap_err().to_string().contains("no rows"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), zip: bool) {
        let folder = TempDir::new().unwrap();
        let text = [b"timestamp,funding_rate\n", &bytes[..]].concat();
        let (name, text) = if zip { ("f.csv.gz", gzip(&text)) } else { ("f.csv", text) };
        let path = write(&folder, name, &text);
        let _ = read_funding(&path);
    }

    #[test]
    fn present_and_missing_make_up_the_expected(
        present in proptest::collection::btree_set(0i64..60, 1..30),
        from in -5i64..70,
        length in 0i64..70,
    ) {
        let rows: String = present.iter().map(|&at| format!("{},0\n", hour(at * 4).0)).collect();
        let funding = read(&rows).unwrap();
        let (from, to) = (hour(from), hour(from + length));
        let coverage = funding.coverage(from, to, Span::hours(8));
        let inside = |at: &Timestamp| (from..=to).contains(at);
        let naive: Vec<_> = (-10..40).map(|at| hour(at * 8)).filter(inside).collect();
        let without = naive.iter().filter(|&&at| funding.at(at).is_none()).count() as u64;
        prop_assert_eq!(coverage.expected, naive.len() as u64);
        prop_assert_eq!(coverage.missing.iter().map(|gap| gap.missing).sum::<u64>(), without);
        prop_assert_eq!(coverage.expected, coverage.present + without);
    }
}
