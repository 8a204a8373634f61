//! What the demo came to, as text for the normal screen: results per strategy, what is still
//! open, what it does not prove, and what to do next.

use std::collections::BTreeSet;
use std::io::{self, Write};

use gardefou_core::engine::Book;
use gardefou_core::money::Cash;
use gardefou_core::notice::Switch;
use gardefou_core::risk::Refusal;
use gardefou_core::risk::worst_case::worst_case;

use super::focus::side;
use super::market::Demo;
use super::tally::lane_unrealised;
use crate::words::{self, numbers};

/// Writes the summary.
///
/// # Errors
/// The text cannot be written.
pub fn write(demo: &Demo, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    head(demo, seed, out)?;
    strategies(demo, out)?;
    untraded(demo, out)?;
    open_cycles(demo, out)?;
    trips(demo, out)?;
    last_words(out)
}

fn head(demo: &Demo, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let (began, ends) = demo.span();
    let traded = numbers::length(demo.now() - began);
    let end = if demo.is_over() { "" } else { ", ended early" };
    writeln!(out, "Summary: {traded} of a generated market (seed {seed}){end}")?;
    if demo.now() < ends {
        writeln!(out, "The rest, {}, was not traded.", numbers::length(ends - demo.now()))?;
    }
    let total = demo.tally().counts(None);
    let all = counted(total.won + total.lost, "cycle");
    writeln!(out, "{all} completed: {} won, {} lost.", total.won, total.lost)?;
    for sentence in worst_cases(demo) {
        writeln!(out, "{sentence}")?;
    }
    if let Some((at, depth)) = demo.crash() {
        writeln!(
            out,
            "At {} UTC the market began to crash, by about {:.0} %.",
            numbers::minute(at),
            100.0 * depth
        )?;
    }
    if total.stopped > 0 {
        writeln!(
            out,
            "{} ended at the stop: {}. All others together: {}.",
            counted(total.stopped, "cycle"),
            numbers::signed_usdt(total.net_stopped),
            numbers::signed_usdt(total.net - total.net_stopped)
        )?;
    }
    writeln!(out)
}

/// What each strategy could have lost at once, as computed before the start.
#[must_use]
pub fn worst_cases(demo: &Demo) -> Vec<String> {
    let config = demo.engine().config();
    let sentence = |book: &gardefou_core::config::BookConfig| {
        // One line would be too long for a narrow terminal.
        words::worst_case(&book.name, &worst_case(config, book)).replace("; ", ";\n  ")
    };
    config.books.iter().map(sentence).collect()
}

fn strategies(demo: &Demo, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<14} {:>6} {:>4} {:>5} {:>6} {:>11} {:>10} {:>9} {:>19}",
        "Strategy",
        "Cycles",
        "Won",
        "Lost",
        "Stops",
        "Net USDT",
        "of capital",
        "Open",
        "Worst drawdown"
    )?;
    for (book, tally) in demo.engine().books().iter().zip(&demo.tally().books) {
        let counts = demo.tally().counts(Some(book));
        let (fall, peak) = tally.worst;
        writeln!(
            out,
            "{:<14} {:>6} {:>4} {:>5} {:>6} {:>11} {:>10} {:>9} {:>19}",
            book.name,
            counts.won + counts.lost,
            counts.won,
            counts.lost,
            counts.stopped,
            numbers::signed_cash(counts.net),
            numbers::share(counts.net, book.wallet.initial),
            numbers::signed_cash(open_result(demo, book)),
            format!("{} ({})", numbers::cash(-fall), numbers::share(-fall, peak)),
        )?;
    }
    writeln!(out, "Net is after fees and funding, of completed cycles only.")
}

/// Why a strategy without a single cycle had none: what refused each of its symbols last.
fn untraded(demo: &Demo, out: &mut dyn Write) -> io::Result<()> {
    let (config, tally) = (demo.engine().config(), demo.tally());
    for book in demo.engine().books() {
        let counts = tally.counts(Some(book));
        let open = book.lanes.iter().any(|lane| lane.cycle.is_some());
        if open || counts.won + counts.lost > 0 {
            continue;
        }
        writeln!(out, "\n{} opened no cycle:", book.name)?;
        let mut remedies = BTreeSet::new();
        for lane in &book.lanes {
            let pair = words::pair(config, lane.symbol);
            let Some((_, refusal)) = tally.refusals.get(&(book.id, lane.symbol)) else {
                writeln!(out, "  {pair}: no price reached its ladder")?;
                continue;
            };
            writeln!(out, "  {pair}: {}", words::refusal(refusal))?;
            remedies.extend(words::remedy(Refusal::NAMES[refusal.kind()]));
        }
        for remedy in remedies {
            writeln!(out, "  What would change it: {remedy}.")?;
        }
    }
    Ok(())
}

/// What the open cycles of a book are worth: booked so far and unrealised.
pub(super) fn open_result(demo: &Demo, book: &Book) -> Cash {
    let open = book.lanes.iter().filter_map(|lane| Some((lane, lane.cycle.as_ref()?)));
    open.map(|(lane, cycle)| {
        let booked = cycle.gross - cycle.fees + cycle.funding;
        booked + lane_unrealised(lane, demo.price(lane.symbol))
    })
    .sum()
}

fn open_cycles(demo: &Demo, out: &mut dyn Write) -> io::Result<()> {
    let config = demo.engine().config();
    let mut any = false;
    for book in demo.engine().books() {
        for lane in &book.lanes {
            let Some(cycle) = &lane.cycle else { continue };
            if !any {
                writeln!(out, "\nStill open, not in the net result:")?;
                any = true;
            }
            writeln!(
                out,
                "  {} {}, {}, {} of {} levels, unrealised {}",
                book.name,
                words::pair(config, lane.symbol),
                side(cycle.direction),
                cycle.levels_filled(),
                lane.params.levels(),
                numbers::signed_usdt(lane_unrealised(lane, demo.price(lane.symbol)))
            )?;
        }
    }
    if any { Ok(()) } else { writeln!(out, "\nNo cycle is still open.") }
}

fn trips(demo: &Demo, out: &mut dyn Write) -> io::Result<()> {
    if demo.tally().trips.is_empty() {
        return writeln!(out, "No kill switch tripped.");
    }
    writeln!(out, "\nKill switches that tripped, released later by a simulated operator:")?;
    for (at, switch) in &demo.tally().trips {
        let name = match switch {
            Switch::Session(book) => {
                format!("session switch of {}", words::book_name(demo.engine().config(), *book))
            }
            Switch::Global(_) => "global switch".to_owned(),
        };
        writeln!(out, "  {} UTC  {name}", numbers::minute(*at))?;
    }
    Ok(())
}

fn last_words(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(
        out,
        "This was a simulated exchange on the pessimistic path: the bad price of each minute first."
    )?;
    writeln!(out, "The prices were generated; the result proves nothing about your market.")?;
    writeln!(
        out,
        "Next: `gardefou backtest` runs these strategies, with these rules, over recorded prices."
    )
}

fn counted(count: usize, noun: &str) -> String {
    numbers::counted(u32::try_from(count).unwrap_or(u32::MAX), noun)
}
