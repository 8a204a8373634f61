//! The auditor: it finds what is wrong, and nothing else.

use gardefou_core::command::Command;
use gardefou_core::event::{Ended, Reject};
use gardefou_core::ids::OrderKind;
use gardefou_core::money::Lots;
use gardefou_core::time::Span;
use tempfile::TempDir;

use super::rig::*;
use crate::exchange::simulated::{Bare, Simulated};

fn traded() -> (TempDir, Simulated) {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [600_000, 601_000, 598_000, 600_500])]).unwrap();
    (dir, exchange)
}

#[test]
fn a_position_without_a_stop_is_found_to_the_millisecond() {
    let (_dir, mut exchange) = traded();
    // No stop travels with it, and one is made two minutes after its execution at :20.
    exchange.handle(minute(2), &entry(1, Some(599_000), None)).unwrap();
    exchange.handle(minute(22), &stop(2, 590_000)).unwrap();
    let audit = exchange.audit(minute(59)).unwrap();
    let (from, until) = (minute(20), Some(minute(22) + Span(50)));
    let (book, symbol, lots) = (BOOK, BTC, Lots(100));
    assert_eq!(audit.bare, [Bare { book, symbol, from, until, lots }]);
    assert_eq!(audit.bare_beyond(Span::seconds(5), minute(59)).count(), 1);
    assert_eq!(audit.bare_beyond(Span::seconds(121), minute(59)).count(), 0);
}

#[test]
fn a_stop_that_is_withdrawn_leaves_the_position_bare() {
    let (_dir, mut exchange) = traded();
    exchange.handle(minute(2), &entry(1, Some(599_000), Some(500_000))).unwrap();
    exchange.handle(minute(22), &stop(2, 590_000)).unwrap();
    exchange.handle(minute(30), &Command::Cancel { id: id(OrderKind::Stop, 2) }).unwrap();
    let audit = exchange.audit(minute(59)).unwrap();
    let (from, until, lots) = (minute(30) + Span(50), None, Lots(100));
    assert_eq!(audit.bare, [Bare { book: BOOK, symbol: BTC, from, until, lots }]);
    assert_eq!(audit.held, [(BOOK, BTC, Lots(100))]);
}

#[test]
fn a_stop_that_travels_with_its_entry_protects_from_the_first_moment() {
    let (_dir, mut exchange) = traded();
    exchange.handle(minute(2), &entry(1, Some(599_000), Some(500_000))).unwrap();
    exchange.handle(minute(25), &stop(2, 590_000)).unwrap();
    let audit = exchange.audit(minute(59)).unwrap();
    assert_eq!(audit.bare, []);
    assert_eq!(audit.fills.len(), 1);
}

#[test]
fn the_life_of_an_order_is_told_from_its_first_sending() {
    let (_dir, mut exchange) = traded();
    let resting = entry(1, Some(500_000), Some(400_000));
    exchange.handle(minute(2), &resting).unwrap();
    exchange.handle(minute(3), &resting).unwrap();
    exchange.handle(minute(4), &Command::Cancel { id: id(OrderKind::Entry, 1) }).unwrap();
    exchange.handle(minute(5), &stop(2, 590_000)).unwrap();
    let audit = exchange.audit(minute(59)).unwrap();
    let life = audit.order(id(OrderKind::Entry, 1)).unwrap();
    assert_eq!((life.asked, life.times), (minute(2), 2));
    assert_eq!(life.accepted, Some(minute(2) + Span(50)));
    assert_eq!(life.ended, Some((minute(4) + Span(50), Ended::Requested)));
    let refused = audit.order(id(OrderKind::Stop, 2)).unwrap();
    assert_eq!(refused.accepted, None);
    assert_eq!(refused.refusals, [(minute(5) + Span(50), Reject::NoPosition)]);
    assert_eq!(audit.fills, []);
}

#[test]
fn a_second_entry_on_a_level_is_found_and_a_replacement_is_none() {
    let (_dir, mut exchange) = traded();
    let order = |sequence| entry(sequence, Some(500_000), Some(400_000));
    let [first, second, third] = [1, 2, 3].map(|sequence| id(OrderKind::Entry, sequence));
    exchange.handle(minute(2), &order(1)).unwrap();
    exchange.handle(minute(3), &Command::Cancel { id: first }).unwrap();
    exchange.handle(minute(4), &order(2)).unwrap();
    assert_eq!(exchange.audit(minute(5)).unwrap().doubled, []);
    exchange.handle(minute(6), &order(3)).unwrap();
    let at = minute(6) + Span(50);
    assert_eq!(
        exchange.audit(minute(59)).unwrap().doubled,
        [crate::exchange::simulated::Doubled { at, first: second, second: third }]
    );
}
