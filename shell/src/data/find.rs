//! Which file holds which symbol: names `venue_SYMBOL_timeframe_from-to.csv[.gz]` in a folder.
//! One venue for a whole run, chosen by rule and declared; sources are never mixed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gardefou_core::ids::SymbolName;
use gardefou_core::time::Timeframe;

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
        let Some(name) = FileName::parse(&path, dataset) else { continue };
        if wanted.contains(&name.symbol) {
            let files = shelves.entry(name.venue).or_default().entry(name.symbol).or_default();
            files.push((name.days, name.to, path));
        }
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
type Shelf = BTreeMap<SymbolName, Vec<(u32, u32, PathBuf)>>;

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
    days: u32,
    to: u32,
}

impl FileName {
    /// `venue_SYMBOL_dataset[_from-to].csv[.gz]`, when it is of this dataset.
    fn parse(path: &Path, dataset: Dataset) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let stem = name.strip_suffix(".csv.gz").or_else(|| name.strip_suffix(".csv"))?;
        let mut parts = stem.split('_');
        let (venue, symbol) = (parts.next()?, parts.next()?.parse().ok()?);
        if venue.is_empty() || parts.next()? != dataset.name() {
            return None;
        }
        let (days, to) = match parts.next() {
            Some(range) => read_range(range)?,
            None => (0, 0),
        };
        parts.next().is_none().then(|| Self { venue: venue.into(), symbol, days, to })
    }
}

/// Length in days (months of 31, which orders well enough) and end of `YYYYMMDD-YYYYMMDD`.
fn read_range(range: &str) -> Option<(u32, u32)> {
    let (from, to) = range.split_once('-')?;
    let day = |text: &str| -> Option<u32> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok())?
    };
    let (from, to) = (day(from)?, day(to)?);
    let count = |day: u32| day / 10_000 * 372 + day / 100 % 100 * 31 + day % 100;
    Some((count(to).saturating_sub(count(from)), to))
}
