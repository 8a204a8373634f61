//! What happened on one path of a backtest, fact by fact.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::result::Moment;

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Fill {
    /// When, in milliseconds: the open of a bar for a fill at its open, its last millisecond for
    /// a fill on the path inside it.
    pub time: i64,
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// The cycle it belongs to, counted per book and symbol.
    pub cycle: u64,
    /// Bought or sold.
    pub side: Side,
    /// The level of an entry, counted from 0, the one nearest to the market; null for exits.
    pub level: Option<u8>,
    /// What the order was for.
    pub kind: FillKind,
    /// Why it happened.
    pub reason: FillReason,
    /// Rested in the book or took from it.
    pub liquidity: Liquidity,
    /// The price paid or received, slippage included.
    pub price: Decimal,
    /// How much, in the base coin.
    pub quantity: Decimal,
    /// The fee in USDT, never negative.
    pub fee: Decimal,
}

/// Bought or sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Bought.
    Buy,
    /// Sold.
    Sell,
}

/// The direction of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Earns when the price rises.
    Long,
    /// Earns when the price falls.
    Short,
}

impl Direction {
    /// Its name, as in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// What an order was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FillKind {
    /// Opened or deepened a cycle.
    Entry,
    /// Closed it at its target.
    Target,
    /// Closed it at its stop.
    Stop,
    /// Closed it in any other way: at market, by the exchange, or by an entry of the other side.
    Close,
}

/// Why an execution happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FillReason {
    /// A level of a ladder was reached.
    Entry,
    /// A signal of a strategy without a ladder opened a position.
    Signal,
    /// The target was reached, inside a bar or by its close.
    Target,
    /// The stop was hit.
    Stop,
    /// The slower trend turned.
    Flip,
    /// Held too long, and losing.
    Time,
    /// An entry of the other side filled before its cancel.
    OppositeFill,
    /// The position could not be kept under a stop.
    Emergency,
    /// A kill switch that closes positions tripped.
    KillSwitch,
    /// The exchange closed by force.
    Liquidation,
}

/// Why a cycle was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The target was reached, inside a bar or by its close.
    Target,
    /// The stop was hit.
    Stop,
    /// The slower trend turned.
    Flip,
    /// Held too long, and losing.
    Time,
    /// An entry of the other side filled before its cancel.
    OppositeFill,
    /// The position could not be kept under a stop.
    Emergency,
    /// A kill switch that closes positions tripped.
    KillSwitch,
    /// The exchange closed by force.
    Liquidation,
}

impl CloseReason {
    /// Its name, as in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Stop => "stop",
            Self::Flip => "flip",
            Self::Time => "time",
            Self::OppositeFill => "opposite_fill",
            Self::Emergency => "emergency",
            Self::KillSwitch => "kill_switch",
            Self::Liquidation => "liquidation",
        }
    }
}

/// Which side of the spread a fill was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Rested in the book.
    Maker,
    /// Took from the book.
    Taker,
}

/// One funding settlement on a held position.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Funding {
    /// The settlement, in milliseconds.
    pub time: i64,
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// The cycle that paid or received.
    pub cycle: u64,
    /// The settled rate, as a fraction.
    pub rate: Decimal,
    /// The quantity held.
    pub quantity: Decimal,
    /// The price that the amount was made with.
    pub price: Decimal,
    /// What the wallet received; negative when it paid.
    pub amount: Decimal,
}

/// A cycle that was closed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Cycle {
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// Its number, counted per book and symbol.
    pub cycle: u64,
    /// Long or short.
    pub direction: Direction,
    /// The first fill, in milliseconds.
    pub opened: i64,
    /// The closing fill, in milliseconds.
    pub closed: i64,
    /// Why it was closed.
    pub reason: CloseReason,
    /// Average price of the entries.
    pub average_entry: Decimal,
    /// Average price of the exits.
    pub average_exit: Decimal,
    /// Quantity closed, in the base coin.
    pub quantity: Decimal,
    /// Levels that were filled.
    pub levels_filled: u8,
    /// Result of the prices alone.
    pub gross: Decimal,
    /// Fees paid, never negative.
    pub fees: Decimal,
    /// Funding received; negative when paid.
    pub funding: Decimal,
    /// gross − fees + funding.
    pub net: Decimal,
    /// Hash of the parameters it was opened with.
    pub params_hash: String,
}

