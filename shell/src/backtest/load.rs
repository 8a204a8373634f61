//! Reads the market of a backtest: candles, finer candles, funding. Everything that is missing is
//! refused or listed; nothing is shortened or replaced in silence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{SymbolId, SymbolName};
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::Fraction;
use gardefou_core::time::{Timeframe, Timestamp};
use rust_decimal::Decimal;

use super::settlements::{self, Missing, Settled};
use super::{BacktestError, Progress, Request, selection};
use crate::config::Settings;
use crate::data::{self, DataIdentity, Dataset, Funding, RawSeries};
use crate::text;

/// One symbol of the market.
pub struct Feed {
    /// Its name.
    pub symbol: SymbolName,
    /// The price step used.
    pub tick: Decimal,
    /// Hourly bars, contiguous.
    pub bars: Vec<Bar>,
    /// Finer bars, where asked for and present; may have gaps.
    pub detail: Vec<Bar>,
    /// Settlements by instant.
    pub settlements: Vec<(Timestamp, Fraction)>,
    /// Settlements recorded and filled with the stated rate.
    pub funding: (u64, u64),
    /// The files.
    pub files: Vec<DataIdentity>,
}

/// The market of a run: one feed per symbol, in the order of the engine's symbols.
pub struct Market {
    /// By [`SymbolId`].
    pub feeds: Vec<Feed>,
    /// Symbols of the configuration that are not run.
    pub left_out: Vec<SymbolName>,
    /// Length of the finer bars.
    pub detail: Option<Timeframe>,
    /// The first instant at which an entry may fill.
    pub from: Timestamp,
    /// The end of the last bar.
    pub to: Timestamp,
}

impl Feed {
    /// The bars of length `fine` inside the hour that opens at `at`, when none is missing. `read`
    /// says how far the finer bars have been read; hours are asked for in order.
    pub(super) fn inside(
        &self,
        at: Timestamp,
        fine: Timeframe,
        read: &mut usize,
    ) -> Option<&[Bar]> {
        let hour = Timeframe::H1.span();
        while self.detail.get(*read).is_some_and(|bar| bar.at < at) {
            *read += 1;
        }
        let count = usize::try_from(hour.0 / fine.span().0).ok()?;
        let bars = self.detail.get(*read..*read + count)?;
        bars.last().is_some_and(|bar| bar.at < at + hour).then_some(bars)
    }
}

impl Market {
    /// The feed of a symbol.
    #[must_use]
    pub fn feed(&self, symbol: SymbolId) -> Option<&Feed> {
        self.feeds.get(usize::from(symbol.0))
    }
}

/// What was read of one symbol, before ticks are known.
struct Raw {
    hours: RawSeries,
    detail: Option<RawSeries>,
    funding: Option<Funding>,
}

/// Reads everything and resolves the configuration with the ticks found.
///
/// # Errors
/// Symbols without data, broken files, missing funding, an empty range.
pub fn market(
    settings: &Settings,
    request: &Request,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Market, EngineConfig), BacktestError> {
    let wanted = settings.engine(&selection(request, request.symbols.clone()), &BTreeMap::new())?;
    let names: Vec<SymbolName> = wanted.instruments.iter().map(|i| i.symbol).collect();
    let files = Files::find(request, &names)?;
    let raws = files.read(progress)?;
    assemble(settings, request, &wanted, raws, files.left_out)
}

/// The files of a run, one per symbol and kind.
struct Files {
    hours: Vec<(SymbolName, PathBuf)>,
    /// Finer bars and funding, for symbols that have hours.
    more: Vec<(Dataset, SymbolName, PathBuf)>,
    /// Symbols without hours.
    left_out: Vec<SymbolName>,
}

impl Files {
    /// The hours decide the venue; finer bars and funding are of the same.
    fn find(request: &Request, symbols: &[SymbolName]) -> Result<Self, BacktestError> {
        let hourly = Dataset::Candles(Timeframe::H1);
        let found = data::find(&request.candles, symbols, hourly, request.venue.as_deref())?;
        refuse_missing(request, &found.missing)?;
        if found.files.is_empty() {
            return Err(BacktestError::Request(format!(
                "no 1h candles of any configured symbol in {}; expected files like \
                 bitget-perp_BTCUSDT_1h_20240101-20241231.csv.gz",
                request.candles.display()
            )));
        }
        let venue = found.venue.as_deref();
        let present: Vec<SymbolName> = found.files.iter().map(|(symbol, _)| *symbol).collect();
        let mut more = Vec::new();
        let mut add = |dataset, files: Vec<(SymbolName, PathBuf)>| {
            more.extend(files.into_iter().map(|(symbol, path)| (dataset, symbol, path)));
        };
        if let Some(detail) = request.detail.map(Dataset::Candles) {
            add(detail, data::find(&request.candles, &present, detail, venue)?.files);
        }
        add(Dataset::Funding, funding_files(request, &present, venue)?);
        Ok(Self { hours: found.files, more, left_out: found.missing })
    }

