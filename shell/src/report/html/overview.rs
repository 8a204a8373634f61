//! The top of the page: what was run, the interval of profit, the figures beside it, and what it
//! does not prove.

use maud::{Markup, html};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::report::caveats::{caveats, resolutions, warnings};
use crate::report::metrics::DAY_MS;
use crate::report::result::{Backtest, Metrics};
use crate::report::words::{
    NONE, counted, data_chosen, day, hours, maybe, money, percent, ratio, signed, signed_percent,
    whole, worst_cases,
};

/// The header of the page.
pub(super) fn header(backtest: &Backtest) -> Markup {
    let parameters = &backtest.parameters;
    let days = (parameters.to.ms - parameters.from.ms).max(0) / DAY_MS;
    let books: Vec<&str> = parameters.books.iter().map(|b| b.name.as_str()).collect();
    html! {
        header id="top" {
            p.eyebrow { "Backtest, " (books.join(" and ")) }
            h1 { (day(parameters.from.ms)) " to " (day(parameters.to.ms)) }
            p.muted {
                (counted(usize::try_from(days).unwrap_or_default(), "day")) ", "
                (counted(symbol_count(backtest), "symbol")) ", "
                (money(backtest.paths.pessimistic.total.capital)) " USDT of capital, "
                (matched(backtest))
            }
            (profit(backtest))
            @for warning in warnings(backtest) {
                p.warning role="note" {
                    strong { (warning.title) "." } " " (typographic(&warning.text))
                }
            }
            (tiles(backtest))
            @for sentence in worst_cases(backtest).iter().chain(&data_chosen(backtest)) {
                p.muted { (typographic(sentence)) }
            }
        }
    }
}

fn symbol_count(backtest: &Backtest) -> usize {
    let books = backtest.parameters.books.iter();
    let symbols = books.flat_map(|b| b.symbols.iter().map(|s| s.symbol.as_str()));
    symbols.collect::<std::collections::BTreeSet<_>>().len()
}

fn matched(backtest: &Backtest) -> String {
    let bars: Vec<String> = resolutions(backtest)
        .iter()
        .map(|(name, n)| format!("{} bars of {name}", whole(*n)))
        .collect();
    if bars.is_empty() { "bars not recorded".to_owned() } else { bars.join(" and ") + " matched" }
}

fn profit(backtest: &Backtest) -> Markup {
    let [pessimistic, optimistic] = totals(backtest);
    html! {
        div.profit {
            p.title { "Realised profit on two assumed paths inside the bars" }
            (side("pessimistic", pessimistic))
            (side("optimistic", optimistic))
            div.scale { (scale(pessimistic, optimistic)) }
        }
    }
}

fn side(path: &str, metrics: &Metrics) -> Markup {
    html! {
        div class=(path) {
            p.path { (path) " path" }
            p class={ "amount " (tone(metrics.net_profit)) } {
                (typographic(&signed(metrics.net_profit))) span.unit { " USDT" }
            }
            p.muted {
                (typographic(&maybe(metrics.return_percent, signed_percent))) " realised; "
                (typographic(&maybe(metrics.return_with_open_percent, signed_percent)))
                " with open cycles at the last close"
            }
        }
    }
}

/// Half the width of the words beside a mark on the line of returns, which is 1000 wide.
const LABEL: f64 = 85.0;

