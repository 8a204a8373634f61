//! Plain data that goes in and comes out of the twin. No rule lives here.

use std::collections::BTreeMap;

use num_rational::BigRational;

/// Exact number: prices, money, quantities, fractions.
pub type Q = BigRational;

/// How entries reach the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryOrder {
    /// A limit order rests at each level.
    Limit,
    /// A market order is sent when the price touches the level.
    Market,
}

/// Assumption about the order of prices inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The loss side first; no target in a bar with an entry.
    Pessimistic,
    /// The target first when the cycle was open at the open.
    Optimistic,
}

/// What the simulated operator does after a kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTrip {
    /// Session released at the next 00:00 UTC, global after 24 h.
    Resume,
    /// No entry ever again.
    Stop,
}

/// Collateral shared by the wallet or kept per position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarginMode {
    /// One collateral for all positions of a wallet.
    Cross,
    /// Each position has its own.
    Isolated,
}

/// Rule set of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Grid below (above) the moving average, spaced by ATR.
    GridAtr,
    /// The same grid, direction given by a 4 h Supertrend.
    GridMultiTf,
    /// One position, entered when the Supertrend turns.
    Supertrend,
}

/// Side of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

/// Side of one fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Quantity bought.
    Buy,
    /// Quantity sold.
    Sell,
}

/// Role of one fill in its cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillKind {
    /// A level, or the entry of a mono position.
    Entry,
    /// The target order.
    Target,
    /// The protective stop.
    Stop,
    /// A close decided at a bar close, or a liquidation.
    Close,
}

/// Everything a run depends on. Percent fields are in percent, the others are fractions.
#[derive(Debug, Clone)]
pub struct Input {
    /// One wallet each.
    pub strategies: Vec<Strategy>,
    /// Limit or market entries.
    pub entry_order: EntryOrder,
    /// Assumption inside a bar.
    pub path: Path,
    /// Entries fill only in bars that open at or after this instant.
    pub from_ms: Option<i64>,
    /// Length of a bar.
    pub timeframe_ms: i64,
    /// Length of a finer bar.
    pub fine_ms: i64,
    /// Maker fee, fraction of notional.
    pub maker: Q,
    /// Taker fee, fraction of notional.
    pub taker: Q,
    /// Slippage `s`, fraction of price.
    pub slippage: Q,
    /// Slippage of a stop that fires inside a bar of the pessimistic run, fraction of price.
    pub stop_slippage: Q,
    /// Margin in use over min(balance, equity), fraction.
    pub max_margin_ratio: Q,
    /// Slots per wallet: open cycles and quoted symbols.
    pub max_live_grids: usize,
    /// Session switch of grid books, percent of the balance at midnight.
    pub session_loss_percent_grid: Q,
    /// Session switch of mono books, percent of the balance at midnight.
    pub session_loss_percent_mono: Q,
    /// Global switch, percent of the peak equity in the window.
    pub global_loss_percent: Q,
    /// Length of the window of the global switch.
    pub global_window_ms: i64,
    /// What follows a trip.
    pub on_trip: OnTrip,
    /// Risk of one mono trade, percent of balance.
    pub max_risk_per_trade_percent: Q,
    /// Fee of a liquidation, fraction of notional, instead of the taker fee.
    pub liquidation_fee: Q,
    /// Cross or isolated.
    pub margin_mode: MarginMode,
    /// A resting order within this distance of its new price is kept, percent of the new price.
    pub requote_tolerance_percent: Q,
    /// Free margin that must remain after a new cycle, percent of equity.
    pub min_free_margin_percent: Q,
    /// Open cycles and granted symbols per wallet.
    pub max_concurrent_positions: usize,
    /// Per group: cycles of one direction, and margin in percent of equity.
    pub groups: BTreeMap<String, (usize, Q)>,
}

/// One strategy with its own wallet.
#[derive(Debug, Clone)]
pub struct Strategy {
    /// Name shown in the output.
    pub name: String,
    /// Rule set.
    pub kind: Kind,
    /// Starting balance of the wallet.
    pub initial_capital: Q,
    /// Leverage of all its symbols.
    pub leverage: u32,
    /// Symbols it runs; their number divides the balance.
    pub symbols: Vec<Symbol>,
}

