//! Paper books on recorded candles: the hours of a backtest, recorded as they are decided.

use std::sync::Arc;

use gardefou_core::config::EngineConfig;
use gardefou_core::engine::Engine;
use gardefou_core::event::Event;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::history::History;

use super::driven::{Driven, Due, Source};
use super::durable::Durable;
use super::error::DaemonError;
use super::recorder::{Recorder, Told};
use super::saved::{Author, Saved, SavedRef, Tape, Terms};
use crate::backtest::drive::HOUR;
use crate::backtest::hours::{self, Hours};
use crate::backtest::load::Market;
use crate::ports::{Journal, Notifier};
use crate::store::{Batch, Checkpoint};

/// The rehearsal: an engine and the exchange on bars, between two hours.
pub struct Paper<'a> {
    hours: Hours<'a, Recorder>,
    next: Timestamp,
    tape: Tape,
    terms: Terms,
    author: Author,
    /// Hours between checkpoints, and hours since the last one.
    every: u32,
    since: u32,
}

impl<'a> Paper<'a> {
    /// Goes on from a state; `recorder` knows what of the journal follows it.
    pub fn resume(
        market: &'a Market,
        saved: Saved,
        recorder: Recorder,
        author: Author,
        every: u32,
    ) -> Self {
        let Saved { next, tape, terms, orders: _, history } = saved;
        let history = History::resume(history, recorder);
        let hours = Hours::resume(market, history, next);
        Self { hours, next, tape, terms, author, every, since: 0 }
    }

    /// The open time of the next hour; time so far.
    #[must_use]
    pub fn next(&self) -> Timestamp {
        self.next
    }

    /// When the next hour closes; none at the end of the candles.
    #[must_use]
    pub fn next_close(&self) -> Option<Timestamp> {
        (self.next < self.hours.market().to).then(|| self.next + HOUR)
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.hours.history().engine()
    }

    /// The exchange.
    #[must_use]
    pub fn venue(&self) -> &BarVenue {
        self.hours.history().venue()
    }

    /// What has been heard.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        self.hours.history().sink()
    }

    /// How much was new.
    #[must_use]
    pub fn told(&self) -> Told {
        self.recorder().told()
    }

    /// Still going through what is in the journal already.
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.recorder().is_replaying()
    }

    /// Enters the requests of people that the journal has here.
    ///
    /// # Errors
    /// The journal cannot be read, or goes another way.
    pub fn enter_requests(&mut self) -> Result<(), DaemonError> {
        while let Some((now, event)) = self.recorder().next_request()? {
            self.hours.history_mut().tell(now, &event);
            // Nothing new: what was asked for is in the journal.
            self.take()?;
        }
        Ok(())
    }

    /// The next hour; what is new in it, to be written.
    ///
    /// # Errors
    /// The journal goes another way.
    pub fn hour(&mut self) -> Result<Option<Batch>, DaemonError> {
        let at = self.next;
        self.hours.drive(at);
        self.tape.advance(self.hours.market(), at);
        self.next = at + HOUR;
        self.since += 1;
        let mut batch = self.take()?;
        self.enter_requests()?;
        if self.is_replaying() {
            return Ok(None);
        }
        if self.since >= self.every {
            batch.checkpoint = Some(self.checkpoint()?);
        }
        let nothing = batch.journal.is_empty() && batch.checkpoint.is_none();
        Ok((!nothing).then_some(batch))
    }

    /// A person asks; what follows, to be written before it is answered.
    ///
    /// # Errors
    /// A bug: nobody may ask while the journal is replayed.
    pub fn request(&mut self, event: &Event) -> Result<Batch, DaemonError> {
        let now = self.next;
        self.hours.history_mut().tell(now, event);
        let mut batch = self.take()?;
        batch.lazy = false;
        // A new build leaves aside what lies after the last checkpoint, and decides it again; what
        // a person asked for is never among that.
        batch.checkpoint = Some(self.checkpoint()?);
        Ok(batch)
    }

    /// A batch with nothing but the state as it is.
    ///
    /// # Errors
    /// The state cannot be written, which is a bug.
    pub fn save(&mut self) -> Result<Batch, DaemonError> {
        let mut batch = self.take()?;
        batch.lazy = false;
        batch.checkpoint = Some(self.checkpoint()?);
        Ok(batch)
    }

    fn take(&mut self) -> Result<Batch, DaemonError> {
        let now = self.next;
        let given_up = self.recorder().orders().given_up(self.engine());
        let recorder = self.hours.history_mut().sink_mut();
        recorder.give_up(now, &given_up);
        recorder.take(now)
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, DaemonError> {
        self.since = 0;
        let history = self.hours.history();
        let recorder = history.sink();
        let saved = SavedRef {
            next: self.next,
            tape: self.tape,
            terms: &self.terms,
            orders: recorder.orders(),
            history: history.state(),
        };
        saved.checkpoint(recorder, self.next, &self.author)
    }
}

