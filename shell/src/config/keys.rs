//! Every key of the configuration: its name, its default and its rule. The only place where a
//! name, a default or a range is written down; the manual (`config/README.md`) is tested against
//! the table at the end.

use gardefou_core::config::{EntryOrder, MarginMode, OnKill, Sides};
use gardefou_core::money::{Fraction, LEVERAGE_MAX};
use gardefou_core::time::Timeframe;
use rust_decimal::Decimal;

use super::rule::{Amount, Choice, Directions, Name, Number, Percent, Ratio, Rule, Symbol, Whole};

/// A key that can be written.
pub(super) struct Key<R: Rule> {
    pub(super) name: &'static str,
    pub(super) absent: Absent<R::Value>,
    pub(super) rule: R,
}

/// What holds when a key is not written.
pub(super) enum Absent<T> {
    /// This value.
    Default(T),
    /// The file is refused.
    Required,
    /// The rule behind the key is off, or the value comes from another key.
    Off,
}

use Absent::{Default, Off, Required};

/// Hundredths of a percent.
const fn basis_points(count: i64) -> Fraction {
    Fraction(count * 10_000)
}

const fn percent(least: Fraction, most: i64) -> Percent {
    Percent { least, most: Fraction::percent(most) }
}

const fn whole(least: u32, most: u32) -> Whole {
    Whole { least, most, note: "" }
}

/// The limit of all leverage, told to whoever brings a file with a higher one.
const MAX_LEVERAGE_RULE: Whole = Whole {
    least: 1,
    most: LEVERAGE_MAX,
    note: "; no leverage above 20 is traded here, files that say max_leverage: 30 are of another \
           program",
};

/// Leverage of strategies that name none.
const DEFAULT_LEVERAGE_RULE: Whole =
    Whole { least: 1, most: LEVERAGE_MAX, note: "; without the key it is 3" };

const fn number(least: f64, most: f64) -> Number {
    Number { least, most }
}

const fn flag(rule: &'static str) -> Choice<bool> {
    Choice { words: &[("true", true), ("false", false)], stand_in: false, rule }
}

macro_rules! keys {
    ($($id:ident: $rule:ty = $name:literal, $absent:expr, $build:expr;)*) => {
        $(pub(super) const $id: Key<$rule> = Key { name: $name, absent: $absent, rule: $build };)*
    };
}

// risk.yaml
keys! {
    INITIAL_CAPITAL: Amount = "initial_capital", Required,
        Amount { most: 1_000_000_000, decimals: 8 };
    MAX_MARGIN_RATIO: Ratio = "max_margin_ratio", Default(Fraction::percent(70)),
        Ratio { least: Fraction::percent(10), most: Fraction::ONE };
    MAX_LIVE_GRIDS: Whole = "max_live_grids", Default(4), whole(1, 100);
    ENTRY_ORDER: Choice<EntryOrder> = "entry_order", Default(EntryOrder::Limit), Choice {
        words: &[("limit", EntryOrder::Limit), ("market", EntryOrder::Market)],
        stand_in: EntryOrder::Limit,
        rule: "must be limit or market",
    };
    REQUOTE_TOLERANCE: Percent = "requote_tolerance_percent", Default(basis_points(20)),
        percent(Fraction::ZERO, 5);
    COLD_START_COOLDOWN: Whole = "cold_start_cooldown_candles", Default(3), whole(0, 100);
    STOP_CONFIRM_SECONDS: Whole = "stop_confirm_seconds", Default(5), whole(1, 60);
    MAX_LOSS_AT_STOP: Percent = "max_loss_at_stop_percent", Off, percent(basis_points(1), 1_000);
    SESSION_LOSS_MONO: Percent = "max_session_loss_percent", Default(Fraction::percent(5)),
        percent(basis_points(1), 100);
    SESSION_LOSS_GRID: Percent = "grid_max_session_loss_percent", Default(Fraction::percent(25)),
        percent(basis_points(1), 100);
    GLOBAL_LOSS: Percent = "global_max_loss_pct", Default(Fraction::percent(45)),
        percent(basis_points(1), 100);
    GLOBAL_WINDOW: Whole = "global_window_hours", Default(24), whole(1, 168);
    ON_KILL: Choice<OnKill> = "on_kill", Default(OnKill::CancelEntries), Choice {
        words: &[
            ("block", OnKill::Block),
            ("cancel_entries", OnKill::CancelEntries),
            ("flatten", OnKill::Flatten),
        ],
        stand_in: OnKill::CancelEntries,
        rule: "must be block, cancel_entries or flatten",
    };
    MAX_RISK_PER_TRADE: Percent = "max_risk_per_trade_percent", Default(Fraction::percent(2)),
        percent(basis_points(1), 100);
    MAX_CONCURRENT_POSITIONS: Whole = "max_concurrent_positions", Default(3), whole(1, 100);
    DEFAULT_LEVERAGE: Whole = "default_leverage", Default(3), DEFAULT_LEVERAGE_RULE;
    MAX_LEVERAGE: Whole = "max_leverage", Default(LEVERAGE_MAX), MAX_LEVERAGE_RULE;
    MAKER: Percent = "maker_percent", Default(basis_points(2)), percent(Fraction::ZERO, 5);
    TAKER: Percent = "taker_percent", Default(basis_points(6)), percent(Fraction::ZERO, 5);
    LIQUIDATION: Percent = "liquidation_percent", Default(basis_points(6)),
        percent(Fraction::ZERO, 5);
    SLIPPAGE: Percent = "default_estimate_percent", Default(basis_points(5)),
        percent(Fraction::ZERO, 10);
    STOP_SLIPPAGE: Percent = "stop_percent", Default(basis_points(50)),
        percent(Fraction::ZERO, 10);
    MARGIN_MODE: Choice<MarginMode> = "mode", Default(MarginMode::Cross), Choice {
        words: &[("cross", MarginMode::Cross), ("isolated", MarginMode::Isolated)],
        stand_in: MarginMode::Cross,
        rule: "must be cross or isolated",
    };
    MIN_FREE_MARGIN: Percent = "min_free_margin_percent", Default(Fraction::percent(20)),
        percent(Fraction::ZERO, 95);
}

