//! Every position has a stop at the venue that covers it, at the price of the formula; entries
//! are one per level, within the ladder, and none lies at or beyond the stop (invariants 1, 4).

use std::collections::BTreeSet;

use gardefou_core::config::EntryOrder;
use gardefou_core::engine::{Book, Engine};
use gardefou_core::executor::Lane;
use gardefou_core::money::{Direction, Ticks};
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::desk::Desk;

use super::accounts::Accounts;
use super::{Seen, Verdict, exact};

fn places<'a>(
    engine: &'a Engine,
    venue: &'a BarVenue,
) -> impl Iterator<Item = (&'a Book, &'a Lane, &'a Desk)> {
    let lanes =
        engine.books().iter().flat_map(|book| book.lanes.iter().map(move |lane| (book, lane)));
    lanes.filter_map(|(book, lane)| Some((book, lane, venue.desk(book.id, lane.symbol)?)))
}

/// At every instant, even between a fill and the stop that answers it, something at the venue
/// protects what is held there, all of it.
pub fn something_protects(venue: &BarVenue, engine: &Engine) -> Verdict {
    for (book, lane, desk) in places(engine, venue) {
        let held = desk.position.is_some() || !desk.deferred.is_empty();
        if held && desk.stop().is_none() {
            return Err(format!("{} {:?}: a position without a stop", book.name, lane.symbol));
        }
    }
    Ok(())
}

/// True while the venue executes the market entries of a bar one after the other: it has taken
/// them off its list, and the engine has not heard of all of them.
pub fn is_executing(engine: &Engine, venue: &BarVenue) -> bool {
    engine.config().entry_order == EntryOrder::Market
        && places(engine, venue).any(|(_, lane, desk)| {
            let tracked = lane.entries.iter().count();
            tracked > desk.market.len() + desk.deferred.len()
        })
}

/// One live entry order per level, within the ladder, none for a level that filled.
pub fn entries_are_in_order(accounts: &Accounts, engine: &Engine, venue: &BarVenue) -> Verdict {
    for (book, lane, desk) in places(engine, venue) {
        let fail = |what: &str| Err(format!("{} {:?}: {what}", book.name, lane.symbol));
        let resting = desk.entries.iter().map(|order| order.id);
        let market = desk.market.iter().filter(|o| o.preset.is_some()).map(|order| order.id);
        let deferred = desk.deferred.iter().map(|order| order.id);
        let live: Vec<_> = resting.chain(market).chain(deferred).collect();
        let levels: BTreeSet<_> = live.iter().map(|id| (id.direction, id.level)).collect();
        if levels.len() != live.len() {
            return fail("two live entries on one level");
        }
        let held = accounts.position(book.id, lane.symbol);
        for &(direction, level) in &levels {
            if level >= lane.params.levels() {
                return fail("an entry beyond the configured levels");
            }
            if held.is_some_and(|held| held.direction != direction || held.levels.contains(&level))
            {
                return fail("an entry of the other side, or on a level that filled");
            }
        }
        let tracked = lane.entries.iter().count();
        if tracked != live.len() {
            return fail("the engine and the venue disagree on the live entries");
        }
    }
    Ok(())
}

/// While nothing is in flight, the stop in force is the one of the formula and covers everything.
pub fn positions_are_protected(
    accounts: &Accounts,
    engine: &Engine,
    venue: &BarVenue,
    seen: &mut Seen,
) -> Verdict {
    for (book, lane, desk) in places(engine, venue) {
        let wrong = |what: String| Err(format!("{} {:?}: {what}", book.name, lane.symbol));
        let Some(held) = Held::of(accounts, lane, desk) else {
            if !desk.stops.is_empty() || desk.target.is_some() {
                return wrong("flat, with a stop or a target".into());
            }
            continue;
        };
        let should = held.stop(accounts, lane);
        if desk.stop() != Some(should) {
            return wrong(format!("stop {:?}, should be {should:?} for {held:?}", desk.stop()));
        }
        if desk.deferred.is_empty() {
            seen.positions += 1;
            let orders: Vec<_> = desk.stops.iter().map(|s| (s.trigger, s.lots.0)).collect();
            if orders != [(should, held.lots)] {
                return wrong(format!("stops {orders:?}, should be {should:?} × {}", held.lots));
            }
        } else {
            seen.deferred += 1;
        }
        nothing_beyond(accounts, lane, desk, held).or_else(wrong)?;
    }
    Ok(())
}

/// In index order: no entry rests at or beyond the stop of what is held and the shallower ones.
fn nothing_beyond(accounts: &Accounts, lane: &Lane, desk: &Desk, mut held: Held) -> Verdict {
    let mut entries = desk.entries.clone();
    entries.sort_by_key(|order| order.id.level);
    for order in entries {
        let stop = held.stop(accounts, lane);
        if held.direction.mirror(order.price) <= held.direction.mirror(stop) {
            return Err(format!("an entry at {:?}, the stop is at {stop:?}", order.price));
        }
        held.lots += order.lots.0;
        held.cost += accounts.notional(lane.symbol, order.price.0, order.lots.0);
    }
    Ok(())
}

/// What is held, market entries of this bar included at the price that touched their level.
#[derive(Debug)]
pub struct Held {
    /// Long or short.
    pub direction: Direction,
    /// Quantity.
    pub lots: i64,
    /// Σ price · quantity.
    pub cost: i128,
}

impl Held {
    /// What a desk holds.
    pub fn of(accounts: &Accounts, lane: &Lane, desk: &Desk) -> Option<Self> {
        let deferred = desk.deferred.first().map(|order| order.id.direction);
        let direction = desk.position.map(|position| position.direction).or(deferred)?;
        let (mut lots, mut cost) = desk.position.map_or((0, 0), |p| (p.lots.0, p.cost.0));
        for order in &desk.deferred {
            let buying = direction == Direction::Long;
            let price = exact::slipped(order.touched, accounts.costs.slippage, buying);
            lots += order.lots.0;
            cost += accounts.notional(lane.symbol, price.0, order.lots.0);
        }
        Some(Self { direction, lots, cost })
    }

    /// Its stop, from the configuration of its symbol.
    pub fn stop(&self, accounts: &Accounts, lane: &Lane) -> Ticks {
        let value = accounts.value(lane.symbol);
        exact::stop(self.direction, self.cost, self.lots, value, lane.params.stop_loss())
    }
}
