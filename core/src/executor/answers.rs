//! What the exchange says of our orders, executions aside: accepted, refused, ended, unknown.
//! An order is tracked until its end is confirmed with its executed quantity.
//!
//! An order that turns out to work although nothing wants it is withdrawn in the same step,
//! whatever brought it back: a refused cancel, a late acknowledgement, an order presumed lost.

use super::{Effects, EntryState, Lane};
use crate::command::Command;
use crate::event::{Ended, Reject};
use crate::ids::{OrderId, OrderKind};
use crate::money::{Direction, Lots, Ticks};
use crate::notice::{Anomaly, FillReason, Notice};
use crate::step::WakeReason;
use crate::time::Span;

impl Lane {
    /// Accepted, a change confirmed, or the answer that the order works.
    pub fn accepted(&mut self, fx: &mut Effects<'_>, id: OrderId, price: Ticks, lots: Lots) {
        match id.kind {
            OrderKind::Entry => self.entry_accepted(fx, id),
            OrderKind::Target => self.target_accepted(fx, id, price, lots),
            OrderKind::Stop => self.stop_accepted(fx, id, price, lots),
            OrderKind::Close => {}
        }
        self.answered(id);
        self.complaints.retain(|&(kind, _)| kind != id.kind);
        if id.kind == OrderKind::Close {
            self.ask_later(fx, id); // It executes at once; if its fill is lost, the question finds it.
        }
    }

    fn entry_accepted(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        let Some(entry) = self.entries.get_mut(id) else { return self.withdraw_stray(fx, id) };
        match entry.state {
            EntryState::Sent | EntryState::InDoubt => entry.state = EntryState::Working,
            EntryState::Working | EntryState::Cancelling | EntryState::AwaitingFills { .. } => {
                return;
            }
        }
        if !self.enters_at_market(fx.entry_order) {
            self.sync_level(fx, id.direction, usize::from(id.level));
        }
    }

    /// An order works that has no place here. The acknowledgement of one that has executed since
    /// is only late.
    pub(super) fn withdraw_stray(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        if self.doubts(id) || !self.executed(id).is_positive() {
            fx.out.commands.push(Command::Cancel { id });
        }
    }

