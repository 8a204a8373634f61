//! `gardefou backtest`: every strategy and symbol of a configuration as a portfolio over recorded
//! candles, on both paths. This drives the engine of the live program; it holds no rule of its
//! own.
//!
//! [`load`] reads the market (`settlements`: which funding it charges), [`hours`] is the order of
//! an hour, [`drive`] feeds all of them to the engine, [`collect`] turns what the engine said into the result (`share`: how large the orders
//! were against the market), [`explain`] states what it was run with.

pub mod collect;
pub mod drive;
pub mod explain;
pub mod hours;
pub mod load;

mod settlements;
mod share;

use std::path::PathBuf;

use gardefou_core::config::{EngineConfig, EntryOrder, Facts, Mode};
use gardefou_core::ids::SymbolName;
use gardefou_core::money::Fraction;
use gardefou_core::time::{Timeframe, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::OnTrip;

use crate::config::{ConfigError, Selection, Settings};
use crate::data::DataError;
use crate::report::html::PriceSeries;
use crate::report::metrics::Mismatch;
use crate::report::result::{Backtest, Format, PathResult, Paths, Timing};
use load::Market;

/// What a backtest is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where candles are: `DIR/1h/…` or the files themselves.
    pub candles: PathBuf,
    /// Where funding is; none = a `funding` folder beside the candles.
    pub funding: Option<PathBuf>,
    /// Only these symbols.
    pub symbols: Option<Vec<SymbolName>>,
    /// Only these strategies.
    pub strategies: Option<Vec<String>>,
    /// Only candles of this venue.
    pub venue: Option<String>,
    /// Entries from bars that open at or after it.
    pub from: Option<Timestamp>,
    /// Bars that open before it.
    pub to: Option<Timestamp>,
    /// Match against finer bars where they exist.
    pub detail: Option<Timeframe>,
    /// In place of the configured one.
    pub entry_order: Option<EntryOrder>,
    /// What happens after a switch tripped.
    pub on_trip: OnTrip,
    /// Leave out symbols without data instead of refusing.
    pub available_only: bool,
    /// Rate per settlement where none is recorded.
    pub missing_funding: Option<Fraction>,
    /// Paper books, as a backtest has them, or live ones.
    pub mode: Mode,
}

/// Why a backtest was not run.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// The configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file was refused.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The request cannot be met with this data: what, and what to do.
    #[error("{0}")]
    Request(String),
    /// The result does not add up, which is a bug.
    #[error("the result does not add up, please report this: {0}")]
    Mismatch(#[from] Mismatch),
    /// The engine's state cannot be written, which is a bug.
    #[error("the state of the engine cannot be written, please report this: {0}")]
    State(String),
}

/// A finished backtest.
pub struct Outcome {
    /// The result, as `--json` writes it.
    pub backtest: Backtest,
    /// Prices and ladders for the charts of the report.
    pub prices: Vec<PriceSeries>,
}

/// Which part of the work is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Reading files: done, total.
    Reading(u64, u64),
    /// Running a path: which, hours done, hours in total.
    Running(Path, u64, u64),
}

/// Runs a backtest.
///
/// # Errors
/// When the configuration, the data or the request is refused; nothing was traded.
pub fn run(
    settings: &Settings,
    request: &Request,
    charts: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, BacktestError> {
    let (market, config) = load::market(settings, request, progress)?;
    settings.refuse_liquidation(&config)?;
    explain::log(&config);
    let mut results = Vec::with_capacity(2);
    let (mut bars, mut decided, mut seconds) = (0, 0, 0.0);
    let mut prices = Vec::new();
    for path in [Path::Pessimistic, Path::Optimistic] {
        let wants_charts = charts && path == Path::Pessimistic;
        let run = drive::run(&config, &market, request, path, wants_charts, progress);
        bars += run.bars;
        decided += run.decided;
        seconds += run.engine_seconds;
        if wants_charts {
            prices = collect::price_series(&config, &market, &run);
        }
        results.push(collect::result(&config, &market, &run)?);
    }
    let backtest =
        assemble(settings, request, &config, &market, results, Timing::new(bars, decided, seconds));
    Ok(Outcome { backtest, prices })
}

fn assemble(
    settings: &Settings,
    request: &Request,
    config: &EngineConfig,
    market: &Market,
    results: Vec<PathResult>,
    timing: Timing,
) -> Backtest {
    let mut results = results.into_iter();
    let mut next = || results.next().unwrap_or_default();
    Backtest {
        format: Format::V1,
        parameters: explain::parameters(settings, request, config, market),
        data: explain::data(market),
        paths: Paths { pessimistic: next(), optimistic: next() },
        timing,
    }
}

/// Which part of the configuration a history run selects.
pub(crate) fn selection(request: &Request, symbols: Option<Vec<SymbolName>>) -> Selection {
    Selection {
        symbols,
        strategies: request.strategies.clone(),
        entry_order: request.entry_order,
        mode: request.mode,
        // Matched against bars, facts are known with the bar that holds them.
        facts: match request.mode {
            Mode::Paper => Facts::WithBars,
            Mode::Live => Facts::Continuous,
        },
    }
}
