//! What the demo came to, as data: what `demo --json` writes. Format `gardefou-demo/1`; money is
//! exact decimals in USDT, times are milliseconds since 1970 (UTC) with RFC 3339 beside.

use gardefou_core::engine::Book;
use gardefou_core::money::{Cash, Direction as Way};
use gardefou_core::notice::Switch as Tripped;
use gardefou_core::risk::worst_case::worst_case;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::market::Demo;
use super::summary::open_result;
use super::tally::{BookTally, lane_unrealised};
use crate::backtest::collect::usdt;
use crate::backtest::explain::worst;
use crate::report::result::{Direction, Moment, Switch, WorstCase};
use crate::words;

/// The result of a demo: a generated market on a simulated exchange, on the pessimistic path. It
/// proves nothing about a real market.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DemoResult {
    /// Name and version of this format.
    pub format: DemoFormat,
    /// Version of the program.
    pub version: String,
    /// Decides every price: the same number, the same market.
    pub seed: u64,
    /// When trading began.
    pub from: Moment,
    /// When it ended.
    pub to: Moment,
    /// True when it ended before its time.
    pub ended_early: bool,
    /// Per strategy, in the order of the configuration.
    pub books: Vec<DemoBook>,
    /// Cycles that are still open.
    pub open_cycles: Vec<DemoOpenCycle>,
    /// Kill switches that tripped; a simulated operator releases them.
    pub trips: Vec<DemoTrip>,
}

/// Name and version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum DemoFormat {
    /// The first version.
    #[default]
    #[serde(rename = "gardefou-demo/1")]
    V1,
}

/// One strategy with its wallet.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DemoBook {
    /// Its name.
    pub book: String,
    /// The wallet's balance at the start.
    pub capital: Decimal,
    /// Cycles closed with a profit after fees and funding.
    pub won: u64,
    /// Cycles closed without one.
    pub lost: u64,
    /// Cycles that ended at their stop, whatever the result.
    pub stopped: u64,
    /// Net result of the closed cycles.
    pub net: Decimal,
    /// What the open cycles are worth: booked so far and unrealised.
    pub open: Decimal,
    /// The deepest fall of equity from a peak.
    pub drawdown: Decimal,
    /// That peak.
    pub drawdown_peak: Decimal,
    /// What it could have lost at once, computed at the start.
    pub worst_case: Option<WorstCase>,
}

/// A cycle that is still open.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DemoOpenCycle {
    /// The book.
    pub book: String,
    /// The symbol.
    pub symbol: String,
    /// Long or short.
    pub direction: Direction,
    /// Levels that were filled.
    pub levels_filled: u8,
    /// Result of the prices at the last one, without the cost of closing.
    pub unrealised: Decimal,
}

/// A kill switch that tripped.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DemoTrip {
    /// When.
    pub time: Moment,
    /// Which switch.
    pub switch: Switch,
    /// The book of a session switch; null for the global one.
    pub book: Option<String>,
}

/// The result of a demo as it stands.
#[must_use]
pub fn result(demo: &Demo, seed: u64) -> DemoResult {
    let books = demo.engine().books().iter();
    DemoResult {
        format: DemoFormat::V1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        from: Moment::from_ms(demo.span().0.0),
        to: Moment::from_ms(demo.now().0),
        ended_early: !demo.is_over(),
        open_cycles: books.clone().flat_map(|book| open_cycles(demo, book)).collect(),
        books: books.zip(&demo.tally().books).map(|(b, tally)| book(demo, b, tally)).collect(),
        trips: demo.tally().trips.iter().map(|(at, switch)| trip(demo, at.0, *switch)).collect(),
    }
}

fn book(demo: &Demo, book: &Book, tally: &BookTally) -> DemoBook {
    let counts = demo.tally().counts(Some(book));
    let config = demo.engine().config();
    let (fall, peak): (Cash, Cash) = tally.worst;
    DemoBook {
        book: book.name.clone(),
        capital: usdt(book.wallet.initial),
        won: counts.won as u64,
        lost: counts.lost as u64,
        stopped: counts.stopped as u64,
        net: usdt(counts.net),
        open: usdt(open_result(demo, book)),
        drawdown: usdt(fall),
        drawdown_peak: usdt(peak),
        worst_case: config.book(book.id).map(|b| worst(&worst_case(config, b), b)),
    }
}

fn open_cycles(demo: &Demo, book: &Book) -> Vec<DemoOpenCycle> {
    let config = demo.engine().config();
    let open = book.lanes.iter().filter_map(|lane| Some((lane, lane.cycle.as_ref()?)));
    open.filter_map(|(lane, cycle)| {
        Some(DemoOpenCycle {
            book: book.name.clone(),
            symbol: config.instrument(lane.symbol)?.symbol.to_string(),
            direction: match cycle.direction {
                Way::Long => Direction::Long,
                Way::Short => Direction::Short,
            },
            levels_filled: cycle.levels_filled(),
            unrealised: usdt(lane_unrealised(lane, demo.price(lane.symbol))),
        })
    })
    .collect()
}

fn trip(demo: &Demo, at: i64, switch: Tripped) -> DemoTrip {
    let (switch, book) = match switch {
        Tripped::Session(book) => {
            (Switch::Session, Some(words::book_name(demo.engine().config(), book).to_owned()))
        }
        Tripped::Global(_) => (Switch::Global, None),
    };
    DemoTrip { time: Moment::from_ms(at), switch, book }
}
