//! What is answered: the figures of `status`, `positions` and `orders`, and what became of a change.
//! Money in USDT, quantities in the base coin, instants in milliseconds since 1970; all exact but
//! averages, which are fractions and rounded to eight places.

use gardefou_core::config::Mode;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Name and version of this format.
    pub format: StatusFormat,
    /// Version of the program that answers.
    pub version: String,
    /// Where these figures are from.
    pub source: Source,
    /// The instant that they are of.
    pub at: i64,
    /// The books, in the order of the configuration.
    pub books: Vec<BookStatus>,
    /// How the store is; none without a daemon.
    pub store: Option<StoreStatus>,
    /// Close of the newest bar that was heard; none before the first.
    pub feed_at: Option<i64>,
    /// Alerts that nobody has yet.
    pub alerts_pending: u64,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StatusFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-status/1")]
    V1,
}

/// Where figures are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A running daemon, now.
    Daemon,
    /// The last checkpoint of the store: no daemon runs, and what happened since is not in it.
    Checkpoint,
}

/// Paper or live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BookMode {
    /// A rehearsal.
    Paper,
    /// Somebody's money.
    Live,
}

impl From<Mode> for BookMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Paper => Self::Paper,
            Mode::Live => Self::Live,
        }
    }
}

impl BookMode {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

/// One book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BookStatus {
    /// Its strategy.
    pub book: String,
    /// Paper or live.
    pub mode: BookMode,
    /// Wallet balance.
    pub balance: Decimal,
    /// Of open cycles, at the last prices.
    pub unrealised: Decimal,
    /// balance + unrealised = free + reserved.
    pub equity: Decimal,
    /// equity − reserved.
    pub free: Decimal,
    /// Margin of open cycles and of what is quoted.
    pub reserved: Decimal,
    /// Whether new entries may leave; what withholds them first, when they may not.
    pub entries: EntriesKind,
    /// Switches that are tripped.
    pub switches: Vec<SwitchStatus>,
    /// Whether somebody paused it.
    pub paused: Option<PausedStatus>,
    /// Positions without a confirmed stop.
    pub unprotected: u64,
    /// Open cycles.
    pub cycles: Vec<CycleStatus>,
    /// Its symbols.
    pub symbols: Vec<SymbolStatus>,
}

/// Whether new entries of a book may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntriesKind {
    /// They may.
    Allowed,
    /// A switch is tripped, its own or the global one.
    SwitchTripped,
    /// Somebody paused it.
    Paused,
    /// Another instance trades the account.
    OtherInstance,
    /// The account has not been compared since the connection was made.
    NotCompared,
    /// A position has no confirmed stop.
    Unprotected,
    /// Writing fails or lags.
    StoreDegraded,
}

impl EntriesKind {
    /// In a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::SwitchTripped => "switch tripped",
            Self::Paused => "paused",
            Self::OtherInstance => "other instance",
            Self::NotCompared => "not compared",
            Self::Unprotected => "unprotected",
            Self::StoreDegraded => "store degraded",
        }
    }
}

/// A tripped switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SwitchStatus {
    /// Which.
    pub switch: SwitchKind,
    /// Since when.
    pub since: i64,
    /// Why, in words.
    pub reason: String,
}

/// Which switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchKind {
    /// That of the book.
    Session,
    /// That of all books of its mode.
    Global,
}

/// A pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PausedStatus {
    /// Since when.
    pub since: i64,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// An open cycle in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CycleStatus {
    /// Which symbol.
    pub symbol: String,
    /// Its number in its book and symbol.
    pub cycle: u32,
    /// Long or short.
    pub side: Side,
    /// Since when.
    pub opened: i64,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Gains when the price rises.
    Long,
    /// Gains when it falls.
    Short,
}

/// One symbol of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SymbolStatus {
    /// Which.
    pub symbol: String,
    /// How far it is from deciding.
    pub readiness: ReadinessKind,
    /// Bars that are missing or left, when it waits for bars.
    pub bars: Option<u32>,
    /// The rule that refused last, when nothing has been granted since.
    pub refused: Option<String>,
    /// Why the last comparison with the account lets it take no entries, as the end of a sentence.
    pub withheld: Option<String>,
}

