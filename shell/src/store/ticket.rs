//! What a caller holds for a batch that was submitted: it can ask, or wait, for what became of it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::batch::Receipt;

/// A batch that was submitted. Dropping it does not withdraw the batch.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    verdict: Mutex<Verdict>,
    settled: Condvar,
}

#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Waiting,
    Failing(String),
    Durable(Receipt),
    GivenUp(String),
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is on the disk.
    Durable(Receipt),
    /// It waits; with the last error when writing failed and is tried again.
    Pending {
        /// The last error.
        failing: Option<String>,
    },
    /// The writer was closed before it could be written: the batch was handed back there.
    Failed(String),
}

impl Ticket {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared { verdict: Mutex::new(Verdict::Waiting), settled: Condvar::new() }))
    }

    /// Waits until the batch is durable or given up, at most for `timeout`; zero only asks.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> Waited {
        let open = |verdict: &mut Verdict| {
            matches!(verdict, Verdict::Waiting | Verdict::Failing(_)) && !timeout.is_zero()
        };
        let waited = self.0.settled.wait_timeout_while(self.verdict(), timeout, open);
        let (verdict, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &*verdict {
            Verdict::Waiting => Waited::Pending { failing: None },
            Verdict::Failing(error) => Waited::Pending { failing: Some(error.clone()) },
            Verdict::Durable(receipt) => Waited::Durable(receipt.clone()),
            Verdict::GivenUp(why) => Waited::Failed(why.clone()),
        }
    }

    pub(super) fn settle(&self, verdict: Verdict) {
        *self.verdict() = verdict;
        self.0.settled.notify_all();
    }

    fn verdict(&self) -> MutexGuard<'_, Verdict> {
        self.0.verdict.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
