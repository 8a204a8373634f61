//! When a book is compared with its account, and what waits meanwhile. One per book, kept with it.
//!
//! A book whose connection never said [`crate::event::Event::Reconnected`] is not watched: it has
//! no account that could differ, and nothing here does anything.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::{Plan, Withheld};
use crate::ids::{FillId, SymbolId};
use crate::time::{Span, Timestamp};

/// Between two comparisons when nothing happens.
pub(crate) const PERIOD: Span = Span::seconds(15 * 60);

/// Until the next question when an answer was missing, incomplete or contradictory; doubled each
/// time, up to [`PATIENCE_MAX`].
const PATIENCE: Span = Span::seconds(2);

/// The longest wait between two questions while something is open.
const PATIENCE_MAX: Span = Span::seconds(60);

/// How long an answer is awaited.
const ANSWER: Span = Span::seconds(10);

/// Between a surprise and the comparison that it asks for, at least; and between two such.
const SURPRISE: Span = Span::seconds(30);

/// Fills are asked for from this long before the instant up to which they are known.
const OVERLAP: Span = Span::seconds(60);

/// What a book knows of the comparison with its account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The book has an account to be compared with.
    on: bool,
    /// Entries wait for a complete comparison.
    pending: bool,
    /// The book came without a past and takes over what is there, until one comparison left
    /// nothing open: not only its first symbol may need more than one answer.
    rebuilding: bool,
    /// Epoch of another instance under our prefix.
    writer: Option<u32>,
    /// Fills and funding are known up to here.
    known: Option<Timestamp>,
    /// When the last question was sent.
    asked: Option<Timestamp>,
    /// The last question has been answered.
    answered: bool,
    /// Questions since the last answer that left nothing open.
    attempts: u8,
    /// When the next question is due.
    due: Option<Timestamp>,
    /// The newest snapshot compared with.
    newest: Option<Timestamp>,
    /// When something last moved on a symbol: an event about its orders, or a command.
    moved: BTreeMap<SymbolId, Timestamp>,
    /// Symbols without entries.
    blocked: BTreeMap<SymbolId, Withheld>,
    /// Answers in a row that contradicted what is known.
    contradicted: BTreeMap<SymbolId, u8>,
    /// History that is not booked.
    skipped: BTreeMap<SymbolId, Skipped>,
    /// The last plan told, while it is not settled.
    told: Option<Box<Plan>>,
}

/// Executions and settlements up to these belong to a past that the book does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub fill: (Timestamp, FillId),
    pub funding: Timestamp,
}

impl Watch {
    /// The connection was made, again or for the first time: entries wait, and a question is due.
    pub(crate) fn reconnected(&mut self, now: Timestamp) {
        (self.on, self.pending) = (true, true);
        self.ask_now(now);
    }

    /// The book has no past: what our prefix did before is history, the balance is what it starts
    /// with.
    pub(crate) fn rebuild(&mut self) {
        self.rebuilding = true;
    }

    /// True until everything of a book without a past has been taken over.
    pub(crate) fn is_rebuilding(&self) -> bool {
        self.rebuilding
    }

    /// A person, or a surprise, wants a comparison at once. The answer to an older question does
    /// not count.
    pub(crate) fn ask_now(&mut self, now: Timestamp) {
        (self.attempts, self.due) = (0, Some(now));
    }

    /// Something surprised us: a comparison soon, but no storm of them.
    pub(crate) fn surprised(&mut self, now: Timestamp) {
        let soon = self.asked.map_or(now, |asked| asked + SURPRISE).max(now + PATIENCE);
        if self.on && self.due.is_none_or(|due| due > soon) {
            self.due = Some(soon);
        }
    }

    /// A new process: an epoch of another one that is older than ours means nothing any more, and
    /// what the process before had asked nobody answers.
    pub(crate) fn booted(&mut self, epoch: u32) {
        self.attempts = 0;
        self.writer = self.writer.filter(|&writer| writer >= epoch);
    }

    /// True when the book is watched.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// When the next question is due.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// A question leaves now; the answer is how far back it has to reach.
    pub(crate) fn ask(&mut self, now: Timestamp) -> Timestamp {
        let wait = Span(PATIENCE.0 << self.attempts.min(5)).min(PATIENCE_MAX);
        self.attempts = self.attempts.saturating_add(1);
        (self.asked, self.answered) = (Some(now), false);
        self.due = Some(now + wait.max(ANSWER));
        self.since()
    }

    /// Fills have to reach back to here.
    pub(crate) fn since(&self) -> Timestamp {
        self.known.map_or(Timestamp(0), |known| Timestamp((known - OVERLAP).0.max(0)))
    }