// strategies.yaml
keys! {
    ENABLED: Choice<bool> = "enabled", Default(false), flag("must be true or false");
    LIVE_ELIGIBLE: Choice<bool> = "live_eligible", Default(false), flag("must be true or false");
    TIMEFRAME: Choice<Timeframe> = "timeframe", Default(Timeframe::H1), Choice {
        words: &[("1h", Timeframe::H1)],
        stand_in: Timeframe::H1,
        rule: "only 1h is traded",
    };
    MA_PERIOD: Whole = "ma_period", Default(14), whole(2, 50);
    ATR_PERIOD: Whole = "atr_period", Default(14), whole(2, 50);
    ATR_MULTIPLIER_START: Number = "atr_multiplier_start", Default(2.0), number(0.01, 100.0);
    ATR_MULTIPLIER_STEP: Number = "atr_multiplier_step", Default(1.0), number(0.01, 100.0);
    NUM_LEVELS: Whole = "num_levels", Default(3), whole(1, 6);
    SL_PERCENT: Percent = "sl_percent", Default(Fraction::percent(20)),
        percent(basis_points(10), 95);
    SIDES: Directions = "sides", Default(Sides { long: true, short: false }), Directions;
    SIDES_BOTH: Directions = "sides", Default(Sides { long: true, short: true }), Directions;
    LEVERAGE: Whole = "leverage", Default(6), whole(1, LEVERAGE_MAX);
    MAX_HOLD_CANDLES: Whole = "max_hold_candles", Default(0), whole(0, 100_000);
    COOLDOWN_CANDLES: Whole = "cooldown_candles", Default(3), whole(0, 1_000);
    MIN_GRID_SPACING: Number = "min_grid_spacing_pct", Default(0.0), number(0.0, 10.0);
    MIN_PROFIT: Percent = "min_profit_pct", Default(Fraction::ZERO), percent(Fraction::ZERO, 10);
    MIN_ATR: Number = "min_atr_pct", Default(0.0), number(0.0, 10.0);
    ST_ATR_PERIOD: Whole = "st_atr_period", Default(10), whole(2, 50);
    ST_ATR_MULTIPLIER: Number = "st_atr_multiplier", Default(3.0), number(0.01, 100.0);
    MONO_ATR_PERIOD: Whole = "atr_period", Default(10), whole(2, 50);
    MONO_ATR_MULTIPLIER: Number = "atr_multiplier", Default(3.0), number(0.01, 100.0);
    MONO_TP_PERCENT: Percent = "tp_percent", Default(Fraction::percent(4)),
        percent(basis_points(10), 95);
    MONO_SL_PERCENT: Percent = "sl_percent", Default(Fraction::percent(2)),
        percent(basis_points(10), 95);
    MONO_LEVERAGE: Whole = "leverage", Off, whole(1, LEVERAGE_MAX);
    MONO_COOLDOWN: Whole = "cooldown_candles", Default(0), whole(0, 1_000);
}

