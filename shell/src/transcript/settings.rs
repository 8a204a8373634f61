//! The first directive, `config`: instruments, books, limits and costs, as overrides of what is
//! shipped.

use gardefou_core::config::{EngineConfig, EntryOrder, Group, MarginMode, OnKill, RiskConfig};
use gardefou_core::ids::SymbolName;
use gardefou_core::market::Instrument;
use gardefou_core::market::instrument::unit_value;
use gardefou_core::money::{Cash, Fraction, Lots};
use gardefou_core::time::Span;
use rust_decimal::Decimal;

use super::fault::Fault;
use super::file::Directive;
use super::presets;
use super::settings_book::{self, Draft};
use super::stage::Stage;
use super::values::{cash, decimal, percent, span, whole};
use super::words::{Line, Word};

const LINES: &str = "symbol, book, only, params, risk, costs, group or entry";

/// Reads `config` and sets the stage.
pub(super) fn configure(directive: &Directive<'_>) -> Result<Stage, Fault> {
    let mut head = directive.head.clone();
    let first = head.word("config")?;
    if first.text != "config" {
        return Err(
            first.fault("a transcript starts with its configuration", "begin with `config`")
        );
    }
    head.done()?;
    let mut draft = Draft::new();
    for line in &directive.body {
        setting(&mut draft, line.clone())?;
    }
    let config = draft.finish(&directive.head)?;
    Ok(Stage::new(config))
}

fn setting(draft: &mut Draft, mut line: Line<'_>) -> Result<(), Fault> {
    let word = line.word(LINES)?;
    match word.text {
        "symbol" | "symbols" => instruments(draft, &mut line),
        "book" => settings_book::book(draft, &mut line),
        "only" => settings_book::only(draft, &mut line, &word),
        "params" => settings_book::params(draft, &mut line, &word),
        "risk" => pairs(&mut line, |key, value| risk(&mut draft.config.risk, key, value)),
        "costs" => pairs(&mut line, |key, value| costs(&mut draft.config, key, value)),
        "group" => group(&mut draft.config.risk, &mut line),
        "entry" => entry(&mut draft.config, &mut line),
        _ => Err(word.unknown(LINES)),
    }
}