    /// True for a snapshot that is older than the last question, or than one that was compared.
    pub(crate) fn is_stale(&self, at: Timestamp) -> bool {
        self.asked.max(self.newest).is_some_and(|least| at < least)
    }

    /// True when something moved on a symbol so late that a snapshot of `at` may not show it.
    pub(crate) fn is_moving(&self, symbol: SymbolId, at: Timestamp, lag: Span) -> bool {
        self.moved.get(&symbol).is_some_and(|&moved| moved + lag >= at)
    }

    /// Something moves on a symbol.
    pub(crate) fn note(&mut self, symbol: SymbolId, now: Timestamp) {
        self.moved.insert(symbol, now);
    }

    /// Why the whole book takes no entries now.
    #[inline]
    #[must_use]
    pub fn withheld(&self) -> Option<Withheld> {
        if self.writer.is_some() {
            Some(Withheld::OtherWriter)
        } else {
            self.pending.then_some(Withheld::NotCompared)
        }
    }

    /// Why a symbol takes no entries now.
    #[inline]
    #[must_use]
    pub fn blocks(&self, symbol: SymbolId) -> Option<Withheld> {
        self.withheld().or_else(|| self.blocked(symbol))
    }

    /// Why a symbol takes no entries, the whole book aside.
    #[inline]
    #[must_use]
    pub fn blocked(&self, symbol: SymbolId) -> Option<Withheld> {
        if self.blocked.is_empty() { None } else { self.blocked.get(&symbol).copied() }
    }

    /// Every symbol that takes no entries.
    pub fn all_blocked(&self) -> impl Iterator<Item = (SymbolId, Withheld)> {
        self.blocked.iter().map(|(&symbol, &why)| (symbol, why))
    }

    pub(crate) fn block(&mut self, symbol: SymbolId, why: Option<Withheld>) {
        match why {
            Some(why) => self.blocked.insert(symbol, why),
            None => self.blocked.remove(&symbol),
        };
    }

    /// Answers in a row that contradicted what is known of a symbol.
    pub(crate) fn contradictions(&self, symbol: SymbolId) -> u8 {
        self.contradicted.get(&symbol).copied().unwrap_or(0)
    }

    pub(crate) fn set_contradictions(&mut self, symbol: SymbolId, times: u8) {
        if times == 0 {
            self.contradicted.remove(&symbol);
        } else {
            self.contradicted.insert(symbol, times);
        }
    }

    pub(crate) fn skipped(&self, symbol: SymbolId) -> Option<Skipped> {
        self.skipped.get(&symbol).copied()
    }

    pub(crate) fn skip(&mut self, symbol: SymbolId, skipped: Skipped) {
        self.skipped.insert(symbol, skipped);
    }

    /// True until fills have been compared for the first time.
    pub(crate) fn is_first(&self) -> bool {
        self.known.is_none()
    }

    /// A plan was applied. True when people have to be told of it: it says something new, or that
    /// what was told before is settled.
    pub(crate) fn compared(
        &mut self,
        now: Timestamp,
        plan: &Plan,
        facts: bool,
        stale: bool,
    ) -> bool {
        if facts {
            self.known = Some(self.known.map_or(plan.at, |known| known.max(plan.at)));
        }
        if !stale {
            self.newest = Some(self.newest.map_or(plan.at, |newest| newest.max(plan.at)));
            self.answered = true;
            self.writer = self.writer.max(plan.writer);
        }
        let complete = plan.is_complete() && !stale;
        if complete {
            self.pending = false;
        }
        let settled = complete && !plan.is_doubtful();
        if settled {
            (self.attempts, self.rebuilding) = (0, false);
        }
        let again = Span(PATIENCE.0 << self.attempts.saturating_sub(1).min(5)).min(PATIENCE_MAX);
        self.due = Some(match (settled, plan.acts()) {
            (true, false) => now + PERIOD,
            // What was mended is looked at once more.
            (true, true) => now + ANSWER,
            (false, _) => now + again,
        });
        if plan.is_empty() { settled && self.told.take().is_some() } else { self.is_news(plan) }
    }

    /// True when people have not been told so yet; they are now.
    pub(crate) fn is_news(&mut self, plan: &Plan) -> bool {
        let same = |told: &Plan| {
            // The same done again for the same reason is no news (invariant 40).
            told.says_the_same(plan) && (!plan.acts() || told.does_the_same(plan))
        };
        let news = !self.told.as_deref().is_some_and(same);
        let repeats = |told: &Plan| plan.repeats_the_balance_of(told);
        let settled = news && self.told.as_deref().is_some_and(repeats);
        if news {
            self.told = Some(Box::new(plan.clone()));
        }
        // Of what was said, only the balance is left: that much people know.
        news && !settled
    }

    /// True when the last question was never answered.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.asked.is_some() && !self.answered && self.attempts > 0
    }
}