/// A cycle still open at the end of the data.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OpenCycle {
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// Its number, counted per book and symbol.
    pub cycle: u64,
    /// Long or short.
    pub direction: Direction,
    /// The first fill, in milliseconds.
    pub opened: i64,
    /// Average price of the entries.
    pub average_entry: Decimal,
    /// The last close, which the unrealised result is made with.
    pub last_price: Decimal,
    /// The stop in force; null when there is none.
    pub stop: Option<Decimal>,
    /// Quantity held, in the base coin.
    pub quantity: Decimal,
    /// Levels that were filled.
    pub levels_filled: u8,
    /// Fees paid so far; they have left the balance.
    pub fees: Decimal,
    /// Funding received so far, negative when paid; it is in the balance.
    pub funding: Decimal,
    /// Result of the prices at the last close, without the cost of closing.
    pub unrealised: Decimal,
    /// Hash of the parameters it was opened with.
    pub params_hash: String,
}

/// A kill switch that tripped.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Trip {
    /// When.
    pub time: Moment,
    /// The book of a session switch; null for the global one.
    pub book: Option<String>,
    /// Which switch.
    pub switch: Switch,
    /// The loss that tripped it, in percent.
    pub loss_percent: f64,
    /// Its limit, in percent.
    pub limit_percent: f64,
    /// When entries were allowed again; null when they never were.
    pub released: Option<Moment>,
}

/// A kill switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Realised loss of one book since 00:00 UTC.
    Session,
    /// Drawdown of equity over all books in a sliding window.
    Global,
}

impl Switch {
    /// Its name, as in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Global => "global",
        }
    }
}

/// How often a rule refused to quote a symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refusal {
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// The rule: `margin_guard`, `max_live_grids`, `below_minimum`.
    pub reason: String,
    /// Bars on which it refused.
    pub bars: u64,
    /// The rule in words, with the numbers of the last time that it began to refuse.
    pub words: String,
    /// What a person can change, in words; null when waiting is all there is to do.
    pub remedy: Option<String>,
}

/// How large the orders were against what was traded in their hour. Fills are not limited by it:
/// beyond a small part of the volume they could not have happened at their price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct MarketShare {
    /// Above this share of the volume of its hour, in percent, an order counts as `beyond`.
    pub limit_percent: f64,
    /// Executions that were compared: those in hours with a volume.
    pub compared: u64,
    /// The one with the largest share; null when none was compared.
    pub largest: Option<LargestOrder>,
    /// Executions above the limit.
    pub beyond: u64,
    /// When the first of them happened: from then on results are beyond what the market could
    /// have filled; null when there is none.
    pub beyond_from: Option<Moment>,
}

/// The execution that was largest against the market.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LargestOrder {
    /// When.
    pub time: Moment,
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// The cycle.
    pub cycle: u64,
    /// Price × quantity, in USDT.
    pub value: Decimal,
    /// What was traded in its hour, in USDT at the same price.
    pub hour_value: Decimal,
    /// Its quantity in percent of what was traded in its hour.
    pub share_percent: f64,
}

/// The equity of one book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EquityCurve {
    /// The book.
    pub book: String,
    /// Its points in order of time.
    pub points: Vec<EquityPoint>,
}

/// Equity at one instant: the start of the run, each 00:00 UTC (marked with the last close), and
/// the end of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EquityPoint {
    /// When, in milliseconds.
    pub time: i64,
    /// Money realised so far, fees and funding included.
    pub balance: Decimal,
    /// Result of the open cycles at the last close.
    pub unrealised: Decimal,
    /// balance + unrealised.
    pub equity: Decimal,
}

impl EquityPoint {
    /// A point whose equity is the sum of its parts.
    #[must_use]
    pub fn new(time: i64, balance: Decimal, unrealised: Decimal) -> Self {
        Self { time, balance, unrealised, equity: balance.saturating_add(unrealised) }
    }
}
