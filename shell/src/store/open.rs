//! Opening a store: look at everything that a recovery needs on a copy, then open it for writing.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, StorageBackend};

use super::access::Store;
use super::alert::AlertRecord;
use super::durable_file;
use super::error::{Fault, StoreError};
use super::handle::{Handle, builder};
use super::journal::{Checkpoint, JournalRecord};
use super::lock::DirLock;
use super::medium::{FileMedium, Medium, Unsynced};
use super::meta::{Identity, SCHEMA, Tip, schema_key};
use super::options::OpenOptions;
use super::preview::Preview;
use super::record::{self, Record};
use super::snapshot::Snapshot;
use super::table::Table;

/// The name of the store in a data directory.
pub const STORE_FILE: &str = "gardefou.redb";

/// An open store and what a recovery starts from.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The last checkpoint.
    pub last_checkpoint: Option<Checkpoint>,
    /// The journal after it, its chain checked.
    pub tail: Vec<JournalRecord>,
    /// Whether all of the tail was written by this build, so that it may be replayed.
    pub tail_is_of_this_build: bool,
    /// Alerts that were not delivered.
    pub pending_alerts: Vec<AlertRecord>,
    /// What was found, for people.
    pub report: OpenReport,
}

/// What was found at opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Where.
    pub file: PathBuf,
    /// Whether it is new.
    pub created: bool,
    /// Which store.
    pub identity: Identity,
    /// How far it has come.
    pub tip: Tip,
    /// Its size, in bytes.
    pub bytes: u64,
}

impl Store {
    /// Opens the store of a data directory and takes its lock.
    ///
    /// # Errors
    /// In use, not there, not ours, of a newer version, damaged in what a recovery needs, or the
    /// system refuses. Nothing has been changed then.
    pub fn open(dir: &Path, options: &OpenOptions) -> Result<Opened, StoreError> {
        prepare(dir, options)?;
        let lock = DirLock::take(dir)?;
        let file = dir.join(STORE_FILE);
        let created = !durable_file::is_file(&file)?;
        if created {
            if !options.create {
                return Err(StoreError::file(&file, Fault::Missing));
            }
            create_file(dir, &file, options)?;
        }
        open_medium(&file, FileMedium(file.clone()), Some(lock), options, created)
    }

    /// Opens a store on another medium, which is made a new store when it is empty.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(medium: impl Medium, options: &OpenOptions) -> Result<Opened, StoreError> {
        let file = Path::new("(memory)");
        let fail = |error| StoreError::file(file, Fault::of_io(error));
        let created = medium.open().and_then(|bytes| bytes.len()).map_err(fail)? == 0;
        if created {
            create(file, &medium, options)?;
        }
        open_medium(file, medium, None, options, created)
    }
}

fn prepare(dir: &Path, options: &OpenOptions) -> Result<(), StoreError> {
    let made = if options.create { fs::create_dir_all(dir) } else { Ok(()) };
    let fail = |fault| StoreError::file(dir, fault);
    match fs::metadata(dir) {
        Ok(there) if there.is_dir() => Ok(()),
        Ok(_) => Err(fail(Fault::NotFolder)),
        Err(error) => Err(fail(Fault::of_io(made.err().unwrap_or(error)))),
    }
}

/// A new store appears under its name only when it is whole.
fn create_file(dir: &Path, file: &Path, options: &OpenOptions) -> Result<(), StoreError> {
    durable_file::appear(dir, file, |partial| create(partial, &FileMedium(partial.into()), options))
}

fn create(file: &Path, medium: &dyn Medium, options: &OpenOptions) -> Result<(), StoreError> {
    let fail = |fault| StoreError::file(file, fault);
    let bytes = Unsynced::fresh(medium).map_err(|error| fail(Fault::of_io(error)))?;
    let database =
        builder().create_with_backend(bytes).map_err(|error| fail(Fault::of_redb(error)))?;
    let identity = Identity::new(options.now, &options.build, &file.display().to_string());
    let rows = [
        (schema_key(), SCHEMA.to_string().into_bytes()),
        record::encode(file, &identity)?,
        record::encode(file, &Tip::start(&identity))?,
    ];
    fill(&database, &rows).map_err(|error| fail(Fault::of_redb(error)))?;
    database.close().map_err(|error| fail(Fault::of_redb(error)))
}

