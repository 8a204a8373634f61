//! Slots, the margin cap, free margin and correlation groups hold whenever something is granted;
//! no rung of a ladder lies at or beyond the stop that the shallower ones would form.

use gardefou_core::command::Command;
use gardefou_core::config::{EngineConfig, Group, OnKill};
use gardefou_core::engine::{Book, Engine};
use gardefou_core::executor::Lane;
use gardefou_core::ids::BookId;
use gardefou_core::money::{Cash, Direction, Fraction, SCALE, Ticks};
use gardefou_core::step::Step;
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::desk::Desk;

use super::accounts::Accounts;
use super::{Seen, Verdict, exact, money};

/// Units of margin per unit of cash, as in [`money::margin`].
const WHOLE: i128 = 232_792_560;

/// After every event: symbols with a position or a live entry, at the venue and to the engine.
pub fn slots_while_in_flight(engine: &Engine, venue: &BarVenue) -> Verdict {
    let limit = engine.config().risk.max_live_grids as usize;
    for book in engine.books() {
        let at_venue = |lane: &&Lane| venue.desk(book.id, lane.symbol).is_some_and(is_used);
        let used = book.lanes.iter().filter(at_venue).count();
        let known = book.lanes.iter().filter(|lane| lane.occupies()).count();
        if used.max(known) > limit {
            return Err(format!("{}: {used} symbols used ({known} known) of {limit}", book.name));
        }
    }
    Ok(())
}

fn is_used(desk: &Desk) -> bool {
    desk.position.is_some() || !desk.entries.is_empty() || !desk.deferred.is_empty() || {
        desk.market.iter().any(|order| order.preset.is_some())
    }
}

/// After a round: every limit that it was decided by.
pub fn hold_after_a_round(
    accounts: &Accounts,
    engine: &Engine,
    venue: &BarVenue,
    seen: &mut Seen,
) -> Verdict {
    let config = engine.config();
    for book in engine.books() {
        let quoted = book.lanes.iter().filter(|lane| lane.cycle.is_none() && is_quoted(lane));
        let granted = quoted.count();
        seen.granted += granted as u64;
        slots(config, book)?;
        // A switch that only blocks lets what rests go on resting, whatever happens to equity.
        let kept = is_latched(engine, book.id) && config.risk.on_kill == OnKill::Block;
        if granted > 0 && !kept {
            margins(accounts, config, book, venue)?;
            for (index, group) in config.risk.groups.iter().enumerate() {
                correlation(accounts, config, book, venue, (index, group))?;
            }
        }
        if !kept {
            hold_rungs(accounts, book)?;
        }
    }
    Ok(())
}

/// Something rests, waits for a touch, or is on its way.
fn is_quoted(lane: &Lane) -> bool {
    lane.wants_any() || lane.has_entries()
}

/// Waiting rungs count too: they would fill without asking again.
fn slots(config: &EngineConfig, book: &Book) -> Verdict {
    let used = book.lanes.iter().filter(|lane| lane.cycle.is_some() || is_quoted(lane)).count();
    let limit = config.risk.max_live_grids.min(config.risk.max_concurrent_positions) as usize;
    let open = book.lanes.iter().filter(|lane| lane.cycle.is_some()).count();
    // What was open before a limit applied is never closed by it.
    if used > limit.max(open) {
        return Err(format!("{}: {used} symbols open or quoted of {limit}", book.name));
    }
    if let Some(lane) = book.lanes.iter().find(|lane| lane.held_back) {
        return Err(format!("{} {:?}: held back with nothing in flight", book.name, lane.symbol));
    }
    Ok(())
}

/// Something was granted to a flat symbol, so the caps hold for all that is reserved.
fn margins(accounts: &Accounts, config: &EngineConfig, book: &Book, venue: &BarVenue) -> Verdict {
    let total: i128 =
        book.lanes.iter().map(|lane| planned(accounts, config, book, lane, venue)).sum();
    let standing = book.standing();
    let base = standing.balance.min(standing.equity);
    if !within(total, config.risk.max_margin_ratio, base) {
        return Err(format!("{}: margin {} over the cap of {base}", book.name, total / WHOLE));
    }
    let kept = Fraction(SCALE - config.risk.min_free_margin.0);
    if !within(total, kept, standing.equity) {
        return Err(format!("{}: margin {} leaves too little free", book.name, total / WHOLE));
    }
    Ok(())
}

/// Margin of a symbol as a round plans it: a market order counts at the close.
fn planned(
    accounts: &Accounts,
    config: &EngineConfig,
    book: &Book,
    lane: &Lane,
    venue: &BarVenue,
) -> i128 {
    let desk = venue.desk(book.id, lane.symbol);
    let ordered = desk.and_then(|desk| desk.market.iter().find(|order| order.preset.is_some()));
    match ordered {
        Some(order) => {
            let notional = accounts.notional(lane.symbol, lane.last.0, order.lots.0);
            notional * (WHOLE / i128::from(lane.params.leverage()))
        }
        None => money::margin(accounts, config, book.id, lane, venue),
    }
}

