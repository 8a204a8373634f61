//! Identities: books, symbols, orders, fills. Ids are derived from what they name, never drawn.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::config::LEVELS_MAX;
use crate::money::Direction;
use crate::notice::FillReason;

/// A book (strategy × mode), by its position in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookId(pub u16);

/// A symbol, by its position in the instrument list (which is sorted by name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SymbolId(pub u16);

/// The exchange's id of one execution; a fill is booked once per id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FillId(pub u64);

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Opens or deepens a cycle.
    Entry,
    /// The resting reduce-only order at the target.
    Target,
    /// The reduce-only stop, triggered by the mark price.
    Stop,
    /// A reduce-only market close: flip, time stop, target seen at a close, emergency.
    Close,
}

impl OrderKind {
    const fn letter(self) -> char {
        match self {
            Self::Entry => 'e',
            Self::Target => 't',
            Self::Stop => 's',
            Self::Close => 'c',
        }
    }
}

/// The client order id: book, symbol, epoch, kind, direction of the cycle, level, sequence.
///
/// On the wire it is `gf-<book>-<epoch>-<kind><side><level>-<sequence>` in at most 32 characters
/// of `[0-9a-z-]`, numbers in base 36; the symbol travels beside it on every order of an
/// exchange. Level identity therefore survives even the loss of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId {
    /// The book that owns the order.
    pub book: BookId,
    /// The symbol it trades.
    pub symbol: SymbolId,
    /// Seconds since 1970 of the boot that made the id; later boots exceed earlier ones.
    pub epoch: u32,
    /// Counts every order of the book in this epoch.
    pub sequence: u32,
    /// What it is for.
    pub kind: OrderKind,
    /// The direction of the cycle (not of the order: a long cycle is closed by a sell).
    pub direction: Direction,
    /// The level of an entry. Of a close, why it closes, as a mark
    /// ([`crate::notice::FillReason::mark`]): whoever hears of its execution much later, and has
    /// lost the record of sending it, can still say so. 0 for the others.
    pub level: u8,
}

impl OrderId {
    /// True when the order buys.
    #[inline]
    #[must_use]
    pub const fn buys(self) -> bool {
        matches!(self.kind, OrderKind::Entry) == matches!(self.direction, Direction::Long)
    }

    /// True unless its level is one that no ladder has, or no mark of a reason.
    #[inline]
    #[must_use]
    pub fn is_possible(self) -> bool {
        usize::from(self.level) < LEVELS_MAX
            || (self.kind == OrderKind::Close && FillReason::of_mark(self.level).is_some())
    }

    /// Reads the wire form; the symbol comes from the order that carried it.
    ///
    /// # Errors
    /// The text is not one of our ids.
    pub fn parse(text: &str, symbol: SymbolId) -> Result<Self, ForeignId> {
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or(ForeignId);
        if part()? != "gf" {
            return Err(ForeignId);
        }
        let book = BookId(base36(part()?)?);
        let epoch = base36(part()?)?;
        let mut marks = part()?.chars();
        let kind = match marks.next() {
            Some('e') => OrderKind::Entry,
            Some('t') => OrderKind::Target,
            Some('s') => OrderKind::Stop,
            Some('c') => OrderKind::Close,
            _ => return Err(ForeignId),
        };
        let direction = match marks.next() {
            Some('l') => Direction::Long,
            Some('s') => Direction::Short,
            _ => return Err(ForeignId),
        };
        let level = base36(marks.as_str())?;
        let sequence = base36(part()?)?;
        if parts.next().is_some() {
            return Err(ForeignId);
        }
        Ok(Self { book, symbol, epoch, sequence, kind, direction, level })
    }
}

/// The text is not an id that this program derives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignId;

impl fmt::Display for ForeignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an order id of ours (gf-<book>-<epoch>-<kind><side><level>-<sequence>)")
    }
}

fn base36<T: TryFrom<u64>>(text: &str) -> Result<T, ForeignId> {
    let canonical = text == "0" || !text.starts_with('0');
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    if !canonical || !plain || text.is_empty() {
        return Err(ForeignId);
    }
    let value = u64::from_str_radix(text, 36).map_err(|_| ForeignId)?;
    T::try_from(value).map_err(|_| ForeignId)
}

struct Base36(u64);

impl fmt::Display for Base36 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut digits = [0u8; 13];
        let mut at = digits.len();
        let mut rest = self.0;
        loop {
            at -= 1;
            digits[at] = DIGITS[(rest % 36) as usize];
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        digits[at..].iter().try_for_each(|&digit| fmt::Write::write_char(f, char::from(digit)))
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.direction == Direction::Long { 'l' } else { 's' };
        write!(
            f,
            "gf-{}-{}-{}{side}{}-{}",
            Base36(u64::from(self.book.0)),
            Base36(u64::from(self.epoch)),
            self.kind.letter(),
            Base36(u64::from(self.level)),
            Base36(u64::from(self.sequence)),
        )
    }
}

/// A symbol's name as the exchange spells it: `BTCUSDT`. Upper-case letters and digits only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolName {
    bytes: [u8; Self::CAPACITY],
}

impl SymbolName {
    const CAPACITY: usize = 24;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|&b| b == 0).unwrap_or(Self::CAPACITY);
        core::str::from_utf8(&self.bytes[..end]).unwrap_or("?")
    }
}

impl FromStr for SymbolName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::CAPACITY {
            return Err("a symbol has 1 to 24 characters, for example BTCUSDT");
        }
        if !text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Err("a symbol is written in capitals and digits, for example BTCUSDT");
        }
        let mut bytes = [0; Self::CAPACITY];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }
}

impl fmt::Display for SymbolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SymbolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for SymbolName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SymbolName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::string::String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std;
    use std::string::ToString;

    proptest! {
        #[test]
        fn an_id_survives_the_wire(book: u16, symbol: u16, epoch: u32, sequence: u32, level: u8, kind in 0..4u8, short: bool) {
            let kind = [OrderKind::Entry, OrderKind::Target, OrderKind::Stop, OrderKind::Close][usize::from(kind)];
            let direction = if short { Direction::Short } else { Direction::Long };
            let id = OrderId { book: BookId(book), symbol: SymbolId(symbol), epoch, sequence, kind, direction, level };
            let text = id.to_string();
            prop_assert!(text.len() <= 32, "{text}");
            prop_assert!(text.bytes().all(|b| b == b'-' || b.is_ascii_digit() || b.is_ascii_lowercase()));
            prop_assert_eq!(OrderId::parse(&text, id.symbol), Ok(id));
        }

        #[test]
        fn foreign_ids_are_refused_not_guessed(text in "\\PC{0,40}") {
            if let Ok(id) = OrderId::parse(&text, SymbolId(0)) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn symbols_are_capitals_and_digits() {
        assert_eq!(
            "1000PEPEUSDT".parse::<SymbolName>().map(|s| s.to_string()),
            Ok("1000PEPEUSDT".into())
        );
        assert!("btcusdt".parse::<SymbolName>().is_err());
        assert!("".parse::<SymbolName>().is_err());
    }
}
