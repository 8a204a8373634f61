//! The records of the ledger, as people and tax offices want them: names instead of positions in a
//! configuration, decimals instead of ticks, so that they stay readable when both have changed.

use gardefou_core::event::Liquidity;
use gardefou_core::ids::OrderKind;
use gardefou_core::money::Direction;
use gardefou_core::notice::FillReason;
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
    /// It was asked for until it counted as never placed. Should it have executed after all, its
    /// fills say so.
    Lost,
    /// Executed in full.
    Filled,
    /// Ended before.
    Canceled,
    /// Refused.
    Rejected,
}

/// One execution, or the part of it that a cycle has: what closes one cycle and opens the next is a
/// row of each.
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

impl Record for OrderRecord {
    const TABLE: Table = Table::Orders;
    /// 2: orders that are lost.
    const VERSION: u16 = 2;

    fn key(&self) -> Key {
        Key::new().text(&self.id)
    }
}

impl Record for FillRecord {
    const TABLE: Table = Table::Fills;
    /// 2: the cycle is in the key.
    const VERSION: u16 = 2;

    fn key(&self) -> Key {
        self.execution().number(self.cycle.into())
    }

    fn key_at(&self, version: u16) -> Key {
        if version < 2 { self.execution() } else { self.key() }
    }
}

impl FillRecord {
    /// What the keys of all parts of its execution begin with.
    pub(super) fn execution(&self) -> Key {
        Key::new().text(&self.book).text(&self.symbol).number(self.fill)
    }

    /// Whether both can be parts of one execution: the same in all that an execution is, the fee
    /// charged once.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        let of = |fill: &Self| (fill.order.clone(), fill.at, fill.price, fill.liquidity);
        of(self) == of(other) && (self.fee.is_zero() || other.fee.is_zero())
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
