//! A bench for the twin's own tests: a quiet market in which every level is a round number.
//!
//! Quiet bars are 1000/1010/990/1000, so SMA = 1000, ATR = 20 and the long ladder is
//! 960, 940, 920, the short one 1040, 1060, 1080. One tick is 1, one lot 0.01. Bars 0 to 5 are
//! quiet: the ladder is first quoted at the close of bar 5 and can fill in bar 6.

use std::collections::BTreeMap;

use super::number::{int, ratio};
use super::types::*;

pub const HOUR: i64 = 3_600_000;
const QUIET: (i64, i64, i64, i64) = (1000, 1010, 990, 1000);

/// Prices of one bar.
pub type Ohlc = (i64, i64, i64, i64);

pub fn bars(rows: &[Ohlc]) -> Vec<Bar> {
    let bar = |(n, (o, h, l, c)): (usize, &Ohlc)| {
        let (open_ms, volume_is_zero) = (n as i64 * HOUR, false);
        Bar { open_ms, o: *o, h: *h, l: *l, c: *c, volume_is_zero }
    };
    rows.iter().enumerate().map(bar).collect()
}

/// Six quiet bars, then the given ones.
pub fn after_quiet(rows: &[Ohlc]) -> Vec<Bar> {
    let mut all = vec![QUIET; 6];
    all.extend_from_slice(rows);
    bars(&all)
}

pub fn params() -> Params {
    Params {
        ma_period: 4,
        atr_period: 2,
        atr_multiplier_start: 2.0,
        atr_multiplier_step: 1.0,
        num_levels: 3,
        sl_percent: int(20),
        long: true,
        short: false,
        max_hold_candles: 0,
        cooldown_candles: 0,
        min_grid_spacing_pct: 0.0,
        min_atr_pct: 0.0,
        min_profit_pct: int(0),
        st_atr_period: 2,
        st_atr_multiplier: 1.0,
        tp_percent: int(4),
    }
}

pub fn symbol(name: &str, rows: &[Ohlc]) -> Symbol {
    Symbol {
        name: name.to_owned(),
        tick: int(1),
        lot: ratio(1, 100),
        min_quantity: ratio(1, 100),
        min_notional: int(5),
        maintenance_rate: ratio(1, 200),
        group: "none".to_owned(),
        params: params(),
        warmup_bars: 6,
        bars: after_quiet(rows),
        fine: Vec::new(),
        funding: Vec::new(),
    }
}

/// One wallet of 10 000 at leverage 3 without portfolio limits: M = 3333.3 and 1041 lots at 960.
pub fn input(symbols: Vec<Symbol>) -> Input {
    Input {
        strategies: vec![Strategy {
            name: "grid".to_owned(),
            kind: Kind::GridAtr,
            initial_capital: int(10_000),
            leverage: 3,
            symbols,
        }],
        entry_order: EntryOrder::Limit,
        path: Path::Pessimistic,
        from_ms: None,
        timeframe_ms: HOUR,
        fine_ms: HOUR / 4,
        maker: ratio(2, 10_000),
        taker: ratio(6, 10_000),
        slippage: ratio(5, 10_000),
        stop_slippage: ratio(5, 1000),
        max_margin_ratio: int(1),
        max_live_grids: 4,
        session_loss_percent_grid: int(25),
        session_loss_percent_mono: int(5),
        global_loss_percent: int(45),
        global_window_ms: 24 * HOUR,
        on_trip: OnTrip::Resume,
        max_risk_per_trade_percent: int(2),
        liquidation_fee: ratio(6, 10_000),
        margin_mode: MarginMode::Cross,
        requote_tolerance_percent: ratio(2, 10),
        min_free_margin_percent: int(0),
        max_concurrent_positions: 15,
        groups: BTreeMap::new(),
    }
}

/// One symbol `A` with these bars after the quiet ones.
pub fn one(rows: &[Ohlc]) -> Input {
    input(vec![symbol("A", rows)])
}

/// The same with changed parameters.
pub fn with(rows: &[Ohlc], change: impl FnOnce(&mut Params)) -> Input {
    let mut all = one(rows);
    change(only(&mut all));
    all
}

pub fn only(input: &mut Input) -> &mut Params {
    &mut input.strategies[0].symbols[0].params
}

pub fn optimistic(mut input: Input) -> Input {
    input.path = Path::Optimistic;
    input
}

pub fn market(mut input: Input) -> Input {
    input.entry_order = EntryOrder::Market;
    input
}

/// Fills as `bar, o(pen) or p(ath), what, price, m(aker) or t(aker)`.
pub fn lines(input: &Input) -> Vec<String> {
    super::run(input).fills.iter().map(line).collect()
}

fn line(fill: &Fill) -> String {
    let stage = if fill.ms % HOUR == 0 { 'o' } else { 'p' };
    let level = fill.level.map(|l| l.to_string()).unwrap_or_default();
    let role = if fill.maker { 'm' } else { 't' };
    let bar = fill.ms / HOUR;
    format!("{bar}{stage} {}{level} {} {role}", fill.reason, fill.price_ticks)
}
