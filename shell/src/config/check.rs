//! Rules between keys, and between files: what no single value can tell.

use gardefou_core::config::{EngineConfig, MarginMode};
use gardefou_core::ids::SymbolName;
use gardefou_core::market::instrument::{InstrumentFault, unit_value, whole};
use gardefou_core::money::{Cash, Fraction};
use gardefou_core::risk::worst_case::{WorstCase, isolated, worst_case};
use rust_decimal::Decimal;

use super::Settings;
use super::assets::{Asset, AssetsFile};
use super::keys;
use super::refusal::{ConfigError, Place, Refusals};
use super::risk::RiskFile;
use super::rule::percent;
use super::section::{Field, nearest};
use super::strategies::{Strategy, StrategySymbol};
use crate::text;
use crate::words::numbers;

/// Checks everything that was read.
pub(super) fn check(settings: &Settings, refusals: &Refusals) {
    default_leverage(&settings.risk, refusals);
    for (&symbol, asset) in &settings.assets.assets {
        steps(symbol, asset, refusals);
        group(symbol, asset, &settings.assets, refusals);
    }
    enabled(settings, refusals);
    for strategy in &settings.strategies {
        for run in &strategy.symbols {
            run_of(strategy, run, settings, refusals);
        }
    }
}

/// Refuses strategies that are all switched off, at the first of the switches.
fn enabled(settings: &Settings, refusals: &Refusals) {
    if settings.strategies.iter().any(|strategy| strategy.enabled.value) {
        return;
    }
    let (place, subject) = match settings.strategies.first() {
        Some(first) => (first.enabled.place.clone(), format!("{}.enabled", first.name)),
        None => {
            let file = settings.files.get(1).map_or("strategies.yaml", |file| file.path.as_str());
            (Place::whole(file), "enabled".to_owned())
        }
    };
    let value = if settings.strategies.len() == 1 { "false" } else { "false everywhere" };
    let rule = "at least one strategy must be enabled";
    refusals.say(&place, subject, value, rule, "write enabled: true below a strategy");
}

fn default_leverage(risk: &RiskFile, refusals: &Refusals) {
    let (default, most) = (&risk.position.default_leverage, risk.position.max_leverage.value);
    if default.value > most {
        let rule = format!("must not exceed position.max_leverage, which is {most}");
        let remedy = format!("write at most {most}");
        let subject = format!("position.{}", keys::DEFAULT_LEVERAGE.name);
        refusals.say(&default.place, subject, default.value.to_string(), rule, remedy);
    }
}

fn steps(symbol: SymbolName, asset: &Asset, refusals: &Refusals) {
    let lot = &asset.lot_size;
    if let Err(fault) = unit_value(asset.tick_size.value, lot.value) {
        unit(symbol, lot, asset.tick_size.value, fault, refusals);
    }
    let least = &asset.min_order_size;
    if whole(least.value, lot.value).is_none() {
        let subject = format!("{symbol}.{}", keys::MIN_ORDER_SIZE.name);
        let rule = format!("must be a multiple of lot_size, which is {}", lot.value);
        let remedy = format!("write {} or a multiple of it", lot.value);
        refusals.say(&least.place, subject, least.value.to_string(), rule, remedy);
    }
}

/// Refuses a lot that cannot carry exact money at a tick.
pub(super) fn unit(
    symbol: SymbolName,
    lot: &Field<Decimal>,
    tick: Decimal,
    fault: InstrumentFault,
    refusals: &Refusals,
) {
    let (rule, remedy) = match fault {
        InstrumentFault::TooFine => {
            ("must be a whole number of 0.00000001 USDT", "write a coarser lot_size or tick_size")
        }
        InstrumentFault::TooCoarse => {
            ("must be worth at most 1000000 USDT", "write a finer lot_size or tick_size")
        }
        InstrumentFault::StepNotPositive => ("must be above zero", "write steps above zero"),
    };
    let subject = format!("{symbol}.{}", keys::LOT_SIZE.name);
    let rule = format!("times the tick, which is {tick}, it {rule}");
    refusals.say(&lot.place, subject, lot.value.to_string(), rule, remedy);
}

fn group(symbol: SymbolName, asset: &Asset, assets: &AssetsFile, refusals: &Refusals) {
    let Some(group) = &asset.group else { return };
    let known: Vec<&str> = assets.groups.iter().map(|group| group.name.as_str()).collect();
    if known.contains(&group.value.as_str()) {
        return;
    }
    let remedy = match nearest(&group.value, &known) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("declare it in correlation_groups, or use one of {}", known.join(", ")),
    };
    let subject = format!("{symbol}.{}", keys::CORRELATION_GROUP.name);
    refusals.say(&group.place, subject, &group.value, "the group is not declared", remedy);
}

