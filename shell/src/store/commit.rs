//! Writing: batches in their order, in one transaction, each exactly once.

use std::path::Path;
use std::sync::Arc;

use redb::{Durability, WriteTransaction};

use super::apply;
use super::batch::{Batch, Receipt};
use super::desk::Desk;
use super::error::{Fault, StoreError};
use super::handle::Handle;
use super::key::Key;
use super::meta::Tip;
use super::migrate;

/// A batch and its place among all batches of the store, from 1.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub number: u64,
    pub batch: Arc<Batch>,
}

/// The one that writes.
#[derive(Debug)]
pub(super) struct Committer {
    handle: Arc<Handle>,
    /// The first batch of a commit that failed, and what it would have answered for each: some may
    /// be in the file nevertheless.
    in_doubt: Option<(u64, Vec<Receipt>)>,
}

impl Committer {
    pub(super) fn new(handle: Arc<Handle>) -> Self {
        Self { handle, in_doubt: None }
    }

    /// Writes batches in one transaction. After a failure the database is closed, and the same
    /// batches, or more, must be given again: those that are in the file already are not repeated.
    pub(super) fn write(&mut self, batches: &[Numbered]) -> Result<Vec<Receipt>, StoreError> {
        let written = self.try_write(batches);
        if written.is_err() {
            self.handle.close();
        }
        written
    }

    /// Closes the database after it stopped at an assertion of its own.
    pub(super) fn give_up(&self) {
        self.handle.close();
    }

    fn try_write(&mut self, batches: &[Numbered]) -> Result<Vec<Receipt>, StoreError> {
        self.handle.reopen()?;
        let handle = Arc::clone(&self.handle);
        handle.with(|database| {
            let fail = |error| handle.error(error);
            let mut transaction =
                database.begin_write().map_err(|error| fail(Fault::of_redb(error)))?;
            transaction
                .set_durability(Durability::Immediate)
                .map_err(|error| fail(Fault::of_redb(error)))?;
            let receipts = self.fill(&handle, &transaction, batches)?;
            self.in_doubt = batches.first().map(|first| (first.number, receipts.clone()));
            transaction.commit().map_err(|error| fail(Fault::of_redb(error)))?;
            self.in_doubt = None;
            Ok(receipts)
        })
    }

    /// Puts into the transaction what is not in the file; the answer is for all batches.
    fn fill(
        &self,
        handle: &Handle,
        transaction: &WriteTransaction,
        batches: &[Numbered],
    ) -> Result<Vec<Receipt>, StoreError> {
        let desk = Desk { transaction, file: &handle.file };
        migrate::migrate(&desk)?;
        let mut tip = read_tip(&desk)?;
        let mut receipts = self.known(tip.batches);
        for numbered in batches.iter().skip(receipts.len()) {
            if numbered.number != tip.batches + 1 {
                let (expected, found) = (tip.batches + 1, numbered.number);
                return Err(handle.error(Fault::OutOfSequence { expected, found }));
            }
            receipts.push(apply::apply(&desk, &handle.options, &mut tip, &numbered.batch)?);
            tip.batches = numbered.number;
        }
        desk.put(&tip)?;
        Ok(receipts)
    }

    /// The answers for batches that are in the file, which ends at batch `written`.
    fn known(&self, written: u64) -> Vec<Receipt> {
        let Some((first, receipts)) = &self.in_doubt else { return Vec::new() };
        let numbers = *first..=written;
        numbers.zip(receipts).map(|(_, receipt)| receipt.clone()).collect()
    }
}

fn read_tip(desk: &Desk<'_>) -> Result<Tip, StoreError> {
    let key = Key::new().text("tip");
    desk.find(&key)?.ok_or_else(|| no_tip(desk.file, &key))
}

fn no_tip(file: &Path, key: &Key) -> StoreError {
    StoreError::row(file, super::table::Table::Meta, key.bytes(), Fault::NoRow)
}
