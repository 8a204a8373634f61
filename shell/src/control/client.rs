//! The other end of the socket: one question, one answer, never waiting for ever.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::answers::Rows;
use super::door::SOCKET_FILE;
use super::ledger::{ExportError, LedgerRow};
use super::protocol::{self, Refused, Request};

/// Longer than the daemon takes for anything.
const PATIENCE: Duration = Duration::from_secs(45);

/// The longest line of an answer, in bytes.
const ANSWER_MAX: u64 = 64 << 20;

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody is there.
    #[error("{}: no daemon runs here", .0.display())]
    NotRunning(PathBuf),
    /// Somebody is there, and not for us.
    #[error("{}: the daemon may not be asked ({why}); it answers its owner alone", path.display())]
    NotAllowed {
        /// Which socket.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The connection failed: whether a change was taken is not known.
    #[error("{}: the daemon did not answer ({why}); whether a change was taken, `status` will say", path.display())]
    Broken {
        /// Which socket.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The daemon said no.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The rows of an export could not be written.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// Asks the daemon of a data directory.
///
/// # Errors
/// [`ClientError`].
pub fn ask<T: DeserializeOwned>(dir: &Path, request: &Request) -> Result<T, ClientError> {
    let mut line = Conversation::start(dir, request)?;
    Ok(protocol::read_answer(&line.next()?)?)
}

/// Asks for the ledger; rows are handed over as they come.
///
/// # Errors
/// [`ClientError`]; rows were handed over before.
pub fn export(
    dir: &Path,
    mut see: impl FnMut(LedgerRow) -> Result<(), ExportError>,
) -> Result<Rows, ClientError> {
    let mut lines = Conversation::start(dir, &Request::Export)?;
    let mut rows = 0;
    loop {
        let line = lines.next()?;
        if let Ok(row) = serde_json::from_slice(&line) {
            rows += 1;
            see(row)?;
            continue;
        }
        let end: Rows = protocol::read_answer(&line)?;
        if end.rows == rows {
            return Ok(end);
        }
        let why = io::Error::other(format!("{rows} rows of {} came", end.rows));
        return Err(ClientError::Broken { path: lines.path, why });
    }
}

struct Conversation {
    path: PathBuf,
    lines: BufReader<UnixStream>,
}

impl Conversation {
    fn start(dir: &Path, request: &Request) -> Result<Self, ClientError> {
        let path = dir.join(SOCKET_FILE);
        let mut stream = match UnixStream::connect(&path) {
            Ok(stream) => stream,
            Err(why) => return Err(refused(dir, path, why)),
        };
        let asked = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .and_then(|()| stream.write_all(&protocol::write_request(request)));
        match asked {
            // Turned away before it could ask: the reason is there to be read.
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
                Err(ClientError::Broken { path, why })
            }
            _ => Ok(Self { path, lines: BufReader::new(stream) }),
        }
    }

    fn next(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut line = Vec::new();
        let fail = |why| ClientError::Broken { path: self.path.clone(), why };
        let lines = Read::by_ref(&mut self.lines);
        lines.take(ANSWER_MAX).read_until(b'\n', &mut line).map_err(fail)?;
        if line.pop_if(|last| *last == b'\n').is_some() {
            return Ok(line);
        }
        Err(fail(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection")))
    }
}

/// Why nobody could be reached.
fn refused(dir: &Path, path: PathBuf, why: io::Error) -> ClientError {
    let kind = why.kind();
    if matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
        ClientError::NotRunning(dir.into())
    } else if kind == io::ErrorKind::PermissionDenied {
        ClientError::NotAllowed { path, why }
    } else {
        ClientError::Broken { path, why }
    }
}
