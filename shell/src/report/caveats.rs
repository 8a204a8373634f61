//! What a backtest does not prove, in sentences with the numbers of this run.

use std::collections::BTreeMap;

use super::metrics::sum;
use super::result::{Backtest, DataSeries, DrawdownBasis, LargestOrder, OnTrip, PathResult};
use super::words::{counted, day, fraction, minute, money, percent, whole};

/// Below this many cycles a win rate is an anecdote.
const FEW_CYCLES: u64 = 100;
/// In milliseconds.
const DAY: i64 = 86_400_000;
/// Above this, a share of a market is told without places.
const WHOLE_MARKET: f64 = 100.0;

/// One thing that the result does not prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caveat {
    /// In a few words.
    pub title: &'static str,
    /// In a sentence or two.
    pub text: String,
}

/// What the result does not prove, the most important first; what stands beside the figures
/// ([`warnings`]) apart.
#[must_use]
pub fn caveats(backtest: &Backtest) -> Vec<Caveat> {
    let always = [paths(backtest), past(), liquidity(), today()];
    let here = [
        largest_order(backtest),
        few_cycles(backtest),
        open_cycles(backtest),
        trips(backtest),
        funding(backtest),
        left_out(backtest),
        partly(backtest),
        cut(backtest),
        without_detail(backtest),
        contradicted(backtest),
        drawdown(backtest),
    ];
    always.into_iter().chain(here.into_iter().flatten()).collect()
}

/// What turns the figures themselves into fiction: told beside them.
#[must_use]
pub fn warnings(backtest: &Backtest) -> Vec<Caveat> {
    [beyond_market(backtest), wide(backtest)].into_iter().flatten().collect()
}

fn beyond_market(backtest: &Backtest) -> Option<Caveat> {
    let on_path = |(name, path): (&str, &PathResult)| {
        let share = &path.market_share;
        let from = share.beyond_from.as_ref()?;
        Some(format!(
            "on the {name} path from {} on ({} of {} executions exceed {} % of what was traded in \
             their hour, the largest is {})",
            day(from.ms),
            whole(share.beyond),
            whole(share.compared),
            share.limit_percent,
            share.largest.as_ref().map_or_else(String::new, largest)
        ))
    };
    let paths: Vec<String> = backtest.paths.named().into_iter().filter_map(on_path).collect();
    (!paths.is_empty()).then(|| Caveat {
        title: "Beyond what the market could have filled",
        text: format!(
            "Orders were filled whole at their price although they were too large for the market: {}. \
             Results from then on are beyond what the market could have filled.",
            paths.join("; ")
        ),
    })
}

/// `57,000,000.00 USDT of CRVUSDT on 2025-10-10, 812 % of its hour`.
fn largest(order: &LargestOrder) -> String {
    let share = if order.share_percent >= WHOLE_MARKET {
        format!("{:.0} %", order.share_percent)
    } else {
        percent(order.share_percent)
    };
    format!(
        "{} USDT of {} on {}, {share} of what was traded in its hour ({} USDT)",
        money(order.value),
        order.symbol,
        day(order.time.ms),
        money(order.hour_value)
    )
}

/// The largest order, where none was too large.
fn largest_order(backtest: &Backtest) -> Option<Caveat> {
    let shares = backtest.paths.named().map(|(_, path)| &path.market_share);
    if shares.iter().any(|share| share.beyond > 0) {
        return None;
    }
    let orders = shares.into_iter().filter_map(|share| share.largest.as_ref());
    let order = orders.max_by(|a, b| a.share_percent.total_cmp(&b.share_percent))?;
    Some(Caveat {
        title: "The largest order against its market",
        text: format!("{}.", largest(order)),
    })
}

/// An interval so wide that it says nothing about profit.
fn wide(backtest: &Backtest) -> Option<Caveat> {
    let [pessimistic, optimistic] = backtest.paths.named().map(|(_, path)| &path.total);
    let width = optimistic.net_profit.saturating_sub(pessimistic.net_profit).abs();
    (width > pessimistic.capital).then(|| Caveat {
        title: "Nothing is proven",
        text: format!(
            "The two paths lie {} USDT apart, more than the whole capital of {} USDT: the result \
             depends on the assumed order of prices inside the bars, not on the strategies. Finer \
             bars (--detail) may narrow it.",
            money(width),
            money(pessimistic.capital)
        ),
    })
}

