//! Carrying out a plan, and seeing to it that books are compared when they should be.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::compare::{contradictions, plan};
use super::plan::{Action, Plan, SymbolPlan};
use super::snapshot::{AccountSnapshot, Failure, Listed, PartName};
use super::watch::Skipped;
use crate::command::Command;
use crate::engine::{Book, Engine};
use crate::event::{Event, Fill, OrderNews};
use crate::executor::{Effects, Lane};
use crate::ids::{BookId, SymbolId};
use crate::money::Cash;
use crate::notice::{Anomaly, Notice};
use crate::risk::Refusal;
use crate::step::Step;
use crate::time::Timestamp;

impl Engine {
    /// What would be done about a snapshot; nothing is done.
    #[must_use]
    pub fn plan(&self, snapshot: &AccountSnapshot) -> Option<Plan> {
        plan(self, snapshot)
    }

    /// Compares a book with what its account holds, tells what differs, and mends it.
    pub(crate) fn account_seen(
        &mut self,
        now: Timestamp,
        snapshot: &AccountSnapshot,
        out: &mut Step,
    ) {
        let Some(plan) = plan(self, snapshot) else { return };
        self.apply(now, &plan, out);
        let Some(book) = self.books.get_mut(usize::from(plan.book.0)) else { return };
        note_contradictions(book, &plan, snapshot);
        let failed = |part| plan.failed.iter().any(|&(failed, _)| failed == part);
        let disbelieved = book.watch.is_first() && plan.is_doubtful();
        let facts = !failed(PartName::Fills) && !failed(PartName::Funding) && !disbelieved;
        let stale = book.watch.is_stale(snapshot.at);
        if book.watch.compared(now, &plan, facts, stale) {
            out.notices.insert(0, Notice::Reconciled(Box::new(plan.clone())));
        }
        self.judge(now, plan.book, out);
        self.release_waiting(now, plan.book, out);
    }

    /// Carries out a plan: what was missed and the stops of every symbol, then the rest.
    fn apply(&mut self, now: Timestamp, plan: &Plan, out: &mut Step) {
        let Self { config, books, .. } = self;
        let Some(book) = books.get_mut(usize::from(plan.book.0)) else { return };
        let mut earlier = Cash::ZERO;
        for found in &plan.symbols {
            let Some(symbol) = found.symbol.symbol() else { continue };
            skip_history(book, symbol, found);
            if let Some((lane, mut fx)) = book.lane_and_effects(symbol, now, config, out) {
                earlier += protect(lane, &mut fx, found);
            }
        }
        // A loss of another day trips nothing today.
        book.session.leave_out(earlier);
        for found in &plan.symbols {
            let symbol = found.symbol.symbol();
            set_blocks(book, found);
            match symbol.and_then(|symbol| book.lane_and_effects(symbol, now, config, out)) {
                Some((lane, mut fx)) => mend(lane, &mut fx, found),
                None => withdraw_elsewhere(found, out),
            }
        }
        if let Some(differs) = plan.balance.filter(|differs| differs.adopt) {
            self.balance_moved(plan.book, differs.theirs - differs.ours);
        }
    }

    /// Rungs that waited for the comparison are sent.
    fn release_waiting(&mut self, now: Timestamp, book: BookId, out: &mut Step) {
        let Self { config, books, .. } = self;
        let Some(book) = books.get_mut(usize::from(book.0)) else { return };
        book.waiting |= book.lanes.iter().any(|lane| lane.held_back);
        if book.waiting {
            book.send_waiting(now, config, out);
        }
    }

    // ---- when ----

    /// The connection to an account was made.
    pub(crate) fn reconnected(&mut self, now: Timestamp, book: BookId, out: &mut Step) {
        if let Some(book) = self.books.get_mut(usize::from(book.0)) {
            if !book.watch.is_on() {
                if book.wallet.realised.is_zero() && book.lanes.iter().all(Lane::is_blank) {
                    book.watch.rebuild();
                }
                // Nobody noted yet when these moved last.
                for lane in book.lanes.iter().filter(|lane| lane.occupies()) {
                    book.watch.note(lane.symbol, now);
                }
            }
            book.watch.reconnected(now);
        }
        self.ask_accounts(now, out);
    }

    /// A person wants a comparison.
    pub(crate) fn compare_requested(
        &mut self,
        now: Timestamp,
        only: Option<BookId>,
        out: &mut Step,
    ) {
        let books = self.books.iter_mut().filter(|book| book.watch.is_on());
        for book in books.filter(|book| only.is_none_or(|only| only == book.id)) {
            book.watch.ask_now(now);
        }
        self.ask_accounts(now, out);
    }

