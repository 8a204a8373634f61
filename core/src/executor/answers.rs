//! What the exchange says of our orders, executions aside: accepted, refused, ended, unknown.
//! An order is tracked until its end is confirmed with its executed quantity.

use super::{ASK_AGAIN, Effects, EntryState, Lane};
use crate::command::Command;
use crate::event::{Ended, Reject};
use crate::ids::{OrderId, OrderKind};
use crate::money::{Direction, Lots, Ticks};
use crate::notice::{Anomaly, FillReason, Notice};
use crate::step::WakeReason;

/// Questions about an order that the exchange does not know before it counts as never placed:
/// a fresh order may be invisible for a second or two.
const ASKED_MAX: u8 = 3;

impl Lane {
    /// Accepted, or a change confirmed.
    pub fn accepted(&mut self, fx: &mut Effects<'_>, id: OrderId, price: Ticks, lots: Lots) {
        match id.kind {
            OrderKind::Entry => {
                if let Some(entry) = self.entry_mut(id)
                    && matches!(entry.state, EntryState::Sent | EntryState::InDoubt { .. })
                {
                    entry.state = EntryState::Working;
                }
            }
            OrderKind::Target => {
                if let Some(target) = self.target.as_mut().filter(|target| target.id == id) {
                    target.working = target.price == price && target.lots == lots;
                }
            }
            OrderKind::Stop => self.stop_accepted(fx, id, price, lots),
            OrderKind::Close => {}
        }
    }

