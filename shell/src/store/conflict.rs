//! Contradictions: a row that came under the key of another one is kept beside it, never over it.

use gardefou_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::json::Json;
use super::key::Key;
use super::record::Record;
use super::table::Table;

/// A row that contradicts the one that is kept under its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The table.
    pub table: Table,
    /// The key, for people.
    pub key: String,
    /// When the row came.
    pub at: Timestamp,
    /// The row that is kept, as JSON.
    pub kept: Json,
    /// The row that is not, as JSON.
    pub refused: Json,
}

impl Record for Conflict {
    const TABLE: Table = Table::Conflicts;

    fn key(&self) -> Key {
        let hash = Hash::of(self.refused.text().as_bytes());
        Key::new().text(self.table.name()).text(&self.key).text(&hash.to_string())
    }
}
