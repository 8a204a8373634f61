//! The lines of the protocol: bytes to requests, answers to bytes. No reading and no writing.

use gardefou_core::config::Mode;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version that both ends speak.
pub const VERSION: u32 = 1;

/// The longest request, in bytes, its end of line included.
pub const LINE_MAX: usize = 4_096;

/// The longest reason, in characters.
pub const REASON_MAX: usize = 200;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How everything is.
    Status,
    /// What is held.
    Positions,
    /// What rests or is under way.
    Orders,
    /// The whole ledger.
    Export,
    /// No new entries.
    Pause(Reasoned),
    /// Entries again.
    Resume(Reasoned),
    /// Trip the session switch.
    Kill(Reasoned),
    /// Release a switch.
    Release(Release),
    /// End the daemon in good order; positions keep their stops on the exchange.
    Stop,
}

/// A book, or all, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasoned {
    /// Which book, as `status` names it; none = all.
    #[serde(default)]
    pub book: Option<String>,
    /// Why: for those who come later.
    pub reason: String,
}

/// A switch, and why. Exactly one of `book` and `global`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The session switch of this book.
    #[serde(default)]
    pub book: Option<String>,
    /// The global switch of this mode.
    #[serde(default)]
    pub global: Option<Mode>,
    /// Why.
    pub reason: String,
}

/// Why a request was not carried out; nothing has changed then, unless the kind says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{text}")]
pub struct Refused {
    /// Which sort.
    pub kind: RefusedKind,
    /// In words, with what to do.
    pub text: String,
}

/// Sorts of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusedKind {
    /// The line is no request.
    Malformed,
    /// The line is too long.
    TooLong,
    /// Another version of the protocol.
    Version,
    /// No such book, or several of that name.
    UnknownBook,
    /// The request contradicts itself, or says too little or too much.
    Invalid,
    /// Too many connections or requests.
    Busy,
    /// The daemon is ending.
    Stopping,
    /// It took too long: a change may have happened all the same.
    NoAnswer,
    /// The store cannot be read or written: a change may become durable later.
    Store,
}

impl Refused {
    /// A refusal.
    #[must_use]
    pub fn new(kind: RefusedKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    v: u32,
    ask: Request,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said<T> {
    v: u32,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    ok: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Refused>,
}

fn none<T>() -> Option<T> {
    None
}

/// Reads a request from a line, with or without its end.
///
/// # Errors
/// What is wrong with it, to be answered.
pub fn read_request(line: &[u8]) -> Result<Request, Refused> {
    if line.len() > LINE_MAX {
        return Err(too_long());
    }
    let malformed = |what: &dyn std::fmt::Display| {
        let text = format!("not a request: {what}; write {{\"v\":1,\"ask\":\"status\"}}");
        Refused::new(RefusedKind::Malformed, text)
    };
    let text = std::str::from_utf8(line).map_err(|error| malformed(&error))?;
    let version: Versioned = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    if version.v != VERSION {
        let text = format!(
            "version {} of the protocol was spoken, this daemon speaks {VERSION}; use the gardefou \
             of the same version",
            version.v
        );
        return Err(Refused::new(RefusedKind::Version, text));
    }
    let asked: Asked = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    check(&asked.ask)?;
    Ok(asked.ask)
}

/// A line that is longer than any request.
#[must_use]
pub fn too_long() -> Refused {
    let text = format!("the line is longer than {LINE_MAX} bytes; shorten the reason");
    Refused::new(RefusedKind::TooLong, text)
}

/// Checks what the types cannot.
///
/// # Errors
/// A reason that is missing, too long or not one line; a release of no switch, or of two.
pub fn check(request: &Request) -> Result<(), Refused> {
    let invalid = |text: String| Err(Refused::new(RefusedKind::Invalid, text));
    let reason = match request {
        Request::Pause(of) | Request::Resume(of) | Request::Kill(of) => &of.reason,
        Request::Release(of) => {
            if of.book.is_some() == of.global.is_some() {
                return invalid("name one switch: that of a book, or the global one".into());
            }
            &of.reason
        }
        Request::Status
        | Request::Positions
        | Request::Orders
        | Request::Export
        | Request::Stop => return Ok(()),
    };
    if reason.trim().is_empty() {
        return invalid("say why: the reason is shown to whoever looks later".into());
    }
    if reason.chars().count() > REASON_MAX {
        return invalid(format!("the reason is longer than {REASON_MAX} characters; shorten it"));
    }
    if reason.chars().any(char::is_control) {
        return invalid("the reason has an end of line or another control character".into());
    }
    Ok(())
}

/// The line of a request.
#[must_use]
pub fn write_request(request: &Request) -> Vec<u8> {
    line(&Asked { v: VERSION, ask: request.clone() })
}

/// The line of an answer.
#[must_use]
pub fn write_answer(answer: &impl Serialize) -> Vec<u8> {
    line(&Said { v: VERSION, ok: Some(answer), error: None })
}

/// The line of a refusal.
#[must_use]
pub fn write_refusal(refused: &Refused) -> Vec<u8> {
    line(&Said::<()> { v: VERSION, ok: None, error: Some(refused.clone()) })
}

/// Reads the answer to a request.
///
/// # Errors
/// The refusal; or the line is no answer, which is [`RefusedKind::Malformed`].
pub fn read_answer<T: DeserializeOwned>(line: &[u8]) -> Result<T, Refused> {
    let malformed = |what: String| {
        let text = format!("the daemon's answer cannot be read: {what}; are both of one version?");
        Refused::new(RefusedKind::Malformed, text)
    };
    let said: Said<T> =
        serde_json::from_slice(line).map_err(|error| malformed(error.to_string()))?;
    match (said.v, said.ok, said.error) {
        (VERSION, Some(answer), None) => Ok(answer),
        (VERSION, None, Some(refused)) => Err(refused),
        (VERSION, _, _) => Err(malformed("neither an answer nor an error".into())),
        (other, _, _) => Err(malformed(format!("version {other}"))),
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    // Every type here has JSON; were it not so, an empty line is no answer and is told as such.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
