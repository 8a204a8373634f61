//! Executions and settlements of ours that a snapshot has and a lane has not.

use alloc::vec::Vec;

use super::plan::Action;
use super::snapshot::{AccountSnapshot, Execution, Listed, Maker, Settlement};
use super::watch::{Skipped, Watch};
use crate::event::Fill;
use crate::executor::Lane;
use crate::ids::{FillId, OrderKind};
use crate::money::{Direction, Lots};
use crate::time::Timestamp;

/// One thing that happened and was not told.
#[derive(Clone, Copy)]
pub(super) enum Fact {
    Fill(Fill),
    Forced(Fill),
    Funding(Settlement),
}

/// What happened on a symbol and was not told, in the order in which it happened.
#[derive(Default)]
pub(super) struct Missed {
    pub facts: Vec<Fact>,
    /// History of another life of the book, which is not booked.
    pub skip: Option<Skipped>,
}

impl Fact {
    /// A settlement charges what was held before anything else of its instant happened.
    fn key(&self) -> (Timestamp, u8, FillId) {
        match self {
            Self::Funding(paid) => (paid.at, 0, FillId(0)),
            Self::Fill(fill) | Self::Forced(fill) => (fill.at, 1, fill.fill),
        }
    }

    pub(super) fn action(&self) -> Action {
        match *self {
            Self::Fill(fill) => Action::Book(fill),
            Self::Forced(fill) => Action::BookForced(fill),
            Self::Funding(paid) => Action::Fund(paid),
        }
    }

    /// The position after it, above zero for a long.
    fn moves(&self, held: Lots) -> Lots {
        let (Self::Fill(fill) | Self::Forced(fill)) = self else { return held };
        let sign = fill.id.direction.sign();
        if fill.id.kind == OrderKind::Entry {
            return held + Lots(fill.lots.0 * sign);
        }
        // What reduces cannot turn a position; without one its beginning is not known.
        if matches!(self, Self::Forced(_)) {
            return Lots(held.0.signum() * (held.0.abs() - fill.lots.0).max(0));
        }
        Lots(sign * (held.0 * sign - fill.lots.0).max(0).min((held.0 * sign).max(0)))
    }
}

/// What a lane has missed. `blank`: the book has no past of its own, so that only the open cycle
/// counts; what came before belongs to a ledger that is lost.
pub(super) fn missed(
    lane: &Lane,
    watch: &Watch,
    snapshot: &AccountSnapshot,
    blank: bool,
) -> Missed {
    let listed = Listed::Symbol(lane.symbol);
    let mut facts: Vec<Fact> = Vec::new();
    let skipped = watch.skipped(lane.symbol);
    for execution in snapshot.fills.known().into_iter().flatten() {
        if execution.symbol != listed {
            continue;
        }
        if let Some(fact) = ours(lane, snapshot, execution)
            && skipped.is_none_or(|skipped| (execution.at, execution.fill) > skipped.fill)
        {
            facts.push(fact);
        }
    }
    for paid in snapshot.funding.known().into_iter().flatten() {
        let news = !lane.knows_settlement(paid.at)
            && skipped.is_none_or(|skipped| paid.at > skipped.funding);
        if paid.symbol == listed && news {
            facts.push(Fact::Funding(*paid));
        }
    }
    facts.sort_by_key(Fact::key);
    facts.dedup_by_key(|fact| fact.key());
    let skip = if blank { Some(skip_history(&mut facts)) } else { None };
    keep_held_settlements(lane, &mut facts);
    Missed { facts, skip: skip.flatten() }
}

/// An execution of ours that is possible and new.
fn ours(lane: &Lane, snapshot: &AccountSnapshot, execution: &Execution) -> Option<Fact> {
    let fill = execution.as_fill(snapshot.book)?;
    let possible = fill.id.book == snapshot.book
        && fill.lots.is_positive()
        && fill.price.is_positive()
        && lane.could_hold(fill.price, fill.lots)
        && fill.id.is_possible();
    if !possible || lane.knows_fill(&fill) {
        return None;
    }
    Some(if execution.maker == Maker::Exchange { Fact::Forced(fill) } else { Fact::Fill(fill) })
}

/// Leaves the facts of the open cycle, and says up to where the others reach.
fn skip_history(facts: &mut Vec<Fact>) -> Option<Skipped> {
    let (mut held, mut open_from) = (Lots::ZERO, 0);
    for (index, fact) in facts.iter().enumerate() {
        let after = fact.moves(held);
        if after.is_zero() {
            open_from = index + 1;
        } else if held.0.signum() == -after.0.signum() {
            open_from = index; // It turned: what is left of this execution began a cycle.
        }
        held = after;
    }
    let mut skip = None;
    for fact in facts.drain(..open_from) {
        let past = Skipped { fill: (Timestamp(i64::MIN), FillId(0)), funding: Timestamp(i64::MIN) };
        let skip = skip.get_or_insert(past);
        match fact {
            Fact::Fill(fill) | Fact::Forced(fill) => skip.fill = (fill.at, fill.fill),
            Fact::Funding(paid) => skip.funding = paid.at,
        }
    }
    skip
}

/// A settlement on a position of somebody else is not ours.
fn keep_held_settlements(lane: &Lane, facts: &mut Vec<Fact>) {
    let mut held = lane.held_signed();
    facts.retain(|fact| {
        let before = held;
        held = fact.moves(held);
        match fact {
            Fact::Funding(paid) => !before.is_zero() || held_before(lane, paid.at),
            Fact::Fill(_) | Fact::Forced(_) => true,
        }
    });
}

/// A cycle that is over was open at that instant.
fn held_before(lane: &Lane, at: Timestamp) -> bool {
    lane.executions.span(at)
}

/// The sum of positions of a symbol, above zero for a long.
pub(super) fn held_there(snapshot: &AccountSnapshot, symbol: Listed) -> Option<Lots> {
    let positions = snapshot.positions.known()?;
    let mut sum = 0_i64;
    for held in positions.iter().filter(|held| held.symbol == symbol) {
        let sign = if held.direction == Direction::Long { 1 } else { -1 };
        sum = sum.saturating_add(held.lots.0.saturating_mul(sign));
    }
    Some(Lots(sum))
}