    /// Asks every account whose question is due; one that did not answer is told.
    pub(crate) fn ask_accounts(&mut self, now: Timestamp, out: &mut Step) {
        for book in &mut self.books {
            if book.watch.due().is_none_or(|due| due > now) {
                continue;
            }
            if book.watch.is_unanswered() {
                let silent = silence(book.id, now);
                if book.watch.is_news(&silent) {
                    out.notices.push(Notice::Reconciled(Box::new(silent)));
                }
            }
            let since = book.watch.ask(now);
            out.commands.push(Command::QueryAccount { book: book.id, since });
        }
    }

    /// Notes what moved in this step, for comparisons to come, and whether it was a surprise.
    pub(crate) fn watch_step(&mut self, now: Timestamp, event: &Event, out: &Step) {
        let Self { books, .. } = self;
        let told = told_of(event).into_iter();
        for (book, symbol) in told.chain(out.commands.iter().filter_map(changes)) {
            if let Some(book) = books.get_mut(usize::from(book.0)).filter(|b| b.watch.is_on()) {
                book.watch.note(symbol, now);
            }
        }
        for book in out.notices.iter().filter_map(surprise) {
            if let Some(book) = books.get_mut(usize::from(book.0)) {
                book.watch.surprised(now);
            }
        }
    }
}

impl Book {
    /// Flat symbols whose entries are withheld take no part in a round.
    pub(crate) fn pass_over_blocked(
        &mut self,
        now: Timestamp,
        config: &crate::config::EngineConfig,
        out: &mut Step,
    ) {
        let blocked: Vec<_> = self.watch.all_blocked().collect();
        for (symbol, why) in blocked {
            let Some((lane, mut fx)) = self.lane_and_effects(symbol, now, config, out) else {
                continue;
            };
            if lane.cycle.is_none() && !lane.has_entries() && core::mem::take(&mut lane.fresh) {
                lane.want_nothing();
                lane.tell_refusal(&mut fx, Refusal::Unreconciled { why });
            }
        }
    }
}

fn skip_history(book: &mut Book, symbol: SymbolId, found: &SymbolPlan) {
    for action in &found.actions {
        if let Action::Skip { fill, funding } = *action {
            book.watch.skip(symbol, Skipped { fill, funding });
        }
    }
}

/// Books what was missed, takes stops over, and makes the stop right; the answer is what was
/// realised before this day began.
fn protect(lane: &mut Lane, fx: &mut Effects<'_>, found: &SymbolPlan) -> Cash {
    fx.catching_up = true;
    let (mut touched, mut earlier) = (false, Cash::ZERO);
    for action in &found.actions {
        let before = fx.wallet.realised;
        touched |= match *action {
            Action::Book(fill) => booked(lane, fx, &fill, Lane::apply_fill),
            Action::BookForced(fill) => booked(lane, fx, &fill, Lane::liquidated),
            Action::Fund(paid) => {
                lane.settle_funding(fx, &paid);
                false
            }
            Action::DropStop { .. } | Action::AdoptStop { .. } | Action::ReplaceStop { .. } => {
                lane.take_over(fx, action)
            }
            Action::Protect { .. } => true,
            Action::Skip { .. }
            | Action::Confirm { .. }
            | Action::AdoptTarget { .. }
            | Action::Withdraw { .. }
            | Action::Ask { .. }
            | Action::SetLeverage { .. }
            | Action::Block(_)
            | Action::Unblock => false,
        };
        if action.happened().is_some_and(|at| at < fx.now.midnight()) {
            earlier += fx.wallet.realised - before;
        }
    }
    fx.catching_up = false;
    if touched {
        lane.caught_up(fx);
    }
    earlier
}

