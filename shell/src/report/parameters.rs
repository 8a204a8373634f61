//! What a backtest was run with: the program, the command, the limits, the books and the data.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::result::Moment;

/// Everything that the result depends on, data apart.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Parameters {
    /// Version of the program.
    pub version: String,
    /// The first instant at which an entry may fill.
    pub from: Moment,
    /// The end of the last bar.
    pub to: Moment,
    /// The options of the command.
    pub options: Options,
    /// Limits and switches in force, under their names in the configuration.
    pub risk: BTreeMap<String, Value>,
    /// Fees and slippage in force.
    pub costs: Costs,
    /// The books, in the order of the configuration.
    pub books: Vec<BookParameters>,
    /// Which of the data found were chosen.
    pub choice: DataChoice,
}

/// Which of the data found were chosen. Files that another one of the same symbol stands in for
/// are `set_aside` of that series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DataChoice {
    /// The one venue that all series are of, as named in the files.
    pub venue: String,
    /// Every venue with hourly candles of one of the symbols, by name.
    pub venues_found: Vec<String>,
    /// With `--detail`: symbols of which no hour of the run has all its finer bars; they were
    /// matched on hours only.
    pub without_detail: Vec<String>,
}

/// The options of the command as given; null = not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Options {
    /// `--candles`: the folder as it was named.
    pub candles: String,
    /// `--funding`: the folder as it was named.
    pub funding: Option<String>,
    /// `--venue`.
    pub venue: Option<String>,
    /// `--strategies`: those asked for; empty = all that are enabled.
    pub strategies: Vec<String>,
    /// `--from`: gates entries; indicators start with the data.
    pub from: Option<Moment>,
    /// `--to`.
    pub to: Option<Moment>,
    /// `--detail`: the finer bars matched against where they exist, `1m` or `5m`.
    pub detail: Option<String>,
    /// `--entry-order`: `limit` or `market` in place of the configured one.
    pub entry_order: Option<String>,
    /// `--on-trip`.
    pub on_trip: OnTrip,
    /// `--available-only`: symbols without data were left out instead of refused.
    pub available_only: bool,
    /// `--missing-funding`: the rate per settlement used where none is recorded, as a fraction.
    pub missing_funding: Option<Decimal>,
    /// `--symbols`: the symbols asked for; empty = all that are configured.
    pub symbols: Vec<String>,
    /// Symbols of the configuration that were not run, and why.
    pub left_out: Vec<LeftOut>,
}

/// What a history run does when a kill switch trips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTrip {
    /// A simulated operator releases it: the session switch at the next 00:00 UTC, the global one
    /// after 24 h.
    #[default]
    Resume,
    /// Entries end for good.
    Stop,
}

/// A symbol of the configuration that was not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The symbol.
    pub symbol: String,
    /// Why.
    pub reason: String,
}

/// What trading costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Costs {
    /// Fee of resting orders, in percent of the notional.
    pub maker_percent: Decimal,
    /// Fee of crossing orders, in percent of the notional.
    pub taker_percent: Decimal,
    /// Slippage of market orders, in percent of the price.
    pub slippage_percent: Decimal,
    /// Slippage of stops on the pessimistic path, in percent of the price.
    pub stop_slippage_percent: Decimal,
    /// Fee of a liquidation, in place of that of a crossing order, in percent of the notional.
    pub liquidation_percent: Decimal,
}

/// One book: a strategy with its own wallet.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BookParameters {
    /// Its name in the configuration.
    pub name: String,
    /// The kind of strategy: `grid_atr`, `grid_multi_tf`, `supertrend`.
    pub kind: String,
    /// The wallet's balance at the start, in USDT.
    pub capital: Decimal,
    /// How levels are entered: `limit` or `market`.
    pub entry_order: String,
    /// The timeframe of decisions.
    pub timeframe: String,
    /// Its symbols.
    pub symbols: Vec<SymbolParameters>,
    /// What the configuration can lose at once, at the start; null when it was not computed.
    pub worst_case: Option<WorstCase>,
}

