//! One line as words that know where they stand, so that every complaint has a line and a column.

use super::fault::Fault;

/// A word and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl<'a> Word<'a> {
    /// A complaint about this word.
    pub(super) fn fault(&self, what: impl Into<String>, instead: impl Into<String>) -> Fault {
        let (what, instead) = (what.into(), instead.into());
        Fault { line: self.line, column: self.column, what, instead }
    }

    /// The same complaint for a word that has no meaning here.
    pub(super) fn unknown(&self, instead: &str) -> Fault {
        self.fault(format!("`{}` means nothing here", self.text), format!("write {instead}"))
    }

    /// Key and value of `key=value`.
    pub(super) fn pair(&self) -> Option<(Self, Self)> {
        let (key, value) = self.text.split_once('=')?;
        let column = self.column + key.chars().count() + 1;
        Some((Self { text: key, ..*self }, Self { text: value, column, ..*self }))
    }

    /// The part before a mark and the part after it.
    pub(super) fn split(&self, mark: &str) -> (Self, Option<Self>) {
        match self.text.split_once(mark) {
            None => (*self, None),
            Some((before, after)) => {
                let column = self.column + before.chars().count() + mark.chars().count();
                (Self { text: before, ..*self }, Some(Self { text: after, column, ..*self }))
            }
        }
    }
}

/// A line that is being read.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    words: Vec<Word<'a>>,
    next: usize,
    number: usize,
    end: usize,
}

impl<'a> Line<'a> {
    /// Cuts a line; a `#` that starts a word and is followed by a space starts a remark.
    pub(super) fn read(number: usize, text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut column = 1;
        let mut end = 1;
        for piece in text.split(char::is_whitespace) {
            let word = Word { text: piece, line: number, column };
            column += piece.chars().count() + 1;
            if piece == "#" || (words.is_empty() && piece.starts_with('#')) {
                break;
            }
            if !piece.is_empty() {
                end = column - 1;
                words.push(word);
            }
        }
        Self { words, next: 0, number, end }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// True when every word was taken.
    pub(super) fn is_at_end(&self) -> bool {
        self.next == self.words.len()
    }

    /// The whole line, for people.
    pub(super) fn text(&self) -> String {
        self.words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ")
    }

    /// The next word, left in place.
    pub(super) fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.next).copied()
    }

    /// The next word, if any.
    pub(super) fn take(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// The next word; `expected` says what is missing when the line ends.
    pub(super) fn word(&mut self, expected: &str) -> Result<Word<'a>, Fault> {
        self.take().ok_or_else(|| self.fault("the line ends too early", format!("add {expected}")))
    }

    /// Takes the next word when it is `text`.
    pub(super) fn takes(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.text == text);
        self.next += usize::from(found);
        found
    }

    /// Takes the next word when `read` accepts it.
    pub(super) fn takes_if<T>(&mut self, read: impl Fn(&Word<'a>) -> Option<T>) -> Option<T> {
        let value = read(&self.peek()?)?;
        self.next += 1;
        Some(value)
    }

    /// All remaining words as `key=value`.
    pub(super) fn pairs(&mut self) -> Result<Vec<(Word<'a>, Word<'a>)>, Fault> {
        let mut pairs = Vec::new();
        while let Some(word) = self.take() {
            let pair = word.pair();
            pairs.push(pair.ok_or_else(|| word.unknown("key=value, for example levels=3"))?);
        }
        Ok(pairs)
    }

    /// Complains about whatever is left.
    pub(super) fn done(&self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(word) => {
                Err(word.fault(format!("`{}` is one word too many", word.text), "remove it"))
            }
        }
    }

    /// A complaint about the end of the line.
    pub(super) fn fault(&self, what: impl Into<String>, instead: impl Into<String>) -> Fault {
        let (what, instead) = (what.into(), instead.into());
        Fault { line: self.number, column: self.end, what, instead }
    }
}
