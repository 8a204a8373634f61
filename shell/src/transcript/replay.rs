//! Running transcripts from disk: files, or folders of them, and what came of it.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Difference, TranscriptError, run};

/// What came of one transcript.
#[derive(Debug)]
pub enum Outcome {
    /// Every answer is the one in the file.
    Passed,
    /// The file was rewritten with the answers as they are now.
    Rewritten,
    /// The first answer that differs, and how many more do.
    Differs(Difference, usize),
    /// It cannot be run.
    Invalid(TranscriptError),
    /// It cannot be read or written.
    Unreadable(io::Error),
}

/// What came of all of them, in the order in which they were run.
#[derive(Debug, Default)]
pub struct Report {
    /// Every file with its outcome.
    pub files: Vec<(PathBuf, Outcome)>,
}

impl Report {
    /// True when there was a transcript and none failed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        !self.files.is_empty() && self.failed() == 0
    }

    /// How many passed or were rewritten.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.files.len() - self.failed()
    }

    /// How many did not.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |outcome: &Outcome| match outcome {
            Outcome::Passed | Outcome::Rewritten => false,
            Outcome::Differs(..) | Outcome::Invalid(_) | Outcome::Unreadable(_) => true,
        };
        self.files.iter().filter(|(_, outcome)| failed(outcome)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, outcome) in &self.files {
            match outcome {
                Outcome::Passed => {}
                Outcome::Rewritten => writeln!(f, "{}: rewritten", path.display())?,
                Outcome::Differs(first, 0) => write!(f, "{first}")?,
                Outcome::Differs(first, more) => writeln!(f, "{first}  ({more} more differ)")?,
                Outcome::Invalid(error) => writeln!(f, "{error}")?,
                Outcome::Unreadable(error) => writeln!(f, "{}: {error}", path.display())?,
            }
        }
        match (self.passed(), self.failed()) {
            (0, 0) => writeln!(f, "no transcript found: a transcript is a file that ends in .txt"),
            (passed, 0) => writeln!(f, "{passed} transcripts passed"),
            (passed, failed) => writeln!(f, "{passed} transcripts passed, {failed} failed"),
        }
    }
}

/// A folder of transcripts that show open faults: run only when it is named itself.
const OPEN: &str = "open";

/// Runs every transcript: a file as it is named, a folder with everything below it that ends in
/// `.txt`, in the order of their names. With `rewrite` the answers in the files are replaced.
#[must_use]
pub fn replay(paths: &[PathBuf], rewrite: bool) -> Report {
    let mut report = Report::default();
    for path in paths {
        match found(path) {
            Ok(files) => {
                for file in files {
                    let outcome = replay_file(&file, rewrite);
                    report.files.push((file, outcome));
                }
            }
            Err(error) => report.files.push((path.clone(), Outcome::Unreadable(error))),
        }
    }
    report
}

fn found(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        entries.push(entry?.path());
    }
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() && entry.file_name().is_some_and(|name| name == OPEN) {
            continue;
        }
        if entry.is_dir() {
            files.extend(found(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "txt") {
            files.push(entry);
        }
    }
    Ok(files)
}

fn replay_file(path: &Path, rewrite: bool) -> Outcome {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Outcome::Unreadable(error),
    };
    let output = match run(&text, &path.display().to_string()) {
        Ok(output) => output,
        Err(error) => return Outcome::Invalid(error),
    };
    if rewrite && output.rewritten != text {
        return fs::write(path, output.rewritten)
            .map_or_else(Outcome::Unreadable, |()| Outcome::Rewritten);
    }
    let mut differences = output.differences.into_iter();
    match differences.next() {
        Some(first) => Outcome::Differs(first, differences.len()),
        None => Outcome::Passed,
    }
}