/// One instrument with its history.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// Name, also the order of matching and of output.
    pub name: String,
    /// Price of one tick.
    pub tick: Q,
    /// Quantity of one lot.
    pub lot: Q,
    /// Smallest order, in quantity.
    pub min_quantity: Q,
    /// Smallest order, in money.
    pub min_notional: Q,
    /// Maintenance margin, fraction of notional.
    pub maintenance_rate: Q,
    /// Correlation group; one that has no entry in `groups` is without limit.
    pub group: String,
    /// Resolved parameters.
    pub params: Params,
    /// The first quote is made at the close of this bar, counted from 1.
    pub warmup_bars: usize,
    /// Contiguous bars.
    pub bars: Vec<Bar>,
    /// By bar: the finer bars inside it, without one missing; none when it is matched whole.
    pub fine: Vec<Vec<Bar>>,
    /// Settlement instants and rates.
    pub funding: Vec<(i64, Q)>,
}

/// Parameters of one symbol; those foreign to the strategy are ignored.
#[derive(Debug, Clone)]
pub struct Params {
    /// Length of the moving average.
    pub ma_period: usize,
    /// Length of the ATR of the ladder.
    pub atr_period: usize,
    /// Distance of level 0 in ATR.
    pub atr_multiplier_start: f64,
    /// Distance between levels in ATR.
    pub atr_multiplier_step: f64,
    /// Number of levels.
    pub num_levels: usize,
    /// Stop distance from the average entry, percent.
    pub sl_percent: Q,
    /// Longs allowed.
    pub long: bool,
    /// Shorts allowed.
    pub short: bool,
    /// Time stop in bars, 0 = off (grids only).
    pub max_hold_candles: usize,
    /// Bars from a close to the next quote.
    pub cooldown_candles: usize,
    /// Floor of the ATR in percent of the close, 0 = off.
    pub min_grid_spacing_pct: f64,
    /// Smallest ATR in percent of the close to start a cycle, 0 = off (`GridAtr` only).
    pub min_atr_pct: f64,
    /// Smallest gain of the target, percent, 0 = off (`GridAtr` only).
    pub min_profit_pct: Q,
    /// ATR length of the Supertrend (4 h for `GridMultiTf`, the bar for `Supertrend`).
    pub st_atr_period: usize,
    /// Multiplier of the Supertrend.
    pub st_atr_multiplier: f64,
    /// Target distance of a mono position, percent.
    pub tp_percent: Q,
}

/// One bar, prices in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Open time.
    pub open_ms: i64,
    /// Open.
    pub o: i64,
    /// High.
    pub h: i64,
    /// Low.
    pub l: i64,
    /// Close.
    pub c: i64,
    /// Nothing traded.
    pub volume_is_zero: bool,
}

/// Result of a run.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// By time, then symbol, then order of happening.
    pub fills: Vec<Fill>,
    /// In the same order.
    pub funding: Vec<Funding>,
    /// In order of happening.
    pub trips: Vec<Trip>,
    /// Wallet balance per strategy, in input order.
    pub final_balance: Vec<(String, Q)>,
    /// Gross unrealised profit at the last closes per strategy, in input order.
    pub final_unrealised: Vec<(String, Q)>,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Open time of the bar, or its last millisecond for a fill on the path.
    pub ms: i64,
    /// Strategy name.
    pub strategy: String,
    /// Symbol name.
    pub symbol: String,
    /// Number of the cycle, per strategy and symbol, from 1.
    pub cycle: u32,
    /// Buy or sell.
    pub side: Side,
    /// Index of the level, for entries of a grid.
    pub level: Option<usize>,
    /// Role in the cycle.
    pub kind: FillKind,
    /// `entry`, `tp_global`, `sl_global`, `direction_flip`, `time_stop`, `tp`, `sl`, `liquidation`.
    pub reason: String,
    /// Maker or taker.
    pub maker: bool,
    /// Price.
    pub price_ticks: i64,
    /// Quantity.
    pub lots: i64,
    /// Fee paid.
    pub fee: Q,
}

/// One settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funding {
    /// Settlement instant.
    pub ms: i64,
    /// Strategy name.
    pub strategy: String,
    /// Symbol name.
    pub symbol: String,
    /// Number of the cycle.
    pub cycle: u32,
    /// Change of the balance: negative when the book pays.
    pub amount: Q,
}

/// One trip of a kill switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// Close of the round that tripped.
    pub ms: i64,
    /// Strategy name, or `global`.
    pub scope: String,
    /// `session` or `global`.
    pub kind: String,
}
