//! An engine as people look at it: pure functions from the state to the answers.

use gardefou_core::config::EngineConfig;
use gardefou_core::engine::{Book, Engine};
use gardefou_core::executor::protection::Stop;
use gardefou_core::executor::{EntryState, Lane};
use gardefou_core::ids::OrderId;
use gardefou_core::market::Instrument;
use gardefou_core::money::{Direction, Lots, Ticks};
use gardefou_core::notice::Readiness;
use gardefou_core::reconcile::Withheld;
use gardefou_core::risk::Refusal;
use gardefou_core::risk::switches::{Cause, Hold, Latch};
use gardefou_core::time::Timestamp;
use rust_decimal::Decimal;

use super::answers::{
    BookStatus, CycleStatus, EntriesKind, Order, OrderKind, OrderState, Orders, OrdersFormat,
    PausedStatus, Position, Positions, PositionsFormat, ProtectionKind, ReadinessKind, Side,
    Source, Status, StatusFormat, StoreStatus, SwitchKind, SwitchStatus, SymbolStatus,
};
use crate::store::{Health, usdt};
use crate::words::{self, numbers::percent_short};

/// Places of an average: it is a fraction.
const PLACES: u32 = 8;

/// What the engine does not know of the process around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Where the state is from.
    pub source: Source,
    /// The instant of the state.
    pub now: Timestamp,
    /// How the store is.
    pub store: Option<Health>,
    /// Close of the newest bar that was heard.
    pub feed_at: Option<Timestamp>,
    /// Alerts that nobody has yet.
    pub alerts_pending: u64,
}

/// How everything is.
#[must_use]
pub fn status(engine: &Engine, vitals: &Vitals) -> Status {
    Status {
        format: StatusFormat::V1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source: vitals.source,
        at: vitals.now.0,
        books: engine.books().iter().map(|book| book_status(engine, vitals, book)).collect(),
        store: vitals.store.as_ref().map(store_status),
        feed_at: vitals.feed_at.map(|at| at.0),
        alerts_pending: vitals.alerts_pending,
    }
}

fn store_status(health: &Health) -> StoreStatus {
    StoreStatus {
        degraded: health.degraded,
        queued: health.queued as u64,
        oldest_ms: health.oldest.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        failures: health.failures,
        conflicts: health.conflicts,
        last_error: health.last_error.clone(),
    }
}

/// What withholds new entries of a book, the engine's own rules first.
fn entries(book: &Book, vitals: &Vitals, unprotected: u64) -> EntriesKind {
    match (book.hold(), book.watch().withheld()) {
        (Hold::Latched, _) => EntriesKind::SwitchTripped,
        (Hold::Paused, _) => EntriesKind::Paused,
        (Hold::Free, Some(Withheld::OtherWriter)) => EntriesKind::OtherInstance,
        (Hold::Free, Some(_)) => EntriesKind::NotCompared,
        (Hold::Free, None) if unprotected > 0 => EntriesKind::Unprotected,
        (Hold::Free, None) if vitals.store.as_ref().is_some_and(|store| store.degraded) => {
            EntriesKind::StoreDegraded
        }
        (Hold::Free, None) => EntriesKind::Allowed,
    }
}

