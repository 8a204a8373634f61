//! `gardefou run`: the daemon on recorded candles. What it decides goes into its store in its order
//! (paper hours are decided a little ahead of the disk, since nothing outside follows from them), and
//! a daemon that was killed goes on where its store ends.
//!
//! [`recovery`] takes up what the store has, [`events`] is the loop, and [`driven`] what it drives:
//! [`paper`] books hour by hour, exactly as a backtest does, or [`live`] ones event by event, with
//! the exchange outside. [`recorder`] hears every step, [`ledger`] and [`orders`] turn them into
//! rows, [`durable`] brings them to the disk and alerts to people, [`outbox`] sends to the exchange.
//! [`saved`] is what a checkpoint holds, [`replayed`] runs the engine alone through a journal.
//!
//! Never here: rules of trading; a step that is told to anyone twice; a default in place of a
//! record that cannot be read.

pub mod driven;
pub mod durable;
pub mod error;
pub mod events;
pub mod ledger;
pub mod live;
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

use gardefou_core::config::{EngineConfig, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::prices::{self, Delays};
use tokio::sync::mpsc;

use crate::backtest::{self, explain, load};
use crate::config::Settings;
use crate::control::{self, Ask, Door, Limits};
use crate::exchange::gateway::Gateway;
use crate::exchange::simulated::{Keeping, RECORD_FILE, Simulated};
use crate::ports::pace::{Pace, Recorded};
use crate::ports::told::ToLog;
use crate::store::{
    Fault, Hash, OpenOptions, Opened, Retention, Store, StoreError, Writer, WriterOptions,
};
use driven::Driven;
use durable::Durable;
pub use error::DaemonError;
pub use events::Why;
use live::Live;
use outbox::Outbox;
use paper::{Paper, Rehearsal};
use recorder::Told;
use recovery::{Setup, TakenUp};
use saved::{Author, Terms};

/// This build, as it signs what it writes: version and fingerprint of the sources (`build.rs`);
/// packagers may set `GARDEFOU_BUILD` instead.
pub const BUILD: &str = env!("GARDEFOU_BUILD");

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
    let mode = request.market.mode;
    // Live books may go on under another configuration, so what they have decides on the candles.
    let there = (mode == Mode::Live && replayed::is_data(&request.data))
        .then(|| open(request, now))
        .transpose()?;
    let books = there.as_ref().map(|opened| recovery::books(opened, mode)).transpose()?.flatten();
    let at_work: Vec<_> = books.iter().flat_map(Engine::at_work).collect();
    let resolve = |asked: EngineConfig| match &books {
        Some(engine) => recovery::go_on(engine, &asked),
        None => Ok(asked),
    };
    let mut read = |p| progress(Progress::Market(p));
    let (market, config) =
        load::market_for(settings, &request.market, &at_work, resolve, &mut read)?;
    settings.refuse_liquidation(&config)?;
    explain::log(&config);
    // Only now: a request that cannot be met leaves no empty store behind.
    let store = there.map_or_else(|| open(request, now), Ok)?;
    let terms = Terms {
        path: request.path,
        on_trip: request.market.on_trip,
        from: market.from,
        detail: market.detail,
        mode,
    };
    let config_hash = saved::config_hash(&config).map_err(DaemonError::Record)?.to_string();
    let setup = Setup {
        market: &market,
        config: Arc::new(config),
        terms,
        run: run_name(request),
        author: Author { build: request.build.clone(), config_hash },
        every: request.every.max(1),
        from_checkpoint: request.from_checkpoint,
        data: request.data.clone(),
    };
    go(setup, store, request.pace, people, stop, progress)
}

