//! What the verbs that ask a daemon take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::control::ledger::LedgerTable;

/// Which daemon.
#[derive(Args, Clone, Debug)]
pub struct DataOptions {
    /// The daemon's data directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Options of verbs that take nothing else.
#[derive(Args, Clone, Debug)]
pub struct LookOptions {
    #[command(flatten)]
    pub data: DataOptions,
    /// Write as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `pause`, `resume` and `kill`.
#[derive(Args, Clone, Debug)]
pub struct ReasonOptions {
    #[command(flatten)]
    pub data: DataOptions,
    /// Only this book, as `status` names it (`grid_atr`, or `grid_atr/live`); without it, all
    #[arg(long, value_name = "NAME")]
    pub book: Option<String>,
    /// Why: shown to whoever looks later
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Write what became of it as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `release`.
#[derive(Args, Clone, Debug)]
#[command(group = clap::ArgGroup::new("switch").required(true).args(["book", "global"]))]
pub struct ReleaseOptions {
    #[command(flatten)]
    pub data: DataOptions,
    /// The session switch of this book
    #[arg(long, value_name = "NAME")]
    pub book: Option<String>,
    /// The global switch of this mode
    #[arg(long, value_enum)]
    pub global: Option<Mode>,
    /// Why: shown to whoever looks later
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Write what became of it as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `export`.
#[derive(Args, Clone, Debug)]
pub struct ExportOptions {
    #[command(flatten)]
    pub data: DataOptions,
    /// Only this table
    #[arg(long, value_enum, required_if_eq("format", "csv"))]
    pub table: Option<LedgerTable>,
    /// How rows are written
    #[arg(long, value_enum, default_value = "lines")]
    pub format: Format,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A row a line, as JSON with the name of its table.
    Lines,
    /// Comma-separated values of one table.
    Csv,
}

/// Paper or live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// All paper books.
    Paper,
    /// All live books.
    Live,
}

impl From<Mode> for gardefou_core::config::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Paper => Self::Paper,
            Mode::Live => Self::Live,
        }
    }
}
