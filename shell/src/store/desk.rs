//! Rows inside a transaction that writes: find, put, remove.

use std::path::Path;

use redb::{ReadableTable, WriteTransaction};

use super::error::{Fault, StoreError};
use super::key::Key;
use super::record::{self, Record};
use super::table::Table;

type Open<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// A transaction that writes.
pub(super) struct Desk<'t> {
    pub transaction: &'t WriteTransaction,
    pub file: &'t Path,
}

impl Desk<'_> {
    pub(super) fn find<R: Record>(&self, key: &Key) -> Result<Option<R>, StoreError> {
        let table = self.open(R::TABLE)?;
        let value = table.get(key.bytes()).map_err(|error| self.fail(R::TABLE, error))?;
        value.map(|value| record::decode(self.file, key.bytes(), value.value())).transpose()
    }

    /// The envelope under a key, whatever it is.
    pub(super) fn find_raw(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let open = self.open(table)?;
        let value = open.get(key).map_err(|error| self.fail(table, error))?;
        Ok(value.map(|value| value.value().into()))
    }

    /// The rows whose keys begin with `start`.
    pub(super) fn find_all<R: Record>(&self, start: &Key) -> Result<Vec<R>, StoreError> {
        let open = self.open(R::TABLE)?;
        let mut found = Vec::new();
        for row in open.range(start.bytes()..).map_err(|error| self.fail(R::TABLE, error))? {
            let (key, value) = row.map_err(|error| self.fail(R::TABLE, error))?;
            if !key.value().starts_with(start.bytes()) {
                break;
            }
            found.push(record::decode(self.file, key.value(), value.value())?);
        }
        Ok(found)
    }

    /// Writes a row, over the one that has its key.
    pub(super) fn put<R: Record>(&self, row: &R) -> Result<(), StoreError> {
        let (key, bytes) = record::encode(self.file, row)?;
        self.put_raw(R::TABLE, key.bytes(), &bytes)
    }

    pub(super) fn put_raw(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.open(table)?.insert(key, value).map_err(|error| self.fail(table, error))?;
        Ok(())
    }

    /// Removes the rows whose key is below `end`.
    pub(super) fn remove_below(&self, table: Table, end: &Key) -> Result<(), StoreError> {
        self.open(table)?
            .retain_in(..end.bytes(), |_, _| false)
            .map_err(|error| self.fail(table, error))
    }

    pub(super) fn remove(&self, table: Table, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        let mut open = self.open(table)?;
        for key in keys {
            open.remove(key.as_slice()).map_err(|error| self.fail(table, error))?;
        }
        Ok(())
    }

    /// All keys of a table, with the envelopes of their rows.
    pub(super) fn each(
        &self,
        table: Table,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let open = self.open(table)?;
        for row in open.iter().map_err(|error| self.fail(table, error))? {
            let (key, value) = row.map_err(|error| self.fail(table, error))?;
            see(key.value(), value.value())?;
        }
        Ok(())
    }

    fn open(&self, table: Table) -> Result<Open<'_>, StoreError> {
        self.transaction.open_table(table.definition()).map_err(|error| self.fail(table, error))
    }

    fn fail(&self, table: Table, error: impl Into<redb::Error>) -> StoreError {
        StoreError::table(self.file, table, Fault::of_redb(error))
    }
}
