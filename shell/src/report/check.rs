//! What `check --json` writes: the configuration as it would run, and what it could lose. Format
//! `gardefou-check/1`; money and rates are exact decimals in USDT, as in a backtest's result.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::result::WorstCase;

/// A configuration that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// Name and version of this format.
    pub format: CheckFormat,
    /// Version of the program.
    pub version: String,
    /// The files that were read.
    pub files: Vec<ConfigurationFile>,
    /// The parameters in force, per strategy and symbol.
    pub parameters: Vec<ParameterSet>,
    /// What each book could lose at once.
    pub worst_cases: Vec<BookWorstCase>,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum CheckFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-check/1")]
    V1,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConfigurationFile {
    /// Its path as given.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The parameters of one symbol of one strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParameterSet {
    /// The strategy.
    pub strategy: String,
    /// The symbol.
    pub symbol: String,
    /// Every parameter by the name of its key, in the unit of the files.
    pub parameters: BTreeMap<String, String>,
    /// SHA-256 over the canonical JSON of the three above, in hexadecimal.
    pub hash: String,
}

/// What one book could lose at once.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BookWorstCase {
    /// The book.
    pub book: String,
    /// The wallet's balance at the start, in USDT.
    pub capital: Decimal,
    /// Every allowed cycle full, every stop hit.
    pub worst_case: WorstCase,
}
