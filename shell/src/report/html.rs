//! The result as one HTML page: self-contained, no external request, the same for the same input.
//!
//! The page carries its figures as static tables, readable without scripts, and a compact copy of
//! the series for the charts, which a short script draws. Whatever comes from outside is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::result::Backtest;
use super::words::day;

mod chart_data;
mod downsample;
mod inputs;
mod overview;
mod tables;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = concat!(include_str!("html/chart.js"), include_str!("html/report.js"));
/// Nothing may be fetched: the page is all there is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The prices of one symbol for its chart, and the ladders that were wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceSeries {
    /// The symbol.
    pub symbol: String,
    /// Bars in order of time: open time in milliseconds, open, high, low, close.
    pub points: Vec<(i64, f64, f64, f64, f64)>,
    /// What each book that trades it wanted.
    pub ladders: Vec<Ladder>,
}

/// What one book wanted of one symbol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ladder {
    /// The book.
    pub book: String,
    /// The prices of the levels wanted from an instant on, in order of time; an empty list = no
    /// ladder from then on.
    pub changes: Vec<(i64, Vec<f64>)>,
}

/// The page of a backtest. `prices` may leave symbols out: they have no chart. Series longer than
/// a screen can show are made shorter, keeping the highs and the lows.
///
/// # Errors
/// When the series cannot be written as JSON.
pub fn page(backtest: &Backtest, prices: &[PriceSeries]) -> Result<String, serde_json::Error> {
    let data = chart_data::json(backtest, prices)?;
    Ok(document(backtest, &data).into_string())
}

fn document(backtest: &Backtest, data: &str) -> Markup {
    let parameters = &backtest.parameters;
    let title = format!("Backtest {} to {}", day(parameters.from.ms), day(parameters.to.ms));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (navigation())
                main {
                    (overview::header(backtest))
                    (overview::caveat_list(backtest))
                    (equity(backtest))
                    (section("metrics", "Metrics", &tables::metrics(backtest)))
                    (symbols(backtest))
                    (cycles(backtest))
                    (section("trips", "Kill switches", &tables::trips(backtest)))
                    (section("refusals", "Refusals", &tables::all_refusals(backtest)))
                    (section("funding", "Funding", &tables::funding(backtest)))
                    (section("parameters", "Parameters", &inputs::parameters(backtest)))
                    (section("data", "Data", &inputs::data(backtest)))
                }
                (overview::footer(backtest))
                script type="application/json" id="series" { (PreEscaped(data)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn navigation() -> Markup {
    const PARTS: [(&str, &str); 10] = [
        ("top", "Result"),
        ("equity", "Equity"),
        ("metrics", "Metrics"),
        ("symbols", "Symbols"),
        ("cycles", "Cycles"),
        ("trips", "Kill switches"),
        ("refusals", "Refusals"),
        ("funding", "Funding"),
        ("parameters", "Parameters"),
        ("data", "Data"),
    ];
    html! {
        nav aria-label="Parts of the page" {
            div.inner {
                span.brand { "Gardefou" }
                @for (id, name) in PARTS { a href={ "#" (id) } { (name) } }
            }
        }
    }
}

/// A titled part of the page.
fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! { section id=(id) { h2 { (title) } (body) } }
}

fn equity(backtest: &Backtest) -> Markup {
    let books = backtest.parameters.books.iter().map(|b| b.name.as_str());
    let body = html! {
        div.bar {
            label { "Book " select id="equity-book" {
                option value="0" { "All books" }
                @for (index, name) in books.enumerate() { option value=(index + 1) { (name) } }
            } }
            (overview::legend())
            span.key.hold { "buy and hold from the first open, same capital, equal weights" }
            span.spacer {}
            (zoom_buttons("equity-chart"))
        }
        figure {
            canvas.chart id="equity-chart" tabindex="0" role="img"
                aria-label="Equity and drawdown on both paths" {}
            (how_to_zoom())
        }
    };
    section("equity", "Equity and drawdown", &body)
}

fn symbols(backtest: &Backtest) -> Markup {
    let body = html! {
        (tables::symbols(backtest))
        div.bar id="price-bar" {
            label { "Symbol " select id="price-symbol" {} }
            label { "Book " select id="price-book" {} }
            (path_choice("price-path"))
            span.spacer {}
            (zoom_buttons("price-chart"))
        }
        figure {
            canvas.chart.tall id="price-chart" tabindex="0" role="img"
                aria-label="Prices, wanted levels and fills of the chosen symbol" {}
            (marks())
            (how_to_zoom())
        }
    };
    section("symbols", "Symbols", &body)
}

/// What the marks on a chart of prices mean.
fn marks() -> Markup {
    html! {
        div.bar.marks {
            span.mark.entry-buy { "buy entry" }
            span.mark.entry-sell { "sell entry" }
            span.mark.target { "target" }
            span.mark.stop { "stop" }
            span.mark.close { "close at market" }
            span.key.won { "cycle won" }
            span.key.lost { "cycle lost" }
            span.key.ladder { "wanted levels (dashed: of the second book)" }
        }
    }
}

fn cycles(backtest: &Backtest) -> Markup {
    let body = html! {
        h3 { "Open at the end" }
        (tables::open_cycles(backtest))
        h3 { "Closed" }
        div.bar {
            (path_choice("cycle-path"))
            label { "Book " select id="cycle-book" {} }
            label { "Symbol " select id="cycle-symbol" {} }
            label { "Result " select id="cycle-result" {
                option value="all" { "all" }
                option value="wins" { "wins" }
                option value="losses" { "losses" }
            } }
            label { "Reason " select id="cycle-reason" {} }
            span.spacer {}
            span.muted id="cycle-count" {}
        }
        div.scroll { table.cycles id="cycle-table" { thead {} tbody {} } }
        p.muted { "A click on a heading sorts; a click on a row shows the cycle in the chart above." }
        button id="cycle-more" type="button" hidden { "Show more" }
        noscript { p { "The list of cycles and the charts need scripts; the JSON has them too." } }
    };
    section("cycles", "Cycles", &body)
}

fn path_choice(id: &str) -> Markup {
    html! {
        span.choice role="group" aria-label="Path" id=(id) {
            button.pessimistic type="button" aria-pressed="true" { "pessimistic" }
            button.optimistic type="button" aria-pressed="false" { "optimistic" }
        }
    }
}

fn zoom_buttons(chart: &str) -> Markup {
    const SPANS: [(&str, u32); 5] =
        [("1 w", 7), ("1 m", 30), ("3 m", 91), ("1 y", 365), ("All", 0)];
    html! {
        span.choice role="group" aria-label="Time shown" {
            @for (name, days) in SPANS {
                button type="button" data-chart=(chart) data-days=(days) { (name) }
            }
        }
    }
}

fn how_to_zoom() -> Markup {
    html! {
        figcaption.muted {
            "Drag to zoom, double-click for all, arrow keys or Shift and wheel to move."
        }
    }
}
