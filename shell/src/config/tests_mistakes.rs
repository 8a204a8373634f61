//! Every documented mistake, with the words that answer it. `from => to` is one replacement in a
//! shipped file (`⏎` is a line end); below it stands what is said, the first line and how many
//! more there are.

use std::collections::BTreeMap;

use gardefou_core::config::{Facts, Mode};
use rust_decimal::Decimal;

use super::Selection;
use super::tests::{refusals, shipped_settings, with};

fn shorten(said: &str) -> String {
    let mut lines = said.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    match lines.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

fn check(file: &str, transcript: &str) {
    let mut answered = String::new();
    for case in transcript.trim().split("\n\n") {
        let change = case.lines().next().unwrap();
        let (from, to) = change.split_once(" => ").unwrap();
        let said = with(file, &from.replace('⏎', "\n"), &to.replace('⏎', "\n"));
        answered.push_str(&format!("{change}\n  {}\n\n", shorten(&said)));
    }
    pretty_assert(transcript.trim(), answered.trim());
}

fn pretty_assert(expected: &str, answered: &str) {
    for (expected, answered) in expected.lines().zip(answered.lines()) {
        assert_eq!(expected, answered);
    }
    assert_eq!(expected, answered);
}

#[test]
fn mistakes_in_strategies() {
    check(
        "strategies.yaml",
        r#"
leverage: 6 => leverage: 60
  config/strategies.yaml:16:13: grid_atr.leverage is 60: must be 1 to 20; write a whole number from 1 to 20

leverage: 6 => leverge: 6
  config/strategies.yaml:16:3: grid_atr.leverge is not a key: unknown keys are refused; did you mean leverage?

leverage: 6 => weight: 0.2
  config/strategies.yaml:16:3: grid_atr.weight is not a key: unknown keys are refused; remove it; it has no effect here

leverage: 6 => zebra: 0.2
  config/strategies.yaml:16:3: grid_atr.zebra is not a key: unknown keys are refused; remove it; known here: atr_multiplier_start, atr_multiplier_step, atr_period, cooldown_candles, enabled, leverage, live_eligible, ma_period, max_hold_candles, min_atr_pct, min_grid_spacing_pct, min_profit_pct, num_levels, per_asset, sides, sl_percent, timeframe

leverage: 6 => leverage: no
  config/strategies.yaml:16:13: grid_atr.leverage is no: must be a whole number; write a whole number from 1 to 20

leverage: 6 => leverage: 6.5
  config/strategies.yaml:16:13: grid_atr.leverage is 6.5: must be a whole number; write a whole number from 1 to 20

leverage: 6 => leverage: ~
  config/strategies.yaml:16:3: grid_atr.leverage is empty: a key that is written needs a value; write a whole number from 1 to 20

leverage: 6 => leverage:
  config/strategies.yaml:16:3: grid_atr.leverage is empty: a key that is written needs a value; write a whole number from 1 to 20

leverage: 6 => leverage: [6]
  config/strategies.yaml:16:13: grid_atr.leverage is [6]: must be a single value; write a whole number from 1 to 20

leverage: 6 => leverage: {a: 6}
  config/strategies.yaml:16:13: grid_atr.leverage is a table: must be a single value; write a whole number from 1 to 20

leverage: 6 => leverage: 6⏎  leverage: 7
  config/strategies.yaml:17:3: leverage is written twice: a key stands once; keep one of them

    ADA/USDT:⏎ =>     ADA/USDT:⏎      leverage: 21⏎
  config/strategies.yaml:20:17: grid_atr.per_asset.ADA/USDT.leverage is 21: must be 1 to 20; write a whole number from 1 to 20

num_levels: 3 => num_levels: 7
  config/strategies.yaml:13:15: grid_atr.num_levels is 7: must be 1 to 6; write a whole number from 1 to 6

num_levels: 3 => num_levels: 0
  config/strategies.yaml:13:15: grid_atr.num_levels is 0: must be 1 to 6; write a whole number from 1 to 6

num_levels: 3 => num_levels: -1
  config/strategies.yaml:13:15: grid_atr.num_levels is -1: must be 1 to 6; write a whole number from 1 to 6

timeframe: 1h => timeframe: 4h
  config/strategies.yaml:8:14: grid_atr.timeframe is 4h: only 1h is traded; write 1h

sl_percent: 20 => sl_percent: 20%
  config/strategies.yaml:14:15: grid_atr.sl_percent is 20%: must be a number of percent; write percent without a sign, from 0.1 to 95 (5 means 5 %)

sl_percent: 20 => sl_percent: 20.1234567
  config/strategies.yaml:14:15: grid_atr.sl_percent is 20.1234567: must have at most 6 decimals; write percent without a sign, from 0.1 to 95 (5 means 5 %)

sl_percent: 20 => sl_percent: 0
  config/strategies.yaml:14:15: grid_atr.sl_percent is 0: must be 0.1 to 95 percent; write percent without a sign, from 0.1 to 95 (5 means 5 %)

sl_percent: 20 => sl_percent: 1e1
  config/strategies.yaml:14:15: grid_atr.sl_percent is 1e1: must be a number of percent; write percent without a sign, from 0.1 to 95 (5 means 5 %)

sl_percent: 20 => sl_percent: 99999999999999999999999999999999
  config/strategies.yaml:14:15: grid_atr.sl_percent is 99999999999999999999999999999999: must be a number of percent; write percent without a sign, from 0.1 to 95 (5 means 5 %)

atr_multiplier_start: 2.0 => atr_multiplier_start: .nan
  config/strategies.yaml:11:25: grid_atr.atr_multiplier_start is .nan: must be a number; write a number from 0.01 to 100

atr_multiplier_start: 2.0 => atr_multiplier_start: .inf
  config/strategies.yaml:11:25: grid_atr.atr_multiplier_start is .inf: must be a number; write a number from 0.01 to 100

atr_multiplier_start: 2.0 => atr_multiplier_start: -1
  config/strategies.yaml:11:25: grid_atr.atr_multiplier_start is -1: must be 0.01 to 100; write a number from 0.01 to 100

atr_multiplier_start: 2.0 => atr_multiplier_start: 1e999
  config/strategies.yaml:11:25: grid_atr.atr_multiplier_start is 1e999: must be a number; write a number from 0.01 to 100

sides: [long] => sides: []
  config/strategies.yaml:15:10: grid_atr.sides is an empty list: must list long, short or both, each once; write [long], [short] or [long, short]

sides: [long] => sides: long
  config/strategies.yaml:15:10: grid_atr.sides is long: must list long, short or both, each once; write [long], [short] or [long, short]

sides: [long] => sides: [long, long]
  config/strategies.yaml:15:10: grid_atr.sides is [long, long]: must list long, short or both, each once; write [long], [short] or [long, short]

sides: [long] => sides: [buy]
  config/strategies.yaml:15:10: grid_atr.sides is [buy]: must list long, short or both, each once; write [long], [short] or [long, short]

sides: [long] => sides: [[long]]
  config/strategies.yaml:15:10: grid_atr.sides is a list: must be a single value; write [long], [short] or [long, short]

enabled: true => enabled: yes
  config/strategies.yaml:6:12: grid_atr.enabled is yes: must be true or false; write true or false

grid_multi_tf: => grid_multitf:
  config/strategies.yaml:120:1: grid_multitf is not a strategy: unknown strategies are refused; did you mean grid_multi_tf?

grid_multi_tf: => scalping:
  config/strategies.yaml:120:1: scalping is not a strategy: unknown strategies are refused; use one of grid_atr, grid_multi_tf, supertrend

ADA/USDT: => ADAB/USDT:
  config/strategies.yaml:19:5: grid_atr.per_asset.ADABUSDT is not an asset: a symbol must be listed in assets.yaml; did you mean ADAUSDT? otherwise add it to assets.yaml

ADA/USDT: => ZZZZZ/USDT:
  config/strategies.yaml:19:5: grid_atr.per_asset.ZZZZZUSDT is not an asset: a symbol must be listed in assets.yaml; add it to assets.yaml with its tick, lot and leverage

ADA/USDT: => ada:
  config/strategies.yaml:19:5: grid_atr.per_asset.ada is not a symbol: must be a USDT perpetual in capitals and digits; write it like BTC/USDT or BTCUSDT

ADA/USDT: => ATOMUSDT:
  config/strategies.yaml:30:5: grid_atr.per_asset.ATOM/USDT is written twice: a symbol stands once; keep one of them

BTC/USDT: {} => BTC/USDT:
  config/strategies.yaml:219:5: supertrend.per_asset.BTC/USDT is empty: must be a table; write keys with values below it, or {}

      st_atr_period: 10 =>       min_profit_pct: 1
  config/strategies.yaml:142:7: grid_multi_tf.per_asset.AAVE/USDT.min_profit_pct is not a key: unknown keys are refused; remove it; known here: atr_multiplier_start, atr_multiplier_step, atr_period, cooldown_candles, leverage, ma_period, max_hold_candles, min_grid_spacing_pct, num_levels, sides, sl_percent, st_atr_multiplier, st_atr_period

      tp_percent: 5 =>       num_levels: 5
  config/strategies.yaml:221:7: supertrend.per_asset.ETH/USDT.num_levels is not a key: unknown keys are refused; remove it; known here: atr_multiplier, atr_period, cooldown_candles, leverage, sides, sl_percent, tp_percent

  enabled: true⏎  live_eligible: true =>   enabled: true⏎  enabled_live: true⏎  leverge: 5
  config/strategies.yaml:7:3: grid_atr.enabled_live is not a key: unknown keys are refused; remove it; known here: atr_multiplier_start, atr_multiplier_step, atr_period, cooldown_candles, enabled, leverage, live_eligible, ma_period, max_hold_candles, min_atr_pct, min_grid_spacing_pct, min_profit_pct, num_levels, per_asset, sides, sl_percent, timeframe (and 1 more)
"#,
    );
}

#[test]
fn mistakes_in_risk() {
    check(
        "risk.yaml",
        r#"
${GARDEFOU_CAPITAL:-1646} => 0
  config/risk.yaml:4:18: initial_capital is 0: must be above 0, at most 1000000000; write a plain number above 0, at most 1000000000

${GARDEFOU_CAPITAL:-1646} => -5
  config/risk.yaml:4:18: initial_capital is -5: must be above 0, at most 1000000000; write a plain number above 0, at most 1000000000

${GARDEFOU_CAPITAL:-1646} => 1000000001
  config/risk.yaml:4:18: initial_capital is 1000000001: must be above 0, at most 1000000000; write a plain number above 0, at most 1000000000

${GARDEFOU_CAPITAL:-1646} => 0.000000001
  config/risk.yaml:4:18: initial_capital is 0.000000001: must have at most 8 decimals; write a plain number above 0, at most 1000000000

${GARDEFOU_CAPITAL:-1646} => 10_000
  config/risk.yaml:4:18: initial_capital is 10_000: must be a number; write a plain number above 0, at most 1000000000

initial_capital: ${GARDEFOU_CAPITAL:-1646} => 
  config/risk.yaml:5:1: initial_capital is missing: this key is required; write a plain number above 0, at most 1000000000

max_margin_ratio: 0.70 => max_margin_ratio: 70
  config/risk.yaml:5:19: max_margin_ratio is 70: must be 0.1 to 1; write a part of one from 0.1 to 1 (0.7 means 70 %)

max_margin_ratio: 0.70 => max_margin_ratio: 0.701234567
  config/risk.yaml:5:19: max_margin_ratio is 0.701234567: must have at most 8 decimals; write a part of one from 0.1 to 1 (0.7 means 70 %)

on_kill: cancel_entries => on_kill: sell
  config/risk.yaml:18:12: kill_switch.on_kill is sell: must be block, cancel_entries or flatten; write block or cancel_entries or flatten

entry_order: limit => entry_order: Limit
  config/risk.yaml:7:14: entry_order is Limit: must be limit or market; write limit or market

mode: cross => mode: isolated
  config/strategies.yaml:25:19: grid_atr.sl_percent for ADAUSDT is 20: with isolated margin the position would be liquidated first: stop at 20 % from the average entry and up to 0.5 % of slippage, liquidation at 15.66 % (100 / leverage 6 − 1 % maintenance); write sl_percent below 15.16, a lower leverage, or margin.mode: cross (and 15 more)

max_leverage: 20 => max_leverage: 30
  config/risk.yaml:24:17: position.max_leverage is 30: must be 1 to 20; write a whole number from 1 to 20; no leverage above 20 is traded here, files that say max_leverage: 30 are of another program

default_leverage: 3 => default_leverage: 0
  config/risk.yaml:23:21: position.default_leverage is 0: must be 1 to 20; write a whole number from 1 to 20; without the key it is 3

margin: => regime_filter_enabled: true⏎margin:
  config/risk.yaml:35:1: regime_filter_enabled is not a key: unknown keys are refused; remove it; what it did elsewhere is left out here on purpose: no regime switches a strategy off; the levels follow the ATR

max_leverage: 20 => max_leverage: 2
  config/risk.yaml:23:21: position.default_leverage is 3: must not exceed position.max_leverage, which is 2; write at most 2 (and 3 more)

kill_switch: => kill_switch: 5⏎kill:
  config/risk.yaml:13:14: kill_switch is 5: must be a table; write keys with values below it, or {} (and 1 more)

stop_percent: 0.5 => high_volatility_multiplier: 2
  config/risk.yaml:33:3: slippage.high_volatility_multiplier is not a key: unknown keys are refused; remove it; what it did elsewhere is left out here on purpose: slippage is what default_estimate_percent and stop_percent say, in any market

fees: => fees: [
  config/risk.yaml:28:16: the file is not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'; correct the line

requote_tolerance_percent: 0.2 => requote_tolerance_percent: 0.2%
  config/risk.yaml:8:28: requote_tolerance_percent is 0.2%: must be a number of percent; write percent without a sign, from 0 to 5 (5 means 5 %)

requote_tolerance_percent: 0.2 => requote_tolerance_percent: -0.2
  config/risk.yaml:8:28: requote_tolerance_percent is -0.2: must be 0 to 5 percent; write percent without a sign, from 0 to 5 (5 means 5 %)

position: => ---⏎position:
  config/risk.yaml:21:1: the file is more than one document: a file holds one document; remove the line ---
"#,
    );
}

#[test]
fn mistakes_in_assets() {
    check(
        "assets.yaml",
        r#"
max_leverage: 150 => max_leverage: 1
  config/strategies.yaml:16:13: grid_atr.leverage is 6: must not exceed BTCUSDT.max_leverage, which is 1; write at most 1 (and 1 more)

correlation_group: crypto_major => correlation_group: crypto_mayor
  config/assets.yaml:11:24: BTCUSDT.correlation_group is crypto_mayor: the group is not declared; did you mean crypto_major?

correlation_group: crypto_major => correlation_group: Memes
  config/assets.yaml:11:24: BTCUSDT.correlation_group is Memes: must be a name of 1 to 32 characters; write small letters, digits and underscores, such as crypto_major

correlation_group: crypto_major => correlation_group: memes_memes_memes
  config/assets.yaml:11:24: BTCUSDT.correlation_group is memes_memes_memes: the group is not declared; declare it in correlation_groups, or use one of crypto_major, crypto_alt, altcoins

min_order_size: 0.0001 => min_order_size: 0.00015
  config/assets.yaml:8:21: BTCUSDT.min_order_size is 0.00015: must be a multiple of lot_size, which is 0.0001; write 0.0001 or a multiple of it

tick_size: 0.1 => tick_size: 0.00001
  config/assets.yaml:7:15: BTCUSDT.lot_size is 0.0001: times the tick, which is 0.00001, it must be a whole number of 0.00000001 USDT; write a coarser lot_size or tick_size

    tick_size: 0.1⏎ => 
  config/assets.yaml:5:5: BTCUSDT.tick_size is missing: this key is required; write a plain number above 0, at most 1000

symbol: ETH/USDT => symbol: BTCUSDT
  config/assets.yaml:12:13: BTCUSDT is listed twice: an asset stands once; keep one of them

symbol: ETH/USDT => symbol: ETH/USD
  config/assets.yaml:12:13: assets[1].symbol is ETH/USD: must be a USDT perpetual in capitals and digits; write it like BTC/USDT or BTCUSDT

funding_interval_hours: 4 => funding_interval_hours: 3
  config/assets.yaml:173:29: INJUSDT.funding_interval_hours is 3: funding is settled every 1, 2, 4 or 8 hours; write 1 or 2 or 4 or 8

correlation_groups: => groups:
  config/assets.yaml:204:1: groups is not a key: unknown keys are refused; remove it; known here: assets, correlation_groups
"#,
    );
}

#[test]
fn mistakes_in_exchanges() {
    check(
        "exchanges.yaml",
        r#"
simulated: => simulatd:
  config/exchanges.yaml:3:1: simulatd is not a key: unknown keys are refused; did you mean simulated?

funding_interval_hours: 8 => latency_ms: 8
  config/exchanges.yaml:4:3: simulated.latency_ms is not a key: unknown keys are refused; remove it; known here: funding_interval_hours, min_notional

min_notional: 5 => min_notional: 0
  config/exchanges.yaml:5:17: simulated.min_notional is 0: must be above 0, at most 10000; write a plain number above 0, at most 10000
"#,
    );
}

#[test]
fn files_of_the_wrong_shape() {
    let said = refusals("assets.yaml", "assets: []\ncorrelation_groups: {}\n".to_owned());
    insta::assert_snapshot!(said, @r#"
    config/assets.yaml:2:21: correlation_groups is empty: at least one entry is needed; declare a group with its limits, or remove the key
    config/assets.yaml:1:9: assets is an empty list: at least one entry is needed; list the assets, each with symbol, tick_size and so on
    "#);
    insta::assert_snapshot!(refusals("strategies.yaml", String::new()), @r#"config/strategies.yaml: enabled is false everywhere: at least one strategy must be enabled; write enabled: true below a strategy"#);
    let off = "supertrend:\n  enabled: false\n  per_asset:\n    BTC/USDT: {}\n".to_owned();
    insta::assert_snapshot!(refusals("strategies.yaml", off), @r#"config/strategies.yaml:2:12: supertrend.enabled is false: at least one strategy must be enabled; write enabled: true below a strategy"#);
    let said = refusals("strategies.yaml", "grid_atr:\n  per_asset: {}\n".to_owned());
    insta::assert_snapshot!(said, @r#"config/strategies.yaml:2:14: grid_atr.per_asset is empty: at least one entry is needed; list the symbols that it may trade, such as BTC/USDT: {}"#);
    insta::assert_snapshot!(refusals("risk.yaml", "- 1\n".to_owned()), @r#"
    config/risk.yaml:1:1: the file is [1]: must be a table; write keys with values below it, or {}
    config/risk.yaml:1:1: initial_capital is missing: this key is required; write a plain number above 0, at most 1000000000
    "#);
}

#[test]
fn mistakes_in_a_selection() {
    let said = |symbols: &[&str], strategies: &[&str], mode| {
        let mut selection = Selection::everything(mode, Facts::WithBars);
        if !symbols.is_empty() {
            selection.symbols = Some(symbols.iter().map(|name| name.parse().unwrap()).collect());
        }
        if !strategies.is_empty() {
            selection.strategies = Some(strategies.iter().map(|&name| name.to_owned()).collect());
        }
        let result = shipped_settings().engine(&selection, &BTreeMap::new());
        result.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
    };
    insta::assert_snapshot!(said(&["BTCUSD"], &[], Mode::Paper), @r#"selection: symbol is BTCUSD: a symbol must be listed in assets.yaml; did you mean BTCUSDT? otherwise add it to assets.yaml"#);
    insta::assert_snapshot!(said(&["TRXUSDT"], &[], Mode::Paper), @r#"selection: symbol is TRXUSDT: a symbol must be run by a selected strategy; add TRXUSDT to per_asset of a strategy"#);
    insta::assert_snapshot!(said(&[], &["grid_at"], Mode::Paper), @r#"selection: strategy is grid_at: a strategy must stand in strategies.yaml; did you mean grid_atr?"#);
    insta::assert_snapshot!(said(&[], &["supertrend"], Mode::Live), @r#"config/strategies.yaml:209:1: supertrend is not for live: a live strategy must be enabled and live_eligible; write enabled: true and live_eligible: true, or run it on paper"#);
    assert_eq!(said(&["BTCUSDT"], &["grid_atr"], Mode::Live), "accepted");
}

#[test]
fn history_that_is_finer_than_money_is_refused() {
    let btc = "BTCUSDT".parse().unwrap();
    let ticks = BTreeMap::from([(btc, Decimal::new(1, 6))]);
    let everything = Selection::everything(Mode::Paper, Facts::WithBars);
    let said = shipped_settings().engine(&everything, &ticks).unwrap_err().to_string();
    insta::assert_snapshot!(said, @r#"config/assets.yaml:7:15: BTCUSDT.lot_size is 0.0001: times the tick, which is 0.000001, it must be a whole number of 0.00000001 USDT; write a coarser lot_size or tick_size"#);
}
