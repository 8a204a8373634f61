//! Connections: each is read, asked on behalf of, and answered by a task of its own; the daemon's
//! loop sees nothing but whole requests in a bounded channel.

use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::answers::{Changed, Orders, Positions, Rows, Status};
use super::door::Door;
use super::ledger;
use super::protocol::{self, LINE_MAX, Refused, RefusedKind, Request};
use crate::store::Snapshot;

/// A request that waits for the daemon's loop.
#[derive(Debug)]
pub struct Ask {
    /// What.
    pub request: Request,
    /// By whom: the user that the kernel vouches for.
    pub by: String,
    /// Where the answer goes; nobody may be waiting any more.
    pub reply: oneshot::Sender<Reply>,
}

/// An answer of the loop.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// To `status`.
    Status(Box<Status>),
    /// To `positions`.
    Positions(Positions),
    /// To `orders`.
    Orders(Orders),
    /// To what changes something, once it is durable.
    Changed(Changed),
    /// To `export`: rows are read from it beside the loop.
    #[serde(skip)]
    Ledger(Box<Snapshot>),
    /// No.
    #[serde(skip)]
    Refused(Refused),
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Positions(positions) => positions.fmt(f),
            Self::Orders(orders) => orders.fmt(f),
            Self::Changed(changed) => changed.fmt(f),
            Self::Ledger(_) => f.write_str("Ledger"),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

/// How much the server lets happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// A connection lives this long; an export, as long as its reader takes rows.
    pub deadline: Duration,
    /// How long a reader may take for a piece of an answer.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16,
            deadline: Duration::from_secs(30),
            patience: Duration::from_secs(10),
        }
    }
}

/// Serves until it is dropped; connections end with it.
///
/// # Errors
/// The socket cannot be listened to at all.
pub async fn serve(door: &Door, asks: mpsc::Sender<Ask>, limits: Limits) -> io::Result<()> {
    let listener = door.listener()?;
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = guests.join_next() => {}
            came = listener.accept() => match came {
                Ok((stream, _)) => {
                    if !is_owner(&stream, door.owner()) {
                        continue; // Not a word to strangers.
                    }
                    if guests.len() >= limits.connections {
                        turn_away(&stream);
                        continue;
                    }
                    let by = door.owner_name().to_owned();
                    guests.spawn(Guest { asks: asks.clone(), by, limits }.attend(stream));
                }
                Err(why) => {
                    // Out of descriptors, mostly: those who are here will leave.
                    tracing::warn!(%why, "a control connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
}

pub(super) fn is_owner(stream: &UnixStream, owner: u32) -> bool {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == owner => true,
        Ok(peer) => {
            tracing::warn!(uid = peer.uid(), "another user tried the control socket");
            false
        }
        Err(why) => {
            tracing::warn!(%why, "a control connection of nobody");
            false
        }
    }
}

/// Says that there is no room, as far as that can be said without waiting.
fn turn_away(stream: &UnixStream) {
    let text = "too many connections; try again in a moment";
    let line = protocol::write_refusal(&Refused::new(RefusedKind::Busy, text));
    if stream.try_write(&line).is_err() {
        tracing::debug!("a control connection left before it was turned away");
    }
}

/// One connection.
struct Guest {
    asks: mpsc::Sender<Ask>,
    by: String,
    limits: Limits,
}

impl Guest {
    async fn attend(self, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::with_capacity(LINE_MAX, read);
        let until = Instant::now() + self.limits.deadline;
        // Who is silent at the deadline is left without a word.
        while let Ok(Some(line)) = timeout_at(until, next_line(&mut read)).await {
            let reply = match line.and_then(|line| protocol::read_request(&line)) {
                Ok(request) => self.ask(request, until).await,
                Err(refused) => {
                    self.say(&mut write, &protocol::write_refusal(&refused)).await;
                    return;
                }
            };
            let told = match reply {
                Reply::Refused(refused) => {
                    self.say(&mut write, &protocol::write_refusal(&refused)).await
                }
                Reply::Ledger(snapshot) => self.stream(&mut write, *snapshot).await,
                reply @ (Reply::Status(_)
                | Reply::Positions(_)
                | Reply::Orders(_)
                | Reply::Changed(_)) => self.say(&mut write, &protocol::write_answer(&reply)).await,
            };
            if !told {
                return;
            }
        }
    }

    async fn ask(&self, request: Request, until: Instant) -> Reply {
        let (reply, answer) = oneshot::channel();
        let refuse = |kind, text: &str| Reply::Refused(Refused::new(kind, text));
        match self.asks.try_send(Ask { request, by: self.by.clone(), reply }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                let text = "too many requests wait; try again in a moment";
                return refuse(RefusedKind::Busy, text);
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return refuse(RefusedKind::Stopping, "the daemon is ending");
            }
        }
        match timeout_at(until, answer).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => refuse(RefusedKind::Stopping, "the daemon is ending"),
            Err(_) => {
                let text = "no answer in time; what was asked may happen all the same: look at the \
                            status, and at the log";
                refuse(RefusedKind::NoAnswer, text)
            }
        }
    }

    /// Rows are read beside the runtime and wait here for their reader, a few at a time.
    async fn stream(&self, write: &mut OwnedWriteHalf, snapshot: Snapshot) -> bool {
        let (send, mut lines) = mpsc::channel::<Vec<u8>>(4);
        let reading = tokio::task::spawn_blocking(move || {
            ledger::read(&snapshot, |chunk| send.blocking_send(chunk).is_ok())
        });
        while let Some(chunk) = lines.recv().await {
            if !self.say(write, &chunk).await {
                return false;
            }
        }
        let last = match reading.await {
            Ok(Ok(rows)) => protocol::write_answer(&Rows { rows }),
            Ok(Err(error)) => {
                protocol::write_refusal(&Refused::new(RefusedKind::Store, error.to_string()))
            }
            Err(_) => return false,
        };
        self.say(write, &last).await
    }

    /// False when the reader is gone or too slow.
    async fn say(&self, write: &mut OwnedWriteHalf, bytes: &[u8]) -> bool {
        matches!(timeout(self.limits.patience, write.write_all(bytes)).await, Ok(Ok(())))
    }
}

/// The next line; none when the other end is done. The rest of a line that is too long stays unread.
async fn next_line(read: &mut BufReader<OwnedReadHalf>) -> Option<Result<Vec<u8>, Refused>> {
    let mut line = Vec::new();
    let most = LINE_MAX as u64 + 1;
    let count = read.take(most).read_until(b'\n', &mut line).await.ok()?;
    match line.pop_if(|last| *last == b'\n') {
        Some(_) if line.len() < LINE_MAX => Some(Ok(line)),
        _ if count == 0 => None,
        _ if count > LINE_MAX => Some(Err(protocol::too_long())),
        _ => {
            let text = "the line has no end: the connection was closed within it";
            Some(Err(Refused::new(RefusedKind::Malformed, text)))
        }
    }
}
