//! What a store knows about itself: schema, identity, and how far it has come.

use gardefou_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::key::Key;
use super::record::Record;
use super::table::Table;

/// The schema that this program writes. It reads every older one, and brings it up with the first
/// commit (`migrate`). 2: the cycle is in the key of an execution.
pub const SCHEMA: u32 = 2;

/// The key of the schema: its value is decimal text without an envelope, so that every version,
/// however old, can tell that a store is newer than itself.
pub(super) fn schema_key() -> Key {
    Key::new().text("schema")
}

/// Which store this is; written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The same in every copy and backup.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// By which build.
    pub build: String,
}

impl Identity {
    pub(super) fn new(created: Timestamp, build: &str, place: &str) -> Self {
        let hash = Hash::of(format!("{}\n{build}\n{place}", created.0).as_bytes()).to_string();
        let id = hash.chars().take(16).collect();
        Self { id, created, build: build.into() }
    }

    /// What the first record of the journal is chained to.
    #[must_use]
    pub fn genesis(&self) -> Hash {
        Hash::of(self.id.as_bytes())
    }
}

impl Record for Identity {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Key {
        Key::new().text("identity")
    }
}

/// How far the store has come; written with every commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// Batches that were written.
    pub batches: u64,
    /// The last record of the journal.
    pub seq: u64,
    /// Its link of the chain.
    pub chain: Hash,
    /// Alerts that were ever written.
    pub alerts: u64,
    /// Conflicts that are kept.
    pub conflicts: u64,
    /// The build that wrote last.
    pub build: String,
    /// The first record of the journal that this build wrote without another between.
    pub build_since: u64,
    /// How much of an exchange's record this store may know of; none where nothing stands outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<RecordMark>,
}

/// How far a record is that was there when a batch was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordMark {
    /// Which record.
    pub record: u32,
    /// Its lines.
    pub lines: u64,
}

impl Tip {
    /// Of a store without any batch.
    pub(super) fn start(identity: &Identity) -> Self {
        Self {
            batches: 0,
            seq: 0,
            chain: identity.genesis(),
            alerts: 0,
            conflicts: 0,
            build: identity.build.clone(),
            build_since: 1,
            exchange: None,
        }
    }
}

impl Record for Tip {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Key {
        Key::new().text("tip")
    }
}
