//! Transcripts: acceptance in plain text. A file says what happens; below each `----` stands
//! every command, notice and wake that the engine answered. `fixtures/README.md` is the manual.
//!
//! Reading order: `file` (paragraphs), `words` (one line), `stage` (an engine and what
//! surrounds it), `directives` (what may happen), `say` (how answers are written). No rule of
//! trading lives here: a transcript only tells the engine facts and writes down its answers.

mod answers;
mod directives;
mod exchange;
mod fault;
mod file;
mod market;
mod orders;
mod people;
mod presets;
mod replay;
mod say;
mod say_notice;
mod say_plan;
mod settings;
mod settings_book;
mod stage;
mod state;
mod values;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;

pub use fault::TranscriptError;
pub use replay::{Outcome, Report, replay};

use fault::Fault;
use file::{Paragraph, paragraphs};
use stage::Stage;

/// What running a transcript gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The transcript with the answers as they are now.
    pub rewritten: String,
    /// Where they differ from the answers in the file, in order.
    pub differences: Vec<Difference>,
}

impl Output {
    /// True when every answer is the one in the file.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One paragraph whose answer is not the one in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The transcript.
    pub name: String,
    /// The last directive of the paragraph.
    pub directive: String,
    /// Line of the first answer that differs, from 1.
    pub line: usize,
    /// The answers in the file, from that line on.
    pub expected: Vec<String>,
    /// The answers now, from there on.
    pub got: Vec<String>,
}

/// Lines of each side that a difference shows.
const SHOWN: usize = 6;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: the answer to `{}` differs", self.name, self.line, self.directive)?;
        side(f, "expected", self.line, &self.expected)?;
        side(f, "got", self.line, &self.got)
    }
}

fn side(f: &mut fmt::Formatter<'_>, word: &str, line: usize, lines: &[String]) -> fmt::Result {
    if lines.is_empty() {
        writeln!(f, "  {word:>8}        (nothing more)")?;
    }
    for (offset, text) in lines.iter().take(SHOWN).enumerate() {
        let word = if offset == 0 { word } else { "" };
        writeln!(f, "  {word:>8} {:>5}  {text}", line + offset)?;
    }
    if lines.len() > SHOWN {
        writeln!(f, "  {:>8} {:>5}  ({} more)", "", "", lines.len() - SHOWN)?;
    }
    Ok(())
}

/// Runs a transcript and compares its answers; `name` is how errors call it.
///
/// # Errors
/// A line that cannot be understood, or that asks for what cannot happen: the fill of an order
/// that was never placed, a clock that goes back.
pub fn run(text: &str, name: &str) -> Result<Output, TranscriptError> {
    run_paragraphs(text, name).map_err(|fault| fault.of(name))
}

/// The transcript with the answers as they are now.
///
/// # Errors
/// As [`run`].
pub fn rewrite(text: &str, name: &str) -> Result<String, TranscriptError> {
    run(text, name).map(|output| output.rewritten)
}

fn run_paragraphs(text: &str, name: &str) -> Result<Output, Fault> {
    let mut stage = None;
    let mut output = Output { rewritten: String::new(), differences: Vec::new() };
    for paragraph in paragraphs(text) {
        if !output.rewritten.is_empty() {
            output.rewritten.push('\n');
        }
        output.rewritten.push_str(&paragraph.input);
        if paragraph.directives.is_empty() {
            continue;
        }
        let got = answer(&mut stage, &paragraph)?;
        output.rewritten.push_str("----\n");
        for line in &got {
            output.rewritten.push_str(line);
            output.rewritten.push('\n');
        }
        output.differences.extend(compare(name, &paragraph, got));
    }
    if stage.is_none() {
        let (what, instead) = ("nothing happens in this transcript", "begin with `config`");
        return Err(Fault { line: 1, column: 1, what: what.into(), instead: instead.into() });
    }
    Ok(output)
}

/// Runs one paragraph; the first one makes the stage.
fn answer(stage: &mut Option<Stage>, paragraph: &Paragraph<'_>) -> Result<Vec<String>, Fault> {
    for directive in &paragraph.directives {
        match stage {
            None => *stage = Some(settings::configure(directive)?),
            Some(stage) => directives::perform(stage, directive)?,
        }
    }
    let mut lines = stage.as_mut().map(Stage::take_answer).unwrap_or_default();
    if lines.is_empty() {
        lines.push("ok".to_owned());
    }
    Ok(lines)
}

fn compare(name: &str, paragraph: &Paragraph<'_>, got: Vec<String>) -> Option<Difference> {
    let expected = &paragraph.expected;
    let same = expected.iter().zip(&got).take_while(|(a, b)| *a == *b).count();
    if same == expected.len() && same == got.len() {
        return None;
    }
    Some(Difference {
        name: name.to_owned(),
        directive: paragraph.last_directive(),
        line: paragraph.expected_line + same,
        expected: expected.iter().skip(same).map(|&line| line.to_owned()).collect(),
        got: got.into_iter().skip(same).collect(),
    })
}
