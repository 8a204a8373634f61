//! The tables of results: metrics, symbols, open cycles, switches, refusals, funding.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rust_decimal::Decimal;

use super::chart_data::by_symbol;
use super::overview::{amount, change, share, typographic};
use crate::report::metrics::sum;
use crate::report::result::{Backtest, CloseReason, Cycle, Metrics, OpenCycle, PathResult};
use crate::report::untraded::untraded;
use crate::report::words::{
    NONE, counted, day, fraction, hours, maybe, minute, money, percent, ratio, whole,
};

type Words = fn(&Metrics) -> Markup;

/// The metrics in the order of the page.
const ROWS: [(&str, Words); 21] = [
    ("Capital", |m| html! { (money(m.capital)) }),
    ("Net profit, realised", |m| amount(m.net_profit)),
    ("Return, realised", |m| change(m.return_percent)),
    ("Open cycles, unrealised", |m| amount(m.open_unrealised)),
    ("Return with open cycles", |m| change(m.return_with_open_percent)),
    ("Buy and hold", |m| change(m.buy_and_hold_percent)),
    ("Cycles closed", |m| html! { (whole(m.cycles)) }),
    ("Cycles open", |m| html! { (whole(m.open_cycles)) }),
    ("Wins and losses", |m| html! { (whole(m.wins)) " / " (whole(m.losses)) }),
    ("Win rate per cycle", |m| html! { (maybe(m.win_rate_percent, percent)) }),
    ("Profit factor", |m| html! { (maybe(m.profit_factor, ratio)) }),
    ("Average win", |m| m.average_win.map_or_else(none, amount)),
    ("Average loss", |m| m.average_loss.map_or_else(none, amount)),
    ("Max drawdown", |m| html! { (maybe(m.max_drawdown.as_ref(), |d| percent(d.percent))) }),
    ("from, to", drawdown_dates),
    ("Sharpe", |m| html! { (typographic(&maybe(m.sharpe, ratio))) }),
    ("Sortino", |m| html! { (typographic(&maybe(m.sortino, ratio))) }),
    ("Fees", |m| html! { (money(m.fees)) }),
    ("Funding", |m| amount(m.funding)),
    ("Longest cycle", longest),
    ("Time with an open cycle", |m| html! { (maybe(m.exposure_percent, percent)) }),
];

fn none() -> Markup {
    html! { (NONE) }
}

fn drawdown_dates(metrics: &Metrics) -> Markup {
    let Some(fall) = &metrics.max_drawdown else { return none() };
    html! { span.small.below { (day(fall.peak.ms)) } span.small.below { (day(fall.trough.ms)) } }
}

fn longest(metrics: &Metrics) -> Markup {
    let Some(cycle) = &metrics.longest_cycle else { return none() };
    html! {
        (hours(cycle.hours))
        span.small.below { (cycle.symbol) @if cycle.open { ", open" } }
    }
}

/// Metrics of all books and of each, both paths side by side.
pub(super) fn metrics(backtest: &Backtest) -> Markup {
    let columns = columns(backtest);
    html! {
        div.scroll { table.metrics {
            thead {
                tr {
                    th {}
                    @for (name, _) in &columns { th.group colspan="2" { (name) } }
                }
                tr {
                    th {}
                    @for _ in &columns {
                        th.pessimistic { "pessimistic" }
                        th.optimistic { "optimistic" }
                    }
                }
            }
            tbody { @for (name, words) in ROWS {
                tr {
                    th scope="row" { (name) }
                    @for (_, both) in &columns { @for metrics in both { td { (words(metrics)) } } }
                }
            } }
        } }
    }
}

fn columns(backtest: &Backtest) -> Vec<(&str, [&Metrics; 2])> {
    let paths = &backtest.paths;
    let both = |book: Option<&str>| {
        Some([paths.pessimistic.metrics(book)?, paths.optimistic.metrics(book)?])
    };
    let books = &backtest.parameters.books;
    let each = books.iter().filter_map(|b| Some((b.name.as_str(), both(Some(&b.name))?)));
    let total = (books.len() != 1).then(|| both(None)).flatten();
    total.map(|metrics| ("all books", metrics)).into_iter().chain(each).collect()
}

