//! Validated settings of one engine. The shell parses files into these types once; they hold
//! what is allowed and nothing else: names are resolved, percentages are fractions.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::ids::{BookId, SymbolId};
use crate::market::Instrument;
use crate::money::{Cash, Direction, Fraction};
use crate::time::{Span, Timeframe};

/// The most levels that a ladder may have on one side.
pub const LEVELS_MAX: usize = 6;

/// Everything that the engine is told before its first event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineConfig {
    /// Instruments sorted by name; a [`SymbolId`] is a position in this list.
    pub instruments: Vec<Instrument>,
    /// Books in the order of the configuration; a [`BookId`] is a position in this list.
    pub books: Vec<BookConfig>,
    /// Limits and switches.
    pub risk: RiskConfig,
    /// Fees and slippage.
    pub costs: Costs,
    /// How levels are entered.
    pub entry_order: EntryOrder,
}

impl EngineConfig {
    /// The instrument of a symbol.
    #[must_use]
    pub fn instrument(&self, symbol: SymbolId) -> Option<&Instrument> {
        self.instruments.get(usize::from(symbol.0))
    }

    /// The settings of a book.
    #[must_use]
    pub fn book(&self, book: BookId) -> Option<&BookConfig> {
        self.books.get(usize::from(book.0))
    }
}

/// One strategy in one mode, with its own wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BookConfig {
    /// The strategy's name in the configuration: `grid_atr`.
    pub name: String,
    /// Paper or live.
    pub mode: Mode,
    /// When what happens to this wallet becomes known.
    pub facts: Facts,
    /// The wallet's balance at the start.
    pub capital: Cash,
    /// The timeframe of decisions.
    pub timeframe: Timeframe,
    /// The symbols it runs, sorted by [`SymbolId`].
    pub symbols: Vec<SymbolConfig>,
}

/// One symbol of one book, with its parameters resolved (strategy ∪ override).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SymbolConfig {
    /// Which symbol.
    pub symbol: SymbolId,
    /// Its own parameters.
    pub params: Params,
    /// The configuration does not have it any more: what is open is managed to its end, nothing is
    /// entered (invariant 33).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub removed: bool,
}

impl SymbolConfig {
    /// A symbol that is traded.
    #[must_use]
    pub fn new(symbol: SymbolId, params: Params) -> Self {
        Self { symbol, params, removed: false }
    }
}

/// Paper or live; independent of the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A rehearsal with the engine's own money.
    Paper,
    /// Orders of a live book are somebody's money, on whatever venue.
    Live,
}

/// When the facts of a wallet become known, hence when its switches are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// As they happen: after every fact.
    Continuous,
    /// With the bar that holds them: once a round (rule 10), so that the order in which
    /// symbols are matched decides nothing.
    WithBars,
}

/// How a level is entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryOrder {
    /// A limit order rests at each wanted level.
    #[default]
    Limit,
    /// A market order is sent when the price touches the level.
    Market,
}

/// The resolved parameters of one strategy on one symbol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Params {
    /// `grid_atr`, and `grid_multi_tf` when a trend is set.
    Grid(GridParams),
    /// `supertrend`: one position at a time.
    Mono(MonoParams),
}

impl Params {
    /// The parameters of a grid; none for a mono position.
    #[inline]
    #[must_use]
    pub fn grid(&self) -> Option<&GridParams> {
        match self {
            Self::Grid(grid) => Some(grid),
            Self::Mono(_) => None,
        }
    }

    /// Leverage of the symbol, 1 to 20.
    #[inline]
    #[must_use]
    pub fn leverage(&self) -> u32 {
        match self {
            Self::Grid(p) => p.leverage,
            Self::Mono(p) => p.leverage,
        }
    }

    /// Stop distance from the average entry, as a fraction.
    #[inline]
    #[must_use]
    pub fn stop_loss(&self) -> Fraction {
        match self {
            Self::Grid(p) => p.stop_loss,
            Self::Mono(p) => p.stop_loss,
        }
    }

    /// Closed bars between the bar of a close and the next ladder.
    #[inline]
    #[must_use]
    pub fn cooldown_bars(&self) -> u32 {
        match self {
            Self::Grid(p) => p.cooldown_bars,
            Self::Mono(p) => p.cooldown_bars,
        }
    }

    /// Levels of the ladder.
    #[inline]
    #[must_use]
    pub fn levels(&self) -> u8 {
        match self {
            Self::Grid(p) => p.levels,
            Self::Mono(_) => 1,
        }
    }

    /// Closed bars before the first decision: max(10 × the longest period in its own timeframe
    /// plus one bucket, 500), so that recursive indicators have converged (decision 2).
    #[must_use]
    pub fn warmup_bars(&self) -> u32 {
        const LEAST: u32 = 500;
        const BUCKET: u32 = 4;
        let longest = match self {
            Self::Grid(p) => {
                let fast = 10 * p.ma_period.max(p.atr_period) + 1;
                let slow = p.trend.as_ref().map_or(0, |t| 10 * t.atr_period * BUCKET + BUCKET);
                fast.max(slow)
            }
            Self::Mono(p) => 10 * p.atr_period + 1,
        };
        longest.max(LEAST)
    }
}

