//! Rows of a CSV file, plain or gzip, with bounded memory: a line has a length limit, a file a row
//! limit. Hashes the bytes as they are on disk. Knows nothing of candles or funding.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use gardefou_core::time::Timestamp;
use sha2::{Digest as _, Sha256};

use super::decimal::{NotNumber, Number};
use super::error::{DataError, Fault, Shown};
use super::identity::Digest;

/// How much a file may ask of us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one line.
    pub line: usize,
    /// Rows of one file.
    pub rows: usize,
}

impl Limits {
    /// A row of candles has about 60 bytes; 8 million rows are 15 years of minutes.
    pub const FILES: Self = Self { line: 1_024, rows: 8_000_000 };
}

/// 2000-01-01 and 2100-01-01, in milliseconds.
const CENTURY: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

type Disk = BufReader<Hashing<File>>;

enum Input {
    Plain(Disk),
    Gzip(Box<BufReader<MultiGzDecoder<Disk>>>),
}

impl Input {
    /// Appends a line to `line`, at most `limit` bytes.
    fn line(&mut self, line: &mut Vec<u8>, limit: u64) -> io::Result<usize> {
        match self {
            Self::Plain(disk) => disk.take(limit).read_until(b'\n', line),
            Self::Gzip(gzip) => gzip.as_mut().take(limit).read_until(b'\n', line),
        }
    }

    fn disk(self) -> Disk {
        match self {
            Self::Plain(disk) => disk,
            Self::Gzip(gzip) => gzip.into_inner().into_inner(),
        }
    }
}

/// A CSV file being read.
pub struct Table<const N: usize> {
    path: PathBuf,
    columns: [&'static str; N],
    limits: Limits,
    input: Input,
    text: Vec<u8>,
    line: u64,
}

/// One row: its fields, and where it stands.
pub struct Row<'a, const N: usize> {
    pub path: &'a Path,
    pub line: u64,
    columns: &'a [&'static str; N],
    fields: [&'a [u8]; N],
    starts: [usize; N],
}

impl<const N: usize> Table<N> {
    /// Opens the file and checks its header.
    pub fn open(
        path: &Path,
        header: &'static str,
        columns: [&'static str; N],
        limits: Limits,
    ) -> Result<Self, DataError> {
        let input = open_input(path, header)?;
        let mut table =
            Self { path: path.into(), columns, limits, input, text: Vec::new(), line: 0 };
        if !table.advance()? {
            return Err(DataError::file(path, Fault::Empty { expected: header }));
        }
        let found = table.text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&table.text);
        if found != header.as_bytes() {
            let fault = Fault::Header { found: Shown::new(found), expected: header };
            return Err(DataError::line(path, 1, fault));
        }
        Ok(table)
    }

    /// Reads the next line without its end; false at the end of the file.
    fn advance(&mut self) -> Result<bool, DataError> {
        self.text.clear();
        self.line += 1;
        let limit = self.limits.line;
        let read = self.input.line(&mut self.text, limit as u64 + 1);
        let count = read.map_err(|error| self.unreadable(error))?;
        if self.text.last() == Some(&b'\n') {
            self.text.pop();
        } else if count > limit {
            return Err(DataError::line(&self.path, self.line, Fault::LineTooLong { limit }));
        }
        if self.text.last() == Some(&b'\r') {
            self.text.pop();
        }
        Ok(count > 0)
    }

    fn unreadable(&self, error: io::Error) -> DataError {
        let gzip = matches!(self.input, Input::Gzip(_));
        let damaged = [ErrorKind::InvalidInput, ErrorKind::InvalidData].contains(&error.kind());
        let fault = if gzip && error.kind() == ErrorKind::UnexpectedEof {
            Fault::TruncatedGzip
        } else if gzip && damaged {
            Fault::CorruptGzip(error)
        } else {
            Fault::Io(error)
        };
        DataError::line(&self.path, self.line, fault)
    }

    /// The next row; `None` at the end of the file.
    #[inline]
    pub fn next(&mut self) -> Result<Option<Row<'_, N>>, DataError> {
        if !self.advance()? {
            return Ok(None);
        }
        if self.line > self.limits.rows as u64 + 1 {
            let fault = Fault::TooManyRows { limit: self.limits.rows };
            return Err(DataError::line(&self.path, self.line, fault));
        }
        if self.text.is_empty() {
            return Err(DataError::line(&self.path, self.line, Fault::BlankLine));
        }
        let (fields, starts) = split(&self.text).map_err(|found| {
            let fault = Fault::FieldCount { found, expected: N };
            DataError::line(&self.path, self.line, fault)
        })?;
        let columns = &self.columns;
        Ok(Some(Row { path: &self.path, line: self.line, columns, fields, starts }))
    }

    /// The SHA-256 of the bytes on disk, once every row has been read.
    pub fn finish(self) -> Result<Digest, DataError> {
        let mut disk = self.input.disk();
        let drained = io::copy(&mut disk, &mut io::sink());
        drained.map_err(|error| DataError::file(&self.path, Fault::Io(error)))?;
        Ok(Digest(disk.into_inner().hash.finalize().into()))
    }
}