    fn read(
        &self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<BTreeMap<SymbolName, Raw>, BacktestError> {
        let total = (self.hours.len() + self.more.len()) as u64;
        let mut done = 0;
        let mut step = || {
            done += 1;
            progress(Progress::Reading(done, total));
        };
        let mut raws = BTreeMap::new();
        for (symbol, path) in &self.hours {
            let hours = data::read_candles(path, Timeframe::H1)?;
            hours.require_contiguous()?;
            raws.insert(*symbol, Raw { hours, detail: None, funding: None });
            step();
        }
        for (dataset, symbol, path) in &self.more {
            if let Some(raw) = raws.get_mut(symbol) {
                raw.add(*dataset, path)?;
            }
            step();
        }
        Ok(raws)
    }
}

impl Raw {
    fn add(&mut self, dataset: Dataset, path: &Path) -> Result<(), BacktestError> {
        match dataset {
            Dataset::Candles(timeframe) => {
                self.detail = Some(data::read_candles(path, timeframe)?);
            }
            Dataset::Funding => self.funding = Some(data::read_funding(path)?),
        }
        Ok(())
    }
}

fn refuse_missing(request: &Request, missing: &[SymbolName]) -> Result<(), BacktestError> {
    if missing.is_empty() || request.available_only {
        return Ok(());
    }
    Err(BacktestError::Request(format!(
        "no 1h candles in {} for {}; add the files, choose others with --symbols, or run the rest \
         with --available-only",
        request.candles.display(),
        text::list(missing.iter())
    )))
}

/// Funding beside the candles is welcome, not required to be there; a folder that was named is.
fn funding_files(
    request: &Request,
    symbols: &[SymbolName],
    venue: Option<&str>,
) -> Result<Vec<(SymbolName, PathBuf)>, BacktestError> {
    match &request.funding {
        Some(dir) => Ok(data::find(dir, symbols, Dataset::Funding, venue)?.files),
        None => Ok(data::find(&request.candles, symbols, Dataset::Funding, venue)
            .map(|found| found.files)
            .unwrap_or_default()),
    }
}

fn assemble(
    settings: &Settings,
    request: &Request,
    wanted: &EngineConfig,
    raws: BTreeMap<SymbolName, Raw>,
    left_out: Vec<SymbolName>,
) -> Result<(Market, EngineConfig), BacktestError> {
    let ticks = ticks(wanted, &raws);
    let symbols: Vec<SymbolName> = raws.keys().copied().collect();
    let config = settings.engine(&selection(request, Some(symbols)), &ticks)?;
    let mut feeds = Vec::with_capacity(raws.len());
    let mut gaps = Vec::new();
    for (instrument, (symbol, raw)) in config.instruments.iter().zip(raws) {
        debug_assert_eq!(instrument.symbol, symbol);
        let (feed, gap) = feed(request, instrument, warmup(&config, symbol), raw)?;
        feeds.push(feed);
        gaps.extend(gap);
    }
    settlements::refuse(&gaps)?;
    let (from, to) = range(request, &feeds)?;
    Ok((Market { feeds, left_out, detail: request.detail, from, to }, config))
}

/// The first instant at which an entry may fill, and the end of the last bar.
fn range(request: &Request, feeds: &[Feed]) -> Result<(Timestamp, Timestamp), BacktestError> {
    let end = |feed: &Feed| feed.bars.last().map(|bar| bar.at + Timeframe::H1.span());
    let first = feeds.iter().filter_map(|feed| feed.bars.first()).map(|bar| bar.at).min();
    let (Some(first), Some(to)) = (first, feeds.iter().filter_map(end).max()) else {
        return Err(BacktestError::Request(
            "no bar opens before --to; choose a later date".to_owned(),
        ));
    };
    let from = request.from.unwrap_or(first).max(first);
    if from >= to {
        return Err(BacktestError::Request(format!(
            "--from {} is not before the end of the data, {}",
            text::instant(from),
            text::instant(to)
        )));
    }
    Ok((from, to))
}

/// The shortest warm-up over the books that run a symbol, in bars: before it no position can
/// exist.
fn warmup(config: &EngineConfig, symbol: SymbolName) -> u32 {
    let books = config.books.iter().flat_map(|book| &book.symbols);
    let own = books.filter(|s| config.instrument(s.symbol).is_some_and(|i| i.symbol == symbol));
    own.map(|s| s.params.warmup_bars()).min().unwrap_or(0)
}

fn ticks(config: &EngineConfig, raws: &BTreeMap<SymbolName, Raw>) -> BTreeMap<SymbolName, Decimal> {
    let mut ticks = BTreeMap::new();
    for instrument in &config.instruments {
        if let Some(raw) = raws.get(&instrument.symbol) {
            let series: Vec<&RawSeries> =
                std::iter::once(&raw.hours).chain(raw.detail.as_ref()).collect();
            ticks.insert(instrument.symbol, data::shared_tick(instrument.tick, series));
        }
    }
    ticks
}

/// One symbol in ticks up to `--to`; and the funding that it lacks.
fn feed(
    request: &Request,
    instrument: &Instrument,
    warmup: u32,
    raw: Raw,
) -> Result<(Feed, Option<Missing>), BacktestError> {
    let (symbol, tick) = (instrument.symbol, instrument.tick);
    let bars = |series: &RawSeries| -> Result<Vec<Bar>, BacktestError> {
        let mut bars = series.to_bars(tick)?;
        bars.retain(|bar| request.to.is_none_or(|to| bar.at < to));
        Ok(bars)
    };
    let hours = bars(&raw.hours)?;
    let detail = raw.detail.as_ref().map_or_else(|| Ok(Vec::new()), bars)?;
    let due = settlements::Due::new(request, instrument, warmup, &hours);
    let settled = due.settle(raw.funding.as_ref(), request.missing_funding)?;
    let candles = std::iter::once(&raw.hours).chain(&raw.detail);
    let mut files: Vec<DataIdentity> =
        candles.map(|series| series.identity(symbol, tick)).collect();
    files.extend(raw.funding.as_ref().map(|series| series.identity(symbol, 0)));
    let Settled { settlements, recorded, filled, missing } = settled;
    let funding = (recorded, filled);
    Ok((Feed { symbol, tick, bars: hours, detail, settlements, funding, files }, missing))
}
