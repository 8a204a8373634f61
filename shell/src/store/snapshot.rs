//! Reading: a view of the store as it was after one commit, whatever is written meanwhile.

use std::iter;
use std::path::{Path, PathBuf};

use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTableMetadata};

use super::alert::{AlertRecord, AlertState};
use super::chain::Hash;
use super::error::{Fault, StoreError};
use super::journal::{Checkpoint, JournalRecord};
use super::key::Key;
use super::meta::{Identity, Tip, schema_key};
use super::record::{self, Record};
use super::records::BarRecord;
use super::table::{Definition, Table};

/// A view of the store after one commit.
pub struct Snapshot {
    transaction: ReadTransaction,
    file: PathBuf,
}

/// Rows of one table, in the order of their keys; reading one can fail.
pub type Rows<R> = Box<dyn Iterator<Item = Result<R, StoreError>>>;

/// Key and envelope of rows of one table.
pub(super) type RawRows = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>>>;

impl Snapshot {
    pub(super) fn of(database: &Database, file: &Path) -> Result<Self, StoreError> {
        let transaction =
            database.begin_read().map_err(|error| StoreError::file(file, Fault::of_redb(error)))?;
        Ok(Self { transaction, file: file.into() })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// All rows of a kind: `snapshot.rows::<FillRecord>()`.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn rows<R: Record + 'static>(&self) -> Result<Rows<R>, StoreError> {
        self.rows_from(&Key::new())
    }

    /// The rows of a kind from a key on.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn rows_from<R: Record + 'static>(&self, from: &Key) -> Result<Rows<R>, StoreError> {
        let file = self.file.clone();
        let rows = self.raw(R::TABLE, from)?;
        Ok(Box::new(rows.map(move |row| {
            let (key, bytes) = row?;
            record::decode(&file, &key, &bytes)
        })))
    }

    /// One row.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn find<R: Record>(&self, key: &Key) -> Result<Option<R>, StoreError> {
        let fail = |fault| StoreError::row(&self.file, R::TABLE, key.bytes(), fault);
        let table = self.open(R::TABLE)?;
        let value = table.get(key.bytes()).map_err(|error| fail(Fault::of_redb(error)))?;
        value.map(|value| record::decode(&self.file, key.bytes(), value.value())).transpose()
    }

    /// The journal from a sequence on.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn journal(&self, from: u64) -> Result<Rows<JournalRecord>, StoreError> {
        self.rows_from(&Key::new().number(from))
    }

    /// The bars of a symbol.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn bars(&self, symbol: &str) -> Result<Rows<BarRecord>, StoreError> {
        let own = symbol.to_owned();
        let rows: Rows<BarRecord> = self.rows_from(&Key::new().text(symbol))?;
        let ours = move |row: &Result<BarRecord, StoreError>| {
            row.as_ref().map_or(true, |bar| bar.symbol == own)
        };
        Ok(Box::new(rows.take_while(ours)))
    }

    /// Alerts that people do not have yet, oldest first.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn pending_alerts(&self) -> Result<Vec<AlertRecord>, StoreError> {
        let pending = |row: &Result<AlertRecord, StoreError>| {
            row.as_ref().map_or(true, |alert| alert.state == AlertState::Pending)
        };
        self.rows()?.filter(pending).collect()
    }

    /// The last checkpoint, checked.
    ///
    /// # Errors
    /// It cannot be read, or is not as it was written.
    pub fn last_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let table = self.open(Table::Checkpoints)?;
        let fail = |error: redb::StorageError| {
            StoreError::table(&self.file, Table::Checkpoints, Fault::of_redb(error))
        };
        match redb::ReadableTable::last(&table).map_err(fail)? {
            Some((key, value)) => record::decode(&self.file, key.value(), value.value()).map(Some),
            None => Ok(None),
        }
    }

    /// The journal after a checkpoint (from the beginning when there is none), every link of its
    /// chain checked up to the tip.
    ///
    /// # Errors
    /// A record is missing, damaged, or not the one that was written.
    pub fn tail(&self, after: Option<&Checkpoint>) -> Result<Vec<JournalRecord>, StoreError> {
        let (seq, chain) = match after {
            Some(checkpoint) => (checkpoint.seq, checkpoint.chain),
            None => (0, self.identity()?.genesis()),
        };
        let tail: Vec<JournalRecord> = self.journal(seq + 1)?.collect::<Result<_, _>>()?;
        let end = self.follow(seq, chain, &tail)?;
        let tip = self.tip()?;
        let fail = |fault| StoreError::table(&self.file, Table::Journal, fault);
        if end.0 != tip.seq {
            return Err(fail(Fault::Gap { expected: end.0 + 1, found: tip.seq }));
        }
        if end.1 == tip.chain { Ok(tail) } else { Err(fail(Fault::ChainBroken)) }
    }

    fn follow(
        &self,
        seq: u64,
        chain: Hash,
        records: &[JournalRecord],
    ) -> Result<(u64, Hash), StoreError> {
        let mut end = (seq, chain);
        for record in records {
            let fail =
                |fault| StoreError::row(&self.file, Table::Journal, record.key().bytes(), fault);
            if record.seq != end.0 + 1 {
                return Err(fail(Fault::Gap { expected: end.0 + 1, found: record.seq }));
            }
            if record.link(end.1) != record.chain {
                return Err(fail(Fault::ChainBroken));
            }
            end = (record.seq, record.chain);
        }
        Ok(end)
    }

    /// How far the store has come.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn tip(&self) -> Result<Tip, StoreError> {
        self.needed(&Key::new().text("tip"))
    }

    /// Which store this is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn identity(&self) -> Result<Identity, StoreError> {
        self.needed(&Key::new().text("identity"))
    }

    /// The schema that the file was written with.
    pub(super) fn schema(&self) -> Result<u32, StoreError> {
        let key = schema_key();
        let fail = |fault| StoreError::row(&self.file, Table::Meta, key.bytes(), fault);
        let table = self.open(Table::Meta)?;
        let value = table.get(key.bytes()).map_err(|error| fail(Fault::of_redb(error)))?;
        let value = value.ok_or_else(|| fail(Fault::NoRow))?;
        let text = str::from_utf8(value.value()).map_err(|_| fail(Fault::Damaged))?;
        text.parse().map_err(|_| fail(Fault::Damaged))
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn count(&self, table: Table) -> Result<u64, StoreError> {
        let fail = |error| StoreError::table(&self.file, table, Fault::of_redb(error));
        self.open(table)?.len().map_err(fail)
    }

    pub(super) fn raw(&self, table: Table, from: &Key) -> Result<RawRows, StoreError> {
        let file = self.file.clone();
        let fail = move |error| StoreError::table(&file, table, Fault::of_redb(error));
        let mut rows = self.open(table)?.range(from.bytes()..).map_err(&fail)?;
        Ok(Box::new(iter::from_fn(move || {
            let row = rows.next()?;
            Some(row.map(|(key, value)| (key.value().into(), value.value().into())).map_err(&fail))
        })))
    }

    fn needed<R: Record>(&self, key: &Key) -> Result<R, StoreError> {
        let none = || StoreError::row(&self.file, R::TABLE, key.bytes(), Fault::NoRow);
        self.find(key)?.ok_or_else(none)
    }

    fn open(
        &self,
        table: Table,
    ) -> Result<redb::ReadOnlyTable<&'static [u8], &'static [u8]>, StoreError> {
        let definition: Definition = table.definition();
        let fail = |error| StoreError::table(&self.file, table, Fault::of_redb(error));
        self.transaction.open_table(definition).map_err(fail)
    }
}