/// How far a symbol is from deciding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessKind {
    /// Its indicators need more bars.
    Warming,
    /// It waits after a cold start.
    Cooling,
    /// It decides.
    Ready,
    /// Bars are missing.
    Gap,
}

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreStatus {
    /// Writing fails or lags: no new entries.
    pub degraded: bool,
    /// Batches that wait to be written.
    pub queued: u64,
    /// How long the oldest has waited, in milliseconds.
    pub oldest_ms: Option<u64>,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Rows that contradict kept ones, over the life of the store.
    pub conflicts: u64,
    /// Why the last attempt failed; none once writing works again.
    pub last_error: Option<String>,
}

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Positions {
    /// Name and version of this format.
    pub format: PositionsFormat,
    /// Where these figures are from.
    pub source: Source,
    /// The instant that they are of.
    pub at: i64,
    /// By book, then by symbol.
    pub positions: Vec<Position>,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PositionsFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-positions/1")]
    V1,
}

/// An open cycle with everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The book's strategy.
    pub book: String,
    /// Paper or live.
    pub mode: BookMode,
    /// Which symbol.
    pub symbol: String,
    /// Long or short.
    pub side: Side,
    /// Number of the cycle in its book and symbol.
    pub cycle: u32,
    /// Since when.
    pub opened: i64,
    /// Held.
    pub quantity: Decimal,
    /// Average entry.
    pub average: Decimal,
    /// The last price that was heard.
    pub last: Decimal,
    /// At that price.
    pub unrealised: Decimal,
    /// Trigger of the confirmed stop.
    pub stop: Option<Decimal>,
    /// Price of the target.
    pub target: Option<Decimal>,
    /// How it is protected.
    pub protection: ProtectionKind,
    /// Since when it is not, or not wholly.
    pub unprotected_since: Option<i64>,
    /// Levels that filled, at least in part.
    pub levels_filled: u8,
    /// Levels that there are.
    pub levels: u8,
    /// Fees so far.
    pub fees: Decimal,
    /// Funding so far (negative: paid).
    pub funding: Decimal,
}

/// How a position is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionKind {
    /// A stop for all of it is confirmed.
    Confirmed,
    /// A stop is confirmed; a change of it is under way.
    Changing,
    /// No stop covers it that the exchange has confirmed.
    Unconfirmed,
    /// It is being closed at market.
    Closing,
}

impl ProtectionKind {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Changing => "changing",
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Closing => "closing",
        }
    }
}

/// What rests or is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Orders {
    /// Name and version of this format.
    pub format: OrdersFormat,
    /// Where these figures are from.
    pub source: Source,
    /// The instant that they are of.
    pub at: i64,
    /// By book, then by symbol: stop, target, close, entries.
    pub orders: Vec<Order>,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OrdersFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-orders/1")]
    V1,
}

/// An order that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Our id of it.
    pub id: String,
    /// The book's strategy.
    pub book: String,
    /// Paper or live.
    pub mode: BookMode,
    /// Which symbol.
    pub symbol: String,
    /// What it is for.
    pub kind: OrderKind,
    /// It buys.
    pub buys: bool,
    /// Level of an entry.
    pub level: Option<u8>,
    /// Limit or trigger; none at market.
    pub price: Option<Decimal>,
    /// Not executed yet.
    pub quantity: Decimal,
    /// How far it is.
    pub state: OrderState,
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Opens or deepens a cycle.
    Entry,
    /// Rests at the target.
    Target,
    /// Protects.
    Stop,
    /// Closes at market.
    Close,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Sent, or a change of it was: no answer yet.
    Sent,
    /// It stands.
    Working,
    /// A cancel is under way.
    Cancelling,
    /// No answer came in time: it is asked for.
    InDoubt,
    /// It ended, and executions of it are still to be told.
    AwaitingFills,
}

/// What became of a change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// Name and version of this format.
    pub format: ChangedFormat,
    /// False when everything was so already.
    pub changed: bool,
    /// What happened, or how it is, in sentences.
    pub said: Vec<String>,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChangedFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-change/1")]
    V1,
}

/// The end of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Rows that were sent.
    pub rows: u64,
}
