//! Which data a result was computed from. Every report carries one of these per file.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use gardefou_core::ids::SymbolName;
use gardefou_core::time::{Timeframe, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::find::Dataset;

/// The data of one symbol as it was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// The symbol.
    pub symbol: SymbolName,
    /// `candles` or `funding`.
    pub kind: String,
    /// The bar length; none for funding.
    pub timeframe: Option<Timeframe>,
    /// The file's name, without its folder.
    pub file: String,
    /// Time of the first row.
    pub first: Timestamp,
    /// Time of the last row.
    pub last: Timestamp,
    /// Rows.
    pub rows: usize,
    /// Whole days that the name of the file promises and its rows do not reach.
    pub days_short: u64,
    /// Holes in the series (each of one or more bars).
    pub gaps: usize,
    /// SHA-256 of the file's bytes as they are on disk.
    pub sha256: Digest,
    /// The tick that prices were counted in; none for funding.
    pub tick_used: Option<Decimal>,
}

impl DataIdentity {
    pub(super) fn kind(dataset: Dataset) -> (String, Option<Timeframe>) {
        match dataset {
            Dataset::Candles(timeframe) => ("candles".into(), Some(timeframe)),
            Dataset::Funding => ("funding".into(), None),
        }
    }

    pub(super) fn file_name(path: &Path) -> String {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// A SHA-256, written in 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a SHA-256 is written in 64 hexadecimal digits";
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(WRONG);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).ok_or(WRONG);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}