/// Each symbol's cycles on both paths; a row chooses the chart.
pub(super) fn symbols(backtest: &Backtest) -> Markup {
    let paths = [&backtest.paths.pessimistic, &backtest.paths.optimistic];
    let cycles = paths.map(by_symbol);
    let configured = backtest.parameters.books.iter().flat_map(|b| b.symbols.iter());
    let mut names: Vec<&str> = configured.map(|s| s.symbol.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let heads = ["Cycles", "Win rate", "Stops", "Net", "Worst cycle"];
    html! {
        div.scroll { table.pick id="symbol-table" {
            thead {
                tr {
                    th {}
                    th.group.pessimistic colspan=(heads.len()) { "pessimistic" }
                    th.group.optimistic colspan=(heads.len()) { "optimistic" }
                }
                tr {
                    th { "Symbol" }
                    @for _ in paths { @for head in heads { th { (head) } } }
                }
            }
            tbody { @for name in names {
                tr data-symbol=(name) tabindex="0" {
                    th scope="row" { (name) }
                    @for all in &cycles { (symbol_cells(all.get(name).map_or(&[], Vec::as_slice))) }
                }
            } }
        } }
    }
}

fn symbol_cells(cycles: &[&Cycle]) -> Markup {
    let wins = cycles.iter().filter(|c| c.net > Decimal::ZERO).count();
    let stops = cycles.iter().filter(|c| c.reason == CloseReason::Stop).count();
    let worst = cycles.iter().map(|c| c.net).min();
    html! {
        td { (whole(u64::try_from(cycles.len()).unwrap_or(u64::MAX))) }
        td { (share(wins, cycles.len())) }
        td { (stops) }
        td { (amount(sum(cycles.iter().map(|c| c.net)))) }
        td { (worst.map_or_else(none, amount)) }
    }
}

/// Cycles still open at the end of the data.
pub(super) fn open_cycles(backtest: &Backtest) -> Markup {
    let rows: Vec<(&str, &OpenCycle)> = each(backtest, |p| &p.open_cycles);
    if rows.is_empty() {
        return html! { p.muted { "None: every cycle was closed." } };
    }
    html! {
        p.muted { "In no win rate. Their fees and funding are in the realised profit, their unrealised result, \
            at the last close, is not." }
        div.scroll { table {
            (heads(&["Path", "Book", "Symbol", "Opened"], &[
                "Levels", "Quantity", "Entry", "Last", "Stop", "Fees", "Funding", "Unrealised",
            ]))
            tbody { @for (path, c) in rows {
                tr {
                    td class={ "text " (path) } { (path) }
                    td.text { (c.book) }
                    td.text { (c.symbol) " " (c.direction.name()) }
                    td.text { (minute(c.opened)) }
                    td { (c.levels_filled) }
                    td { (c.quantity.normalize()) }
                    td { (c.average_entry.round_dp(c.last_price.scale() + 1).normalize()) }
                    td { (c.last_price.normalize()) }
                    td { (maybe(c.stop, |s| s.normalize().to_string())) }
                    td { (money(c.fees)) }
                    td { (amount(c.funding)) }
                    td { (amount(c.unrealised)) }
                }
            } }
        } }
    }
}

/// The heading of a table: columns of words, then columns of numbers.
pub(super) fn heads(words: &[&str], numbers: &[&str]) -> Markup {
    html! {
        thead { tr {
            @for head in words { th.text { (head) } }
            @for head in numbers { th { (head) } }
        } }
    }
}

/// Rows of both paths with the path's name.
fn each<T>(backtest: &Backtest, rows: fn(&PathResult) -> &Vec<T>) -> Vec<(&'static str, &T)> {
    let paths = backtest.paths.named().into_iter();
    paths.flat_map(|(name, path)| rows(path).iter().map(move |row| (name, row))).collect()
}

/// Kill switches that tripped.
pub(super) fn trips(backtest: &Backtest) -> Markup {
    let rows = each(backtest, |p| &p.trips);
    if rows.is_empty() {
        return html! { p.muted { "None tripped on either path." } };
    }
    html! {
        div.scroll { table {
            (heads(&["Path", "When", "Released", "Switch", "Book"], &["Loss", "Limit"]))
            tbody { @for (path, trip) in rows {
                tr {
                    td class={ "text " (path) } { (path) }
                    td.text { (minute(trip.time.ms)) }
                    td.text { (trip.released.as_ref().map_or("never".to_owned(), |r| minute(r.ms))) }
                    td.text { (trip.switch.name()) }
                    td.text { (trip.book.as_deref().unwrap_or("all")) }
                    td { (percent(trip.loss_percent)) }
                    td { (percent(trip.limit_percent)) }
                }
            } }
        } }
    }
}

/// Refusals by reason, with the symbols they concern.
fn refusals(backtest: &Backtest) -> Markup {
    let mut reasons: BTreeMap<&str, Reason<'_>> = BTreeMap::new();
    for (index, (_, path)) in backtest.paths.named().into_iter().enumerate() {
        for refusal in &path.refusals {
            let reason = reasons.entry(refusal.reason.as_str()).or_default();
            reason.bars[index] = reason.bars[index].saturating_add(refusal.bars);
            let key = (refusal.book.as_str(), refusal.symbol.as_str());
            let count = &mut reason.symbols.entry(key).or_default()[index];
            *count = count.saturating_add(refusal.bars);
        }
    }
    let most = reasons.values().flat_map(|r| r.bars).max().unwrap_or(0);
    let mut sorted: Vec<_> = reasons.into_iter().collect();
    sorted.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.bars));
    if sorted.is_empty() {
        return html! { p.muted { "No rule refused a ladder." } };
    }
    html! {
        p.muted { "Bars on which a rule refused to quote a symbol, all books together." }
        @for (name, reason) in sorted { (reason.markup(name, most)) }
    }
}

