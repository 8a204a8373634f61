//! Logs: for people on a terminal, as JSON for machines; always on standard error, never mixed
//! with results.

use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// How to log.
#[derive(Args, Clone, Debug)]
pub struct LogOptions {
    /// What to log: error, warn, info, debug, trace, or a filter such as gardefou=debug
    #[arg(long, global = true, default_value = "warn", value_name = "FILTER", value_parser = filter)]
    pub log: String,
    /// How log lines look
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub log_format: Format,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A filter that can be read.
fn filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(why) => Err(format!("{why}; write a level, or for example gardefou=debug")),
    }
}

/// Starts logging.
pub fn start(options: &LogOptions) {
    let filter = EnvFilter::new(&options.log);
    // A line that nobody reads any more is lost: told on standard error again, it would be a panic.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && !plain)
        .log_internal_errors(false);
    let started = match options.log_format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().try_init(),
    };
    // Somebody else logs already: a test.
    drop(started);
}
