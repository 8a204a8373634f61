//! The vocabulary of no: why a ladder is not quoted, with the numbers inside. Alphabetical.

use serde::{Deserialize, Serialize};

use crate::money::{Cash, Fraction};
use crate::reconcile::Withheld;

/// Why a symbol is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Every level is below the exchange's minimum order.
    BelowMinimum,
    /// A live book waits after a cold start, or after bars that were lost for good.
    ColdStart {
        /// Bars left.
        bars: u32,
    },
    /// Too few bars since the last close.
    Cooldown {
        /// Bars left.
        bars: u32,
    },
    /// Margin of the correlation group over equity would pass its limit.
    CorrelationExposure {
        /// Margin of the group with this ladder.
        needed: Cash,
        /// What the group may use.
        limit: Cash,
    },
    /// The correlation group already has its number of cycles in this direction.
    CorrelationGroup {
        /// Cycles open or quoted.
        open: u32,
        /// The limit.
        limit: u32,
    },
    /// A live side is disarmed: the first close after a cold start lay beyond its level 0.
    Disarmed,
    /// Free margin after the planned cycle would fall below its floor.
    FreeMargin {
        /// Free margin that would remain.
        free: Cash,
        /// The floor.
        floor: Cash,
    },
    /// A kill switch is latched.
    KillSwitch,
    /// The sum of losses at stop would pass its limit.
    LossAtStop {
        /// The sum with this ladder.
        loss: Cash,
        /// The limit.
        limit: Cash,
    },
    /// The margin guard: open + quoted + unresolved ladders would pass the cap.
    MarginGuard {
        /// Margin with this ladder.
        needed: Cash,
        /// The cap.
        cap: Cash,
    },
    /// Every slot of `max_concurrent_positions` is taken.
    MaxConcurrentPositions {
        /// The limit.
        limit: u32,
    },
    /// Every slot of `max_live_grids` is taken by a symbol nearer to its level.
    MaxLiveGrids {
        /// The limit.
        limit: u32,
    },
    /// The strategy wants nothing here now.
    NoSignal,
    /// Missing bars: indicators cannot be trusted. Not the same as no signal.
    NotReady,
    /// A person paused the book; who, when and why stands in [`crate::engine::Book::pause`].
    Paused,
    /// The round trip to the target does not pay its fees.
    RoundTrip {
        /// Profit before fees.
        gain: Cash,
        /// Fees.
        fees: Cash,
    },
    /// A position of the book has no confirmed stop: nothing is added meanwhile.
    Unprotected,
    /// It is not certain that the account holds what the book believes.
    Unreconciled {
        /// What is uncertain.
        why: Withheld,
    },
    /// ATR below `min_atr_pct` of the close.
    Volatility {
        /// The ATR over the close.
        atr: Fraction,
    },
}

impl Refusal {
    /// How many kinds there are.
    pub const KINDS: usize = 19;

    /// A stable number of the kind, for counting.
    #[must_use]
    pub const fn kind(&self) -> usize {
        match self {
            Self::BelowMinimum => 0,
            Self::ColdStart { .. } => 1,
            Self::Cooldown { .. } => 2,
            Self::CorrelationExposure { .. } => 3,
            Self::CorrelationGroup { .. } => 4,
            Self::Disarmed => 5,
            Self::FreeMargin { .. } => 6,
            Self::KillSwitch => 7,
            Self::LossAtStop { .. } => 8,
            Self::MarginGuard { .. } => 9,
            Self::MaxConcurrentPositions { .. } => 10,
            Self::MaxLiveGrids { .. } => 11,
            Self::NoSignal => 12,
            Self::NotReady => 13,
            Self::Paused => 14,
            Self::RoundTrip { .. } => 15,
            Self::Unprotected => 16,
            Self::Unreconciled { .. } => 17,
            Self::Volatility { .. } => 18,
        }
    }

    /// The names of the kinds, by [`Refusal::kind`].
    pub const NAMES: [&'static str; Self::KINDS] = [
        "below_minimum",
        "cold_start",
        "cooldown",
        "correlation_exposure",
        "correlation_group",
        "disarmed",
        "free_margin",
        "kill_switch",
        "loss_at_stop",
        "margin_guard",
        "max_concurrent_positions",
        "max_live_grids",
        "no_signal",
        "not_ready",
        "paused",
        "round_trip",
        "unprotected",
        "unreconciled",
        "volatility",
    ];
}
