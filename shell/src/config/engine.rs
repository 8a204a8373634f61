//! From the files to the settings of one engine: symbols selected, names resolved to positions,
//! amounts in the core's exact units.

use std::collections::{BTreeMap, BTreeSet};

use gardefou_core::config::{
    BookConfig, Costs, EngineConfig, EntryOrder, Facts, GridParams, Group, Mode, MonoParams,
    Params, RiskConfig, SymbolConfig, TrendParams,
};
use gardefou_core::ids::{SymbolId, SymbolName};
use gardefou_core::market::Instrument;
use gardefou_core::market::instrument::{unit_value, whole};
use gardefou_core::money::{Cash, Fraction, Lots, SCALE};
use gardefou_core::time::Span;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Settings;
use super::assets::Asset;
use super::check;
use super::refusal::{ConfigError, Place, Refusals};
use super::section::nearest;
use super::strategies::{Filter, GridSet, MonoSet, Set, Strategy, names};

/// What part of the configuration an engine runs, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Only these symbols; none = every symbol of the selected strategies.
    pub symbols: Option<Vec<SymbolName>>,
    /// Only these strategies, enabled or not; none = every enabled one. Live books always need
    /// `enabled` and `live_eligible`.
    pub strategies: Option<Vec<String>>,
    /// Instead of `entry_order` of risk.yaml.
    pub entry_order: Option<EntryOrder>,
    /// Paper or live.
    pub mode: Mode,
    /// When the facts of the wallets become known.
    pub facts: Facts,
}

impl Selection {
    /// Every enabled strategy on every symbol.
    #[must_use]
    pub fn everything(mode: Mode, facts: Facts) -> Self {
        Self { symbols: None, strategies: None, entry_order: None, mode, facts }
    }
}

/// The name under which a refusal speaks of what was selected.
const SELECTION: &str = "selection";

impl Settings {
    /// The settings of one engine.
    ///
    /// `ticks` holds, per symbol, the finest price step found in its history; where it is finer
    /// than `tick_size` it becomes the tick.
    ///
    /// # Errors
    /// The selection names something that is not configured, or a finer tick cannot carry exact
    /// money.
    pub fn engine(
        &self,
        selection: &Selection,
        ticks: &BTreeMap<SymbolName, Decimal>,
    ) -> Result<EngineConfig, ConfigError> {
        let refusals = Refusals::default();
        let strategies = self.selected(selection, &refusals);
        refusals.stage()?;
        let symbols = self.symbols(selection, &strategies, &refusals);
        refusals.stage()?;
        let instruments = symbols
            .iter()
            .filter_map(|&symbol| self.instrument(symbol, ticks, &refusals))
            .collect();
        let ids = symbols.iter().copied().zip((0..=u16::MAX).map(SymbolId)).collect();
        let books = strategies
            .iter()
            .map(|strategy| self.book(strategy, selection, &ids))
            .filter(|book| !book.symbols.is_empty())
            .collect();
        refusals.or(EngineConfig {
            instruments,
            books,
            risk: self.risk_config(),
            costs: self.costs(),
            entry_order: selection.entry_order.unwrap_or(self.risk.entry_order.value),
        })
    }

    fn selected(&self, selection: &Selection, refusals: &Refusals) -> Vec<&Strategy> {
        let named = selection.strategies.as_deref();
        for name in named.unwrap_or_default() {
            if !self.strategies.iter().any(|strategy| strategy.name == name) {
                let remedy = match nearest(name, &names()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("use one of {}", names().join(", ")),
                };
                let rule = "a strategy must stand in strategies.yaml";
                refusals.say(&Place::whole(SELECTION), "strategy", name, rule, remedy);
            }
        }
        let live = selection.mode == Mode::Live;
        let chosen = self.strategies.iter().filter(|strategy| match named {
            None => strategy.enabled.value && (strategy.live_eligible || !live),
            Some(names) => names.iter().any(|name| name == strategy.name),
        });
        let chosen: Vec<&Strategy> = chosen.collect();
        for strategy in chosen.iter().filter(|s| live && !(s.enabled.value && s.live_eligible)) {
            let rule = "a live strategy must be enabled and live_eligible";
            let remedy = "write enabled: true and live_eligible: true, or run it on paper";
            refusals.say(&strategy.place, strategy.name, "not for live", rule, remedy);
        }
        if chosen.is_empty() && named.is_none_or(<[String]>::is_empty) {
            let rule = "at least one strategy must run";
            let remedy = "enable one, for live with live_eligible: true, or name one";
            refusals.say(&Place::whole(SELECTION), "strategies", "empty", rule, remedy);
        }
        chosen
    }

