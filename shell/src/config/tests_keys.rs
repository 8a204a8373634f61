//! Keys, manual and effect agree: every key is read, stands in `config/README.md` with its default
//! and range, and changes what the engine is told.

use std::collections::{BTreeMap, BTreeSet};

use gardefou_core::config::{EngineConfig, Facts, Mode};

use super::tests::{text_of, with};
use super::{Selection, load_from, manual, shipped};

#[test]
fn the_manual_names_every_key_with_its_default_and_range() {
    let readme = include_str!("../../../config/README.md");
    for line in manual() {
        let row = format!("| `{}` |", line.key);
        let file = readme.split("\n## ").find(|part| part.starts_with(line.file)).unwrap();
        // The two grids share a table; what differs stands in a table of its own.
        let found = file.lines().any(|text| {
            text.starts_with(&row)
                && text.contains(&format!("| {} |", line.default))
                && text.contains(&format!("| {} |", line.range))
        });
        assert!(found, "config/README.md lacks {row} … | {} | {} |", line.default, line.range);
    }
}

#[test]
fn the_manual_has_no_row_that_is_not_a_key() {
    let readme = include_str!("../../../config/README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    for key in rows.filter_map(|row| row.split('`').next()) {
        assert!(manual().iter().any(|line| line.key == key), "{key} is no key");
    }
}

#[test]
fn every_key_of_the_manual_is_read_and_every_shipped_key_is_in_it() {
    for (path, text) in shipped() {
        let file = path.strip_prefix("config/").unwrap();
        let known: Vec<&str> =
            manual().iter().filter(|line| line.file == file).map(|line| line.key).collect();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let Some((key, value)) = line.trim_start_matches([' ', '-']).split_once(':') else {
                continue;
            };
            let is_value = !value.trim().is_empty() && value.trim() != "{}";
            assert!(!is_value || known.contains(&key), "{file}: {key}");
        }
    }
}

/// The keys that are known where `to` puts a key that is not.
fn known(file: &str, from: &str, to: &str) -> BTreeSet<String> {
    let said = with(file, from, to);
    let (_, names) = said.split_once("known here: ").unwrap_or_else(|| panic!("{said}"));
    names.lines().next().unwrap().split(", ").map(str::to_owned).collect()
}

#[test]
fn the_manual_is_exactly_what_is_read() {
    const STRANGER: &str = "stranger_to_us: 1";
    let places = [
        ("risk.yaml", "", "initial_capital:"),
        ("risk.yaml", "kill_switch", "  max_session_loss_percent:"),
        ("risk.yaml", "position", "  max_risk_per_trade_percent:"),
        ("risk.yaml", "fees", "  maker_percent:"),
        ("risk.yaml", "slippage", "  default_estimate_percent:"),
        ("risk.yaml", "margin", "  mode:"),
        ("strategies.yaml", "grid_atr", "  enabled:"),
        ("strategies.yaml", "grid_multi_tf", "  st_atr_period:"),
        ("strategies.yaml", "supertrend", "  atr_multiplier:"),
        ("assets.yaml", "assets", "    tick_size:"),
        ("assets.yaml", "correlation_groups", "    max_concurrent_same_direction:"),
        ("exchanges.yaml", "simulated", "  funding_interval_hours:"),
    ];
    let tables = ["kill_switch", "position", "fees", "slippage", "margin", "per_asset"];
    for (file, section, before) in places {
        let indent = " ".repeat(before.len() - before.trim_start().len());
        let mut read = known(file, before, &format!("{indent}{STRANGER}\n{before}"));
        read.retain(|name| !tables.contains(&name.as_str()));
        let lines = manual().into_iter().filter(|l| l.file == file && l.section == section);
        let written: BTreeSet<String> = lines.map(|line| line.key.to_owned()).collect();
        assert_eq!(read, written, "{file} {section}");
    }
}

