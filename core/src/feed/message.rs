//! What enters the feed and what leaves it: plain, comparable, serialisable data.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ids::SymbolId;
use crate::market::{Bar, BarFault};
use crate::money::Ticks;
use crate::time::{Span, Timestamp};

/// Everything that the outside can tell the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedEvent {
    /// The process started and these markets are to be followed. What was followed before is
    /// forgotten.
    Started {
        /// One entry a symbol.
        markets: Vec<Market>,
    },
    /// A stream connection stands. Nothing is subscribed on it, and nothing was heard yet.
    StreamConnected,
    /// The stream connection ended on its own, or could not be made.
    StreamDisconnected,
    /// The venue acknowledged a subscription.
    Subscribed {
        /// Which symbol.
        symbol: SymbolId,
    },
    /// The venue refused a subscription.
    SubscribeRefused {
        /// Which symbol.
        symbol: SymbolId,
        /// Why.
        why: Failure,
    },
    /// One frame of the candle channel: one row when the bar moves, many after a subscription.
    /// No row says whether it is closed.
    Candles {
        /// Which symbol.
        symbol: SymbolId,
        /// The venue's own time on the frame.
        as_of: Timestamp,
        /// In any order.
        rows: Vec<Bar>,
    },
    /// A trade or a ticker.
    Price {
        /// Which symbol.
        symbol: SymbolId,
        /// The venue's own time of it.
        at: Timestamp,
        /// The price.
        price: Ticks,
    },
    /// A request for bars was answered.
    Page {
        /// Which symbol.
        symbol: SymbolId,
        /// As in the request.
        from: Timestamp,
        /// The venue's own time on the answer.
        as_of: Timestamp,
        /// In any order; the last may be forming. A page that is not readable is a failure, not
        /// an empty page.
        rows: Vec<Bar>,
    },
    /// A request was not answered, or not with what was asked for.
    Failed {
        /// Which symbol.
        symbol: SymbolId,
        /// Why.
        why: Failure,
    },
    /// What the venue says of a market, asked or not.
    Status {
        /// Which symbol.
        symbol: SymbolId,
        /// What it says.
        status: MarketStatus,
    },
    /// The engine asked for bars that one of its runners lacks
    /// ([`crate::command::Command::FetchBars`]): they are given again from there.
    BarsWanted {
        /// Which symbol.
        symbol: SymbolId,
        /// Open time of the first missing bar.
        from: Timestamp,
    },
    /// The wake-up that the last step asked for, or a later time.
    TimePassed,
}

/// A market to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// Which symbol.
    pub symbol: SymbolId,
    /// Bars of history that the neediest runner wants before its first decision
    /// ([`crate::config::Params::warmup_bars`]).
    pub need: u32,
    /// Open time of the last bar in the restored runners; none for a cold start. With it, the bars
    /// missed while the process was down come as [`Event::BarClosed`], in order, and no history is
    /// loaded (decision 6); without, what closed before the start is [`Event::HistoryLoaded`].
    pub known_until: Option<Timestamp>,
}

/// Why a request did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No answer, an unreadable one, or the venue is busy.
    Retryable,
    /// Too many requests; nothing is asked for a while.
    RateLimited {
        /// What the venue said, if it said how long.
        retry_after: Option<Span>,
    },
    /// The venue does not accept the request.
    Refused,
    /// The venue does not know the market.
    UnknownMarket,
}

/// What the venue says of a market. A market that may only be reduced still trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketStatus {
    /// Bars are made.
    Trading,
    /// Not open yet, or halted.
    Suspended,
    /// Closed for maintenance.
    Maintenance,
    /// Delisted, or never heard of.
    Unknown,
}

/// Everything that the feed can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedCommand {
    /// Make a new stream connection; the one that stands, if any, is dropped without a word.
    Connect,
    /// Subscribe to candles and prices, in one message.
    Subscribe {
        /// Which symbols.
        symbols: Vec<SymbolId>,
    },
    /// End subscriptions that may stand, before they are made anew.
    Unsubscribe {
        /// Which symbols.
        symbols: Vec<SymbolId>,
    },
    /// Ask for bars; the answer is a [`FeedEvent::Page`] or a [`FeedEvent::Failed`].
    FetchBars {
        /// Which symbol.
        symbol: SymbolId,
        /// Open time of the first.
        from: Timestamp,
        /// How many; the last may be forming.
        count: u32,
    },
    /// Ask what became of a market; the answer is a [`FeedEvent::Status`] or a
    /// [`FeedEvent::Failed`].
    FetchStatus {
        /// Which symbol.
        symbol: SymbolId,
    },
}

