//! `state` and `check`: what the books hold, and whether it adds up.

use gardefou_core::config::LEVELS_MAX;
use gardefou_core::config::Mode;
use gardefou_core::engine::Book;
use gardefou_core::executor::{Entry, EntryState, Lane};
use gardefou_core::money::{Cash, Direction, Lots};
use gardefou_core::notice::Switch;
use gardefou_core::risk::switches::Cause;

use super::directives::named_book;
use super::fault::Fault;
use super::say::{price, quantity};
use super::say_notice::{named, readiness, why};
use super::stage::Stage;
use super::values::{in_percent, time, usdt};
use super::words::Line;

/// `state [BOOK] [SYMBOLS]`: money, switches, and every symbol that holds or quotes something; named
/// symbols are shown whatever they do.
pub(super) fn show(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let only = named_book(stage, line);
    let symbols = line.take().map(|word| stage.symbols(&word)).transpose()?;
    line.done()?;
    let mut lines = Vec::new();
    for book in stage.engine.books() {
        if only.is_some_and(|only| only != book.id) {
            continue;
        }
        money(stage, book, &mut lines);
        for lane in &book.lanes {
            let named = symbols.as_ref().map(|symbols| symbols.contains(&lane.symbol));
            if named.unwrap_or_else(|| lane.occupies() || lane.wants_any()) {
                symbol(stage, book, lane, &mut lines);
            }
        }
    }
    lines.into_iter().for_each(|line| stage.write(line));
    Ok(())
}

fn money(stage: &Stage, book: &Book, lines: &mut Vec<String>) {
    let s = book.standing();
    lines.push(format!(
        "{:<8} balance {}  equity {}  reserved {}  free {}",
        stage.orders.book(book.id),
        usdt(s.balance),
        usdt(s.equity),
        usdt(s.reserved),
        usdt(s.free),
    ));
    let global = stage.engine.global(book.mode).latch.as_ref();
    let latches =
        [(Switch::Session(book.id), book.latch.as_ref()), (Switch::Global(book.mode), global)];
    for (switch, latch) in latches {
        let Some(latch) = latch else { continue };
        let why = match &latch.cause {
            Cause::Loss { loss, .. } => format!("loss {}", in_percent(*loss)),
            Cause::Person { reason } => reason.clone(),
        };
        let (name, at) = (named(&stage.orders, switch), time(latch.at));
        lines.push(format!("  {name} latched {at} {why}"));
    }
    if let Some(pause) = &book.pause {
        let (at, by, reason) = (time(pause.at), &pause.by, &pause.reason);
        lines.push(format!("  paused {at} by {by} {reason}"));
    }
}

fn symbol(stage: &Stage, book: &Book, lane: &Lane, lines: &mut Vec<String>) {
    let name = stage.orders.symbol(lane.symbol);
    let at = |ticks| price(&stage.orders, lane.symbol, ticks);
    let ready = readiness(lane.runner.readiness());
    let mut line = format!("  {name:<10} {ready:<11} last {}", at(lane.last));
    if let Some(until) = lane.cooldown_until.filter(|_| lane.cycle.is_none()) {
        line += &format!("  cooldown until the close of {}", time(until));
    }
    if book.mode == Mode::Live {
        let armed = |direction| lane.runner.may_enter(direction);
        let (long, short) = (armed(Direction::Long), armed(Direction::Short));
        line += match (long, short) {
            (true, true) => "",
            (true, false) => "  may enter: long",
            (false, true) => "  may enter: short",
            (false, false) => "  may enter: no side",
        };
    }
    lines.push(line);
    cycle(stage, lane, lines);
    rungs(stage, lane, lines);
}

fn cycle(stage: &Stage, lane: &Lane, lines: &mut Vec<String>) {
    let Some(cycle) = &lane.cycle else { return };
    let at = |ticks| price(&stage.orders, lane.symbol, ticks);
    let held = quantity(&stage.orders, lane.symbol, cycle.basis.lots);
    let direction = if cycle.direction == Direction::Long { "long" } else { "short" };
    lines.push(format!(
        "    cycle {} {direction} {held} cost {} since {} unrealised {}",
        cycle.number,
        usdt(cycle.basis.cost),
        time(cycle.opened),
        usdt(lane.unrealised()),
    ));
    let stop = |stop: &gardefou_core::executor::protection::Stop| {
        let lots = quantity(&stage.orders, lane.symbol, stop.lots);
        format!("{lots} when {}", at(stop.trigger))
    };
    let protection = &lane.protection;
    let working = protection.working.as_ref().map_or_else(|| "none".to_owned(), stop);
    let pending = protection.pending.as_ref();
    let pending = pending.map_or_else(String::new, |p| format!("  asked {}", stop(p)));
    let naked = protection.naked_since;
    let naked = naked.map_or_else(String::new, |since| format!("  naked since {}", time(since)));
    lines.push(format!("    stop {working}{pending}{naked}"));
    match &lane.target {
        Some(target) => {
            let lots = quantity(&stage.orders, lane.symbol, target.lots);
            let state = if target.working { "working" } else { "asked" };
            lines.push(format!("    target {lots} @ {} {state}", at(target.price)));
        }
        None => lines.push("    target none, watched by price".to_owned()),
    }
    if let Some(close) = &lane.close {
        let state = if close.id.is_some() { "sent" } else { "to be tried again" };
        lines.push(format!("    close {} {state}", why(close.reason)));
    }
}

