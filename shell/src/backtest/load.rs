//! Reads the market of a backtest: candles, finer candles, funding. Everything that is missing is
//! refused or listed; nothing is shortened or replaced in silence.

use std::collections::BTreeMap;

use gardefou_core::config::EngineConfig;
use gardefou_core::ids::{SymbolId, SymbolName};
use gardefou_core::market::Bar;
use gardefou_core::money::Fraction;
use gardefou_core::time::{Span, Timeframe, Timestamp};
use rust_decimal::Decimal;

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
    let hourly = Dataset::Candles(Timeframe::H1);
    let found = data::find(&request.candles, &names, hourly, request.venue.as_deref())?;
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
    let details = match request.detail {
        Some(detail) => {
            data::find(&request.candles, &present, Dataset::Candles(detail), venue)?.files
        }
        None => Vec::new(),
    };
    let fundings = funding_files(request, &present, venue)?;
    let total = (found.files.len() + details.len() + fundings.len()) as u64;
    let mut done = 0;
    let mut raws = BTreeMap::new();
    for (symbol, path) in &found.files {
        let hours = data::read_candles(path, Timeframe::H1)?;
        hours.require_contiguous()?;
        done += 1;
        progress(Progress::Reading(done, total));
        raws.insert(*symbol, Raw { hours, detail: None, funding: None });
    }
    for (symbol, path) in &details {
        let timeframe = request.detail.unwrap_or(Timeframe::M1);
        if let Some(raw) = raws.get_mut(symbol) {
            raw.detail = Some(data::read_candles(path, timeframe)?);
        }
        done += 1;
        progress(Progress::Reading(done, total));
    }
    for (symbol, path) in &fundings {
        if let Some(raw) = raws.get_mut(symbol) {
            raw.funding = Some(data::read_funding(path)?);
        }
        done += 1;
        progress(Progress::Reading(done, total));
    }
    assemble(settings, request, &wanted, raws, found.missing)
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

type Files = Vec<(SymbolName, std::path::PathBuf)>;

fn funding_files(
    request: &Request,
    symbols: &[SymbolName],
    venue: Option<&str>,
) -> Result<Files, BacktestError> {
    match &request.funding {
        Some(dir) => Ok(data::find(dir, symbols, Dataset::Funding, venue)?.files),
        // Beside the candles funding is welcome, not required to be there.
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
        let warmup = warmup(&config, symbol);
        let feed = feed(
            request,
            instrument.tick,
            instrument.funding_interval,
            warmup,
            symbol,
            raw,
            &mut gaps,
        )?;
        feeds.push(feed);
    }
    refuse_gaps(&gaps)?;
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
    Ok((Market { feeds, left_out, detail: request.detail, from, to }, config))
}

/// The longest warm-up of a symbol over the books: no position can exist before.
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

/// Settlements of one symbol that are neither recorded nor stated.
struct Missing {
    symbol: SymbolName,
    from: Timestamp,
    count: u64,
}

fn feed(
    request: &Request,
    tick: Decimal,
    interval: Span,
    warmup: u32,
    symbol: SymbolName,
    raw: Raw,
    missing: &mut Vec<Missing>,
) -> Result<Feed, BacktestError> {
    let keep = |mut bars: Vec<Bar>| {
        if let Some(to) = request.to {
            bars.retain(|bar| bar.at < to);
        }
        bars
    };
    let bars = keep(raw.hours.to_bars(tick)?);
    let mut files = vec![raw.hours.identity(symbol, tick)];
    let detail = match &raw.detail {
        Some(series) => {
            files.push(series.identity(symbol, tick));
            keep(series.to_bars(tick)?)
        }
        None => Vec::new(),
    };
    let (settlements, funding) =
        settlements(request, &bars, warmup, interval, raw.funding.as_ref(), symbol, missing)?;
    if let Some(series) = &raw.funding {
        files.push(series.identity(symbol, 0));
    }
    Ok(Feed { symbol, tick, bars, detail, settlements, funding, files })
}

type Settlements = (Vec<(Timestamp, Fraction)>, (u64, u64));

/// Every recorded settlement at its own instant, and the stated rate where one is missing.
fn settlements(
    request: &Request,
    bars: &[Bar],
    warmup: u32,
    interval: Span,
    funding: Option<&Funding>,
    symbol: SymbolName,
    missing: &mut Vec<Missing>,
) -> Result<Settlements, BacktestError> {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return Ok((Vec::new(), (0, 0)));
    };
    // The first bar that a position can be held into.
    let earliest = first.at + Span(i64::from(warmup) * Timeframe::H1.span().0);
    let start = request.from.map_or(earliest, |from| from.max(earliest));
    let mut rates: BTreeMap<Timestamp, Fraction> = BTreeMap::new();
    for &(at, rate) in funding.map_or(&[][..], Funding::settlements) {
        if at < start || at > last.at {
            continue;
        }
        if !at.is_aligned(Timeframe::H1.span()) {
            return Err(BacktestError::Request(format!(
                "{symbol}: funding settled at {}, which is not the open of an hourly bar; remove \
                 or correct that record",
                text::instant(at)
            )));
        }
        rates.insert(at, rate);
    }
    let recorded = rates.len() as u64;
    let mut absent: Vec<Timestamp> = Vec::new();
    let mut at = start.floor(interval);
    while at <= last.at {
        if at >= start && !rates.contains_key(&at) {
            absent.push(at);
        }
        at = at + interval;
    }
    match (request.missing_funding, absent.first()) {
        (Some(rate), _) => rates.extend(absent.iter().map(|&at| (at, rate))),
        (None, Some(&from)) => missing.push(Missing { symbol, from, count: absent.len() as u64 }),
        (None, None) => {}
    }
    let filled = rates.len() as u64 - recorded;
    Ok((rates.into_iter().collect(), (recorded, filled)))
}

fn refuse_gaps(missing: &[Missing]) -> Result<(), BacktestError> {
    if missing.is_empty() {
        return Ok(());
    }
    let each = missing
        .iter()
        .map(|m| format!("{} ({} settlements from {})", m.symbol, m.count, text::instant(m.from)));
    Err(BacktestError::Request(format!(
        "funding is missing for {}; give --funding DIR with the records, choose another range with \
         --from and --to, or state a rate per settlement, for example --missing-funding 0.0001",
        text::list(each)
    )))
}
