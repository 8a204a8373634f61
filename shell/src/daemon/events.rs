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

use gardefou_core::event::Request;
use tokio::sync::{mpsc, oneshot};

use super::Progress;
use super::durable::{Durable, LOOK};
use super::error::DaemonError;
use super::paper::Paper;
use crate::ports::{Clock, Journal, Notifier};

/// What a person asks of a running daemon.
pub enum Ask {
    /// To look at it, without changing anything.
    Look(Box<dyn FnOnce(&Paper<'_>) + Send>),
    /// A request to the engine; answered when it is durable.
    Request {
        /// What.
        request: Request,
        /// Who, as authenticated.
        by: String,
        /// Where the answer goes: the step of the journal, or why not.
        reply: oneshot::Sender<Result<u64, String>>,
    },
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The candles ended.
    CandlesEnded,
    /// A signal came.
    Signal(&'static str),
}

/// How long a daemon that is to end waits for its disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers that wait for the disk: number of the batch, step, whom to tell.
type Answers = Vec<(u64, u64, oneshot::Sender<Result<u64, String>>)>;

/// Everything that the loop moves.
struct Events<'r, 'm, J: Journal, N, C> {
    paper: &'r mut Paper<'m>,
    durable: &'r mut Durable<J, N>,
    clock: &'r mut C,
    answers: Answers,
}

/// Runs until the candles end or `stop` is ready; then the state is saved and on the disk.
pub(super) async fn run<J: Journal, N: Notifier, C: Clock>(
    (paper, durable, clock): (&mut Paper<'_>, &mut Durable<J, N>, &mut C),
    asks: mpsc::Receiver<Ask>,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Why, DaemonError> {
    let mut events = Events { paper, durable, clock, answers: Answers::new() };
    let why = events.turns(asks, stop, progress).await?;
    if !events.paper.is_replaying() {
        events.durable.post(events.paper.save()?)?;
    }
    events.durable.flush(events.clock, PATIENCE).await?;
    events.answer();
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
                    Some(ask) => self.take(ask)?,
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

    fn take(&mut self, ask: Ask) -> Result<(), DaemonError> {
        match ask {
            Ask::Look(look) => look(self.paper),
            Ask::Request { by, reply, .. } if !super::recorder::is_person(&by) => {
                // Whoever asked may have gone.
                let _ = reply.send(Err(format!("{by:?} is no person; use another name")));
            }
            Ask::Request { request, by, reply } => {
                let batch = self.paper.request(request, &by)?;
                let number = self.durable.post(batch)?;
                self.answers.push((number, self.paper.recorder().tip().0, reply));
            }
        }
        Ok(())
    }

    /// What was asked for is answered once it is durable.
    fn answer(&mut self) {
        let durable = &*self.durable;
        for (_, seq, reply) in
            self.answers.extract_if(.., |(number, ..)| durable.is_durable(*number))
        {
            // Whoever asked may have gone.
            let _ = reply.send(Ok(seq));
        }
    }
}
