//! The loop: what comes first when several things are there. In this order:
//!
//! 1. a signal to end;
//! 2. fills and answers of the exchange — on bars the exchange answers inside its hour, so there is
//!    nothing to take here;
//! 3. what people ask, over the control socket;
//! 4. wakes: of the disk, when it is behind or fails;
//! 5. the market: the next hour closes.
//!
//! While the journal is replayed nothing is awaited and nobody is answered.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Progress;
use super::durable::{Durable, LOOK};
use super::error::DaemonError;
use super::paper::Paper;
use crate::control::answers::Source;
use crate::control::{self, Ask, Reply, Task, Vitals};
use crate::ports::{Clock, Journal, Notifier};
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
struct Events<'r, 'm, J: Journal, N, C> {
    paper: &'r mut Paper<'m>,
    durable: &'r mut Durable<J, N>,
    clock: &'r mut C,
    store: &'r Store,
    answers: Vec<Answer>,
}

/// Runs until the candles end or `stop` is ready; then the state is saved and on the disk.
pub(super) async fn run<J: Journal, N: Notifier, C: Clock>(
    (paper, durable, clock): (&mut Paper<'_>, &mut Durable<J, N>, &mut C),
    store: &Store,
    asks: mpsc::Receiver<Ask>,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Why, DaemonError> {
    let mut events = Events { paper, durable, clock, store, answers: Vec::new() };
    let why = events.turns(asks, stop, progress).await?;
    if !events.paper.is_replaying() {
        events.durable.post(events.paper.save()?)?;
    }
    events.durable.flush(events.clock, PATIENCE).await?;
    // Alerts that were delivered while the last batch was written are noted too.
    if let Some(batch) = events.durable.acknowledgements(events.paper.next()) {
        events.durable.post(batch)?;
        events.durable.flush(events.clock, PATIENCE).await?;
    }
    events.answer();
    // Whoever is answered in the last moment hears it before the runtime ends.
    events.clock.pause(LOOK).await;
    Ok(why)
}

impl<J: Journal, N: Notifier, C: Clock> Events<'_, '_, J, N, C> {
    async fn turns(
        &mut self,
        mut asks: mpsc::Receiver<Ask>,
        stop: impl Future<Output = &'static str>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Why, DaemonError> {
        let mut stop = std::pin::pin!(stop);
        let mut asking = true;
        loop {
            self.durable.look()?;
            self.answer();
            let replaying = self.paper.is_replaying();
            let Some(close) = self.paper.next_close() else {
                return match replaying {
                    true => Err(self.paper.feed_ends()),
                    false => Ok(Why::CandlesEnded),
                };
            };
            let ready = replaying || self.durable.has_room();
            let turn = async {
                match (replaying, ready) {
                    (true, _) => tokio::task::yield_now().await,
                    (false, true) => self.clock.sleep_until(close).await,
                    (false, false) => self.clock.pause(LOOK).await,
                }
            };
            tokio::select! {
                biased;
                // 1
                signal = &mut stop => return Ok(Why::Signal(signal)),
                // 2: the exchange on bars answers inside its hour.
                // 3
                ask = asks.recv(), if asking && !replaying => match ask {
                    Some(ask) => if self.take(ask)? {
                        return Ok(Why::Asked);
                    },
                    None => asking = false,
                },
                // 4 and 5
                () = turn => if ready {
                    self.hour(progress)?;
                },
            }
        }
    }

    fn hour(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), DaemonError> {
        let replaying = self.paper.is_replaying();
        let batch = self.paper.hour()?;
        let (done, total) = self.paper.progress();
        if replaying && !self.paper.is_replaying() {
            let steps = self.paper.told().replayed;
            tracing::info!(steps, hour = done, "the journal is caught up with");
        }
        progress(match replaying {
            true => Progress::Replaying(done, total),
            false => Progress::Running(done, total),
        });
        if let Some(batch) = batch {
            let steps = batch.journal.len();
            let checkpoint = batch.checkpoint.is_some();
            let number = self.durable.post(batch)?;
            let seq = self.paper.recorder().tip().0;
            tracing::debug!(number, hour = done, seq, steps, checkpoint, "round");
        }
        Ok(())
    }

    /// Answers at once, or makes a step whose answer waits for the disk; true when the run is to end.
    fn take(&mut self, ask: Ask) -> Result<bool, DaemonError> {
        let Ask { request, by, reply: to } = ask;
        let vitals = self.vitals();
        let engine = self.paper.engine();
        let task = control::take(engine, &vitals, &request, &by, || self.store.snapshot());
        match task {
            Task::Answer(reply) => tell(to, *reply),
            Task::Step(event) => {
                let batch = self.paper.request(&event)?;
                let answer = self.paper.recorder().answer();
                let reply = control::outcome(self.paper.engine(), &event, answer);
                let number = self.durable.post(batch)?;
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
        Vitals {
            source: Source::Daemon,
            now: self.paper.next(),
            store: Some(self.durable.health()),
            feed_at: self.paper.heard_until(),
            alerts_pending: self.durable.alerts_pending(),
        }
    }

    /// What was asked for is answered once it is durable.
    fn answer(&mut self) {
        let durable = &*self.durable;
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