fn book_status(engine: &Engine, vitals: &Vitals, book: &Book) -> BookStatus {
    let standing = book.standing();
    let global = engine.global(book.mode).latch.as_ref();
    let session = book.latch.as_ref().map(|latch| switch(SwitchKind::Session, latch));
    let global = global.map(|latch| switch(SwitchKind::Global, latch));
    let lanes = || placed(engine.config(), book);
    let naked = |lane: &Lane| lane.protection.naked_since.is_some() && lane.cycle.is_some();
    let unprotected = lanes().filter(|(lane, _)| naked(lane)).count() as u64;
    BookStatus {
        book: book.name.clone(),
        mode: book.mode.into(),
        balance: usdt(standing.balance),
        unrealised: usdt(standing.unrealised),
        equity: usdt(standing.equity),
        free: usdt(standing.free),
        reserved: usdt(standing.reserved),
        entries: entries(book, vitals, unprotected),
        switches: session.into_iter().chain(global).collect(),
        paused: book.pause.as_ref().map(|pause| PausedStatus {
            since: pause.at.0,
            by: pause.by.clone(),
            reason: pause.reason.clone(),
        }),
        unprotected,
        cycles: lanes().filter_map(|(lane, instrument)| cycle_status(lane, instrument)).collect(),
        symbols: lanes().map(|(lane, of)| symbol_status(book, lane, of)).collect(),
    }
}

/// The lanes of a book with their instruments.
fn placed<'a>(
    config: &'a EngineConfig,
    book: &'a Book,
) -> impl Iterator<Item = (&'a Lane, &'a Instrument)> {
    book.lanes.iter().filter_map(|lane| Some((lane, config.instrument(lane.symbol)?)))
}

fn switch(switch: SwitchKind, latch: &Latch) -> SwitchStatus {
    let reason = match &latch.cause {
        Cause::Person { reason } => reason.clone(),
        Cause::Loss { loss, limit } => {
            format!("lost {}, the limit is {}", percent_short(*loss), percent_short(*limit))
        }
    };
    SwitchStatus { switch, since: latch.at.0, reason }
}

fn cycle_status(lane: &Lane, instrument: &Instrument) -> Option<CycleStatus> {
    let cycle = lane.cycle.as_ref()?;
    Some(CycleStatus {
        symbol: instrument.symbol.to_string(),
        cycle: cycle.number,
        side: side(cycle.direction),
        opened: cycle.opened.0,
    })
}

fn symbol_status(book: &Book, lane: &Lane, instrument: &Instrument) -> SymbolStatus {
    let (readiness, bars) = match lane.runner.readiness() {
        Readiness::Warming { missing } => (ReadinessKind::Warming, Some(missing)),
        Readiness::Cooling { bars } => (ReadinessKind::Cooling, Some(bars)),
        Readiness::Ready => (ReadinessKind::Ready, None),
        Readiness::Gap => (ReadinessKind::Gap, None),
    };
    let refused = lane.told.and_then(|kind| Refusal::NAMES.get(kind)).map(|name| (*name).into());
    let withheld = book.watch().blocked(lane.symbol).map(|why| words::withheld(why).to_owned());
    SymbolStatus { symbol: instrument.symbol.to_string(), readiness, bars, refused, withheld }
}

fn side(direction: Direction) -> Side {
    match direction {
        Direction::Long => Side::Long,
        Direction::Short => Side::Short,
    }
}

/// What is held.
#[must_use]
pub fn positions(engine: &Engine, vitals: &Vitals) -> Positions {
    let all = engine.books().iter().flat_map(|book| {
        placed(engine.config(), book)
            .filter_map(|(lane, instrument)| position(book, lane, instrument))
    });
    let (source, at) = (vitals.source, vitals.now.0);
    Positions { format: PositionsFormat::V1, source, at, positions: all.collect() }
}

fn position(book: &Book, lane: &Lane, instrument: &Instrument) -> Option<Position> {
    let cycle = lane.cycle.as_ref()?;
    let quantity = instrument.quantity(cycle.basis.lots);
    let average = usdt(cycle.basis.cost).checked_div(quantity).unwrap_or_default();
    let price = |ticks: Ticks| instrument.price(ticks).normalize();
    Some(Position {
        book: book.name.clone(),
        mode: book.mode.into(),
        symbol: instrument.symbol.to_string(),
        side: side(cycle.direction),
        cycle: cycle.number,
        opened: cycle.opened.0,
        quantity: quantity.normalize(),
        average: average.round_dp(PLACES).normalize(),
        last: price(lane.last),
        unrealised: usdt(lane.unrealised()),
        stop: lane.protection.working.map(|stop| price(stop.trigger)),
        target: lane.target.map(|target| price(target.price)),
        protection: protection(lane, cycle.basis.lots),
        unprotected_since: lane.protection.naked_since.map(|since| since.0),
        levels_filled: cycle.levels_filled(),
        levels: lane.params.levels(),
        fees: usdt(cycle.fees),
        funding: usdt(cycle.funding),
    })
}

