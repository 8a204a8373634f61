//! A small world for the tests of the price venue: two symbols at 100 USDT (10 000 ticks), one
//! book with 3 000 USDT at 5×, round fees.

use alloc::vec;
use alloc::vec::Vec;

use crate::config::{
    BookConfig, Costs, EngineConfig, EntryOrder, Facts, GridParams, MarginMode, Mode, OnKill,
    Params, RiskConfig, Sides, SymbolConfig,
};
use crate::ids::{BookId, OrderId, OrderKind, SymbolId};
use crate::market::Instrument;
use crate::money::{Cash, Direction, Fraction, Lots};
use crate::time::{Span, Timeframe};
use crate::venue::bars::walk::Place;

pub const BOOK: BookId = BookId(0);
pub const SYMBOL: SymbolId = SymbolId(0);
pub const OTHER: SymbolId = SymbolId(1);
pub const PLACE: Place = Place { book: BOOK, symbol: SYMBOL };

/// One lot at one tick: 0.01 USDT.
pub const VALUE: i64 = 1_000_000;

pub fn instrument(name: &str) -> Instrument {
    Instrument {
        symbol: name.parse().unwrap(),
        tick: rust_decimal::Decimal::new(1, 2),
        lot: rust_decimal::Decimal::ONE,
        value: VALUE,
        min_lots: Lots(1),
        min_notional: Cash::usdt(5),
        max_leverage: 20,
        maintenance: Fraction::percent(1),
        funding_interval: Span::hours(8),
        group: "".into(),
    }
}

pub fn grid(sides: Sides) -> GridParams {
    GridParams {
        ma_period: 3,
        atr_period: 3,
        atr_multiplier_start: 1.0,
        atr_multiplier_step: 1.0,
        levels: 3,
        stop_loss: Fraction::percent(5),
        sides,
        leverage: 5,
        max_hold_bars: 0,
        cooldown_bars: 0,
        min_grid_spacing_pct: 0.0,
        min_profit: Fraction::ZERO,
        min_atr_pct: 0.0,
        trend: None,
    }
}

pub fn costs() -> Costs {
    Costs {
        maker: Fraction(20_000),     // 0.02 %
        taker: Fraction(60_000),     // 0.06 %
        slippage: Fraction(100_000), // 0.1 %
        stop_slippage: Fraction(500_000),
        liquidation: Fraction::percent(1),
    }
}

pub fn risk() -> RiskConfig {
    RiskConfig {
        max_margin_ratio: Fraction::percent(100),
        max_live_grids: 4,
        max_concurrent_positions: 4,
        min_free_margin: Fraction::ZERO,
        session_loss_grid: Fraction::percent(90),
        session_loss_mono: Fraction::percent(90),
        global_loss: Fraction::percent(90),
        global_window: Span::hours(24),
        max_risk_per_trade: Fraction::percent(2),
        max_loss_at_stop: None,
        on_kill: OnKill::CancelEntries,
        margin_mode: MarginMode::Cross,
        requote_tolerance: Fraction(200_000),
        cold_start_bars: 0,
        stop_deadline: Span::seconds(5),
        groups: Vec::new(),
    }
}

/// One book that trades the first of two symbols.
pub fn config(sides: Sides) -> EngineConfig {
    EngineConfig {
        instruments: vec![instrument("AAAUSDT"), instrument("BBBUSDT")],
        books: vec![BookConfig {
            name: "grid_atr".into(),
            mode: Mode::Live,
            facts: Facts::Continuous,
            capital: Cash::usdt(3_000),
            timeframe: Timeframe::H1,
            symbols: vec![SymbolConfig::new(SYMBOL, Params::Grid(grid(sides)))],
        }],
        risk: risk(),
        costs: costs(),
        entry_order: EntryOrder::Limit,
    }
}

pub fn longs() -> EngineConfig {
    config(Sides { long: true, short: false })
}

/// An id of the test's own choosing.
pub fn id(kind: OrderKind, direction: Direction, sequence: u32) -> OrderId {
    OrderId { book: BOOK, symbol: SYMBOL, epoch: 1, sequence, kind, direction, level: 0 }
}
