//! An exchange in a directory of its own, and what a daemon would send it.

use std::collections::BTreeMap;
use std::path::Path;

use gardefou_core::command::{Command, NewOrder};
use gardefou_core::config::{EngineConfig, Facts, Mode};
use gardefou_core::event::Event;
use gardefou_core::ids::{BookId, OrderId, OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Direction, Lots, Ticks};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::prices::{Delays, Settings};

use crate::config::{Selection, load_from, shipped};
use crate::exchange::simulated::{Keeping, Simulated};

/// 2026-01-05T00:00Z.
pub const START: Timestamp = Timestamp(1_767_571_200_000);
pub const BOOK: BookId = BookId(0);
pub const BTC: SymbolId = SymbolId(0);

pub fn config() -> EngineConfig {
    let settings = load_from(&shipped(), &BTreeMap::new()).unwrap();
    let symbols = Some(vec!["BTCUSDT".parse().unwrap(), "ETHUSDT".parse().unwrap()]);
    let all = Selection::everything(Mode::Paper, Facts::Continuous);
    let selection = Selection { symbols, ..all };
    let mut config = settings.engine(&selection, &BTreeMap::new()).unwrap();
    config.books.iter_mut().for_each(|book| book.mode = Mode::Live);
    config
}

pub fn settings(config: &EngineConfig) -> Settings {
    let mut settings = Settings::strict(&config.costs);
    let (way, back) = (Span(50), Span(50));
    settings.delays = Delays {
        request: way,
        answer: back,
        report: back,
        market_data: back,
        visibility: Span(200),
    };
    settings
}

pub fn keeping(checkpoint_every: u64) -> Keeping {
    Keeping { sync: false, checkpoint_every }
}

pub fn open(dir: &Path, keeping: Keeping) -> Simulated {
    let config = config();
    Simulated::open(dir, &config, &settings(&config), keeping).unwrap()
}

pub fn minute(minute: i64) -> Timestamp {
    START + Span::seconds(60 * minute)
}

pub fn hour(number: i64, prices: [i64; 4]) -> (SymbolId, Bar) {
    let [open, high, low, close] = prices.map(Ticks);
    let at = START + Span::hours(number);
    (BTC, Bar { at, open, high, low, close, traded: true })
}

pub fn id(kind: OrderKind, sequence: u32) -> OrderId {
    let (book, symbol, epoch) = (BOOK, BTC, 1);
    OrderId { book, symbol, epoch, sequence, kind, direction: Direction::Long, level: 0 }
}

pub fn entry(sequence: u32, limit: Option<i64>, preset: Option<i64>) -> Command {
    let (limit, preset) = (limit.map(Ticks), preset.map(Ticks));
    let id = id(OrderKind::Entry, sequence);
    Command::Place(NewOrder { id, limit, lots: Lots(100), preset })
}

pub fn stop(sequence: u32, trigger: i64) -> Command {
    let id = id(OrderKind::Stop, sequence);
    Command::PlaceStop { id, trigger: Ticks(trigger), lots: Lots(100) }
}

/// Everything that is heard by an instant, prices aside.
pub fn heard(exchange: &mut Simulated, now: Timestamp) -> Vec<Event> {
    let events = std::iter::from_fn(|| exchange.take_due(now)).map(|(_, event)| event);
    events.filter(|event| !matches!(event, Event::PriceMoved { .. })).collect()
}
