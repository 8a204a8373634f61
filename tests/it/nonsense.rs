//! Data that cannot be: unknown books, symbols and levels, quantities and prices that no exchange
//! sends, broken bars. Whatever comes between the events of a run, the answers to the run
//! and its state stay the same; such data is noted and nothing is sent because of it.

use gardefou_core::command::Command;
use gardefou_core::config::{EntryOrder, LEVELS_MAX};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Ended, Event, Feed, Fill, Liquidity, Reject, Request};
use gardefou_core::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Direction, Fraction, Lots, Ticks};
use gardefou_core::notice::Notice;
use gardefou_core::step::Step;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Which};
use gardefou_world::driver::{Driver, Scene, Watch};
use proptest::prelude::*;

/// Books and symbols that a random case has at most.
const BOOKS: u16 = 3;
const SYMBOLS: u16 = 5;

/// Milliseconds: a hundred thousand years.
const FAR: i64 = 3_155_760_000_000_000;

/// Everything that an engine was told, and what it answered.
#[derive(Default)]
struct Tape(Vec<(Timestamp, Event, Step)>);

impl Watch for Tape {
    fn after(&mut self, scene: &Scene<'_>) {
        self.0.push((scene.now, scene.event.clone(), scene.step.clone()));
    }
}

fn odd() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0i64),
        Just(-1),
        Just(1),
        Just(i64::MIN),
        Just(i64::MAX),
        any::<i64>(),
        1i64..1_000_000,
    ]
}

fn at() -> impl Strategy<Value = Timestamp> {
    let near = (0i64..2_000).prop_map(|hours| case::START.0 + hours * 3_600_000);
    let far = prop_oneof![Just(FAR), Just(-FAR), -FAR..FAR];
    prop_oneof![far, near].prop_map(Timestamp)
}

fn side() -> impl Strategy<Value = Direction> {
    any::<bool>().prop_map(|short| if short { Direction::Short } else { Direction::Long })
}

fn nowhere() -> impl Strategy<Value = (BookId, SymbolId)> {
    prop_oneof![(BOOKS.., 0u16..), (0u16..BOOKS, SYMBOLS..)]
        .prop_map(|(book, symbol)| (BookId(book), SymbolId(symbol)))
}

fn order(
    place: impl Strategy<Value = (BookId, SymbolId)>,
    levels: std::ops::RangeInclusive<u8>,
) -> impl Strategy<Value = OrderId> {
    let kinds = [OrderKind::Entry, OrderKind::Target, OrderKind::Stop, OrderKind::Close];
    (place, any::<u32>(), any::<u32>(), prop::sample::select(kinds.to_vec()), side(), levels)
        .prop_map(|((book, symbol), epoch, sequence, kind, direction, level)| OrderId {
            book,
            symbol,
            epoch,
            sequence,
            kind,
            direction,
            level,
        })
}

fn fill(id: impl Strategy<Value = OrderId>) -> impl Strategy<Value = Fill> {
    (id, any::<u64>(), at(), odd(), odd(), odd()).prop_map(|(id, fill, at, price, lots, fee)| {
        Fill {
            id,
            fill: FillId(fill),
            at,
            price: Ticks(price),
            lots: Lots(lots),
            fee: Cash(fee.into()),
            liquidity: Liquidity::Taker,
        }
    })
}

fn bar() -> impl Strategy<Value = Bar> {
    let sane = (1_000i64..2_000, 1i64..50)
        .prop_map(|(price, range)| [price, price + range, price - range, price].map(Ticks));
    let wild = [odd(), odd(), odd(), odd()].prop_map(|prices| prices.map(Ticks));
    (at(), prop_oneof![sane, wild], any::<bool>()).prop_map(
        |(at, [open, high, low, close], traded)| Bar { at, open, high, low, close, traded },
    )
}

