//! The result as text for a terminal: the interval of profit first, what it does not prove last.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle,
};
use rust_decimal::Decimal;

use super::caveats::{caveats, resolutions, warnings};
use super::result::{Backtest, Metrics, OnTrip, OpenCycle, PathResult};
use super::untraded::{Untraded, untraded};
use super::words::{
    counted, data_chosen, day, hours, maybe, minute, money, percent, ratio, signed, signed_percent,
    whole, worst_cases,
};

/// Rows of the longest lists; what is left out is counted.
const TOP: usize = 8;
/// The text is wrapped at this width when the terminal's is unknown.
const WIDTH: u16 = 100;

/// A line under the heading and nothing else.
const RULED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colours, for a terminal.
    pub colour: bool,
    /// The terminal's width in characters; none = 100 for sentences, tables as wide as needed.
    pub width: Option<u16>,
}

/// The summary of a backtest, ending with a newline.
#[must_use]
pub fn summary(backtest: &Backtest, style: Style) -> String {
    let mut out = String::new();
    head(&mut out, backtest);
    section(&mut out, style, "Profit in USDT, pessimistic … optimistic path");
    push(&mut out, &profit(backtest, style));
    warn(&mut out, backtest, style);
    section(&mut out, style, "Cycles and risk");
    push(&mut out, &figures(backtest, style));
    trips(&mut out, backtest, style);
    open_cycles(&mut out, backtest, style);
    refusals(&mut out, backtest, style);
    never_traded(&mut out, backtest, style);
    section(&mut out, style, "What this does not prove");
    notes(&mut out, backtest, style);
    timing(&mut out, backtest);
    out
}

fn head(out: &mut String, backtest: &Backtest) {
    let parameters = &backtest.parameters;
    let (from, to) = (&parameters.from, &parameters.to);
    let days = (to.ms - from.ms).max(0) / super::metrics::DAY_MS;
    let symbols: std::collections::BTreeSet<&str> =
        parameters.books.iter().flat_map(|b| b.symbols.iter().map(|s| s.symbol.as_str())).collect();
    line(
        out,
        &format!(
            "Backtest {} to {}, {}, {}, {}",
            day(from.ms),
            day(to.ms),
            counted(usize::try_from(days).unwrap_or_default(), "day"),
            counted(parameters.books.len(), "book"),
            counted(symbols.len(), "symbol")
        ),
    );
    let bars: Vec<String> = resolutions(backtest)
        .iter()
        .map(|(name, bars)| format!("{} at {name}", whole(*bars)))
        .collect();
    let on_trip = match parameters.options.on_trip {
        OnTrip::Resume => "released by a simulated operator",
        OnTrip::Stop => "end entries for good",
    };
    line(
        out,
        &format!("Bars matched: {}. Tripped switches: {on_trip}.", or_none(&bars.join(", "))),
    );
    for sentence in data_chosen(backtest).into_iter().chain(worst_cases(backtest)) {
        line(out, &sentence);
    }
}

/// Beside the figures: what makes them fiction.
fn warn(out: &mut String, backtest: &Backtest, style: Style) {
    let width = usize::from(style.width.unwrap_or(WIDTH)).max(40);
    for warning in warnings(backtest) {
        wrap(out, &format!("{}: {}", warning.title.to_uppercase(), warning.text), width);
    }
}

/// Symbols without a trade, each with the rule that refused it most.
fn never_traded(out: &mut String, backtest: &Backtest, style: Style) {
    let all = untraded(backtest);
    if all.is_empty() {
        return;
    }
    section(out, style, "Never traded, and why");
    let width = usize::from(style.width.unwrap_or(WIDTH)).max(40);
    for Untraded { book, symbol, why } in all.iter().take(TOP) {
        wrap(out, &format!("{book} {symbol}: {why}."), width);
    }
    if all.len() > TOP {
        line(out, &format!("and {} more, on the page", all.len() - TOP));
    }
}

fn profit(backtest: &Backtest, style: Style) -> Table {
    let mut table = table(
        style,
        &["Book", "Capital", "Net profit", "Return", "Open, unrealised", "Buy and hold"],
    );
    for (name, [pessimistic, optimistic]) in rows(backtest) {
        let net = interval(pessimistic.net_profit, optimistic.net_profit);
        let open = interval(pessimistic.open_unrealised, optimistic.open_unrealised);
        table.add_row(vec![
            Cell::new(name),
            right(money(pessimistic.capital)),
            tinted(style, net, pessimistic.net_profit, optimistic.net_profit),
            right(percents(pessimistic.return_percent, optimistic.return_percent)),
            right(open),
            right(maybe(pessimistic.buy_and_hold_percent, signed_percent)),
        ]);
    }
    table
}

