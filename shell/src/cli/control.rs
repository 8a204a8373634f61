//! `gardefou status`, `positions`, `orders`, `pause`, `resume`, `kill`, `release`, `export`, `stop`:
//! asking a running daemon. Without one, what only looks reads the last checkpoint, says so, and ends
//! with exit code 6, so that no script takes a dead daemon for a living one.

mod options;
mod stored;
pub(crate) mod tables;

use std::io::BufWriter;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use options::{
    DataOptions, ExportOptions, Format, LookOptions, ReasonOptions, ReleaseOptions,
};

use super::{Failure, Out};
use crate::control::answers::{Changed, Source, Status};
use crate::control::client::{self, ClientError};
use crate::control::ledger::{self, ExportError, Writer};
use crate::control::protocol::{self, Reasoned, Release};
use crate::control::{Refused, RefusedKind, Request, look};
use stored::Stored;

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotRunning(dir) => Self::NotRunning(format!(
                "{}: no daemon runs here; start it, or check --data",
                dir.display()
            )),
            ClientError::Refused(refused) => Self::from(refused),
            ClientError::NotAllowed { .. }
            | ClientError::Broken { .. }
            | ClientError::Export(_) => Self::Unreadable(error.to_string()),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused.kind {
            RefusedKind::Store | RefusedKind::NoAnswer => Self::Unreadable(refused.text),
            RefusedKind::Malformed
            | RefusedKind::TooLong
            | RefusedKind::Version
            | RefusedKind::UnknownBook
            | RefusedKind::Invalid
            | RefusedKind::Busy
            | RefusedKind::Stopping => Self::Failed(refused.text),
        }
    }
}

pub(super) fn status(options: &LookOptions, out: &mut Out) -> Result<(), Failure> {
    let build = |stored: &Stored| look::status(&stored.engine, &stored.vitals);
    looked(options, out, &Request::Status, build, |status: &Status| tables::status(status))
}

pub(super) fn positions(options: &LookOptions, out: &mut Out) -> Result<(), Failure> {
    let build = |stored: &Stored| look::positions(&stored.engine, &stored.vitals);
    looked(options, out, &Request::Positions, build, tables::positions)
}

pub(super) fn orders(options: &LookOptions, out: &mut Out) -> Result<(), Failure> {
    let build = |stored: &Stored| look::orders(&stored.engine, &stored.vitals);
    looked(options, out, &Request::Orders, build, tables::orders)
}

/// Asks the daemon, or the checkpoint that a daemon left; shows the answer.
fn looked<T: Serialize + DeserializeOwned>(
    options: &LookOptions,
    out: &mut Out,
    request: &Request,
    build: impl FnOnce(&Stored) -> T,
    show: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    let dir = &options.data.data;
    let (answer, source): (T, _) = match client::ask(dir, request) {
        Ok(answer) => (answer, Source::Daemon),
        Err(ClientError::NotRunning(_)) => (build(&Stored::open(dir)?), Source::Checkpoint),
        Err(error) => return Err(error.into()),
    };
    if options.json {
        out.json(&answer)?;
    } else {
        out.write(&show(&answer))?;
    }
    match source {
        Source::Daemon => Ok(()),
        Source::Checkpoint => Err(Failure::NotRunning(format!(
            "{}: no daemon runs here; this is its last checkpoint",
            dir.display()
        ))),
    }
}

pub(super) fn pause(options: &ReasonOptions, out: &mut Out) -> Result<(), Failure> {
    changed(&options.data, options.json, out, &Request::Pause(reasoned(options)))
}

pub(super) fn resume(options: &ReasonOptions, out: &mut Out) -> Result<(), Failure> {
    changed(&options.data, options.json, out, &Request::Resume(reasoned(options)))
}

pub(super) fn kill(options: &ReasonOptions, out: &mut Out) -> Result<(), Failure> {
    changed(&options.data, options.json, out, &Request::Kill(reasoned(options)))
}

fn reasoned(options: &ReasonOptions) -> Reasoned {
    Reasoned { book: options.book.clone(), reason: options.reason.clone() }
}

pub(super) fn release(options: &ReleaseOptions, out: &mut Out) -> Result<(), Failure> {
    let (book, global) = (options.book.clone(), options.global.map(Into::into));
    let request = Request::Release(Release { book, global, reason: options.reason.clone() });
    changed(&options.data, options.json, out, &request)
}

pub(super) fn stop(options: &LookOptions, out: &mut Out) -> Result<(), Failure> {
    changed(&options.data, options.json, out, &Request::Stop)
}

fn changed(
    data: &DataOptions,
    json: bool,
    out: &mut Out,
    request: &Request,
) -> Result<(), Failure> {
    protocol::check(request)?;
    let changed: Changed = client::ask(&data.data, request)?;
    if json { out.json(&changed) } else { out.write(&tables::changed(&changed)) }
}

pub(super) fn export(options: &ExportOptions, out: &mut Out) -> Result<(), Failure> {
    let writer = BufWriter::new(&mut out.stdout);
    let mut rows = match (options.format, options.table) {
        (Format::Csv, Some(table)) => Writer::csv(writer, table),
        (Format::Csv, None) | (Format::Lines, _) => Writer::lines(writer, options.table),
    };
    match client::export(&options.data.data, |row| rows.row(&row)) {
        Ok(_) => {}
        // As with every verb, a reader that has seen enough ends it quietly.
        Err(ClientError::Export(ExportError::Gone)) => return Ok(()),
        // The ledger is whole in the store: nothing is missing when no daemon runs.
        Err(ClientError::NotRunning(_)) => stored_rows(&options.data.data, &mut rows)?,
        Err(error) => return Err(error.into()),
    }
    whole(rows.finish())
}

/// An export that its reader left is no failure.
fn whole(written: Result<(), ExportError>) -> Result<(), Failure> {
    match written {
        Ok(()) | Err(ExportError::Gone) => Ok(()),
        Err(error) => Err(Failure::Unreadable(error.to_string())),
    }
}

fn stored_rows<W: std::io::Write>(dir: &Path, rows: &mut Writer<W>) -> Result<(), Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::Unreadable(error.to_string());
    // Open until the last row is read.
    let store = stored::store(dir)?.store;
    let snapshot = store.snapshot().map_err(|error| unreadable(&error))?;
    whole(ledger::each(&snapshot, |row| rows.row(&row)))
}
