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

/// What the loop says at its end.
pub(super) struct Heard {
    pub why: Why,
}

/// Everything that the loop moves.
pub(super) struct Events<'r, 'm, J: Journal, N, C> {
    pub paper: &'r mut Paper<'m>,
    pub durable: &'r mut Durable<J, N>,
    pub clock: &'r mut C,
    pub asks: mpsc::Receiver<Ask>,
}

/// Answers that wait for the disk: number of the batch, step, whom to tell.
type Answers = Vec<(u64, u64, oneshot::Sender<Result<u64, String>>)>;

impl<J: Journal, N: Notifier, C: Clock> Events<'_, '_, J, N, C> {
    /// Until the candles end or `stop` is ready; then the state is saved.
    pub(super) async fn run(
        mut self,
        stop: impl Future<Output = &'static str>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Heard, DaemonError> {
        let mut stop = std::pin::pin!(stop);
        let mut answers = Answers::new();
        let mut asking = true;
        let why = loop {
            self.durable.look()?;
            self.answer(&mut answers);
            let replaying = self.paper.is_replaying();
            let Some(close) = self.paper.next_close() else {
                break Why::CandlesEnded;
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
                signal = &mut stop => break Why::Signal(signal),
                // 2: the exchange on bars answers inside its hour.
                // 3
                ask = self.asks.recv(), if asking && !replaying => match ask {
                    Some(ask) => answers.extend(self.take(ask)?),
                    None => asking = false,
                },
                // 4 and 5
                () = turn => if ready {
                    self.hour(progress)?;
                },
            }
        };
        if !self.paper.is_replaying() {
            self.durable.post(self.paper.save()?)?;
        }
        Ok(Heard { why })
    }

    fn hour(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), DaemonError> {
        let replaying = self.paper.is_replaying();
        let batch = self.paper.hour()?;
        let (done, total) = self.paper.progress();
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

    fn take(
        &mut self,
        ask: Ask,
    ) -> Result<Option<(u64, u64, oneshot::Sender<Result<u64, String>>)>, DaemonError> {
        match ask {
            Ask::Look(look) => {
                look(self.paper);
                Ok(None)
            }
            Ask::Request { by, reply, .. } if !super::recorder::is_person(&by) => {
                // Whoever asked may have gone.
                let _ = reply.send(Err(format!("{by:?} is no person; use another name")));
                Ok(None)
            }
            Ask::Request { request, by, reply } => {
                let batch = self.paper.request(request, &by)?;
                let number = self.durable.post(batch)?;
                Ok(Some((number, self.paper.recorder().tip().0, reply)))
            }
        }
    }

    /// What was asked for is answered once it is durable.
    fn answer(&self, answers: &mut Answers) {
        for (_, seq, reply) in
            answers.extract_if(.., |(number, ..)| self.durable.is_durable(*number))
        {
            // Whoever asked may have gone.
            let _ = reply.send(Ok(seq));
        }
    }
}