    fn symbols(
        &self,
        selection: &Selection,
        strategies: &[&Strategy],
        refusals: &Refusals,
    ) -> BTreeSet<SymbolName> {
        let all: BTreeSet<SymbolName> =
            strategies.iter().flat_map(|s| s.symbols.iter().map(|run| run.symbol)).collect();
        let Some(named) = &selection.symbols else {
            return all;
        };
        let place = Place::whole(SELECTION);
        for symbol in named.iter().filter(|symbol| !all.contains(symbol)) {
            if self.assets.assets.contains_key(symbol) {
                let rule = "a symbol must be run by a selected strategy";
                let runs =
                    |strategy: &&Strategy| strategy.symbols.iter().any(|run| run.symbol == *symbol);
                let remedy = match self.strategies.iter().find(runs) {
                    Some(Strategy { name, .. }) if selection.mode == Mode::Live => format!(
                        "{name} runs {symbol}, but a live strategy must be enabled: true and \
                         live_eligible: true"
                    ),
                    Some(Strategy { name, .. }) => {
                        format!("{name} runs {symbol}: enable it, or name it with --strategies")
                    }
                    None => format!("add {symbol} to per_asset of a strategy"),
                };
                refusals.say(&place, "symbol", symbol.to_string(), rule, remedy);
            } else {
                let rule = "a symbol must be listed in assets.yaml";
                let remedy = self.assets.remedy(*symbol);
                refusals.say(&place, "symbol", symbol.to_string(), rule, remedy);
            }
        }
        if named.is_empty() {
            refusals.say(&place, "symbols", "empty", "at least one must run", "name a symbol");
        }
        named.iter().copied().collect()
    }

    fn instrument(
        &self,
        symbol: SymbolName,
        ticks: &BTreeMap<SymbolName, Decimal>,
        refusals: &Refusals,
    ) -> Option<Instrument> {
        let asset = self.assets.assets.get(&symbol)?;
        let own = asset.tick_size.value;
        let tick = ticks.get(&symbol).map_or(own, |&found| found.min(own));
        match unit_value(tick, asset.lot_size.value) {
            Ok(value) => Some(instrument(symbol, asset, tick, value)),
            Err(fault) => {
                check::unit(symbol, &asset.lot_size, tick, fault, refusals);
                None
            }
        }
    }

    fn book(
        &self,
        strategy: &Strategy,
        selection: &Selection,
        ids: &BTreeMap<SymbolName, SymbolId>,
    ) -> BookConfig {
        let run = |run: &super::strategies::StrategySymbol| {
            ids.get(&run.symbol).map(|&symbol| SymbolConfig::new(symbol, params(&run.set)))
        };
        let mut symbols: Vec<SymbolConfig> = strategy.symbols.iter().filter_map(run).collect();
        symbols.sort_by_key(|config| config.symbol);
        BookConfig {
            name: strategy.name.to_owned(),
            mode: selection.mode,
            facts: selection.facts,
            capital: self.capital(),
            timeframe: strategy.timeframe,
            symbols,
        }
    }

    /// The capital of every wallet at the start.
    #[must_use]
    pub fn capital(&self) -> Cash {
        cash(self.risk.initial_capital.value)
    }