fn protection(lane: &Lane, held: Lots) -> ProtectionKind {
    let protection = &lane.protection;
    if lane.close.is_some() {
        return ProtectionKind::Closing;
    }
    match (&protection.working, &protection.pending) {
        (Some(stop), None) if stop.lots >= held && protection.naked_since.is_none() => {
            ProtectionKind::Confirmed
        }
        (Some(_), Some(_)) => ProtectionKind::Changing,
        (Some(_) | None, None) | (None, Some(_)) => ProtectionKind::Unconfirmed,
    }
}

/// What rests or is under way.
#[must_use]
pub fn orders(engine: &Engine, vitals: &Vitals) -> Orders {
    let mut orders = Vec::new();
    for book in engine.books() {
        for (lane, instrument) in placed(engine.config(), book) {
            lane_orders(&Row { book, instrument }, lane, &mut orders);
        }
    }
    let (source, at) = (vitals.source, vitals.now.0);
    Orders { format: OrdersFormat::V1, source, at, orders }
}

/// Where orders belong.
struct Row<'a> {
    book: &'a Book,
    instrument: &'a Instrument,
}

impl Row<'_> {
    fn order(&self, id: OrderId, price: Option<Ticks>, lots: Lots, state: OrderState) -> Order {
        use gardefou_core::ids::OrderKind as Kind;
        let kind = match id.kind {
            Kind::Entry => OrderKind::Entry,
            Kind::Target => OrderKind::Target,
            Kind::Stop => OrderKind::Stop,
            Kind::Close => OrderKind::Close,
        };
        Order {
            id: id.to_string(),
            book: self.book.name.clone(),
            mode: self.book.mode.into(),
            symbol: self.instrument.symbol.to_string(),
            kind,
            buys: id.buys(),
            level: (kind == OrderKind::Entry).then_some(id.level),
            price: price.map(|price| self.decimal(price)),
            quantity: self.instrument.quantity(lots).normalize(),
            state,
        }
    }

    fn decimal(&self, price: Ticks) -> Decimal {
        self.instrument.price(price).normalize()
    }
}

fn lane_orders(row: &Row<'_>, lane: &Lane, orders: &mut Vec<Order>) {
    let stops = [
        (&lane.protection.working, OrderState::Working),
        (&lane.protection.pending, OrderState::Sent),
    ];
    for (stop, state) in stops {
        let stop: &Option<Stop> = stop;
        orders.extend(stop.map(|stop| row.order(stop.id, Some(stop.trigger), stop.lots, state)));
    }
    orders.extend(lane.target.map(|target| {
        let state = if target.working { OrderState::Working } else { OrderState::Sent };
        row.order(target.id, Some(target.price), target.lots, state)
    }));
    let close = lane.close.and_then(|close| Some((close.id?, close.lots)));
    orders.extend(close.map(|(id, lots)| row.order(id, None, lots, OrderState::Sent)));
    orders.extend(lane.entries.iter().map(|entry| {
        let state = match entry.state {
            EntryState::Sent => OrderState::Sent,
            EntryState::Working => OrderState::Working,
            EntryState::Cancelling => OrderState::Cancelling,
            EntryState::InDoubt => OrderState::InDoubt,
            EntryState::AwaitingFills { .. } => OrderState::AwaitingFills,
        };
        row.order(entry.id, Some(entry.price), entry.lots - entry.filled, state)
    }));
}
