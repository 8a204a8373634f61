//! Copies of a store: made while it is written to, and put back where there is none.

use std::fs;
use std::path::Path;

use redb::Database;

use super::check;
use super::durable_file;
use super::error::{Fault, StoreError};
use super::handle::builder;
use super::key::Key;
use super::lock::DirLock;
use super::medium::{FileMedium, Medium, Unsynced};
use super::meta::Tip;
use super::open::{STORE_FILE, look};
use super::snapshot::Snapshot;
use super::table::Table;

/// Rows that are copied in one commit.
const CHUNK: usize = 10_000;

/// Copies what a snapshot sees into a new file.
pub(super) fn backup(snapshot: &Snapshot, to: &Path) -> Result<Tip, StoreError> {
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    durable_file::appear(dir, to, |partial| {
        copy_rows(snapshot, partial)?;
        sound(partial).map(|_| ())
    })?;
    snapshot.tip()
}

/// Puts a backup into a data directory that has no store.
///
/// # Errors
/// There is a store already, it is in use, or the backup is damaged; nothing was changed then.
pub fn restore(from: &Path, dir: &Path) -> Result<Tip, StoreError> {
    if !durable_file::is_file(from)? {
        return Err(StoreError::file(from, Fault::Missing));
    }
    let file = dir.join(STORE_FILE);
    if durable_file::is_file(&file)? {
        return Err(StoreError::file(&file, Fault::Exists));
    }
    sound(from)?;
    fs::create_dir_all(dir).map_err(|error| StoreError::file(dir, Fault::of_io(error)))?;
    let _lock = DirLock::take(dir)?;
    let mut tip = None;
    durable_file::appear(dir, &file, |partial| {
        fs::copy(from, partial).map_err(|error| StoreError::file(partial, Fault::of_io(error)))?;
        tip = Some(sound(partial)?);
        Ok(())
    })?;
    tip.ok_or_else(|| StoreError::file(&file, Fault::Missing))
}

/// Checks a store that nobody has open, without changing it, and says how far it has come.
fn sound(file: &Path) -> Result<Tip, StoreError> {
    look(file, &Unsynced::new(FileMedium(file.into())), |(snapshot, _)| {
        let report = check::check(snapshot)?;
        report.problems.into_iter().next().map_or_else(|| snapshot.tip(), Err)
    })
}

fn copy_rows(snapshot: &Snapshot, to: &Path) -> Result<(), StoreError> {
    let fail = |fault| StoreError::file(to, fault);
    let medium = FileMedium(to.into());
    let bytes =
        Unsynced::fresh(&medium as &dyn Medium).map_err(|error| fail(Fault::of_io(error)))?;
    let database =
        builder().create_with_backend(bytes).map_err(|error| fail(Fault::of_redb(error)))?;
    for table in Table::ALL {
        copy_table(snapshot, &database, table, to)?;
    }
    database.close().map_err(|error| fail(Fault::of_redb(error)))
}

fn copy_table(
    snapshot: &Snapshot,
    database: &Database,
    table: Table,
    to: &Path,
) -> Result<(), StoreError> {
    let mut rows = snapshot.raw(table, &Key::new())?;
    loop {
        let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect::<Result<_, _>>()?;
        let last = chunk.len() < CHUNK;
        insert(database, table, chunk)
            .map_err(|error| StoreError::table(to, table, Fault::of_redb(error)))?;
        if last {
            return Ok(());
        }
    }
}

fn insert(
    database: &Database,
    table: Table,
    rows: Vec<(Vec<u8>, Vec<u8>)>,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut open = transaction.open_table(table.definition())?;
        for (key, value) in rows {
            open.insert(key.as_slice(), value.as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}
