//! The record: a line per entry, `checksum JSON`, the first one saying whose record it is. Lines are
//! appended whole in one write; one that a dying process left unfinished is the last, and is dropped.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use gardefou_core::command::Command;
use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Fraction, Ticks};
use gardefou_core::time::Timestamp;
use gardefou_core::venue::prices::Settings;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{ExchangeError, Fault};

/// The version that this program writes and reads.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the record.
    pub exchange: u32,
    /// What the exchange was made for: instruments, wallets, leverage, fees.
    pub config: EngineConfig,
    /// How it behaves.
    pub settings: Settings,
}

/// Something that entered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the exchange's clock; never earlier than the entry before.
    pub at: Timestamp,
    /// What.
    pub what: Entered,
}

/// What can enter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entered {
    /// A command of the daemon.
    Command(Command),
    /// An hour of the market.
    Hour {
        /// Which symbol.
        symbol: SymbolId,
        /// Its bar.
        bar: Bar,
    },
    /// Funding.
    Settlement {
        /// Which symbol.
        symbol: SymbolId,
        /// The settled rate.
        rate: Fraction,
        /// The price that it is applied to.
        mark: Ticks,
    },
    /// Money.
    Deposit {
        /// Whose wallet.
        book: BookId,
        /// How much.
        amount: Cash,
    },
}

impl Header {
    /// Of a new record.
    #[must_use]
    pub fn new(config: &EngineConfig, settings: &Settings) -> Self {
        Self { exchange: VERSION, config: config.clone(), settings: settings.clone() }
    }

    /// Ids of orders are positions in the lists of instruments and books: those must be the same.
    pub(crate) fn check(&self, path: &Path, config: &EngineConfig) -> Result<(), ExchangeError> {
        let other = |what| Err(ExchangeError::new(path, Fault::Other { what }));
        let books = |config: &EngineConfig| -> Vec<_> {
            config.books.iter().map(|book| (book.name.clone(), book.mode)).collect()
        };
        if self.config.instruments != config.instruments {
            return other("instruments");
        }
        if books(&self.config) == books(config) { Ok(()) } else { other("books") }
    }
}

/// The open file.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    file: File,
    header: Header,
    /// The checksum of the first line: which record this is.
    identity: u32,
    /// Where the first entry begins, and its line.
    first: Position,
    /// Where the last whole entry ends.
    end: Position,
    /// It was begun by this opening.
    created: bool,
    sync: bool,
    half: bool,
}

/// A place in the file: what was read before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub byte: u64,
    pub lines: u64,
}

impl Position {
    const START: Self = Self { byte: 0, lines: 0 };
}

impl RecordFile {
    /// Opens a record, or begins one with `header`.
    pub fn open(path: &Path, header: &Header, sync: bool) -> Result<Self, ExchangeError> {
        let fail = |error| ExchangeError::new(path, Fault::Io(error));
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).map_err(fail)?;
        let created = !Lines::of(path, &mut file, Position::START)?.read()?;
        if created {
            // New, or its maker died while writing the first line: nothing has entered yet.
            let line = encode(path, header)?;
            file.set_len(0).map_err(fail)?;
            file.write_all(&line).map_err(fail)?;
        }
        let mut lines = Lines::of(path, &mut file, Position::START)?;
        let (header, identity) = lines.header()?;
        let (first, path) = (lines.position, path.into());
        Ok(Self { path, file, header, identity, first, end: first, created, sync, half: false })
    }

    /// Hands over the entries from a position on (none: from the first), and drops a last one that
    /// is not whole.
    pub(crate) fn replay(
        &mut self,
        from: Option<Position>,
        mut see: impl FnMut(Entry),
    ) -> Result<(), ExchangeError> {
        let mut lines = Lines::of(&self.path, &mut self.file, from.unwrap_or(self.first))?;
        while let Some(entry) = lines.next()? {
            see(entry);
        }
        self.end = lines.position;
        self.file.set_len(self.end.byte).map_err(|error| self.error(error))
    }

    /// Appends entries in one write. When it fails none of them is in the record; a process that
    /// dies within it leaves the first ones.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), ExchangeError> {
        if self.half {
            return Err(ExchangeError::new(&self.path, Fault::HalfWritten));
        }
        let mut bytes = Vec::with_capacity(160 * entries.len());
        for entry in entries {
            bytes.extend(encode(&self.path, entry)?);
        }
        let written = self.file.write_all(&bytes);
        let written = written.and_then(|()| if self.sync { self.file.sync_data() } else { Ok(()) });
        match written {
            Ok(()) => {
                self.end.byte += bytes.len() as u64;
                self.end.lines += entries.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.half = self.file.set_len(self.end.byte).is_err();
                Err(self.error(error))
            }
        }
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Which record this is.
    pub(crate) fn identity(&self) -> u32 {
        self.identity
    }

    /// Where its last entry ends.
    pub(crate) fn end(&self) -> Position {
        self.end
    }

    /// How long the file is, a last line that is not whole included.
    pub(crate) fn bytes(&self) -> Result<u64, ExchangeError> {
        self.file.metadata().map(|file| file.len()).map_err(|error| self.error(error))
    }

    /// Whether it was begun by this opening.
    pub(crate) fn is_new(&self) -> bool {
        self.created
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, error: std::io::Error) -> ExchangeError {
        ExchangeError::new(&self.path, Fault::Io(error))
    }
}

