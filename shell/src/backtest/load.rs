//! Reads the market of a backtest: candles, finer candles, funding. Everything that is missing is
//! refused or listed; nothing is shortened or replaced in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{SymbolId, SymbolName};
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::Fraction;
use gardefou_core::time::{Timeframe, Timestamp};
use rust_decimal::Decimal;

use super::drive::HOUR;
use super::settlements::{self, Missing, Settled};
use super::{BacktestError, Progress, Request, selection};
use crate::config::Settings;
use crate::data::{self, DataIdentity, Dataset, Found, Funding, RawSeries};
use crate::report::result::{FundingCoverage, LeftOut};
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
    /// What was traded in each hourly bar, in base coin.
    pub volumes: Vec<f64>,
    /// Settlements by instant.
    pub settlements: Vec<(Timestamp, Fraction)>,
    /// How many settlements are expected, recorded, and filled with the stated rate.
    pub funding: FundingCoverage,
    /// The files.
    pub files: Vec<DataIdentity>,
}

/// The market of a run: one feed per symbol, in the order of the engine's symbols.
pub struct Market {
    /// By [`SymbolId`].
    pub feeds: Vec<Feed>,
    /// Symbols of the configuration that are not run, and why.
    pub left_out: Vec<LeftOut>,
    /// The one source of all files.
    pub venue: String,
    /// Every source found.
    pub venues: Vec<String>,
    /// Files that another one of the same symbol stands in for.
    pub set_aside: Vec<(SymbolName, Dataset, PathBuf)>,
    /// Symbols of which no hour of the run has all its finer bars, when those are asked for.
    pub without_detail: Vec<SymbolName>,
    /// Length of the finer bars.
    pub detail: Option<Timeframe>,
    /// The first instant at which an entry may fill.
    pub from: Timestamp,
    /// The end of the last bar.
    pub to: Timestamp,
}

impl Feed {
    /// Of a symbol without candles.
    fn empty(instrument: &Instrument) -> Self {
        Self {
            symbol: instrument.symbol,
            tick: instrument.tick,
            bars: Vec::new(),
            detail: Vec::new(),
            volumes: Vec::new(),
            settlements: Vec::new(),
            funding: FundingCoverage::default(),
            files: Vec::new(),
        }
    }

    /// The bars of length `fine` inside the hour that opens at `at`, when none is missing. `read`
    /// says how far the finer bars have been read; hours are asked for in order.
    pub(super) fn inside(
        &self,
        at: Timestamp,
        fine: Timeframe,
        read: &mut usize,
    ) -> Option<&[Bar]> {
        while self.detail.get(*read).is_some_and(|bar| bar.at < at) {
            *read += 1;
        }
        let count = usize::try_from(HOUR.0 / fine.span().0).ok()?;
        let bars = self.detail.get(*read..*read + count)?;
        bars.last().is_some_and(|bar| bar.at < at + HOUR).then_some(bars)
    }

    /// The bar of the hour that opens at `at`.
    #[must_use]
    pub fn hour(&self, at: Timestamp) -> Option<&Bar> {
        let first = self.bars.first()?.at;
        let index = usize::try_from((at - first).0 / HOUR.0).ok().filter(|_| at >= first)?;
        self.bars.get(index)
    }

    /// True when an hour that opens at or after `from` has all its finer bars.
    fn has_detail(&self, from: Timestamp, fine: Timeframe) -> bool {
        let mut read = 0;
        let mut hours = self.bars.iter().filter(|bar| bar.at >= from);
        hours.any(|bar| self.inside(bar.at, fine, &mut read).is_some())
    }

    /// What was traded in the hour of an instant, in base coin; none when there is no such hour.
    pub(super) fn volume(&self, at: Timestamp) -> Option<f64> {
        let first = self.bars.first()?.at;
        let index = usize::try_from((at.floor(HOUR) - first).0 / HOUR.0).ok()?;
        self.volumes.get(index).copied().filter(|_| at >= first)
    }
}

impl Market {
    /// The open time of the first bar; the end when there is none.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        let opens = self.feeds.iter().filter_map(|feed| feed.bars.first());
        opens.map(|bar| bar.at).min().unwrap_or(self.to)
    }

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
    market_for(settings, request, &[], Ok, progress)
}

