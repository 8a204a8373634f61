//! The parameters that really run, per strategy and symbol, in the words and units of the files,
//! with a hash: for logs, results and the record of each cycle.

use std::collections::BTreeMap;

use gardefou_core::config::{EngineConfig, GridParams, MonoParams, Params, Sides, TrendParams};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::keys::{self, Key};
use super::rule::Rule;

/// The parameters of one symbol of one strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// The strategy: `grid_atr`.
    pub strategy: String,
    /// The symbol: `BTCUSDT`.
    pub symbol: String,
    /// Every parameter by the name of its key, in the unit of the files.
    pub parameters: BTreeMap<&'static str, String>,
    /// SHA-256 over the canonical JSON of the three above, in hexadecimal.
    pub hash: String,
}

/// The parameter sets of an engine, by book and symbol.
#[must_use]
pub fn resolved(config: &EngineConfig) -> Vec<Resolved> {
    let mut sets = Vec::new();
    for book in &config.books {
        for run in &book.symbols {
            let Some(instrument) = config.instrument(run.symbol) else { continue };
            let mut parameters = match &run.params {
                Params::Grid(params) => grid(params),
                Params::Mono(params) => mono(params),
            };
            parameters.insert(keys::TIMEFRAME.name, book.timeframe.name().to_owned());
            sets.push(set(&book.name, instrument.symbol.as_str(), parameters));
        }
    }
    sets
}

fn set(strategy: &str, symbol: &str, parameters: BTreeMap<&'static str, String>) -> Resolved {
    let hash = hex(canonical(strategy, symbol, &parameters).as_bytes());
    Resolved { strategy: strategy.to_owned(), symbol: symbol.to_owned(), parameters, hash }
}

/// One line of JSON: keys sorted, values as text, no spaces. Every part is made of letters,
/// digits and plain marks, so nothing needs escaping; Rust's own quoting covers the rest.
fn canonical(strategy: &str, symbol: &str, parameters: &BTreeMap<&'static str, String>) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name:?}:{value:?}")).collect();
    let pairs = pairs.join(",");
    format!("{{\"parameters\":{{{pairs}}},\"strategy\":{strategy:?},\"symbol\":{symbol:?}}}")
}

/// SHA-256 in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shown<R: Rule>(key: &Key<R>, value: &R::Value) -> (&'static str, String) {
    (key.name, key.rule.show(value))
}

fn sides(value: &Sides) -> (&'static str, String) {
    shown(&keys::SIDES, value)
}

fn grid(params: &GridParams) -> BTreeMap<&'static str, String> {
    // Taken apart without a rest: a parameter that is added must be recorded too.
    let GridParams {
        ma_period,
        atr_period,
        atr_multiplier_start,
        atr_multiplier_step,
        levels,
        stop_loss,
        sides: directions,
        leverage,
        max_hold_bars,
        cooldown_bars,
        min_grid_spacing_pct,
        min_profit,
        min_atr_pct,
        trend,
    } = params;
    let mut map = BTreeMap::from([
        shown(&keys::MA_PERIOD, ma_period),
        shown(&keys::ATR_PERIOD, atr_period),
        shown(&keys::ATR_MULTIPLIER_START, atr_multiplier_start),
        shown(&keys::ATR_MULTIPLIER_STEP, atr_multiplier_step),
        shown(&keys::NUM_LEVELS, &u32::from(*levels)),
        shown(&keys::SL_PERCENT, stop_loss),
        sides(directions),
        shown(&keys::LEVERAGE, leverage),
        shown(&keys::MAX_HOLD_CANDLES, max_hold_bars),
        shown(&keys::COOLDOWN_CANDLES, cooldown_bars),
        shown(&keys::MIN_GRID_SPACING, min_grid_spacing_pct),
    ]);
    map.extend(match trend {
        Some(trend) => trended(trend),
        None => [shown(&keys::MIN_PROFIT, min_profit), shown(&keys::MIN_ATR, min_atr_pct)],
    });
    map
}

fn trended(trend: &TrendParams) -> [(&'static str, String); 2] {
    let TrendParams { atr_period, atr_multiplier } = trend;
    [shown(&keys::ST_ATR_PERIOD, atr_period), shown(&keys::ST_ATR_MULTIPLIER, atr_multiplier)]
}

fn mono(params: &MonoParams) -> BTreeMap<&'static str, String> {
    let MonoParams {
        atr_period,
        atr_multiplier,
        take_profit,
        stop_loss,
        sides: directions,
        leverage,
        cooldown_bars,
    } = params;
    BTreeMap::from([
        shown(&keys::MONO_ATR_PERIOD, atr_period),
        shown(&keys::MONO_ATR_MULTIPLIER, atr_multiplier),
        shown(&keys::MONO_TP_PERCENT, take_profit),
        shown(&keys::MONO_SL_PERCENT, stop_loss),
        sides(directions),
        shown(&keys::MONO_LEVERAGE, leverage),
        shown(&keys::MONO_COOLDOWN, cooldown_bars),
    ])
}
