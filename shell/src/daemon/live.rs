//! Live books on recorded candles: the exchange stands outside, with a memory of its own, and what
//! it says comes event by event.
//!
//! The candles are the exchange's market and, once they close, the feed of the engine. Recorded
//! time stands still while an entry waits for a disk that works, so that how fast it is changes
//! nothing. While the disk fails time stands at the fastest pace, and goes on at any other, as on a
//! real exchange: no bar is taken then, and what protects goes on. Every start tells the engine that
//! it booted and reconnected: what happened meanwhile is found by asking.

use gardefou_core::command::Command;
use gardefou_core::engine::Engine;
use gardefou_core::engine::reconfigure::Winding;
use gardefou_core::event::{Event, Feed, Request};
use gardefou_core::ids::SymbolId;
use gardefou_core::market::Bar;
use gardefou_core::step::Step;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::history::{Sink as _, operator};

use super::driven::{Driven, Due, Source};
use super::durable::{Durable, LOOK};
use super::error::DaemonError;
use super::ledger;
use super::outbox::Outbox;
use super::recorder::Recorder;
use super::saved::{Author, Living, Saved, SavedRef, Tape, Terms};
use crate::backtest::drive::HOUR;
use crate::backtest::hours;
use crate::backtest::load::Market;
use crate::exchange::gateway::Gateway;
use crate::ports::{Journal, Notifier};
use crate::store::{Alert, Batch, Checkpoint};
use crate::words;

/// Live books between two events.
pub struct Live<'a, J: Journal, N> {
    market: &'a Market,
    engine: Engine,
    outbox: Outbox<Gateway, J, N>,
    recorder: Recorder,
    terms: Terms,
    author: Author,
    tape: Tape,
    /// The hour that is being lived, what the market says in it, and how much of that was told.
    hour: Timestamp,
    facts: Vec<(Timestamp, Event)>,
    told: usize,
    now: Timestamp,
    /// As in [`Living`].
    began: Timestamp,
    /// Time stands still while the disk fails.
    patient: bool,
    /// Hours between checkpoints, and hours since the last one.
    every: u32,
    since: u32,
    step: Step,
}

/// The state of books that have never lived.
#[must_use]
pub fn genesis(engine: Engine, terms: &Terms, market: &Market) -> Saved<Living> {
    let began = market.from;
    Saved {
        next: market.first(),
        tape: Tape::default(),
        terms: terms.clone(),
        orders: super::orders::Orders::default(),
        history: Living { engine, now: began, began, told: 0 },
    }
}

impl<'a, J: Journal, N: Notifier> Live<'a, J, N> {
    /// Takes up a state; nothing happens before [`Live::come_up`].
    pub fn resume(
        market: &'a Market,
        saved: Saved<Living>,
        recorder: Recorder,
        outbox: Outbox<Gateway, J, N>,
        author: Author,
        (every, patient): (u32, bool),
    ) -> Self {
        let Saved { next, tape, terms, orders: _, history } = saved;
        let Living { engine, now, began, told } = history;
        Self {
            market,
            engine,
            outbox,
            recorder,
            terms,
            author,
            tape,
            hour: next,
            facts: facts(market, next, began),
            told,
            now,
            began,
            patient,
            every,
            since: 0,
            step: Step::default(),
        }
    }

    /// Goes through the journal that the recorder awaits, and comes up before the exchange.
    ///
    /// # Errors
    /// The journal is not of these candles, or comes out differently; or the exchange's record
    /// cannot be written.
    pub fn come_up(&mut self, fresh: bool) -> Result<(), DaemonError> {
        if fresh {
            // An exchange that knows more of these books than this store: its past is history.
            let seen = self.outbox.exchange().exchange().now();
            self.began = self.began.max(seen);
            self.now = self.began;
            self.facts = facts(self.market, self.hour, self.began);
            self.save()?;
        } else if self.recorder.is_at_resumption() && !self.recorder.is_replaying() {
            // The journal does not lead here: the state is written before a step follows.
            self.save()?;
        }
        self.replay()?;
        let known = self.boot()?;
        if fresh && known {
            // What the lost store knew of switches, pauses and losses is lost with it.
            let reason =
                "the store was lost, and with it its switches and pauses: look, then resume";
            let request = Request::Pause { book: None, reason: reason.into() };
            self.request(&Event::RequestMade { request, by: "gardefou".into() })?;
        }
        self.save()
    }

