//! Executions: booked once each, whatever path brings them and however late. The stop is made
//! right in the same step, before anything else leaves.

use super::executions::Noted;
use super::{Effects, EntryState, Ids, Lane, Sweep};
use crate::account::Cycle;
use crate::config::{OnKill, Params};
use crate::event::Fill;
use crate::ids::{OrderId, OrderKind};
use crate::money::{Cash, Direction, Lots};
use crate::notice::{Anomaly, FillReason, Notice};
use crate::risk::ladder::Quote;
use crate::time::Timestamp;

/// Exits that wait for the entries that they close. An exchange is some messages behind, not
/// hundreds.
const EARLY_MAX: usize = 64;

impl Lane {
    /// Applies one execution.
    pub fn apply_fill(&mut self, fx: &mut Effects<'_>, fill: &Fill) {
        if !self.is_news(fx, fill) {
            // Told as the answer to a question about an order that has executed whole.
            if !self.tracks(fill.id) {
                self.answered(fill.id);
            }
            return;
        }
        match fill.id.kind {
            OrderKind::Entry => self.entry_filled(fx, fill),
            OrderKind::Target => {
                self.exit_filled(fx, fill, FillReason::Target);
            }
            OrderKind::Stop => {
                self.exit_filled(fx, fill, FillReason::Stop);
            }
            OrderKind::Close => {
                let reason = self.reason_of_close(fill.id);
                self.exit_filled(fx, fill, reason);
            }
        }
    }

    /// Why a close was sent: its id says so even where the record of sending it is lost.
    fn reason_of_close(&self, id: OrderId) -> FillReason {
        let known = self.close.filter(|close| close.id == Some(id)).map(|close| close.reason);
        FillReason::of_mark(id.level).or(known).unwrap_or(FillReason::Unheard)
    }

    /// The exchange closed by force.
    pub(crate) fn liquidated(&mut self, fx: &mut Effects<'_>, fill: &Fill) {
        if self.is_news(fx, fill) {
            self.exit_filled(fx, fill, FillReason::Liquidation);
        }
    }

    /// Remembers an execution; false when it was known. What comes again with other content, or so
    /// late that nobody can tell, is reported and changes nothing (INC-107, INC-176).
    fn is_news(&mut self, fx: &mut Effects<'_>, fill: &Fill) -> bool {
        let noted = self.executions.note(fill);
        match noted {
            Noted::New | Noted::Again => {}
            Noted::Changed => fx.tell(Notice::Anomaly { what: Anomaly::FillChanged(*fill) }),
            Noted::TooOld => self.tell_too_old(fx, fill.at),
        }
        noted == Noted::New
    }

    pub(super) fn tell_too_old(&self, fx: &mut Effects<'_>, at: Timestamp) {
        let (book, symbol) = (fx.ids.book, self.symbol);
        fx.tell(Notice::Anomaly { what: Anomaly::TooOld { book, symbol, at } });
    }

    /// What is known to have been executed of an order.
    pub(super) fn executed(&self, id: OrderId) -> Lots {
        self.executions.of(id)
    }

    fn entry_filled(&mut self, fx: &mut Effects<'_>, fill: &Fill) {
        let tracked = self.note_entry_execution(fill);
        match self.cycle.as_ref().map(|cycle| cycle.direction) {
            Some(open) if open != fill.id.direction => self.opposite_filled(fx, fill, open),
            _ => self.deepen(fx, fill, fill.lots),
        }
        if !tracked && !fx.catching_up {
            // It was presumed lost: its replacement leaves, and what is left of it is asked for.
            self.sync_level(fx, fill.id.direction, usize::from(fill.id.level));
            self.doubt(fx, fill.id);
        }
    }

    /// Counts an execution on its order; a whole execution ends the order. The rest of a partial
    /// one goes on resting where it is wanted, and a filled level is not ordered again in its
    /// cycle. False when the order is not tracked.
    fn note_entry_execution(&mut self, fill: &Fill) -> bool {
        let (side, level) = (fill.id.direction.index(), usize::from(fill.id.level));
        let wanted = self.wanted[side][level].take();
        let Some(entry) = self.entries.get_mut(fill.id) else { return false };
        entry.filled += fill.lots;
        let executed = match entry.state {
            EntryState::AwaitingFills { executed } => executed,
            EntryState::Sent
            | EntryState::Working
            | EntryState::Cancelling
            | EntryState::InDoubt => entry.lots,
        };
        if entry.filled >= executed {
            self.entries.remove(fill.id);
            self.settled(fill.id);
        } else {
            let lots = entry.lots - entry.filled;
            self.wanted[side][level] =
                wanted.filter(|rung| rung.price == entry.price).map(|rung| Quote { lots, ..rung });
        }
        true
    }

