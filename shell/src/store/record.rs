//! What makes a struct a record: its table, its key, its version; and the way to bytes and back.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Fault, StoreError};
use super::frame::Frame;
use super::key::{self, Key};
use super::table::Table;

/// A struct that is a row of one table.
///
/// Fields are stored by name. A new field is optional or has a default, and raises `VERSION`; a
/// field is never renamed and never changes its meaning.
pub trait Record: Serialize + DeserializeOwned + PartialEq {
    /// Where its rows are.
    const TABLE: Table;
    /// The version that this program writes; it reads every older one.
    const VERSION: u16 = 1;

    /// Its key, from its own fields.
    fn key(&self) -> Key;

    /// Its key in a row of an older version, where that was another one.
    fn key_at(&self, _version: u16) -> Key {
        self.key()
    }

    /// What is stored after the JSON.
    fn blob(&self) -> &[u8] {
        &[]
    }

    /// Takes back what was stored after the JSON.
    ///
    /// # Errors
    /// It cannot be that.
    fn set_blob(&mut self, blob: &[u8]) -> Result<(), Fault> {
        if blob.is_empty() { Ok(()) } else { Err(Fault::Damaged) }
    }
}

/// The envelope of a record.
pub(super) fn encode<R: Record>(file: &Path, record: &R) -> Result<(Key, Vec<u8>), StoreError> {
    let key = record.key();
    let bytes = serde_json::to_vec(record)
        .map_err(|error| Fault::NotJson(error.to_string()))
        .and_then(|json| {
            Frame { version: R::VERSION, json: &json, blob: record.blob() }
                .encode(R::TABLE, key.bytes())
        })
        .map_err(|fault| StoreError::row(file, R::TABLE, key.bytes(), fault))?;
    Ok((key, bytes))
}

/// The record that was found under a key.
pub(super) fn decode<R: Record>(file: &Path, key: &[u8], bytes: &[u8]) -> Result<R, StoreError> {
    open(key, bytes).map_err(|fault| StoreError::row(file, R::TABLE, key, fault))
}

fn open<R: Record>(key: &[u8], bytes: &[u8]) -> Result<R, Fault> {
    let frame = Frame::decode(R::TABLE, key, bytes)?;
    if frame.version > R::VERSION {
        return Err(Fault::NewerRecord { found: frame.version, known: R::VERSION });
    }
    let mut record: R =
        serde_json::from_slice(frame.json).map_err(|error| Fault::Unreadable(error.to_string()))?;
    record.set_blob(frame.blob)?;
    let own = record.key_at(frame.version);
    if own.bytes() == key {
        Ok(record)
    } else {
        Err(Fault::Misplaced(key::show(R::TABLE, own.bytes())))
    }
}
