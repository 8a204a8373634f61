//! What one event produced: commands, notices, and when to wake the engine next.
//!
//! The order of effects is fixed: journal → send → tell → wake. No entry leaves before the event
//! that caused it and the intent itself are durable; what protects waits for the disk at most
//! 50 ms. Whoever drives the engine reads a step once, in this order.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::notice::Notice;
use crate::time::Timestamp;

/// The answer of the engine to one event.
#[must_use = "commands that are not carried out leave positions unprotected"]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// To carry out, in this order.
    pub commands: Vec<Command>,
    /// To tell people and to keep in the ledger.
    pub notices: Vec<Notice>,
    /// When to send [`crate::event::Event::TimePassed`], and why.
    pub wake: Option<Wake>,
}

/// A deadline and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: WakeReason,
}

/// Why the engine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeReason {
    /// A stop must be confirmed by then.
    StopDeadline,
    /// The last bars of a round are awaited no longer.
    RoundDeadline,
    /// An order in doubt is asked for again.
    AskAgain,
    /// A close that failed is tried again.
    CloseAgain,
    /// A book is compared with its account.
    Reconcile,
}

impl Step {
    /// True when there is nothing to carry out and nothing to tell.
    #[inline]
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.commands.is_empty() && self.notices.is_empty()
    }

    /// Empties the step and keeps its memory.
    pub fn clear(&mut self) {
        self.commands.clear();
        self.notices.clear();
        self.wake = None;
    }
}