/// One symbol of one book, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SymbolParameters {
    /// The symbol.
    pub symbol: String,
    /// The price step used, in USDT: the exchange's, or a finer one where recorded prices are finer.
    pub tick: Decimal,
    /// The exchange's quantity step, in the base coin.
    pub lot: Decimal,
    /// The smallest order, in the base coin.
    pub min_quantity: Decimal,
    /// The smallest order, in USDT.
    pub min_notional: Decimal,
    /// Maintenance margin rate, as a fraction.
    pub maintenance_rate: Decimal,
    /// The highest leverage that the exchange allows.
    pub max_leverage: u32,
    /// Leverage used.
    pub leverage: u32,
    /// Correlation group; null when in none.
    pub group: Option<String>,
    /// Hours between funding settlements.
    pub funding_interval_hours: u32,
    /// Closed bars before the first decision.
    pub warmup_bars: u32,
    /// The wallet's balance is divided by this for the margin of one level: symbols × levels.
    pub margin_divisor: u32,
    /// The strategy's parameters, override applied, under their names in the configuration.
    pub strategy: BTreeMap<String, Value>,
    /// Hash of those parameters, as recorded with each cycle.
    pub params_hash: String,
}

/// Every allowed grid full and every stop hit at once, fees and slippage included.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WorstCase {
    /// Cycles that may be open at once.
    pub cycles: u32,
    /// Value of their positions when full, in USDT.
    pub notional: Decimal,
    /// Margin they would hold, in USDT.
    pub margin: Decimal,
    /// What the stops would cost, fees and slippage included, in USDT.
    pub loss: Decimal,
    /// The same in percent of the capital.
    pub loss_percent: f64,
    /// Maintenance margin just before the stops, in USDT.
    pub maintenance: Decimal,
    /// Equity at the moment among the stops at which it is nearest to the maintenance margin, in
    /// USDT: entry fees paid, stops that fired before paid too.
    pub tightest_equity: Decimal,
    /// Maintenance margin at that moment, in USDT.
    pub tightest_maintenance: Decimal,
    /// True when liquidation would come before a stop.
    pub liquidation_first: bool,
    /// True when the loss passes the session kill switch of the book.
    pub trips_session: bool,
    /// True when the loss passes the global kill switch, the other books losing nothing.
    pub trips_global: bool,
}

/// One series that was read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DataSeries {
    /// The symbol.
    pub symbol: String,
    /// `candles` or `funding`.
    pub kind: String,
    /// The timeframe of candles; null for funding.
    pub timeframe: Option<String>,
    /// The file, as found.
    pub file: String,
    /// Files of the same symbol and venue that were not read: this one has the longest range, of
    /// equals the latest end.
    pub set_aside: Vec<String>,
    /// The open of the first row.
    pub from: Moment,
    /// The open of the last row.
    pub to: Moment,
    /// Whole days, at both ends, that the name of the file promises and its rows do not reach.
    pub days_short: u64,
    /// Rows read.
    pub rows: u64,
    /// Holes between the first and the last row, each of one or more missing bars or settlements.
    pub gaps: u64,
    /// SHA-256 of the file's bytes as found on disk, compressed or not, in hexadecimal; empty
    /// without a file.
    pub sha256: String,
    /// The price step used: the exchange's, or the finest in the series where history is finer.
    pub tick_used: Option<Decimal>,
    /// Against which bars orders were matched; null for series that are not matched against.
    pub resolution: Option<Resolution>,
    /// Settlements with and without a record; null for candles.
    pub funding: Option<FundingCoverage>,
}

/// Against which bars the orders of a symbol were matched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Resolution {
    /// Bars of decision matched per resolution: `{"1h": 26000, "1m": 280}`.
    pub bars: BTreeMap<String, u64>,
    /// The same as ranges in order of time.
    pub ranges: Vec<ResolutionRange>,
    /// Hours whose finer bars, put together, are another bar than the hourly one. Both are used as
    /// recorded: the finer ones are matched, the hour is decided on.
    pub contradicted: Vec<Moment>,
}

/// A run of bars matched at one resolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResolutionRange {
    /// `1h`, `5m`, `1m`.
    pub resolution: String,
    /// The open of the first bar.
    pub from: Moment,
    /// The end of the last bar.
    pub to: Moment,
}

/// Settlements of one symbol at which a position can be held: from the end of its warm-up, or
/// `--from`, to its last bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FundingCoverage {
    /// Settlements that the regular interval makes.
    pub expected: u64,
    /// Those with a recorded rate.
    pub records: u64,
    /// Those without one, charged at the stated rate.
    pub filled: u64,
    /// Records at other instants: the exchange settled more often. They were charged too.
    pub extra: u64,
}
