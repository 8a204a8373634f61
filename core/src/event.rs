//! Events: facts from outside, in the past tense, with the time at which they happened.
//! What a person asks for is a request and enters as a fact like any other.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::ids::{BookId, FillId, OrderId, SymbolId};
use crate::market::Bar;
use crate::money::{Cash, Direction, Fraction, Lots, Ticks};
use crate::notice::Switch;
use crate::reconcile::AccountSnapshot;
use crate::time::Timestamp;

/// Everything that the outside can tell the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The process started. `epoch` exceeds every epoch seen in the exchange's orders.
    Booted {
        /// Seconds since 1970; part of every order id until the next boot.
        epoch: u32,
    },
    /// The state of a symbol's feed changed.
    FeedChanged {
        /// Which symbol.
        symbol: SymbolId,
        /// Its new state.
        feed: Feed,
    },
    /// A bar closed: complete, from the venue being traded.
    BarClosed {
        /// Which symbol.
        symbol: SymbolId,
        /// The closed bar.
        bar: Bar,
    },
    /// A closed bar of the past, before the first live one; it only warms indicators.
    HistoryLoaded {
        /// Which symbol.
        symbol: SymbolId,
        /// The closed bar.
        bar: Bar,
    },
    /// Missing bars of a symbol cannot be had: its indicators start anew with the bars that
    /// follow, which is a cold start for live books (decision 4).
    BarsLost {
        /// Which symbol.
        symbol: SymbolId,
    },
    /// The price moved between bars; never an input of indicators.
    PriceMoved {
        /// The book whose venue saw it; none = all books.
        book: Option<BookId>,
        /// Which symbol.
        symbol: SymbolId,
        /// The new price.
        price: Ticks,
    },
    /// On a recorded bar the price touched one rung of a market-entry ladder: which rungs a bar
    /// touches, and in what order, is the venue's path.
    RungTouched {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// Which side.
        direction: Direction,
        /// Which level.
        level: u8,
        /// The price that touched it.
        price: Ticks,
    },
    /// The exchange accepted an order, or confirmed a change of one.
    OrderAccepted {
        /// Which order.
        id: OrderId,
        /// The price (trigger of a stop) that now stands; 0 for market orders.
        price: Ticks,
        /// The quantity that now stands.
        lots: Lots,
    },
    /// The exchange refused an order or a change of one; what stood before still stands.
    OrderRejected {
        /// Which order.
        id: OrderId,
        /// Why.
        why: Reject,
    },
    /// An order was executed, wholly or in part.
    OrderFilled(Fill),
    /// An order ended without (further) execution.
    OrderCanceled {
        /// Which order.
        id: OrderId,
        /// What was executed before, in total.
        filled: Lots,
        /// Why it ended.
        why: Ended,
    },
    /// No answer came in time: the outcome is unknown, which is not a failure.
    OrderUnconfirmed {
        /// Which order.
        id: OrderId,
    },
    /// The exchange was asked and does not know the order.
    OrderNotFound {
        /// Which order.
        id: OrderId,
    },
    /// The exchange closed a position by force.
    PositionLiquidated {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// The execution.
        fill: FillId,
        /// When.
        at: Timestamp,
        /// At what price.
        price: Ticks,
        /// How much.
        lots: Lots,
        /// Fee, liquidation fee included.
        fee: Cash,
    },
    /// Funding was settled on an open position.
    FundingSettled {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// Settlement instant: a settlement is booked once.
        at: Timestamp,
        /// The settled rate.
        rate: Fraction,
        /// The price that it was applied to.
        price: Ticks,
        /// The quantity held then.
        lots: Lots,
        /// What the wallet receives (negative: pays).
        amount: Cash,
    },
    /// The connection to the account of a book was made, at the start or again. Entries wait until
    /// what it holds has been compared with what is believed (decision 20).
    Reconnected {
        /// Which book.
        book: BookId,
    },
    /// What an account holds: the answer to a question about it.
    AccountSeen(Box<AccountSnapshot>),
    /// Money came into the wallet (negative: left it).
    BalanceMoved {
        /// Which book.
        book: BookId,
        /// How much.
        amount: Cash,
    },
    /// A person asked for something.
    RequestMade {
        /// What.
        request: Request,
        /// Who, as authenticated by the shell.
        by: alloc::string::String,
    },
    /// The wake-up that the last step asked for, or a later time.
    TimePassed,
}