/// The same for books that exist already: `resolve` makes their configuration of the one that is
/// asked for, and the candles of symbols `at_work` are read whatever is asked for.
///
/// # Errors
/// As [`market`], and those of `resolve`.
pub fn market_for<E: From<BacktestError>>(
    settings: &Settings,
    request: &Request,
    at_work: &[SymbolName],
    resolve: impl FnOnce(EngineConfig) -> Result<EngineConfig, E>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Market, EngineConfig), E> {
    let asked = settings.engine(&selection(request, request.symbols.clone()), &BTreeMap::new());
    let asked = asked.map_err(BacktestError::from)?;
    let own: BTreeSet<SymbolName> = asked.instruments.iter().map(|i| i.symbol).collect();
    let names: BTreeSet<SymbolName> = own.iter().chain(at_work).copied().collect();
    let files = Files::find(request, &Vec::from_iter(names))?;
    files.log();
    let mut raws = files.read(progress)?;
    let mut left_out = files.left_out.clone();
    left_out.extend(outside(request, &mut raws)?);
    if let Some(symbol) = at_work.iter().find(|name| !raws.contains_key(name)) {
        let open = format!(
            "no candles of {symbol}, where something is open or rests: the exchange has no price \
             for it; add its file, or name another --data to begin anew"
        );
        return Err(BacktestError::Request(open).into());
    }
    let ticks = ticks(&asked, &raws);
    let symbols = raws.keys().copied().filter(|name| own.contains(name)).collect();
    let config = settings.engine(&selection(request, Some(symbols)), &ticks);
    let config = resolve(config.map_err(BacktestError::from)?)?;
    let market = assemble(request, &config, raws, files, left_out)?;
    Ok((market, config))
}

/// The files of a run, one per symbol and kind.
struct Files {
    venue: String,
    venues: Vec<String>,
    hours: Vec<(SymbolName, PathBuf)>,
    /// Finer bars and funding, for symbols that have hours.
    more: Vec<(Dataset, SymbolName, PathBuf)>,
    /// Files that others stand in for.
    set_aside: Vec<(SymbolName, Dataset, PathBuf)>,
    /// Symbols without hours.
    left_out: Vec<LeftOut>,
}

impl Files {
    /// The hours decide the venue; finer bars and funding are of the same.
    fn find(request: &Request, symbols: &[SymbolName]) -> Result<Self, BacktestError> {
        let hourly = Dataset::Candles(Timeframe::H1);
        let found = data::find(&request.candles, symbols, hourly, request.venue.as_deref())?;
        refuse_venue(request, &found)?;
        refuse_missing(request, &found.missing)?;
        if found.files.is_empty() {
            return Err(BacktestError::Request(format!(
                "no 1h candles of any configured symbol in {}; expected files like \
                 bitget-perp_BTCUSDT_1h_20240101-20241231.csv.gz",
                request.candles.display()
            )));
        }
        let present: Vec<SymbolName> = found.files.iter().map(|(symbol, _)| *symbol).collect();
        let mut files = Self {
            venue: found.venue.clone().unwrap_or_default(),
            venues: found.venues.clone(),
            hours: Vec::new(),
            more: Vec::new(),
            set_aside: Vec::new(),
            left_out: found.missing.iter().map(|&symbol| no_candles(symbol)).collect(),
        };
        let venue = found.venue.clone();
        files.hours = files.keep(hourly, found);
        let beside = request.funding.as_ref().unwrap_or(&request.candles);
        let detail = request.detail.map(|detail| (Dataset::Candles(detail), &request.candles));
        for (dataset, dir) in detail.into_iter().chain([(Dataset::Funding, beside)]) {
            let found = data::find(dir, &present, dataset, venue.as_deref())?;
            let chosen = files.keep(dataset, found);
            files.more.extend(chosen.into_iter().map(|(symbol, path)| (dataset, symbol, path)));
        }
        Ok(files)
    }

    /// The files of a search; notes what was set aside.
    fn keep(&mut self, dataset: Dataset, found: Found) -> Vec<(SymbolName, PathBuf)> {
        let aside = found.set_aside.into_iter().map(|(symbol, path)| (symbol, dataset, path));
        self.set_aside.extend(aside);
        found.files
    }

