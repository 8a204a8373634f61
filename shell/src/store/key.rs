//! Keys: texts, numbers and instants in bytes that sort as they do.

use gardefou_core::time::Timestamp;

use super::table::{Part, Table};

/// The key of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<u8>);

/// Between −2^63 and 2^63 the order of the bytes is that of the numbers once this bit is turned.
const SIGN: u64 = 1 << 63;

impl Key {
    /// A key without parts: before every other.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Followed by a text. It ends in two zero bytes; a zero byte inside is followed by 255.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(u8::MAX);
            }
        }
        self.0.extend([0, 0]);
        self
    }

    /// Followed by a number.
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// Followed by an instant.
    #[must_use]
    pub fn time(self, at: Timestamp) -> Self {
        self.number(at.0.cast_unsigned() ^ SIGN)
    }

    /// As the file has it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A key of `table` for people: `grid_atr.live·BTCUSDT·42`; in hexadecimal when it is none.
pub(super) fn show(table: Table, bytes: &[u8]) -> String {
    let mut rest = bytes;
    let mut parts = table.parts().iter();
    // Keys of older versions may have fewer parts.
    let parts: Option<Vec<String>> = std::iter::from_fn(|| {
        let part = parts.next().filter(|_| !rest.is_empty())?;
        Some(take(*part, &mut rest))
    })
    .collect();
    match parts {
        Some(parts) if rest.is_empty() && !bytes.is_empty() => parts.join("·"),
        Some(_) | None => {
            bytes.iter().fold("0x".into(), |text: String, byte| text + &format!("{byte:02x}"))
        }
    }
}

fn take(part: Part, rest: &mut &[u8]) -> Option<String> {
    match part {
        Part::Text => text(rest),
        Part::Number => number(rest).map(|number| number.to_string()),
        Part::Time => number(rest).map(|bits| utc(Timestamp((bits ^ SIGN).cast_signed()))),
    }
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_be_bytes(*bytes))
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let mut text = Vec::new();
    loop {
        match rest {
            [0, 0, after @ ..] => {
                *rest = after;
                return String::from_utf8(text).ok();
            }
            [0, u8::MAX, after @ ..] => {
                text.push(0);
                *rest = after;
            }
            [byte, after @ ..] => {
                text.push(*byte);
                *rest = after;
            }
            [] => return None,
        }
    }
}

/// A time for people: `2019-09-08T17:00:00Z`.
pub(super) fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| format!("{} ms", at.0), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(parts: &(String, String, i64)) -> Key {
        Key::new().text(&parts.0).text(&parts.1).time(Timestamp(parts.2))
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts(
            a in ("[\\x00a-c]{0,3}", "[\\x00a-c]{0,3}", any::<i64>()),
            b in ("[\\x00a-c]{0,3}", "[\\x00a-c]{0,3}", any::<i64>()),
        ) {
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }
    }

    #[test]
    fn keys_are_shown_to_people() {
        let old = Key::new().text("grid_atr.live").text("BTCUSDT").number(42);
        assert_eq!(show(Table::Fills, old.bytes()), "grid_atr.live·BTCUSDT·42");
        assert_eq!(show(Table::Fills, old.number(7).bytes()), "grid_atr.live·BTCUSDT·42·7");
        let bar = Key::new().text("BTCUSDT").time(Timestamp(1_567_962_000_000));
        assert_eq!(show(Table::Bars, bar.bytes()), "BTCUSDT·2019-09-08T17:00:00Z");
        assert_eq!(show(Table::Journal, &[1, 2]), "0x0102");
    }
}
