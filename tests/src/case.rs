//! A case: one configuration and the bars of its symbols, for the engine and for the twin.

use gardefou_core::config::{
    BookConfig, Costs, EngineConfig, EntryOrder, Facts, GridParams, Group, MarginMode, Mode,
    MonoParams, OnKill, Params, RiskConfig, Sides, SymbolConfig, TrendParams,
};
use gardefou_core::ids::SymbolId;
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::{Cash, Fraction, Lots, Ticks};
use gardefou_core::time::{Span, Timeframe, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::OnTrip;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use crate::market::{self, Style};

/// 2024-01-01T00:00Z.
pub const START: Timestamp = Timestamp(1_704_067_200_000);

/// The bar length of finer bars: four in an hour.
pub const FINE: Span = Span(15 * 60 * 1_000);

/// One configuration with its data.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the engine is told.
    pub config: EngineConfig,
    /// Path assumption.
    pub path: Path,
    /// What the simulated operator does.
    pub on_trip: OnTrip,
    /// Bars by symbol.
    pub bars: Vec<Vec<Bar>>,
    /// Settlements by symbol.
    pub funding: Vec<Vec<(Timestamp, Fraction)>>,
}

/// Which strategies a random case runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// `grid_atr` alone.
    GridAtr,
    /// `grid_multi_tf` alone.
    GridMultiTf,
    /// `supertrend` alone.
    Supertrend,
    /// All three, each with its own wallet.
    All,
}

/// A random case: small, hostile, the same for the same seed.
#[must_use]
pub fn random(seed: u64, which: Which, entry_order: EntryOrder, path: Path, hours: usize) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let count = rng.random_range(1..=5u16);
    let instruments: Vec<Instrument> = (0..count).map(|n| instrument(&mut rng, n)).collect();
    let bars: Vec<Vec<Bar>> = (0..count).map(|n| series(&mut rng, seed, n, hours)).collect();
    let funding = bars.iter().map(|bars| settlements(&mut rng, bars)).collect();
    let kinds: &[Which] = match which {
        Which::All => &[Which::GridAtr, Which::GridMultiTf, Which::Supertrend],
        Which::GridAtr => &[Which::GridAtr],
        Which::GridMultiTf => &[Which::GridMultiTf],
        Which::Supertrend => &[Which::Supertrend],
    };
    let books = kinds.iter().map(|&kind| book(&mut rng, kind, count)).collect();
    let risk = risk(&mut rng);
    let costs = costs(&mut rng);
    let on_trip = if rng.random_bool(0.8) { OnTrip::Resume } else { OnTrip::Stop };
    let config = EngineConfig { instruments, books, risk, costs, entry_order };
    Case { config, path, on_trip, bars, funding }
}

/// Finer bars inside the bars of a case, by symbol and bar: each quarter another way between the
/// extremes of its hour, some without volume; one hour in ten has none.
#[must_use]
pub fn quarters(seed: u64, case: &Case) -> Vec<Vec<Vec<Bar>>> {
    let mut rng = ChaCha8Rng::seed_from_u64(!seed);
    let mut inside = |bar: &Bar| {
        if rng.random_bool(0.1) { Vec::new() } else { quarters_of(&mut rng, bar) }
    };
    case.bars.iter().map(|bars| bars.iter().map(&mut inside).collect()).collect()
}

fn quarters_of(rng: &mut ChaCha8Rng, hour: &Bar) -> Vec<Bar> {
    let within = |rng: &mut ChaCha8Rng| Ticks(rng.random_range(hour.low.0..=hour.high.0));
    // Which quarters reach the extremes of the hour: those trade.
    let (top, bottom) = (rng.random_range(0..4), rng.random_range(0..4));
    let mut last = hour.open;
    let quarter = |index: i64| {
        let at = hour.at + Span(FINE.0 * index);
        let silent = index > 0 && index < 3 && index != top && index != bottom;
        if !hour.traded || (silent && rng.random_bool(0.2)) {
            return Bar { at, open: last, high: last, low: last, close: last, traded: false };
        }
        let gap = index > 0 && rng.random_bool(0.3);
        let open = if gap { within(rng) } else { last };
        let close = if index == 3 { hour.close } else { within(rng) };
        let (one, two) = (within(rng), within(rng));
        let high = if index == top { hour.high } else { open.max(close).max(one) };
        let low = if index == bottom { hour.low } else { open.min(close).min(two) };
        last = close;
        Bar { at, open, high, low, close, traded: true }
    };
    (0..4).map(quarter).collect()
}

fn instrument(rng: &mut ChaCha8Rng, n: u16) -> Instrument {
    let lot = [1, 10, 100][rng.random_range(0..3)];
    Instrument {
        symbol: ["AAA", "BBB", "CCC", "DDD", "EEE"][usize::from(n)].parse().expect("a name"),
        tick: Decimal::new(1, 2),
        lot: Decimal::new(lot, 3),
        value: lot * 1_000,
        min_lots: Lots(1),
        min_notional: Cash::usdt(5),
        max_leverage: 20,
        maintenance: Fraction([400_000, 1_000_000, 5_000_000][rng.random_range(0..3)]),
        funding_interval: Span::hours(8),
        group: ["major", "minor", "none"][rng.random_range(0..3)].into(),
    }
}

