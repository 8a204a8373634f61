//! The control socket: how the owner of a running daemon looks at it and asks of it.
//!
//! # Protocol
//!
//! A Unix domain socket, [`SOCKET_FILE`] in the data directory, for the user alone who runs the
//! daemon: the file has mode 0600, and the kernel's word on who connects is compared besides. One
//! JSON object per line, in UTF-8, each with the version [`VERSION`]:
//!
//! ```text
//! → {"v":1,"ask":"status"}                     also "positions", "orders", "export", "stop"
//! → {"v":1,"ask":{"pause":{"book":"grid_atr","reason":"new settings"}}}    also resume, kill
//! → {"v":1,"ask":{"release":{"global":"live","reason":"looked at it"}}}    or "book":"…"
//! ← {"v":1,"ok":{…}}
//! ← {"v":1,"error":{"kind":"unknown_book","text":"…"}}
//! ```
//!
//! No book means all of them. An export answers with one line per row, `{"table":"fills",…}`, and
//! ends with `{"v":1,"ok":{"rows":n}}`; without that line it is not whole. A change of
//! the engine is answered once it is durable, `stop` when the daemon begins to end.
//!
//! A line has at most [`LINE_MAX`] bytes, a connection a deadline, and there are only so many
//! connections at once: who comes then is told so. What is no request is answered with an error,
//! and the connection closed; the daemon's loop never sees it.
//!
//! [`protocol`] is the lines, [`door`] the file, [`server`] connections, [`act`] turns requests into
//! events and [`look`] an engine into [`answers`], [`ledger`] is the export, [`client`] the other end.
//! Nothing here decides anything of trading.

pub mod act;
pub mod answers;
pub mod client;
pub mod door;
pub mod ledger;
pub mod look;
pub mod protocol;
pub mod server;

#[cfg(test)]
mod tests;

pub use act::{Task, outcome, take};
pub use door::{Door, DoorError, SOCKET_FILE};
pub use look::Vitals;
pub use protocol::{LINE_MAX, Refused, RefusedKind, Request, VERSION};
pub use server::{Ask, Limits, Reply, serve};