fn paths(backtest: &Backtest) -> Caveat {
    let matched = resolutions(backtest)
        .iter()
        .map(|(resolution, bars)| format!("{} at {resolution}", whole(*bars)))
        .collect::<Vec<_>>()
        .join(", ");
    let matched =
        if matched.is_empty() { String::new() } else { format!(" Bars matched: {matched}.") };
    Caveat {
        title: "The interval is not a bound",
        text: format!(
            "A bar says how far the price went, not in which order. The pessimistic and the \
             optimistic path are two named assumptions about that order; the true result may lie \
             outside what they span.{matched}"
        ),
    }
}

fn past() -> Caveat {
    Caveat {
        title: "One history, already known",
        text: "The parameters may have been chosen by looking at these same bars, and the symbols \
               are those that are still traded. Nothing here says how the strategies do on bars \
               that nobody had seen."
            .to_owned(),
    }
}

fn liquidity() -> Caveat {
    Caveat {
        title: "The market does not notice the orders",
        text: "A resting order is filled whole once the price trades through it; slippage is a \
               fixed part of the price; there is no queue, no depth, no latency and no outage."
            .to_owned(),
    }
}

fn today() -> Caveat {
    Caveat {
        title: "Today's rules applied to the past",
        text: "Fees, steps, minimums, leverage limits and maintenance rates are those of the \
               configuration, whatever the exchange asked at the time."
            .to_owned(),
    }
}

fn few_cycles(backtest: &Backtest) -> Option<Caveat> {
    let fewest = backtest.paths.named().iter().map(|(_, path)| path.total.cycles).min()?;
    (fewest < FEW_CYCLES).then(|| Caveat {
        title: "Few cycles",
        text: format!(
            "{} on one of the paths: win rate, profit factor and Sharpe ratio are anecdotes.",
            counted(usize::try_from(fewest).unwrap_or(usize::MAX), "closed cycle")
        ),
    })
}

fn open_cycles(backtest: &Backtest) -> Option<Caveat> {
    let paths = backtest.paths.named();
    if paths.iter().all(|(_, path)| path.open_cycles.is_empty()) {
        return None;
    }
    let [pessimistic, optimistic] = paths.map(|(_, path)| {
        let unrealised = sum(path.open_cycles.iter().map(|c| c.unrealised));
        format!("{} worth {} USDT", counted(path.open_cycles.len(), "cycle"), money(unrealised))
    });
    Some(Caveat {
        title: "Cycles still open",
        text: format!(
            "The data ended with open cycles: {pessimistic} on the pessimistic path, {optimistic} \
             on the optimistic one, at the last close. They are in no win rate, and what they end \
             as is unknown."
        ),
    })
}

fn trips(backtest: &Backtest) -> Option<Caveat> {
    let [pessimistic, optimistic] = backtest.paths.named().map(|(_, path)| path.trips.len());
    if pessimistic + optimistic == 0 {
        return None;
    }
    let then = match backtest.parameters.options.on_trip {
        OnTrip::Resume => {
            "A simulated operator released each of them on time; a person may decide otherwise."
        }
        OnTrip::Stop => "Entries ended for good at the first one that covers a book.",
    };
    Some(Caveat {
        title: "Kill switches tripped",
        text: format!(
            "{} on the pessimistic path, {} on the optimistic one. {then}",
            counted(pessimistic, "trip"),
            counted(optimistic, "trip")
        ),
    })
}

fn funding(backtest: &Backtest) -> Option<Caveat> {
    let coverage = backtest.data.iter().filter_map(|series| series.funding);
    let (records, filled) = coverage.fold((0, 0), |(r, f), c| {
        (u64::saturating_add(r, c.records), u64::saturating_add(f, c.filled))
    });
    if filled == 0 {
        return None;
    }
    let rate = backtest.parameters.options.missing_funding;
    let rate = rate.map_or_else(|| "the stated rate".to_owned(), fraction);
    Some(Caveat {
        title: "Funding partly assumed",
        text: format!(
            "{} of {} settlements have no recorded rate and were charged at {rate}.",
            whole(filled),
            whole(records.saturating_add(filled))
        ),
    })
}

