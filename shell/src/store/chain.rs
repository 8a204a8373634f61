//! Hashes: of states, and the chain that ties every record of the journal to all before it.

use std::fmt;
use std::str::FromStr;

use gardefou_core::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::error::Fault;

/// A SHA-256.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of the JSON of a value.
    ///
    /// # Errors
    /// [`Fault::NotJson`] when the value has no JSON, which is a bug of its type.
    pub fn of_json(value: &impl Serialize) -> Result<Self, Fault> {
        let json = serde_json::to_vec(value).map_err(|error| Fault::NotJson(error.to_string()))?;
        Ok(Self::of(&json))
    }

    /// The link after `self`: of the hash before, the sequence, the time, the event's bytes and
    /// the commands' bytes. Lengths are hashed too, so that no byte can change sides.
    #[must_use]
    pub fn link(self, seq: u64, now: Timestamp, event: &str, commands: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(seq.to_be_bytes());
        hasher.update(now.0.to_be_bytes());
        for bytes in [event.as_bytes(), commands.as_bytes()] {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a hash has 64 hexadecimal digits";
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(FORM);
        }
        let mut hash = Self::default();
        for (byte, at) in hash.0.iter_mut().zip((0..).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or(FORM)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| FORM)?;
        }
        Ok(hash)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_record_is_in_its_link() {
        let link = |start, seq, now, event, commands| Hash(start).link(seq, now, event, commands);
        let plain = link([0; 32], 1, Timestamp(2), "ab", "c");
        for other in [
            link([1; 32], 1, Timestamp(2), "ab", "c"),
            link([0; 32], 2, Timestamp(2), "ab", "c"),
            link([0; 32], 1, Timestamp(3), "ab", "c"),
            link([0; 32], 1, Timestamp(2), "a", "bc"),
            link([0; 32], 1, Timestamp(2), "ab", "d"),
        ] {
            assert_ne!(plain, other);
        }
        assert_eq!(plain.to_string().parse(), Ok(plain));
        assert!("é".repeat(32).parse::<Hash>().is_err());
    }
}