fn correlation(
    accounts: &Accounts,
    config: &EngineConfig,
    book: &Book,
    venue: &BarVenue,
    (index, group): (usize, &Group),
) -> Verdict {
    let lanes: Vec<&Lane> = book.lanes.iter().filter(|lane| lane.group == Some(index)).collect();
    let flat = |lane: &Lane| lane.cycle.is_none();
    for direction in Direction::BOTH {
        let held = |lane: &Lane| lane.cycle.as_ref().is_some_and(|c| c.direction == direction);
        let open = lanes.iter().filter(|lane| held(lane)).count();
        let quoted = lanes.iter().filter(|lane| flat(lane) && lane.quotes(direction)).count();
        if quoted > 0 && open + quoted > group.max_same_direction as usize {
            return Err(format!(
                "{}: {} {direction:?} in {}",
                book.name,
                open + quoted,
                group.name
            ));
        }
    }
    let granted = lanes.iter().any(|lane| flat(lane) && is_quoted(lane));
    let total: i128 = lanes.iter().map(|lane| planned(accounts, config, book, lane, venue)).sum();
    if granted && !within(total, group.max_exposure, book.standing().equity) {
        return Err(format!("{}: margin {} in {}", book.name, total / WHOLE, group.name));
    }
    Ok(())
}

/// margin ≤ fraction · base.
fn within(margin: i128, fraction: Fraction, base: Cash) -> bool {
    margin * i128::from(SCALE) <= base.0 * WHOLE * i128::from(fraction.0)
}

fn hold_rungs(accounts: &Accounts, book: &Book) -> Verdict {
    for lane in &book.lanes {
        rungs(accounts, lane).map_err(|what| format!("{} {:?}: {what}", book.name, lane.symbol))?;
    }
    Ok(())
}

/// A book whose switch is tripped or that is paused, before and after a step, sends no new entry in
/// it.
pub fn nothing_new_while_withheld(before: &[bool], engine: &Engine, step: &Step) -> Verdict {
    for command in &step.commands {
        if let Command::Place(order) = command
            && order.preset.is_some()
            && let Some(book) = engine.books().get(usize::from(order.id.book.0))
            && before.get(usize::from(order.id.book.0)).is_some_and(|withheld| *withheld)
            && withholds(engine, book)
        {
            return Err(format!("an entry while entries are withheld: {order:?}"));
        }
    }
    Ok(())
}

/// The engine's own rule of what withholds entries says what the switches and pauses say.
pub fn hold_is_what_it_should_be(engine: &Engine) -> Verdict {
    match engine.books().iter().find(|book| book.hold().withholds() != withholds(engine, book)) {
        Some(book) => Err(format!("{}: it is {:?}", book.name, book.hold())),
        None => Ok(()),
    }
}

/// A switch of the book is tripped, or a person paused it.
pub fn withholds(engine: &Engine, book: &Book) -> bool {
    is_latched(engine, book.id) || book.pause.is_some()
}

/// The session switch of a book, or the global one of its mode, is tripped.
pub fn is_latched(engine: &Engine, book: BookId) -> bool {
    engine
        .books()
        .get(usize::from(book.0))
        .is_some_and(|book| book.latch.is_some() || engine.global(book.mode).latch.is_some())
}

/// In index order: no rung at or beyond the stop of what is held and the shallower rungs.
fn rungs(accounts: &Accounts, lane: &Lane) -> Result<(), String> {
    let value = accounts.value(lane.symbol);
    for direction in Direction::BOTH {
        let cycle = lane.cycle.as_ref().filter(|cycle| cycle.direction == direction);
        let (mut cost, mut lots) = cycle.map_or((0, 0), |c| (c.basis.cost.0, c.basis.lots.0));
        for rung in lane.wanted[direction.index()].iter().flatten() {
            let stop =
                |cost, lots| exact::stop(direction, cost, lots, value, lane.params.stop_loss());
            let beyond = |stop: Ticks| direction.mirror(rung.price) <= direction.mirror(stop);
            if lots > 0 && beyond(stop(cost, lots)) {
                return Err(format!("a rung at {:?}, beyond {:?}", rung.price, stop(cost, lots)));
            }
            cost += accounts.notional(lane.symbol, rung.price.0, rung.lots.0);
            lots += rung.lots.0;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gardefou_core::command::NewOrder;
    use gardefou_core::config::EntryOrder;
    use gardefou_core::event::{Event, Request};
    use gardefou_core::ids::{OrderId, OrderKind, SymbolId};
    use gardefou_core::money::Lots;
    use gardefou_core::time::Timestamp;
    use gardefou_core::venue::bars::Path;

    use super::*;
    use crate::case::{Which, random};

    #[test]
    fn an_entry_of_a_paused_book_is_found_out() {
        let case = random(1, Which::GridAtr, EntryOrder::Limit, Path::Pessimistic, 1);
        let mut engine = Engine::new(case.config);
        let (book, symbol, kind) = (BookId(0), SymbolId(0), OrderKind::Entry);
        let (direction, level) = (Direction::Long, 0);
        let id = OrderId { book, symbol, epoch: 1, sequence: 1, kind, direction, level };
        let (limit, preset) = (Some(Ticks(10)), Some(Ticks(5)));
        let entry = Command::Place(NewOrder { id, limit, lots: Lots(1), preset });
        let sent = Step { commands: vec![entry], ..Step::default() };
        let judged = |engine: &Engine| nothing_new_while_withheld(&[true], engine, &sent);
        assert!(judged(&engine).is_ok(), "a hold that this step ends");
        let request = Request::Pause { book: None, reason: "a look".into() };
        drop(engine.step(Timestamp(0), &Event::RequestMade { request, by: "anna".into() }));
        assert!(judged(&engine).is_err());
        assert!(nothing_new_while_withheld(&[false], &engine, &sent).is_ok(), "in flight before");
        assert_eq!(hold_is_what_it_should_be(&engine), Ok(()));
    }
}
