//! The rules of the outbox, each against a mocked world that says in which order it was called.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gardefou_core::command::{Command, NewOrder};
use gardefou_core::event::{Ended, Event};
use gardefou_core::ids::{BookId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Direction, Lots, Ticks};
use gardefou_core::step::{Step, Wake, WakeReason};
use gardefou_core::time::Timestamp;

use super::durable::Durable;
use super::outbox::{Outbox, PROTECTION, STALE};
use crate::ports::{MockExchange, MockJournal, MockNotifier};
use crate::store::{
    Alert, AlertRecord, Batch, Health, JournalRecord, Receipt, SubmitError, Waited,
};

/// What the world was asked, in order.
type Calls = Arc<Mutex<Vec<String>>>;

/// How the disk behaves, changed while a test runs.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Mood>>);

#[derive(Clone, Default)]
struct Mood {
    durable: u64,
    failing: Option<String>,
    full: bool,
}

impl Disk {
    fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.0.lock().unwrap());
    }

    fn mood(&self) -> Mood {
        self.0.lock().unwrap().clone()
    }
}

fn receipt(batch: u64) -> Receipt {
    // One alert a batch, numbered like it: as many as a test asks for are taken.
    Receipt { alerts: vec![batch], conflicts: Vec::new() }
}

fn journal(calls: &Calls, disk: &Disk) -> MockJournal {
    let mut mock = MockJournal::new();
    let (log, mood, mut taken) = (Arc::clone(calls), disk.clone(), 0);
    mock.expect_submit().returning(move |batch| {
        if mood.mood().full {
            return Err(SubmitError::Full(Box::new(batch)));
        }
        taken += 1;
        let first = batch.journal.first().map_or(0, |record| record.seq);
        log.lock().unwrap().push(format!("journal {first} acks {:?}", batch.delivered));
        Ok(taken)
    });
    let (log, mood) = (Arc::clone(calls), disk.clone());
    mock.expect_wait().returning(move |&ticket, at_most| {
        if at_most > Duration::ZERO {
            log.lock().unwrap().push(format!("wait {} ms", at_most.as_millis()));
        }
        match mood.mood() {
            mood if ticket <= mood.durable => Waited::Durable(receipt(ticket)),
            mood => Waited::Pending { failing: mood.failing },
        }
    });
    let mood = disk.clone();
    mock.expect_health().returning(move || Health {
        queued: 0,
        oldest: None,
        failures: 0,
        conflicts: 0,
        last_error: mood.mood().failing,
        degraded: mood.mood().failing.is_some(),
    });
    mock
}

fn exchange(calls: &Calls) -> MockExchange {
    let mut mock = MockExchange::new();
    let log = Arc::clone(calls);
    mock.expect_send().returning(move |_, command| {
        let what = match command {
            Command::Place(order) if order.preset.is_some() => "entry",
            Command::Place(_) => "close",
            Command::PlaceStop { .. } => "stop",
            Command::Cancel { .. } => "cancel",
            Command::Amend { .. }
            | Command::AmendStop { .. }
            | Command::Query { .. }
            | Command::QueryAccount { .. }
            | Command::FetchBars { .. }
            | Command::SetLeverage { .. } => "other",
        };
        log.lock().unwrap().push(format!("send {what}"));
    });
    mock.expect_take().returning(|_| None);
    mock.expect_next_due().returning(|| None);
    mock
}

fn notifier(calls: &Calls) -> MockNotifier {
    let mut mock = MockNotifier::new();
    let log = Arc::clone(calls);
    mock.expect_deliver().returning(move |alert: &AlertRecord| {
        log.lock().unwrap().push(format!("tell {}", alert.seq));
        Ok(())
    });
    mock
}

struct World {
    calls: Calls,
    disk: Disk,
    outbox: Outbox<MockExchange, MockJournal, MockNotifier>,
    seq: u64,
}

impl World {
    fn new() -> Self {
        let (calls, disk) = (Calls::default(), Disk::default());
        let durable = Durable::new(journal(&calls, &disk), notifier(&calls), Vec::new());
        let outbox = Outbox::new(exchange(&calls), durable);
        Self { calls, disk, outbox, seq: 0 }
    }

    fn take(&mut self, commands: &[Command]) {
        self.take_with(commands, Vec::new());
    }

