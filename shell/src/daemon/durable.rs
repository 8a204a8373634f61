//! What is decided becomes durable here, in its order: batches that the writer cannot take yet
//! wait, alerts go to people once they are stored, and whether entries may be sent is known.

use std::collections::VecDeque;
use std::time::Duration;

use gardefou_core::time::Timestamp;

use super::error::DaemonError;
use crate::ports::{Clock, Journal, Notifier};
use crate::store::{Alert, AlertRecord, AlertState, Batch, Health, Receipt, SubmitError, Waited};

/// Batches that may be under way before the next hour is decided.
const UNDER_WAY: usize = 128;

/// Between two looks at a disk that is awaited.
pub const LOOK: Duration = Duration::from_millis(2);

/// The way to the disk and to people.
pub struct Durable<J: Journal, N> {
    journal: J,
    notifier: N,
    /// Not taken yet, in order.
    backlog: VecDeque<(u64, Batch)>,
    /// Taken, and not durable yet.
    under_way: VecDeque<UnderWay<J::Ticket>>,
    /// Batches posted so far, and how many of them are durable.
    posted: u64,
    durable: u64,
    /// Stored, and not with people yet.
    alerts: VecDeque<AlertRecord>,
    /// With people, and not noted in the store yet.
    delivered: Vec<u64>,
    /// Writing fails: what was said about it.
    failing: Option<String>,
    lost: Option<String>,
}

#[derive(Debug)]
struct UnderWay<T> {
    number: u64,
    ticket: T,
    alerts: Vec<Alert>,
}

impl<J: Journal, N: Notifier> Durable<J, N> {
    /// With alerts that were stored before and that nobody has.
    pub fn new(journal: J, notifier: N, pending: Vec<AlertRecord>) -> Self {
        Self {
            journal,
            notifier,
            backlog: VecDeque::new(),
            under_way: VecDeque::new(),
            posted: 0,
            durable: 0,
            alerts: pending.into(),
            delivered: Vec::new(),
            failing: None,
            lost: None,
        }
    }

    /// Takes a batch, after all before it; its number.
    ///
    /// # Errors
    /// The journal refuses what can never be written: a bug.
    pub fn post(&mut self, mut batch: Batch) -> Result<u64, DaemonError> {
        batch.delivered.append(&mut self.delivered);
        self.posted += 1;
        self.backlog.push_back((self.posted, batch));
        self.look()?;
        Ok(self.posted)
    }

    /// The number of the last batch.
    #[must_use]
    pub fn posted(&self) -> u64 {
        self.posted
    }

    /// Whether a batch is on the disk.
    #[must_use]
    pub fn is_durable(&self, number: u64) -> bool {
        number <= self.durable
    }

    /// How writing goes.
    #[must_use]
    pub fn health(&self) -> Health {
        self.journal.health()
    }

    /// Alerts that are stored and that nobody has yet.
    #[must_use]
    pub fn alerts_pending(&self) -> u64 {
        self.alerts.len() as u64
    }

