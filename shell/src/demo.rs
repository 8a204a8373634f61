//! `gardefou demo`: both grid strategies trade a generated market on the simulated exchange,
//! through the shipped configuration and the same engine as everything else, for people to watch.
//!
//! [`market`] drives the engine and knows no screen, [`session`] decides pace and focus, [`view`]
//! and [`focus`] put the state into words, [`screen`] and [`plain`] show them, [`summary`] ends
//! it, as text or as data ([`json`]). Only [`pacing`] reads a clock. No rule of trading lives here, and nothing that must be
//! trusted: it is an exhibit, with honest labels.

pub mod focus;
pub mod json;
pub mod market;
pub mod options;
pub mod pacing;
pub mod plain;
pub mod prices;
pub mod screen;
pub mod session;
pub mod signals;
pub mod summary;
pub mod tally;
pub mod terminal;
pub mod view;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_seeds;

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use crate::config::ConfigError;
use market::Demo;
use pacing::Stopwatch;
use plain::Plain;
use screen::Palette;
use session::Session;
use signals::Signal;

pub use options::DemoOptions;

/// Between two looks at the clock while plain text is paced.
const NAP: Duration = Duration::from_millis(40);

/// Why a demo could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The options name something that is not configured.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The screen or the output failed.
    #[error(
        "the demo cannot be shown: {0}; free some space where its output goes, or send it elsewhere"
    )]
    Output(#[from] io::Error),
    /// A signal ended it; the terminal was given back and the summary written.
    #[error("the demo was ended by {0}")]
    Ended(Signal),
}

/// Where a demo is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Input and output are a terminal that a screen can be drawn on.
    pub terminal: bool,
    /// Colours are welcome.
    pub colour: bool,
}

impl Stage {
    /// Where this process runs: `NO_COLOR` and `TERM=dumb` are respected.
    #[must_use]
    pub fn here() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        Self { terminal: terminal && !dumb, colour: !plain }
    }
}

/// Shows a demo: on the terminal, or as text into `out`; the summary goes to `out` either way.
/// A reader that has seen enough (a closed pipe) ends it quietly.
///
/// # Errors
/// The options name an unknown symbol or strategy, the output fails, or a signal ended it.
pub fn run(options: &DemoOptions, stage: Stage, out: &mut dyn Write) -> Result<(), DemoError> {
    let demo = Demo::new(&options.scenario())?;
    let shown = if options.json {
        only_result(demo, options, out).map_err(DemoError::from)
    } else if options.plain || !stage.terminal {
        read(demo, options, out).map_err(DemoError::from)
    } else {
        watch(demo, options, stage, out)
    };
    match shown {
        Err(DemoError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        shown => shown,
    }
}

fn watch(
    demo: Demo,
    options: &DemoOptions,
    stage: Stage,
    out: &mut dyn Write,
) -> Result<(), DemoError> {
    let mut session = Session::new(demo, options.seed, options.speed());
    let ended = terminal::watch(&mut session, Palette { colour: stage.colour })?;
    let told = summary::write(session.demo(), options.seed, out).and_then(|()| out.flush());
    // Where a signal ended it, there may be nobody left to tell.
    ended.map_or_else(|| told.map_err(DemoError::from), |signal| Err(DemoError::Ended(signal)))
}

fn only_result(mut demo: Demo, options: &DemoOptions, out: &mut dyn Write) -> io::Result<()> {
    while demo.minute() {}
    serde_json::to_writer(&mut *out, &json::result(&demo, options.seed))?;
    writeln!(out)?;
    out.flush()
}

fn read(mut demo: Demo, options: &DemoOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut plain = Plain::default();
    plain.begin(&demo, options.seed, out)?;
    match options.speed {
        None => run_through(&mut demo, &mut plain, out)?,
        Some(speed) => run_paced(&mut demo, &mut plain, speed, out)?,
    }
    writeln!(out)?;
    summary::write(&demo, options.seed, out)?;
    out.flush()
}

fn run_through(demo: &mut Demo, plain: &mut Plain, out: &mut dyn Write) -> io::Result<()> {
    while demo.minute() {
        plain.news(demo, out)?;
    }
    Ok(())
}

fn run_paced(
    demo: &mut Demo,
    plain: &mut Plain,
    speed: f64,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut stopwatch = Stopwatch::start();
    let mut due = 0.0;
    while !demo.is_over() {
        due += stopwatch.lap() * speed * 60.0;
        while due >= 1.0 && demo.minute() {
            due -= 1.0;
            plain.news(demo, out)?;
        }
        out.flush()?;
        std::thread::sleep(NAP);
    }
    Ok(())
}
