//! What an exchange says of one wallet: everything at one instant, in parts that fail separately.
//!
//! A part that failed says nothing: neither flat nor none nor zero (invariant 31). The type makes
//! that the only reading, because a failed part holds no list.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::config::MarginMode;
use crate::event::{Fill, Liquidity};
use crate::ids::{BookId, FillId, OrderId, OrderKind, SymbolId, SymbolName};
use crate::money::{Cash, Direction, Fraction, Lots, Ticks};
use crate::time::{Span, Timestamp};

/// The answer to [`crate::command::Command::QueryAccount`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// The book whose wallet it is.
    pub book: BookId,
    /// The instant that it is true for, on the clock that steps the engine.
    pub at: Timestamp,
    /// Orders and changes of the time before `at` that may be missing from it.
    pub lag: Span,
    /// Fills and funding reach back to here.
    pub since: Timestamp,
    /// What is held; a symbol that is not listed is flat.
    pub positions: Part<Vec<HeldPosition>>,
    /// Limit and market orders that have not ended.
    pub orders: Part<Vec<OpenOrder>>,
    /// Trigger orders that have not ended. Exchanges keep them apart (INC-084).
    pub triggers: Part<Vec<OpenTrigger>>,
    /// Executions.
    pub fills: Part<Vec<Execution>>,
    /// Funding settlements.
    pub funding: Part<Vec<Settlement>>,
    /// Wallet balance, without unrealised results.
    pub balance: Part<Cash>,
    /// Leverage and modes of the symbols that the book trades.
    pub settings: Part<Vec<SymbolSettings>>,
}

/// A part of the answer, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part<T> {
    /// What the exchange said.
    Known(T),
    /// It did not say.
    Failed(Failure),
}

/// Why a part of a snapshot is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No answer in time.
    NoAnswer,
    /// The exchange refused the question.
    Refused,
    /// The answer was cut short: a page is missing, or the exchange does not reach back that far.
    Incomplete,
}

/// Names the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartName {
    /// What is held.
    Positions,
    /// Limit and market orders.
    Orders,
    /// Trigger orders.
    Triggers,
    /// Executions.
    Fills,
    /// Settlements.
    Funding,
    /// Wallet balance.
    Balance,
    /// Leverage and modes.
    Settings,
}

/// A symbol as a snapshot names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// One that this program is configured for.
    Symbol(SymbolId),
    /// Any other.
    Other(SymbolName),
}

/// Who made an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// Its client id is one of ours.
    Us(OrderId),
    /// The exchange itself: a liquidation.
    Exchange,
    /// Anybody else, under the exchange's number.
    Other(u64),
}

/// A position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPosition {
    /// Of what.
    pub symbol: Listed,
    /// Long or short.
    pub direction: Direction,
    /// How much; above zero.
    pub lots: Lots,
}

/// An open limit or market order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// On what.
    pub symbol: Listed,
    /// Whose.
    pub maker: Maker,
    /// Limit price; 0 at market.
    pub price: Ticks,
    /// Quantity in total.
    pub lots: Lots,
    /// Executed so far.
    pub filled: Lots,
}

/// An open trigger order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTrigger {
    /// On what.
    pub symbol: Listed,
    /// Whose.
    pub maker: Maker,
    /// True when its execution buys.
    pub buys: bool,
    /// The price that triggers it.
    pub trigger: Ticks,
    /// Quantity left.
    pub lots: Lots,
    /// The mark price triggers it; otherwise the last price.
    pub by_mark: bool,
    /// It can only reduce.
    pub reduce_only: bool,
}

/// One execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// On what.
    pub symbol: Listed,
    /// Whose.
    pub maker: Maker,
    /// True when it bought.
    pub buys: bool,
    /// Its own id.
    pub fill: FillId,
    /// When.
    pub at: Timestamp,
    /// At what price.
    pub price: Ticks,
    /// How much.
    pub lots: Lots,
    /// Fee (negative: rebate).
    pub fee: Cash,
    /// Maker or taker.
    pub liquidity: Liquidity,
}

/// One funding settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// On what.
    pub symbol: Listed,
    /// Settlement instant.
    pub at: Timestamp,
    /// The settled rate.
    pub rate: Fraction,
    /// The price that it was applied to.
    pub price: Ticks,
    /// The quantity held then.
    pub lots: Lots,
    /// Received (negative: paid).
    pub amount: Cash,
}