/// Events about what does not exist.
fn of_nowhere() -> impl Strategy<Value = Event> {
    let id = || order(nowhere(), 0..=u8::MAX);
    let symbol = || (SYMBOLS..).prop_map(SymbolId);
    let book = || (BOOKS..).prop_map(BookId);
    prop_oneof![
        fill(id()).prop_map(Event::OrderFilled),
        (id(), odd(), odd()).prop_map(|(id, price, lots)| Event::OrderAccepted {
            id,
            price: Ticks(price),
            lots: Lots(lots)
        }),
        id().prop_map(|id| Event::OrderRejected { id, why: Reject::Busy }),
        (id(), odd()).prop_map(|(id, filled)| Event::OrderCanceled {
            id,
            filled: Lots(filled),
            why: Ended::ByExchange
        }),
        id().prop_map(|id| Event::OrderUnconfirmed { id }),
        id().prop_map(|id| Event::OrderNotFound { id }),
        (nowhere(), side(), any::<u8>(), odd()).prop_map(
            |((book, symbol), direction, level, price)| Event::RungTouched {
                book,
                symbol,
                direction,
                level,
                price: Ticks(price)
            }
        ),
        (nowhere(), odd()).prop_map(|((book, symbol), price)| Event::PriceMoved {
            book: Some(book),
            symbol,
            price: Ticks(price)
        }),
        (nowhere(), at(), odd(), odd(), odd()).prop_map(
            |((book, symbol), at, price, lots, fee)| Event::PositionLiquidated {
                book,
                symbol,
                fill: FillId(1),
                at,
                price: Ticks(price),
                lots: Lots(lots),
                fee: Cash(fee.into()),
            }
        ),
        (nowhere(), at(), odd(), odd()).prop_map(|((book, symbol), at, rate, amount)| {
            Event::FundingSettled {
                book,
                symbol,
                at,
                rate: Fraction(rate),
                price: Ticks(rate),
                lots: Lots(rate),
                amount: Cash(amount.into()),
            }
        }),
        (symbol(), bar()).prop_map(|(symbol, bar)| Event::HistoryLoaded { symbol, bar }),
        symbol().prop_map(|symbol| Event::BarsLost { symbol }),
        symbol().prop_map(|symbol| Event::FeedChanged { symbol, feed: Feed::Streaming }),
        (book(), odd())
            .prop_map(|(book, amount)| Event::BalanceMoved { book, amount: Cash(amount.into()) }),
        book().prop_map(|book| request(Request::Release {
            switch: gardefou_core::notice::Switch::Session(book),
            reason: "?".into(),
        })),
        book().prop_map(|book| request(Request::Pause { book: Some(book), reason: "?".into() })),
        Just(request(Request::Resume { book: None, reason: "?".into() })),
        book().prop_map(|book| request(Request::Kill { book: Some(book), reason: "?".into() })),
    ]
}

fn request(request: Request) -> Event {
    Event::RequestMade { request, by: "nobody".into() }
}

/// Events about the first symbol of the first book that cannot have happened.
fn impossible() -> impl Strategy<Value = Event> {
    let here = || Just((BookId(0), SymbolId(0)));
    let amount =
        || (odd(), odd()).prop_filter("impossible", |(price, lots)| *price <= 0 || *lots <= 0);
    let most = LEVELS_MAX as u8;
    prop_oneof![
        (fill(order(here(), 0..=u8::MAX)), amount()).prop_map(|(fill, (price, lots))| {
            Event::OrderFilled(Fill { price: Ticks(price), lots: Lots(lots), ..fill })
        }),
        // A close has the mark of its reason in place of a level.
        fill(order(here(), most..=u8::MAX))
            .prop_filter("impossible", |fill| !fill.id.is_possible())
            .prop_map(Event::OrderFilled),
        (amount(), at()).prop_map(|((price, lots), at)| Event::PositionLiquidated {
            book: BookId(0),
            symbol: SymbolId(0),
            fill: FillId(7),
            at,
            price: Ticks(price),
            lots: Lots(lots),
            fee: Cash(1),
        }),
        (side(), most..=u8::MAX, odd()).prop_map(|(direction, level, price)| Event::RungTouched {
            book: BookId(0),
            symbol: SymbolId(0),
            direction,
            level,
            price: Ticks(price),
        }),
        (i64::MIN..=0).prop_map(|price| Event::PriceMoved {
            book: None,
            symbol: SymbolId(0),
            price: Ticks(price)
        }),
        bar().prop_filter_map("no bar", |bar| {
            let sound = bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close);
            (!sound || !bar.low.is_positive())
                .then_some(Event::HistoryLoaded { symbol: SymbolId(0), bar })
        }),
    ]
}

fn quiet(event: &Event, step: &Step) -> Result<(), String> {
    let noted = step.notices.iter().all(|notice| matches!(notice, Notice::Anomaly { .. }));
    if step.commands.is_empty() && noted {
        return Ok(());
    }
    Err(format!("{event:?} was answered by {step:?}"))
}