/// Beyond these no figure of an exchange lies, and within them no sum overflows: ticks and lots,
/// 10^13 USDT, and the year 9999.
const FIGURE_MAX: i64 = 1_000_000_000_000;
pub(crate) const CASH_MAX: i128 = 1_000_000_000_000_000_000_000;
const TIME_MAX: i64 = 253_402_300_800_000;

/// What an event says of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderNews<'a> {
    /// It stands with these figures.
    Accepted {
        /// The price (trigger of a stop); 0 for market orders.
        price: Ticks,
        /// The quantity.
        lots: Lots,
    },
    /// It, or a change of it, was refused.
    Rejected(Reject),
    /// It was executed, wholly or in part.
    Filled(&'a Fill),
    /// It ended without (further) execution.
    Canceled {
        /// What was executed before, in total.
        filled: Lots,
        /// Why it ended.
        why: Ended,
    },
    /// The outcome of the last request about it is unknown.
    Unconfirmed,
    /// The exchange does not know it.
    NotFound,
}

impl Event {
    /// What is said of which order; none for an event that is not about an order. A liquidation is
    /// of a position.
    #[inline]
    #[must_use]
    pub fn order_news(&self) -> Option<(OrderId, OrderNews<'_>)> {
        Some(match self {
            &Self::OrderAccepted { id, price, lots } => (id, OrderNews::Accepted { price, lots }),
            &Self::OrderRejected { id, why } => (id, OrderNews::Rejected(why)),
            Self::OrderFilled(fill) => (fill.id, OrderNews::Filled(fill)),
            &Self::OrderCanceled { id, filled, why } => (id, OrderNews::Canceled { filled, why }),
            &Self::OrderUnconfirmed { id } => (id, OrderNews::Unconfirmed),
            &Self::OrderNotFound { id } => (id, OrderNews::NotFound),
            Self::Booted { .. }
            | Self::FeedChanged { .. }
            | Self::BarClosed { .. }
            | Self::HistoryLoaded { .. }
            | Self::BarsLost { .. }
            | Self::PriceMoved { .. }
            | Self::RungTouched { .. }
            | Self::PositionLiquidated { .. }
            | Self::FundingSettled { .. }
            | Self::Reconnected { .. }
            | Self::AccountSeen(_)
            | Self::BalanceMoved { .. }
            | Self::RequestMade { .. }
            | Self::TimePassed => return None,
        })
    }