    /// Why a position that this order opens has to go, when it belongs to a ladder that was swept.
    fn swept_with(&self, id: OrderId) -> Option<FillReason> {
        let sweep = self.swept?;
        ((id.epoch, id.sequence) <= (sweep.epoch, sweep.sequence)).then_some(sweep.reason)
    }

    /// Adds to the cycle, or opens one.
    fn deepen(&mut self, fx: &mut Effects<'_>, fill: &Fill, lots: Lots) {
        let opens = self.cycle.is_none();
        let notional = self.notional(fill.price, lots);
        let cycle = self.cycle.get_or_insert_with(|| {
            self.cycles += 1;
            let first_bar = fill.at.floor(fx.timeframe.span());
            Cycle::new(self.cycles, fill.id.direction, fill.at, first_bar)
        });
        cycle.enter(fill.id.level, notional, lots);
        cycle.charge(fill.fee);
        fx.wallet.pay_fee(fill.fee);
        let number = cycle.number;
        if !self.last.is_positive() {
            self.last = fill.price; // No price was seen yet: a position at 0 would be a huge result.
        }
        self.protect(fx);
        let flatten = (fx.hold.is_latched() && fx.risk.on_kill == OnKill::Flatten)
            .then_some(FillReason::KillSwitch);
        match self.swept_with(fill.id).filter(|_| opens).or(flatten) {
            Some(reason) => self.close_at_market(fx, reason),
            None => self.refresh_target(fx, fill.at),
        }
        if opens {
            self.withdraw_side(fx, fill.id.direction.opposite());
        }
        let reason = if matches!(self.params, Params::Mono(_)) {
            FillReason::Signal
        } else {
            FillReason::Level
        };
        fx.tell(Notice::Filled { fill: *fill, cycle: number, reason });
        self.book_early(fx, fill);
    }

    /// Books the exits that were told before the entry that they closed. One of which nothing is
    /// older any more closed something else.
    fn book_early(&mut self, fx: &mut Effects<'_>, entered: &Fill) {
        if self.early.is_empty() {
            return;
        }
        for (exit, reason) in core::mem::take(&mut self.early) {
            // A liquidation told before the entry did not know which side it closed.
            let same =
                exit.id.direction == entered.id.direction || reason == FillReason::Liquidation;
            if exit.at >= entered.at && same {
                self.book_exit(fx, &exit, reason, Fee::Paid);
            }
        }
    }

    /// After a fill the quantity of the target follows at once; its price too while the cycle is
    /// in the bar that opened it. Later it follows at each close (rule 5).
    pub(super) fn refresh_target(&mut self, fx: &mut Effects<'_>, at: Timestamp) {
        let Some(cycle) = self.cycle.as_ref().filter(|_| !fx.catching_up) else { return };
        let opening = at.floor(fx.timeframe.span()) == cycle.first_bar;
        let standing = self.target.map(|target| target.price);
        let price = match (standing, opening) {
            (Some(price), false) => Some(price),
            _ => self.target_price().or(standing),
        };
        if let Some(price) = price {
            self.follow_target(fx, price);
        }
    }

    /// In one-way mode an entry of the other side reduces the position; what exceeds it opens
    /// the other way and is flattened.
    fn opposite_filled(&mut self, fx: &mut Effects<'_>, fill: &Fill, open: Direction) {
        let held = self.cycle.as_ref().map_or(Lots::ZERO, |cycle| cycle.basis.lots);
        let closing = fill.lots.min(held);
        let part = Fill { lots: closing, ..*fill };
        debug_assert!(open != fill.id.direction);
        self.exit_filled(fx, &part, FillReason::OppositeFill);
        let excess = fill.lots - closing;
        if excess.is_positive() {
            let rest = Fill { lots: excess, fee: Cash::ZERO, ..*fill };
            self.deepen(fx, &rest, excess);
            self.close_at_market(fx, FillReason::OppositeFill);
        }
    }

    /// Takes from the position; flat ends the cycle. An exit larger than the position books what
    /// was held; the rest is reported, and waits for entries that executed before it.
    pub(crate) fn exit_filled(&mut self, fx: &mut Effects<'_>, fill: &Fill, reason: FillReason) {
        self.book_exit(fx, fill, reason, Fee::Due);
    }

