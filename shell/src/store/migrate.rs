//! From an older schema to this one, in the transaction of the first commit: all of it, or nothing.

use super::desk::Desk;
use super::error::StoreError;
use super::meta::{SCHEMA, schema_key};
use super::record::{self, Record};
use super::records::FillRecord;
use super::table::Table;

/// Brings every row to where this schema has it, and says so in the file. Of a store that has this
/// schema nothing is read but that.
pub(super) fn migrate(desk: &Desk<'_>) -> Result<(), StoreError> {
    let schema = SCHEMA.to_string().into_bytes();
    let key = schema_key();
    if desk.find_raw(Table::Meta, key.bytes())?.as_ref() == Some(&schema) {
        return Ok(());
    }
    executions(desk)?;
    desk.put_raw(Table::Meta, key.bytes(), &schema)
}

/// Before schema 2 the cycle was not in the key of an execution.
fn executions(desk: &Desk<'_>) -> Result<(), StoreError> {
    let (mut keys, mut rows) = (Vec::new(), Vec::new());
    desk.each(Table::Fills, |key, bytes| {
        let fill: FillRecord = record::decode(desk.file, key, bytes)?;
        if fill.key().bytes() != key {
            keys.push(key.to_vec());
            rows.push(fill);
        }
        Ok(())
    })?;
    desk.remove(Table::Fills, &keys)?;
    rows.iter().try_for_each(|row| desk.put(row))
}