    /// The order that it is about.
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        self.order_news().map(|(id, _)| id)
    }

    /// False for an event whose figures cannot be, whatever sent it.
    #[inline]
    #[must_use]
    pub fn is_possible(&self, now: Timestamp) -> bool {
        let time = |at: Timestamp| (-TIME_MAX..=TIME_MAX).contains(&at.0);
        let figure = |figure: i64| (-FIGURE_MAX..=FIGURE_MAX).contains(&figure);
        let cash = |cash: Cash| cash.0.unsigned_abs() <= CASH_MAX.unsigned_abs();
        let facts = match self {
            Self::BarClosed { bar, .. } | Self::HistoryLoaded { bar, .. } => {
                time(bar.at) && figure(bar.high.0) && figure(bar.low.0)
            }
            Self::PriceMoved { price, .. } | Self::RungTouched { price, .. } => figure(price.0),
            Self::OrderAccepted { price, lots, .. } => figure(price.0) && figure(lots.0),
            Self::OrderCanceled { filled, .. } => figure(filled.0),
            Self::OrderFilled(Fill { at, price, lots, fee, .. })
            | Self::PositionLiquidated { at, price, lots, fee, .. } => {
                time(*at) && figure(price.0) && figure(lots.0) && cash(*fee)
            }
            Self::FundingSettled { at, price, lots, amount, .. } => {
                time(*at) && figure(price.0) && figure(lots.0) && cash(*amount)
            }
            Self::BalanceMoved { amount, .. } => cash(*amount),
            Self::AccountSeen(snapshot) => {
                let (times, sizes, money) = snapshot.figures();
                times.into_iter().all(time)
                    && sizes.into_iter().all(figure)
                    && money.into_iter().all(cash)
            }
            Self::Booted { .. }
            | Self::FeedChanged { .. }
            | Self::BarsLost { .. }
            | Self::OrderRejected { .. }
            | Self::OrderUnconfirmed { .. }
            | Self::OrderNotFound { .. }
            | Self::Reconnected { .. }
            | Self::RequestMade { .. }
            | Self::TimePassed => true,
        };
        facts && time(now)
    }
}

/// One execution of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The order.
    pub id: OrderId,
    /// The execution's own id; it is booked once, whatever path brings it.
    pub fill: FillId,
    /// When it happened.
    pub at: Timestamp,
    /// At what price.
    pub price: Ticks,
    /// How much.
    pub lots: Lots,
    /// Fee, in USDT (negative: rebate).
    pub fee: Cash,
    /// Maker or taker.
    pub liquidity: Liquidity,
}

/// Who was waiting for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// The order rested.
    Maker,
    /// The order crossed.
    Taker,
}

/// The state of a symbol's feed (decision 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Bars are expected at every close.
    Streaming,
    /// Bars are not expected: recovering, suspended, delisted, or the end of the data.
    Silent,
}

/// Why the exchange refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    /// Below the minimum quantity or notional.
    BelowMinimum,
    /// Price or quantity off the grid.
    Precision,
    /// Not enough margin.
    InsufficientMargin,
    /// Reduce-only, and nothing to reduce.
    NoPosition,
    /// A stop on the wrong side of the mark price.
    WrongSide,
    /// The symbol is suspended or in maintenance.
    Suspended,
    /// The order to change or cancel is not there any more.
    UnknownOrder,
    /// Leverage or mode cannot change while a position or an order is open.
    Locked,
    /// The exchange could not, and said so.
    Busy,
}

/// Why an order ended without being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// We asked for it.
    Requested,
    /// A market order met a market in which nothing traded.
    NothingTraded,
    /// Reduce-only with nothing left to reduce.
    NothingToReduce,
    /// The exchange did it.
    ByExchange,
}

/// What a person can ask of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Release a switch; sets a new reference.
    Release {
        /// Which one.
        switch: Switch,
        /// Why; empty where nobody was asked.
        #[serde(default)]
        reason: alloc::string::String,
    },
    /// No new entries of a book until a person resumes it, deeper levels of open cycles included:
    /// its resting entries are withdrawn. Open cycles keep stop, target and every exit.
    Pause {
        /// Which book; none = all.
        book: Option<BookId>,
        /// Why.
        reason: alloc::string::String,
    },
    /// Ends a pause. Switches are not touched: they are released one by one.
    Resume {
        /// Which book; none = all.
        book: Option<BookId>,
        /// Why.
        reason: alloc::string::String,
    },
    /// Compare a book with its account now.
    Reconcile {
        /// Which book; none = all that have an account.
        book: Option<BookId>,
    },
    /// Trip the session switch of a book: no new entries until a person releases it, and whatever
    /// `on_kill` says besides.
    Kill {
        /// Which book; none = all.
        book: Option<BookId>,
        /// Why.
        reason: alloc::string::String,
    },
}
