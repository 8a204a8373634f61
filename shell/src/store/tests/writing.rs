//! The writer and its queue: order, patience, bounds. Time passes when the writer waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::Duration;

use super::disk::{Disk, Harm};
use super::work::{self, SYMBOL, bar, fill, plain};
use crate::store::clock::Clock;
use crate::store::queue::{Next, Queue};
use crate::store::*;

const LONG: Duration = Duration::from_secs(60);

/// A clock that goes on only when somebody waits for it.
#[derive(Clone, Debug, Default)]
struct Jumping(Arc<AtomicU64>);

impl Jumping {
    fn passed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Clock for Jumping {
    fn now(&self) -> Duration {
        self.passed()
    }

    fn wait<'a>(
        &self,
        woken: &Condvar,
        queue: MutexGuard<'a, Queue>,
        until: Option<Duration>,
    ) -> MutexGuard<'a, Queue> {
        let Some(until) = until else {
            return woken.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        self.0.fetch_max(u64::try_from(until.as_millis()).unwrap(), Ordering::SeqCst);
        // Lets the others have the queue for a moment.
        woken.wait_timeout(queue, Duration::ZERO).unwrap_or_else(PoisonError::into_inner).0
    }
}

fn start(disk: &Disk, options: WriterOptions) -> (Store, Writer, Jumping) {
    let store = Store::open_on(disk.clone(), &work::options()).unwrap().store;
    let clock = Jumping::default();
    let committer = store.committer().unwrap();
    let tip = store.tip().unwrap();
    let writer = Writer::start_at(committer, &tip, options, Box::new(clock.clone()));
    (store, writer, clock)
}

