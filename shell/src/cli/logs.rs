//! Logs: for people on a terminal, as JSON for machines; always on standard error, never mixed
//! with results.

use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// How to log.
#[derive(Args, Clone, Debug)]
pub struct LogOptions {
    /// What to log: error, warn, info, debug, trace, or a filter such as gardefou=debug
    #[arg(long, global = true, default_value = "warn", value_name = "FILTER")]
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

/// Starts logging. A filter that cannot be read becomes `warn`, and says so.
pub fn start(options: &LogOptions) {
    let (filter, refused) = match EnvFilter::try_new(&options.log) {
        Ok(filter) => (filter, None),
        Err(why) => (EnvFilter::new("warn"), Some(why)),
    };
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
    if let (Ok(()), Some(why)) = (started, refused) {
        tracing::warn!(filter = %options.log, %why, "the log filter cannot be read; logging warnings");
    }
}