/// A line of returns in percent with zero, both paths, and buy and hold on it.
fn scale(pessimistic: &Metrics, optimistic: &Metrics) -> Markup {
    let returns = [pessimistic.return_percent, optimistic.return_percent];
    let [Some(low), Some(high)] = returns else { return html! {} };
    let hold = pessimistic.buy_and_hold_percent;
    let all = [Some(0.0), Some(low), Some(high), hold].into_iter().flatten();
    let (least, most) = all.fold((0.0_f64, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
    let spread = (most - least).max(1e-9);
    let x = |value: f64| 60.0 + 880.0 * (value - least) / spread;
    let at = |value: f64| format!("{:.1}", x(value));
    let width = format!("{:.1}", (x(high) - x(low)).abs().max(3.0));
    // Words are wider than a mark: near an end they stay inside.
    let label = |value: f64| format!("{:.1}", x(value).clamp(LABEL, 1000.0 - LABEL));
    html! {
        svg viewBox="0 0 1000 64" role="img" aria-label="Returns of both paths and of buy and hold" {
            line.axis x1="30" x2="970" y1="32" y2="32" {}
            line.zero x1=(at(0.0)) x2=(at(0.0)) y1="18" y2="46" {}
            text x=(at(0.0)) y="61" { "0 %" }
            rect.span x=(at(low.min(high))) y="26" width=(width) height="12" rx="3" {}
            circle.pessimistic cx=(at(low)) cy="32" r="8" {}
            circle.optimistic cx=(at(high)) cy="32" r="8" {}
            @if let Some(hold) = hold {
                line.hold x1=(at(hold)) x2=(at(hold)) y1="20" y2="44" {}
                text x=(label(hold)) y="13" {
                    "buy and hold " (typographic(&signed_percent(hold)))
                }
            }
        }
    }
}

fn tiles(backtest: &Backtest) -> Markup {
    let metrics = totals(backtest);
    let paths = [&backtest.paths.pessimistic, &backtest.paths.optimistic];
    let tile = |name: &str, words: fn(&Metrics) -> String| tile(name, metrics.map(words));
    html! {
        div.tiles {
            (tile("Max drawdown", |m| maybe(m.max_drawdown.as_ref(), |d| percent(d.percent))))
            (tile("Closed cycles", |m| whole(m.cycles)))
            (tile("Win rate", |m| maybe(m.win_rate_percent, percent)))
            (tile("Profit factor", |m| maybe(m.profit_factor, ratio)))
            (tile("Sharpe", |m| maybe(m.sharpe, ratio)))
            (tile("Open, unrealised", |m| signed(m.open_unrealised)))
            (tile("Fees", |m| money(m.fees)))
            (tile("Funding", |m| signed(m.funding)))
            (tile("Longest cycle", |m| maybe(m.longest_cycle.as_ref(), |l| hours(l.hours))))
            (self::tile("Switches tripped", paths.map(|p| p.trips.len().to_string())))
        }
    }
}

fn tile(name: &str, [pessimistic, optimistic]: [String; 2]) -> Markup {
    html! {
        div.tile {
            p.name { (name) }
            p.value {
                span.pessimistic title="pessimistic path" { (typographic(&pessimistic)) }
                span.optimistic title="optimistic path" { (typographic(&optimistic)) }
            }
        }
    }
}

fn totals(backtest: &Backtest) -> [&Metrics; 2] {
    [&backtest.paths.pessimistic.total, &backtest.paths.optimistic.total]
}

/// What the result does not prove.
pub(super) fn caveat_list(backtest: &Backtest) -> Markup {
    html! {
        section.caveats id="limits" {
            h2 { "What this does not prove" }
            ul {
                @for caveat in caveats(backtest) {
                    li { strong { (caveat.title) "." } " " (typographic(&caveat.text)) }
                }
            }
        }
    }
}

/// The colours of the two paths.
pub(super) fn legend() -> Markup {
    html! {
        span.key.pessimistic { "pessimistic" }
        span.key.optimistic { "optimistic" }
    }
}

/// The foot of the page.
pub(super) fn footer(backtest: &Backtest) -> Markup {
    let timing = &backtest.timing;
    let rate = maybe(timing.bars_per_second, |r| format!("{:.2} million bars per second", r / 1e6));
    let seconds = format!("{:.2}", timing.engine_cpu_seconds);
    html! {
        footer {
            "Gardefou " (backtest.parameters.version) ". " (whole(timing.bars_decided))
            " bars in " (seconds) " s of CPU time, " (rate)
            ". Times are UTC, amounts USDT."
        }
    }
}

/// With a real minus sign, and percentages that no line break parts.
pub(super) fn typographic(text: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let mut out = String::with_capacity(text.len() + 2);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied();
        out.push(match c {
            '-' if before.is_whitespace() && after.is_some_and(digit) => '−',
            ' ' if after == Some('%') => '\u{a0}',
            other => other,
        });
        before = c;
    }
    out
}

/// The class of an amount: a gain, a loss, or neither.
pub(super) fn tone(amount: Decimal) -> &'static str {
    if amount.is_zero() {
        "even"
    } else if amount.is_sign_positive() {
        "gain"
    } else {
        "loss"
    }
}

/// An amount in the colour of its sign.
pub(super) fn amount(value: Decimal) -> Markup {
    html! { span class=(tone(value)) { (typographic(&signed(value))) } }
}

/// A percentage in the colour of its sign.
pub(super) fn change(value: Option<f64>) -> Markup {
    let tone = match value {
        Some(v) if v > 0.0 => "gain",
        Some(v) if v < 0.0 => "loss",
        Some(_) | None => "even",
    };
    html! { span class=(tone) { (typographic(&maybe(value, signed_percent))) } }
}

/// A share of a whole as a percentage, none when there is no whole.
pub(super) fn share(part: usize, whole: usize) -> String {
    match (part.to_f64(), whole.to_f64()) {
        (Some(part), Some(whole)) if whole > 0.0 => percent(100.0 * part / whole),
        _ => NONE.to_owned(),
    }
}
