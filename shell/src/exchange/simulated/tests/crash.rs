//! Death at any byte: what was written whole has happened, the rest never entered.

use std::fs::{self, OpenOptions};
use std::path::Path;

use gardefou_core::command::Command;
use gardefou_core::ids::OrderKind;
use gardefou_core::time::{Span, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use super::rig::*;
use crate::exchange::simulated::{CHECKPOINT_FILE, Fault, RECORD_FILE, Simulated};
use crate::store::RecordMark;

/// After everything.
const END: Timestamp = Timestamp(START.0 + 40 * 3_600_000);

fn copy(from: &Path, to: &Path) {
    for file in [RECORD_FILE, CHECKPOINT_FILE] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
}

/// Something of every kind, hour after hour.
fn step(exchange: &mut Simulated, number: i64) {
    let at = minute(60 * number);
    let sequence = u32::try_from(number).unwrap() * 10;
    let drop = 2_000 * (number % 5);
    exchange.advance(&[hour(number, [600_000, 603_000, 597_000 - drop, 600_500])]).unwrap();
    heard(exchange, at + Span::seconds(120));
    exchange
        .handle(at + Span::seconds(120), &entry(sequence, Some(598_000), Some(590_000)))
        .unwrap();
    heard(exchange, at + Span::seconds(1_300));
    let later = at + Span::seconds(1_300);
    match number % 3 {
        0 => exchange.handle(later, &stop(sequence + 1, 591_000)).unwrap(),
        1 => {
            let id = id(OrderKind::Entry, sequence);
            exchange.handle(later, &Command::Cancel { id }).unwrap();
        }
        _ => {
            let (rate, mark) = (gardefou_core::money::Fraction(10_000), 600_000);
            exchange.settle(later, BTC, rate, gardefou_core::money::Ticks(mark)).unwrap();
        }
    }
}

#[test]
fn the_record_goes_on_from_any_byte_of_its_end() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    let path = dir.path().join(RECORD_FILE);
    let size = || fs::metadata(&path).unwrap().len();
    let mut known = vec![(size(), exchange.state_hash(END).unwrap())];
    for number in 0..12 {
        step(&mut exchange, number);
        known.push((size(), exchange.state_hash(END).unwrap()));
    }
    // Within an hour's work there are several entries: those between two known states count too.
    let first = known[11].0;
    let mut states = 0;
    for cut in first..=size() {
        let copied = TempDir::new().unwrap();
        copy(dir.path(), copied.path());
        let file = OpenOptions::new().write(true).open(copied.path().join(RECORD_FILE)).unwrap();
        file.set_len(cut).unwrap();
        let reopened = open(copied.path(), keeping(1_000));
        let whole = fs::read(copied.path().join(RECORD_FILE)).unwrap();
        assert_eq!(whole.last(), Some(&b'\n'), "half an entry is dropped");
        if let Some((_, hash)) = known.iter().find(|(bytes, _)| *bytes == cut) {
            assert_eq!(reopened.state_hash(END).unwrap(), *hash, "at byte {cut}");
            states += 1;
        }
        // Opened a second time it is the same.
        let hash = reopened.state_hash(END).unwrap();
        drop(reopened);
        assert_eq!(open(copied.path(), keeping(1_000)).state_hash(END).unwrap(), hash);
    }
    assert_eq!(states, 2);
}

#[test]
fn a_record_whose_first_line_was_not_finished_is_begun_anew() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(RECORD_FILE);
    let fresh = open(dir.path(), keeping(1_000)).state_hash(END).unwrap();
    let whole = fs::metadata(&path).unwrap().len();
    for cut in [0, 1, 9, whole / 2, whole - 1] {
        OpenOptions::new().write(true).open(&path).unwrap().set_len(cut).unwrap();
        assert_eq!(open(dir.path(), keeping(1_000)).state_hash(END).unwrap(), fresh);
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
    }
}

#[test]
fn a_checkpoint_is_a_shortcut_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(7));
    (0..12).for_each(|number| step(&mut exchange, number));
    let hash = exchange.state_hash(END).unwrap();
    drop(exchange);
    let quick = open(dir.path(), keeping(7));
    assert!(quick.since < 7, "{} entries were read", quick.since);
    assert_eq!(quick.state_hash(END).unwrap(), hash);
    drop(quick);
    let checkpoint = dir.path().join(CHECKPOINT_FILE);
    let bytes = fs::read(&checkpoint).unwrap();
    let damaged = [&bytes[..bytes.len() / 2], b"", b"00000000 {}\n"];
    for damage in damaged {
        fs::write(&checkpoint, damage).unwrap();
        let slow = open(dir.path(), keeping(1_000));
        assert_eq!(slow.since, 36, "everything was read");
        assert_eq!(slow.state_hash(END).unwrap(), hash);
    }
    fs::write(&checkpoint, &bytes).unwrap();
    // Of a record that is gone.
    fs::remove_file(dir.path().join(RECORD_FILE)).unwrap();
    let fresh = TempDir::new().unwrap();
    let fresh = open(fresh.path(), keeping(7)).state_hash(END).unwrap();
    assert_eq!(open(dir.path(), keeping(7)).state_hash(END).unwrap(), fresh);
    assert!(!checkpoint.exists());
}

