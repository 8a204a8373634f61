//! The contract of the report: the schema, the page, the summary. Metrics have their own file.

use std::path::PathBuf;

use super::html::{PriceSeries, page};
use super::result::{PathResult, schema};
use super::sample::{self, Size};
use super::summary::{Style, summary};

/// Set to rewrite the checked-in schema.
const REWRITE: &str = "GARDEFOU_REWRITE_SCHEMA";
/// Set to a path to look at the page of the sample.
const PAGE: &str = "GARDEFOU_SAMPLE_PAGE";

fn schema_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/schema/backtest.schema.json")
}

#[test]
fn the_checked_in_schema_is_that_of_the_types() {
    let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os(REWRITE).is_some() {
        std::fs::create_dir_all(schema_file().parent().unwrap()).unwrap();
        std::fs::write(schema_file(), &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(schema_file()).unwrap_or_default();
    assert!(checked_in == text, "set {REWRITE}=1 to rewrite fixtures/schema/backtest.schema.json");
}

#[test]
fn a_result_validates_against_the_schema() {
    let (backtest, _) = sample::small();
    let mut json = serde_json::to_value(&backtest).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(json["format"], "gardefou-backtest/1");
    assert!(json["paths"]["pessimistic"]["total"]["net_profit"].is_string());

    json["format"] = "gardefou-backtest/2".into();
    assert!(!validator.is_valid(&json));
}

#[test]
fn the_page_is_the_same_twice_and_of_bounded_size() {
    let (backtest, prices) = sample::make(&Size { symbols: 16, days: 1095, reach: 5.2 });
    let html = page(&backtest, &prices).unwrap();
    assert!(html == page(&backtest, &prices).unwrap());
    assert!(html.len() < 7_000_000, "{} bytes", html.len());
    let Some(path) = std::env::var_os(PAGE) else { return };
    std::fs::write(path, &html).unwrap();
    let fills = backtest.paths.pessimistic.fills.len();
    println!("{} bytes, {fills} fills\n{}", html.len(), summary(&backtest, Style::default()));
}

#[test]
fn the_page_stays_bounded_when_the_market_never_rests() {
    let (backtest, prices) = sample::make(&Size { symbols: 16, days: 1095, reach: 1.6 });
    assert!(backtest.paths.pessimistic.fills.len() > 50_000);
    let html = page(&backtest, &prices).unwrap();
    assert!(html.len() < 10_000_000, "{} bytes", html.len());
}

#[test]
fn nothing_from_outside_becomes_markup_or_script() {
    const EVIL: &str = "</script><img src=x onerror=alert(1)>\u{2028}&\"'";
    let (mut backtest, mut prices) = sample::small();
    let symbol = backtest.paths.pessimistic.cycles[0].symbol.clone();
    let rename = |name: &mut String| {
        if *name == symbol {
            *name = EVIL.to_owned();
        }
    };
    backtest.paths.pessimistic.cycles.iter_mut().for_each(|c| rename(&mut c.symbol));
    backtest.paths.pessimistic.refusals.iter_mut().for_each(|r| r.reason = EVIL.to_owned());
    backtest.parameters.books[0].name = EVIL.to_owned();
    backtest.parameters.books[0].symbols[0].strategy.insert(EVIL.to_owned(), EVIL.into());
    backtest.data[0].file = EVIL.to_owned();
    prices.iter_mut().for_each(|p| rename(&mut p.symbol));
    let html = page(&backtest, &prices).unwrap();
    assert!(!html.contains("<img"));
    assert!(
        !html.contains('\u{2028}')
            || !html[html.find("id=\"series\"").unwrap()..].contains('\u{2028}')
    );
    assert_eq!(html.matches("</script>").count(), 2);
}

#[test]
fn words_near_an_end_of_the_scale_stay_inside() {
    let (mut backtest, prices) = sample::small();
    for (hold, x) in [(0.1, "85.0"), (900.0, "915.0")] {
        backtest.paths.pessimistic.total.buy_and_hold_percent = Some(hold);
        let html = page(&backtest, &prices).unwrap();
        let label = format!("<text x=\"{x}\" y=\"13\">buy and hold ");
        assert!(html.contains(&label), "{hold}");
    }
}

#[test]
fn the_page_asks_for_nothing() {
    let (backtest, prices) = sample::small();
    let html = page(&backtest, &prices).unwrap();
    for outside in ["http://", "https://", "src=", "url(", "@import", "fetch(", "<link"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_page_without_prices_and_without_trades_is_still_a_page() {
    let (mut backtest, _) = sample::small();
    let strange = PriceSeries { symbol: "EMPTY".to_owned(), ..PriceSeries::default() };
    assert!(page(&backtest, &[strange]).is_ok());
    backtest.paths.optimistic = PathResult::default();
    backtest.paths.pessimistic = PathResult::default();
    backtest.data.clear();
    backtest.parameters.books.clear();
    assert!(page(&backtest, &[]).unwrap().contains("None: every cycle was closed."));
    assert!(summary(&backtest, Style::default()).contains("None tripped."));
}

#[test]
fn colours_come_only_when_asked_for() {
    let (backtest, _) = sample::small();
    assert!(!summary(&backtest, Style::default()).contains('\u{1b}'));
    assert!(summary(&backtest, Style { colour: true, width: Some(120) }).contains('\u{1b}'));
}

#[test]
fn the_summary_of_a_small_result() {
    let (backtest, _) = sample::small();
    insta::assert_snapshot!(summary(&backtest, Style::default()), @r"
    Backtest 2022-01-01 to 2022-05-01, 120 days, 2 books, 3 symbols
    Bars matched: 8,640 at 1h. Tripped switches: released by a simulated operator.

    Profit in USDT, pessimistic … optimistic path
     Book            Capital     Net profit                Return                Open, unrealised   Buy and hold
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
     grid_atr        10,000.00     +6,832.31 … +7,064.01   +68.32 % … +70.64 %            -430.18       +11.30 %
     grid_multi_tf   10,000.00     +5,882.57 … +6,044.91   +58.83 % … +60.45 %            -327.96       +11.30 %
     all books       20,000.00   +12,714.88 … +13,108.92   +63.57 % … +65.54 %            -758.14       +11.30 %

    Cycles and risk
     Book            Path          Cycles   Win rate   Profit factor   Max drawdown   Sharpe   Sortino   Fees     Funding   Longest
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     grid_atr        pessimistic       94    79.79 %            2.41        13.15 %     3.76      6.30   402.70   -117.11   3 d 10 h
                     optimistic        96    80.21 %            2.45        12.95 %     3.89      6.60   406.73   -117.11   3 d 10 h
     grid_multi_tf   pessimistic       72    80.56 %            2.94        10.55 %     3.76      6.68   286.88    -91.98    3 d 6 h
                     optimistic        73    80.82 %            3.00        10.43 %     3.84      6.87   288.90    -91.98    3 d 6 h
     all books       pessimistic      166    80.12 %            2.61        11.66 %     3.79      6.51   689.58   -209.09   3 d 10 h
                     optimistic       169    80.47 %            2.66        11.51 %     3.90      6.77   695.63   -209.09   3 d 10 h

    Kill switches
     Path          When               Switch    Book       Loss      Limit     Released
    ────────────────────────────────────────────────────────────────────────────────────────────
     pessimistic   2022-02-18 15:00   session   grid_atr   26.40 %   25.00 %   2022-02-19 00:00
     optimistic    2022-02-18 15:00   session   grid_atr   26.40 %   25.00 %   2022-02-19 00:00

    Cycles still open at the end; their unrealised result is not in the profit above
     Path          Book            Symbol         Opened             Levels   Entry      Last      Unrealised
    ──────────────────────────────────────────────────────────────────────────────────────────────────────────
     pessimistic   grid_atr        BTCUSDT long   2022-04-30 02:59        4   70538.05   69012.6      -430.18
     pessimistic   grid_multi_tf   BTCUSDT long   2022-04-30 03:59        4   70171.47   69012.6      -327.96
     optimistic    grid_atr        BTCUSDT long   2022-04-30 02:59        4   70538.05   69012.6      -430.18
     optimistic    grid_multi_tf   BTCUSDT long   2022-04-30 03:59        4   70171.47   69012.6      -327.96

    Refusals, in bars and symbols
     Reason            Book            Pessimistic   Optimistic
    ────────────────────────────────────────────────────────────
     max_live_grids    grid_atr              5,400        4,500
     max_live_grids    grid_multi_tf         5,400        4,500
     margin_guard      grid_atr              1,860        1,550
     margin_guard      grid_multi_tf         1,860        1,550
     round_trip_cost   grid_atr                264          220
     round_trip_cost   grid_multi_tf           264          220

    What this does not prove
    - The interval is not a bound. A bar says how far the price went, not in which order. The
      pessimistic and the optimistic path are two named assumptions about that order; the true result
      may lie outside what they span. Bars matched: 8,640 at 1h.
    - One history, already known. The parameters may have been chosen by looking at these same bars, and
      the symbols are those that are still traded. Nothing here says how the strategies do on bars that
      nobody had seen.
    - The market does not notice the orders. A resting order is filled whole once the price trades
      through it; slippage is a fixed part of the price; there is no queue, no depth, no latency and no
      outage.
    - Today's rules applied to the past. Fees, steps, minimums, leverage limits and maintenance rates
      are those of the configuration, whatever the exchange asked at the time.
    - Cycles still open. The data ended with open cycles: 2 cycles worth -758.14 USDT on the pessimistic
      path, 2 cycles worth -758.14 USDT on the optimistic one, at the last close. They are in no win
      rate, and what they end as is unknown.
    - Kill switches tripped. 1 trip on the pessimistic path, 1 trip on the optimistic one. A simulated
      operator released each of them on time; a person may decide otherwise.
    - Funding partly assumed. 9 of 1,080 settlements have no recorded rate and were charged at 0.01 %.
    - Not the whole configuration. Left out: UNIUSDT.
    - Drawdown seen once a day. Equity was read at 00:00 UTC only; in between it may have been lower.

    17,280 bars in 0.31 s of CPU time: 0.06 million bars/s.
    ");
}
