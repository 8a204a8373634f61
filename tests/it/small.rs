//! A small book for stories told by hand: four symbols at 100 USDT (10 000 ticks), of which two
//! have a market, so that half of the wallet is never used.

use gardefou_core::config::{
    BookConfig, Costs, EngineConfig, EntryOrder, Facts, GridParams, MarginMode, Mode, MonoParams,
    OnKill, Params, RiskConfig, Sides, SymbolConfig, TrendParams,
};
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::{Cash, Fraction, Lots};
use gardefou_core::time::{Span, Timeframe};
use gardefou_world::case::START;
use gardefou_world::market::{self, Style};
use rust_decimal::Decimal;

pub const BOOK: BookId = BookId(0);
pub const A: SymbolId = SymbolId(0);
pub const SYMBOLS: usize = 4;

fn instrument(name: &str) -> Instrument {
    Instrument {
        symbol: name.parse().expect("a name"),
        tick: Decimal::new(1, 2),
        lot: Decimal::ONE,
        value: 1_000_000,
        min_lots: Lots(1),
        min_notional: Cash::usdt(5),
        max_leverage: 20,
        maintenance: Fraction::percent(1),
        funding_interval: Span::hours(8),
        group: "majors".into(),
    }
}

pub fn grid() -> GridParams {
    GridParams {
        ma_period: 10,
        atr_period: 10,
        atr_multiplier_start: 1.0,
        atr_multiplier_step: 1.0,
        levels: 3,
        stop_loss: Fraction::percent(5),
        sides: Sides { long: true, short: false },
        leverage: 3,
        max_hold_bars: 0,
        cooldown_bars: 0,
        min_grid_spacing_pct: 0.0,
        min_profit: Fraction::ZERO,
        min_atr_pct: 0.0,
        trend: None,
    }
}

pub fn following() -> GridParams {
    let trend = Some(TrendParams { atr_period: 5, atr_multiplier: 1.5 });
    GridParams { sides: Sides { long: true, short: true }, trend, ..grid() }
}

pub fn mono() -> MonoParams {
    MonoParams {
        atr_period: 5,
        atr_multiplier: 1.5,
        take_profit: Fraction::percent(3),
        stop_loss: Fraction::percent(2),
        sides: Sides { long: true, short: true },
        leverage: 5,
        cooldown_bars: 0,
    }
}

/// One live book with these parameters on all symbols; no limit is near.
pub fn config(params: &Params) -> EngineConfig {
    let symbol = |n| SymbolConfig::new(SymbolId(n), params.clone());
    EngineConfig {
        instruments: ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"].map(instrument).into(),
        books: vec![BookConfig {
            name: if matches!(params, Params::Grid(_)) { "grid_atr" } else { "supertrend" }.into(),
            mode: Mode::Live,
            facts: Facts::WithBars,
            capital: Cash::usdt(100_000),
            timeframe: Timeframe::H1,
            symbols: (0..SYMBOLS as u16).map(symbol).collect(),
        }],
        risk: RiskConfig {
            max_margin_ratio: Fraction::percent(100),
            max_live_grids: 4,
            max_concurrent_positions: 4,
            min_free_margin: Fraction::ZERO,
            session_loss_grid: Fraction::percent(90),
            session_loss_mono: Fraction::percent(90),
            global_loss: Fraction::percent(90),
            global_window: Span::hours(24),
            max_risk_per_trade: Fraction::percent(1),
            max_loss_at_stop: None,
            on_kill: OnKill::CancelEntries,
            margin_mode: MarginMode::Cross,
            requote_tolerance: Fraction(200_000),
            cold_start_bars: 0,
            stop_deadline: Span::seconds(5),
            groups: Vec::new(),
        },
        costs: Costs {
            maker: Fraction(20_000),
            taker: Fraction(60_000),
            slippage: Fraction(50_000),
            stop_slippage: Fraction(500_000),
            liquidation: Fraction::percent(1),
        },
        entry_order: EntryOrder::Limit,
    }
}

/// The hours of the first two symbols.
pub fn bars(hours: usize) -> Vec<Vec<Bar>> {
    let style = Style { price: 10_000, volatility: 0.008, gaps: 0.2, shocks: 0.03, silence: 0.0 };
    let bars = |seed| market::bars(seed, START, hours, style);
    vec![bars(11), bars(12), Vec::new(), Vec::new()]
}
