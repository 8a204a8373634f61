//! The options of each verb, parsed and checked by clap; values are turned into types here once.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use gardefou_core::config::{EntryOrder, Mode};
use gardefou_core::ids::SymbolName;
use gardefou_core::money::Fraction;
use gardefou_core::time::{Timeframe, Timestamp};
use gardefou_core::venue::{bars, history};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::backtest::Request;
use crate::daemon;
use crate::ports::pace::Pace;
use crate::text;

/// Where the configuration is.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigOptions {
    /// Folder with risk.yaml, strategies.yaml, assets.yaml and exchanges.yaml; without it the
    /// shipped configuration is used
    #[arg(long, value_name = "DIR")]
    pub config: Option<PathBuf>,
}

/// Which candles, of whom, from when to when: whatever runs over recorded candles.
#[derive(Args, Clone, Debug)]
pub struct MarketOptions {
    /// Folder with funding records; without it, `funding` beside the candles
    #[arg(long, value_name = "DIR")]
    pub funding: Option<PathBuf>,
    /// Only these symbols, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = crate::config::symbol_of_person)]
    pub symbols: Vec<SymbolName>,
    /// Only these strategies, separated by commas; also runs ones that are not enabled
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub strategies: Vec<String>,
    /// Only files of this venue, as named in the files: binance-perp, bitget-perp
    #[arg(long)]
    pub venue: Option<String>,
    /// Entries only from bars that open at or after it; indicators still start with the data
    #[arg(long, value_name = "DATE", value_parser = text::parse_instant)]
    pub from: Option<Timestamp>,
    /// Only bars that open before it
    #[arg(long, value_name = "DATE", value_parser = text::parse_instant)]
    pub to: Option<Timestamp>,
    /// Match orders against finer bars where they exist (paper books)
    #[arg(long, value_enum)]
    pub detail: Option<Detail>,
    /// How levels are entered, in place of the configured way
    #[arg(long, value_enum)]
    pub entry_order: Option<Entry>,
    /// After a kill switch tripped: a simulated operator releases it, or entries end for good
    #[arg(long, value_enum, default_value = "resume")]
    pub on_trip: Trip,
    /// Leave out symbols without candles (they are listed) instead of refusing
    #[arg(long)]
    pub available_only: bool,
    /// Rate per settlement where none is recorded, as a fraction: 0.0001
    #[arg(long, value_name = "RATE", value_parser = rate, allow_hyphen_values = true)]
    pub missing_funding: Option<Fraction>,
}

impl MarketOptions {
    /// What is asked for over the candles of a folder, of books in this mode.
    pub fn request(&self, candles: &Path, mode: Mode) -> Request {
        Request {
            candles: candles.to_path_buf(),
            funding: self.funding.clone(),
            symbols: (!self.symbols.is_empty()).then(|| self.symbols.clone()),
            strategies: (!self.strategies.is_empty()).then(|| self.strategies.clone()),
            venue: self.venue.clone(),
            from: self.from,
            to: self.to,
            detail: self.detail.map(Into::into),
            entry_order: self.entry_order.map(Into::into),
            on_trip: self.on_trip.into(),
            available_only: self.available_only,
            missing_funding: self.missing_funding,
            mode,
        }
    }
}

/// Options of `backtest`.
#[derive(Args, Clone, Debug)]
pub struct BacktestOptions {
    #[command(flatten)]
    pub config: ConfigOptions,
    /// Folder with candles (1h, and 1m or 5m for --detail), gzip CSV or CSV
    #[arg(long, value_name = "DIR")]
    pub candles: PathBuf,
    #[command(flatten)]
    pub market: MarketOptions,
    /// Write a report for a browser
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write the result as JSON to standard output instead of the summary
    #[arg(long)]
    pub json: bool,
}

/// Options of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    #[command(flatten)]
    pub config: ConfigOptions,
    /// Folder with recorded candles (1h, and 1m or 5m for --detail), gzip CSV or CSV
    #[arg(long, value_name = "DIR")]
    pub feed: PathBuf,
    /// The data directory: what the daemon decides is kept here, and where it goes on from
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// How fast recorded time goes by: max, or for example 1h=1s
    #[arg(long, value_name = "PACE", default_value = "max")]
    pub pace: Pace,
    /// Run the books as live ones: their orders go to a simulated exchange that outlives the
    /// daemon, with delays, a stop order per position and everything else that live books do
    #[arg(long, conflicts_with = "detail")]
    pub live_mode: bool,
    #[command(flatten)]
    pub market: MarketOptions,
    /// Which assumption about the order of prices inside a bar is run (paper books)
    #[arg(long, value_enum, default_value = "pessimistic", conflicts_with = "live_mode")]
    pub path: Assumed,
    /// Recorded hours between two checkpoints of the state
    #[arg(long, value_name = "HOURS", default_value_t = daemon::CHECKPOINT_HOURS,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub checkpoint_hours: u32,
    /// Go on from the last checkpoint and decide the hours after it again, instead of replaying
    /// the journal
    #[arg(long)]
    pub from_checkpoint: bool,
    /// Write how the run ended as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayOptions {
    /// Transcripts, folders of them, or data directories of `run`
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Write what the engine answers into the files; read the difference before you keep it
    #[arg(long)]
    pub rewrite: bool,
    /// Write what came of each file as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckOptions {
    #[command(flatten)]
    pub config: ConfigOptions,
    /// Write as JSON
    #[arg(long)]
    pub json: bool,
}

/// Finer bars.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Detail {
    /// One minute.
    #[value(name = "1m")]
    M1,
    /// Five minutes.
    #[value(name = "5m")]
    M5,
}

impl From<Detail> for Timeframe {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::M1 => Self::M1,
            Detail::M5 => Self::M5,
        }
    }
}

/// How levels are entered.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Entry {
    /// A limit order rests at each level.
    Limit,
    /// A market order is sent when the price touches a level.
    Market,
}

/// The order of prices inside a bar.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Assumed {
    /// The extreme that hurts comes first.
    Pessimistic,
    /// A target within reach of the bar comes first.
    Optimistic,
}

impl From<Assumed> for bars::Path {
    fn from(path: Assumed) -> Self {
        match path {
            Assumed::Pessimistic => Self::Pessimistic,
            Assumed::Optimistic => Self::Optimistic,
        }
    }
}

/// What happens after a kill switch tripped.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Trip {
    /// A simulated operator releases it: the session switch at the next 00:00 UTC, the global one
    /// after 24 h.
    Resume,
    /// Entries end for good.
    Stop,
}

impl From<Entry> for EntryOrder {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Limit => Self::Limit,
            Entry::Market => Self::Market,
        }
    }
}

impl From<Trip> for history::OnTrip {
    fn from(trip: Trip) -> Self {
        match trip {
            Trip::Resume => Self::Resume,
            Trip::Stop => Self::Stop,
        }
    }
}

fn rate(text: &str) -> Result<Fraction, String> {
    let refused = || {
        format!(
            "{text:?} is not a rate; write a fraction per settlement with at most 8 decimals, for example 0.0001 for 0.01 %"
        )
    };
    let value: Decimal = text.parse().map_err(|_| refused())?;
    let scaled =
        value.checked_mul(Decimal::from(gardefou_core::money::SCALE)).ok_or_else(refused)?;
    let small = value.abs() <= Decimal::new(5, 2);
    if !scaled.fract().is_zero() || !small {
        return Err(format!("{} (between -0.05 and 0.05)", refused()));
    }
    scaled.to_i64().map(Fraction).ok_or_else(refused)
}