/// Parameters of the ATR-envelope grid (DECISIONS, formulas).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridParams {
    /// SMA length in bars.
    pub ma_period: u32,
    /// ATR length in bars.
    pub atr_period: u32,
    /// Distance of level 0 from the SMA, in ATR.
    pub atr_multiplier_start: f64,
    /// Extra distance per level, in ATR.
    pub atr_multiplier_step: f64,
    /// Number of levels, 1 to 6.
    pub levels: u8,
    /// Stop distance from the average entry.
    pub stop_loss: Fraction,
    /// Allowed directions.
    pub sides: Sides,
    /// 1 to 20.
    pub leverage: u32,
    /// Time stop in bars, only when losing; 0 = off.
    pub max_hold_bars: u32,
    /// Bars to wait after a close.
    pub cooldown_bars: u32,
    /// Floor on the ATR as percent of the close; 0 = off.
    pub min_grid_spacing_pct: f64,
    /// Least gain of the target over the average entry; 0 = off.
    pub min_profit: Fraction,
    /// Least ATR, in percent of the close, to start a cycle; 0 = off.
    pub min_atr_pct: f64,
    /// The 4 h Supertrend that gives the direction; none for `grid_atr`.
    pub trend: Option<TrendParams>,
}

/// The 4 h Supertrend of `grid_multi_tf`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendParams {
    /// ATR length in 4 h bars.
    pub atr_period: u32,
    /// Band distance in ATR.
    pub atr_multiplier: f64,
}

/// Parameters of the mono-position `supertrend` (DECISIONS, formulas).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonoParams {
    /// ATR length in bars.
    pub atr_period: u32,
    /// Band distance in ATR.
    pub atr_multiplier: f64,
    /// Target distance from the entry.
    pub take_profit: Fraction,
    /// Stop distance from the entry.
    pub stop_loss: Fraction,
    /// Allowed directions.
    pub sides: Sides,
    /// 1 to 20; margin only, the size comes from the risk.
    pub leverage: u32,
    /// Bars to wait after a close.
    pub cooldown_bars: u32,
}

/// Which directions may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// Longs allowed.
    pub long: bool,
    /// Shorts allowed.
    pub short: bool,
}

impl Sides {
    /// True when `direction` may be opened.
    #[inline]
    #[must_use]
    pub fn allow(self, direction: Direction) -> bool {
        match direction {
            Direction::Long => self.long,
            Direction::Short => self.short,
        }
    }
}

/// Limits and switches, the same for every book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskConfig {
    /// Margin of open, quoted and unresolved ladders over min(balance, equity).
    pub max_margin_ratio: Fraction,
    /// Symbols of a book that may be open or quoted at once: slots (rule 10).
    pub max_live_grids: u32,
    /// Pre-trade rule 3: positions of a book, open or planned.
    pub max_concurrent_positions: u32,
    /// Free margin that must remain after the planned cycle, as a part of equity.
    pub min_free_margin: Fraction,
    /// Session switch of grid books: realised loss since 00:00 UTC over the balance then.
    pub session_loss_grid: Fraction,
    /// Session switch of mono books.
    pub session_loss_mono: Fraction,
    /// Global switch: equity drawdown from the window's peak over all books of a mode.
    pub global_loss: Fraction,
    /// The global switch's window.
    pub global_window: Span,
    /// Part of the capital that a mono position may lose at its stop, costs included.
    pub max_risk_per_trade: Fraction,
    /// Sum of losses at stop over the initial capital; none = shown, not enforced.
    pub max_loss_at_stop: Option<Fraction>,
    /// What a tripped switch does besides blocking.
    pub on_kill: OnKill,
    /// Cross or isolated.
    pub margin_mode: MarginMode,
    /// A resting entry within this fraction of its new price is kept.
    pub requote_tolerance: Fraction,
    /// Closed bars of a symbol that a live book waits after a cold start.
    pub cold_start_bars: u32,
    /// How long a stop may stay unconfirmed while the exchange answers.
    pub stop_deadline: Span,
    /// Correlation groups by name.
    pub groups: Vec<Group>,
}

impl RiskConfig {
    /// The correlation group of an instrument, as a position in the list.
    #[must_use]
    pub fn group(&self, instrument: &Instrument) -> Option<usize> {
        self.groups.iter().position(|group| group.name == instrument.group)
    }

    /// Closed bars that a book waits after a cold start; none where it neither waits nor arms.
    #[must_use]
    pub fn cooling(&self, mode: Mode) -> Option<u32> {
        match mode {
            Mode::Live => Some(self.cold_start_bars),
            Mode::Paper => None,
        }
    }
}

/// A correlation group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Cycles of one direction that may be open or quoted at once.
    pub max_same_direction: u32,
    /// Margin of the group over equity.
    pub max_exposure: Fraction,
}

/// What a tripped switch does; it always blocks new entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnKill {
    /// Nothing more; resting entries stay.
    Block,
    /// Resting entries are withdrawn; open cycles stay managed.
    #[default]
    CancelEntries,
    /// Resting entries are withdrawn and open cycles closed at market.
    Flatten,
}

/// How positions share collateral.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginMode {
    /// All positions share the wallet.
    #[default]
    Cross,
    /// Each position has its own margin.
    Isolated,
}

/// What trading costs; also what the simulated venue charges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Fee of resting orders, on the notional.
    pub maker: Fraction,
    /// Fee of crossing orders.
    pub taker: Fraction,
    /// Slippage of market orders.
    pub slippage: Fraction,
    /// Slippage of stops in the pessimistic run: a stop fires into the wick.
    pub stop_slippage: Fraction,
    /// Extra fee of a liquidation, on the notional.
    pub liquidation: Fraction,
}