/// Fields and the byte at which each starts, or how many there are instead.
#[inline]
fn split<const N: usize>(text: &[u8]) -> Result<([&[u8]; N], [usize; N]), usize> {
    let mut fields: [&[u8]; N] = [&[]; N];
    let mut starts = [0; N];
    let (mut count, mut start) = (0, 0);
    for field in text.split(|&byte| byte == b',') {
        if count < N {
            fields[count] = field;
            starts[count] = start;
        }
        count += 1;
        start += field.len() + 1;
    }
    if count == N { Ok((fields, starts)) } else { Err(count) }
}

fn open_input(path: &Path, header: &'static str) -> Result<Input, DataError> {
    let unreadable = |error: io::Error| DataError::file(path, io_fault(error));
    let kind = std::fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return Err(DataError::file(path, Fault::IsFolder));
    }
    if !kind.is_file() {
        return Err(DataError::file(path, Fault::NotRegular));
    }
    let file = File::open(path).map_err(unreadable)?;
    let hashing = Hashing { inner: file, hash: Sha256::new() };
    let mut disk = BufReader::with_capacity(64 * 1_024, hashing);
    let start = disk.fill_buf().map_err(unreadable)?;
    if start.is_empty() {
        return Err(DataError::file(path, Fault::Empty { expected: header }));
    }
    let gzip = start.starts_with(&[0x1f, 0x8b]);
    let named = path.extension().is_some_and(|name| name.eq_ignore_ascii_case("gz"));
    match (gzip, named) {
        (true, true) => {
            let decoder = BufReader::with_capacity(64 * 1_024, MultiGzDecoder::new(disk));
            Ok(Input::Gzip(Box::new(decoder)))
        }
        (false, false) => Ok(Input::Plain(disk)),
        (false, true) if start == [0x1f] => Err(DataError::file(path, Fault::TruncatedGzip)),
        (false, true) => Err(DataError::file(path, Fault::NotGzip)),
        (true, false) => Err(DataError::file(path, Fault::UnnamedGzip)),
    }
}

/// What the system said about a path.
pub fn io_fault(error: io::Error) -> Fault {
    if error.kind() == ErrorKind::NotFound {
        Fault::Missing
    } else if error.kind() == ErrorKind::NotADirectory {
        Fault::NotFolder
    } else {
        Fault::Io(error)
    }
}

impl<const N: usize> Row<'_, N> {
    /// An error about one field.
    pub fn wrong_at(&self, field: usize, fault: Fault) -> DataError {
        DataError::field(self.path, self.line, self.starts[field] + 1, fault)
    }

    pub fn column(&self, field: usize) -> &'static str {
        self.columns[field]
    }

    /// The text of a field, for an error.
    pub fn shown(&self, field: usize) -> Shown {
        Shown::new(self.fields[field])
    }

    /// The number in a field.
    #[inline]
    pub fn number(&self, field: usize) -> Result<Number, DataError> {
        Number::parse(self.fields[field]).map_err(|why| self.not_number(field, why))
    }

    #[cold]
    fn not_number(&self, field: usize, why: NotNumber) -> DataError {
        let (column, value) = (self.columns[field], self.shown(field));
        let fault = match why {
            _ if str::from_utf8(self.fields[field]).is_err() => Fault::NotText { column, value },
            NotNumber::Empty => Fault::EmptyField { column },
            NotNumber::NotFinite => Fault::NotFinite { column, value },
            NotNumber::Text => Fault::NotNumber { column, value },
        };
        self.wrong_at(field, fault)
    }

    /// The time in field 0: whole milliseconds, 2000 to 2100.
    #[inline]
    pub fn time(&self) -> Result<Timestamp, DataError> {
        let number = self.number(0)?;
        let millis = if number.decimals() == 0 { number.scaled(0).ok() } else { None };
        match millis {
            Some(millis) if CENTURY.contains(&millis) => Ok(Timestamp(millis)),
            _ => Err(self.wrong_at(0, self.out_of_century(millis))),
        }
    }

    #[cold]
    fn out_of_century(&self, millis: Option<i64>) -> Fault {
        let fits = |scaled: Option<i64>| scaled.is_some_and(|value| CENTURY.contains(&value));
        let hint = if fits(millis.and_then(|value| value.checked_mul(1_000))) {
            "; this one looks like seconds, multiply by 1000"
        } else if fits(millis.map(|value| value / 1_000)) {
            "; this one looks like microseconds, divide by 1000"
        } else {
            ""
        };
        Fault::TimeRange { value: self.shown(0), hint }
    }

    /// Refuses a time that does not come after the one before.
    #[inline]
    pub fn check_order(&self, at: Timestamp, after: Option<Timestamp>) -> Result<(), DataError> {
        match after {
            Some(after) if at == after => Err(self.wrong_at(0, Fault::Duplicate { at })),
            Some(after) if at < after => Err(self.wrong_at(0, Fault::Unsorted { at, after })),
            _ => Ok(()),
        }
    }
}
