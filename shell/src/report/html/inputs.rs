//! What the result was made from: options, limits, costs, books, symbols, data.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use serde_json::Value;

use super::overview::typographic;
use super::tables::heads;
use crate::report::result::{
    Backtest, BookParameters, Costs, DataSeries, OnTrip, Options, Resolution, WorstCase,
};
use crate::report::words::{NONE, fraction, maybe, minute, money, percent, whole};

/// Everything that was configured.
pub(super) fn parameters(backtest: &Backtest) -> Markup {
    let parameters = &backtest.parameters;
    html! {
        div.columns {
            div { h3 { "Command" } (pairs(&options(&parameters.options))) }
            div { h3 { "Costs" } (pairs(&costs(&parameters.costs))) }
            div { h3 { "Risk" } (pairs(&values(&parameters.risk))) }
        }
        @for book in &parameters.books { (book_markup(book)) }
    }
}

fn options(options: &Options) -> Vec<(String, String)> {
    let left_out = options.left_out.iter().map(|l| format!("{} ({})", l.symbol, l.reason));
    let on_trip = match options.on_trip {
        OnTrip::Resume => "resume",
        OnTrip::Stop => "stop",
    };
    let given = |text: &Option<String>| text.clone().unwrap_or_else(|| NONE.to_owned());
    let rows = [
        ("candles", options.candles.clone()),
        ("funding", given(&options.funding)),
        ("venue", given(&options.venue)),
        ("strategies", listed(options.strategies.iter().cloned())),
        ("from", maybe(options.from.as_ref(), |m| minute(m.ms))),
        ("to", maybe(options.to.as_ref(), |m| minute(m.ms))),
        ("detail", given(&options.detail)),
        ("entry order", given(&options.entry_order)),
        ("on trip", on_trip.to_owned()),
        ("available only", if options.available_only { "yes" } else { "no" }.to_owned()),
        ("missing funding", maybe(options.missing_funding, fraction)),
        ("symbols", listed(options.symbols.iter().cloned())),
        ("left out", listed(left_out)),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let text = names.collect::<Vec<_>>().join(", ");
    if text.is_empty() { NONE.to_owned() } else { text }
}

fn costs(costs: &Costs) -> Vec<(String, String)> {
    let rows = [
        ("maker fee", costs.maker_percent),
        ("taker fee", costs.taker_percent),
        ("slippage", costs.slippage_percent),
        ("slippage of stops, pessimistic", costs.stop_slippage_percent),
        ("liquidation fee", costs.liquidation_percent),
    ];
    rows.into_iter().map(|(n, v)| (n.to_owned(), format!("{} %", v.normalize()))).collect()
}

fn values(values: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    values.iter().map(|(name, value)| (name.clone(), words(value))).collect()
}

/// A value of the configuration in words.
fn words(value: &Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => listed(items.iter().map(words)),
        Value::Object(fields) => {
            listed(fields.iter().map(|(name, value)| format!("{name}: {}", words(value))))
        }
    }
}

fn pairs(rows: &[(String, String)]) -> Markup {
    html! {
        dl { @for (name, value) in rows {
            div { dt { (name.replace('_', " ")) } dd { (typographic(value)) } }
        } }
    }
}

fn book_markup(book: &BookParameters) -> Markup {
    html! {
        h3 { "Book " (book.name) }
        p.muted {
            (book.kind) ", " (money(book.capital)) " USDT, " (book.entry_order) " entries, decisions on bars of " (book.timeframe) ". "
            @if let Some(worst) = &book.worst_case { (worst_case(worst)) }
        }
        div.scroll { (strategy_table(book)) }
        details {
            summary { "Rules of the exchange and sizing, per symbol" }
            div.scroll { (instrument_table(book)) }
        }
    }
}

fn worst_case(worst: &WorstCase) -> Markup {
    html! {
        "Worst case at the start, " (worst.cycles) " full grids all stopped at once: "
        strong { (money(worst.loss)) " USDT, " (typographic(&percent(worst.loss_percent))) }
        " of the capital (positions " (money(worst.notional)) ", margin " (money(worst.margin))
        ", maintenance " (money(worst.maintenance)) ")"
        "; " (crate::words::trips(worst.trips_session, worst.trips_global))
        @if worst.liquidation_first { "; " strong.loss { "liquidation would come first" } }
        "."
    }
}