    fn take_with(&mut self, commands: &[Command], alerts: Vec<Alert>) {
        self.seq += 1;
        let mut batch = Batch::new(Timestamp(0));
        batch.journal.push(
            JournalRecord::new(self.seq, Timestamp(0), &Event::TimePassed, &commands).unwrap(),
        );
        batch.alerts = alerts;
        let step = Step { commands: commands.to_vec(), ..Step::default() };
        self.outbox.take(Timestamp(0), batch, &step).unwrap();
    }

    /// What was called since the last time.
    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn durable(&mut self, batches: u64) {
        self.disk.set(|mood| mood.durable = batches);
        self.outbox.release(Timestamp(0)).unwrap();
    }
}

fn id(kind: OrderKind, sequence: u32) -> OrderId {
    let (book, symbol, direction) = (BookId(0), SymbolId(0), Direction::Long);
    OrderId { book, symbol, epoch: 1, sequence, kind, direction, level: 0 }
}

fn entry(sequence: u32) -> Command {
    let (limit, preset) = (Some(Ticks(100)), Some(Ticks(80)));
    Command::Place(NewOrder { id: id(OrderKind::Entry, sequence), limit, lots: Lots(1), preset })
}

fn cancel(sequence: u32) -> Command {
    Command::Cancel { id: id(OrderKind::Entry, sequence) }
}

fn stop() -> Command {
    Command::PlaceStop { id: id(OrderKind::Stop, 9), trigger: Ticks(80), lots: Lots(1) }
}

fn alert() -> Alert {
    Alert { at: Timestamp(0), kind: "k".into(), subject: "s".into(), text: "t".into() }
}

#[test]
fn an_entry_leaves_when_its_step_is_durable_and_not_before() {
    let mut world = World::new();
    world.take(&[entry(1), entry(2)]);
    assert_eq!(world.calls(), ["journal 1 acks []"]);
    assert!(world.outbox.is_waiting());
    world.outbox.release(Timestamp(0)).unwrap();
    assert_eq!(world.calls(), [""; 0]);
    world.durable(1);
    assert_eq!(world.calls(), ["send entry", "send entry"]);
    assert!(!world.outbox.is_waiting());
}

#[test]
fn what_protects_waits_fifty_milliseconds_and_leaves_without_the_disk() {
    let mut world = World::new();
    world.take(&[entry(1), stop()]);
    assert_eq!(PROTECTION, Duration::from_millis(50));
    assert_eq!(world.calls(), ["journal 1 acks []", "wait 50 ms", "send stop"]);
    world.durable(1);
    assert_eq!(world.calls(), ["send entry"]);
}

#[test]
fn what_protects_leaves_at_once_when_the_disk_is_known_to_fail() {
    let mut world = World::new();
    world.disk.set(|mood| mood.failing = Some("no space".into()));
    world.take(&[entry(1)]);
    assert_eq!(world.outbox.blocked(), Some("no space"));
    world.take(&[stop(), entry(2)]);
    assert_eq!(world.calls(), ["journal 1 acks []", "journal 2 acks []", "send stop"]);
    // Durable, and writing fails again with the next: entries wait on.
    world.durable(2);
    assert_eq!(world.calls(), [""; 0]);
    world.disk.set(|mood| mood.failing = None);
    world.outbox.release(Timestamp(0)).unwrap();
    assert_eq!(world.calls(), ["send entry", "send entry"]);
    assert_eq!(world.outbox.blocked(), None);
}

#[test]
fn batches_that_find_the_queue_full_go_in_order_when_it_has_room() {
    let mut world = World::new();
    world.disk.set(|mood| mood.full = true);
    world.take(&[entry(1)]);
    world.take(&[entry(2)]);
    world.take(&[stop()]);
    assert_eq!(world.calls(), ["send stop"]);
    assert!(world.outbox.blocked().is_some());
    world.disk.set(|mood| (mood.full, mood.durable) = (false, 3));
    world.outbox.release(Timestamp(0)).unwrap();
    let expected =
        ["journal 1 acks []", "journal 2 acks []", "journal 3 acks []", "send entry", "send entry"];
    assert_eq!(world.calls(), expected);
}