#[derive(Default)]
struct Reason<'a> {
    bars: [u64; 2],
    symbols: BTreeMap<(&'a str, &'a str), [u64; 2]>,
}

impl Reason<'_> {
    fn markup(&self, name: &str, most: u64) -> Markup {
        let permille = |bars: u64| bars.saturating_mul(1000) / most.max(1);
        let width = |bars: u64| format!("width:{}.{}%", permille(bars) / 10, permille(bars) % 10);
        html! {
            details.reason {
                summary {
                    span.name { (name.replace('_', " ")) }
                    span.bars {
                        @for (path, bars) in ["pessimistic", "optimistic"].iter().zip(self.bars) {
                            span.track { span class={ "fill " (path) } style=(width(bars)) {} }
                        }
                    }
                    span.count { (whole(self.bars[0])) " / " (whole(self.bars[1])) }
                }
                table {
                    (heads(&["Book", "Symbol"], &["Pessimistic", "Optimistic"]))
                    tbody { @for ((book, symbol), bars) in &self.symbols {
                        tr {
                            td.text { (book) }
                            td.text { (symbol) }
                            td { (whole(bars[0])) }
                            td { (whole(bars[1])) }
                        }
                    } }
                }
            }
        }
    }
}

/// Symbols that were never traded with their reason, then the refusals.
pub(super) fn all_refusals(backtest: &Backtest) -> Markup {
    let never = untraded(backtest);
    html! {
        @if !never.is_empty() {
            h3 { "Never traded, and why" }
            ul { @for row in &never {
                li { strong { (row.book) " " (row.symbol) } ": " (typographic(&row.why)) "." }
            } }
            h3 { "By rule" }
        }
        (refusals(backtest))
    }
}

/// Funding per symbol on both paths.
pub(super) fn funding(backtest: &Backtest) -> Markup {
    let mut symbols: BTreeMap<&str, [Vec<Decimal>; 2]> = BTreeMap::new();
    for (index, (_, path)) in backtest.paths.named().into_iter().enumerate() {
        for row in &path.funding {
            symbols.entry(row.symbol.as_str()).or_default()[index].push(row.amount);
        }
    }
    html! {
        (coverage(backtest))
        @if symbols.is_empty() { p.muted { "No position was held at a settlement." } }
        @else { div.scroll { table {
            thead {
                tr {
                    th {}
                    th.group.pessimistic colspan="4" { "pessimistic" }
                    th.group.optimistic colspan="4" { "optimistic" }
                }
                tr {
                    th { "Symbol" }
                    @for _ in 0..2 { th { "Settlements" } th { "Received" } th { "Paid" } th { "Net" } }
                }
            }
            tbody { @for (symbol, paths) in &symbols {
                tr {
                    th scope="row" { (symbol) }
                    @for amounts in paths { (funding_cells(amounts)) }
                }
            } }
        } } }
    }
}

fn coverage(backtest: &Backtest) -> Markup {
    let coverage = backtest.data.iter().filter_map(|series| series.funding);
    let (records, filled) = coverage.fold((0_u64, 0_u64), |(records, filled), c| {
        let all = c.records.saturating_add(c.extra);
        (records.saturating_add(all), filled.saturating_add(c.filled))
    });
    let rate = maybe(backtest.parameters.options.missing_funding, fraction);
    html! {
        p.muted {
            (whole(records)) " settlements in the run have a recorded rate"
            @if filled > 0 { ", " (whole(filled)) " were charged at the stated " (rate) }
            "."
        }
    }
}

fn funding_cells(amounts: &[Decimal]) -> Markup {
    let received = sum(amounts.iter().copied().filter(Decimal::is_sign_positive));
    let paid = sum(amounts.iter().copied().filter(Decimal::is_sign_negative));
    html! {
        td title=(counted(amounts.len(), "settlement")) { (amounts.len()) }
        td { (money(received)) }
        td { (typographic(&money(paid))) }
        td { (amount(received.saturating_add(paid))) }
    }
}