    /// Refused; what stood before still stands.
    pub fn rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        match id.kind {
            OrderKind::Entry => self.entry_rejected(fx, id, why),
            OrderKind::Target => {
                // Watched by price from here on; placed anew at the next close.
                self.target = self.target.filter(|target| target.id != id);
            }
            OrderKind::Stop => self.stop_rejected(fx, id, why),
            OrderKind::Close => self.close_failed(fx, id),
        }
        if why != Reject::UnknownOrder {
            fx.tell(Notice::Anomaly { what: Anomaly::Rejected(id, why) });
        }
    }

    fn entry_rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        let Some(entry) = self.entry_mut(id) else { return };
        match entry.state {
            EntryState::Sent | EntryState::InDoubt { .. } => self.forget_entry(id),
            EntryState::Working | EntryState::Cancelling | EntryState::AwaitingFills { .. } => {
                // The cancel was refused: the order may have filled, or may still rest.
                entry.state = EntryState::InDoubt { asked: 1 };
                fx.out.commands.push(Command::Query { id });
                fx.timers.set(fx.now + ASK_AGAIN, WakeReason::AskAgain, id.symbol);
            }
        }
        if why == Reject::BelowMinimum || why == Reject::Precision {
            self.wanted[id.direction.index()][usize::from(id.level)] = None;
        }
    }

    /// Ended without (further) execution.
    pub fn ended(&mut self, fx: &mut Effects<'_>, id: OrderId, filled: Lots, why: Ended) {
        match id.kind {
            OrderKind::Entry => self.entry_ended(fx, id, filled),
            OrderKind::Target => self.target = self.target.filter(|target| target.id != id),
            OrderKind::Stop => self.stop_ended(fx, id),
            OrderKind::Close => match why {
                // Decided anew at the close of the bar in which nothing traded.
                Ended::NothingTraded => self.close = self.close.filter(|c| c.id != Some(id)),
                Ended::Requested | Ended::NothingToReduce | Ended::ByExchange => {
                    self.close_failed(fx, id);
                }
            },
        }
    }

    fn entry_ended(&mut self, fx: &mut Effects<'_>, id: OrderId, executed: Lots) {
        let Some(entry) = self.entry_mut(id) else { return };
        if executed > entry.filled {
            entry.state = EntryState::AwaitingFills { executed };
            fx.out.commands.push(Command::Query { id });
            fx.timers.set(fx.now + ASK_AGAIN, WakeReason::AskAgain, id.symbol);
            return;
        }
        self.forget_entry(id);
        self.sync(fx);
    }

    /// No answer in time.
    pub fn unconfirmed(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        match id.kind {
            OrderKind::Entry => {
                if let Some(entry) = self.entry_mut(id) {
                    entry.state = EntryState::InDoubt { asked: 1 };
                }
            }
            OrderKind::Stop => self.protection.unanswered = true,
            OrderKind::Target | OrderKind::Close => {}
        }
        fx.out.commands.push(Command::Query { id });
        fx.timers.set(fx.now + ASK_AGAIN, WakeReason::AskAgain, id.symbol);
    }

    /// The exchange does not know the order.
    pub fn not_found(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        match id.kind {
            OrderKind::Entry => {
                let Some(entry) = self.entry_mut(id) else { return };
                let asked = match entry.state {
                    EntryState::InDoubt { asked } => asked,
                    EntryState::Sent
                    | EntryState::Working
                    | EntryState::Cancelling
                    | EntryState::AwaitingFills { .. } => 0,
                };
                if asked >= ASKED_MAX {
                    self.forget_entry(id);
                    self.sync(fx);
                } else {
                    entry.state = EntryState::InDoubt { asked: asked + 1 };
                    fx.timers.set(fx.now + ASK_AGAIN, WakeReason::AskAgain, id.symbol);
                }
            }
            OrderKind::Target => self.target = self.target.filter(|target| target.id != id),
            OrderKind::Stop => self.stop_rejected(fx, id, Reject::UnknownOrder),
            OrderKind::Close => self.close_failed(fx, id),
        }
    }

    /// A close did not close: the cycle stays open under its stop and the close is tried again.
    fn close_failed(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        if let Some(close) = &mut self.close
            && close.id == Some(id)
        {
            close.id = None;
            let wait = crate::time::Span::seconds(1 << close.attempts.min(6));
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
            WakeReason::RoundDeadline => {}
        }
    }

    fn ask_again(&mut self, fx: &mut Effects<'_>) {
        let mut asking = false;
        for entry in self.entries.iter().flatten().flatten() {
            if matches!(entry.state, EntryState::InDoubt { .. } | EntryState::AwaitingFills { .. })
            {
                fx.out.commands.push(Command::Query { id: entry.id });
                asking = true;
            }
        }
        if asking {
            fx.timers.set(fx.now + ASK_AGAIN, WakeReason::AskAgain, self.symbol);
        }
        self.protect(fx);
    }

    /// A price between bars: the target that is not confirmed working is watched here.
    pub fn price_moved(&mut self, fx: &mut Effects<'_>, price: Ticks) {
        self.mark = price;
        self.touch(fx, price);
        let Some(cycle) = &self.cycle else { return };
        let direction = cycle.direction;
        if self.close.is_some() || self.target.is_some_and(|target| target.working) {
            return;
        }
        let reached = self
            .target_price()
            .is_some_and(|target| direction.mirror(price) >= direction.mirror(target));
        if reached {
            self.close_at_market(fx, FillReason::Target);
        }
    }

    fn entry_mut(&mut self, id: OrderId) -> Option<&mut super::Entry> {
        let slot = self.entries[id.direction.index()].get_mut(usize::from(id.level))?;
        slot.as_mut().filter(|entry| entry.id == id)
    }

    fn forget_entry(&mut self, id: OrderId) {
        if let Some(slot) = self.entries[id.direction.index()].get_mut(usize::from(id.level))
            && slot.is_some_and(|entry| entry.id == id)
        {
            *slot = None;
        }
        self.settle_budget();
    }

    /// True when an entry of `direction` rests or is wanted.
    #[must_use]
    pub fn quotes(&self, direction: Direction) -> bool {
        let index = direction.index();
        self.wanted[index].iter().any(Option::is_some)
            || self.entries[index].iter().any(Option::is_some)
    }
}