// assets.yaml and exchanges.yaml
keys! {
    SYMBOL: Symbol = "symbol", Required, Symbol;
    TICK_SIZE: Amount = "tick_size", Required, Amount { most: 1_000, decimals: 12 };
    LOT_SIZE: Amount = "lot_size", Required, Amount { most: 1_000_000, decimals: 8 };
    MIN_ORDER_SIZE: Amount = "min_order_size", Required,
        Amount { most: 1_000_000_000, decimals: 8 };
    MIN_NOTIONAL: Amount = "min_notional", Off, Amount { most: 10_000, decimals: 8 };
    ASSET_MAX_LEVERAGE: Whole = "max_leverage", Required, whole(1, 200);
    MAINTENANCE: Percent = "maintenance_margin_percent", Required, percent(basis_points(1), 50);
    FUNDING_INTERVAL: Choice<u32> = "funding_interval_hours", Off, HOURS;
    CORRELATION_GROUP: Name = "correlation_group", Off, Name;
    MAX_SAME_DIRECTION: Whole = "max_concurrent_same_direction", Required, whole(1, 100);
    MAX_EXPOSURE: Percent = "max_exposure_percent", Required, percent(basis_points(1), 100);
    VENUE_MIN_NOTIONAL: Amount = "min_notional",
        Default(Decimal::from_parts(5, 0, 0, false, 0)), Amount { most: 10_000, decimals: 8 };
    VENUE_FUNDING_INTERVAL: Choice<u32> = "funding_interval_hours", Default(8), HOURS;
}

const HOURS: Choice<u32> = Choice {
    words: &[("1", 1), ("2", 2), ("4", 4), ("8", 8)],
    stand_in: 8,
    rule: "funding is settled every 1, 2, 4 or 8 hours",
};

/// Names of tables and lists that are not values.
pub(super) const PER_ASSET: &str = "per_asset";

/// Keys of older files of this kind that had an effect there and are left out here on purpose.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    (
        "high_volatility_multiplier",
        "slippage is what default_estimate_percent and stop_percent say, in any market",
    ),
    ("regime_filter_enabled", "no regime switches a strategy off; the levels follow the ATR"),
];

/// Keys of older files of this kind that had no effect.
pub(super) const DROPPED: &[&str] = &[
    "weight",
    "max_wfo_drawdown_pct",
    "max_daily_loss_percent",
    "grid_max_daily_loss_percent",
    "use_bgb_discount",
    "sl_tp",
    "adaptive_selector",
    "selector_bypass_at_boot",
    "exchange",
    "type",
    "timeframes",
    "websocket",
    "rate_limits",
    "api",
    "price_type",
];

/// One line of the manual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualLine {
    /// `risk.yaml`
    pub file: &'static str,
    /// The table that the key stands in; empty at the top.
    pub section: &'static str,
    /// The key.
    pub key: &'static str,
    /// What holds when it is not written; `required`, or `-` when the rule is off.
    pub default: String,
    /// The values that are accepted.
    pub range: String,
}

type At = (&'static str, &'static str);

fn line<R: Rule>((file, section): At, key: &Key<R>) -> ManualLine {
    let default = match &key.absent {
        Default(value) => key.rule.show(value),
        Required => "required".to_owned(),
        Off => "-".to_owned(),
    };
    ManualLine { file, section, key: key.name, default, range: key.rule.range() }
}

/// Every key with its default and range, in the order of the files.
#[must_use]
pub fn manual() -> Vec<ManualLine> {
    [risk_lines(), grid_lines("grid_atr"), grid_lines("grid_multi_tf"), mono_lines(), other_lines()]
        .concat()
}

