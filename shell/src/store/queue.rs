//! What waits to be written: in order, bounded, and gone only when it is durable. Pure: time is an
//! argument; the thread around it is in `writer`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::batch::{Batch, Receipt};
use super::commit::Numbered;
use super::meta::Tip;
use super::ticket::{Ticket, Verdict};
use super::writer::{Health, SubmitError, WriterOptions};

/// Batches that wait.
#[derive(Debug)]
pub(super) struct Queue {
    options: WriterOptions,
    waiting: VecDeque<Waiting>,
    weight: usize,
    next_number: u64,
    next_seq: u64,
    failures: u64,
    conflicts: u64,
    failing: Option<Failing>,
    refused: bool,
    closing: Option<Duration>,
    stopped: bool,
}

#[derive(Debug)]
struct Waiting {
    numbered: Numbered,
    ticket: Ticket,
    since: Duration,
}

#[derive(Debug)]
struct Failing {
    attempts: u32,
    again_at: Duration,
    error: String,
}

/// What the thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write this many, the oldest.
    Write(usize),
    /// Wait until something happens, or until then.
    Wait(Option<Duration>),
    /// End.
    Stop,
}

impl Queue {
    pub(super) fn new(tip: &Tip, options: WriterOptions) -> Self {
        Self {
            options,
            waiting: VecDeque::new(),
            weight: 0,
            next_number: tip.batches + 1,
            next_seq: tip.seq + 1,
            failures: 0,
            conflicts: tip.conflicts,
            failing: None,
            refused: false,
            closing: None,
            stopped: false,
        }
    }

    /// Takes a batch, or gives it back with the reason.
    pub(super) fn push(&mut self, batch: Batch, now: Duration) -> Result<Ticket, SubmitError> {
        if self.stopped || self.closing.is_some() {
            return Err(SubmitError::Closed(Box::new(batch)));
        }
        let next_seq = match follows(&batch, self.next_seq) {
            Ok(next_seq) => next_seq,
            Err((expected, found)) => {
                return Err(SubmitError::OutOfSequence { expected, found, batch: Box::new(batch) });
            }
        };
        let weight = batch.weight();
        let full = self.waiting.len() >= self.options.max_batches
            || (!self.waiting.is_empty() && self.weight + weight > self.options.max_bytes);
        if full {
            self.refused = true;
            return Err(SubmitError::Full(Box::new(batch)));
        }
        let numbered = Numbered { number: self.next_number, batch: Arc::new(batch) };
        let ticket = Ticket::new();
        self.waiting.push_back(Waiting { numbered, ticket: ticket.clone(), since: now });
        self.weight += weight;
        self.next_number += 1;
        self.next_seq = next_seq;
        Ok(ticket)
    }

    pub(super) fn next(&self, now: Duration) -> Next {
        if self.stopped || self.closing.is_some_and(|end| self.waiting.is_empty() || now >= end) {
            return Next::Stop;
        }
        let Some(oldest) = self.waiting.front() else { return Next::Wait(None) };
        let due = match &self.failing {
            Some(failing) => failing.again_at,
            None if self.is_urgent() => now,
            None => oldest.since + self.options.lazy,
        };
        if due <= now {
            return Next::Write(self.waiting.len().min(self.options.together));
        }
        Next::Wait(Some(self.closing.map_or(due, |end| end.min(due))))
    }

    fn is_urgent(&self) -> bool {
        self.closing.is_some()
            || self.waiting.len() >= self.options.together
            || self.waiting.iter().any(|waiting| !waiting.numbered.batch.may_wait())
    }

    /// The oldest, to be written.
    pub(super) fn head(&self, count: usize) -> Vec<Numbered> {
        self.waiting.iter().take(count).map(|waiting| waiting.numbered.clone()).collect()
    }

    /// The oldest are durable.
    pub(super) fn written(&mut self, receipts: Vec<Receipt>) {
        self.failing = None;
        self.refused = false;
        for receipt in receipts {
            let Some(done) = self.waiting.pop_front() else { return };
            self.weight = self.weight.saturating_sub(done.numbered.batch.weight());
            self.conflicts += receipt.conflicts.len() as u64;
            done.ticket.settle(Verdict::Durable(receipt));
        }
    }

    /// Writing failed: everything stays where it is, and waits longer each time.
    pub(super) fn failed(&mut self, error: String, now: Duration) {
        let attempts = self.failing.as_ref().map_or(0, |failing| failing.attempts);
        let pause = self.options.first_pause.saturating_mul(1 << attempts.min(16));
        let again_at = now + pause.min(self.options.longest_pause);
        for waiting in &self.waiting {
            waiting.ticket.settle(Verdict::Failing(error.clone()));
        }
        self.failures += 1;
        self.failing = Some(Failing { attempts: attempts + 1, again_at, error });
    }

    /// Writes what waits, at most until then, and takes no more.
    pub(super) fn close(&mut self, until: Duration) {
        self.closing = Some(until);
    }

    /// What is left when the thread has ended, in order.
    pub(super) fn leave(&mut self) -> (Vec<Batch>, Option<String>) {
        self.stopped = true;
        let error = self.failing.take().map(|failing| failing.error);
        let why = error.clone().unwrap_or_else(|| "the writer was closed".into());
        let left = self.waiting.drain(..).map(|waiting| {
            waiting.ticket.settle(Verdict::GivenUp(why.clone()));
            Arc::unwrap_or_clone(waiting.numbered.batch)
        });
        (left.collect(), error)
    }

    pub(super) fn health(&self, now: Duration) -> Health {
        Health {
            queued: self.waiting.len(),
            oldest: self.waiting.front().map(|waiting| now.saturating_sub(waiting.since)),
            failures: self.failures,
            conflicts: self.conflicts,
            last_error: self.failing.as_ref().map(|failing| failing.error.clone()),
            degraded: self.failing.is_some() || self.refused || self.stopped,
        }
    }
}

/// The sequence after a batch whose steps begin at `next`; else the one expected and the one found.
fn follows(batch: &Batch, mut next: u64) -> Result<u64, (u64, u64)> {
    for record in &batch.journal {
        if record.seq != next {
            return Err((next, record.seq));
        }
        next += 1;
    }
    match &batch.checkpoint {
        Some(checkpoint) if checkpoint.seq + 1 != next => Err((next - 1, checkpoint.seq)),
        Some(_) | None => Ok(next),
    }
}