/// Replays a run with `noise` between its events.
fn unmoved(seed: u64, order: EntryOrder, noise: &[Event]) -> Result<(), String> {
    let case = case::random(seed, Which::All, order, Path::Pessimistic, 700);
    let driver = Driver::run(&case, Tape::default());
    let mut engine = Engine::new(case.config);
    let tape = &driver.watch().0;
    // Every other event, from the warm-up on, so that each kind of noise meets each kind of state.
    let from = tape.len() * 2 / 3;
    let mut noise = noise.iter().cycle();
    for (index, (now, event, step)) in tape.iter().enumerate() {
        if index > from
            && index % 2 == 0
            && let Some(nonsense) = noise.next()
        {
            // At the time of the event before: a day ends with the first event of the next.
            let now = tape[index - 1].0;
            quiet(nonsense, &engine.step(now, nonsense))?;
        }
        let answer = engine.step(*now, event);
        if answer != *step {
            return Err(format!("{event:?} was answered by {answer:?}, not {step:?}"));
        }
    }
    let written = |engine: &Engine| serde_json::to_string(engine).expect("a state");
    if written(&engine) == written(driver.engine()) { Ok(()) } else { Err("another state".into()) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_of_nowhere_changes_nothing(seed in 0u64..40, market: bool, noise in prop::collection::vec(of_nowhere(), 1..60)) {
        let order = if market { EntryOrder::Market } else { EntryOrder::Limit };
        prop_assert_eq!(unmoved(seed, order, &noise), Ok(()));
    }

    #[test]
    fn what_cannot_have_happened_changes_nothing(seed in 0u64..40, market: bool, noise in prop::collection::vec(impossible(), 1..60)) {
        let order = if market { EntryOrder::Market } else { EntryOrder::Limit };
        prop_assert_eq!(unmoved(seed, order, &noise), Ok(()));
    }
}

/// Broken bars that are told as closed, at the times of earlier closes.
#[test]
fn a_broken_bar_of_the_past_changes_nothing() {
    for seed in 0..12u64 {
        for order in [EntryOrder::Limit, EntryOrder::Market] {
            let broken = |at: i64, low: i64| {
                let [open, high, close] = [Ticks(100); 3];
                let bar =
                    Bar { at: Timestamp(at), open, high, low: Ticks(low), close, traded: true };
                Event::BarClosed { symbol: SymbolId(0), bar }
            };
            let noise = [
                broken(case::START.0, 101),
                broken(case::START.0 - 7, 99),
                broken(0, -5),
                broken(-FAR, 0),
            ];
            assert_eq!(unmoved(seed, order, &noise), Ok(()), "seed {seed} {order:?}");
        }
    }
}

/// Whatever can be told of the orders of known places, sane or not.
fn anything() -> impl Strategy<Value = Event> {
    let here = || (0u16..BOOKS, 0u16..SYMBOLS).prop_map(|(b, s)| (BookId(b), SymbolId(s)));
    let id = || order(here(), 0..=7);
    let figure = || prop_oneof![-3i64..100_000, -1_000_000_000i64..1_000_000_000];
    prop_oneof![
        (id(), figure(), figure()).prop_map(|(id, price, lots)| Event::OrderAccepted {
            id,
            price: Ticks(price),
            lots: Lots(lots)
        }),
        id().prop_map(|id| Event::OrderRejected { id, why: Reject::Busy }),
        id().prop_map(|id| Event::OrderRejected { id, why: Reject::UnknownOrder }),
        (id(), figure()).prop_map(|(id, filled)| Event::OrderCanceled {
            id,
            filled: Lots(filled),
            why: Ended::ByExchange
        }),
        id().prop_map(|id| Event::OrderUnconfirmed { id }),
        id().prop_map(|id| Event::OrderNotFound { id }),
        (id(), any::<u64>(), at(), figure(), figure()).prop_map(|(id, fill, at, price, lots)| {
            Event::OrderFilled(Fill {
                id,
                fill: FillId(fill),
                at: Timestamp(at.0.clamp(0, 4_000_000_000_000)),
                price: Ticks(price),
                lots: Lots(lots),
                fee: Cash(1),
                liquidity: Liquidity::Maker,
            })
        }),
        Just(Event::TimePassed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_told_of_orders_the_engine_goes_on_and_sends_no_empty_order(seed in 0u64..40, noise in prop::collection::vec(anything(), 1..80)) {
        let case = case::random(seed, Which::All, EntryOrder::Limit, Path::Pessimistic, 700);
        let mut driver = Driver::new(&case, Tape::default());
        driver.finish(&case);
        let now = driver.watch().0.last().expect("a run").0;
        let mut engine = driver.engine().clone();
        for (index, event) in noise.iter().enumerate() {
            let now = now + Span::seconds(index as i64);
            let step = engine.step(now, event);
            for command in &step.commands {
                let empty = match command {
                    Command::Place(order) => !order.lots.is_positive(),
                    Command::PlaceStop { lots, .. }
                    | Command::AmendStop { lots, .. }
                    | Command::Amend { lots, .. } => !lots.is_positive(),
                    _ => false,
                };
                prop_assert!(!empty, "{event:?}: {command:?}");
            }
        }
    }
}