fn left_out(backtest: &Backtest) -> Option<Caveat> {
    let left_out = &backtest.parameters.options.left_out;
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for left in left_out {
        reasons.entry(&left.reason).or_default().push(&left.symbol);
    }
    let each = |(reason, names): (&str, Vec<&str>)| format!("{} ({reason})", names.join(", "));
    (!left_out.is_empty()).then(|| Caveat {
        title: "Not the whole configuration",
        text: format!(
            "Left out: {}.",
            reasons.into_iter().map(each).collect::<Vec<_>>().join("; ")
        ),
    })
}

/// Symbols whose candles begin after the run or end before it, by more than a day.
fn partly(backtest: &Backtest) -> Option<Caveat> {
    let (from, to) = (backtest.parameters.from.ms, backtest.parameters.to.ms);
    let hourly = backtest.data.iter().filter(|series| series.timeframe.as_deref() == Some("1h"));
    let parts: Vec<String> = hourly
        .filter(|series| series.from.ms > from + DAY || series.to.ms < to - DAY)
        .map(|series| {
            format!("{} from {} to {}", series.symbol, day(series.from.ms), day(series.to.ms))
        })
        .collect();
    (!parts.is_empty()).then(|| Caveat {
        title: "Not the whole time",
        text: format!(
            "Candles of some symbols cover a part of the run: {}. They divide the wallet all the \
             same, and refuse as not ready where they have no bars.",
            parts.join(", ")
        ),
    })
}

fn without_detail(backtest: &Backtest) -> Option<Caveat> {
    let without = &backtest.parameters.choice.without_detail;
    let detail = backtest.parameters.options.detail.as_deref().unwrap_or_default();
    (!without.is_empty()).then(|| Caveat {
        title: "Not everywhere in detail",
        text: format!(
            "No hour of the run has all its bars of {detail} for {}: these were matched on hours.",
            without.join(", ")
        ),
    })
}

/// Files that hold less than their names say.
fn cut(backtest: &Backtest) -> Option<Caveat> {
    let short = backtest.data.iter().filter(|series| series.days_short > 0);
    let files: Vec<String> = short
        .map(|series| {
            let days = counted(usize::try_from(series.days_short).unwrap_or(usize::MAX), "day");
            format!("{} ({days})", series.file)
        })
        .collect();
    (!files.is_empty()).then(|| Caveat {
        title: "Files shorter than their names",
        text: format!(
            "Days that the name promises and the rows do not reach: {}. Perhaps a copy is incomplete.",
            files.join(", ")
        ),
    })
}

/// Hours of which the finer bars tell other prices than the hourly one.
fn contradicted(backtest: &Backtest) -> Option<Caveat> {
    let detail = backtest.parameters.options.detail.as_deref().unwrap_or_default();
    let of = |series: &DataSeries| {
        let hours = &series.resolution.as_ref()?.contradicted;
        let first = minute(hours.first()?.ms);
        let hours = counted(hours.len(), "hour");
        Some(format!("{} ({hours}, first {first})", series.symbol))
    };
    let symbols: Vec<String> = backtest.data.iter().filter_map(of).collect();
    (!symbols.is_empty()).then(|| Caveat {
        title: "Files that contradict each other",
        text: format!(
            "The bars of {detail} make other prices than the hourly bar: {}. They were matched as \
             recorded, and the hourly bar was decided on; the JSON lists every such hour.",
            symbols.join(", ")
        ),
    })
}

fn drawdown(backtest: &Backtest) -> Option<Caveat> {
    let daily = |basis: DrawdownBasis| basis == DrawdownBasis::Daily;
    let drawdown = backtest.paths.named().map(|(_, path)| path.total.max_drawdown.as_ref());
    drawdown.into_iter().flatten().any(|d| daily(d.basis)).then(|| Caveat {
        title: "Drawdown seen once a day",
        text: "Equity was read at 00:00 UTC only; in between it may have been lower.".to_owned(),
    })
}

/// Bars matched per resolution, all symbols together.
pub(crate) fn resolutions(backtest: &Backtest) -> BTreeMap<&str, u64> {
    let mut all = BTreeMap::new();
    for resolution in backtest.data.iter().filter_map(|series| series.resolution.as_ref()) {
        for (name, bars) in &resolution.bars {
            let total: &mut u64 = all.entry(name.as_str()).or_default();
            *total = total.saturating_add(*bars);
        }
    }
    all
}
