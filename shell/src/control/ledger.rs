//! The export: every row of the ledger, as lines of JSON or as a table of comma-separated values.

use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::store::{
    CycleRecord, FillRecord, FundingRecord, OrderRecord, Record, Snapshot, StoreError,
};

/// Bytes that are handed over together.
const CHUNK: usize = 64 << 10;

/// A row of the ledger with the name of its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "table", rename_all = "snake_case")]
pub enum LedgerRow {
    /// An order as last known.
    Orders(OrderRecord),
    /// An execution.
    Fills(FillRecord),
    /// The result of a cycle.
    Cycles(CycleRecord),
    /// A settlement.
    Funding(FundingRecord),
}

/// A table of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LedgerTable {
    /// Orders as last known.
    Orders,
    /// Executions.
    Fills,
    /// Results of cycles.
    Cycles,
    /// Settlements.
    Funding,
}

impl LedgerRow {
    /// Its table.
    #[must_use]
    pub fn table(&self) -> LedgerTable {
        match self {
            Self::Orders(_) => LedgerTable::Orders,
            Self::Fills(_) => LedgerTable::Fills,
            Self::Cycles(_) => LedgerTable::Cycles,
            Self::Funding(_) => LedgerTable::Funding,
        }
    }
}

/// Why an export is not whole.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row has no such form.
    #[error("a row cannot be written: {0}; this is a bug")]
    Row(String),
    /// Nobody takes the rows any more.
    #[error("the reader went away")]
    Gone,
    /// Writing failed.
    #[error("writing the export failed ({0}); check where it goes to")]
    Write(io::Error),
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Gone } else { Self::Write(error) }
    }
}

/// Hands the ledger over as lines of JSON, in pieces; the answer is the number of rows. Tables come
/// one after the other, rows in the order of their keys.
///
/// # Errors
/// A row cannot be read, or `take` answers false.
pub fn read(
    snapshot: &Snapshot,
    mut take: impl FnMut(Vec<u8>) -> bool,
) -> Result<u64, ExportError> {
    let (mut rows, mut chunk) = (0, Vec::new());
    each(snapshot, |row| {
        serde_json::to_writer(&mut chunk, &row)
            .map_err(|error| ExportError::Row(error.to_string()))?;
        chunk.push(b'\n');
        rows += 1;
        let full = chunk.len() >= CHUNK;
        if full && !take(std::mem::take(&mut chunk)) { Err(ExportError::Gone) } else { Ok(()) }
    })?;
    if !chunk.is_empty() && !take(chunk) {
        return Err(ExportError::Gone);
    }
    Ok(rows)
}

/// Every row of the ledger, table by table.
///
/// # Errors
/// A row cannot be read, or `see` fails.
pub fn each(
    snapshot: &Snapshot,
    mut see: impl FnMut(LedgerRow) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    table::<OrderRecord>(snapshot, |row| see(LedgerRow::Orders(row)))?;
    table::<FillRecord>(snapshot, |row| see(LedgerRow::Fills(row)))?;
    table::<CycleRecord>(snapshot, |row| see(LedgerRow::Cycles(row)))?;
    table::<FundingRecord>(snapshot, |row| see(LedgerRow::Funding(row)))
}

fn table<R: Record + 'static>(
    snapshot: &Snapshot,
    mut see: impl FnMut(R) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    for row in snapshot.rows::<R>()? {
        see(row?)?;
    }
    Ok(())
}

/// How rows are written for people and programs.
pub enum Writer<W: io::Write> {
    /// A row a line, with the name of its table.
    Lines(W, Option<LedgerTable>),
    /// One table, its columns named in the first line.
    Csv(Box<csv::Writer<W>>, LedgerTable),
}

impl<W: io::Write> Writer<W> {
    /// Lines of JSON, of one table or of all.
    pub fn lines(out: W, only: Option<LedgerTable>) -> Self {
        Self::Lines(out, only)
    }

    /// Comma-separated values of one table.
    pub fn csv(out: W, table: LedgerTable) -> Self {
        Self::Csv(Box::new(csv::Writer::from_writer(out)), table)
    }

    /// Writes a row, unless it is of another table.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn row(&mut self, row: &LedgerRow) -> Result<(), ExportError> {
        match self {
            Self::Lines(out, only) if only.is_none_or(|only| only == row.table()) => {
                let text = serde_json::to_string(row)
                    .map_err(|error| ExportError::Row(error.to_string()))?;
                Ok(writeln!(out, "{text}")?)
            }
            Self::Csv(out, only) if *only == row.table() => match row {
                LedgerRow::Orders(row) => out.serialize(row),
                LedgerRow::Fills(row) => out.serialize(row),
                LedgerRow::Cycles(row) => out.serialize(row),
                LedgerRow::Funding(row) => out.serialize(row),
            }
            .map_err(of_csv),
            Self::Lines(..) | Self::Csv(..) => Ok(()),
        }
    }

    /// Everything is written.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(self) -> Result<(), ExportError> {
        match self {
            Self::Lines(mut out, _) => Ok(out.flush()?),
            Self::Csv(mut out, _) => Ok(out.flush()?),
        }
    }
}

fn of_csv(error: csv::Error) -> ExportError {
    let text = error.to_string();
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        error.into()
    } else {
        ExportError::Row(text)
    }
}
