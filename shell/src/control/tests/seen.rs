//! What people and programs see, as they would review it.

use gardefou_core::event::{Event, Request};
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::money::{Cash, Lots, Ticks};
use gardefou_core::reconcile::{AccountSnapshot, Failure, Listed, Maker, OpenOrder, Part};
use gardefou_core::time::{Span, Timestamp};

use super::world::World;
use crate::cli::control::tables;
use crate::control::act::outcome;
use crate::control::answers::{EntriesKind, ProtectionKind, Source, Status};
use crate::control::look::{self, Vitals};
use crate::control::server::Reply;

fn troubled() -> World {
    let mut world = World::open();
    let by = || "anna".to_owned();
    let reason = "settings are being changed".to_owned();
    let request = Request::Pause { book: None, reason };
    world.tell(&Event::RequestMade { request, by: by() });
    let request = Request::Kill { book: Some(BookId(1)), reason: "a look first".to_owned() };
    world.tell(&Event::RequestMade { request, by: by() });
    world
}

#[test]
fn tables_of_a_book_with_an_open_cycle() {
    let world = World::open();
    let vitals = world.vitals();
    let text = [
        tables::status(&look::status(&world.engine, &vitals)),
        tables::positions(&look::positions(&world.engine, &vitals)),
        tables::orders(&look::orders(&world.engine, &vitals)),
    ];
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn tables_of_books_that_are_paused_and_stopped() {
    let world = troubled();
    let mut vitals = Vitals { source: Source::Checkpoint, ..world.vitals() };
    if let Some(store) = &mut vitals.store {
        (store.degraded, store.queued) = (true, 3);
        store.last_error = Some("the disk is full".into());
    }
    insta::assert_snapshot!(tables::status(&look::status(&world.engine, &vitals)));
}

#[test]
fn tables_of_nothing() {
    let world = World::cold();
    let vitals = Vitals { store: None, feed_at: None, alerts_pending: 0, ..world.vitals() };
    let text = [
        tables::status(&look::status(&world.engine, &vitals)),
        tables::positions(&look::positions(&world.engine, &vitals)),
        tables::orders(&look::orders(&world.engine, &vitals)),
    ];
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn json_of_a_book_with_an_open_cycle() {
    let world = World::open();
    let vitals = world.vitals();
    let version = "VERSION".to_owned();
    let status = Status { version, ..look::status(&world.engine, &vitals) };
    insta::assert_json_snapshot!((
        status,
        look::positions(&world.engine, &vitals),
        look::orders(&world.engine, &vitals)
    ));
}

#[test]
fn the_figures_add_up() {
    let world = World::open();
    let status = look::status(&world.engine, &world.vitals());
    for book in &status.books {
        assert_eq!(book.balance + book.unrealised, book.equity, "{}", book.book);
        assert_eq!(book.free + book.reserved, book.equity, "{}", book.book);
    }
    let positions = look::positions(&world.engine, &world.vitals());
    let open: usize = status.books.iter().map(|book| book.cycles.len()).sum();
    assert_eq!((positions.positions.len(), open), (1, 1));
}

#[test]
fn every_request_answers_what_it_did_or_how_it_was_already() {
    let mut world = World::open();
    let (all, reason) = (None, || "a reason".to_owned());
    let switch = gardefou_core::notice::Switch::Session(BookId(0));
    let requests = [
        Request::Resume { book: all, reason: reason() },
        Request::Pause { book: Some(BookId(0)), reason: reason() },
        Request::Pause { book: Some(BookId(0)), reason: "another".into() },
        Request::Resume { book: all, reason: reason() },
        Request::Release { switch, reason: reason() },
        Request::Kill { book: Some(BookId(0)), reason: reason() },
        Request::Kill { book: Some(BookId(0)), reason: reason() },
        Request::Release { switch, reason: reason() },
    ];
    let mut lines = Vec::new();
    for request in requests {
        let event = Event::RequestMade { request, by: "anna".into() };
        let step = world.step(&event);
        let Reply::Changed(changed) = outcome(&world.engine, &event, &step) else { panic!() };
        lines.push(tables::changed(&changed));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_stop_that_is_larger_than_the_position_protects_it() {
    let mut world = World::open();
    let lane = |world: &World| world.engine.lane(BookId(0), SymbolId(1)).cloned().unwrap();
    let stop = lane(&world).protection.working.unwrap();
    let lots = Lots(2 * stop.lots.0);
    world.tell(&Event::OrderAccepted { id: stop.id, price: stop.trigger, lots });
    assert_eq!(lane(&world).protection.working.map(|stop| stop.lots), Some(lots));
    let positions = look::positions(&world.engine, &world.vitals()).positions;
    assert_eq!(positions[0].protection, ProtectionKind::Confirmed);
}

#[test]
fn entries_are_not_called_allowed_while_something_withholds_them() {
    let mut world = World::open();
    let said = |world: &World, vitals: &Vitals| {
        look::status(&world.engine, vitals)
            .books
            .iter()
            .map(|book| book.entries)
            .collect::<Vec<_>>()
    };
    let well = world.vitals();
    let mut full = world.vitals();
    full.store.iter_mut().for_each(|store| store.degraded = true);
    assert_eq!(said(&world, &well), [EntriesKind::Allowed; 2]);
    assert_eq!(said(&world, &full), [EntriesKind::StoreDegraded; 2]);
    world.tell(&Event::Reconnected { book: BookId(1) });
    assert_eq!(said(&world, &well), [EntriesKind::Allowed, EntriesKind::NotCompared]);
    let reason = || "a look first".to_owned();
    let asks = [
        (Request::Pause { book: None, reason: reason() }, EntriesKind::Paused),
        (Request::Kill { book: None, reason: reason() }, EntriesKind::SwitchTripped),
    ];
    for (request, kind) in asks {
        world.tell(&Event::RequestMade { request, by: "anna".into() });
        assert_eq!(said(&world, &full), [kind; 2]);
    }
}

#[test]
fn a_symbol_that_a_comparison_withholds_says_why() {
    let mut world = World::cold();
    let book = BookId(0);
    world.tell(&Event::Reconnected { book });
    let foreign = OpenOrder {
        symbol: Listed::Symbol(SymbolId(0)),
        maker: Maker::Other(77),
        price: Ticks(1),
        lots: Lots(1),
        filled: Lots(0),
    };
    let balance = world.engine.books()[0].standing().balance;
    let snapshot = AccountSnapshot {
        book,
        at: world.now,
        lag: Span(0),
        since: Timestamp(0),
        positions: Part::Known(Vec::new()),
        orders: Part::Known(vec![foreign]),
        triggers: Part::Known(Vec::new()),
        fills: Part::Known(Vec::new()),
        funding: Part::Known(Vec::new()),
        balance: Part::Known(Cash(balance.0)),
        settings: Part::Failed(Failure::NoAnswer),
    };
    world.tell(&Event::AccountSeen(Box::new(snapshot)));
    let status = look::status(&world.engine, &world.vitals());
    let withheld = |symbol: usize| status.books[0].symbols[symbol].withheld.as_deref();
    assert_eq!(withheld(0), Some("somebody else has a position or an order on it"));
    assert_eq!(withheld(1), None);
    let text = tables::status(&status);
    assert!(text.contains("no entries on ADAUSDT: somebody else"), "{text}");
}

#[test]
fn what_is_not_known_is_not_written_as_nothing() {
    let mut world = World::cold();
    let mut status = look::status(&world.engine, &world.vitals());
    status.books[0].symbols[0].bars = None;
    let text = tables::status(&status);
    assert!(text.contains("ADAUSDT (bars missing)"), "{text}");
    let switch = gardefou_core::notice::Switch::Session(BookId(99));
    let request = Request::Release { switch, reason: "a reason".into() };
    let event = Event::RequestMade { request, by: "anna".into() };
    let step = world.step(&event);
    let Reply::Changed(changed) = outcome(&world.engine, &event, &step) else { panic!() };
    assert_eq!(changed.said, ["the session switch of book 99, which is not here, was not tripped"]);
}