    /// The books go on under another configuration: people are told what is managed to its end.
    ///
    /// # Errors
    /// The state cannot be written, which is a bug.
    pub fn say_winding(&mut self) -> Result<(), DaemonError> {
        let mut batch = self.saved()?;
        let (at, config) = (self.now, self.engine.config());
        for (book, symbol, winding) in self.engine.winding() {
            let then = match winding {
                Winding::Removed => "it is not in the configuration any more",
                Winding::Changed(_) => "it takes its new parameters once it is flat",
            };
            batch.alerts.push(Alert {
                at,
                kind: "winding_down".into(),
                subject: format!("{} {}", ledger::book_name(config, book), words::pair(config, symbol)),
                text: format!(
                    "managed to its end with the parameters that it was opened with, and nothing is \
                     entered: {then}"
                ),
            });
        }
        self.outbox.durable_mut().post(batch)?;
        Ok(())
    }

    /// The steps that are in the journal already: nothing is sent, nothing is told.
    fn replay(&mut self) -> Result<(), DaemonError> {
        let steps = self.recorder.told().replayed;
        while let Some((now, event)) = self.recorder.next_event()? {
            self.now = now;
            self.step(&event);
            self.recorder.take(now)?;
            self.note_fact(&event)?;
        }
        let steps = self.recorder.told().replayed - steps;
        if steps > 0 {
            tracing::info!(steps, "the journal is caught up with");
        }
        Ok(())
    }

    /// What the journal has of the market must be what the candles say.
    fn note_fact(&mut self, event: &Event) -> Result<(), DaemonError> {
        if !is_of_market(event) {
            return Ok(());
        }
        self.end_hours()?;
        match (self.facts.get(self.told), event) {
            (Some((_, fact)), _) if fact == event => self.told += 1,
            // The engine had asked for it.
            (_, Event::HistoryLoaded { symbol, bar })
                if self.market.feed(*symbol).and_then(|feed| feed.hour(bar.at)) == Some(bar) => {}
            _ => return Err(self.other_candles()),
        }
        self.end_hours().map(drop)
    }

    /// Comes up: nothing that was under way to an earlier process is waited for. True when the
    /// exchange has a past.
    fn boot(&mut self) -> Result<bool, DaemonError> {
        let seen = self.outbox.exchange().exchange().now();
        let known = seen > Timestamp::default();
        self.now = self.now.max(seen);
        let mut hour = seen.floor(HOUR);
        while known && hour < self.now {
            // The market went on while nobody traded.
            self.show_hour(hour)?;
            hour = hour + HOUR;
        }
        let exchange = self.outbox.exchange_mut().exchange_mut();
        exchange.connect(self.now);
        let last = self.engine.books().iter().map(|book| book.epoch()).max().unwrap_or(0);
        let seconds = u32::try_from(self.now.0 / 1_000).unwrap_or(u32::MAX);
        let epoch = seconds.max(last + 1).max(exchange.epoch() + 1);
        self.enter_hour()?;
        self.hear(&Event::Booted { epoch })?;
        for index in 0..self.engine.books().len() {
            let book = self.engine.books()[index].id;
            self.hear(&Event::Reconnected { book })?;
        }
        Ok(known)
    }

    // ---- the hours of the market ----

    /// The exchange gets the prices of the hour that is being lived, and its settlements.
    fn enter_hour(&mut self) -> Result<(), DaemonError> {
        if self.hour + HOUR <= self.terms.from {
            return Ok(());
        }
        self.show_hour(self.hour)
    }

    /// Whatever entered before is passed over.
    fn show_hour(&mut self, at: Timestamp) -> Result<(), DaemonError> {
        let exchange = self.outbox.exchange_mut().exchange_mut();
        let bars: Vec<_> = hours::bars(self.market, at).collect();
        exchange.advance(&bars)?;
        for (symbol, bar) in bars {
            let feed = &self.market.feeds[usize::from(symbol.0)];
            let due = feed.settlements.partition_point(|&(due, _)| due < at);
            if let Some(&(_, rate)) = feed.settlements.get(due).filter(|(due, _)| *due == at) {
                exchange.settle(at, symbol, rate, bar.open)?;
            }
        }
        Ok(())
    }

