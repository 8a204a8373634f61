//! Notices: what people learn and ledgers keep. Data only; wording belongs to the shell.

use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::event::{Fill, Reject};
use crate::ids::{BookId, OrderId, SymbolId};
use crate::money::{Cash, Direction, Fraction, Lots, Ticks};
use crate::reconcile::Plan;
use crate::risk::Refusal;
use crate::risk::switches::{Cause, Pause};
use crate::time::Timestamp;

/// Everything that the engine says to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// An execution was booked.
    Filled {
        /// The execution.
        fill: Fill,
        /// Number of the cycle in its book and symbol, from 1.
        cycle: u32,
        /// What it did.
        reason: FillReason,
    },
    /// Funding was booked in a cycle.
    Funded {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// Which cycle: the one that held at the settlement, open or not; 0 when none is known.
        cycle: u32,
        /// Settlement instant.
        at: Timestamp,
        /// The settled rate.
        rate: Fraction,
        /// The price that it was applied to.
        price: Ticks,
        /// The quantity held.
        lots: Lots,
        /// Received (negative: paid).
        amount: Cash,
    },
    /// A cycle ended; its result is final.
    CycleClosed(CycleResult),
    /// A symbol that could have been quoted was not; said when the reason changes.
    Refused {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// Why, with the numbers.
        refusal: Refusal,
    },
    /// A switch tripped.
    SwitchTripped {
        /// Which switch.
        switch: Switch,
        /// When.
        at: Timestamp,
        /// Why.
        cause: Cause,
    },
    /// A switch was released.
    SwitchReleased {
        /// Which switch.
        switch: Switch,
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
        /// Why; empty where nobody was asked.
        #[serde(default)]
        reason: String,
    },
    /// A person paused a book: no new entries.
    Paused {
        /// Which book.
        book: BookId,
        /// Since when, by whom, and why.
        pause: Pause,
    },
    /// A person ended the pause of a book.
    Resumed {
        /// Which book.
        book: BookId,
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// A position has not been protected for longer than the deadline.
    Unprotected {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// Since when.
        since: Timestamp,
        /// What is wrong with its stop.
        why: Exposed,
    },
    /// The exchange surprised us; recorded, and a reason to reconcile.
    Anomaly {
        /// What happened.
        what: Anomaly,
    },
    /// A book was compared with its account, and the two sides differ; or they agree again.
    Reconciled(Box<Plan>),
    /// A symbol's readiness changed.
    Readiness {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// Its new state.
        state: Readiness,
    },
}

/// Why an execution happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillReason {
    /// A level of the ladder.
    Level,
    /// A signal of a mono-position strategy.
    Signal,
    /// The price reached the target: the resting order filled, or it was not confirmed and the
    /// position was closed at market.
    Target,
    /// The target was met by a close.
    TargetAtClose,
    /// The stop.
    Stop,
    /// The slower trend turned.
    DirectionFlip,
    /// Held too long, and losing.
    TimeStop,
    /// The other side's entry filled before its cancel.
    OppositeFill,
    /// The position could not be kept under a stop.
    Emergency,
    /// A switch with `on_kill: flatten`.
    KillSwitch,
    /// The exchange closed by force.
    Liquidation,
    /// A close of ours of which neither a record nor a mark in its id says why.
    Unheard,
}

impl FillReason {
    /// What a close sent for this reason carries in its id in place of a level; 0 for what sends
    /// none. A mark means the same for ever: exchanges remember ids longer than we do.
    #[must_use]
    pub const fn mark(self) -> u8 {
        match self {
            Self::Level | Self::Signal | Self::Stop | Self::Liquidation | Self::Unheard => 0,
            Self::TargetAtClose => 1,
            Self::DirectionFlip => 2,
            Self::TimeStop => 3,
            Self::Target => 4,
            Self::OppositeFill => 5,
            Self::Emergency => 6,
            Self::KillSwitch => 7,
        }
    }

    /// The reason of a close whose id carries this mark.
    #[must_use]
    pub const fn of_mark(mark: u8) -> Option<Self> {
        Some(match mark {
            1 => Self::TargetAtClose,
            2 => Self::DirectionFlip,
            3 => Self::TimeStop,
            4 => Self::Target,
            5 => Self::OppositeFill,
            6 => Self::Emergency,
            7 => Self::KillSwitch,
            _ => return None,
        })
    }
}

/// The final result of a cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CycleResult {
    /// Which book.
    pub book: BookId,
    /// Which symbol.
    pub symbol: SymbolId,
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
    /// Bought (sold, for a short) in total.
    pub lots: Lots,
    /// Notional of the entries.
    pub entry_notional: Cash,
    /// Notional of the exits.
    pub exit_notional: Cash,
    /// Levels that filled.
    pub levels: u8,
    /// Before costs.
    pub gross: Cash,
    /// All fees.
    pub fees: Cash,
    /// Received (negative: paid).
    pub funding: Cash,
    /// gross − fees + funding.
    pub net: Cash,
}

/// What is wrong with the stop of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposed {
    /// The exchange refused it or does not have it: the position is being closed.
    Unconfirmed,
    /// The price is beyond it and it has not executed: the position is being closed.
    NotExecuted,
    /// The exchange does not answer: it is asked on, nothing is added, nothing is closed.
    NoAnswer,
}

/// Names a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Realised loss of a book since 00:00 UTC.
    Session(BookId),
    /// Equity drawdown over all books of a mode.
    Global(crate::config::Mode),
}

/// The vocabulary of surprises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anomaly {
    /// A fill of an order that we do not know.
    UnknownOrderFilled(Fill),
    /// The exchange refused an order.
    Rejected(OrderId, Reject),
    /// The same execution came again with other content.
    FillChanged(Fill),
    /// An execution or a settlement that came so late that it may have been booked: it is not
    /// booked, and the comparison with the account finds what is missing.
    TooOld {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// When it happened.
        at: Timestamp,
    },
    /// More exits than can be kept came without the entries that they close: the oldest is
    /// forgotten, and the comparison with the account finds what is missing.
    Unmatched {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// When the forgotten one executed.
        at: Timestamp,
    },
    /// The stop's execution left a rest below the minimum.
    Dust {
        /// Which book.
        book: BookId,
        /// Which symbol.
        symbol: SymbolId,
        /// How much.
        lots: Lots,
    },
    /// Bars are missing; the symbol is not ready until they are healed.
    Gap {
        /// Which symbol.
        symbol: SymbolId,
        /// The first missing bar.
        from: Timestamp,
        /// How many.
        missing: u32,
    },
    /// An event with figures that no exchange sends; it changed nothing.
    Impossible,
    /// A bar that is none: out of its timeframe's boundary or breaking an invariant.
    BrokenBar {
        /// Which symbol.
        symbol: SymbolId,
        /// Its time.
        at: Timestamp,
    },
}

impl Readiness {
    /// True when the other is the same state, whatever its numbers.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

/// How far a symbol is from deciding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// This many bars are missing before indicators may be trusted.
    Warming {
        /// Bars missing.
        missing: u32,
    },
    /// A live book waits this many bars after a cold start.
    Cooling {
        /// Bars left.
        bars: u32,
    },
    /// Deciding.
    Ready,
    /// A gap that is not healed.
    Gap,
}
