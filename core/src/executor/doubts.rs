//! Orders whose fate is unknown: asked for until it is known.
//!
//! The first question goes out at once, the next ones ever slower, and one timer per symbol keeps
//! them: an unanswered question never starts a second chain. A doubt is remembered until its next
//! question would have been due, so that a refusal that repeats itself does not become a storm.

use serde::{Deserialize, Serialize};

use super::{Effects, Lane};
use crate::command::Command;
use crate::event::Reject;
use crate::ids::{OrderId, OrderKind};
use crate::step::WakeReason;
use crate::time::{Span, Timestamp};

/// Wait before the second question.
const ASK_AGAIN: Span = Span::seconds(2);

/// How often the wait doubles.
const DOUBLINGS: u8 = 3;

/// The same for a market close, which is asked for from its acceptance on.
const CLOSE_DOUBLINGS: u8 = 9;

/// Answers "not known" before an order counts as never placed: a fresh order may be invisible for
/// a second or two.
const MISSED_MAX: u8 = 3;

/// One order in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Which order.
    pub id: OrderId,
    /// Questions asked.
    pub asked: u8,
    /// Answers that the exchange does not know it.
    missed: u8,
    /// The refusal of a request about it that was told to people last.
    complaint: Option<Reject>,
    /// When it is asked for next; none once it is known how it stands.
    next: Option<Timestamp>,
}

impl Doubt {
    /// A stop is asked for every two seconds for as long as it takes.
    fn wait(&self) -> Span {
        let doublings = match self.id.kind {
            OrderKind::Stop => 0,
            OrderKind::Entry | OrderKind::Target => self.asked.saturating_sub(1).min(DOUBLINGS),
            // Accepted, and not executed for minutes: a market without trades.
            OrderKind::Close => self.asked.saturating_sub(1).min(CLOSE_DOUBLINGS),
        };
        Span(ASK_AGAIN.0 << doublings)
    }
}

impl Lane {
    /// The outcome of the last request about an order is unknown.
    pub(super) fn doubt(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        match self.doubts.iter_mut().find(|doubt| doubt.id == id) {
            Some(doubt) => doubt.next = doubt.next.or(Some(fx.now + doubt.wait())),
            None => {
                let doubt = Doubt { id, asked: 1, missed: 0, complaint: None, next: None };
                self.doubts.push(Doubt { next: Some(fx.now + doubt.wait()), ..doubt });
                fx.out.commands.push(Command::Query { id });
            }
        }
        self.arm_questions(fx);
    }

    /// Asks for an order after a while, unless it has ended by then.
    pub(super) fn ask_later(&mut self, fx: &mut Effects<'_>, id: OrderId) {
        match self.doubts.iter_mut().find(|doubt| doubt.id == id) {
            Some(doubt) => doubt.next = doubt.next.or(Some(fx.now + doubt.wait())),
            None => {
                let doubt = Doubt { id, asked: 0, missed: 0, complaint: None, next: None };
                self.doubts.push(Doubt { next: Some(fx.now + doubt.wait()), ..doubt });
            }
        }
        self.arm_questions(fx);
    }

    /// True while an order is asked for and not answered.
    #[must_use]
    pub fn doubts(&self, id: OrderId) -> bool {
        self.doubts.iter().any(|doubt| doubt.id == id && doubt.next.is_some())
    }

    /// True while an order has its place here or is asked for.
    #[must_use]
    pub fn follows(&self, id: OrderId) -> bool {
        self.tracks(id) || self.doubts(id)
    }

    /// True when a refusal of a request about an order is told for the first time: a suspended
    /// symbol refuses the same cancel again and again (INC-115), and where nothing is held every
    /// new stop and close is refused.
    pub(super) fn is_new_complaint(&mut self, id: OrderId, why: Reject) -> bool {
        let doubt = self.doubts.iter_mut().find(|doubt| doubt.id == id);
        let new = doubt.is_none_or(|doubt| doubt.complaint.replace(why) != Some(why));
        let said = (id.kind, why);
        let told = id.kind != OrderKind::Entry && self.complaints.contains(&said);
        if new && !told && id.kind != OrderKind::Entry {
            self.complaints.push(said);
        }
        new && !told
    }

    /// The exchange said how an order stands.
    #[inline]
    pub(super) fn answered(&mut self, id: OrderId) {
        if self.doubts.is_empty() {
            return; // As good as always.
        }
        if let Some(doubt) = self.doubts.iter_mut().find(|doubt| doubt.id == id) {
            doubt.next = None;
        }
    }

    /// The order has ended.
    #[inline]
    pub(super) fn settled(&mut self, id: OrderId) {
        if !self.doubts.is_empty() {
            self.doubts.retain(|doubt| doubt.id != id);
        }
    }

    /// The exchange does not know the order; true once that has been said often enough to believe
    /// that it never will.
    pub(super) fn missed(&mut self, fx: &mut Effects<'_>, id: OrderId) -> bool {
        self.doubt(fx, id);
        let Some(doubt) = self.doubts.iter_mut().find(|doubt| doubt.id == id) else { return true };
        // Counted once for each question, however often it is answered.
        doubt.missed = doubt.missed.saturating_add(1).min(doubt.asked);
        doubt.missed >= MISSED_MAX
    }

    /// Asks for what is due, and for a stop whose retry is due.
    pub(super) fn ask_again(&mut self, fx: &mut Effects<'_>) {
        self.doubts.retain(|doubt| doubt.next.is_some());
        for doubt in &mut self.doubts {
            if doubt.next.is_some_and(|next| next <= fx.now) {
                fx.out.commands.push(Command::Query { id: doubt.id });
                doubt.asked = doubt.asked.saturating_add(1);
                doubt.next = Some(fx.now + doubt.wait());
            }
        }
        if self.protection.retry_at.is_some_and(|at| at <= fx.now) {
            self.protect(fx);
        }
        self.arm_questions(fx);
    }

    /// Sees to it that the symbol is woken for its next question.
    pub(super) fn arm_questions(&mut self, fx: &mut Effects<'_>) {
        let questions = self.doubts.iter().filter_map(|doubt| doubt.next);
        if let Some(at) = questions.chain(self.protection.retry_at).min() {
            fx.timers.set_by(at, WakeReason::AskAgain, self.symbol);
        }
    }
}
