//! A transcript as paragraphs: what happens, a line `----`, what is answered. Paragraphs are
//! separated by blank lines; lines that start with `#` are remarks.

use super::words::Line;

/// The line between what happens and what is answered.
const RULE: &str = "----";

/// Lines up to a blank one.
pub(super) struct Paragraph<'a> {
    /// Remarks and directives as they were written.
    pub(super) input: String,
    /// What happens.
    pub(super) directives: Vec<Directive<'a>>,
    /// Line number of the first answer.
    pub(super) expected_line: usize,
    /// The answers in the file.
    pub(super) expected: Vec<&'a str>,
}

/// One directive: its line, and the indented lines below it.
pub(super) struct Directive<'a> {
    pub(super) head: Line<'a>,
    pub(super) body: Vec<Line<'a>>,
}

impl Paragraph<'_> {
    pub(super) fn last_directive(&self) -> String {
        self.directives.last().map(|directive| directive.head.text()).unwrap_or_default()
    }
}

/// Splits a text.
pub(super) fn paragraphs(text: &str) -> Vec<Paragraph<'_>> {
    let mut all = Vec::new();
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if !line.trim().is_empty() {
            lines.push((index + 1, line));
        } else if !lines.is_empty() {
            all.push(paragraph(&lines));
            lines.clear();
        }
    }
    if !lines.is_empty() {
        all.push(paragraph(&lines));
    }
    all
}

fn paragraph<'a>(lines: &[(usize, &'a str)]) -> Paragraph<'a> {
    let rule = lines.iter().position(|(_, line)| line.trim_end() == RULE).unwrap_or(lines.len());
    let (input, answer) = lines.split_at(rule);
    let mut directives: Vec<Directive<'a>> = Vec::new();
    for &(number, text) in input {
        let line = Line::read(number, text);
        if line.is_empty() {
            continue;
        }
        match directives.last_mut() {
            Some(last) if text.starts_with(char::is_whitespace) => last.body.push(line),
            _ => directives.push(Directive { head: line, body: Vec::new() }),
        }
    }
    let expected: Vec<&str> = answer.iter().skip(1).map(|&(_, line)| line.trim_end()).collect();
    let first = lines.first().map_or(1, |&(number, _)| number);
    Paragraph {
        input: input.iter().fold(String::new(), |text, (_, line)| text + line.trim_end() + "\n"),
        directives,
        expected_line: first + rule + 1,
        expected,
    }
}
