//! What happened so far, per book: closed cycles, trips, worst drawdown. Counting, no wording.

use std::collections::BTreeMap;

use gardefou_core::config::EngineConfig;
use gardefou_core::engine::{Book, Engine};
use gardefou_core::executor::Lane;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::money::{Cash, Ticks};
use gardefou_core::notice::{CycleResult, FillReason, Notice, Switch};
use gardefou_core::risk::Refusal;
use gardefou_core::time::Timestamp;

/// The results of every book.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Closed cycles in order.
    pub cycles: Vec<CycleResult>,
    /// Switches that tripped.
    pub trips: Vec<(Timestamp, Switch)>,
    /// Per book.
    pub books: Vec<BookTally>,
    /// What was refused last per book and symbol, and when it was said.
    pub refusals: BTreeMap<(BookId, SymbolId), (Timestamp, Refusal)>,
    /// Notices counted so far.
    read: usize,
}

/// What is tracked of one book.
#[derive(Clone, Copy, Debug, Default)]
pub struct BookTally {
    peak: Cash,
    /// The deepest fall of its equity from a peak, in USDT, and that peak.
    pub worst: (Cash, Cash),
}

/// Counts of closed cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Closed with a profit after fees and funding.
    pub won: usize,
    /// Closed without one.
    pub lost: usize,
    /// Ended by their stop, whatever the result.
    pub stopped: usize,
    /// Sum of all results.
    pub net: Cash,
    /// Sum of the results of those that ended by their stop.
    pub net_stopped: Cash,
}

impl Tally {
    pub(super) fn new(config: &EngineConfig) -> Self {
        let book = |capital| BookTally { peak: capital, worst: (Cash::ZERO, capital) };
        let books = config.books.iter().map(|settings| book(settings.capital)).collect();
        Self { books, ..Self::default() }
    }

    /// Takes what is new, and the equity at the last prices.
    pub(super) fn learn(
        &mut self,
        engine: &Engine,
        notices: &[(Timestamp, Notice)],
        price: impl Fn(SymbolId) -> Ticks,
    ) {
        for (now, notice) in notices.get(self.read..).unwrap_or_default() {
            match notice {
                Notice::CycleClosed(result) => self.cycles.push(result.clone()),
                Notice::SwitchTripped { switch, at, .. } => self.trips.push((*at, *switch)),
                Notice::Refused { book, symbol, refusal } => {
                    self.refusals.insert((*book, *symbol), (*now, *refusal));
                }
                Notice::Filled { .. }
                | Notice::Funded { .. }
                | Notice::SwitchReleased { .. }
                | Notice::Paused { .. }
                | Notice::Resumed { .. }
                | Notice::Unprotected { .. }
                | Notice::Anomaly { .. }
                | Notice::Reconciled(_)
                | Notice::Readiness { .. } => {}
            }
        }
        self.read = notices.len();
        for (book, tally) in engine.books().iter().zip(&mut self.books) {
            tally.sample(book.wallet.balance + unrealised(book, &price));
        }
    }

    /// Counts of one book, or of all.
    #[must_use]
    pub fn counts(&self, only: Option<&Book>) -> Counts {
        let mut counts = Counts::default();
        for cycle in self.cycles.iter().filter(|c| only.is_none_or(|book| book.id == c.book)) {
            counts.won += usize::from(cycle.net.is_positive());
            counts.lost += usize::from(!cycle.net.is_positive());
            if cycle.reason == FillReason::Stop {
                counts.stopped += 1;
                counts.net_stopped += cycle.net;
            }
            counts.net += cycle.net;
        }
        counts
    }
}

impl BookTally {
    fn sample(&mut self, equity: Cash) {
        self.peak = self.peak.max(equity);
        if self.peak - equity > self.worst.0 {
            self.worst = (self.peak - equity, self.peak);
        }
    }
}

/// The open cycles of a book at the last prices, which move between the engine's closed bars.
#[must_use]
pub fn unrealised(book: &Book, price: impl Fn(SymbolId) -> Ticks) -> Cash {
    book.lanes.iter().map(|lane| lane_unrealised(lane, price(lane.symbol))).sum()
}

/// The open cycle of one symbol at a price.
#[must_use]
pub fn lane_unrealised(lane: &Lane, price: Ticks) -> Cash {
    let open = lane.cycle.as_ref();
    open.map_or(Cash::ZERO, |cycle| cycle.unrealised(lane.notional(price, cycle.basis.lots)))
}
