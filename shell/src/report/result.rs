//! The result of a backtest: the contract of `--json`, format `gardefou-backtest/1`.
//!
//! Money, prices, quantities and rates are exact decimals and travel as strings; ratios are
//! JSON numbers; times are milliseconds since 1970 (UTC), with RFC 3339 beside where a person
//! reads them. The doc comments below are the descriptions of the schema.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

pub use super::facts::{
    CloseReason, Cycle, Direction, EquityCurve, EquityPoint, Fill, FillKind, FillReason, Funding,
    LargestOrder, Liquidity, MarketShare, OpenCycle, Refusal, Side, Switch, Trip,
};
pub use super::measures::{Drawdown, DrawdownBasis, LongestCycle, Metrics};
pub use super::parameters::{
    BookParameters, Costs, DataChoice, DataSeries, FundingCoverage, LeftOut, OnTrip, Options,
    Parameters, Resolution, ResolutionRange, SymbolParameters, WorstCase,
};

/// The result of one backtest: every strategy and symbol of a configuration as a portfolio, run
/// twice, with what is needed to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Backtest {
    /// Name and version of this format.
    pub format: Format,
    /// What was run, resolved: nothing that influenced the result is missing.
    pub parameters: Parameters,
    /// The series that were read, with their identity.
    pub data: Vec<DataSeries>,
    /// The same strategies and data on two assumed paths inside the bars.
    pub paths: Paths,
    /// How long the engine took.
    pub timing: Timing,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Format {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-backtest/1")]
    V1,
}

/// Two runs over the same bars. They are two named assumptions about the order of prices inside
/// a bar, not proven bounds: the true result may lie outside the interval they span.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Paths {
    /// The extreme that hurts comes first; a bar with an entry cannot reach its target.
    pub pessimistic: PathResult,
    /// A target within reach of the bar comes first.
    pub optimistic: PathResult,
}

impl Paths {
    /// Both runs with their names, the pessimistic one first.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &PathResult); 2] {
        [("pessimistic", &self.pessimistic), ("optimistic", &self.optimistic)]
    }
}

/// What happened on one path; lists are ordered by time, then symbol, then order of happening.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PathResult {
    /// Every execution.
    pub fills: Vec<Fill>,
    /// Every funding settlement on a held position.
    pub funding: Vec<Funding>,
    /// Cycles that were closed.
    pub cycles: Vec<Cycle>,
    /// Cycles still open at the end of the data; they are in no cycle statistic.
    pub open_cycles: Vec<OpenCycle>,
    /// Kill switches that tripped.
    pub trips: Vec<Trip>,
    /// Bars on which a rule refused to quote, counted by reason.
    pub refusals: Vec<Refusal>,
    /// How large the executions were against what was traded in their hour.
    pub market_share: MarketShare,
    /// Equity per book, in the order of the configuration.
    pub equity: Vec<EquityCurve>,
    /// Equity of all books together.
    pub total_equity: Vec<EquityPoint>,
    /// Metrics per book, in the order of the configuration.
    pub books: Vec<BookMetrics>,
    /// Metrics of all books together.
    pub total: Metrics,
    /// SHA-256 of the engine's whole state at the end: the same as that of a `run` over the same
    /// hours, and of the replay of its journal.
    pub state_hash: String,
}

impl PathResult {
    /// The metrics of a book, or of all books when `book` is none.
    #[must_use]
    pub fn metrics(&self, book: Option<&str>) -> Option<&Metrics> {
        match book {
            None => Some(&self.total),
            Some(name) => self.books.iter().find(|b| b.book == name).map(|b| &b.metrics),
        }
    }

    /// The equity of a book, or of all books when `book` is none.
    #[must_use]
    pub fn equity_of(&self, book: Option<&str>) -> &[EquityPoint] {
        match book {
            None => &self.total_equity,
            Some(name) => {
                self.equity.iter().find(|c| c.book == name).map_or(&[], |c| c.points.as_slice())
            }
        }
    }
}

/// The metrics of one book.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BookMetrics {
    /// The book.
    pub book: String,
    /// Its metrics.
    pub metrics: Metrics,
}

/// How long the engine took, both paths together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Timing {
    /// Bars that went through the engine.
    pub bars: u64,
    /// Those that were matched and decided on; the others lie before `--from` and only warmed
    /// indicators.
    pub bars_decided: u64,
    /// CPU time of the engine alone: no reading of files, no report.
    pub engine_cpu_seconds: f64,
    /// Bars decided on per second of CPU time; null when too short to measure.
    pub bars_per_second: Option<f64>,
}

impl Timing {
    /// The timing of `bars` bars, `decided` of them decided on, that took `seconds` of CPU time.
    #[must_use]
    pub fn new(bars: u64, decided: u64, seconds: f64) -> Self {
        let measured = seconds.is_finite() && seconds > 0.0;
        #[allow(clippy::cast_precision_loss, reason = "a rate for people, not an amount")]
        let rate = measured.then(|| decided as f64 / seconds);
        Self {
            bars,
            bars_decided: decided,
            engine_cpu_seconds: if measured { seconds } else { 0.0 },
            bars_per_second: rate,
        }
    }
}

/// An instant, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub ms: i64,
    /// The same instant in RFC 3339, UTC.
    pub utc: String,
}

impl Moment {
    /// The instant `ms` milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        Self { ms, utc: rfc3339(ms) }
    }
}

impl From<i64> for Moment {
    fn from(ms: i64) -> Self {
        Self::from_ms(ms)
    }
}

/// An instant in RFC 3339; one outside the years that have a notation is given in milliseconds.
pub(crate) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |t| t.to_string())
}

/// The JSON Schema (draft 2020-12) of [`Backtest`] as it is written.
#[must_use]
pub fn schema() -> serde_json::Value {
    schema_of::<Backtest>()
}

/// The JSON Schema (draft 2020-12) of a type as it is written.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let generator = settings.with_transform(RecursiveTransform(closed)).into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// What is written has the fields of the schema and no others.
fn closed(schema: &mut Schema) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
}
