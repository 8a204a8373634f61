//! The metrics as they are written: types only, the arithmetic is in [`super::metrics`].

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::result::Moment;

/// The metrics of one wallet, or of all together. A ratio that the data cannot support is null,
/// never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Metrics {
    /// The balance at the start.
    pub capital: Decimal,
    /// Realised: balance at the end − capital, fees and funding of open cycles included.
    pub net_profit: Decimal,
    /// `net_profit` in percent of the capital.
    pub return_percent: Option<f64>,
    /// Result of the cycles still open, at the last close; not in `net_profit`.
    pub open_unrealised: Decimal,
    /// `net_profit` + `open_unrealised`, in percent of the capital.
    pub return_with_open_percent: Option<f64>,
    /// Cycles closed.
    pub cycles: u64,
    /// Cycles still open.
    pub open_cycles: u64,
    /// Cycles whose net result is above zero.
    pub wins: u64,
    /// Cycles whose net result is zero or below.
    pub losses: u64,
    /// Wins in percent of the cycles closed.
    pub win_rate_percent: Option<f64>,
    /// Sum of the wins over the sum of the losses; null without a loss.
    pub profit_factor: Option<f64>,
    /// Mean net result of the wins.
    pub average_win: Option<Decimal>,
    /// Mean net result of the losses.
    pub average_loss: Option<Decimal>,
    /// The deepest fall of equity from an earlier peak; null when it never fell.
    pub max_drawdown: Option<Drawdown>,
    /// Sharpe ratio of daily equity returns: mean / deviation (n − 1) · √365, no risk-free rate.
    /// Null with fewer than 2 returns or without deviation.
    pub sharpe: Option<f64>,
    /// Sortino ratio: mean / downside deviation (n − 1, from zero) · √365. Null with fewer than
    /// 2 returns or without a losing day.
    pub sortino: Option<f64>,
    /// Daily returns that the two ratios are made from, 00:00 UTC to 00:00 UTC.
    pub daily_returns: u64,
    /// Fees paid, never negative, open cycles included.
    pub fees: Decimal,
    /// Funding received, negative when paid, open cycles included.
    pub funding: Decimal,
    /// The longest cycle, open ones included.
    pub longest_cycle: Option<LongestCycle>,
    /// Time with at least one open cycle, in percent of the run.
    pub exposure_percent: Option<f64>,
    /// Return of the same symbols bought with equal weights, each at its first open in the run, and
    /// held to its last close, without leverage, fees or funding; of all books together, each book
    /// doing so with its own capital.
    pub buy_and_hold_percent: Option<f64>,
}

/// A fall of equity from a peak.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Drawdown {
    /// The fall in percent of the peak, above zero.
    pub percent: f64,
    /// The fall in USDT, above zero.
    pub amount: Decimal,
    /// When the peak was.
    pub peak: Moment,
    /// When the trough was.
    pub trough: Moment,
    /// The first look at or above the peak again; null when it was not reached.
    pub recovered: Option<Moment>,
    /// How often equity was looked at.
    pub basis: DrawdownBasis,
}

/// How often equity was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrawdownBasis {
    /// At each bar's close.
    Bar,
    /// At the points of the daily equity.
    Daily,
}

/// The longest cycle.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LongestCycle {
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// Its number.
    pub cycle: u64,
    /// Hours from the first fill to the close, or to the end of the run.
    pub hours: f64,
    /// True when it is still open.
    pub open: bool,
}