fn rungs(stage: &Stage, lane: &Lane, lines: &mut Vec<String>) {
    for direction in Direction::BOTH {
        for level in 0..LEVELS_MAX {
            let wanted = lane.wanted[direction.index()][level];
            let entry = lane.entries[direction.index()][level];
            let taken = lane.cycle.as_ref().filter(|cycle| cycle.direction == direction);
            let taken = taken.map_or(Lots::ZERO, |cycle| cycle.filled[level]);
            let mut line =
                format!("    {}{level}", if direction == Direction::Long { 'L' } else { 'S' });
            if taken.is_positive() {
                line += &format!(" filled {}", quantity(&stage.orders, lane.symbol, taken));
            }
            if let Some(entry) = &entry {
                line += &rung(stage, lane, entry);
            } else if let Some(wanted) = wanted {
                let lots = quantity(&stage.orders, lane.symbol, wanted.lots);
                line += &format!(
                    " wanted {lots} @ {}",
                    price(&stage.orders, lane.symbol, wanted.price)
                );
            }
            if taken.is_positive() || entry.is_some() || wanted.is_some() {
                lines.push(line);
            }
        }
    }
}

fn rung(stage: &Stage, lane: &Lane, entry: &Entry) -> String {
    let state = match entry.state {
        EntryState::Sent => "sent".to_owned(),
        EntryState::Working => "resting".to_owned(),
        EntryState::Cancelling => "cancelling".to_owned(),
        EntryState::InDoubt => {
            let doubt = lane.doubts.iter().find(|doubt| doubt.id == entry.id);
            format!("in doubt, asked {}", doubt.map_or(0, |doubt| doubt.asked))
        }
        EntryState::AwaitingFills { executed } => {
            format!("awaiting fills of {}", quantity(&stage.orders, lane.symbol, executed))
        }
    };
    let lots = quantity(&stage.orders, lane.symbol, entry.lots - entry.filled);
    format!(" {lots} @ {} {state}", price(&stage.orders, lane.symbol, entry.price))
}

/// `check`: everything that must hold now; says `all holds` or what does not.
pub(super) fn check(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    line.done()?;
    let mut faults = broken(stage);
    faults.extend(unprotected(stage));
    if let Some(exchange) = &stage.exchange {
        faults.extend(exchange.differences(&stage.engine, &stage.orders));
    }
    if faults.is_empty() {
        stage.write("all holds");
    }
    faults.into_iter().for_each(|fault| stage.write(format!("!! {fault}")));
    Ok(())
}

/// What is wrong after an event and never may be.
pub(super) fn broken(stage: &Stage) -> Vec<String> {
    let mut faults = Vec::new();
    for book in stage.engine.books() {
        let wallet = &book.wallet;
        let (name, s) = (stage.orders.book(book.id), book.standing());
        if wallet.initial + wallet.deposits + wallet.realised != wallet.balance {
            faults.push(format!("{name}: initial + deposits + realised is not the balance"));
        }
        if s.balance + s.unrealised != s.equity || s.free + s.reserved != s.equity {
            faults.push(format!("{name}: the equity does not add up"));
        }
        if s.reserved < Cash::ZERO {
            faults.push(format!("{name}: a negative reservation"));
        }
    }
    let doubled = stage.orders.doubled();
    faults.extend(doubled.iter().map(|id| format!("two live orders: {}", stage.orders.label(*id))));
    faults
}

/// Cycles whose whole quantity has no confirmed stop, and levels that hold more than their budget.
fn unprotected(stage: &Stage) -> Vec<String> {
    let mut faults = Vec::new();
    for book in stage.engine.books() {
        for lane in &book.lanes {
            let Some(cycle) = &lane.cycle else { continue };
            let covered = lane.protection.working.map_or(Lots::ZERO, |stop| stop.lots);
            if covered < cycle.basis.lots {
                let place = stage.orders.place(book.id, lane.symbol);
                let lots = quantity(&stage.orders, lane.symbol, cycle.basis.lots - covered);
                faults.push(format!("{place}: {lots} without a confirmed stop"));
            }
        }
    }
    faults
}
