//! `gardefou backtest`: options → request, progress bars, summary, JSON, report.

use std::io;
use std::path::Path;

use gardefou_core::config::Mode;
use gardefou_core::venue::bars;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::options::BacktestOptions;
use super::{Failure, Out};
use crate::backtest::{self, Progress};
use crate::config::{self, Settings};
use crate::report::{html, summary};

pub(super) fn run(options: &BacktestOptions, out: &mut Out) -> Result<(), Failure> {
    let settings = settings(options.config.config.as_deref())?;
    options.report.as_deref().map_or(Ok(()), room_for)?;
    let request = options.market.request(&options.candles, Mode::Paper);
    let mut bar = Bars::new();
    let outcome =
        backtest::run(&settings, &request, options.report.is_some(), &mut |p| bar.show(p));
    bar.clear();
    let outcome = outcome?;
    if options.json {
        out.json(&outcome.backtest)?;
    } else {
        let style = summary::Style { colour: out.terminal, width: None };
        out.write(&summary::summary(&outcome.backtest, style))?;
    }
    let Some(path) = &options.report else { return Ok(()) };
    write_report(path, &outcome)?;
    if options.json { Ok(()) } else { out.write(&format!("\nReport: {}\n", path.display())) }
}

/// The configuration of a folder, or the shipped one.
pub(super) fn settings(dir: Option<&Path>) -> Result<Settings, Failure> {
    let environment = config::environment();
    let settings = match dir {
        Some(dir) => config::load(dir, &environment)?,
        None => config::load_from(&config::shipped(), &environment)?,
    };
    settings.log();
    Ok(settings)
}

const REPORT_REMEDY: &str = "choose a file in a folder that exists and can be written";

/// Refuses a report that has no place, before hours are spent on it.
fn room_for(path: &Path) -> Result<(), Failure> {
    let what = format!("writing the report {}", path.display());
    let refuse = |kind: io::ErrorKind| Err(Failure::world(&what, REPORT_REMEDY)(kind.into()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.map(std::fs::metadata) {
        _ if path.is_dir() => refuse(io::ErrorKind::IsADirectory),
        Some(Err(why)) => Err(Failure::world(&what, REPORT_REMEDY)(why)),
        Some(Ok(found)) if !found.is_dir() => refuse(io::ErrorKind::NotADirectory),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn write_report(path: &Path, outcome: &backtest::Outcome) -> Result<(), Failure> {
    let page = html::page(&outcome.backtest, &outcome.prices)
        .map_err(|why| Failure::Failed(format!("the report cannot be written: {why}")))?;
    let what = format!("writing the report {}", path.display());
    std::fs::write(path, page).map_err(Failure::world(what, REPORT_REMEDY))
}

/// A progress bar on standard error, when a person looks at it.
pub(super) struct Bars {
    bar: ProgressBar,
}

impl Bars {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg:28} [{bar:40}] {pos}/{len} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let (message, done, total) = match progress {
            Progress::Reading(done, total) => ("reading files", done, total),
            Progress::Running(bars::Path::Pessimistic, done, total) => {
                ("pessimistic path (hours)", done, total)
            }
            Progress::Running(bars::Path::Optimistic, done, total) => {
                ("optimistic path (hours)", done, total)
            }
        };
        self.say(message, done, total);
    }

    pub(super) fn say(&mut self, message: &'static str, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
