//! What is written together: everything that one decision, or one round, produced.

use gardefou_core::time::Timestamp;

use super::alert::Alert;
use super::conflict::Conflict;
use super::journal::{Checkpoint, JournalRecord};
use super::meta::RecordMark;
use super::records::{BarRecord, CycleRecord, FillRecord, FundingRecord, OrderRecord};

/// One commit: all of it is durable, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// When it was made.
    pub at: Timestamp,
    /// Steps of the engine; the first follows the last one that was submitted before.
    pub journal: Vec<JournalRecord>,
    /// Orders as they are now.
    pub orders: Vec<OrderRecord>,
    /// Executions.
    pub fills: Vec<FillRecord>,
    /// Results.
    pub cycles: Vec<CycleRecord>,
    /// Funding.
    pub funding: Vec<FundingRecord>,
    /// Closed bars.
    pub bars: Vec<BarRecord>,
    /// What people must be told.
    pub alerts: Vec<Alert>,
    /// Alerts that people have since `at`; unknown ones were pruned and are passed over.
    pub delivered: Vec<u64>,
    /// The state after the last step of this batch.
    pub checkpoint: Option<Checkpoint>,
    /// How far the exchange's record was: everything that this batch may know of is in it.
    pub exchange: Option<RecordMark>,
    /// It may wait for the next batch that does not; without effect on what moves money or tells
    /// people.
    pub lazy: bool,
}

/// What became of a batch that is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The sequence of each alert, in their order.
    pub alerts: Vec<u64>,
    /// Rows that contradict kept ones; they are in the table `conflicts` and people are alerted.
    pub conflicts: Vec<Conflict>,
}

impl Batch {
    /// An empty one.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            journal: Vec::new(),
            orders: Vec::new(),
            fills: Vec::new(),
            cycles: Vec::new(),
            funding: Vec::new(),
            bars: Vec::new(),
            alerts: Vec::new(),
            delivered: Vec::new(),
            checkpoint: None,
            exchange: None,
            lazy: false,
        }
    }

    /// Whether it may wait for others.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        self.lazy
            && self.orders.is_empty()
            && self.fills.is_empty()
            && self.cycles.is_empty()
            && self.funding.is_empty()
            && self.alerts.is_empty()
    }

    /// About how many bytes it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        const ROW: usize = 256;
        let rows = self.orders.len()
            + self.fills.len()
            + self.cycles.len()
            + self.funding.len()
            + self.bars.len()
            + self.alerts.len()
            + 1;
        let steps: usize = self
            .journal
            .iter()
            .map(|record| record.event.text().len() + record.commands.text().len() + ROW)
            .sum();
        let state = self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.state.len());
        rows * ROW + steps + state
    }
}