/// Parameters as columns, symbols as rows.
fn strategy_table(book: &BookParameters) -> Markup {
    let names: BTreeSet<&str> =
        book.symbols.iter().flat_map(|s| s.strategy.keys().map(String::as_str)).collect();
    html! {
        table {
            thead { tr {
                th { "Symbol" }
                @for name in &names { th { (name.replace('_', " ")) } }
                th { "Hash" }
            } }
            tbody { @for symbol in &book.symbols {
                tr {
                    th scope="row" { (symbol.symbol) }
                    @for name in &names { td { (maybe(symbol.strategy.get(*name), words)) } }
                    td { code title=(symbol.params_hash) { (short(&symbol.params_hash)) } }
                }
            } }
        }
    }
}

fn instrument_table(book: &BookParameters) -> Markup {
    html! {
        table {
            (heads(&["Symbol", "Group"], &[
                "Tick", "Lot", "Min quantity", "Min notional", "Maintenance", "Max leverage",
                "Leverage", "Funding every", "Warm-up bars", "Margin divisor",
            ]))
            tbody { @for s in &book.symbols {
                tr {
                    th scope="row" { (s.symbol) }
                    td.text { (s.group.as_deref().unwrap_or(NONE)) }
                    td { (s.tick.normalize()) }
                    td { (s.lot.normalize()) }
                    td { (s.min_quantity.normalize()) }
                    td { (s.min_notional.normalize()) }
                    td { (fraction(s.maintenance_rate)) }
                    td { (s.max_leverage) }
                    td { (s.leverage) }
                    td { (s.funding_interval_hours) " h" }
                    td { (s.warmup_bars) }
                    td { (s.margin_divisor) }
                }
            } }
        }
    }
}

/// The series that were read.
pub(super) fn data(backtest: &Backtest) -> Markup {
    html! {
        div.scroll { table.dense {
            (heads(
                &["Symbol", "Kind", "From", "To", "Matched", "Funding", "File", "SHA-256"],
                &["Rows", "Gaps", "Tick used"],
            ))
            tbody { @for series in &backtest.data { (data_row(series)) } }
        } }
    }
}

fn data_row(series: &DataSeries) -> Markup {
    let kind = [Some(series.kind.as_str()), series.timeframe.as_deref()];
    let funding = maybe(series.funding, |f| {
        let mut text = format!("{} of {} recorded", whole(f.records), whole(f.expected));
        for (count, what) in [(f.filled, "filled"), (f.extra, "more often")] {
            if count > 0 {
                text.push_str(&format!(", {} {what}", whole(count)));
            }
        }
        text
    });
    html! {
        tr {
            th scope="row" { (series.symbol) }
            td.text { (kind.into_iter().flatten().collect::<Vec<_>>().join(" ")) }
            td.text { (minute(series.from.ms)) }
            td.text { (minute(series.to.ms)) }
            td.text { (series.resolution.as_ref().map_or_else(|| html! { (NONE) }, resolution)) }
            td.text { (funding) }
            td.text {
                (series.file)
                @for file in &series.set_aside { span.small.below { "set aside: " (file) } }
            }
            td.text { code title=(series.sha256) { (short(&series.sha256)) } }
            td { (whole(series.rows)) }
            td { (whole(series.gaps)) }
            td { (maybe(series.tick_used, |t| t.normalize().to_string())) }
        }
    }
}

fn resolution(resolution: &Resolution) -> Markup {
    let counts = resolution.bars.iter().map(|(name, bars)| format!("{} at {name}", whole(*bars)));
    let ranges = resolution.ranges.iter();
    let ranges =
        ranges.map(|r| format!("{}: {} to {}", r.resolution, minute(r.from.ms), minute(r.to.ms)));
    html! { span title=(ranges.collect::<Vec<_>>().join("\n")) { (listed(counts)) } }
}

/// The first characters of a hash.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
