//! The files that are shipped: they load, and become what they say.

use std::collections::BTreeMap;

use gardefou_core::config::{EngineConfig, Facts, Mode, Params};
use gardefou_core::money::{Cash, Fraction, Lots};
use gardefou_core::time::Span;
use rust_decimal::Decimal;

use super::tests::{engine, shipped_settings, text_of};
use super::{Selection, load, resolved, shipped};

fn grid<'a>(config: &'a EngineConfig, book: &str, symbol: &str) -> &'a Params {
    let book = config.books.iter().find(|candidate| candidate.name == book).unwrap();
    let named = |id| config.instrument(id).unwrap().symbol.as_str() == symbol;
    &book.symbols.iter().find(|run| named(run.symbol)).unwrap().params
}

#[test]
fn shipped_files_load_from_disk_and_from_memory_alike() {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in shipped() {
        let name = path.strip_prefix("config/").unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let disk = load(dir.path(), &BTreeMap::new()).unwrap();
    let memory = shipped_settings();
    let everything = Selection::everything(Mode::Paper, Facts::WithBars);
    let none = BTreeMap::new();
    assert_eq!(disk.engine(&everything, &none), memory.engine(&everything, &none));
    let hashes = |settings: &super::Settings| -> Vec<String> {
        settings.files().iter().map(|file| file.sha256.clone()).collect()
    };
    assert_eq!(hashes(&disk), hashes(&memory));
}

#[test]
fn shipped_engine_has_two_grids_on_nine_symbols_each() {
    let config = engine(&shipped_settings());
    let books: Vec<_> = config.books.iter().map(|b| (b.name.as_str(), b.symbols.len())).collect();
    assert_eq!(books, [("grid_atr", 9), ("grid_multi_tf", 9)]);
    assert!(config.books.iter().all(|book| book.capital == Cash::usdt(1_646)));
    assert!(config.instruments.windows(2).all(|pair| pair[0].symbol < pair[1].symbol));
    assert_eq!(config.instruments.len(), 15);
    for book in &config.books {
        assert!(book.symbols.windows(2).all(|pair| pair[0].symbol < pair[1].symbol));
    }
}

#[test]
fn overrides_win_over_the_strategy_and_the_strategy_over_defaults() {
    let config = engine(&shipped_settings());
    let Params::Grid(btc) = grid(&config, "grid_atr", "BTCUSDT") else { panic!("a grid") };
    assert_eq!((btc.ma_period, btc.atr_multiplier_step, btc.levels), (7, 1.5, 4));
    assert_eq!((btc.leverage, btc.cooldown_bars, btc.max_hold_bars), (6, 3, 0));
    assert!(btc.sides.long && !btc.sides.short);
    assert!(btc.trend.is_none());
    let Params::Grid(atom) = grid(&config, "grid_atr", "ATOMUSDT") else { panic!("a grid") };
    assert_eq!(atom.min_profit, Fraction(400_000));
    assert!(atom.sides.short);
    let Params::Grid(eth) = grid(&config, "grid_multi_tf", "ETHUSDT") else { panic!("a grid") };
    let trend = eth.trend.as_ref().unwrap();
    assert_eq!((trend.atr_period, trend.atr_multiplier), (10, 2.0));
    assert_eq!((eth.stop_loss, eth.leverage), (Fraction::percent(15), 5));
}

#[test]
fn percent_and_money_are_exact() {
    let config = engine(&shipped_settings());
    assert_eq!(config.costs.maker, Fraction(20_000));
    assert_eq!(config.costs.stop_slippage, Fraction(500_000));
    assert_eq!(config.risk.max_margin_ratio, Fraction::percent(70));
    assert_eq!(config.risk.global_window, Span::DAY);
    assert_eq!(config.risk.max_loss_at_stop, None);
    let btc = config.instruments.iter().find(|i| i.symbol.as_str() == "BTCUSDT").unwrap();
    assert_eq!((btc.value, btc.min_lots, btc.min_notional), (1_000, Lots(1), Cash::usdt(5)));
    assert_eq!(btc.maintenance, Fraction(400_000));
    assert_eq!((btc.funding_interval, btc.group.as_str()), (Span::hours(8), "crypto_major"));
}

#[test]
fn a_disabled_strategy_runs_when_it_is_named_and_takes_the_default_leverage() {
    let mut selection = Selection::everything(Mode::Paper, Facts::WithBars);
    selection.strategies = Some(vec!["supertrend".to_owned()]);
    let config = shipped_settings().engine(&selection, &BTreeMap::new()).unwrap();
    let Params::Mono(eth) = grid(&config, "supertrend", "ETHUSDT") else { panic!("mono") };
    assert_eq!((eth.take_profit, eth.stop_loss), (Fraction::percent(5), Fraction(2_500_000)));
    assert_eq!(eth.leverage, 3);
}

#[test]
fn live_takes_eligible_strategies_only() {
    let live = Selection::everything(Mode::Live, Facts::Continuous);
    let config = shipped_settings().engine(&live, &BTreeMap::new()).unwrap();
    let names: Vec<_> = config.books.iter().map(|book| book.name.as_str()).collect();
    assert_eq!(names, ["grid_atr"]);
}

#[test]
fn history_with_finer_prices_makes_the_tick_finer() {
    let settings = shipped_settings();
    let btc = "BTCUSDT".parse().unwrap();
    let mut selection = Selection::everything(Mode::Paper, Facts::WithBars);
    selection.symbols = Some(vec![btc]);
    let tick = |found: &str| {
        let ticks = BTreeMap::from([(btc, Decimal::from_str_exact(found).unwrap())]);
        settings.engine(&selection, &ticks).unwrap().instruments[0].tick.to_string()
    };
    assert_eq!(tick("0.01"), "0.01");
    assert_eq!(tick("1"), "0.1");
}

#[test]
fn every_shipped_symbol_that_people_expect_is_an_asset() {
    let assets = text_of("assets.yaml");
    let expected = "BTC ETH SOL XRP ADA DOGE LTC BCH BNB LINK AVAX ARB AAVE CRV DYDX ICP ATOM ETC \
                    NEAR GALA";
    for base in expected.split_whitespace() {
        assert!(assets.contains(&format!("symbol: {base}/USDT\n")), "{base}");
    }
}

#[test]
fn hashes_follow_the_parameters_and_nothing_else() {
    let base = resolved(&engine(&shipped_settings()));
    assert_eq!(base.len(), 18);
    let hash = |sets: &[super::Resolved], symbol: &str| {
        sets.iter().find(|s| s.strategy == "grid_atr" && s.symbol == symbol).unwrap().hash.clone()
    };
    let changed = |from: &str, to: &str| {
        let mut texts = shipped();
        let text = texts.get_mut("config/strategies.yaml").unwrap();
        *text = text.replacen(from, to, 1);
        resolved(&engine(&super::load_from(&texts, &BTreeMap::new()).unwrap()))
    };
    // The first leverage is that of grid_atr: every symbol of it changes.
    let leverage = changed("leverage: 6", "leverage: 5");
    assert_ne!(hash(&base, "BTCUSDT"), hash(&leverage, "BTCUSDT"));
    // The first override is ADA's: nobody else changes.
    let ada = changed("ma_period: 10", "ma_period: 11");
    assert_ne!(hash(&base, "ADAUSDT"), hash(&ada, "ADAUSDT"));
    assert_eq!(hash(&base, "BTCUSDT"), hash(&ada, "BTCUSDT"));
    // Another spelling of the same number is the same number.
    let spelling = changed("sl_percent: 20", "sl_percent: 20.00");
    assert_eq!(base, spelling);
}

#[test]
fn a_resolved_set_reads_as_the_files_do() {
    let sets = resolved(&engine(&shipped_settings()));
    let atom = sets.iter().find(|set| set.symbol == "ATOMUSDT").unwrap();
    let words: Vec<String> =
        atom.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    insta::assert_snapshot!(words.join("\n"), @r#"
    atr_multiplier_start 3
    atr_multiplier_step 1
    atr_period 14
    cooldown_candles 3
    leverage 6
    ma_period 7
    max_hold_candles 0
    min_atr_pct 0.5
    min_grid_spacing_pct 1.8
    min_profit_pct 0.4
    num_levels 4
    sides [long, short]
    sl_percent 20
    timeframe 1h
    "#);
    assert_eq!(atom.hash.len(), 64);
}
