//! How people call Gardefou: verbs, options, exit codes. Each verb is a file; nothing here trades.
//!
//! Exit codes: 0 done · 1 a check or comparison failed · 2 the command line was wrong ·
//! 3 the configuration was refused · 4 the data was refused · 5 the outside world failed (disk,
//! terminal, store) · 6 no daemon runs in the data directory · 70 a bug of ours · 128 + n ended by signal n while the demo was on the screen.

mod backtest;
mod bugs;
mod check;
pub(crate) mod control;
mod logs;
mod options;
mod replay;
mod run;
#[cfg(test)]
mod schemas;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use gardefou_core::time::Timestamp;
use serde::Serialize;

use crate::backtest::BacktestError;
use crate::config::ConfigError;
use crate::daemon::DaemonError;
use crate::demo::{self, DemoError, DemoOptions, Stage};

/// Grid trading for USDT perpetuals with a stop under every position: demo, backtests, and checks
/// of a configuration. Nothing in this version reaches an exchange.
///
/// Without a verb it runs the demo: a generated market, a simulated exchange, no key, no network.
#[derive(Parser)]
#[command(name = "gardefou", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    logs: logs::LogOptions,
}

#[derive(Subcommand)]
enum Verb {
    /// Watch both grids trade a generated market on a simulated exchange.
    Demo(DemoOptions),
    /// Run the configuration over recorded candles, as a portfolio, on both paths.
    Backtest(options::BacktestOptions),
    /// Run the books, paper or live ones, over recorded candles as a daemon that survives being
    /// killed.
    Run(options::RunOptions),
    /// Run transcripts, or the journals of data directories, and show the first difference.
    Replay(options::ReplayOptions),
    /// Check a configuration and say what it would do and could lose.
    Check(options::CheckOptions),
    /// How a running daemon is: books, switches, pauses, readiness, store.
    Status(control::LookOptions),
    /// What a running daemon holds, and how it is protected.
    Positions(control::LookOptions),
    /// Orders of a running daemon that have not ended.
    Orders(control::LookOptions),
    /// Ask for no new entries until somebody resumes; open cycles stay managed.
    Pause(control::ReasonOptions),
    /// End a pause.
    Resume(control::ReasonOptions),
    /// Trip the session switch: no new entries, and whatever on_kill says besides.
    Kill(control::ReasonOptions),
    /// Release a kill switch.
    Release(control::ReleaseOptions),
    /// Write the ledger: orders, fills, cycles, funding; also when no daemon runs.
    Export(control::ExportOptions),
    /// End a running daemon in good order.
    Stop(control::LookOptions),
    /// Fail as a bug of ours would; only in builds for tests.
    #[cfg(debug_assertions)]
    #[command(hide = true)]
    Bug,
}

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A check or a comparison failed; everything was said already.
    #[error("{0}")]
    Failed(String),
    /// The configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A backtest was not run.
    #[error(transparent)]
    Backtest(#[from] BacktestError),
    /// The daemon did not start, or stopped.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The demo could not be shown.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// A file that was named cannot be read; the text says which, why, and what to do.
    #[error("{0}")]
    Unreadable(String),
    /// No daemon runs in the data directory that was named.
    #[error("{0}")]
    NotRunning(String),
    /// The outside world failed.
    #[error("{what}: {why}; {remedy}")]
    World {
        /// What was being done.
        what: String,
        /// What went wrong.
        why: io::Error,
        /// What to do.
        remedy: &'static str,
    },
}