/// Applies every `key=value` of a line.
pub(super) fn pairs(
    line: &mut Line<'_>,
    mut apply: impl FnMut(&Word<'_>, &Word<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    line.pairs()?.iter().try_for_each(|(key, value)| apply(key, value))
}

/// `symbol BTCUSDT tick=0.1 lot=0.0001 …`, or a range `C01..C26`.
fn instruments(draft: &mut Draft, line: &mut Line<'_>) -> Result<(), Fault> {
    let named = line.word("a symbol: BTCUSDT")?;
    let mut blank = None;
    for name in range(&named)? {
        let symbol = name.parse::<SymbolName>().map_err(|why| named.fault(why, "rename it"))?;
        let instrument = match &blank {
            Some(like) => Instrument { symbol, ..Instrument::clone(like) },
            None => instrument(&named, symbol, line)?,
        };
        blank.get_or_insert_with(|| instrument.clone());
        draft.config.instruments.push(instrument);
    }
    Ok(())
}

fn instrument(at: &Word<'_>, symbol: SymbolName, line: &mut Line<'_>) -> Result<Instrument, Fault> {
    let mut instrument = Instrument {
        symbol,
        tick: Decimal::ZERO,
        lot: Decimal::ZERO,
        value: 0,
        min_lots: Lots(1),
        min_notional: Cash::usdt(5),
        max_leverage: 75,
        maintenance: Fraction::percent(1),
        funding_interval: Span::hours(8),
        group: String::new(),
    };
    pairs(line, |key, value| instrument_key(&mut instrument, key, value))?;
    const COARSE: i64 = 10_000_000_000;
    const STEPS: &str = "write tick=0.1 lot=0.0001, or steps like these";
    instrument.value = unit_value(instrument.tick, instrument.lot)
        .map_err(|fault| at.fault(fault.to_string(), STEPS))?;
    if instrument.value > COARSE {
        return Err(at.fault("one lot at one tick is worth more than 100 USDT", STEPS));
    }
    Ok(instrument)
}

fn instrument_key(i: &mut Instrument, key: &Word<'_>, value: &Word<'_>) -> Result<(), Fault> {
    match key.text {
        "tick" => i.tick = decimal(value)?,
        "lot" => i.lot = decimal(value)?,
        "min" => {
            let lots = i.lots(decimal(value)?);
            i.min_lots = lots.ok_or_else(|| {
                value.fault("not a multiple of the lot", "write lot= before min=, and a multiple")
            })?;
        }
        "min_notional" => i.min_notional = cash(value)?,
        "max_leverage" => i.max_leverage = whole(value)?,
        "maintenance" => i.maintenance = percent(value)?,
        "funding" => i.funding_interval = span(value)?,
        "group" => i.group = value.text.to_owned(),
        _ => {
            return Err(key.unknown(
                "tick, lot, min, min_notional, max_leverage, maintenance, funding or group",
            ));
        }
    }
    Ok(())
}

/// The names of `C01..C26`; a single name is a range of one.
pub(super) fn range(word: &Word<'_>) -> Result<Vec<String>, Fault> {
    let (first, last) = word.split("..");
    let Some(last) = last else { return Ok(vec![first.text.to_owned()]) };
    let stem = first.text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = |w: &Word<'_>| w.text.strip_prefix(stem).and_then(|n| n.parse::<u32>().ok());
    let (Some(from), Some(to)) = (number(&first), number(&last)) else {
        return Err(word.fault("not a range of symbols", "write C01..C26"));
    };
    if from.abs_diff(to) > 200 {
        return Err(word.fault("a range of more than 200 symbols", "write a shorter one"));
    }
    let width = first.text.len() - stem.len();
    let name = |n: u32| format!("{stem}{n:0width$}");
    Ok(if from <= to {
        (from..=to).map(name).collect()
    } else {
        (to..=from).rev().map(name).collect()
    })
}

fn risk(risk: &mut RiskConfig, key: &Word<'_>, value: &Word<'_>) -> Result<(), Fault> {
    match key.text {
        "max_margin_ratio" => risk.max_margin_ratio = percent(value)?,
        "max_live_grids" => risk.max_live_grids = whole(value)?,
        "max_concurrent_positions" => risk.max_concurrent_positions = whole(value)?,
        "min_free_margin" => risk.min_free_margin = percent(value)?,
        "session_loss_grid" => risk.session_loss_grid = percent(value)?,
        "session_loss_mono" => risk.session_loss_mono = percent(value)?,
        "global_loss" => risk.global_loss = percent(value)?,
        "global_window" => risk.global_window = span(value)?,
        "max_risk_per_trade" => risk.max_risk_per_trade = percent(value)?,
        "max_loss_at_stop" => risk.max_loss_at_stop = Some(percent(value)?),
        "on_kill" => risk.on_kill = on_kill(value)?,
        "margin_mode" => risk.margin_mode = margin_mode(value)?,
        "requote_tolerance" => risk.requote_tolerance = percent(value)?,
        "cold_start_bars" => risk.cold_start_bars = whole(value)?,
        "stop_deadline" => risk.stop_deadline = span(value)?,
        _ => return Err(key.unknown("a limit as fixtures/README.md lists them: max_live_grids=4")),
    }
    Ok(())
}

fn on_kill(value: &Word<'_>) -> Result<OnKill, Fault> {
    match value.text {
        "block" => Ok(OnKill::Block),
        "cancel_entries" => Ok(OnKill::CancelEntries),
        "flatten" => Ok(OnKill::Flatten),
        _ => Err(value.unknown("block, cancel_entries or flatten")),
    }
}

fn margin_mode(value: &Word<'_>) -> Result<MarginMode, Fault> {
    match value.text {
        "cross" => Ok(MarginMode::Cross),
        "isolated" => Ok(MarginMode::Isolated),
        _ => Err(value.unknown("cross or isolated")),
    }
}

fn costs(config: &mut EngineConfig, key: &Word<'_>, value: &Word<'_>) -> Result<(), Fault> {
    let costs = &mut config.costs;
    let cost = match key.text {
        "maker" => &mut costs.maker,
        "taker" => &mut costs.taker,
        "slippage" => &mut costs.slippage,
        "stop_slippage" => &mut costs.stop_slippage,
        "liquidation" => &mut costs.liquidation,
        _ => return Err(key.unknown("maker, taker, slippage, stop_slippage or liquidation")),
    };
    *cost = percent(value)?;
    Ok(())
}

/// `group majors same_direction=2 exposure=40`.
fn group(risk: &mut RiskConfig, line: &mut Line<'_>) -> Result<(), Fault> {
    let name = line.word("the name of the group")?.text.to_owned();
    let mut group = Group { name, max_same_direction: 100, max_exposure: Fraction::ONE };
    pairs(line, |key, value| {
        match key.text {
            "same_direction" => group.max_same_direction = whole(value)?,
            "exposure" => group.max_exposure = percent(value)?,
            _ => return Err(key.unknown("same_direction or exposure")),
        }
        Ok(())
    })?;
    risk.groups.push(group);
    Ok(())
}

/// `entry limit` or `entry market`.
fn entry(config: &mut EngineConfig, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word("limit or market")?;
    config.entry_order = match word.text {
        "limit" => EntryOrder::Limit,
        "market" => EntryOrder::Market,
        _ => return Err(word.unknown("limit or market")),
    };
    line.done()
}

/// Limits and costs before any override.
pub(super) fn shipped() -> EngineConfig {
    EngineConfig {
        instruments: Vec::new(),
        books: Vec::new(),
        risk: presets::risk(),
        costs: presets::costs(),
        entry_order: EntryOrder::Limit,
    }
}
