//! The records of the ledger, as people and tax offices want them: names instead of positions in a
//! configuration, decimals instead of ticks, so that they stay readable when both have changed.

use gardefou_core::event::{Fill, Liquidity};
use gardefou_core::ids::OrderKind;
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::{Cash, Direction, Fraction};
use gardefou_core::notice::{CycleResult, FillReason};
use gardefou_core::time::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::record::Record;
use super::table::Table;

/// An order as last known. Only this record changes after it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Our id of it.
    pub id: String,
    /// The exchange's, once known.
    pub exchange_id: Option<String>,
    /// The book, by name.
    pub book: String,
    /// The symbol, by name.
    pub symbol: String,
    /// What it is for.
    pub kind: OrderKind,
    /// Direction of its cycle.
    pub direction: Direction,
    /// Level of an entry; 0 for the others.
    pub level: u8,
    /// Limit or trigger, in USDT; none at market.
    pub price: Option<Decimal>,
    /// Quantity, in base coin.
    pub quantity: Decimal,
    /// Executed so far, in base coin.
    pub filled: Decimal,
    /// How far it is.
    pub state: OrderState,
    /// The step of the journal that asked for it.
    pub asked: u64,
    /// When this was last known.
    pub at: Timestamp,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// To be sent; the exchange may or may not know it.
    Intended,
    /// It stands.
    Resting,
    /// No answer: the outcome is unknown.
    InDoubt,
    /// Executed in full.
    Filled,
    /// Ended before.
    Canceled,
    /// Refused.
    Rejected,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRecord {
    /// The book, by name.
    pub book: String,
    /// The symbol, by name.
    pub symbol: String,
    /// The exchange's id of the execution.
    pub fill: u64,
    /// Our id of the order.
    pub order: String,
    /// When it happened.
    pub at: Timestamp,
    /// In USDT.
    pub price: Decimal,
    /// In base coin.
    pub quantity: Decimal,
    /// In USDT (negative: rebate).
    pub fee: Decimal,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// Number of the cycle in its book and symbol.
    pub cycle: u32,
    /// What it did.
    pub reason: FillReason,
}

/// The final result of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleRecord {
    /// The book, by name.
    pub book: String,
    /// The symbol, by name.
    pub symbol: String,
    /// Number of the cycle in its book and symbol, from 1.
    pub cycle: u32,
    /// Long or short.
    pub direction: Direction,
    /// Time of the first fill.
    pub opened: Timestamp,
    /// Time of the last.
    pub closed: Timestamp,
    /// Why it ended.
    pub reason: FillReason,
    /// Bought (sold, for a short) in total, in base coin.
    pub quantity: Decimal,
    /// Notional of the entries, in USDT.
    pub entry_notional: Decimal,
    /// Notional of the exits, in USDT.
    pub exit_notional: Decimal,
    /// Levels that filled.
    pub levels: u8,
    /// Before costs, in USDT.
    pub gross: Decimal,
    /// All fees, in USDT.
    pub fees: Decimal,
    /// Received (negative: paid), in USDT.
    pub funding: Decimal,
    /// gross − fees + funding, in USDT.
    pub net: Decimal,
}

/// Funding of one settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingRecord {
    /// The book, by name.
    pub book: String,
    /// The symbol, by name.
    pub symbol: String,
    /// Settlement instant.
    pub at: Timestamp,
    /// The cycle that held then; 0 when none is known.
    pub cycle: u32,
    /// The settled rate, a fraction.
    pub rate: Decimal,
    /// The price that it was applied to, in USDT.
    pub price: Decimal,
    /// The quantity held, in base coin.
    pub quantity: Decimal,
    /// Received (negative: paid), in USDT.
    pub amount: Decimal,
}

/// A closed bar of the timeframe that strategies decide on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarRecord {
    /// The symbol, by name.
    pub symbol: String,
    /// Open time.
    pub at: Timestamp,
    /// First price, in USDT.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Whether anything traded.
    pub traded: bool,
}

/// What people must be told, from when it arose until it is pruned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Counts all alerts of this store, from 1; given when it is written.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub alert: Alert,
    /// Whether people have it.
    pub state: AlertState,
}

