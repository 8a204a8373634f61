//! What hears every step of the engine: first against the journal that is there, then into it.
//!
//! While the tail of a journal lasts, each step must be the one that was written: the same event,
//! the same commands, the same link of the chain. Such a step is written and told to nobody. The
//! first step after the tail goes on recording, also in the middle of an hour.

use std::collections::VecDeque;
use std::sync::Arc;

use gardefou_core::config::EngineConfig;
use gardefou_core::event::Event;
use gardefou_core::ids::OrderId;
use gardefou_core::notice::Notice;
use gardefou_core::step::Step;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::history::{OPERATOR, Sink};

use super::error::{DaemonError, Step as Compared};
use super::ledger;
use super::orders::{Orders, Standing};
use crate::store::{Batch, Hash, JournalRecord};
use crate::words;

/// Hears the engine.
#[derive(Debug)]
pub struct Recorder {
    config: Arc<EngineConfig>,
    /// The run in logs: its path.
    run: &'static str,
    /// The last step that was heard.
    seq: u64,
    /// Its link of the chain.
    chain: Hash,
    /// Steps that are written already and have not come again.
    expected: VecDeque<JournalRecord>,
    /// The step that is being heard is written already.
    known: bool,
    /// The step after which the state did not follow from the journal.
    resumed: Option<u64>,
    orders: Orders,
    batch: Batch,
    failed: Option<DaemonError>,
    told: Told,
    /// What the last request of a person led to.
    answer: Step,
}

/// How much was new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Steps of the engine.
    pub steps: u64,
    /// Steps that were in the journal already.
    pub replayed: u64,
    /// Executions.
    pub fills: u64,
    /// Cycles that were closed.
    pub cycles: u64,
}

impl Recorder {
    /// After step `seq`, whose link is `chain`; `expected` are the steps that follow in the journal.
    #[must_use]
    pub fn new(
        config: Arc<EngineConfig>,
        run: &'static str,
        (seq, chain): (u64, Hash),
        orders: Orders,
        expected: Vec<JournalRecord>,
    ) -> Self {
        Self {
            config,
            run,
            seq,
            chain,
            expected: expected.into(),
            known: false,
            resumed: None,
            orders,
            batch: Batch::new(Timestamp(0)),
            failed: None,
            told: Told::default(),
            answer: Step::default(),
        }
    }

    /// Steps are awaited that are in the journal already.
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        !self.expected.is_empty()
    }

    /// The state is not the one that the journal leads to: the run went back to an earlier one.
    pub fn resume_here(&mut self) {
        self.resumed = Some(self.seq);
    }

    /// No step has followed since: a checkpoint has to say so.
    #[must_use]
    pub fn is_at_resumption(&self) -> bool {
        self.resumed == Some(self.seq)
    }

    /// The last step and its link.
    #[must_use]
    pub fn tip(&self) -> (u64, Hash) {
        (self.seq, self.chain)
    }

    /// The last step of the journal, heard again or not.
    #[must_use]
    pub fn journal_end(&self) -> u64 {
        self.expected.back().map_or(self.seq, |last| last.seq)
    }

    /// How much was new.
    #[must_use]
    pub fn told(&self) -> Told {
        self.told
    }

    /// Orders that are not terminal.
    #[must_use]
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The request of a person that the journal has next, with its time.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn next_request(&self) -> Result<Option<(Timestamp, Event)>, DaemonError> {
        let Some(record) = self.expected.front() else { return Ok(None) };
        if !record.event.text().starts_with("{\"request_made\"") {
            return Ok(None);
        }
        let event: Event = record.event.read().map_err(DaemonError::Record)?;
        let ours = matches!(&event, Event::RequestMade { by, .. } if by == OPERATOR);
        Ok((!ours).then_some((record.now, event)))
    }

    /// The event that the journal has next, with its time.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn next_event(&self) -> Result<Option<(Timestamp, Event)>, DaemonError> {
        let Some(record) = self.expected.front() else { return Ok(None) };
        let event = record.event.read().map_err(DaemonError::Record)?;
        Ok(Some((record.now, event)))
    }

    /// What the last request of a person led to.
    pub fn answer(&self) -> &Step {
        &self.answer
    }

    /// What is new since the last time, to be written; the first difference from the journal.
    ///
    /// # Errors
    /// A step was not the one in the journal. Nothing new was gathered since.
    pub fn take(&mut self, at: Timestamp) -> Result<Batch, DaemonError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = std::mem::replace(&mut self.batch, Batch::new(at));
        batch.at = at;
        batch.lazy = true;
        Ok(batch)
    }

    fn hear_step(&mut self, now: Timestamp, event: &Event, step: &Step) -> Result<(), DaemonError> {
        let seq = self.seq + 1;
        let mut record =
            JournalRecord::new(seq, now, event, &step.commands).map_err(DaemonError::Record)?;
        record.chain = record.link(self.chain);
        let written = self.expected.pop_front();
        self.known = written.is_some();
        if let Some(written) = written.filter(|written| written.chain != record.chain) {
            let found = Compared::of(&record);
            return Err(DaemonError::differs(Compared::of(&written), found));
        }
        (self.seq, self.chain) = (seq, record.chain);
        self.told.steps += 1;
        self.told.replayed += u64::from(self.known);
        if !self.known {
            self.batch.journal.push(record);
        }
        self.follow_orders(now, event, step);
        Ok(())
    }

    fn follow_orders(&mut self, now: Timestamp, event: &Event, step: &Step) {
        let said = self.orders.hear(event);
        self.keep_order(now, said);
        for notice in &step.notices {
            if let Notice::Filled { fill, .. } = notice {
                let booked = self.orders.booked(fill);
                self.keep_order(now, booked);
            }
        }
        for command in &step.commands {
            self.orders.ask(self.seq, command);
        }
    }

    /// Closes the rows of orders that the engine has given up.
    pub fn give_up(&mut self, now: Timestamp, orders: &[OrderId]) {
        for &id in orders {
            let last = self.orders.give_up(id);
            self.keep_order(now, last);
        }
    }

    /// One row an order and commit: the last state.
    fn keep_order(&mut self, now: Timestamp, changed: Option<(OrderId, Standing)>) {
        if let Some((id, standing)) = changed.filter(|_| !self.known)
            && let Some(instrument) = ledger::instrument(&self.config, id.symbol)
        {
            let book = ledger::book_name(&self.config, id.book);
            let record = standing.record(id, &book, instrument, now);
            self.batch.orders.retain(|order| order.id != record.id);
            self.batch.orders.push(record);
        }
    }
}

impl Sink for Recorder {
    fn observe(&mut self, now: Timestamp, event: &Event, step: &Step) {
        if self.failed.is_some() {
            return;
        }
        if let Err(error) = self.hear_step(now, event, step) {
            self.failed = Some(error);
        }
        if matches!(event, Event::RequestMade { by, .. } if by != OPERATOR) {
            self.answer.clone_from(step);
        }
    }

    fn hear(&mut self, now: Timestamp, notice: &Notice) {
        if self.known || self.failed.is_some() {
            return;
        }
        self.told.fills += u64::from(matches!(notice, Notice::Filled { .. }));
        self.told.cycles += u64::from(matches!(notice, Notice::CycleClosed(_)));
        words::log(&self.config, self.run, now, notice);
        ledger::keep(&mut self.batch, &self.config, now, notice);
    }
}

/// Whether a request may carry this name: that of the simulated operator is taken.
#[must_use]
pub fn is_person(by: &str) -> bool {
    by != OPERATOR
}