    /// Everything is on the disk.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.durable == self.posted
    }

    /// Whether more may be decided: not while the disk cannot follow or writing fails.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.backlog.is_empty() && self.under_way.len() < UNDER_WAY && self.failing.is_none()
    }

    /// Why no entry may be sent: writing fails, or the disk cannot follow.
    #[must_use]
    pub fn blocked(&self) -> Option<&str> {
        self.failing.as_deref()
    }

    /// Looks what has become durable, hands over what waits, brings alerts to people.
    ///
    /// # Errors
    /// The journal refuses what can never be written: a bug. Or it gave up: the disk failed.
    pub fn look(&mut self) -> Result<(), DaemonError> {
        self.submit()?;
        while let Some(first) = self.under_way.front() {
            match self.journal.wait(&first.ticket, Duration::ZERO) {
                Waited::Durable(receipt) => self.settle(&receipt),
                Waited::Pending { failing: Some(why) } => {
                    self.say_failing(why);
                    break;
                }
                Waited::Pending { failing: None } => break,
                Waited::Failed(why) => {
                    self.lost = Some(why);
                    break;
                }
            }
        }
        self.say_health();
        self.tell();
        match &self.lost {
            Some(why) => Err(self.unwritten(why.clone())),
            None => Ok(()),
        }
    }

    /// Waits on the wall for one batch, at most for so long; whether it is durable.
    ///
    /// # Errors
    /// As [`Durable::look`].
    pub fn wait(&mut self, number: u64, at_most: Duration) -> Result<bool, DaemonError> {
        self.look()?;
        if self.is_durable(number) || self.failing.is_some() {
            return Ok(self.is_durable(number));
        }
        let batch = self.under_way.iter().find(|batch| batch.number == number);
        if let Some(batch) = batch {
            // What it was is asked again by the look that follows.
            let _ = self.journal.wait(&batch.ticket, at_most);
        }
        self.look()?;
        Ok(self.is_durable(number))
    }

    /// Waits until everything is durable, at most for so long.
    ///
    /// # Errors
    /// It is not, or as [`Durable::look`].
    pub async fn flush(
        &mut self,
        clock: &mut impl Clock,
        patience: Duration,
    ) -> Result<(), DaemonError> {
        let mut left = patience;
        self.look()?;
        while !self.is_idle() {
            if left.is_zero() {
                let why = self.failing.clone().unwrap_or_else(|| "the disk is too slow".into());
                return Err(self.unwritten(why));
            }
            clock.pause(LOOK).await;
            left = left.saturating_sub(LOOK);
            self.look()?;
        }
        Ok(())
    }

    /// Notes of alerts that people have and that are in no batch yet.
    #[must_use]
    pub fn acknowledgements(&self, at: Timestamp) -> Option<Batch> {
        (!self.delivered.is_empty()).then(|| Batch::new(at))
    }

    /// The journal, to be closed.
    pub fn into_journal(self) -> J {
        self.journal
    }

    fn submit(&mut self) -> Result<(), DaemonError> {
        while let Some((number, batch)) = self.backlog.pop_front() {
            let alerts = batch.alerts.clone();
            match self.journal.submit(batch) {
                Ok(ticket) => self.under_way.push_back(UnderWay { number, ticket, alerts }),
                Err(SubmitError::Full(batch)) => {
                    self.backlog.push_front((number, *batch));
                    break;
                }
                Err(SubmitError::Closed(batch)) => {
                    self.backlog.push_front((number, *batch));
                    return Err(self.unwritten("the writer has ended".into()));
                }
                Err(error @ SubmitError::OutOfSequence { .. }) => {
                    return Err(DaemonError::Bug(error.to_string()));
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, receipt: &Receipt) {
        let Some(done) = self.under_way.pop_front() else { return };
        self.durable = done.number;
        for conflict in &receipt.conflicts {
            tracing::error!(
                table = %conflict.table,
                key = conflict.key,
                "the ledger has another row under this key; the first is kept"
            );
        }
        let stored = receipt.alerts.iter().zip(done.alerts);
        self.alerts.extend(stored.map(|(&seq, alert)| AlertRecord {
            seq,
            alert,
            state: AlertState::Pending,
        }));
    }

    fn say_health(&mut self) {
        let health = self.journal.health();
        let full = (!self.backlog.is_empty()).then(|| "its queue is full".to_owned());
        match health.last_error.or(full).filter(|_| health.degraded || !self.backlog.is_empty()) {
            Some(why) => self.say_failing(why),
            None => {
                if self.failing.take().is_some() {
                    tracing::warn!("the store is written again; entries are allowed");
                }
            }
        }
    }

    /// Said when it begins, not at every attempt.
    fn say_failing(&mut self, why: String) {
        if self.failing.is_none() {
            tracing::error!(
                why,
                "the store cannot be written: no entry is sent until it is; protection goes on"
            );
        }
        self.failing = Some(why);
    }

    fn tell(&mut self) {
        while let Some(alert) = self.alerts.front() {
            match self.notifier.deliver(alert) {
                Ok(()) => self.delivered.extend(self.alerts.pop_front().map(|alert| alert.seq)),
                Err(why) => {
                    tracing::warn!(why, "an alert could not be delivered; it is tried again");
                    break;
                }
            }
        }
    }

    fn unwritten(&self, why: String) -> DaemonError {
        let batches = match self.posted - self.durable {
            1 => "one round".to_owned(),
            count => format!("{count} rounds"),
        };
        DaemonError::Unwritten { batches, why }
    }
}
