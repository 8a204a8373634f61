//! The durable store: one file and one lock per data directory.
//!
//! [`Store::open`] looks at what is there without changing it and hands out what a recovery needs:
//! the last [`Checkpoint`], the journal after it, alerts that nobody has. Then [`Store::writer`]
//! starts the one thread that writes. What one decision produced is one [`Batch`] and one commit;
//! its [`Ticket`] says when it is on the disk. Reading is by [`Snapshot`]s and never waits for
//! writing.
//!
//! ```text
//! Batch ─► Writer ─► Queue ─► Committer ─► apply (journal, ledger, alerts, checkpoint) ─► disk
//!             ▲                   │ fails: closed, opened again, the same batches again
//!          Ticket ◄───────────────┘ durable
//! ```
//!
//! Records have a checksum over table, key and content, and named fields; the journal has a chain
//! of hashes. What was written once is never overwritten by other content: that is a [`Conflict`],
//! kept and told.
//!
//! Never here: rules of trading, wording for people other than of failures, a default in place of
//! a record that cannot be read.

mod access;
mod alert;
mod apply;
mod backup;
mod batch;
mod chain;
mod check;
mod clock;
mod commit;
mod conflict;
mod desk;
mod durable_file;
mod error;
mod frame;
mod from_engine;
mod handle;
mod journal;
mod json;
mod key;
mod lock;
mod medium;
mod meta;
mod migrate;
mod open;
mod options;
mod order_name;
mod preview;
mod queue;
mod record;
mod records;
mod retention;
mod snapshot;
mod table;
mod ticket;
mod writer;

#[cfg(test)]
mod tests;

pub use access::{Compacted, Store};
pub use alert::{Alert, AlertRecord, AlertState};
pub use backup::restore;
pub use batch::{Batch, Receipt};
pub use chain::Hash;
pub use check::CheckReport;
pub use conflict::Conflict;
pub use error::{Fault, StoreError};
pub use from_engine::{rate, usdt};
pub use journal::{Checkpoint, JournalRecord};
pub use json::Json;
pub use key::Key;
pub use lock::LOCK_FILE;
pub use medium::Medium;
pub use meta::{Identity, RecordMark, SCHEMA, Tip};
pub use open::{OpenReport, Opened, STORE_FILE};
pub use options::{OpenOptions, Retention};
pub use order_name::OrderName;
pub use record::Record;
pub use records::{BarRecord, CycleRecord, FillRecord, FundingRecord, OrderRecord, OrderState};
pub use snapshot::{Rows, Snapshot};
pub use table::Table;
pub use ticket::{Ticket, Waited};
pub use writer::{Health, SubmitError, Unwritten, Writer, WriterOptions};
