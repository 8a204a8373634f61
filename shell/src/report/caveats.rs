//! What a backtest does not prove, in sentences with the numbers of this run.

use std::collections::BTreeMap;

use super::metrics::sum;
use super::result::{Backtest, DrawdownBasis, OnTrip};
use super::words::{counted, fraction, money, whole};

/// Below this many cycles a win rate is an anecdote.
const FEW_CYCLES: u64 = 100;

/// One thing that the result does not prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caveat {
    /// In a few words.
    pub title: &'static str,
    /// In a sentence or two.
    pub text: String,
}

/// What the result does not prove, the most important first.
#[must_use]
pub fn caveats(backtest: &Backtest) -> Vec<Caveat> {
    let always = [paths(backtest), past(), liquidity(), today()];
    let here = [
        few_cycles(backtest),
        open_cycles(backtest),
        trips(backtest),
        funding(backtest),
        left_out(backtest),
        drawdown(backtest),
    ];
    always.into_iter().chain(here.into_iter().flatten()).collect()
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
    let (records, filled) =
        coverage.fold((0, 0), |(r, f), c| (u64::saturating_add(r, c.records), f + c.filled));
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
    let names: Vec<&str> = left_out.iter().map(|l| l.symbol.as_str()).collect();
    (!names.is_empty()).then(|| Caveat {
        title: "Not the whole configuration",
        text: format!("Left out: {}.", names.join(", ")),
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