    fn log(&self) {
        tracing::info!(venue = self.venue, found = ?self.venues, "data is of one venue");
        for (symbol, dataset, path) in &self.set_aside {
            let (kind, file) = (dataset.name(), path.display());
            tracing::info!(%symbol, kind, %file, "data file set aside: another one has a longer range");
        }
        for LeftOut { symbol, reason } in &self.left_out {
            tracing::info!(symbol, reason, "symbol left out");
        }
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

fn no_candles(symbol: SymbolName) -> LeftOut {
    let reason = "no 1h candles in the folder".to_owned();
    LeftOut { symbol: symbol.to_string(), reason }
}

/// Refuses a venue of which there is nothing, when there is something of others.
fn refuse_venue(request: &Request, found: &Found) -> Result<(), BacktestError> {
    let Some(venue) = request.venue.as_ref().filter(|_| found.venue.is_none()) else {
        return Ok(());
    };
    let there = if found.venues.is_empty() {
        "no venue has any of the symbols there".to_owned()
    } else {
        format!("found there: {}", text::list(&found.venues))
    };
    Err(BacktestError::Request(format!(
        "--venue {venue}: no 1h candles of it in {}; {there}; name a venue as the files do, or \
         leave --venue out",
        request.candles.display()
    )))
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

/// Takes out symbols without a bar from `--from` to `--to`: they could not trade, and would still
/// divide the wallet. Nothing is taken out when that would be every symbol, which has words of its
/// own.
fn outside(
    request: &Request,
    raws: &mut BTreeMap<SymbolName, Raw>,
) -> Result<Vec<LeftOut>, BacktestError> {
    let inside = |raw: &Raw| {
        request.from.is_none_or(|from| raw.hours.last() >= from)
            && request.to.is_none_or(|to| raw.hours.first() < to)
    };
    let ends = |raw: &Raw| {
        let (first, last) = (text::instant(raw.hours.first()), text::instant(raw.hours.last()));
        format!("its bars go from {first} to {last}")
    };
    let out: Vec<LeftOut> = raws
        .iter()
        .filter(|(_, raw)| !inside(raw))
        .map(|(symbol, raw)| LeftOut {
            symbol: symbol.to_string(),
            reason: format!("no 1h candle between --from and --to: {}", ends(raw)),
        })
        .collect();
    if out.is_empty() || out.len() == raws.len() {
        return Ok(Vec::new());
    }
    if !request.available_only {
        let each = out.iter().map(|left| format!("{} ({})", left.symbol, left.reason));
        return Err(BacktestError::Request(format!(
            "no data in the range for {}; add files that reach into it, choose others with \
             --symbols, or run the rest with --available-only",
            text::list(each)
        )));
    }
    for LeftOut { symbol, reason } in &out {
        tracing::info!(symbol, reason, "symbol left out");
    }
    raws.retain(|_, raw| inside(raw));
    Ok(out)
}

fn assemble(
    request: &Request,
    config: &EngineConfig,
    mut raws: BTreeMap<SymbolName, Raw>,
    files: Files,
    left_out: Vec<LeftOut>,
) -> Result<Market, BacktestError> {
    let mut feeds = Vec::with_capacity(config.instruments.len());
    let mut gaps = Vec::new();
    for instrument in &config.instruments {
        let Some(raw) = raws.remove(&instrument.symbol) else {
            feeds.push(Feed::empty(instrument));
            continue;
        };
        let (feed, gap) = feed(request, instrument, warmup(config, instrument.symbol), raw)?;
        feeds.push(feed);
        gaps.extend(gap);
    }
    settlements::refuse(&gaps)?;
    let (from, to) = range(request, &feeds)?;
    let Files { venue, venues, set_aside, .. } = files;
    let detail = request.detail;
    let mut market = Market {
        feeds,
        left_out,
        venue,
        venues,
        set_aside,
        without_detail: Vec::new(),
        detail,
        from,
        to,
    };
    market.without_detail = without_detail(request, &market)?;
    Ok(market)
}

/// Symbols without a single hour of finer bars.
///
/// # Errors
/// When that is every symbol: nothing would be finer.
fn without_detail(request: &Request, market: &Market) -> Result<Vec<SymbolName>, BacktestError> {
    let Some(detail) = request.detail else { return Ok(Vec::new()) };
    let without = market.feeds.iter().filter(|feed| !feed.has_detail(market.from, detail));
    let without: Vec<SymbolName> = without.map(|feed| feed.symbol).collect();
    if without.len() < market.feeds.len() {
        return Ok(without);
    }
    let (name, venue) = (detail.name(), &market.venue);
    let example = without.first().map(ToString::to_string).unwrap_or_default();
    Err(BacktestError::Request(format!(
        "--detail {name}: no symbol has a single whole hour of {name} candles of {venue} in the run, \
         in {}; add files like {venue}_{example}_{name}_20240101-20241231.csv.gz there or in its \
         folder {name}, or run without --detail",
        request.candles.display()
    )))
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
        let end = match request.to.filter(|&to| to <= from) {
            Some(to) => format!("--to {}", text::instant(to)),
            None => format!("the end of the data, {}", text::instant(to)),
        };
        let from = text::instant(from);
        return Err(BacktestError::Request(format!(
            "--from {from} is not before {end}; choose an earlier start, or a later end"
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
    let interval = instrument.funding_interval;
    files.extend(raw.funding.as_ref().map(|f| f.identity(symbol, f.gaps(interval))));
    files.iter().for_each(log_file);
    let Settled { settlements, coverage: funding, missing } = settled;
    let volumes = raw.hours.volumes().to_vec();
    let feed = Feed { symbol, tick, bars: hours, detail, volumes, settlements, funding, files };
    Ok((feed, missing))
}

fn log_file(file: &DataIdentity) {
    tracing::info!(
        symbol = %file.symbol,
        kind = file.timeframe.map_or("funding", Timeframe::name),
        file = file.file,
        from = text::instant(file.first),
        to = text::instant(file.last),
        rows = file.rows,
        gaps = file.gaps,
        sha256 = %file.sha256,
        "data file chosen"
    );
}