/// How a symbol is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolSettings {
    /// Which symbol.
    pub symbol: Listed,
    /// As set.
    pub leverage: u32,
    /// As set.
    pub margin_mode: MarginMode,
    /// One position per symbol; false when long and short are held side by side.
    pub one_way: bool,
}

impl<T> Part<T> {
    /// What the exchange said, if it did.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Failed(_) => None,
        }
    }

    /// Why it did not.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Known(_) => None,
            Self::Failed(why) => Some(*why),
        }
    }
}

impl Listed {
    /// The symbol, if this program is configured for it.
    #[must_use]
    pub fn symbol(self) -> Option<SymbolId> {
        match self {
            Self::Symbol(symbol) => Some(symbol),
            Self::Other(_) => None,
        }
    }
}

impl Maker {
    /// Our order, if it is one.
    #[must_use]
    pub fn ours(self) -> Option<OrderId> {
        match self {
            Self::Us(id) => Some(id),
            Self::Exchange | Self::Other(_) => None,
        }
    }
}

impl Execution {
    /// As a fill of ours; that of a forced close under the id that streams give it.
    #[must_use]
    pub fn as_fill(&self, book: BookId) -> Option<Fill> {
        let symbol = self.symbol.symbol()?;
        let id = match self.maker {
            Maker::Us(id) => id,
            Maker::Exchange => {
                // What closes a long sells.
                let direction = if self.buys { Direction::Short } else { Direction::Long };
                let kind = OrderKind::Close;
                OrderId { book, symbol, epoch: 0, sequence: 0, kind, direction, level: 0 }
            }
            Maker::Other(_) => return None,
        };
        let &Self { fill, at, price, lots, fee, liquidity, .. } = self;
        Some(Fill { id, fill, at, price, lots, fee, liquidity })
    }
}

impl AccountSnapshot {
    /// The parts that failed, and why.
    #[must_use]
    pub fn failures(&self) -> Vec<(PartName, Failure)> {
        let parts = [
            (PartName::Positions, self.positions.failure()),
            (PartName::Orders, self.orders.failure()),
            (PartName::Triggers, self.triggers.failure()),
            (PartName::Fills, self.fills.failure()),
            (PartName::Funding, self.funding.failure()),
            (PartName::Balance, self.balance.failure()),
            (PartName::Settings, self.settings.failure()),
        ];
        parts.into_iter().filter_map(|(part, why)| Some((part, why?))).collect()
    }

    /// Everything that it says of orders of ours: their ids, ended ones by their executions.
    pub fn our_ids(&self) -> impl Iterator<Item = OrderId> {
        let orders = self.orders.known().into_iter().flatten().map(|order| order.maker);
        let triggers = self.triggers.known().into_iter().flatten().map(|order| order.maker);
        let fills = self.fills.known().into_iter().flatten().map(|fill| fill.maker);
        orders.chain(triggers).chain(fills).filter_map(Maker::ours)
    }

    /// Every instant, price and quantity in it, for the check that they can be.
    pub(crate) fn figures(&self) -> (Vec<Timestamp>, Vec<i64>, Vec<Cash>) {
        let (mut times, mut sizes, mut money) =
            (alloc::vec![self.at, self.since, Timestamp(self.lag.0)], Vec::new(), Vec::new());
        for held in self.positions.known().into_iter().flatten() {
            sizes.push(held.lots.0);
        }
        for order in self.orders.known().into_iter().flatten() {
            sizes.extend([order.price.0, order.lots.0, order.filled.0]);
        }
        for order in self.triggers.known().into_iter().flatten() {
            sizes.extend([order.trigger.0, order.lots.0]);
        }
        for fill in self.fills.known().into_iter().flatten() {
            times.push(fill.at);
            sizes.extend([fill.price.0, fill.lots.0]);
            money.push(fill.fee);
        }
        for paid in self.funding.known().into_iter().flatten() {
            times.push(paid.at);
            sizes.extend([paid.price.0, paid.lots.0]);
            money.push(paid.amount);
        }
        money.extend(self.balance.known());
        (times, sizes, money)
    }
}
