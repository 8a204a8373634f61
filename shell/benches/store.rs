//! What durability costs: one commit of a decision by the store, against a bare append of as many
//! bytes with `fdatasync`, in turns on the same disk in the same minute.
//!
//! `GARDEFOU_BENCH_DIR` names a directory on the disk to measure; the system's temporary one else.

// A benchmark's output is what it prints.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use divan::Bencher;
use gardefou::store::{
    Batch, JournalRecord, OpenOptions, Retention, Store, Waited, Writer, WriterOptions,
};
use gardefou_core::command::{Command, NewOrder};
use gardefou_core::event::Event;
use gardefou_core::ids::{BookId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Direction, Lots, Ticks};
use gardefou_core::time::Timestamp;

const ROUNDS: usize = 400;

fn main() {
    let mut commits = Vec::new();
    let mut bare = Vec::new();
    let (mut store, mut append) = (Decisions::new(), Append::new());
    for _ in 0..ROUNDS {
        commits.push(timed(|| store.commit()));
        bare.push(timed(|| append.write(store.bytes)));
    }
    for (name, times) in [("commit of a decision", &mut commits), ("append + fdatasync", &mut bare)]
    {
        times.sort();
        let at = |percent: usize| times.get(times.len() * percent / 100).map_or(0, micros);
        println!("{name}: p50 {} µs, p90 {} µs, p99 {} µs", at(50), at(90), at(99));
    }
    let median = |times: &[Duration]| times.get(times.len() / 2).map_or(0, micros) as f64;
    println!("ratio of the medians: {:.2}", median(&commits) / median(&bare));
    drop((store, append));
    divan::main();
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn decision(bencher: Bencher<'_, '_>) {
    let decisions = RefCell::new(Decisions::new());
    bencher.bench_local(|| decisions.borrow_mut().commit());
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn bare_append(bencher: Bencher<'_, '_>) {
    let append = RefCell::new(Append::new());
    bencher.bench_local(|| append.borrow_mut().write(500));
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn micros(time: &Duration) -> u128 {
    time.as_micros()
}

/// A directory of our own, removed in the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let base = std::env::var_os("GARDEFOU_BENCH_DIR")
            .map_or_else(std::env::temp_dir, |dir| Path::new(&dir).into());
        let own = base.join(format!("gardefou-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&own).expect("a directory for the benchmark");
        Self(own)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left behind is in a temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Decisions that place three entries.
struct Decisions {
    writer: Writer,
    seq: u64,
    bytes: usize,
    _place: Place,
}

impl Decisions {
    fn new() -> Self {
        let place = Place::new("store");
        let options = OpenOptions {
            now: Timestamp(0),
            build: "bench".into(),
            create: true,
            retention: Retention::default(),
        };
        let store = Store::open(&place.0, &options).expect("a new store").store;
        let writer = store.writer(WriterOptions::default()).expect("the writer");
        Self { writer, seq: 0, bytes: 0, _place: place }
    }

    fn commit(&mut self) {
        self.seq += 1;
        let commands = [0, 1, 2].map(entry);
        let now = Timestamp(i64::try_from(self.seq).expect("few"));
        let step = JournalRecord::new(self.seq, now, &Event::TimePassed, &commands);
        let step = step.expect("events have JSON");
        self.bytes = step.event.text().len() + step.commands.text().len();
        let batch = Batch { journal: vec![step], ..Batch::new(now) };
        let ticket = self.writer.submit(batch).expect("an empty queue");
        match ticket.wait(Duration::from_secs(60)) {
            Waited::Durable(_) => {}
            Waited::Pending { .. } | Waited::Failed(_) => panic!("the disk does not work"),
        }
    }
}

fn entry(level: u8) -> Command {
    Command::Place(NewOrder {
        id: OrderId {
            book: BookId(0),
            symbol: SymbolId(3),
            epoch: 1_767_600_000,
            sequence: u32::from(level),
            kind: OrderKind::Entry,
            direction: Direction::Long,
            level,
        },
        limit: Some(Ticks(588_000 - i64::from(level))),
        lots: Lots(17),
        preset: Some(Ticks(470_000)),
    })
}

struct Append {
    file: File,
    _place: Place,
}

impl Append {
    fn new() -> Self {
        let place = Place::new("append");
        let file = File::create(place.0.join("journal")).expect("a file for the benchmark");
        Self { file, _place: place }
    }

    fn write(&mut self, bytes: usize) {
        self.file.write_all(&vec![7; bytes]).expect("a disk that works");
        self.file.sync_data().expect("a disk that works");
    }
}
