//! The outbox of alerts: stored before they are sent, delivered at least once.

use gardefou_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::record::Record;
use super::table::Table;

/// What people must be told, from when it arose until it is pruned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Counts all alerts of this store, from 1; given when it is written.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub alert: Alert,
    /// Whether people have it.
    pub state: AlertState,
}

/// What an alert says. One that comes again has the same kind and subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// When it arose, however late it is delivered.
    pub at: Timestamp,
    /// What sort: `switch_tripped`.
    pub kind: String,
    /// About what: a book, a symbol, an order.
    pub subject: String,
    /// In words.
    pub text: String,
}

/// Whether people have an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Not yet.
    Pending,
    /// Since then.
    Delivered(Timestamp),
}

impl Record for AlertRecord {
    const TABLE: Table = Table::Alerts;

    fn key(&self) -> Key {
        Key::new().number(self.seq)
    }
}
