//! The writer's time: how it passes, and how to wait for it. Tests bring their own.

use std::fmt;
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::queue::Queue;

/// Time that never goes back, and waiting.
pub(super) trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Since the writer was started.
    fn now(&self) -> Duration;

    /// Waits until woken, or until an instant.
    fn wait<'a>(
        &self,
        woken: &Condvar,
        queue: MutexGuard<'a, Queue>,
        until: Option<Duration>,
    ) -> MutexGuard<'a, Queue>;
}

/// The system's.
#[derive(Debug)]
pub(super) struct SystemClock(Instant);

impl SystemClock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait<'a>(
        &self,
        woken: &Condvar,
        queue: MutexGuard<'a, Queue>,
        until: Option<Duration>,
    ) -> MutexGuard<'a, Queue> {
        match until {
            None => woken.wait(queue).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_sub(self.now());
                let waited = woken.wait_timeout(queue, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}