    /// Goes on to the hour that is now, when everything of those before was told.
    fn end_hours(&mut self) -> Result<bool, DaemonError> {
        let before = self.hour;
        while self.told == self.facts.len()
            && self.hour + HOUR <= self.now
            && self.hour < self.market.to
        {
            self.tape.advance(self.market, self.hour);
            self.hour = self.hour + HOUR;
            self.facts = facts(self.market, self.hour, self.began);
            self.told = 0;
            self.since += 1;
        }
        Ok(self.hour != before)
    }

    /// The next fact of the market, or the end of an hour that has none left.
    fn tell_fact(&mut self) -> Result<(), DaemonError> {
        if let Some((_, fact)) = self.facts.get(self.told) {
            let fact = fact.clone();
            if matches!(fact, Event::BarClosed { .. }) {
                while let Some(release) = operator(&self.engine, self.terms.on_trip, self.now) {
                    self.hear(&release)?;
                }
            }
            self.told += 1;
            self.hear(&fact)?;
        }
        if self.end_hours()? {
            self.enter_hour()?;
            if self.since >= self.every {
                self.save()?;
            }
        }
        Ok(())
    }

    // ---- steps ----

    /// The engine makes a step, and the recorder hears it.
    fn step(&mut self, event: &Event) {
        self.engine.step_into(self.now, event, &mut self.step);
        self.recorder.observe(self.now, event, &self.step);
        self.step.notices.iter().for_each(|notice| self.recorder.hear(self.now, notice));
        let given_up = self.recorder.orders().given_up(&self.engine);
        self.recorder.give_up(self.now, &given_up);
    }

    fn hear(&mut self, event: &Event) -> Result<(), DaemonError> {
        self.take(event)?;
        let wanted: Vec<Command> = self.step.commands.iter().filter(wants_bars).copied().collect();
        wanted.iter().try_for_each(|command| self.bring_bars(command))
    }

    /// Bars that the engine asks for, as far as the candles have them.
    fn bring_bars(&mut self, command: &Command) -> Result<(), DaemonError> {
        let &Command::FetchBars { symbol, from, count } = command else { return Ok(()) };
        let Some(feed) = self.market.feed(symbol) else { return Ok(()) };
        let closed = |bar: &&Bar| bar.at >= from && bar.at + HOUR <= self.now;
        let bars: Vec<Bar> =
            feed.bars.iter().filter(closed).take(count as usize).copied().collect();
        if bars.is_empty() {
            return self.take(&Event::BarsLost { symbol });
        }
        bars.into_iter().try_for_each(|bar| self.take(&Event::HistoryLoaded { symbol, bar }))
    }

    /// What is new since the last time. Whatever it knows of the exchange is in its record already.
    fn news(&mut self) -> Result<Batch, DaemonError> {
        let mut batch = self.recorder.take(self.now)?;
        batch.exchange = Some(self.outbox.exchange().exchange().mark());
        Ok(batch)
    }

    fn take(&mut self, event: &Event) -> Result<(), DaemonError> {
        self.step(event);
        if self.step.commands.is_empty() && self.step.notices.is_empty() {
            self.outbox.pass(&self.step);
            return Ok(());
        }
        let mut batch = self.news()?;
        // What is sent or told waits for the disk; what is only known does not hurry it.
        batch.lazy = false;
        let (seq, commands) = (self.recorder.tip().0, self.step.commands.len());
        tracing::debug!(seq, commands, "step");
        self.outbox.take(self.now, batch, &self.step)
    }

    /// What was heard at an instant is posted before the next one.
    fn post_heard(&mut self) -> Result<(), DaemonError> {
        let batch = self.news()?;
        if !batch.journal.is_empty() {
            self.outbox.durable_mut().post(batch)?;
        }
        Ok(())
    }

    fn saved(&mut self) -> Result<Batch, DaemonError> {
        let mut batch = self.news()?;
        batch.lazy = false;
        batch.checkpoint = Some(self.checkpoint()?);
        Ok(batch)
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, DaemonError> {
        self.since = 0;
        let (engine, now, began, told) = (&self.engine, self.now, self.began, self.told);
        let saved = SavedRef {
            next: self.hour,
            tape: self.tape,
            terms: &self.terms,
            orders: self.recorder.orders(),
            history: Living { engine, now, began, told },
        };
        saved.checkpoint(&self.recorder, self.now, &self.author)
    }

    fn other_candles(&self) -> DaemonError {
        super::recovery::other_candles(self.hour)
    }
}

impl<J: Journal, N: Notifier> Driven for Live<'_, J, N> {
    type Journal = J;
    type Notifier = N;

