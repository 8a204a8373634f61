//! The contract of the report: the schema, the page, the summary. Metrics have their own file.

use super::html::{PriceSeries, page};
use super::result::{Backtest, LargestOrder, MarketShare, PathResult, Refusal, schema};
use super::sample::{self, Size};
use super::summary::{Style, summary};
use super::untraded::untraded;

/// Set to a path to look at the page of the sample.
const PAGE: &str = "GARDEFOU_SAMPLE_PAGE";

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
    assert!(html.len() < 8_000_000, "{} bytes", html.len());
    let Some(path) = std::env::var_os(PAGE) else { return };
    std::fs::write(path, &html).unwrap();
    let fills = backtest.paths.pessimistic.fills.len();
    println!("{} bytes, {fills} fills\n{}", html.len(), summary(&backtest, Style::default()));
}

#[test]
fn each_book_has_its_own_ladder_on_a_chart() {
    let (backtest, prices) = sample::small();
    let html = page(&backtest, &prices).unwrap();
    let (_, series) = html.split_once("id=\"series\">").unwrap();
    let (series, _) = series.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(series).unwrap();
    for chart in data["prices"].as_array().unwrap() {
        let ladders = chart["ladders"].as_array().unwrap();
        let books: Vec<_> = ladders.iter().map(|ladder| ladder["book"].as_u64()).collect();
        assert_eq!(books, [Some(0), Some(1)], "as many as books");
        assert_ne!(ladders[0]["rows"], ladders[1]["rows"], "and not the same twice");
    }
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
    insta::assert_snapshot!(summary(&backtest, Style::default()));
}

/// The sample with an order of 57 million USDT on the optimistic path and an interval to match.
fn beyond_the_market() -> Backtest {
    let (mut backtest, _) = sample::small();
    let path = &mut backtest.paths.optimistic;
    path.market_share = MarketShare {
        limit_percent: 1.0,
        compared: 900,
        beyond: 41,
        beyond_from: Some(1_646_092_800_000.into()), // 2022-03-01
        largest: Some(LargestOrder {
            time: 1_648_771_200_000.into(), // 2022-04-01
            book: "grid_multi_tf".to_owned(),
            symbol: "CRVUSDT".to_owned(),
            cycle: 7,
            value: 57_000_000.into(),
            hour_value: 2_000_000.into(),
            share_percent: 2_850.0,
        }),
    };
    path.total.net_profit += rust_decimal::Decimal::from(73_600_000);
    backtest
}

#[test]
fn orders_beyond_the_market_are_told_beside_the_figures() {
    let (small, prices) = sample::small();
    let words = ["Beyond what the market could have filled", "Nothing is proven"];
    for (backtest, told) in [(&beyond_the_market(), true), (&small, false)] {
        let text = summary(backtest, Style::default()).replace("\n ", "");
        let page = page(backtest, &prices).unwrap();
        for word in words {
            assert_eq!(text.contains(&word.to_uppercase()), told, "{text}");
            assert_eq!(page.contains(&format!("role=\"note\"><strong>{word}.")), told, "{word}");
        }
    }
    let text = summary(&beyond_the_market(), Style::default()).replace("\n ", "");
    let figures = [
        "on the optimistic path from 2022-03-01 on (41 of 900 executions exceed 1 %",
        "57,000,000.00 USDT of CRVUSDT on 2022-04-01, 2850 % of what was traded in its hour",
        "Results from then on are beyond what the market could have filled.",
    ];
    for figure in figures {
        assert!(text.contains(figure), "{figure:?} is missing in: {text}");
    }
}

#[test]
fn the_largest_order_is_told_even_when_the_market_had_room() {
    let mut backtest = beyond_the_market();
    let share = &mut backtest.paths.optimistic.market_share;
    (share.beyond, share.beyond_from) = (0, None);
    share.largest.as_mut().unwrap().share_percent = 0.4321;
    let text = summary(&backtest, Style::default()).replace("\n ", "");
    assert!(text.contains("0.43 % of what was traded in its hour"), "{text}");
    assert!(!text.contains("BEYOND"), "{text}");
}

#[test]
fn a_symbol_that_was_never_traded_has_its_reason() {
    let (mut backtest, prices) = sample::small();
    for path in [&mut backtest.paths.pessimistic, &mut backtest.paths.optimistic] {
        path.fills.retain(|fill| fill.symbol != "BTCUSDT" || fill.book != "grid_atr");
        let mine = |r: &&mut Refusal| r.symbol == "BTCUSDT" && r.book == "grid_atr";
        for refusal in path.refusals.iter_mut().filter(mine) {
            refusal.bars = if refusal.reason == "margin_guard" { 2_000 } else { 3 };
            refusal.remedy = Some("raise it".to_owned());
        }
    }
    let why = "on 2,000 of its 2,880 bars margin_guard in words (margin_guard): raise it";
    let told = untraded(&backtest);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].symbol.as_str(), told[0].why.as_str()), ("BTCUSDT", why));
    let text = summary(&backtest, Style::default()).replace("\n ", "");
    assert!(text.contains(&format!("grid_atr BTCUSDT: {why}.")), "{text}");
    assert!(page(&backtest, &prices).unwrap().contains("Never traded, and why"));
    // Without refusals it was quoted, and no price came.
    backtest.paths.pessimistic.refusals.clear();
    assert!(untraded(&backtest)[0].why.starts_with("a ladder was quoted"));
    // With ten bars it never warmed up.
    let hours = backtest.data.iter_mut().find(|d| d.symbol == "BTCUSDT").unwrap();
    hours.rows = 10;
    assert!(
        untraded(&backtest)[0]
            .why
            .contains("need 500 bars before the first decision and the data has 10")
    );
}