/// What an alert says. One that comes again has the same kind and subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// When it arose, however late it is delivered.
    pub at: Timestamp,
    /// What sort: `switch_tripped`.
    pub kind: String,
    /// About what: a book, a symbol, an order.
    pub subject: String,
    /// In words.
    pub text: String,
}

/// Whether people have an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Not yet.
    Pending,
    /// Since then.
    Delivered(Timestamp),
}

/// A row that contradicts the one that is kept under its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The table.
    pub table: Table,
    /// The key, for people.
    pub key: String,
    /// When the row came.
    pub at: Timestamp,
    /// The row that is kept, as JSON.
    pub kept: super::json::Json,
    /// The row that is not, as JSON.
    pub refused: super::json::Json,
}

impl FillRecord {
    /// From the engine's own.
    #[must_use]
    pub fn of(
        book: &str,
        instrument: &Instrument,
        fill: &Fill,
        cycle: u32,
        reason: FillReason,
    ) -> Self {
        Self {
            book: book.into(),
            symbol: instrument.symbol.to_string(),
            fill: fill.fill.0,
            order: fill.id.to_string(),
            at: fill.at,
            price: instrument.price(fill.price),
            quantity: instrument.quantity(fill.lots),
            fee: usdt(fill.fee),
            liquidity: fill.liquidity,
            cycle,
            reason,
        }
    }
}

impl CycleRecord {
    /// From the engine's own.
    #[must_use]
    pub fn of(book: &str, instrument: &Instrument, result: &CycleResult) -> Self {
        Self {
            book: book.into(),
            symbol: instrument.symbol.to_string(),
            cycle: result.cycle,
            direction: result.direction,
            opened: result.opened,
            closed: result.closed,
            reason: result.reason,
            quantity: instrument.quantity(result.lots),
            entry_notional: usdt(result.entry_notional),
            exit_notional: usdt(result.exit_notional),
            levels: result.levels,
            gross: usdt(result.gross),
            fees: usdt(result.fees),
            funding: usdt(result.funding),
            net: usdt(result.net),
        }
    }
}

impl BarRecord {
    /// From the engine's own.
    #[must_use]
    pub fn of(instrument: &Instrument, bar: &Bar) -> Self {
        Self {
            symbol: instrument.symbol.to_string(),
            at: bar.at,
            open: instrument.price(bar.open),
            high: instrument.price(bar.high),
            low: instrument.price(bar.low),
            close: instrument.price(bar.close),
            traded: bar.traded,
        }
    }
}

/// USDT as a decimal, exact.
#[must_use]
pub fn usdt(cash: Cash) -> Decimal {
    // 28 digits with 8 decimals reach 10^20 USDT.
    Decimal::try_from_i128_with_scale(cash.0, 8).unwrap_or(Decimal::MAX).normalize()
}

/// A fraction as a decimal, exact.
#[must_use]
pub fn rate(fraction: Fraction) -> Decimal {
    Decimal::new(fraction.0, 8).normalize()
}

impl Record for OrderRecord {
    const TABLE: Table = Table::Orders;

    fn key(&self) -> Key {
        Key::new().text(&self.id)
    }
}

impl Record for FillRecord {
    const TABLE: Table = Table::Fills;

    fn key(&self) -> Key {
        Key::new().text(&self.book).text(&self.symbol).number(self.fill)
    }
}

impl Record for CycleRecord {
    const TABLE: Table = Table::Cycles;

    fn key(&self) -> Key {
        Key::new().text(&self.book).text(&self.symbol).number(self.cycle.into())
    }
}

impl Record for FundingRecord {
    const TABLE: Table = Table::Funding;

    fn key(&self) -> Key {
        Key::new().text(&self.book).text(&self.symbol).time(self.at)
    }
}

impl Record for BarRecord {
    const TABLE: Table = Table::Bars;

    fn key(&self) -> Key {
        Key::new().text(&self.symbol).time(self.at)
    }
}

impl Record for AlertRecord {
    const TABLE: Table = Table::Alerts;

    fn key(&self) -> Key {
        Key::new().number(self.seq)
    }
}

impl Record for Conflict {
    const TABLE: Table = Table::Conflicts;

    fn key(&self) -> Key {
        let hash = super::chain::Hash::of(self.refused.text().as_bytes());
        Key::new().text(self.table.name()).text(&self.key).text(&hash.to_string())
    }
}