fn figures(backtest: &Backtest, style: Style) -> Table {
    let mut table = table(
        style,
        &[
            "Book",
            "Path",
            "Cycles",
            "Win rate",
            "Profit factor",
            "Max drawdown",
            "Sharpe",
            "Sortino",
            "Fees",
            "Funding",
            "Longest",
        ],
    );
    for (name, paths) in rows(backtest) {
        for ((path, _), metrics) in backtest.paths.named().into_iter().zip(paths) {
            let shown = if path == "pessimistic" { name } else { "" };
            table.add_row(figure_row(shown, path, metrics));
        }
    }
    table
}

fn figure_row(book: &str, path: &str, metrics: &Metrics) -> Vec<Cell> {
    vec![
        Cell::new(book),
        Cell::new(path),
        right(whole(metrics.cycles)),
        right(maybe(metrics.win_rate_percent, percent)),
        right(maybe(metrics.profit_factor, ratio)),
        right(maybe(metrics.max_drawdown.as_ref(), |d| percent(d.percent))),
        right(maybe(metrics.sharpe, ratio)),
        right(maybe(metrics.sortino, ratio)),
        right(money(metrics.fees)),
        right(signed(metrics.funding)),
        right(maybe(metrics.longest_cycle.as_ref(), |l| {
            format!("{}{}", hours(l.hours), if l.open { ", open" } else { "" })
        })),
    ]
}

fn trips(out: &mut String, backtest: &Backtest, style: Style) {
    section(out, style, "Kill switches");
    let mut table = table(style, &["Path", "When", "Switch", "Book", "Loss", "Limit", "Released"]);
    let mut left = 0;
    for (name, path) in backtest.paths.named() {
        left += path.trips.len().saturating_sub(TOP);
        for trip in path.trips.iter().take(TOP) {
            table.add_row(vec![
                Cell::new(name),
                Cell::new(minute(trip.time.ms)),
                Cell::new(trip.switch.name()),
                Cell::new(trip.book.as_deref().unwrap_or("all")),
                right(percent(trip.loss_percent)),
                right(percent(trip.limit_percent)),
                Cell::new(maybe(trip.released.as_ref(), |r| minute(r.ms))),
            ]);
        }
    }
    listed(out, &table, "None tripped.", left);
}

fn open_cycles(out: &mut String, backtest: &Backtest, style: Style) {
    section(
        out,
        style,
        "Cycles still open at the end; their unrealised result is not in the profit above",
    );
    let header = ["Path", "Book", "Symbol", "Opened", "Levels", "Entry", "Last", "Unrealised"];
    let mut table = table(style, &header);
    let mut left = 0;
    for (name, path) in backtest.paths.named() {
        left += path.open_cycles.len().saturating_sub(TOP);
        for cycle in worst_first(path).into_iter().take(TOP) {
            table.add_row(vec![
                Cell::new(name),
                Cell::new(&cycle.book),
                Cell::new(format!("{} {}", cycle.symbol, cycle.direction.name())),
                Cell::new(minute(cycle.opened)),
                right(cycle.levels_filled.to_string()),
                right(average(cycle)),
                right(cycle.last_price.normalize().to_string()),
                tinted(style, signed(cycle.unrealised), cycle.unrealised, cycle.unrealised),
            ]);
        }
    }
    listed(out, &table, "None.", left);
}

fn worst_first(path: &PathResult) -> Vec<&OpenCycle> {
    let mut cycles: Vec<_> = path.open_cycles.iter().collect();
    cycles.sort_by_key(|c| c.unrealised);
    cycles
}