fn fill(database: &Database, meta: &[(super::key::Key, Vec<u8>)]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for table in Table::ALL {
        transaction.open_table(table.definition())?;
    }
    {
        let mut table = transaction.open_table(Identity::TABLE.definition())?;
        for (key, value) in meta {
            table.insert(key.bytes(), value.as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn open_medium(
    file: &Path,
    medium: impl Medium,
    lock: Option<DirLock>,
    options: &OpenOptions,
    created: bool,
) -> Result<Opened, StoreError> {
    let medium = Unsynced::new(medium);
    let found = look(file, &medium, recovery)?;
    let handle = Handle::open(file, medium, lock, options)?;
    let first = found.last_checkpoint.as_ref().map_or(1, |checkpoint| checkpoint.seq + 1);
    let tip = &found.tip;
    let ours = tip.build == options.build && tip.build_since <= first;
    Ok(Opened {
        tail_is_of_this_build: found.tail.is_empty() || ours,
        report: OpenReport {
            file: file.into(),
            created,
            identity: found.identity,
            tip: found.tip,
            bytes: found.bytes,
        },
        store: Store::new(Arc::new(handle)),
        last_checkpoint: found.last_checkpoint,
        tail: found.tail,
        pending_alerts: found.pending_alerts,
    })
}

struct Found {
    identity: Identity,
    tip: Tip,
    bytes: u64,
    last_checkpoint: Option<Checkpoint>,
    tail: Vec<JournalRecord>,
    pending_alerts: Vec<AlertRecord>,
}

fn recovery((snapshot, bytes): (&Snapshot, u64)) -> Result<Found, StoreError> {
    let last_checkpoint = snapshot.last_checkpoint()?;
    Ok(Found {
        identity: snapshot.identity()?,
        tip: snapshot.tip()?,
        bytes,
        tail: snapshot.tail(last_checkpoint.as_ref())?,
        last_checkpoint,
        pending_alerts: snapshot.pending_alerts()?,
    })
}

/// Looks at a store without changing a byte of it: first every page, then the schema, then what
/// `see` wants to see.
pub(super) fn look<T>(
    file: &Path,
    medium: &Unsynced,
    see: impl FnOnce((&Snapshot, u64)) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let fail = |fault| StoreError::file(file, fault);
    let bytes = medium.plain().map_err(|error| fail(Fault::of_io(error)))?;
    let size = begins_like_a_store(&*bytes).map_err(fail)?;
    let preview = Preview::new(bytes).map_err(|error| fail(Fault::of_io(error)))?;
    // A damaged file may trip an assertion of the database; that must not end the process.
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let database = builder()
            .set_check_integrity_on_open(true)
            .create_with_backend(preview)
            .map_err(|error| fail(Fault::of_redb(error)))?;
        let snapshot = Snapshot::of(&database, file)?;
        let found = snapshot.schema()?;
        if found > SCHEMA {
            return Err(fail(Fault::NewerSchema { found, known: SCHEMA }));
        }
        see((&snapshot, size))
    }));
    looked.unwrap_or_else(|panic| Err(fail(Fault::Panicked(said(&*panic)))))
}

/// What a panic said.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".into())
}

fn begins_like_a_store(bytes: &dyn StorageBackend) -> Result<u64, Fault> {
    const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
    let size = bytes.len().map_err(Fault::of_io)?;
    if size == 0 {
        return Err(Fault::Empty);
    }
    let mut start = [0; MAGIC.len()];
    if size < start.len() as u64 {
        return Err(Fault::NotAStore);
    }
    bytes.read(0, &mut start).map_err(Fault::of_io)?;
    if start == MAGIC { Ok(size) } else { Err(Fault::NotAStore) }
}
