//! What a dying daemon had under way: requests arrive, events are lost, and asking finds them.

use gardefou_core::command::Command;
use gardefou_core::event::Event;
use gardefou_core::ids::OrderKind;
use gardefou_core::money::{Fraction, Ticks};
use tempfile::TempDir;

use super::rig::*;

#[test]
fn prices_of_an_hour_come_at_fixed_minutes() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [600, 660, 540, 610]), hour(1, [610, 615, 500, 505])]).unwrap();
    let mut seen = Vec::new();
    while let Some((at, event)) = exchange.take_due(minute(180)) {
        let Event::PriceMoved { price, .. } = event else { panic!("{event:?}") };
        seen.push(((at - START).0 / 60_000, price.0));
    }
    let rose = [(1, 600), (20, 540), (40, 660), (59, 610)];
    let fell = [(61, 610), (80, 615), (100, 500), (119, 505)];
    assert_eq!(seen, [rose, fell].concat());
}

#[test]
fn hours_that_entered_before_or_did_not_trade_have_no_prices() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    let (symbol, mut quiet) = hour(1, [600, 600, 600, 600]);
    quiet.traded = false;
    exchange.advance(&[hour(0, [600, 660, 540, 610])]).unwrap();
    exchange.advance(&[hour(0, [9, 9, 9, 9]), (symbol, quiet)]).unwrap();
    drop(exchange);
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [9, 9, 9, 9])]).unwrap();
    let seen = std::iter::from_fn(|| exchange.take_due(minute(180))).count();
    assert_eq!(seen, 4);
}

#[test]
fn a_request_that_left_arrives_though_its_daemon_died() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [600_000, 601_000, 599_500, 600_500])]).unwrap();
    heard(&mut exchange, minute(2));
    exchange.handle(minute(2), &entry(1, Some(599_000), Some(500_000))).unwrap();
    drop(exchange);
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.connect(minute(3));
    let place = gardefou_core::venue::bars::walk::Place { book: BOOK, symbol: BTC };
    let desk = exchange.at(minute(3)).desk(place).unwrap();
    assert_eq!(desk.orders.len(), 1, "it rests");
    assert_eq!(heard(&mut exchange, minute(4)), [], "its acceptance was lost");
}

#[test]
fn a_fill_that_nobody_heard_is_found_by_asking() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [600_000, 601_000, 598_000, 600_500])]).unwrap();
    exchange.handle(minute(2), &entry(1, Some(599_000), Some(500_000))).unwrap();
    // It fills at :20; the report is under way when the daemon dies.
    heard(&mut exchange, minute(20));
    drop(exchange);
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.connect(minute(21));
    assert_eq!(heard(&mut exchange, minute(30)), [], "nothing is told again by itself");
    exchange.handle(minute(30), &Command::Query { id: id(OrderKind::Entry, 1) }).unwrap();
    let answers = heard(&mut exchange, minute(31));
    let [Event::OrderFilled(fill)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((fill.at, fill.price), (minute(20), Ticks(599_000)));
    let audit = exchange.audit(minute(31)).unwrap();
    assert_eq!(audit.fills, [*fill], "one execution, told by whatever way");
}

#[test]
fn a_fill_that_was_heard_and_not_kept_is_found_by_asking_too() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [600_000, 601_000, 598_000, 600_500])]).unwrap();
    exchange.handle(minute(2), &entry(1, Some(599_000), Some(500_000))).unwrap();
    let told = heard(&mut exchange, minute(21));
    let fill = told.iter().find(|event| matches!(event, Event::OrderFilled(_))).unwrap();
    drop(exchange);
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.connect(minute(22));
    exchange.handle(minute(22), &Command::Query { id: id(OrderKind::Entry, 1) }).unwrap();
    assert_eq!(heard(&mut exchange, minute(23)), std::slice::from_ref(fill));
}

#[test]
fn stops_and_funding_happen_while_nobody_is_there() {
    let dir = TempDir::new().unwrap();
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.advance(&[hour(0, [600_000, 601_000, 598_000, 600_500])]).unwrap();
    exchange.handle(minute(2), &entry(1, Some(599_000), Some(500_000))).unwrap();
    heard(&mut exchange, minute(21));
    exchange.handle(minute(22), &stop(2, 590_000)).unwrap();
    exchange.settle(minute(30), BTC, Fraction(10_000), Ticks(600_000)).unwrap();
    exchange.advance(&[hour(1, [600_500, 600_600, 580_000, 581_000])]).unwrap();
    drop(exchange);
    let mut exchange = open(dir.path(), keeping(1_000));
    exchange.connect(minute(120));
    let audit = exchange.audit(minute(120)).unwrap();
    assert_eq!((audit.fills.len(), audit.held.len()), (2, 0), "the stop executed");
    assert_eq!(audit.balances[0], exchange.at(minute(120)).balance(BOOK).unwrap());
}