fn all_of(texts: &BTreeMap<String, String>) -> EngineConfig {
    let settings = load_from(texts, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"));
    let mut selection = Selection::everything(Mode::Paper, Facts::WithBars);
    selection.strategies =
        Some(["grid_atr", "grid_multi_tf", "supertrend"].map(str::to_owned).to_vec());
    settings.engine(&selection, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

/// One change per key: `file: from => to`. The switches `enabled` and `live_eligible`, the only
/// timeframe and `position.max_leverage`, which only refuses, have tests of their own.
const CHANGES: &str = r"
risk.yaml: -1646} => -1647}
risk.yaml: max_margin_ratio: 0.70 => max_margin_ratio: 0.71
risk.yaml: max_live_grids: 4 => max_live_grids: 5
risk.yaml: entry_order: limit => entry_order: market
risk.yaml: requote_tolerance_percent: 0.2 => requote_tolerance_percent: 0.3
risk.yaml: cold_start_cooldown_candles: 3 => cold_start_cooldown_candles: 4
risk.yaml: stop_confirm_seconds: 5 => stop_confirm_seconds: 6
risk.yaml: # max_loss_at_stop_percent: 30 => max_loss_at_stop_percent: 30
risk.yaml:   max_session_loss_percent: 5 =>   max_session_loss_percent: 6
risk.yaml: grid_max_session_loss_percent: 25 => grid_max_session_loss_percent: 26
risk.yaml: global_max_loss_pct: 45 => global_max_loss_pct: 46
risk.yaml: global_window_hours: 24 => global_window_hours: 25
risk.yaml: on_kill: cancel_entries => on_kill: flatten
risk.yaml: max_risk_per_trade_percent: 2 => max_risk_per_trade_percent: 3
risk.yaml: max_concurrent_positions: 15 => max_concurrent_positions: 16
risk.yaml: default_leverage: 3 => default_leverage: 4
risk.yaml: maker_percent: 0.02 => maker_percent: 0.03
risk.yaml: taker_percent: 0.06 => taker_percent: 0.07
risk.yaml: liquidation_percent: 0.06 => liquidation_percent: 0.07
risk.yaml: default_estimate_percent: 0.05 => default_estimate_percent: 0.06
risk.yaml: stop_percent: 0.5 => stop_percent: 0.6
risk.yaml: min_free_margin_percent: 20 => min_free_margin_percent: 21
strategies.yaml:       ma_period: 10 =>       ma_period: 11
strategies.yaml:       atr_period: 10 =>       atr_period: 11
strategies.yaml:       atr_multiplier_start: 3.0 =>       atr_multiplier_start: 3.1
strategies.yaml:       atr_multiplier_step: 1.0 =>       atr_multiplier_step: 1.1
strategies.yaml:       num_levels: 4 =>       num_levels: 5
strategies.yaml:       sl_percent: 20 =>       sl_percent: 19
strategies.yaml:       sides: [long, short] =>       sides: [short]
strategies.yaml: leverage: 6 => leverage: 5
strategies.yaml: leverage: 6 => leverage: 6⏎  max_hold_candles: 9
strategies.yaml: cooldown_candles: 3 => cooldown_candles: 2
strategies.yaml: min_grid_spacing_pct: 1.2 => min_grid_spacing_pct: 1.3
strategies.yaml: min_profit_pct: 0.4 => min_profit_pct: 0.5
strategies.yaml: min_atr_pct: 0.5 => min_atr_pct: 0.6
strategies.yaml:       st_atr_period: 10 =>       st_atr_period: 11
strategies.yaml:       st_atr_multiplier: 2.0 =>       st_atr_multiplier: 2.1
strategies.yaml:   atr_multiplier: 3.0 =>   atr_multiplier: 3.1
strategies.yaml:   tp_percent: 4 =>   tp_percent: 5
strategies.yaml:   tp_percent: 4 =>   tp_percent: 4⏎  leverage: 7
strategies.yaml:   tp_percent: 4 =>   tp_percent: 4⏎  cooldown_candles: 7
assets.yaml: tick_size: 0.1 => tick_size: 0.2
assets.yaml: lot_size: 0.0001 => lot_size: 0.00005
assets.yaml: min_order_size: 0.0001 => min_order_size: 0.0002
assets.yaml: max_leverage: 150 => max_leverage: 149⏎    min_notional: 6
assets.yaml: max_leverage: 150 => max_leverage: 149
assets.yaml: maintenance_margin_percent: 0.4 => maintenance_margin_percent: 0.5
assets.yaml: max_leverage: 150 => max_leverage: 150⏎    funding_interval_hours: 4
assets.yaml: correlation_group: crypto_major => correlation_group: altcoins
assets.yaml: max_concurrent_same_direction: 2 => max_concurrent_same_direction: 3
assets.yaml: max_exposure_percent: 60 => max_exposure_percent: 61
exchanges.yaml: funding_interval_hours: 8 => funding_interval_hours: 4
exchanges.yaml: min_notional: 5 => min_notional: 6
";

#[test]
fn every_key_changes_what_the_engine_is_told() {
    let base = all_of(&shipped());
    for change in CHANGES.trim().lines() {
        let (file, change) = change.split_once(": ").unwrap();
        let (from, to) = change.split_once(" => ").unwrap();
        let text = text_of(file);
        assert!(text.contains(from), "{file} has no {from:?}");
        let mut texts = shipped();
        texts.insert(format!("config/{file}"), text.replacen(from, &to.replace('⏎', "\n"), 1));
        assert_ne!(all_of(&texts), base, "{file}: {change}");
    }
    // Isolated margin needs stops before liquidation.
    let mut near = shipped();
    let text = text_of("strategies.yaml");
    near.insert(
        "config/strategies.yaml".to_owned(),
        text.replace("sl_percent: 20", "sl_percent: 9")
            .replace("sl_percent: 25", "sl_percent: 9")
            .replace("sl_percent: 15", "sl_percent: 9"),
    );
    let cross = all_of(&near);
    let risk = text_of("risk.yaml").replace("mode: cross", "mode: isolated");
    near.insert("config/risk.yaml".to_owned(), risk);
    assert_ne!(all_of(&near), cross);
}
