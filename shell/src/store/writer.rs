//! The one thread that writes. Callers submit and go on; a batch leaves the queue when it is
//! durable, and not before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thiserror::Error;

use super::batch::{Batch, Receipt};
use super::clock::{Clock, SystemClock};
use super::commit::{Committer, Numbered};
use super::meta::Tip;
use super::open::said;
use super::queue::{Next, Queue};
use super::ticket::Ticket;

/// How the writer waits and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterOptions {
    /// Batches that may wait.
    pub max_batches: usize,
    /// Bytes that may wait.
    pub max_bytes: usize,
    /// Batches that are written in one commit when they wait together.
    pub together: usize,
    /// How long a lazy batch waits for others.
    pub lazy: Duration,
    /// How long to wait after a failure; twice as long after each further one.
    pub first_pause: Duration,
    /// But never longer.
    pub longest_pause: Duration,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            max_batches: 4_096,
            max_bytes: 64 << 20,
            together: 64,
            lazy: Duration::from_millis(200),
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_secs(2),
        }
    }
}

/// How the writer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Batches that wait.
    pub queued: usize,
    /// How long the oldest has waited.
    pub oldest: Option<Duration>,
    /// Attempts to write that failed, since the start.
    pub failures: u64,
    /// Conflicts of the ledger, over the life of the store; one that comes again counts again.
    pub conflicts: u64,
    /// Why the last attempt failed; none once writing works again.
    pub last_error: Option<String>,
    /// Writing fails, the queue was full when last asked, or the writer has ended: no new entries.
    pub degraded: bool,
}

/// Why a batch was not taken; the batch is handed back.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// Too much waits.
    #[error("the store's queue is full: what waits must be written first; check the disk")]
    Full(Box<Batch>),
    /// The writer was closed.
    #[error("the store's writer is closed")]
    Closed(Box<Batch>),
    /// A step does not follow the last one, or a checkpoint is not of the last step: a bug.
    #[error("sequence {found} was submitted where {expected} must follow; this is a bug")]
    OutOfSequence {
        /// What must follow.
        expected: u64,
        /// What was submitted.
        found: u64,
        /// The batch.
        batch: Box<Batch>,
    },
}

/// What could not be written before the writer was closed, in order.
#[derive(Debug, Error)]
#[error("{} batches could not be written ({error})", batches.len())]
pub struct Unwritten {
    /// The batches.
    pub batches: Vec<Batch>,
    /// The last error.
    pub error: String,
}

/// The one that writes.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    woken: Condvar,
    clock: Box<dyn Clock>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    pub(super) fn start(committer: Committer, tip: &Tip, options: WriterOptions) -> Self {
        Self::start_at(committer, tip, options, Box::new(SystemClock::start()))
    }

    pub(super) fn start_at(
        mut committer: Committer,
        tip: &Tip,
        options: WriterOptions,
        clock: Box<dyn Clock>,
    ) -> Self {
        let queue = Mutex::new(Queue::new(tip, options));
        let shared = Arc::new(Shared { queue, woken: Condvar::new(), clock });
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || run(&theirs, &mut |head| attempt(&mut committer, head)));
        Self { shared, thread: Some(thread) }
    }

    /// Takes a batch without waiting for the disk.
    ///
    /// # Errors
    /// Full, closed, or out of sequence; with the batch.
    pub fn submit(&self, batch: Batch) -> Result<Ticket, SubmitError> {
        let ticket = self.shared.queue().push(batch, self.shared.clock.now());
        self.shared.woken.notify_one();
        ticket
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared.queue().health(self.shared.clock.now())
    }

    /// Writes what waits, trying for at most `patience`, and ends.
    ///
    /// # Errors
    /// What could not be written.
    pub fn close(mut self, patience: Duration) -> Result<(), Unwritten> {
        let (batches, error) = self.end(patience);
        if batches.is_empty() {
            return Ok(());
        }
        Err(Unwritten { batches, error: error.unwrap_or_else(|| "no attempt was made".into()) })
    }

    fn end(&mut self, patience: Duration) -> (Vec<Batch>, Option<String>) {
        self.shared.queue().close(self.shared.clock.now() + patience);
        self.shared.woken.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread catches panics of what it calls; an error here has no message to tell.
            let _ = thread.join();
        }
        self.shared.queue().leave()
    }
}

impl Drop for Writer {
    /// Tries to write what waits, for a moment. [`Writer::close`] says what could not be.
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.end(Duration::from_secs(1));
        }
    }
}

type Attempt<'a> = dyn FnMut(&[Numbered]) -> Result<Vec<Receipt>, String> + 'a;

fn run(shared: &Shared, attempt: &mut Attempt<'_>) {
    let mut queue = shared.queue();
    loop {
        match queue.next(shared.clock.now()) {
            Next::Stop => return,
            Next::Wait(until) => queue = shared.clock.wait(&shared.woken, queue, until),
            Next::Write(count) => {
                let head = queue.head(count);
                drop(queue);
                let written = attempt(&head);
                drop(head);
                queue = shared.queue();
                match written {
                    Ok(receipts) => queue.written(receipts),
                    Err(error) => queue.failed(error, shared.clock.now()),
                }
            }
        }
    }
}

/// One attempt to write; an assertion of the database is a failure like any other.
fn attempt(committer: &mut Committer, head: &[Numbered]) -> Result<Vec<Receipt>, String> {
    match catch_unwind(AssertUnwindSafe(|| committer.write(head))) {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(panic) => {
            committer.give_up();
            Err(format!("the database stopped at an assertion: {}", said(&*panic)))
        }
    }
}
