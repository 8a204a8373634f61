//! What is said when a configuration is not accepted: where, what, which rule, what to write.
//! Nothing here decides; it only carries the words.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A place in a configuration file. Line 0 means the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file as it was named to us: `config/risk.yaml`.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

fn as_text<S: Serializer>(file: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(file)
}

impl Place {
    /// The file as a whole.
    #[must_use]
    pub fn whole(file: &str) -> Self {
        Self { file: Arc::from(file), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.file)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

/// One value that was not accepted.
///
/// Reads as `config/strategies.yaml:14:20: grid_atr.leverage is 60: must be 1 to 20; write a
/// whole number from 1 to 20`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[error("{place}: {subject} is {value}: {rule}; {remedy}")]
pub struct Refusal {
    /// Where the value stands.
    pub place: Place,
    /// What was configured: the key with its path.
    pub subject: String,
    /// What was found.
    pub value: String,
    /// The rule that it breaks.
    pub rule: String,
    /// What to write instead.
    pub remedy: String,
}

/// Every refusal of one stage, in the order of the files. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    refusals: Vec<Refusal>,
}

impl ConfigError {
    /// The refusals.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, refusal) in self.refusals.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{refusal}")?;
        }
        Ok(())
    }
}

/// Collects the refusals of a stage while reading goes on.
#[derive(Debug, Default)]
pub(super) struct Refusals(RefCell<Vec<Refusal>>);

impl Refusals {
    pub(super) fn push(&self, refusal: Refusal) {
        self.0.borrow_mut().push(refusal);
    }

    /// Says that `subject` is `value`, at `place`, against `rule`, with its `remedy`.
    pub(super) fn say(
        &self,
        place: &Place,
        subject: impl Into<String>,
        value: impl Into<String>,
        rule: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Refusal {
            place: place.clone(),
            subject: subject.into(),
            value: value.into(),
            rule: rule.into(),
            remedy: remedy.into(),
        });
    }

    /// `value` when nothing was refused.
    pub(super) fn or<T>(self, value: T) -> Result<T, ConfigError> {
        let refusals = self.0.into_inner();
        if refusals.is_empty() {
            return Ok(value);
        }
        let mut seen = BTreeSet::new();
        let once = refusals.into_iter().filter(|refusal| seen.insert(refusal.clone()));
        Err(ConfigError { refusals: once.collect() })
    }

    /// Ends the stage when something was refused.
    pub(super) fn stage(&self) -> Result<(), ConfigError> {
        Self(RefCell::new(self.0.borrow().clone())).or(())
    }
}
