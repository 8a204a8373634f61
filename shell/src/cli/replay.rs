//! `gardefou replay`: transcripts and journals, what came of each, for people or as JSON.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::options::ReplayOptions;
use super::{Failure, Out};
use crate::daemon;
use crate::daemon::replayed::{self, Replayed};
use crate::transcript::{self, Outcome, Report};

/// What `replay --json` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplayResult {
    /// Name and version of this format.
    pub format: ReplayFormat,
    /// Version of the program.
    pub version: String,
    /// Transcripts that passed or were rewritten.
    pub passed: u64,
    /// Transcripts that did not.
    pub failed: u64,
    /// Every file, in the order in which they were run.
    pub files: Vec<ReplayedFile>,
    /// Every data directory whose journal was replayed, in the order in which they were named.
    pub journals: Vec<ReplayedJournal>,
}

/// The journal of one data directory, through the engine alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplayedJournal {
    /// The data directory.
    pub data: String,
    /// The step of the oldest checkpoint, from whose state on it was replayed.
    pub from: u64,
    /// The last step.
    pub to: u64,
    /// Events that the engine was told.
    pub events: u64,
    /// Checkpoints on the way whose state was the one reached.
    pub checkpoints: u64,
    /// Checkpoints at which the run had gone on from an earlier state: another build, or
    /// `--from-checkpoint`.
    pub resumed: u64,
    /// SHA-256 of the engine's state at the end, as `run --json` and `backtest --json` have it.
    pub state_hash: String,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum ReplayFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-replay/1")]
    V1,
}

/// One transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplayedFile {
    /// Its path.
    pub file: String,
    /// What came of it.
    pub outcome: ReplayOutcome,
    /// What differs or is wrong, for people; null when nothing is.
    pub message: Option<String>,
    /// Line of the first answer that differs, or of what cannot be understood, from 1.
    pub line: Option<u64>,
    /// Answers that differ, the first included.
    pub differences: u64,
}

/// What came of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayOutcome {
    /// Every answer is the one in the file.
    Passed,
    /// The file was rewritten with the answers as they are now.
    Rewritten,
    /// An answer differs.
    Differs,
    /// It cannot be run.
    Invalid,
    /// It cannot be read or written.
    Unreadable,
}

pub(super) fn run(options: &ReplayOptions, out: &mut Out) -> Result<(), Failure> {
    let (data, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        options.paths.iter().cloned().partition(|path| replayed::is_data(path));
    let mut journals = Vec::with_capacity(data.len());
    for dir in &data {
        journals.push(journal(dir, &replayed::replay(dir, super::now()?, daemon::BUILD)?));
    }
    let only_journals = paths.is_empty();
    let report = transcript::replay(&paths, options.rewrite);
    if options.json {
        out.json(&result(&report, journals))?;
    } else {
        let lines: String = journals.iter().map(said).collect();
        let of_files = if only_journals { String::new() } else { format!("{report}\n") };
        out.write(&format!("{lines}{of_files}"))?;
    }
    if only_journals || report.is_success() {
        return Ok(());
    }
    let unreadable = report.files.iter().find_map(|(path, outcome)| match outcome {
        Outcome::Unreadable(error) => Some(unreadable(path, error)),
        Outcome::Passed | Outcome::Rewritten | Outcome::Differs(..) | Outcome::Invalid(_) => None,
    });
    if let Some(text) = unreadable {
        return Err(Failure::Unreadable(text));
    }
    let (failed, total) = (report.failed(), report.files.len());
    Err(Failure::Failed(if total == 0 {
        "no transcript was found; name files that end in .txt, or folders that hold some".to_owned()
    } else {
        format!("{failed} of {total} transcripts failed")
    }))
}

fn journal(dir: &Path, replayed: &Replayed) -> ReplayedJournal {
    ReplayedJournal {
        data: dir.display().to_string(),
        from: replayed.from,
        to: replayed.to,
        events: replayed.to - replayed.from,
        checkpoints: replayed.checkpoints,
        resumed: replayed.resumed,
        state_hash: replayed.state_hash.to_string(),
    }
}

fn said(journal: &ReplayedJournal) -> String {
    let ReplayedJournal { data, from, events, checkpoints, resumed, state_hash, .. } = journal;
    let resumed = match resumed {
        0 => String::new(),
        count => format!(", {count} times gone on from an earlier checkpoint"),
    };
    format!(
        "{data}: {events} events after step {from} gave the same commands, {checkpoints} \
         checkpoints the same state{resumed}\nState {state_hash}\n"
    )
}

/// Why a file cannot be read or written, and what to do.
fn unreadable(path: &Path, error: &Error) -> String {
    let kind = error.kind();
    let (why, remedy) = if kind == ErrorKind::NotFound {
        ("there is no such file or folder".to_owned(), "check the path; transcripts end in .txt")
    } else if kind == ErrorKind::InvalidData {
        ("it is not UTF-8 text".to_owned(), "save it as UTF-8")
    } else {
        (error.to_string(), "make it readable, with --rewrite also writable")
    };
    format!("{}: {why}; {remedy}", path.display())
}

fn result(report: &Report, journals: Vec<ReplayedJournal>) -> ReplayResult {
    ReplayResult {
        format: ReplayFormat::V1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        passed: report.passed() as u64,
        failed: report.failed() as u64,
        files: report.files.iter().map(|(path, outcome)| file(path, outcome)).collect(),
        journals,
    }
}

fn file(path: &Path, outcome: &Outcome) -> ReplayedFile {
    let (outcome, message, line, differences) = match outcome {
        Outcome::Passed => (ReplayOutcome::Passed, None, None, 0),
        Outcome::Rewritten => (ReplayOutcome::Rewritten, None, None, 0),
        Outcome::Differs(first, more) => {
            (ReplayOutcome::Differs, Some(first.to_string()), Some(first.line), 1 + more)
        }
        Outcome::Invalid(error) => {
            (ReplayOutcome::Invalid, Some(error.to_string()), Some(error.line), 0)
        }
        Outcome::Unreadable(error) => {
            (ReplayOutcome::Unreadable, Some(unreadable(path, error)), None, 0)
        }
    };
    ReplayedFile {
        file: path.display().to_string(),
        outcome,
        message,
        line: line.map(|line| line as u64),
        differences: differences as u64,
    }
}
