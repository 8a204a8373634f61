//! What can be wrong with market data, told to a person: where, what, why and what to do.
//! No reading and no repair.

use std::fmt;
use std::path::{Path, PathBuf};

use gardefou_core::time::Timestamp;
use rust_decimal::Decimal;
use thiserror::Error;

/// A refusal of market data. Its text is complete: there is no chain of causes to print.
#[derive(Debug, Error)]
#[error("{place}: {fault}")]
pub struct DataError {
    place: Box<Place>,
    fault: Box<Fault>,
}

#[derive(Debug)]
struct Place {
    file: PathBuf,
    line: Option<u64>,
    column: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

impl DataError {
    /// About a file or folder as a whole.
    #[must_use]
    pub fn file(file: &Path, fault: Fault) -> Self {
        let place = Place { file: file.into(), line: None, column: None };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// About one line (the header is line 1).
    #[must_use]
    pub fn line(file: &Path, line: u64, fault: Fault) -> Self {
        let place = Place { file: file.into(), line: Some(line), column: None };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// About one field, by the position of its first byte in the line, counted from 1.
    #[must_use]
    pub fn field(file: &Path, line: u64, column: usize, fault: Fault) -> Self {
        let place = Place { file: file.into(), line: Some(line), column: Some(column) };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.file
    }

    /// The line, counted from 1, when one line is at fault.
    #[must_use]
    pub fn at_line(&self) -> Option<u64> {
        self.place.line
    }
}

/// What is wrong with the data.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing there.
    #[error("there is no such file or folder; check the path")]
    Missing,
    /// A folder where a file is meant.
    #[error("this is a folder, but a CSV file is meant; name a file inside it")]
    IsFolder,
    /// Days in the name of a file that do not exist, or end before they begin.
    #[error(
        "{days} in its name are no days from one to a later one; name it as YYYYMMDD-YYYYMMDD, or \
         move the file away"
    )]
    NoSuchDays {
        /// What stands in the name.
        days: String,
    },
    /// A file where a folder is meant.
    #[error("this is a file, but a folder of CSV files is meant; name the folder that holds it")]
    NotFolder,
    /// A pipe, a socket, a device.
    #[error("this is not a regular file; copy the data to a file first")]
    NotRegular,
    /// The system refused.
    #[error("cannot be read: {0}; check permissions and the disk")]
    Io(std::io::Error),
    /// Named `.gz`, but no gzip.
    #[error(
        "named .gz but not gzip data; rename it to .csv if it is plain text, or fetch it again"
    )]
    NotGzip,
    /// Gzip, but not named so.
    #[error("gzip data under a name without .gz; add .gz to the name")]
    UnnamedGzip,
    /// The gzip data ends early.
    #[error(
        "the gzip data ends too early, or is followed by something else; the copy is incomplete or \
         damaged, fetch the file again"
    )]
    TruncatedGzip,
    /// The gzip data is damaged.
    #[error("the gzip data is damaged ({0}); fetch the file again")]
    CorruptGzip(std::io::Error),
    /// No byte at all.
    #[error("the file is empty; expected the header `{expected}` and rows")]
    Empty {
        /// The header of such files.
        expected: &'static str,
    },
    /// A header, and nothing after it.
    #[error("the file has a header but no rows; fetch the data again")]
    NoRows,
    /// Another header.
    #[error("the header is {found}, expected `{expected}`; export the columns in this order")]
    Header {
        /// What is there.
        found: Shown,
        /// What should be.
        expected: &'static str,
    },
    /// A line beyond the limit.
    #[error("the line is longer than {limit} bytes; this is not a file of market data")]
    LineTooLong {
        /// The limit.
        limit: usize,
    },
    /// More rows than the limit.
    #[error("more than {limit} rows; split the file by year")]
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// An empty line between rows.
    #[error("the line is empty; remove it, or fetch the file again if rows are lost")]
    BlankLine,
    /// Too few or too many fields.
    #[error("{found} fields, expected {expected}; the row is cut or has extra commas")]
    FieldCount {
        /// What is there.
        found: usize,
        /// What should be.
        expected: usize,
    },
    /// No value.
    #[error("{column} is empty; every row needs every value, fetch the row again")]
    EmptyField {
        /// The field.
        column: &'static str,
    },
    /// Bytes that are not text.
    #[error("{column} is {value}, which is not UTF-8 text; the file is damaged, fetch it again")]
    NotText {
        /// The field.
        column: &'static str,
        /// Its bytes.
        value: Shown,
    },
    /// NaN or infinity.
    #[error("{column} is {value}, which is no value; remove such rows at the source and refetch")]
    NotFinite {
        /// The field.
        column: &'static str,
        /// Its text.
        value: Shown,
    },
    /// Not a decimal.
    #[error("{column} is {value}, which is not a decimal number such as 12.5 or 1e-05")]
    NotNumber {
        /// The field.
        column: &'static str,
        /// Its text.
        value: Shown,
    },
    /// Too large for exact arithmetic.
    #[error("{column} is {value}, which is too large to count exactly at {decimals} decimals")]
    TooLarge {
        /// The field.
        column: &'static str,
        /// Its text.
        value: Shown,
        /// Decimals that the series needs.
        decimals: u32,
    },
    /// Too many decimals.
    #[error("{column} is {value}, finer than {limit} decimals; write what the exchange gave")]
    TooFine {
        /// The field.
        column: &'static str,
        /// Its text.
        value: Shown,
        /// Decimals allowed.
        limit: u32,
    },
    /// Zero or below.
    #[error("{column} is {value}; prices are above zero")]
    PriceNotPositive {
        /// The field.
        column: &'static str,
        /// Its text.
        value: Shown,
    },
    /// A volume below zero.
    #[error("volume is {value}; volumes are zero or above")]
    NegativeVolume {
        /// Its text.
        value: Shown,
    },
    /// A low above another price of its bar, or a high below one.
    #[error("{column} is {value}, {than} {other}, which is {against}; fetch the row again")]
    Crossed {
        /// `low` or `high`.
        column: &'static str,
        /// Its text.
        value: Shown,
        /// `above` or `below`.
        than: &'static str,
        /// The other price.
        other: &'static str,
        /// Its text.
        against: Shown,
    },
    /// A time that cannot be milliseconds since 1970 in our century.
    #[error(
        "timestamp is {value}; timestamps are milliseconds since 1970, from 2000 to 2100{hint}"
    )]
    TimeRange {
        /// Its text.
        value: Shown,
        /// A guess at the unit.
        hint: &'static str,
    },
    /// Not an open time of the timeframe.
    #[error("{} is not the open of a {timeframe} bar (UTC); is it a {timeframe} file?", Utc(*.at))]
    OffBoundary {
        /// The time.
        at: Timestamp,
        /// The timeframe.
        timeframe: &'static str,
    },
    /// Time goes backwards.
    #[error("{} comes after {}; sort the rows by timestamp", Utc(*.at), Utc(*.after))]
    Unsorted {
        /// The time of the row.
        at: Timestamp,
        /// The time of the row before.
        after: Timestamp,
    },
    /// A time twice.
    #[error("{} is there twice; keep one row per time", Utc(*.at))]
    Duplicate {
        /// The time.
        at: Timestamp,
    },
    /// Bars are missing where none may be.
    #[error(
        "{} missing in {} ({first}); fetch the missing bars, indicators cannot be computed across a \
         gap",
        match missing { 1 => format!("1 {timeframe} bar is"), n => format!("{n} {timeframe} bars are") },
        match gaps { 1 => "1 gap".to_owned(), n => format!("{n} gaps") }
    )]
    Gaps {
        /// The timeframe.
        timeframe: &'static str,
        /// How many gaps.
        gaps: usize,
        /// How many bars.
        missing: u64,
        /// The first gaps, in words.
        first: String,
    },
    /// A price between two ticks.
    #[error("{column} is {price}, not a multiple of the tick {tick}; check the instrument's tick")]
    OffTick {
        /// The field.
        column: &'static str,
        /// The price.
        price: Decimal,
        /// The tick.
        tick: Decimal,
    },
    /// A price with more ticks than indicators can count exactly.
    #[error("{column} is {price}, more than 2^53 ticks of {tick}; the tick is too fine")]
    TooManyTicks {
        /// The field.
        column: &'static str,
        /// The price.
        price: Decimal,
        /// The tick.
        tick: Decimal,
    },
    /// A tick that is none.
    #[error("the tick is {tick}; ticks are above zero with at most {limit} decimals")]
    BadTick {
        /// The tick.
        tick: Decimal,
        /// Decimals allowed.
        limit: u32,
    },
    /// Funding between two hourly opens.
    #[error(
        "funding settled at {}, which is not the open of an hourly bar; correct or remove the row",
        Utc(*.at)
    )]
    FundingOffHour {
        /// The time.
        at: Timestamp,
    },
    /// A rate that cannot be a fraction.
    #[error("funding_rate is {value}, beyond ±1; rates are fractions (0.0001 is 0.01 %)")]
    RateRange {
        /// Its text.
        value: Shown,
    },
}

/// A value from a file, quoted for a person: escaped, and cut when long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// At most this many bytes of the value are shown.
    const WIDTH: usize = 60;

    pub(super) fn new(value: &[u8]) -> Self {
        let cut = &value[..value.len().min(Self::WIDTH)];
        let more = if cut.len() < value.len() { "…" } else { "" };
        Self(format!("\"{}{more}\"", cut.escape_ascii()))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time for people: `2019-09-08T17:00:00Z`.
pub(super) struct Utc(pub Timestamp);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{} ms", self.0.0),
        }
    }
}