fn run_of(strategy: &Strategy, run: &StrategySymbol, settings: &Settings, refusals: &Refusals) {
    let symbol = run.symbol;
    let Some(asset) = settings.assets.assets.get(&symbol) else {
        let subject = format!("{}.{}.{symbol}", strategy.name, keys::PER_ASSET);
        let rule = "a symbol must be listed in assets.yaml";
        let remedy = settings.assets.remedy(symbol);
        refusals.say(&run.place, subject, "not an asset", rule, remedy);
        return;
    };
    leverage(strategy, run, asset, &settings.risk, refusals);
    if settings.risk.margin_mode.value == MarginMode::Isolated {
        stop_before_liquidation(strategy, run, asset, &settings.risk, refusals);
    }
}

fn leverage(
    strategy: &Strategy,
    run: &StrategySymbol,
    asset: &Asset,
    risk: &RiskFile,
    refusals: &Refusals,
) {
    let leverage = run.set.leverage();
    let subject = format!("{}.leverage", strategy.name);
    let limits = [
        (format!("{}.max_leverage", run.symbol), asset.max_leverage.value),
        ("position.max_leverage".to_owned(), risk.position.max_leverage.value),
    ];
    for (name, most) in limits {
        if leverage.value > most {
            let rule = format!("must not exceed {name}, which is {most}");
            let remedy = format!("write at most {most}");
            refusals.say(&leverage.place, &subject, leverage.value.to_string(), rule, remedy);
        }
    }
}

/// With isolated margin, the stop of a position must come before its liquidation.
fn stop_before_liquidation(
    strategy: &Strategy,
    run: &StrategySymbol,
    asset: &Asset,
    risk: &RiskFile,
    refusals: &Refusals,
) {
    let (stop, leverage) = (run.set.stop_loss(), run.set.leverage().value);
    let slippage = risk.costs.stop_slippage.value;
    let maintenance = asset.maintenance.value;
    let Some(liquidation) = isolated(stop.value, slippage, leverage, maintenance) else { return };
    let subject = format!("{}.sl_percent for {}", strategy.name, run.symbol);
    let rule = format!(
        "with isolated margin the position would be liquidated first: stop at {} % from the average \
         entry and up to {} % of slippage, liquidation at {} % (100 / leverage {leverage} − {} % \
         maintenance)",
        percent(stop.value),
        percent(slippage),
        short(liquidation),
        percent(maintenance)
    );
    let room = (liquidation - slippage).0.max(0) / HUNDREDTH * HUNDREDTH;
    let remedy = format!(
        "write sl_percent below {}, a lower leverage, or margin.mode: cross",
        percent(Fraction(room))
    );
    refusals.say(&stop.place, subject, percent(stop.value), rule, remedy);
}

fn capital(config: &EngineConfig, strategy: &Strategy) -> Cash {
    let book = config.books.iter().find(|book| book.name == strategy.name);
    book.map_or(Cash::ZERO, |book| book.capital)
}

/// A hundredth of a percent.
const HUNDREDTH: i64 = 10_000;

/// A fraction in percent with two places, cut off: what is not certain is not promised.
fn short(value: Fraction) -> String {
    percent(Fraction(value.0 / HUNDREDTH * HUNDREDTH))
}

/// Refuses settings under which a wallet would be liquidated before all its stops are hit.
///
/// # Errors
/// The book, with place, equity, maintenance margin and what to change.
pub(super) fn worst_cases(settings: &Settings, config: &EngineConfig) -> Result<(), ConfigError> {
    let refusals = Refusals::default();
    for book in &config.books {
        let worst = worst_case(config, book);
        let strategy = settings.strategies.iter().find(|strategy| strategy.name == book.name);
        if let (false, Some(strategy)) = (worst.liquidated_first.is_empty(), strategy) {
            liquidated(strategy, &worst, config, &settings.risk, &refusals);
        }
    }
    refusals.or(())
}

fn liquidated(
    strategy: &Strategy,
    worst: &WorstCase,
    config: &EngineConfig,
    risk: &RiskFile,
    refusals: &Refusals,
) {
    let each = worst.liquidated_first.iter().map(|l| {
        let name = config.instrument(l.symbol).map(|i| i.symbol.to_string()).unwrap_or_default();
        let (stop, liquidation) = (percent(l.stop_distance), short(l.liquidation_distance));
        format!("{name} (stop at {stop} %, liquidation at {liquidation} %)")
    });
    let rule = format!(
        "with {} margin liquidation would come before the stops of {}: with every price at its stop \
         and the fees and slippage paid until then, equity is {} against {} of maintenance margin",
        if risk.margin_mode.value == MarginMode::Cross { "cross" } else { "isolated" },
        text::list(each),
        numbers::usdt(worst.tightest.equity),
        numbers::usdt(worst.tightest.maintenance),
    );
    let value = format!(
        "{} full at once, positions of {} on {}",
        numbers::counted(worst.cycles, "cycle"),
        numbers::usdt(worst.notional),
        numbers::usdt(capital(config, strategy)),
    );
    let remedy = format!(
        "write a lower leverage or sl_percent here, or allow fewer cycles: max_live_grids at {}",
        risk.max_live_grids.place
    );
    let subject = format!("{} in the worst case", strategy.name);
    refusals.say(&strategy.place, subject, value, rule, remedy);
}