/// What people learn; said when it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedNotice {
    /// The stream connection came up or went down. Up is said at its first data.
    Stream {
        /// Whether it is up.
        up: bool,
    },
    /// A symbol's feed is in another phase.
    Phase {
        /// Which symbol.
        symbol: SymbolId,
        /// The phase before.
        was: Phase,
        /// The phase now.
        is: Phase,
    },
    /// Nothing was received for a symbol for too long.
    Stale {
        /// Which symbol.
        symbol: SymbolId,
        /// When something was received last.
        since: Timestamp,
        /// How long ago that is.
        age: Span,
    },
    /// A stale symbol was heard again.
    Fresh {
        /// Which symbol.
        symbol: SymbolId,
        /// How long it had been silent.
        silent: Span,
    },
    /// Bars are missing; later ones wait for them.
    Gap {
        /// Which symbol.
        symbol: SymbolId,
        /// Open time of the first.
        from: Timestamp,
        /// How many.
        missing: u32,
    },
    /// The missing bars came.
    Healed {
        /// Which symbol.
        symbol: SymbolId,
        /// Open time of the first.
        from: Timestamp,
        /// How many.
        bars: u32,
    },
    /// The venue has later bars, but not these: history starts after them.
    Lost {
        /// Which symbol.
        symbol: SymbolId,
        /// Open time of the first.
        from: Timestamp,
        /// Open time of the last.
        until: Timestamp,
        /// How often the venue was asked.
        asked: u32,
    },
    /// The venue now shows a bar otherwise than it was delivered.
    Revised {
        /// Which symbol.
        symbol: SymbolId,
        /// As delivered.
        was: Bar,
        /// As shown now.
        is: Bar,
    },
    /// A row that is no bar; it was not used.
    Broken {
        /// Which symbol.
        symbol: SymbolId,
        /// Its time.
        at: Timestamp,
        /// What is wrong with it.
        fault: RowFault,
    },
    /// A price whose time is too far from ours, or that is none; those that follow are not
    /// mentioned until a good one has come.
    PriceRefused {
        /// Which symbol.
        symbol: SymbolId,
        /// Its time.
        at: Timestamp,
        /// The price.
        price: Ticks,
    },
    /// A market was suspended, resumed, delisted or found again.
    Status {
        /// Which symbol.
        symbol: SymbolId,
        /// Before.
        was: MarketStatus,
        /// Now.
        is: MarketStatus,
    },
    /// The venue asks for fewer requests.
    RateLimited {
        /// When the next one may be sent.
        until: Timestamp,
    },
}

/// Why a row is not a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowFault {
    /// Its time is no boundary of the timeframe.
    Misaligned,
    /// It opens in the future.
    Future,
    /// The same answer holds another bar of that time.
    Contradicted,
    /// A price is zero or negative.
    PriceNotPositive,
    /// The low is above another price of the bar.
    LowTooHigh,
    /// The high is below another price of the bar.
    HighTooLow,
}

impl From<BarFault> for RowFault {
    fn from(fault: BarFault) -> Self {
        match fault {
            BarFault::PriceNotPositive => Self::PriceNotPositive,
            BarFault::LowTooHigh => Self::LowTooHigh,
            BarFault::HighTooLow => Self::HighTooLow,
        }
    }
}

/// Where a symbol's feed stands. It is not stored and switched but read off the facts, so that no
/// state exists that recovery does not know (INC-019).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// History is being collected.
    Loading,
    /// The stream talks and no bar is overdue.
    Streaming,
    /// The stream does not talk; requests are answered, and no bar is overdue.
    Polling,
    /// A bar is overdue, or nothing answers; tried again without end.
    Recovering,
    /// The venue makes no bars for now.
    Suspended,
    /// The venue does not know the market; asked again without end, slowly.
    Unknown,
}

impl Phase {
    /// True when a bar can be expected at the next close.
    #[must_use]
    pub const fn expects_bars(self) -> bool {
        matches!(self, Self::Streaming | Self::Polling)
    }
}

/// The answer of the feed to one event.
#[must_use = "commands that are not carried out leave the engine blind"]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FeedStep {
    /// To carry out, in this order.
    pub commands: Vec<FeedCommand>,
    /// For the engine, in this order.
    pub events: Vec<Event>,
    /// To tell people.
    pub notices: Vec<FeedNotice>,
    /// When to send [`FeedEvent::TimePassed`]; always later than the time of the step.
    pub wake: Option<Timestamp>,
}