fn booked(
    lane: &mut Lane,
    fx: &mut Effects<'_>,
    fill: &Fill,
    book: impl FnOnce(&mut Lane, &mut Effects<'_>, &Fill),
) -> bool {
    book(lane, fx, fill);
    true
}

/// Orders, settings, and what follows from what was booked.
fn mend(lane: &mut Lane, fx: &mut Effects<'_>, found: &SymbolPlan) {
    let mut moved = false;
    for action in &found.actions {
        match *action {
            Action::Book(_) | Action::BookForced(_) => moved = true,
            Action::Confirm { id, price, lots } => lane.accepted(fx, id, price, lots),
            Action::AdoptTarget { id, price, lots } => lane.adopt_target(id, price, lots),
            Action::Withdraw { id } => lane.recall(fx, id),
            Action::Ask { id } => lane.unconfirmed(fx, id),
            Action::SetLeverage { leverage } => {
                let (book, symbol) = (fx.ids.book, lane.symbol);
                fx.out.commands.push(Command::SetLeverage { book, symbol, leverage });
            }
            Action::Block(_) => lane.stand_aside(fx),
            Action::Skip { .. }
            | Action::DropStop { .. }
            | Action::AdoptStop { .. }
            | Action::ReplaceStop { .. }
            | Action::Fund(_)
            | Action::Protect { .. }
            | Action::Unblock => {}
        }
    }
    if moved {
        lane.follow_up(fx);
    }
}

fn set_blocks(book: &mut Book, found: &SymbolPlan) {
    let Some(symbol) = found.symbol.symbol() else { return };
    for action in &found.actions {
        if let Action::Block(why) = *action {
            book.watch.block(symbol, Some(why));
        } else if *action == Action::Unblock {
            book.watch.block(symbol, None);
        }
    }
}

/// Orders of ours on symbols that the book does not run.
fn withdraw_elsewhere(found: &SymbolPlan, out: &mut Step) {
    for action in &found.actions {
        if let Action::Withdraw { id } = *action {
            out.commands.push(Command::Cancel { id });
        }
    }
}

fn note_contradictions(book: &mut Book, plan: &Plan, snapshot: &AccountSnapshot) {
    if snapshot.positions.known().is_none() {
        return;
    }
    let found: Vec<(Listed, u8)> = contradictions(plan).collect();
    for index in 0..book.lanes.len() {
        let Some(symbol) = book.lanes.get(index).map(|lane| lane.symbol) else { continue };
        let times = found.iter().find(|(listed, _)| *listed == Listed::Symbol(symbol));
        if let Some(&(_, times)) = times {
            book.watch.set_contradictions(symbol, times);
        } else if !plan.moving.contains(&symbol) {
            book.watch.set_contradictions(symbol, 0);
        }
    }
}

/// The plan of an account that does not answer.
fn silence(book: BookId, now: Timestamp) -> Plan {
    let parts = [
        PartName::Positions,
        PartName::Orders,
        PartName::Triggers,
        PartName::Fills,
        PartName::Funding,
        PartName::Balance,
        PartName::Settings,
    ];
    let failed = parts.map(|part| (part, Failure::NoAnswer)).to_vec();
    Plan { failed, ..Plan::agreed(book, now) }
}

/// The place whose orders an event tells of. A question without an answer tells nothing.
fn told_of(event: &Event) -> Option<(BookId, SymbolId)> {
    if let Event::PositionLiquidated { book, symbol, .. } = event {
        return Some((*book, *symbol));
    }
    let (id, news) = event.order_news()?;
    (news != OrderNews::Unconfirmed).then_some((id.book, id.symbol))
}

/// The place at which a command changes something.
fn changes(command: &Command) -> Option<(BookId, SymbolId)> {
    if let Command::SetLeverage { book, symbol, .. } = command {
        return Some((*book, *symbol));
    }
    command.awaits().map(|id| (id.book, id.symbol))
}

/// The book that something happened to which a comparison may explain.
fn surprise(notice: &Notice) -> Option<BookId> {
    use crate::event::Reject;
    match notice {
        Notice::Unprotected { book, .. } => Some(*book),
        Notice::Anomaly { what } => match what {
            Anomaly::UnknownOrderFilled(fill) | Anomaly::FillChanged(fill) => Some(fill.id.book),
            Anomaly::Rejected(id, Reject::NoPosition | Reject::Locked) => Some(id.book),
            Anomaly::Dust { book, .. }
            | Anomaly::TooOld { book, .. }
            | Anomaly::Unmatched { book, .. } => Some(*book),
            Anomaly::Rejected(..)
            | Anomaly::Gap { .. }
            | Anomaly::Impossible
            | Anomaly::BrokenBar { .. } => None,
        },
        Notice::Filled { .. }
        | Notice::Funded { .. }
        | Notice::CycleClosed(_)
        | Notice::Refused { .. }
        | Notice::SwitchTripped { .. }
        | Notice::SwitchReleased { .. }
        | Notice::Paused { .. }
        | Notice::Resumed { .. }
        | Notice::Reconciled(_)
        | Notice::Readiness { .. } => None,
    }
}
