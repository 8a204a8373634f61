//! Which file holds which symbol: names `venue_SYMBOL_timeframe_from-to.csv[.gz]` in a folder.
//! One venue for a whole run, chosen by rule and declared; sources are never mixed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use gardefou_core::ids::SymbolName;
use gardefou_core::time::{Timeframe, Timestamp};

use super::error::{DataError, Fault};
use super::table::io_fault;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dataset {
    /// Bars of one length.
    Candles(Timeframe),
    /// Funding settlements.
    Funding,
}

impl From<Timeframe> for Dataset {
    fn from(timeframe: Timeframe) -> Self {
        Self::Candles(timeframe)
    }
}

impl Dataset {
    /// The word in file names, and the name of the sub-folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Candles(timeframe) => timeframe.name(),
            Self::Funding => "funding",
        }
    }
}

/// The files of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The one source, for example `binance-perp`; none when no file was found.
    pub venue: Option<String>,
    /// A file per symbol, in the order asked for.
    pub files: Vec<(SymbolName, PathBuf)>,
    /// Symbols without a file of that venue, in the order asked for.
    pub missing: Vec<SymbolName>,
    /// Every venue with a file for one of the symbols, by name.
    pub venues: Vec<String>,
    /// Files of the chosen venue that another one of the same symbol stands in for, with it.
    pub set_aside: Vec<(SymbolName, PathBuf)>,
}

/// Finds one file per symbol under `dir` or its sub-folder named after the dataset.
///
/// Without an explicit `venue`, the venue with most of the symbols is taken; of equals a
/// perpetual before spot, then the first by name. Find the slowest candles first and pass their
/// venue when looking for detail and funding, so that the run has one source. Of several files
/// of one venue and symbol the longest range is taken, of equals the latest, then the last by
/// name; the others are listed as set aside.
///
/// # Errors
/// The folder, or the one of the dataset in it, is no folder or cannot be read.
pub fn find(
    dir: &Path,
    symbols: &[SymbolName],
    dataset: impl Into<Dataset>,
    venue: Option<&str>,
) -> Result<Found, DataError> {
    let dataset = dataset.into();
    let wanted: BTreeSet<SymbolName> = symbols.iter().copied().collect();
    let mut shelves: BTreeMap<String, Shelf> = BTreeMap::new();
    for path in list(dir, dataset)? {
        let Some(name) = FileName::parse(&path, dataset, &wanted)? else { continue };
        let files = shelves.entry(name.venue).or_default().entry(name.symbol).or_default();
        files.push((name.days, name.to, path));
    }
    let chosen = venue.map(str::to_owned).or_else(|| choose(&shelves));
    let shelf = chosen.as_ref().and_then(|venue| shelves.get(venue)).cloned();
    let venue = chosen.filter(|_| shelf.is_some());
    let venues = shelves.into_keys().collect();
    Ok(pick(
        symbols,
        shelf.unwrap_or_default(),
        Found { venue, files: Vec::new(), missing: Vec::new(), venues, set_aside: Vec::new() },
    ))
}

/// The files of one venue: per symbol, with length and end of their range.
type Shelf = BTreeMap<SymbolName, Vec<(i64, i64, PathBuf)>>;

/// The venue of a run.
fn choose(shelves: &BTreeMap<String, Shelf>) -> Option<String> {
    let rank = |(venue, shelf): &(&String, &Shelf)| {
        (std::cmp::Reverse(shelf.len()), !venue.ends_with("-perp"), (*venue).clone())
    };
    shelves.iter().min_by_key(rank).map(|(venue, _)| venue.clone())
}

/// One file per symbol.
fn pick(symbols: &[SymbolName], mut shelf: Shelf, mut found: Found) -> Found {
    let mut seen = BTreeSet::new();
    for &symbol in symbols.iter().filter(|&&symbol| seen.insert(symbol)) {
        let mut files = shelf.remove(&symbol).unwrap_or_default();
        files.sort();
        match files.pop() {
            Some((_, _, path)) => found.files.push((symbol, path)),
            None => found.missing.push(symbol),
        }
        found.set_aside.extend(files.into_iter().map(|(_, _, path)| (symbol, path)));
    }
    found
}

