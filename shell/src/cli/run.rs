//! `gardefou run`: options → daemon, signals, progress, and how it ended for people or as JSON.

use std::io;

use gardefou_core::config::Mode;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::backtest::{Bars, settings};
use super::options::RunOptions;
use super::{Failure, Out};
use crate::daemon::{self, DaemonError, Ended, People, Progress, Why};
use crate::text;

/// What `run --json` writes when the run has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunResult {
    /// Name and version of this format.
    pub format: RunFormat,
    /// Version of the program.
    pub version: String,
    /// Why it ended.
    pub ended: RunEnded,
    /// The open of the next hour, RFC 3339.
    pub next: String,
    /// Hours driven since the first candle, by this run or before.
    pub hours: u64,
    /// The last step of the engine in the journal.
    pub step: u64,
    /// Steps that were in the journal already and came out the same.
    pub replayed: u64,
    /// Executions of this run.
    pub fills: u64,
    /// Cycles that this run closed.
    pub cycles: u64,
    /// SHA-256 of the engine's state, as `backtest --json` has it of each path.
    pub state_hash: String,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum RunFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-run/1")]
    V1,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunEnded {
    /// The candles ended.
    CandlesEnded,
    /// A signal asked for it.
    Signal,
    /// A person asked for it.
    Asked,
}

pub(super) fn run(options: &RunOptions, out: &mut Out) -> Result<(), Failure> {
    let stop = signals()?;
    let settings = settings(options.config.config.as_deref())?;
    let request = request(options);
    let stop = async move { stop.await.unwrap_or("the end of its signals") };
    let mut bar = Bars::new();
    let mut show = |progress: Progress| match progress {
        Progress::Market(progress) => bar.show(progress),
        Progress::Replaying(done, total) => bar.say("replaying the journal (hours)", done, total),
        Progress::Running(done, total) => bar.say("running (hours)", done, total),
    };
    let ended = daemon::run(&settings, &request, super::now()?, People::Socket, stop, &mut show);
    bar.clear();
    let ended = ended?;
    if options.json {
        return out.json(&result(&ended));
    }
    out.write(&said(&ended, options))
}

fn request(options: &RunOptions) -> daemon::Request {
    let mode = if options.live_mode { Mode::Live } else { Mode::Paper };
    daemon::Request {
        market: options.market.request(&options.feed, mode),
        path: options.path.into(),
        data: options.data.clone(),
        pace: options.pace,
        every: options.checkpoint_hours,
        from_checkpoint: options.from_checkpoint,
        build: daemon::BUILD.to_owned(),
    }
}

/// The first signal that asks for the end. It is listened for from here on, so that none is lost
/// while files are read; a second one ends the process at once.
fn signals() -> Result<oneshot::Receiver<&'static str>, DaemonError> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let failed = |why: io::Error| DaemonError::System {
        what: "listening for signals",
        why,
        remedy: "check the limits of this system",
    };
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT]).map_err(failed)?;
    let (send, receive) = oneshot::channel();
    std::thread::spawn(move || {
        let mut send = Some(send);
        for signal in &mut signals {
            match send.take() {
                // Nobody listens any more when the run is over.
                Some(send) => drop(send.send(if signal == SIGINT { "SIGINT" } else { "SIGTERM" })),
                None => drop(signal_hook::low_level::emulate_default_handler(signal)),
            }
        }
    });
    Ok(receive)
}

fn result(ended: &Ended) -> RunResult {
    RunResult {
        format: RunFormat::V1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ended: match ended.why {
            Why::CandlesEnded => RunEnded::CandlesEnded,
            Why::Signal(_) => RunEnded::Signal,
            Why::Asked => RunEnded::Asked,
        },
        next: text::instant(ended.next),
        hours: ended.hours,
        step: ended.seq,
        replayed: ended.told.replayed,
        fills: ended.told.fills,
        cycles: ended.told.cycles,
        state_hash: ended.state_hash.to_string(),
    }
}

fn said(ended: &Ended, options: &RunOptions) -> String {
    let why = match ended.why {
        Why::CandlesEnded => "the candles ended".to_owned(),
        Why::Signal(name) => format!("{name} came"),
        Why::Asked => "you asked for it".to_owned(),
    };
    let data = options.data.display();
    let (next, told) = (text::instant(ended.next), ended.told);
    format!(
        "Ended at {next}: {why}. {} new executions, {} new cycles; saved in {data} at step {}.\n\
         State {}\n",
        told.fills, told.cycles, ended.seq, ended.state_hash
    )
}