/// Paper books, or live ones before an exchange that outlives them.
fn go(
    setup: Setup<'_>,
    mut opened: Opened,
    pace: Pace,
    people: People,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended, DaemonError> {
    let Opened { pending_alerts, .. } = &mut opened;
    let pending = std::mem::take(pending_alerts);
    let begin = |opened: &Opened| -> Result<_, DaemonError> {
        let writer = opened.store.writer(WriterOptions::default())?;
        Ok(Durable::new(writer, ToLog, pending))
    };
    let (market, config) = (setup.market, Arc::clone(&setup.config));
    let author = setup.author.clone();
    match setup.terms.mode {
        Mode::Paper => {
            let genesis = || paper::genesis(&config, &setup.terms, market);
            let TakenUp { saved, recorder, fresh, aside, changed: _ } =
                recovery::take_up(&setup, &mut opened, genesis)?;
            let (opened, asking) = or_nothing(opened, |opened| asking(people, &opened.store))?;
            let paper = Paper::resume(market, saved, recorder, author, setup.every);
            let mut books = Rehearsal { paper, durable: begin(&opened)? };
            // What follows from the journal is not written again.
            if fresh || aside {
                books.save()?;
            }
            books.paper.enter_requests()?;
            drive(books, &setup, &opened.store, pace, asking, stop, progress)
        }
        Mode::Live => {
            let genesis = || live::genesis(Engine::new((*config).clone()), &setup.terms, market);
            let TakenUp { saved, recorder, fresh, aside: _, changed } =
                recovery::take_up(&setup, &mut opened, genesis)?;
            let (opened, (exchange, asking)) = or_nothing(opened, |opened| {
                // The exchange last: what it makes is not taken back.
                let asking = asking(people, &opened.store)?;
                Ok((open_exchange(&setup, opened, fresh)?, asking))
            })?;
            let outbox = Outbox::new(Gateway::new(exchange), begin(&opened)?);
            let how = (setup.every, pace == Pace::Max);
            let mut books = Live::resume(market, saved, recorder, outbox, author, how);
            if changed {
                books.say_winding()?;
            }
            books.come_up(fresh)?;
            drive(books, &setup, &opened.store, pace, asking, stop, progress)
        }
    }
}

/// Opens the exchange that the books of a store trade on.
fn open_exchange(
    setup: &Setup<'_>,
    opened: &Opened,
    fresh: bool,
) -> Result<Simulated, DaemonError> {
    let record = setup.data.join(RECORD_FILE);
    if !fresh && !record.is_file() {
        return Err(DaemonError::OtherData(format!(
            "{} is gone, and with it the exchange that these books trade on: what they hold is \
             nowhere. Bring it back, or name another --data to begin anew; nothing was changed",
            record.display()
        )));
    }
    let config = &setup.config;
    // No book hears of what the exchange could forget.
    let keeping = Keeping { sync: true, ..Keeping::default() };
    let exchange = Simulated::open(&setup.data, config, &exchange_settings(config), keeping)?;
    exchange.require(opened.report.tip.exchange)?;
    Ok(exchange)
}

/// Does the last things that a start can fail with: one that is refused leaves no store behind that
/// was not there before.
fn or_nothing<T>(
    opened: Opened,
    start: impl FnOnce(&Opened) -> Result<T, DaemonError>,
) -> Result<(Opened, T), DaemonError> {
    match start(&opened) {
        Ok(started) => Ok((opened, started)),
        Err(why) => {
            let Opened { store, report, .. } = opened;
            drop(store);
            if report.created
                && let Err(why) = std::fs::remove_file(&report.file)
            {
                let file = report.file.display();
                tracing::warn!(%file, %why, "the empty store cannot be removed");
            }
            Err(why)
        }
    }
}

/// How the simulated exchange behaves: everything that a real one demands, a twentieth of a second
/// each way, and a second until a fresh order is found.
fn exchange_settings(config: &EngineConfig) -> prices::Settings {
    let way = Span(50);
    let delays = Delays {
        request: way,
        answer: way,
        report: way,
        market_data: way,
        visibility: Span(1_000),
    };
    prices::Settings { delays, ..prices::Settings::strict(&config.costs) }
}

/// Drives books until the end, and closes the journal.
fn drive<D: Driven<Journal = Writer>>(
    mut books: D,
    setup: &Setup<'_>,
    store: &Store,
    pace: Pace,
    asking: Asking,
    stop: impl Future<Output = &'static str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended, DaemonError> {
    // Hours that only warm indicators are not waited for.
    let mut clock = Recorded::new(pace, books.now().max(setup.market.from));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| system("starting the event loop", why))?;
    let why = runtime.block_on(async {
        let asks = match asking {
            Asking::Channel(asks) => asks,
            Asking::Door(door) => listen(*door),
        };
        events::run((&mut books, &mut clock), store, asks, stop, progress).await
    });
    // Exports that are being read go on without the loop; nobody waits for them.
    runtime.shutdown_background();
    let told = books.recorder().told();
    let (next, seq) = (books.now(), books.recorder().tip().0);
    let (hours, _) = books.progress();
    let state_hash = saved::state_hash(books.engine());
    // What is left after a failure is in the store or cannot be: no more is waited for.
    let left = books.into_journal().close(Duration::ZERO);
    let why = why?;
    left.map_err(|left| DaemonError::Unwritten {
        batches: format!("{} rounds", left.batches.len()),
        why: left.error,
    })?;
    let state_hash = state_hash.map_err(DaemonError::Record)?;
    Ok(Ended { why, next, hours, seq, told, state_hash })
}

/// Where questions come from.
enum Asking {
    Door(Box<Door>),
    Channel(mpsc::Receiver<Ask>),
}

fn asking(people: People, store: &Store) -> Result<Asking, DaemonError> {
    match people {
        People::Socket => Ok(Asking::Door(Box::new(Door::open(store)?))),
        People::Channel(asks) => Ok(Asking::Channel(asks)),
    }
}

/// Listens at the control socket; what is asked comes out of the channel.
fn listen(door: Door) -> mpsc::Receiver<Ask> {
    let (send, asks) = mpsc::channel(ASKS);
    tokio::spawn(async move {
        if let Err(why) = control::serve(&door, send, Limits::default()).await {
            tracing::error!(%why, "the control socket cannot be listened to");
        }
    });
    asks
}

fn open(request: &Request, now: Timestamp) -> Result<Opened, DaemonError> {
    let options = OpenOptions {
        now,
        build: request.build.clone(),
        create: true,
        retention: Retention::default(),
    };
    tracing::info!(data = %request.data.display(), "opening the store");
    let opened = patiently(|| Store::open(&request.data, &options))?;
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

/// Whoever only looks at a store has its lock for a moment.
fn patiently(open: impl Fn() -> Result<Opened, StoreError>) -> Result<Opened, StoreError> {
    const TIMES: u32 = 20;
    for _ in 0..TIMES {
        match open() {
            Err(error) if matches!(error.fault(), Fault::InUse { .. }) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            done => return done,
        }
    }
    open()
}

/// The run in logs.
fn run_name(request: &Request) -> &'static str {
    match (request.market.mode, request.path) {
        (Mode::Live, _) => "live",
        (Mode::Paper, Path::Pessimistic) => "pessimistic",
        (Mode::Paper, Path::Optimistic) => "optimistic",
    }
}

fn system(what: &'static str, why: std::io::Error) -> DaemonError {
    DaemonError::System { what, why, remedy: "check the limits of this system" }
}
