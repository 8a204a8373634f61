//! The shipped parameters, limits and costs: what a transcript starts from before it overrides.

use gardefou_core::config::{
    Costs, GridParams, MarginMode, MonoParams, OnKill, Params, RiskConfig, Sides, TrendParams,
};
use gardefou_core::money::Fraction;
use gardefou_core::time::Span;

/// Names of the strategies that a book may run.
pub(super) const STRATEGIES: &str = "grid_atr, grid_multi_tf or supertrend";

/// The shipped parameters of a strategy.
pub(super) fn strategy(name: &str) -> Option<Params> {
    match name {
        "grid_atr" => Some(Params::Grid(grid_atr())),
        "grid_multi_tf" => Some(Params::Grid(grid_multi_tf())),
        "supertrend" => Some(Params::Mono(supertrend())),
        _ => None,
    }
}

fn grid_atr() -> GridParams {
    GridParams {
        ma_period: 14,
        atr_period: 14,
        atr_multiplier_start: 2.0,
        atr_multiplier_step: 1.0,
        levels: 3,
        stop_loss: Fraction::percent(20),
        sides: Sides { long: true, short: false },
        leverage: 6,
        max_hold_bars: 0,
        cooldown_bars: 3,
        min_grid_spacing_pct: 0.0,
        min_profit: Fraction::ZERO,
        min_atr_pct: 0.0,
        trend: None,
    }
}

fn grid_multi_tf() -> GridParams {
    GridParams {
        sides: Sides { long: true, short: true },
        leverage: 5,
        trend: Some(TrendParams { atr_period: 10, atr_multiplier: 3.0 }),
        ..grid_atr()
    }
}

fn supertrend() -> MonoParams {
    MonoParams {
        atr_period: 10,
        atr_multiplier: 3.0,
        take_profit: Fraction::percent(4),
        stop_loss: Fraction::percent(2),
        sides: Sides { long: true, short: true },
        leverage: 3,
        cooldown_bars: 0,
    }
}

/// The shipped limits; no correlation groups.
pub(super) fn risk() -> RiskConfig {
    RiskConfig {
        max_margin_ratio: Fraction::percent(70),
        max_live_grids: 4,
        max_concurrent_positions: 15,
        min_free_margin: Fraction::percent(20),
        session_loss_grid: Fraction::percent(25),
        session_loss_mono: Fraction::percent(5),
        global_loss: Fraction::percent(45),
        global_window: Span::hours(24),
        max_risk_per_trade: Fraction::percent(2),
        max_loss_at_stop: None,
        on_kill: OnKill::CancelEntries,
        margin_mode: MarginMode::Cross,
        requote_tolerance: Fraction(200_000),
        cold_start_bars: 3,
        stop_deadline: Span::seconds(5),
        groups: Vec::new(),
    }
}

/// The shipped costs.
pub(super) fn costs() -> Costs {
    Costs {
        maker: Fraction(20_000),
        taker: Fraction(60_000),
        slippage: Fraction(50_000),
        stop_slippage: Fraction(500_000),
        liquidation: Fraction(60_000),
    }
}