/// Reads a record that nobody writes meanwhile, or as far as it was written when this began.
pub(crate) fn read<T>(
    path: &Path,
    start: impl FnOnce(Header) -> T,
    mut see: impl FnMut(&mut T, Entry),
) -> Result<T, ExchangeError> {
    let mut file = File::open(path).map_err(|error| ExchangeError::new(path, Fault::Io(error)))?;
    let mut lines = Lines::of(path, &mut file, Position::START)?;
    let mut reader = start(lines.header()?.0);
    while let Some(entry) = lines.next()? {
        see(&mut reader, entry);
    }
    Ok(reader)
}

/// Lines from a position on.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<&'a mut File>,
    position: Position,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn of(path: &'a Path, file: &'a mut File, position: Position) -> Result<Self, ExchangeError> {
        file.seek(SeekFrom::Start(position.byte))
            .map_err(|error| ExchangeError::new(path, Fault::Io(error)))?;
        Ok(Self { path, file: BufReader::with_capacity(1 << 16, file), position, line: Vec::new() })
    }

    fn fault(&self, fault: Fault) -> ExchangeError {
        ExchangeError::new(self.path, fault)
    }

    /// Reads a line; false at the end of what was written whole.
    fn read(&mut self) -> Result<bool, ExchangeError> {
        self.line.clear();
        let read = self.file.read_until(b'\n', &mut self.line);
        read.map_err(|error| ExchangeError::new(self.path, Fault::Io(error)))?;
        Ok(self.line.last() == Some(&b'\n'))
    }

    fn header(&mut self) -> Result<(Header, u32), ExchangeError> {
        #[derive(Deserialize)]
        struct Versioned {
            exchange: u32,
        }
        let not_one = |lines: &Self| lines.fault(Fault::NotARecord);
        if !self.read()? {
            return Err(not_one(self));
        }
        let Some((sum, json)) = checked(&self.line) else { return Err(not_one(self)) };
        let version: Versioned = serde_json::from_slice(json).map_err(|_| not_one(self))?;
        if version.exchange != VERSION {
            let fault = Fault::Newer { found: version.exchange, known: VERSION };
            return Err(self.fault(fault));
        }
        let header = serde_json::from_slice(json).map_err(|_| not_one(self))?;
        self.pass();
        Ok((header, sum))
    }

    fn pass(&mut self) {
        self.position.byte += self.line.len() as u64;
        self.position.lines += 1;
    }

    /// The next entry; none at the end, or at a last line that is not whole.
    fn next(&mut self) -> Result<Option<Entry>, ExchangeError> {
        if !self.read()? {
            return Ok(None);
        }
        let entry = checked(&self.line).and_then(|(_, json)| decode(json));
        match entry {
            Some(entry) => {
                self.pass();
                Ok(Some(entry))
            }
            None => Err(self.fault(Fault::Damaged { line: self.position.lines + 1 })),
        }
    }
}

/// A line without its end: the checksum of its JSON, a space, the JSON.
pub(super) fn checked(line: &[u8]) -> Option<(u32, &[u8])> {
    let (sum, json) = line.strip_suffix(b"\n")?.split_at_checked(9)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum.strip_suffix(b" ")?).ok()?, 16).ok()?;
    (crc32fast::hash(json) == sum).then_some((sum, json))
}

fn decode<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}

pub(super) fn encode(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, ExchangeError> {
    let json = serde_json::to_vec(value)
        .map_err(|error| ExchangeError::new(path, Fault::Unwritable(error.to_string())))?;
    let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    line.extend(json);
    line.push(b'\n');
    Ok(line)
}
