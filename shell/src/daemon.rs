//! `gardefou run`: the daemon on recorded candles. What it decides goes into its store in its order
//! (paper hours are decided a little ahead of the disk, since nothing outside follows from them), and
//! a daemon that was killed goes on where its store ends.
//!
//! [`recovery`] takes up what the store has, [`paper`] drives hours exactly as a backtest does,
//! [`recorder`] hears every step, [`ledger`] and [`orders`] turn them into rows, [`durable`] brings
//! them to the disk and alerts to people, [`outbox`] sends where an exchange stands outside,
//! [`events`] is the loop. [`saved`] is what a checkpoint
//! holds, [`replayed`] runs the engine alone through a journal.
//!
//! Never here: rules of trading; a step that is told to anyone twice; a default in place of a
//! record that cannot be read.

pub mod durable;
pub mod error;
pub mod events;
pub mod ledger;
pub mod orders;
pub mod outbox;
pub mod paper;
pub mod recorder;
pub mod recovery;
pub mod replayed;
pub mod saved;

#[cfg(test)]
mod outbox_tests;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gardefou_core::time::Timestamp;
use gardefou_core::venue::bars::Path;
use tokio::sync::mpsc;

use crate::backtest::{self, explain, load};
use crate::config::Settings;
use crate::control::{self, Ask, Door, Limits};
use crate::ports::pace::{Pace, Recorded};
use crate::ports::told::ToLog;
use crate::store::{Hash, OpenOptions, Opened, Retention, Store, WriterOptions};
use durable::Durable;
pub use error::DaemonError;
pub use events::Why;
use paper::Author;
use recorder::Told;
use recovery::{Recovered, Setup};
use saved::Terms;

/// This build, as it signs what it writes: packagers set `GARDEFOU_BUILD`.
pub const BUILD: &str = match option_env!("GARDEFOU_BUILD") {
    Some(build) => build,
    None => env!("CARGO_PKG_VERSION"),
};

/// Hours between checkpoints: a week, so that less than a second of work lies behind one.
pub const CHECKPOINT_HOURS: u32 = 168;

/// What a daemon is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Candles, range, selection: as of a backtest.
    pub market: backtest::Request,
    /// Which assumption about the inside of bars.
    pub path: Path,
    /// The data directory.
    pub data: PathBuf,
    /// How fast recorded time goes by.
    pub pace: Pace,
    /// Hours between checkpoints, at least one.
    pub every: u32,
    /// Leave the journal after the last checkpoint aside.
    pub from_checkpoint: bool,
    /// Who writes: [`BUILD`].
    pub build: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub why: Why,
    /// Time so far: the open of the next hour.
    pub next: Timestamp,
    /// Hours driven since the first candle, by this run or before.
    pub hours: u64,
    /// The last step of the journal.
    pub seq: u64,
    /// How much was new, and how much was heard again.
    pub told: Told,
    /// The hash of the engine's state.
    pub state_hash: Hash,
}

/// Who may ask a running daemon.
#[derive(Debug)]
pub enum People {
    /// The owner, over the control socket in the data directory.
    Socket,
    /// Whoever has the other end.
    Channel(mpsc::Receiver<Ask>),
}

/// Requests that may wait for the loop.
const ASKS: usize = 64;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Reading files and running as a backtest says it.
    Market(backtest::Progress),
    /// Hours that are in the journal already: done, total.
    Replaying(u64, u64),
    /// Hours: done, total.
    Running(u64, u64),
}

/// Runs until the candles end or `stop` is ready.
///
/// # Errors
/// Nothing is traded and nothing changed when configuration, candles or store do not fit; what
/// was decided before is in the store when the disk fails.
pub fn run(
    settings: &Settings,
    request: &Request,
    now: Timestamp,
    people: People,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended, DaemonError> {
    let (market, config) =
        load::market(settings, &request.market, &mut |p| progress(Progress::Market(p)))?;
    settings.refuse_liquidation(&config)?;
    explain::log(&config);
    // Only now: a request that cannot be met leaves no empty store behind.
    let store = open(request, now)?;
    let terms = Terms {
        path: request.path,
        on_trip: request.market.on_trip,
        from: market.from,
        detail: market.detail,
    };
    let config_hash = saved::config_hash(&config).map_err(DaemonError::Record)?.to_string();
    let setup = Setup {
        market: &market,
        config: Arc::new(config),
        terms,
        run: path_name(request.path),
        author: Author { build: request.build.clone(), config_hash },
        every: request.every.max(1),
        from_checkpoint: request.from_checkpoint,
    };
    go(setup, store, request.pace, people, stop, progress)
}

/// A run whose parts are there.
fn go(
    setup: Setup<'_>,
    mut opened: Opened,
    pace: Pace,
    people: People,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended, DaemonError> {
    let from = setup.market.from;
    let Recovered { mut paper, must_save } = recovery::recover(setup, &mut opened)?;
    let writer = opened.store.writer(WriterOptions::default())?;
    let mut durable = Durable::new(writer, ToLog, std::mem::take(&mut opened.pending_alerts));
    if must_save {
        durable.post(paper.save()?)?;
    }
    paper.enter_requests()?;
    // Hours that only warm indicators are not waited for.
    let mut clock = Recorded::new(pace, paper.next().max(from));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| system("starting the event loop", why))?;
    let parts = (&mut paper, &mut durable, &mut clock);
    let store = &opened.store;
    let why = runtime.block_on(async {
        let asks = match people {
            People::Channel(asks) => asks,
            People::Socket => listen(store)?,
        };
        events::run(parts, store, asks, stop, progress).await
    });
    // Exports that are being read go on without the loop; nobody waits for them.
    runtime.shutdown_background();
    // What is left after a failure is in the store or cannot be: no more is waited for.
    let left = durable.into_journal().close(Duration::ZERO);
    let why = why?;
    left.map_err(|left| DaemonError::Unwritten {
        batches: format!("{} rounds", left.batches.len()),
        why: left.error,
    })?;
    Ok(Ended {
        why,
        next: paper.next(),
        hours: paper.progress().0,
        seq: paper.recorder().tip().0,
        told: paper.told(),
        state_hash: saved::state_hash(paper.engine()).map_err(DaemonError::Record)?,
    })
}

/// Opens the control socket; what is asked comes out of the channel.
fn listen(store: &Store) -> Result<mpsc::Receiver<Ask>, DaemonError> {
    let door = Door::open(store)?;
    let (send, asks) = mpsc::channel(ASKS);
    tokio::spawn(async move {
        if let Err(why) = control::serve(&door, send, Limits::default()).await {
            tracing::error!(%why, "the control socket cannot be listened to");
        }
    });
    Ok(asks)
}

fn open(request: &Request, now: Timestamp) -> Result<Opened, DaemonError> {
    let options = OpenOptions {
        now,
        build: request.build.clone(),
        create: true,
        retention: Retention::default(),
    };
    tracing::info!(data = %request.data.display(), "opening the store");
    let opened = Store::open(&request.data, &options)?;
    let report = &opened.report;
    tracing::info!(
        file = %report.file.display(),
        created = report.created,
        steps = report.tip.seq,
        checkpoint = opened.last_checkpoint.as_ref().map(|checkpoint| checkpoint.seq),
        tail = opened.tail.len(),
        "store opened"
    );
    Ok(opened)
}

fn path_name(path: Path) -> &'static str {
    match path {
        Path::Pessimistic => "pessimistic",
        Path::Optimistic => "optimistic",
    }
}

fn system(what: &'static str, why: std::io::Error) -> DaemonError {
    DaemonError::System { what, why, remedy: "check the limits of this system" }
}