fn refusals(out: &mut String, backtest: &Backtest, style: Style) {
    section(out, style, "Refusals, in bars and symbols");
    let mut counts: BTreeMap<(&str, &str), [u64; 2]> = BTreeMap::new();
    for (index, (_, path)) in backtest.paths.named().into_iter().enumerate() {
        for refusal in &path.refusals {
            let key = (refusal.reason.as_str(), refusal.book.as_str());
            let count = &mut counts.entry(key).or_default()[index];
            *count = count.saturating_add(refusal.bars);
        }
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by_key(|(_, counts)| std::cmp::Reverse(counts[0].max(counts[1])));
    let mut table = table(style, &["Reason", "Book", "Pessimistic", "Optimistic"]);
    for ((reason, book), [pessimistic, optimistic]) in sorted.iter().take(TOP) {
        table.add_row(vec![
            Cell::new(reason),
            Cell::new(book),
            right(whole(*pessimistic)),
            right(whole(*optimistic)),
        ]);
    }
    listed(out, &table, "None.", sorted.len().saturating_sub(TOP));
}

fn notes(out: &mut String, backtest: &Backtest, style: Style) {
    let width = usize::from(style.width.unwrap_or(WIDTH)).max(40);
    for caveat in caveats(backtest) {
        wrap(out, &format!("{}. {}", caveat.title, caveat.text), width);
    }
}

fn timing(out: &mut String, backtest: &Backtest) {
    let timing = &backtest.timing;
    let rate = maybe(timing.bars_per_second, |r| format!("{:.2} million bars/s", r / 1e6));
    let bars = whole(timing.bars_decided);
    let warm = match timing.bars - timing.bars_decided.min(timing.bars) {
        0 => String::new(),
        warm => format!(" (and {} that only warmed indicators)", whole(warm)),
    };
    let seconds = timing.engine_cpu_seconds;
    line(out, "");
    line(out, &format!("{bars} bars{warm} in {seconds:.2} s of CPU time: {rate}."));
}

/// Books with their metrics on both paths; all books together last, when there are several.
fn rows(backtest: &Backtest) -> Vec<(&str, [&Metrics; 2])> {
    let paths = &backtest.paths;
    let both = |book: Option<&str>| {
        Some([paths.pessimistic.metrics(book)?, paths.optimistic.metrics(book)?])
    };
    let books = backtest.parameters.books.iter().map(|b| b.name.as_str());
    let mut rows: Vec<_> = books.filter_map(|name| Some((name, both(Some(name))?))).collect();
    if rows.len() != 1 {
        rows.extend(both(None).map(|metrics| ("all books", metrics)));
    }
    rows
}

/// An average price with one place more than the prices it was made from.
fn average(cycle: &OpenCycle) -> String {
    let places = cycle.last_price.scale() + 1;
    cycle.average_entry.round_dp(places).normalize().to_string()
}

/// Two amounts as an interval; the paths are assumptions, so either may be the larger.
fn interval(pessimistic: Decimal, optimistic: Decimal) -> String {
    pair(signed(pessimistic), &signed(optimistic))
}

fn percents(pessimistic: Option<f64>, optimistic: Option<f64>) -> String {
    pair(maybe(pessimistic, signed_percent), &maybe(optimistic, signed_percent))
}

fn pair(first: String, second: &str) -> String {
    if first == second { first } else { format!("{first} … {second}") }
}

fn table(style: Style, header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(RULED).force_no_tty();
    if style.colour {
        table.enforce_styling();
    }
    match style.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    table
}

fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn tinted(style: Style, text: String, one: Decimal, other: Decimal) -> Cell {
    let cell = right(text);
    match (style.colour, one.min(other) > Decimal::ZERO, one.max(other) < Decimal::ZERO) {
        (true, true, _) => cell.fg(Color::Green),
        (true, _, true) => cell.fg(Color::Red),
        _ => cell,
    }
}

fn section(out: &mut String, style: Style, title: &str) {
    let (on, off) = if style.colour { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    line(out, "");
    line(out, &format!("{on}{title}{off}"));
}

fn listed(out: &mut String, table: &Table, empty: &str, left: usize) {
    if table.is_empty() {
        line(out, empty);
        return;
    }
    push(out, table);
    if left > 0 {
        line(out, &format!("and {left} more, in the JSON and on the page"));
    }
}

fn push(out: &mut String, table: &Table) {
    line(out, &table.trim_fmt());
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "not recorded" } else { text }
}

/// Writes a sentence as an item of a list, wrapped at `width`.
fn wrap(out: &mut String, text: &str, width: usize) {
    let mut row = String::from("-");
    for word in text.split_whitespace() {
        if row.chars().count() + 1 + word.chars().count() > width {
            line(out, &row);
            row = String::from(" ");
        }
        row.push(' ');
        row.push_str(word);
    }
    line(out, &row);
}
