//! Rules between keys, and between files: what no single value can tell.

use gardefou_core::config::MarginMode;
use gardefou_core::ids::SymbolName;
use gardefou_core::market::instrument::{InstrumentFault, unit_value, whole};
use gardefou_core::money::SCALE;
use rust_decimal::Decimal;

use super::Settings;
use super::assets::{Asset, AssetsFile};
use super::keys;
use super::refusal::{Place, Refusals};
use super::risk::RiskFile;
use super::rule::percent;
use super::section::{Field, nearest};
use super::strategies::{Strategy, StrategySymbol};

/// Checks everything that was read.
pub(super) fn check(settings: &Settings, refusals: &Refusals) {
    default_leverage(&settings.risk, refusals);
    for (&symbol, asset) in &settings.assets.assets {
        steps(symbol, asset, refusals);
        group(symbol, asset, &settings.assets, refusals);
    }
    if !settings.strategies.iter().any(|strategy| strategy.enabled) {
        let file = settings.files.get(1).map_or("strategies.yaml", |file| file.path.as_str());
        let rule = "at least one strategy must be enabled";
        let remedy = "write enabled: true below a strategy";
        refusals.say(&Place::whole(file), "enabled", "false everywhere", rule, remedy);
    }
    for strategy in &settings.strategies {
        for run in &strategy.symbols {
            run_of(strategy, run, settings, refusals);
        }
    }
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
        stop_before_liquidation(strategy, run, asset, refusals);
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

/// With isolated margin a position is liquidated at 1/leverage − maintenance from its average
/// entry: the stop must come first.
fn stop_before_liquidation(
    strategy: &Strategy,
    run: &StrategySymbol,
    asset: &Asset,
    refusals: &Refusals,
) {
    let (stop, leverage) = (run.set.stop_loss(), run.set.leverage().value);
    let reach = (stop.value.0 + asset.maintenance.value.0).saturating_mul(i64::from(leverage));
    if reach < SCALE {
        return;
    }
    let subject = format!("{}.sl_percent for {}", strategy.name, run.symbol);
    let rule = format!(
        "with isolated margin, leverage {leverage} and {} percent maintenance, liquidation comes \
         before this stop",
        percent(asset.maintenance.value)
    );
    let remedy = "write a nearer stop or a lower leverage, or margin.mode: cross";
    refusals.say(&stop.place, subject, percent(stop.value), rule, remedy);
}
