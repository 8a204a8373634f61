//! What is said of a transcript that cannot be run: where, what, and what to write instead.

use thiserror::Error;

/// A transcript that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name}:{line}:{column}: {what}; {instead}")]
pub struct TranscriptError {
    /// The transcript as it was named to us.
    pub name: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub instead: String,
}

/// The same before the name is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) what: String,
    pub(super) instead: String,
}

impl Fault {
    pub(super) fn of(self, name: &str) -> TranscriptError {
        let Self { line, column, what, instead } = self;
        TranscriptError { name: name.to_owned(), line, column, what, instead }
    }
}