    /// Refused; what stood before still stands.
    pub fn rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        match id.kind {
            OrderKind::Entry => self.entry_rejected(fx, id, why),
            OrderKind::Target => self.target_rejected(fx, id, why),
            OrderKind::Stop => self.stop_rejected(fx, id, why),
            OrderKind::Close => self.close_failed(fx, id, why == Reject::NoPosition),
        }
        if why != Reject::UnknownOrder && self.is_new_complaint(id, why) {
            fx.tell(Notice::Anomaly { what: Anomaly::Rejected(id, why) });
        }
        if let (Reject::BelowMinimum, Some(cycle)) = (why, &self.cycle)
            && id.kind != OrderKind::Entry
        {
            let (book, symbol, lots) = (fx.ids.book, self.symbol, cycle.basis.lots);
            fx.tell(Notice::Anomaly { what: Anomaly::Dust { book, symbol, lots } });
        }
    }

    fn entry_rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        let Some(entry) = self.entries.get_mut(id) else { return self.stray_rejected(fx, id, why) };
        match entry.state {
            EntryState::Sent => {
                self.forget_entry(id);
                if why == Reject::BelowMinimum || why == Reject::Precision {
                    self.wanted[id.direction.index()][usize::from(id.level)] = None;
                }
            }
            EntryState::Working | EntryState::Cancelling | EntryState::InDoubt => {
                // A cancel was refused: the order may have filled, or may still rest.
                entry.state = EntryState::InDoubt;
                self.doubt(fx, id);
            }
            EntryState::AwaitingFills { .. } => {}
        }
    }

    /// The cancel of an order without a place here was refused: asked for until it has ended.
    pub(super) fn stray_rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        match why {
            Reject::UnknownOrder | Reject::NoPosition => self.settled(id),
            Reject::BelowMinimum
            | Reject::Precision
            | Reject::InsufficientMargin
            | Reject::WrongSide
            | Reject::Suspended
            | Reject::Locked
            | Reject::Busy => self.doubt(fx, id),
        }
    }

    /// Ended without (further) execution.
    pub fn ended(&mut self, fx: &mut Effects<'_>, id: OrderId, filled: Lots, why: Ended) {
        self.settled(id);
        match id.kind {
            OrderKind::Entry => return self.entry_ended(fx, id, filled, why),
            OrderKind::Target => self.target = self.target.filter(|target| target.id != id),
            OrderKind::Stop => self.stop_ended(fx, id),
            OrderKind::Close => self.close_ended(fx, id, why),
        }
        if filled.is_positive() && filled > self.executed(id) {
            self.doubt(fx, id); // The answer brings the fills that are missing.
        }
    }

    /// The end of an entry. What the exchange ended on its own is not sent again before the next
    /// close: whatever made it do so, a liquidation perhaps, may still be going on.
    fn entry_ended(&mut self, fx: &mut Effects<'_>, id: OrderId, executed: Lots, why: Ended) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if executed > entry.filled {
            entry.state = EntryState::AwaitingFills { executed };
            return self.doubt(fx, id);
        }
        self.entries.remove(id);
        let (side, level) = (id.direction.index(), usize::from(id.level));
        if why == Ended::ByExchange {
            self.wanted[side][level] = None;
        }
        self.sync_level(fx, id.direction, level);
        self.settle_budget();
    }

    /// A decision of a close is taken anew at the close of the bar in which nothing traded; what
    /// nothing decides anew is tried again like any other close that failed.
    fn close_ended(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Ended) {
        let decided_anew = self.close.is_some_and(|close| {
            matches!(
                close.reason,
                FillReason::TargetAtClose | FillReason::DirectionFlip | FillReason::TimeStop
            )
        });
        match why {
            Ended::NothingTraded if decided_anew => {
                self.close = self.close.filter(|close| close.id != Some(id));
            }
            Ended::NothingTraded
            | Ended::Requested
            | Ended::NothingToReduce
            | Ended::ByExchange => self.close_failed(fx, id, why == Ended::NothingToReduce),
        }
    }

    /// No answer in time.
    pub fn unconfirmed(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        if let Some(entry) = self.entries.get_mut(id)
            && !matches!(entry.state, EntryState::AwaitingFills { .. })
        {
            entry.state = EntryState::InDoubt;
        }
        self.doubt(fx, id);
    }

    /// The exchange does not know the order.
    pub fn not_found(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        match id.kind {
            OrderKind::Entry => self.entry_not_found(fx, id),
            OrderKind::Target => {
                if self.missed(fx, id) {
                    self.settled(id);
                    self.target = self.target.filter(|target| target.id != id);
                }
            }
            OrderKind::Stop => self.stop_not_found(fx, id),
            OrderKind::Close => self.close_failed(fx, id, false),
        }
    }

    /// An order that was never seen counts as never placed after a while; one that is known to
    /// have executed is asked for until its fills are here.
    fn entry_not_found(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        if let Some(entry) = self.entries.get_mut(id) {
            if matches!(entry.state, EntryState::AwaitingFills { .. }) {
                return self.doubt(fx, id);
            }
            entry.state = EntryState::InDoubt;
        }
        if self.missed(fx, id) {
            self.settled(id);
            self.forget_entry(id);
            self.sync(fx);
        }
    }

    /// A close did not close: the cycle stays open under its stop and the close is tried again, every
    /// minute in the end. One that found nothing to close may have come too early; when it did not,
    /// the comparison with the account finds what happened.
    fn close_failed(&mut self, fx: &mut Effects<'_>, id: OrderId, nothing_held: bool) {
        self.settled(id);
        if let Some(close) = &mut self.close
            && close.id == Some(id)
        {
            close.id = None;
            close.nothing_held =
                if nothing_held { close.nothing_held.saturating_add(1) } else { 0 };
            let wait = Span::seconds(1 << close.attempts.min(6));
            fx.timers.set(fx.now + wait, WakeReason::CloseAgain, self.symbol);
        }
    }

    /// A deadline of this symbol is due.
    pub fn due(&mut self, fx: &mut Effects<'_>, why: WakeReason) {
        match why {
            WakeReason::StopDeadline => self.stop_overdue(fx),
            WakeReason::CloseAgain => {
                if let Some(close) = self.close
                    && close.id.is_none()
                {
                    self.close_at_market(fx, close.reason);
                }
            }
            WakeReason::AskAgain => self.ask_again(fx),
            WakeReason::RoundDeadline | WakeReason::Reconcile => {}
        }
    }

    /// A price between bars: the target that is not confirmed working is watched here, and the
    /// stop that should have fired.
    pub fn price_moved(&mut self, fx: &mut Effects<'_>, price: Ticks) {
        self.last = price;
        self.touch(fx, price);
        let Some(cycle) = &self.cycle else { return };
        let direction = cycle.direction;
        if self.close.is_some() {
            return;
        }
        self.watch_stop(fx);
        if self.target.is_some_and(|target| target.working) {
            return;
        }
        let asked = self.target.map(|target| target.price);
        let reached = self
            .target_price()
            .or(asked)
            .is_some_and(|target| direction.mirror(price) >= direction.mirror(target));
        if reached {
            self.close_at_market(fx, FillReason::Target);
        }
    }

    /// True when an order has its place here, or is a stop that does.
    pub(super) fn tracks(&self, id: OrderId) -> bool {
        match id.kind {
            OrderKind::Entry => self.entries.iter().any(|entry| entry.id == id),
            OrderKind::Target => self.target.is_some_and(|target| target.id == id),
            OrderKind::Stop => self.protection.knows(id),
            OrderKind::Close => self.close.is_some_and(|close| close.id == Some(id)),
        }
    }

    fn forget_entry(&mut self, id: OrderId) {
        self.entries.remove(id);
        self.settle_budget();
    }

    /// True when an entry of `direction` rests or is wanted.
    #[must_use]
    pub fn quotes(&self, direction: Direction) -> bool {
        let index = direction.index();
        self.wanted[index].iter().any(Option::is_some)
            || self.entries.side(direction).iter().any(Option::is_some)
    }
}