#[test]
fn an_entry_that_is_withdrawn_before_it_left_never_leaves() {
    let mut world = World::new();
    world.take(&[entry(1), entry(2)]);
    world.take(&[cancel(1)]);
    let (now, withdrawn) = (Timestamp(5), id(OrderKind::Entry, 1));
    assert_eq!(world.outbox.next_due(now), Some(now));
    let answer = world.outbox.next_event(now);
    let why = Ended::Requested;
    assert_eq!(answer, Some(Event::OrderCanceled { id: withdrawn, filled: Lots(0), why }));
    assert_eq!(world.outbox.next_event(now), None);
    world.calls();
    world.durable(2);
    assert_eq!(world.calls(), ["send entry"]);
    // One that left is withdrawn at the exchange.
    world.take(&[cancel(2)]);
    assert_eq!(world.calls().last().map(String::as_str), Some("send cancel"));
}

#[test]
fn people_are_told_what_is_stored_and_the_store_that_they_were() {
    let mut world = World::new();
    world.take_with(&[], vec![alert()]);
    assert_eq!(world.calls(), ["journal 1 acks []"]);
    world.durable(1);
    assert_eq!(world.calls(), ["tell 1"]);
    world.take(&[]);
    world.take(&[]);
    assert_eq!(world.calls(), ["journal 2 acks [1]", "journal 3 acks []"]);
}

#[test]
fn an_alert_that_could_not_be_delivered_is_tried_again() {
    let (calls, disk) = (Calls::default(), Disk::default());
    let mut notifier = MockNotifier::new();
    let mut attempts = 0;
    notifier.expect_deliver().times(2).returning(move |_| {
        attempts += 1;
        if attempts == 1 { Err("unreachable".into()) } else { Ok(()) }
    });
    let state = crate::store::AlertState::Pending;
    let pending = vec![AlertRecord { seq: 4, alert: alert(), state }];
    let mut durable = Durable::new(journal(&calls, &disk), notifier, pending);
    durable.look().unwrap();
    assert!(durable.acknowledgements(Timestamp(0)).is_none());
    durable.look().unwrap();
    assert!(durable.acknowledgements(Timestamp(0)).is_some());
    durable.post(Batch::new(Timestamp(0))).unwrap();
    assert_eq!(*calls.lock().unwrap(), ["journal 0 acks [4]"]);
}

#[test]
fn the_last_wake_counts() {
    let mut world = World::new();
    let wake = Wake { at: Timestamp(7), why: WakeReason::AskAgain };
    let step = Step { wake: Some(wake), ..Step::default() };
    world.outbox.take(Timestamp(0), Batch::new(Timestamp(0)), &step).unwrap();
    assert_eq!(world.outbox.wake(), Some(wake));
    world.take(&[]);
    assert_eq!(world.outbox.wake(), None);
}

fn question(sequence: u32) -> Command {
    Command::Query { id: id(OrderKind::Entry, sequence) }
}

#[test]
fn an_entry_that_waited_too_long_for_the_disk_is_never_sent() {
    let mut world = World::new();
    world.take(&[entry(1)]);
    world.disk.set(|mood| mood.durable = 1);
    world.calls();
    let late = Timestamp(STALE.0 + 1);
    world.outbox.release(late).unwrap();
    assert_eq!(world.calls(), [""; 0]);
    let id = id(OrderKind::Entry, 1);
    let ended = Event::OrderCanceled { id, filled: Lots(0), why: Ended::Requested };
    assert_eq!(world.outbox.next_event(late), Some(ended));
    // On time it is.
    world.take(&[entry(2)]);
    world.disk.set(|mood| mood.durable = 2);
    world.outbox.release(Timestamp(STALE.0)).unwrap();
    assert!(world.calls().contains(&"send entry".to_owned()));
}

#[test]
fn an_entry_that_is_asked_for_before_it_left_is_withdrawn_and_answered() {
    let mut world = World::new();
    world.take(&[entry(1)]);
    world.take(&[question(1)]);
    let id = id(OrderKind::Entry, 1);
    let ended = Event::OrderCanceled { id, filled: Lots(0), why: Ended::Requested };
    assert_eq!(world.outbox.next_event(Timestamp(0)), Some(ended));
    world.calls();
    world.durable(2);
    assert_eq!(world.calls(), [""; 0]);
}

#[test]
fn questions_do_not_wait_for_the_disk_and_what_protects_waits_once() {
    let mut world = World::new();
    world.take(&[question(7)]);
    assert_eq!(world.calls(), ["journal 1 acks []", "send other"]);
    world.take(&[stop()]);
    world.take(&[stop()]);
    let expected =
        ["journal 2 acks []", "wait 50 ms", "send stop", "journal 3 acks []", "send stop"];
    assert_eq!(world.calls(), expected);
}
