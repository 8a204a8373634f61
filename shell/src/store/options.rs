//! How a store is opened, and what it keeps.

use gardefou_core::time::{Span, Timestamp};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The time, for the identity of a new store.
    pub now: Timestamp,
    /// The build that opens it; stored with what it writes.
    pub build: String,
    /// Whether a store is made where there is none.
    pub create: bool,
    /// What is kept.
    pub retention: Retention,
}

/// What is kept. The ledger (orders, fills, cycles, funding, conflicts) always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Checkpoints, at least one; the journal is kept from the oldest of them on.
    pub checkpoints: usize,
    /// Bars of each symbol, the newest.
    pub bars: usize,
    /// Alerts after their delivery.
    pub delivered_alerts: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Self { checkpoints: 4, bars: 3_000, delivered_alerts: Span(30 * Span::DAY.0) }
    }
}