    fn book_exit(&mut self, fx: &mut Effects<'_>, fill: &Fill, reason: FillReason, fee: Fee) {
        let terms = self.terms;
        let held = self.cycle.as_ref().map_or(Lots::ZERO, |cycle| cycle.basis.lots);
        let lots = fill.lots.min(held);
        if lots < fill.lots {
            // Its fee goes to the cycle that it closes: to this one, or to the one that it waits for.
            let fee = if held.is_positive() { Cash::ZERO } else { fill.fee };
            let rest = Fill { lots: fill.lots - lots, fee, ..*fill };
            self.keep_early(fx, rest, reason);
            fx.tell(Notice::Anomaly { what: Anomaly::UnknownOrderFilled(*fill) });
        }
        if fee == Fee::Due {
            fx.wallet.pay_fee(fill.fee);
        }
        let Some(cycle) = &mut self.cycle else { return };
        let result = cycle.exit(terms.notional(fill.price, lots), lots);
        cycle.charge(fill.fee);
        fx.wallet.book(result);
        let (number, flat) = (cycle.number, cycle.basis.lots.is_zero());
        fx.tell(Notice::Filled { fill: Fill { lots, ..*fill }, cycle: number, reason });
        let ends_close = self.note_exit_execution(fill);
        if flat {
            self.end_cycle(fx, fill.at, reason);
        } else {
            self.protect(fx);
            match self.close {
                // It executed whole, and a late entry fill is left.
                Some(close) if close.id.is_none() && ends_close => {
                    self.close_at_market(fx, close.reason);
                }
                _ => self.refresh_target(fx, fill.at),
            }
        }
    }

    /// Keeps an exit that nothing was held for until the entry that it closed is told.
    fn keep_early(&mut self, fx: &mut Effects<'_>, exit: Fill, reason: FillReason) {
        if self.early.len() >= EARLY_MAX {
            let (forgotten, _) = self.early.remove(0);
            let (book, symbol, at) = (fx.ids.book, self.symbol, forgotten.at);
            fx.tell(Notice::Anomaly { what: Anomaly::Unmatched { book, symbol, at } });
        }
        self.early.push((exit, reason));
    }

    /// Forgets an exit order that has executed whole; true when that was the close.
    fn note_exit_execution(&mut self, fill: &Fill) -> bool {
        if let Some(target) = &mut self.target
            && target.id == fill.id
        {
            target.lots -= fill.lots;
            if !target.lots.is_positive() {
                self.target = None;
            }
        }
        let protection = &mut self.protection;
        if let Some(stop) = &mut protection.working
            && stop.id == fill.id
        {
            stop.lots -= fill.lots;
            if !stop.lots.is_positive() {
                protection.working = None;
                protection.pending = protection.pending.filter(|pending| pending.id != fill.id);
            }
        }
        let Some(close) = self.close.as_mut().filter(|close| close.id == Some(fill.id)) else {
            return false;
        };
        close.lots -= fill.lots;
        if close.lots.is_positive() {
            return false;
        }
        close.id = None;
        self.settled(fill.id);
        true
    }

    /// Flat: the result is final, everything that rests is withdrawn, the cooldown starts.
    fn end_cycle(&mut self, fx: &mut Effects<'_>, at: Timestamp, reason: FillReason) {
        let Some(cycle) = self.cycle.take() else { return };
        fx.tell(Notice::CycleClosed(cycle.result(fx.ids.book, self.symbol, at, reason)));
        self.want_nothing();
        for direction in Direction::BOTH {
            self.withdraw_side(fx, direction);
        }
        if let Some(target) = self.target.take()
            && !fx.catching_up
        {
            fx.out.commands.push(crate::command::Command::Cancel { id: target.id });
        }
        self.complaints.clear();
        let close = self.close.take().map(|close| close.reason);
        if let Some(reason) = close.into_iter().chain([reason]).find(|reason| sweeps(*reason)) {
            let Ids { epoch, sequence, .. } = *fx.ids;
            self.swept = Some(Sweep { epoch, sequence, reason });
        }
        self.protect(fx);
        let span = fx.timeframe.span();
        let bars = i64::from(self.params.cooldown_bars());
        self.cooldown_until = Some(at.floor(span) + crate::time::Span(bars * span.0));
        self.settle_budget();
    }
}

/// Whether the wallet has paid the fee of an exit: one told before its entry has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fee {
    Due,
    Paid,
}

/// Reasons after which nothing of the old ladder may be kept. After any other close a late fill
/// opens a cycle of its own, protected and managed like the rest.
fn sweeps(reason: FillReason) -> bool {
    match reason {
        FillReason::Emergency | FillReason::KillSwitch | FillReason::Liquidation => true,
        FillReason::Level
        | FillReason::Signal
        | FillReason::Target
        | FillReason::TargetAtClose
        | FillReason::Stop
        | FillReason::DirectionFlip
        | FillReason::TimeStop
        | FillReason::OppositeFill
        | FillReason::Unheard => false,
    }
}