fn series(rng: &mut ChaCha8Rng, seed: u64, n: u16, hours: usize) -> Vec<Bar> {
    let style = Style {
        price: [900, 10_000, 250_000][rng.random_range(0..3)],
        volatility: [0.004, 0.01, 0.03][rng.random_range(0..3)],
        gaps: 0.3,
        shocks: 0.03,
        silence: 0.02,
    };
    let late = rng.random_range(0..60);
    let early = rng.random_range(0..60);
    let start = START + Span::hours(late as i64);
    market::bars(seed ^ (u64::from(n) << 32), start, hours.saturating_sub(late + early), style)
}

fn settlements(rng: &mut ChaCha8Rng, bars: &[Bar]) -> Vec<(Timestamp, Fraction)> {
    bars.iter()
        .filter(|bar| bar.at.is_aligned(Span::hours(8)))
        .map(|bar| (bar.at, Fraction(rng.random_range(-60_000..60_000))))
        .collect()
}

fn book(rng: &mut ChaCha8Rng, kind: Which, symbols: u16) -> BookConfig {
    let leverage = rng.random_range(1..=10);
    let params = |rng: &mut ChaCha8Rng| match kind {
        Which::GridMultiTf => Params::Grid(grid(rng, leverage, true)),
        Which::Supertrend => Params::Mono(mono(rng, leverage)),
        Which::GridAtr | Which::All => Params::Grid(grid(rng, leverage, false)),
    };
    BookConfig {
        name: match kind {
            Which::GridMultiTf => "grid_multi_tf",
            Which::Supertrend => "supertrend",
            Which::GridAtr | Which::All => "grid_atr",
        }
        .into(),
        mode: Mode::Paper,
        facts: Facts::WithBars,
        capital: Cash::usdt([300, 1_646, 25_000][rng.random_range(0..3)]),
        timeframe: Timeframe::H1,
        symbols: (0..symbols).map(|n| SymbolConfig::new(SymbolId(n), params(rng))).collect(),
    }
}

fn sides(rng: &mut ChaCha8Rng) -> Sides {
    [(true, false), (false, true), (true, true)].map(|(long, short)| Sides { long, short })
        [rng.random_range(0..3)]
}

fn grid(rng: &mut ChaCha8Rng, leverage: u32, trend: bool) -> GridParams {
    GridParams {
        ma_period: rng.random_range(2..20),
        atr_period: rng.random_range(2..20),
        atr_multiplier_start: [0.5, 1.0, 1.5, 2.0, 1.3][rng.random_range(0..5)],
        atr_multiplier_step: [0.0, 0.5, 1.0, 1.7][rng.random_range(0..4)],
        levels: rng.random_range(1..=6),
        stop_loss: Fraction([2_000_000, 5_000_000, 20_000_000][rng.random_range(0..3)]),
        sides: sides(rng),
        leverage,
        max_hold_bars: [0, 5, 24][rng.random_range(0..3)],
        cooldown_bars: rng.random_range(0..5),
        min_grid_spacing_pct: [0.0, 1.0][rng.random_range(0..2)],
        min_profit: Fraction(if trend {
            0
        } else {
            [0, 400_000, 3_000_000][rng.random_range(0..3)]
        }),
        min_atr_pct: if trend { 0.0 } else { [0.0, 1.0][rng.random_range(0..2)] },
        trend: trend.then(|| TrendParams {
            atr_period: rng.random_range(3..12),
            atr_multiplier: [1.0, 2.0, 3.0][rng.random_range(0..3)],
        }),
    }
}

fn mono(rng: &mut ChaCha8Rng, leverage: u32) -> MonoParams {
    MonoParams {
        atr_period: rng.random_range(3..12),
        atr_multiplier: [1.0, 2.0, 3.0][rng.random_range(0..3)],
        take_profit: Fraction([1_000_000, 4_000_000][rng.random_range(0..2)]),
        stop_loss: Fraction([1_000_000, 2_000_000][rng.random_range(0..2)]),
        sides: sides(rng),
        leverage,
        cooldown_bars: rng.random_range(0..3),
    }
}

fn risk(rng: &mut ChaCha8Rng) -> RiskConfig {
    let group = |name: &str, max_same_direction, percent| Group {
        name: name.into(),
        max_same_direction,
        max_exposure: Fraction::percent(percent),
    };
    RiskConfig {
        max_margin_ratio: Fraction([70_000_000, 100_000_000][rng.random_range(0..2)]),
        max_live_grids: rng.random_range(1..=5),
        max_concurrent_positions: [15, 2][rng.random_range(0..2)],
        min_free_margin: Fraction([20_000_000, 0][rng.random_range(0..2)]),
        session_loss_grid: Fraction([5_000_000, 25_000_000][rng.random_range(0..2)]),
        session_loss_mono: Fraction([2_000_000, 5_000_000][rng.random_range(0..2)]),
        global_loss: Fraction([10_000_000, 45_000_000][rng.random_range(0..2)]),
        global_window: Span::hours(24),
        max_risk_per_trade: Fraction::percent(2),
        max_loss_at_stop: None,
        on_kill: OnKill::CancelEntries,
        margin_mode: if rng.random_bool(0.7) { MarginMode::Cross } else { MarginMode::Isolated },
        requote_tolerance: Fraction(200_000),
        cold_start_bars: 3,
        stop_deadline: Span::seconds(5),
        groups: vec![group("major", 1, 40), group("minor", 3, 80)],
    }
}

fn costs(rng: &mut ChaCha8Rng) -> Costs {
    Costs {
        maker: Fraction(20_000),
        taker: Fraction(60_000),
        slippage: Fraction([50_000, 300_000][rng.random_range(0..2)]),
        stop_slippage: Fraction(500_000),
        liquidation: Fraction(60_000),
    }
}