impl Failure {
    fn world(what: impl Into<String>, remedy: &'static str) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |why| Self::World { what, why, remedy }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Config(_)
            | Self::Demo(DemoError::Config(_))
            | Self::Backtest(BacktestError::Config(_)) => 3,
            Self::Backtest(BacktestError::Data(_) | BacktestError::Request(_)) => 4,
            Self::Daemon(error) => match error {
                DaemonError::Differs(..) => 1,
                DaemonError::Config(_)
                | DaemonError::OtherSettings(_)
                | DaemonError::Market(BacktestError::Config(_)) => 3,
                DaemonError::Market(BacktestError::Data(_) | BacktestError::Request(_))
                | DaemonError::OtherData(_) => 4,
                DaemonError::Store(_)
                | DaemonError::Door(_)
                | DaemonError::Exchange(_)
                | DaemonError::State { .. }
                | DaemonError::Unwritten { .. }
                | DaemonError::System { .. } => 5,
                DaemonError::Market(BacktestError::Mismatch(_) | BacktestError::State(_))
                | DaemonError::Record(_)
                | DaemonError::Bug(_) => bugs::EXIT,
            },
            Self::World { .. } | Self::Unreadable(_) | Self::Demo(DemoError::Output(_)) => 5,
            Self::NotRunning(_) => 6,
            Self::Demo(DemoError::Ended(signal)) => 128 + signal.number(),
            Self::Backtest(BacktestError::Mismatch(_) | BacktestError::State(_)) => bugs::EXIT,
        }
    }
}

/// Where a verb writes for people and programs.
pub(crate) struct Out {
    stdout: io::StdoutLock<'static>,
    /// Standard output is a terminal.
    pub terminal: bool,
}

impl Out {
    fn new() -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        Self { stdout: stdout.lock(), terminal }
    }

    /// Writes a value as one line of JSON.
    pub fn json<T: Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|why| {
            Failure::Failed(format!("the result cannot be written as JSON: {why}"))
        })?;
        self.write(&format!("{text}\n"))
    }

    /// Writes text; a reader that went away is not an error.
    pub fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(Failure::world("writing the result", "check where it goes to")),
        }
    }
}

/// Parses the command line, runs the verb, and maps the outcome to an exit code.
#[must_use]
pub fn main() -> ExitCode {
    bugs::speak_up();
    let cli = Cli::parse();
    logs::start(&cli.logs);
    let mut out = Out::new();
    let outcome = match cli.verb.unwrap_or_else(|| Verb::Demo(DemoOptions::default())) {
        Verb::Demo(options) => demo(&options, &mut out),
        Verb::Backtest(options) => backtest::run(&options, &mut out),
        Verb::Run(options) => run::run(&options, &mut out),
        Verb::Replay(options) => replay::run(&options, &mut out),
        Verb::Check(options) => check::run(&options, &mut out),
        Verb::Status(options) => control::status(&options, &mut out),
        Verb::Positions(options) => control::positions(&options, &mut out),
        Verb::Orders(options) => control::orders(&options, &mut out),
        Verb::Pause(options) => control::pause(&options, &mut out),
        Verb::Resume(options) => control::resume(&options, &mut out),
        Verb::Kill(options) => control::kill(&options, &mut out),
        Verb::Release(options) => control::release(&options, &mut out),
        Verb::Export(options) => control::export(&options, &mut out),
        Verb::Stop(options) => control::stop(&options, &mut out),
        #[cfg(debug_assertions)]
        #[allow(clippy::panic, reason = "this is what it is for")]
        Verb::Bug => panic!("asked for"),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let told = writeln!(io::stderr(), "gardefou: {failure}");
            // Nobody reads standard error: the exit code still says it.
            drop(told);
            ExitCode::from(failure.code())
        }
    }
}

fn demo(options: &DemoOptions, out: &mut Out) -> Result<(), Failure> {
    Ok(demo::run(options, Stage::here(), &mut out.stdout)?)
}

/// The time on the wall, for the identity of a new store.
fn now() -> Result<Timestamp, Failure> {
    timestamp(SystemTime::now())
}

fn timestamp(clock: SystemTime) -> Result<Timestamp, Failure> {
    let since = clock.duration_since(UNIX_EPOCH).map_err(io::Error::other);
    since
        .and_then(|since| i64::try_from(since.as_millis()).map_err(io::Error::other))
        .map(Timestamp)
        .map_err(Failure::world("reading the clock of the system", "set it to the time that it is"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_before_1970_is_said_and_not_taken_for_1970() {
        let late = UNIX_EPOCH + Duration::from_millis(1_767_571_200_000);
        assert_eq!(timestamp(late).unwrap(), Timestamp(1_767_571_200_000));
        let failure = timestamp(UNIX_EPOCH - Duration::from_secs(1)).unwrap_err();
        assert!(failure.to_string().starts_with("reading the clock"), "{failure}");
        assert_eq!(failure.code(), 5);
    }
}