fn queue(options: WriterOptions) -> Queue {
    let opened = Store::open_on(Disk::with(&work::fresh()), &work::options()).unwrap();
    Queue::new(&opened.report.tip, options)
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn forty_bars_survive_a_write_that_fails_once() {
    let disk = Disk::with(&work::fresh());
    let (store, writer, _clock) = start(&disk, WriterOptions::default());
    disk.harm(3, Harm::Refuse(1));
    let bars = (0..40).map(|hour| bar(SYMBOL, hour, 60_000)).collect();
    let ticket = writer.submit(Batch { bars, ..Batch::new(work::at(0)) }).unwrap();
    assert!(matches!(ticket.wait(LONG), Waited::Durable(_)));
    assert_eq!(store.snapshot().unwrap().bars(SYMBOL).unwrap().count(), 40);
    let health = writer.health();
    assert_eq!((health.failures, health.degraded, health.queued), (1, false, 0));
}

#[test]
fn five_trades_survive_two_minutes_without_a_disk_in_order() {
    let disk = Disk::with(&work::fresh());
    let (store, writer, clock) = start(&disk, WriterOptions::default());
    // Each attempt opens the database anew and fails at its first write: one point an attempt.
    disk.harm(0, Harm::Refuse(70));
    let trade = |seq| Batch { fills: vec![fill(seq, 60_000)], ..plain(seq) };
    let tickets: Vec<_> = (1..=5).map(|seq| writer.submit(trade(seq)).unwrap()).collect();
    for ticket in &tickets {
        assert!(matches!(ticket.wait(LONG), Waited::Durable(_)));
    }
    assert!(clock.passed() > Duration::from_secs(120), "{:?}", clock.passed());
    assert!(writer.health().failures >= 60, "{:?}", writer.health());
    let snapshot = store.snapshot().unwrap();
    let seqs: Vec<u64> = snapshot.journal(1).unwrap().map(|step| step.unwrap().seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    assert_eq!(snapshot.rows::<FillRecord>().unwrap().count(), 5);
    drop(snapshot);
    assert!(store.check().unwrap().is_sound());
}

#[test]
fn a_failure_is_said_while_it_lasts() {
    let mut queue = queue(WriterOptions::default());
    let ticket = queue.push(plain(1), ms(0)).unwrap();
    assert_eq!(ticket.wait(Duration::ZERO), Waited::Pending { failing: None });
    queue.failed("no space".into(), ms(5));
    assert_eq!(ticket.wait(ms(1)), Waited::Pending { failing: Some("no space".into()) });
    let health = queue.health(ms(7));
    assert!(health.degraded);
    assert_eq!((health.queued, health.oldest), (1, Some(ms(7))));
    assert_eq!(health.last_error.as_deref(), Some("no space"));
    queue.written(vec![Receipt::default()]);
    assert!(!queue.health(ms(8)).degraded);
    assert_eq!(queue.health(ms(8)).failures, 1);
    assert_eq!(ticket.wait(Duration::ZERO), Waited::Durable(Receipt::default()));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let options =
        WriterOptions { first_pause: ms(10), longest_pause: ms(50), ..WriterOptions::default() };
    let mut queue = queue(options);
    queue.push(plain(1), ms(0)).unwrap();
    assert_eq!(queue.next(ms(0)), Next::Write(1));
    for pause in [10, 20, 40, 50, 50] {
        queue.failed("no".into(), ms(1000));
        assert_eq!(queue.next(ms(1000)), Next::Wait(Some(ms(1000 + pause))));
        assert_eq!(queue.next(ms(1000 + pause)), Next::Write(1));
    }
}

#[test]
fn a_full_queue_hands_the_batch_back_and_says_so() {
    let mut queue = queue(WriterOptions { max_batches: 2, ..WriterOptions::default() });
    queue.push(plain(1), ms(0)).unwrap();
    queue.push(plain(2), ms(0)).unwrap();
    assert!(!queue.health(ms(0)).degraded);
    match queue.push(plain(3), ms(0)) {
        Err(SubmitError::Full(batch)) => assert_eq!(*batch, plain(3)),
        other => panic!("{other:?}"),
    }
    assert!(queue.health(ms(0)).degraded);
    assert_eq!(queue.health(ms(0)).queued, 2);
    queue.written(vec![Receipt::default()]);
    queue.push(plain(3), ms(0)).unwrap();
    let heavy = WriterOptions { max_bytes: 10, ..WriterOptions::default() };
    let mut queue = self::queue(heavy);
    queue.push(plain(1), ms(0)).unwrap();
    assert!(matches!(queue.push(plain(2), ms(0)), Err(SubmitError::Full(_))));
}

#[test]
fn a_batch_out_of_sequence_is_handed_back_at_once() {
    let mut queue = queue(WriterOptions::default());
    queue.push(plain(1), ms(0)).unwrap();
    let skipped = queue.push(plain(3), ms(0));
    assert!(
        matches!(skipped, Err(SubmitError::OutOfSequence { expected: 2, found: 3, .. })),
        "{skipped:?}"
    );
    let early = Batch { checkpoint: Some(work::checkpoint(1)), ..plain(2) };
    let early = queue.push(early, ms(0));
    assert!(
        matches!(early, Err(SubmitError::OutOfSequence { expected: 2, found: 1, .. })),
        "{early:?}"
    );
    queue.push(Batch { checkpoint: Some(work::checkpoint(2)), ..plain(2) }, ms(0)).unwrap();
}

#[test]
fn lazy_batches_wait_for_an_urgent_one_or_their_time() {
    let lazy = |seq| Batch { lazy: true, ..plain(seq) };
    let mut queue = queue(WriterOptions { lazy: ms(200), ..WriterOptions::default() });
    queue.push(lazy(1), ms(0)).unwrap();
    queue.push(lazy(2), ms(100)).unwrap();
    assert_eq!(queue.next(ms(100)), Next::Wait(Some(ms(200))));
    assert_eq!(queue.next(ms(200)), Next::Write(2));
    queue.push(plain(3), ms(100)).unwrap();
    assert_eq!(queue.next(ms(100)), Next::Write(3));
    // Money never waits, whatever the caller says.
    let mut queue = self::queue(WriterOptions::default());
    queue.push(Batch { fills: vec![fill(1, 1)], ..lazy(1) }, ms(0)).unwrap();
    assert_eq!(queue.next(ms(0)), Next::Write(1));
}

#[test]
fn batches_that_wait_together_are_one_commit() {
    let disk = Disk::with(&work::fresh());
    let store = Store::open_on(disk.clone(), &work::options()).unwrap().store;
    let mut committer = store.committer().unwrap();
    let before = disk.syncs();
    committer.write(&[work::numbered(1, &plain(1))]).unwrap();
    let one = disk.syncs() - before;
    let many: Vec<_> = (2..=30).map(|seq| work::numbered(seq, &plain(seq))).collect();
    committer.write(&many).unwrap();
    assert_eq!(disk.syncs() - before, 2 * one);
    assert_eq!(store.tip().unwrap().seq, 30);
}

#[test]
fn closing_writes_what_waits_or_hands_it_back() {
    let disk = Disk::with(&work::fresh());
    let (store, writer, _clock) = start(&disk, WriterOptions::default());
    let ticket = writer.submit(Batch { lazy: true, ..plain(1) }).unwrap();
    writer.close(LONG).unwrap();
    assert!(matches!(ticket.wait(Duration::ZERO), Waited::Durable(_)));
    assert!(matches!(store.committer().unwrap_err().fault(), Fault::WriterTaken));
    drop(store);
    let (_store, writer, _clock) = start(&disk, WriterOptions::default());
    disk.harm(0, Harm::Refuse(usize::MAX / 2));
    let tickets = [writer.submit(plain(2)).unwrap(), writer.submit(plain(3)).unwrap()];
    let unwritten = writer.close(LONG).unwrap_err();
    assert_eq!(unwritten.batches, [plain(2), plain(3)]);
    assert!(unwritten.error.contains("the disk is full"), "{unwritten}");
    assert!(matches!(tickets[1].wait(LONG), Waited::Failed(_)));
}

#[test]
fn opening_changes_no_row_before_the_writer_is_started() {
    let disk = work::store_with(&work::batches());
    let rows = |disk: &Disk| {
        let store = Store::open_on(Disk::with(&disk.bytes()), &work::options()).unwrap().store;
        work::dump(&store.snapshot().unwrap())
    };
    let before = rows(&disk);
    let newer = OpenOptions { now: work::at(99), build: "1.0.1".into(), ..work::options() };
    drop(Store::open_on(disk.clone(), &newer).unwrap());
    assert_eq!(rows(&disk), before);
}