fn risk_lines() -> Vec<ManualLine> {
    const TOP: At = ("risk.yaml", "");
    const KILL: At = ("risk.yaml", "kill_switch");
    const POSITION: At = ("risk.yaml", "position");
    const FEES: At = ("risk.yaml", "fees");
    const SLIP: At = ("risk.yaml", "slippage");
    const MARGIN: At = ("risk.yaml", "margin");
    vec![
        line(TOP, &INITIAL_CAPITAL),
        line(TOP, &MAX_MARGIN_RATIO),
        line(TOP, &MAX_LIVE_GRIDS),
        line(TOP, &ENTRY_ORDER),
        line(TOP, &REQUOTE_TOLERANCE),
        line(TOP, &COLD_START_COOLDOWN),
        line(TOP, &STOP_CONFIRM_SECONDS),
        line(TOP, &MAX_LOSS_AT_STOP),
        line(KILL, &SESSION_LOSS_MONO),
        line(KILL, &SESSION_LOSS_GRID),
        line(KILL, &GLOBAL_LOSS),
        line(KILL, &GLOBAL_WINDOW),
        line(KILL, &ON_KILL),
        line(POSITION, &MAX_RISK_PER_TRADE),
        line(POSITION, &MAX_CONCURRENT_POSITIONS),
        line(POSITION, &DEFAULT_LEVERAGE),
        line(POSITION, &MAX_LEVERAGE),
        line(FEES, &MAKER),
        line(FEES, &TAKER),
        line(FEES, &LIQUIDATION),
        line(SLIP, &SLIPPAGE),
        line(SLIP, &STOP_SLIPPAGE),
        line(MARGIN, &MARGIN_MODE),
        line(MARGIN, &MIN_FREE_MARGIN),
    ]
}

fn grid_lines(strategy: &'static str) -> Vec<ManualLine> {
    let at = ("strategies.yaml", strategy);
    let trending = strategy == "grid_multi_tf";
    let own = if trending {
        vec![line(at, &ST_ATR_PERIOD), line(at, &ST_ATR_MULTIPLIER), line(at, &SIDES_BOTH)]
    } else {
        vec![line(at, &MIN_PROFIT), line(at, &MIN_ATR), line(at, &SIDES)]
    };
    let shared = vec![
        line(at, &ENABLED),
        line(at, &LIVE_ELIGIBLE),
        line(at, &TIMEFRAME),
        line(at, &MA_PERIOD),
        line(at, &ATR_PERIOD),
        line(at, &ATR_MULTIPLIER_START),
        line(at, &ATR_MULTIPLIER_STEP),
        line(at, &NUM_LEVELS),
        line(at, &SL_PERCENT),
        line(at, &LEVERAGE),
        line(at, &MAX_HOLD_CANDLES),
        line(at, &COOLDOWN_CANDLES),
        line(at, &MIN_GRID_SPACING),
    ];
    [shared, own].concat()
}

fn mono_lines() -> Vec<ManualLine> {
    const AT: At = ("strategies.yaml", "supertrend");
    vec![
        line(AT, &ENABLED),
        line(AT, &LIVE_ELIGIBLE),
        line(AT, &TIMEFRAME),
        line(AT, &MONO_ATR_PERIOD),
        line(AT, &MONO_ATR_MULTIPLIER),
        line(AT, &MONO_TP_PERCENT),
        line(AT, &MONO_SL_PERCENT),
        line(AT, &SIDES_BOTH),
        line(AT, &MONO_LEVERAGE),
        line(AT, &MONO_COOLDOWN),
    ]
}

fn other_lines() -> Vec<ManualLine> {
    const ASSET: At = ("assets.yaml", "assets");
    const GROUP: At = ("assets.yaml", "correlation_groups");
    const VENUE: At = ("exchanges.yaml", "simulated");
    vec![
        line(ASSET, &SYMBOL),
        line(ASSET, &TICK_SIZE),
        line(ASSET, &LOT_SIZE),
        line(ASSET, &MIN_ORDER_SIZE),
        line(ASSET, &MIN_NOTIONAL),
        line(ASSET, &ASSET_MAX_LEVERAGE),
        line(ASSET, &MAINTENANCE),
        line(ASSET, &FUNDING_INTERVAL),
        line(ASSET, &CORRELATION_GROUP),
        line(GROUP, &MAX_SAME_DIRECTION),
        line(GROUP, &MAX_EXPOSURE),
        line(VENUE, &VENUE_MIN_NOTIONAL),
        line(VENUE, &VENUE_FUNDING_INTERVAL),
    ]
}
