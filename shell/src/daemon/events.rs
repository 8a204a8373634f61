//! The loop: what comes first when several things are there. In this order:
//!
//! 1. a signal to end;
//! 2. fills and answers of the exchange — paper books have theirs inside the hour, so that nothing
//!    comes here;
//! 3. what people ask, over the control socket;
//! 4. wakes: deadlines of the engine, and the disk when it is behind or fails;
//! 5. the market: bars that close.
//!
//! While the journal is replayed nothing is awaited and nobody is answered.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Progress;
use super::driven::{Driven, Due, Source};
use super::durable::LOOK;
use super::error::DaemonError;
use crate::control::{self, Ask, Reply, Task, Vitals};
use crate::ports::Clock;
use crate::store::Store;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The candles ended.
    CandlesEnded,
    /// A signal came.
    Signal(&'static str),
    /// A person asked for it.
    Asked,
}

/// How long a daemon that is to end waits for its disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer that waits for the disk.
struct Answer {
    /// The batch that it waits for.
    number: u64,
    reply: Reply,
    to: oneshot::Sender<Reply>,
}

/// Everything that the loop moves.
struct Events<'r, D: Driven, C> {
    books: &'r mut D,
    clock: &'r mut C,
    store: &'r Store,
    answers: Vec<Answer>,
}

/// Runs until the candles end or `stop` is ready; then the state is saved and on the disk.
pub(super) async fn run<D: Driven, C: Clock>(
    (books, clock): (&mut D, &mut C),
    store: &Store,
    asks: mpsc::Receiver<Ask>,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Why, DaemonError> {
    let mut events = Events { books, clock, store, answers: Vec::new() };
    let why = events.turns(asks, stop, progress).await?;
    if !events.books.is_replaying() {
        events.books.save()?;
    }
    events.books.durable_mut().flush(events.clock, PATIENCE).await?;
    // Alerts that were delivered while the last batch was written are noted too.
    if let Some(batch) = events.books.durable().acknowledgements(events.books.now()) {
        events.books.durable_mut().post(batch)?;
        events.books.durable_mut().flush(events.clock, PATIENCE).await?;
    }
    events.answer();
    // Whoever is answered in the last moment hears it before the runtime ends.
    events.clock.pause(LOOK).await;
    Ok(why)
}

impl<D: Driven, C: Clock> Events<'_, D, C> {
    async fn turns(
        &mut self,
        mut asks: mpsc::Receiver<Ask>,
        stop: impl Future<Output = &'static str>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Why, DaemonError> {
        let mut stop = std::pin::pin!(stop);
        let mut asking = true;
        loop {
            self.books.look()?;
            self.answer();
            let replaying = self.books.is_replaying();
            let Some(due) = self.books.next() else {
                return match replaying {
                    true => Err(self.books.feed_ends()),
                    false => Ok(Why::CandlesEnded),
                };
            };
            let ready = self.books.is_ready(due);
            // An answer that is there is taken before anybody is listened to.
            let answered = ready && due.from == Source::Exchange && due.at <= self.clock.now();
            // Somebody waits for the disk: it is looked at while the market is waited for.
            let awaited = !self.answers.is_empty() || !self.books.durable().is_idle();
            let turn = async {
                match (replaying, ready) {
                    (true, _) => tokio::task::yield_now().await,
                    (false, true) if awaited => {
                        let there = self.clock.sleep_until(due.at);
                        return tokio::time::timeout(LOOK, there).await.is_ok();
                    }
                    (false, true) => self.clock.sleep_until(due.at).await,
                    (false, false) => self.clock.pause(LOOK).await,
                }
                ready
            };
            tokio::select! {
                biased;
                // 1
                signal = &mut stop => return Ok(Why::Signal(signal)),
                // 2
                () = std::future::ready(()), if answered => self.turn(due, progress)?,
                // 3
                ask = asks.recv(), if asking && !replaying => match ask {
                    Some(ask) => if self.take(ask)? {
                        return Ok(Why::Asked);
                    },
                    None => asking = false,
                },
                // 4 and 5
                there = turn => if there {
                    self.turn(due, progress)?;
                },
            }
        }
    }

    fn turn(&mut self, due: Due, progress: &mut dyn FnMut(Progress)) -> Result<(), DaemonError> {
        let replaying = self.books.is_replaying();
        self.books.turn(due)?;
        let (done, total) = self.books.progress();
        progress(match replaying {
            true => Progress::Replaying(done, total),
            false => Progress::Running(done, total),
        });
        Ok(())
    }

    /// Answers at once, or makes a step whose answer waits for the disk; true when the run is to end.
    fn take(&mut self, ask: Ask) -> Result<bool, DaemonError> {
        let Ask { request, by, reply: to } = ask;
        let vitals = self.vitals();
        let engine = self.books.engine();
        let task = control::take(engine, &vitals, &request, &by, || self.store.snapshot());
        match task {
            Task::Answer(reply) => tell(to, *reply),
            Task::Step(event) => {
                let number = self.books.request(&event)?;
                let answer = self.books.recorder().answer();
                let reply = control::outcome(self.books.engine(), &event, answer);
                self.answers.push(Answer { number, reply, to });
            }
            Task::Stop => {
                tell(to, control::act::stopping());
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn vitals(&self) -> Vitals {
        let durable = self.books.durable();
        Vitals {
            source: control::answers::Source::Daemon,
            now: self.books.now(),
            store: Some(durable.health()),
            feed_at: self.books.heard(),
            alerts_pending: durable.alerts_pending(),
        }
    }

    /// What was asked for is answered once it is durable.
    fn answer(&mut self) {
        let durable = self.books.durable();
        for Answer { reply, to, .. } in
            self.answers.extract_if(.., |answer| durable.is_durable(answer.number))
        {
            tell(to, reply);
        }
    }
}

fn tell(to: oneshot::Sender<Reply>, reply: Reply) {
    if to.send(reply).is_err() {
        tracing::debug!("whoever asked has gone");
    }
}
