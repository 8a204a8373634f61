//! What people and programs see, as they would review it.

use gardefou_core::event::{Event, Request};
use gardefou_core::ids::BookId;

use super::world::World;
use crate::cli::control::tables;
use crate::control::act::outcome;
use crate::control::answers::{Source, Status};
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