#[test]
fn a_checkpoint_ahead_of_its_record_is_gone_before_the_record_has_grown_as_far() {
    let dir = TempDir::new().unwrap();
    let record = dir.path().join(RECORD_FILE);
    let mut exchange = open(dir.path(), keeping(7));
    (0..4).for_each(|number| step(&mut exchange, number));
    let short = fs::metadata(&record).unwrap().len();
    (4..12).for_each(|number| step(&mut exchange, number));
    drop(exchange);
    OpenOptions::new().write(true).open(&record).unwrap().set_len(short).unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    assert!(!dir.path().join(CHECKPOINT_FILE).exists());
    (20..36).for_each(|number| step(&mut exchange, number));
    let hash = exchange.state_hash(END).unwrap();
    drop(exchange);
    assert_eq!(open(dir.path(), keeping(7)).state_hash(END).unwrap(), hash);
}

#[test]
fn damage_before_the_end_is_said_and_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    (0..3).for_each(|number| step(&mut exchange, number));
    drop(exchange);
    let path = dir.path().join(RECORD_FILE);
    let mut bytes = fs::read(&path).unwrap();
    let third = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
    bytes[third + 20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let config = config();
    let refused =
        Simulated::open(dir.path(), &config, &settings(&config), keeping(1_000)).unwrap_err();
    assert!(matches!(refused.fault(), Fault::Damaged { line: 4 }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn other_books_or_another_version_are_refused_other_parameters_are_not() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path(), keeping(1_000)));
    let again = |config: &gardefou_core::config::EngineConfig| {
        Simulated::open(dir.path(), config, &settings(config), keeping(1_000))
    };
    let mut other = config();
    other.risk.max_live_grids = 1;
    assert!(again(&other).is_ok());
    other.books.remove(0);
    let refused = again(&other).unwrap_err();
    assert!(refused.to_string().contains("books"), "{refused}");
    let path = dir.path().join(RECORD_FILE);
    let json = br#"{"exchange":2,"what":"a later one"}"#;
    let line = [format!("{:08x} ", crc32fast::hash(json)).as_bytes(), json, b"\n"].concat();
    fs::write(&path, line).unwrap();
    assert!(matches!(again(&config()).unwrap_err().fault(), Fault::Newer { found: 2, known: 1 }));
    fs::write(&path, "a diary\n").unwrap();
    assert!(matches!(again(&config()).unwrap_err().fault(), Fault::NotARecord));
    assert_eq!(fs::read(&path).unwrap(), b"a diary\n");
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Hour,
    Entry(i64),
    Stop(i64),
    Cancel(u32),
    Query(u32),
    Listen,
    Die,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Hour),
        (595_000..600_000i64).prop_map(Act::Entry),
        (580_000..597_000i64).prop_map(Act::Stop),
        (0..20u32).prop_map(Act::Cancel),
        (0..20u32).prop_map(Act::Query),
        Just(Act::Listen),
        Just(Act::Die),
    ]
}

/// Carries out the acts, dying or only losing the connection where they say so.
fn run(dir: &Path, acts: &[(Act, i64)], dies: bool) -> Simulated {
    let mut exchange = open(dir, keeping(5));
    let (mut now, mut hours, mut sequence) = (START, 0, 100);
    for &(act, wait) in acts {
        now = now + Span(wait);
        sequence += 1;
        match act {
            Act::Hour => {
                let low = 596_000 - 1_000 * (hours % 7);
                exchange.advance(&[hour(hours, [600_000, 601_000, low, 600_200])]).unwrap();
                hours += 1;
            }
            Act::Entry(limit) => {
                exchange.handle(now, &entry(sequence, Some(limit), Some(limit - 9_000))).unwrap();
            }
            Act::Stop(trigger) => exchange.handle(now, &stop(sequence, trigger)).unwrap(),
            Act::Cancel(back) => {
                let id = id(OrderKind::Entry, sequence - back);
                exchange.handle(now, &Command::Cancel { id }).unwrap();
            }
            Act::Query(back) => {
                let id = id(OrderKind::Entry, sequence - back);
                exchange.handle(now, &Command::Query { id }).unwrap();
            }
            Act::Listen => drop(heard(&mut exchange, now)),
            Act::Die => {
                if dies {
                    drop(exchange);
                    exchange = open(dir, keeping(5));
                }
                exchange.connect(now);
            }
        }
    }
    exchange
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_daemon_that_dies_anywhere_leaves_the_exchange_that_it_would_have_left(
        acts in prop::collection::vec((act(), 0..1_500_000i64), 1..60),
    ) {
        let dirs = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let died = run(dirs[0].path(), &acts, true);
        let lived = run(dirs[1].path(), &acts, false);
        prop_assert_eq!(died.state_hash(END).unwrap(), lived.state_hash(END).unwrap());
        prop_assert_eq!(died.audit(END).unwrap(), lived.audit(END).unwrap());
    }
}

#[test]
fn a_record_is_refused_when_more_is_known_of_it_or_of_another() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    step(&mut exchange, 0);
    let mark = exchange.mark();
    assert!(exchange.require(None).is_ok() && exchange.require(Some(mark)).is_ok());
    step(&mut exchange, 1);
    assert!(exchange.mark().lines > mark.lines && exchange.require(Some(mark)).is_ok());
    let ahead = RecordMark { lines: exchange.mark().lines + 1, ..mark };
    let error = exchange.require(Some(ahead)).unwrap_err();
    assert!(matches!(error.fault(), Fault::Behind { .. }), "{error}");
    let another = RecordMark { record: mark.record ^ 1, ..mark };
    let error = exchange.require(Some(another)).unwrap_err();
    assert!(matches!(error.fault(), Fault::Another), "{error}");
}