    fn next(&self) -> Option<Due> {
        if self.hour >= self.market.to {
            return None;
        }
        let market = self.facts.get(self.told).map_or(self.hour + HOUR, |&(at, _)| at);
        let sources = [
            (self.outbox.next_due(self.now), Source::Exchange),
            (self.outbox.wake().map(|wake| wake.at), Source::Wake),
            (Some(market), Source::Market),
        ];
        let due = sources.into_iter().filter_map(|(at, from)| Some((at?.max(self.now), from)));
        // While the disk fails nothing is decided at a close, and what protects goes on.
        let failing = self.outbox.blocked().is_some();
        let goes_on = |&(_, from): &(Timestamp, Source)| !failing || from != Source::Market;
        let (at, from) = due.clone().filter(goes_on).min().or_else(|| due.min())?;
        Some(Due { at, from })
    }

    fn turn(&mut self, due: Due) -> Result<(), DaemonError> {
        if due.at > self.now {
            self.post_heard()?;
            self.now = due.at;
        }
        match due.from {
            Source::Exchange => match self.outbox.next_event(self.now) {
                Some(event) => self.hear(&event),
                None => Ok(()),
            },
            Source::Wake => self.hear(&Event::TimePassed),
            Source::Market => self.tell_fact(),
        }
    }

    fn is_ready(&self, due: Due) -> bool {
        if !self.patient && self.outbox.blocked().is_some() {
            return due.from != Source::Market;
        }
        // What comes at one instant is decided together, and written in one commit. The time that a
        // disk needs when it works is none of the market's.
        let here = due.at <= self.now;
        here || (self.outbox.durable().has_room() && !self.outbox.holds_back())
    }

    fn look(&mut self) -> Result<(), DaemonError> {
        if self.patient && self.outbox.holds_back() {
            // Time stands still: the disk is waited for as such, no longer than between two looks.
            let posted = self.outbox.durable().posted();
            self.outbox.durable_mut().wait(posted, LOOK)?;
        }
        self.outbox.release(self.now)
    }

    fn request(&mut self, event: &Event) -> Result<u64, DaemonError> {
        self.step(event);
        // As for paper books: what a person asked for is never behind the last checkpoint.
        let batch = self.saved()?;
        self.outbox.take(self.now, batch, &self.step)?;
        Ok(self.outbox.durable().posted())
    }

    fn save(&mut self) -> Result<(), DaemonError> {
        let batch = self.saved()?;
        self.outbox.durable_mut().post(batch)?;
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn heard(&self) -> Option<Timestamp> {
        (self.hour > self.market.first()).then_some(self.hour)
    }

    fn progress(&self) -> (u64, u64) {
        hours::progress(self.market, self.hour)
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn durable(&self) -> &Durable<J, N> {
        self.outbox.durable()
    }

    fn durable_mut(&mut self) -> &mut Durable<J, N> {
        self.outbox.durable_mut()
    }

    fn into_journal(self) -> J {
        self.outbox.into_journal()
    }

    fn feed_ends(&self) -> DaemonError {
        super::recovery::feed_ends(self.hour, self.recorder.journal_end())
    }
}

/// What the market says in the hour that opens at `at`, in order. Bars that closed by `began` are
/// history: they warm indicators and decide nothing.
fn facts(market: &Market, at: Timestamp, began: Timestamp) -> Vec<(Timestamp, Event)> {
    let close = at + HOUR;
    let mut facts = Vec::new();
    for (feed, symbol) in market.feeds.iter().zip((0..).map(SymbolId)) {
        let state = match (feed.bars.first(), feed.bars.last()) {
            (Some(first), _) if first.at == at => Feed::Streaming,
            (_, Some(last)) if last.at + HOUR == at => Feed::Silent,
            _ => continue,
        };
        facts.push((at, Event::FeedChanged { symbol, feed: state }));
    }
    let history = close < began;
    facts.extend(hours::bars(market, at).map(|(symbol, bar)| match history {
        true => (close, Event::HistoryLoaded { symbol, bar }),
        false => (close, Event::BarClosed { symbol, bar }),
    }));
    facts
}

fn wants_bars(command: &&Command) -> bool {
    matches!(command, Command::FetchBars { .. })
}

/// True for what the candles say, and nobody else.
fn is_of_market(event: &Event) -> bool {
    matches!(
        event,
        Event::FeedChanged { .. } | Event::HistoryLoaded { .. } | Event::BarClosed { .. }
    )
}