    fn risk_config(&self) -> RiskConfig {
        let risk = &self.risk;
        RiskConfig {
            max_margin_ratio: risk.max_margin_ratio.value,
            max_live_grids: risk.max_live_grids.value,
            max_concurrent_positions: risk.position.max_concurrent.value,
            min_free_margin: risk.min_free_margin.value,
            session_loss_grid: risk.kill_switch.session_loss_grid.value,
            session_loss_mono: risk.kill_switch.session_loss_mono.value,
            global_loss: risk.kill_switch.global_loss.value,
            global_window: Span::hours(i64::from(risk.kill_switch.global_window.value)),
            max_risk_per_trade: risk.position.max_risk_per_trade.value,
            max_loss_at_stop: risk.max_loss_at_stop.as_ref().map(|field| field.value),
            on_kill: risk.kill_switch.on_kill.value,
            margin_mode: risk.margin_mode.value,
            requote_tolerance: risk.requote_tolerance.value,
            cold_start_bars: risk.cold_start_cooldown.value,
            stop_deadline: Span::seconds(i64::from(risk.stop_confirm_seconds.value)),
            groups: self.groups(),
        }
    }

    fn groups(&self) -> Vec<Group> {
        let groups = self.assets.groups.iter().map(|group| Group {
            name: group.name.clone(),
            max_same_direction: group.max_same_direction.value,
            max_exposure: group.max_exposure.value,
        });
        groups.collect()
    }

    fn costs(&self) -> Costs {
        let costs = &self.risk.costs;
        Costs {
            maker: costs.maker.value,
            taker: costs.taker.value,
            slippage: costs.slippage.value,
            stop_slippage: costs.stop_slippage.value,
            liquidation: costs.liquidation.value,
        }
    }
}

/// USDT as cash. The reading allowed at most 8 decimals and nine digits before them.
fn cash(amount: Decimal) -> Cash {
    let units = amount.checked_mul(Decimal::from(SCALE)).and_then(|units| units.to_i128());
    Cash(units.unwrap_or_default())
}

fn instrument(symbol: SymbolName, asset: &Asset, tick: Decimal, value: i64) -> Instrument {
    let lot = asset.lot_size.value;
    Instrument {
        symbol,
        tick,
        lot,
        value,
        // Checked at load: the smallest order is a whole number of lots.
        min_lots: Lots(whole(asset.min_order_size.value, lot).unwrap_or(i64::MAX)),
        min_notional: cash(asset.min_notional.value),
        max_leverage: asset.max_leverage.value,
        maintenance: asset.maintenance.value,
        funding_interval: Span::hours(i64::from(asset.funding_interval.value)),
        group: asset.group.as_ref().map_or_else(String::new, |group| group.value.clone()),
    }
}

fn params(set: &Set) -> Params {
    match set {
        Set::Grid(set) => Params::Grid(grid(set)),
        Set::Mono(set) => Params::Mono(mono(set)),
    }
}

fn grid(set: &GridSet) -> GridParams {
    let (min_profit, min_atr_pct, trend) = match &set.filter {
        Filter::Least { min_profit, min_atr } => (min_profit.value, min_atr.value, None),
        Filter::Trend { atr_period, atr_multiplier } => {
            let trend =
                TrendParams { atr_period: atr_period.value, atr_multiplier: atr_multiplier.value };
            (Fraction::ZERO, 0.0, Some(trend))
        }
    };
    GridParams {
        ma_period: set.ma_period.value,
        atr_period: set.atr_period.value,
        atr_multiplier_start: set.atr_multiplier_start.value,
        atr_multiplier_step: set.atr_multiplier_step.value,
        // Checked at load: 1 to 6.
        levels: u8::try_from(set.num_levels.value).unwrap_or(1),
        stop_loss: set.stop_loss.value,
        sides: set.sides.value,
        leverage: set.leverage.value,
        max_hold_bars: set.max_hold_candles.value,
        cooldown_bars: set.cooldown_candles.value,
        min_grid_spacing_pct: set.min_grid_spacing.value,
        min_profit,
        min_atr_pct,
        trend,
    }
}

fn mono(set: &MonoSet) -> MonoParams {
    MonoParams {
        atr_period: set.atr_period.value,
        atr_multiplier: set.atr_multiplier.value,
        take_profit: set.take_profit.value,
        stop_loss: set.stop_loss.value,
        sides: set.sides.value,
        leverage: set.leverage.value,
        cooldown_bars: set.cooldown_candles.value,
    }
}