/// A rehearsal with its way to the disk.
pub struct Rehearsal<'a, J: Journal, N> {
    /// The rehearsal.
    pub paper: Paper<'a>,
    /// The way to the disk.
    pub durable: Durable<J, N>,
}

impl<J: Journal, N: Notifier> Driven for Rehearsal<'_, J, N> {
    type Journal = J;
    type Notifier = N;

    fn next(&self) -> Option<Due> {
        self.paper.next_close().map(|at| Due { at, from: Source::Market })
    }

    fn turn(&mut self, _due: Due) -> Result<(), DaemonError> {
        let replaying = self.is_replaying();
        let batch = self.paper.hour()?;
        if replaying && !self.is_replaying() {
            let steps = self.paper.told().replayed;
            tracing::info!(steps, hour = self.progress().0, "the journal is caught up with");
        }
        if let Some(batch) = batch {
            let steps = batch.journal.len();
            let checkpoint = batch.checkpoint.is_some();
            let number = self.durable.post(batch)?;
            let (hour, seq) = (self.progress().0, self.recorder().tip().0);
            tracing::debug!(number, hour, seq, steps, checkpoint, "round");
        }
        Ok(())
    }

    fn is_ready(&self, _due: Due) -> bool {
        self.is_replaying() || self.durable.has_room()
    }

    fn look(&mut self) -> Result<(), DaemonError> {
        self.durable.look()
    }

    fn request(&mut self, event: &Event) -> Result<u64, DaemonError> {
        let batch = self.paper.request(event)?;
        self.durable.post(batch)
    }

    fn save(&mut self) -> Result<(), DaemonError> {
        let batch = self.paper.save()?;
        self.durable.post(batch)?;
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.paper.next
    }

    fn heard(&self) -> Option<Timestamp> {
        (self.paper.next > self.paper.hours.market().first()).then_some(self.paper.next)
    }

    fn progress(&self) -> (u64, u64) {
        hours::progress(self.paper.hours.market(), self.paper.next)
    }

    fn engine(&self) -> &Engine {
        self.paper.engine()
    }

    fn recorder(&self) -> &Recorder {
        self.paper.recorder()
    }

    fn durable(&self) -> &Durable<J, N> {
        &self.durable
    }

    fn durable_mut(&mut self) -> &mut Durable<J, N> {
        &mut self.durable
    }

    fn into_journal(self) -> J {
        self.durable.into_journal()
    }

    fn feed_ends(&self) -> DaemonError {
        super::recovery::feed_ends(self.paper.next, self.recorder().journal_end())
    }
}

/// The state before the first hour.
#[must_use]
pub fn genesis(config: &Arc<EngineConfig>, terms: &Terms, market: &Market) -> Saved {
    let nobody = |_: Timestamp, _: &gardefou_core::notice::Notice| {};
    let history = History::new((**config).clone(), terms.path, terms.on_trip, nobody);
    Saved {
        next: market.first(),
        tape: Tape::default(),
        terms: terms.clone(),
        orders: super::orders::Orders::default(),
        history: history.into_state(),
    }
}
