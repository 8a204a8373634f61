//! The records that a recovery needs: the journal and the checkpoints.

use gardefou_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::error::Fault;
use super::json::Json;
use super::key::Key;
use super::record::Record;
use super::table::Table;

/// One step of the engine: what it was told and what it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalRecord {
    /// Counts all steps of this store, from 1, without gaps.
    pub seq: u64,
    /// The time that the step was given.
    pub now: Timestamp,
    /// The event.
    pub event: Json,
    /// The commands, in their order.
    pub commands: Json,
    /// The link of the chain that ends in this record; set when it is written.
    #[serde(skip)]
    pub chain: Hash,
}

impl JournalRecord {
    /// A record to be written.
    ///
    /// # Errors
    /// [`Fault::NotJson`] when a value has no JSON.
    pub fn new(
        seq: u64,
        now: Timestamp,
        event: &impl Serialize,
        commands: &impl Serialize,
    ) -> Result<Self, Fault> {
        let (event, commands) = (Json::of(event)?, Json::of(commands)?);
        Ok(Self { seq, now, event, commands, chain: Hash::default() })
    }

    /// The link that follows `before`.
    #[must_use]
    pub fn link(&self, before: Hash) -> Hash {
        before.link(self.seq, self.now, self.event.text(), self.commands.text())
    }
}

impl Record for JournalRecord {
    const TABLE: Table = Table::Journal;

    fn key(&self) -> Key {
        Key::new().number(self.seq)
    }

    fn blob(&self) -> &[u8] {
        &self.chain.0
    }

    fn set_blob(&mut self, blob: &[u8]) -> Result<(), Fault> {
        self.chain = Hash(blob.try_into().map_err(|_| Fault::Damaged)?);
        Ok(())
    }
}

/// The whole state after one record of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last record of the journal that is in the state.
    pub seq: u64,
    /// When it was taken.
    pub now: Timestamp,
    /// The build that wrote it.
    pub build: String,
    /// The hash of the resolved configuration that the state was made with.
    pub config_hash: String,
    /// The hash of `state`.
    pub state_hash: Hash,
    /// The chain of the journal at `seq`; set when it is written.
    pub chain: Hash,
    /// Whether the state does not follow from the journal up to `seq`: the run had gone back to an
    /// earlier one, or was made right by other means. None where nobody noted it.
    #[serde(default)]
    pub resumed: Option<bool>,
    /// The state, in whatever form the driver chose.
    #[serde(skip)]
    pub state: Vec<u8>,
}

impl Checkpoint {
    /// A checkpoint to be written.
    #[must_use]
    pub fn new(seq: u64, now: Timestamp, build: &str, config_hash: &str, state: Vec<u8>) -> Self {
        Self {
            seq,
            now,
            build: build.into(),
            config_hash: config_hash.into(),
            state_hash: Hash::of(&state),
            chain: Hash::default(),
            resumed: Some(false),
            state,
        }
    }
}

impl Record for Checkpoint {
    const TABLE: Table = Table::Checkpoints;
    /// 2: whether the state follows from the journal.
    const VERSION: u16 = 2;

    fn key(&self) -> Key {
        Key::new().number(self.seq)
    }

    fn blob(&self) -> &[u8] {
        &self.state
    }

    fn set_blob(&mut self, blob: &[u8]) -> Result<(), Fault> {
        if Hash::of(blob) != self.state_hash {
            return Err(Fault::StateHash);
        }
        self.state = blob.into();
        Ok(())
    }
}