/// Everything in `dir` and in its sub-folder for the dataset, by name.
fn list(dir: &Path, dataset: Dataset) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |error| DataError::file(dir, io_fault(error));
    if !std::fs::metadata(dir).map_err(unreadable)?.is_dir() {
        return Err(DataError::file(dir, Fault::NotFolder));
    }
    let mut paths = entries(dir)?;
    let below = dir.join(dataset.name());
    match std::fs::metadata(&below) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(DataError::file(&below, io_fault(error))),
        Ok(found) if found.is_dir() => paths.extend(entries(&below)?),
        Ok(_) => return Err(DataError::file(&below, Fault::NotFolder)),
    }
    paths.sort();
    Ok(paths)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |error| DataError::file(dir, io_fault(error));
    let entries = std::fs::read_dir(dir).map_err(unreadable)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable)).collect()
}

struct FileName {
    venue: String,
    symbol: SymbolName,
    /// Length of the range in days, and its end; nothing when the name has none.
    days: i64,
    to: i64,
}

impl FileName {
    /// `venue_SYMBOL_dataset[_from-to].csv[.gz]`, when it is of this dataset and of a symbol wanted.
    ///
    /// # Errors
    /// Days in the name that no calendar has, or in the wrong order.
    fn parse(
        path: &Path,
        dataset: Dataset,
        wanted: &BTreeSet<SymbolName>,
    ) -> Result<Option<Self>, DataError> {
        let parts = parts(path, dataset).filter(|(_, symbol, _)| wanted.contains(symbol));
        let Some((venue, symbol, range)) = parts else { return Ok(None) };
        let (days, to) = match range.map(|range| (range, named(range))) {
            None => (0, 0),
            Some((_, Some(days))) => (days.end - days.start, days.end),
            Some((range, None)) if looks_like_days(range) => {
                return Err(DataError::file(path, Fault::NoSuchDays { days: range.to_owned() }));
            }
            Some((_, None)) => return Ok(None),
        };
        Ok(Some(Self { venue: venue.into(), symbol, days, to }))
    }
}

/// Venue, symbol and range of the name of a file of this dataset.
fn parts(path: &Path, dataset: Dataset) -> Option<(&str, SymbolName, Option<&str>)> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".csv.gz").or_else(|| name.strip_suffix(".csv"))?;
    let mut parts = stem.split('_');
    let (venue, symbol) = (parts.next()?, parts.next()?.parse().ok()?);
    let of_it = !venue.is_empty() && parts.next()? == dataset.name();
    let range = parts.next();
    (of_it && parts.next().is_none()).then_some((venue, symbol, range))
}

fn looks_like_days(range: &str) -> bool {
    range.split('-').all(|day| day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()))
        && range.split('-').count() == 2
}

/// The days of `YYYYMMDD-YYYYMMDD`, the last one included, as days since 1970.
fn named(range: &str) -> Option<Range<i64>> {
    let day = |text: &str| -> Option<i64> {
        let date = jiff::civil::Date::strptime("%Y%m%d", text).ok()?;
        let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(at.timestamp().as_second().div_euclid(86_400))
    };
    let (from, to) = range.split_once('-').filter(|_| looks_like_days(range))?;
    let (from, to) = (day(from)?, day(to)?);
    (from <= to).then_some(from..to + 1)
}

/// Whole days at both ends that the name of a file promises, and that its rows from `first` to
/// `last` do not reach.
#[must_use]
pub fn days_short(path: &Path, dataset: Dataset, first: Timestamp, last: Timestamp) -> u64 {
    let promised = parts(path, dataset).and_then(|(_, _, range)| named(range?));
    let Some(promised) = promised else { return 0 };
    let day = |at: Timestamp| at.0.div_euclid(86_400_000);
    let before = (day(first) - promised.start).max(0);
    let after = (promised.end - 1 - day(last)).max(0);
    (before + after).unsigned_abs()
}
