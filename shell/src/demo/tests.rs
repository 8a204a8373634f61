//! What people see, as they see it: screens, lines and the summary for seed 1.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::market::{Demo, Scenario};
use super::screen::{self, Palette};
use super::session::{Key, Milestone, Pace, Session};
use super::{DemoOptions, Stage, run, summary};

fn session(hours: u32) -> Session {
    let demo = Demo::new(&Scenario { hours, ..Scenario::default() }).unwrap();
    Session::new(demo, 1, 4.0)
}

/// A session at the first instant at which the cycle in focus is half filled and some hours old.
fn with_open_cycle() -> Session {
    let mut session = session(168);
    while !session.is_over() {
        session.advance(0.04);
        session.press(Key::Auto);
        let place = session.focus().0;
        let lane = session.demo().engine().lane(place.book, place.symbol).unwrap();
        let deep = lane.cycle.as_ref().is_some_and(|cycle| cycle.levels_filled() == 2);
        if deep && lane.has_entries() && session.demo().tally().cycles.len() > 3 {
            break;
        }
    }
    session
}

fn drawn(session: &Session, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let palette = Palette { colour: true };
    terminal.draw(|frame| screen::draw(frame, session, palette)).unwrap();
    text(terminal.backend().buffer())
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    let row = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    };
    rows.map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_smallest_screen_with_an_open_cycle() {
    insta::assert_snapshot!(drawn(&with_open_cycle(), 80, 24));
}

#[test]
fn a_larger_screen_with_an_open_cycle() {
    let screen = drawn(&with_open_cycle(), 120, 40);
    insta::assert_snapshot!(screen);
    let shown = include_str!("../../../README.md").contains(&format!("```text\n{screen}\n```"));
    assert!(shown, "README.md shows another screen: copy the one of the snapshot");
}

#[test]
fn the_first_stop_stands_still_in_focus() {
    let mut session = session(168);
    while session.pace() != Pace::Holding(Milestone::Stop) {
        session.advance(0.04);
    }
    insta::assert_snapshot!(drawn(&session, 100, 32));
}

#[test]
fn the_screen_before_anything_happened() {
    insta::assert_snapshot!(drawn(&session(168), 80, 24));
}

#[test]
fn a_tiny_terminal_is_told_what_is_needed() {
    let session = session(168);
    assert!(drawn(&session, 60, 20).contains("needs 80 x 24"));
    for (width, height) in [(1, 1), (2, 40), (79, 24), (80, 23), (200, 1)] {
        drawn(&session, width, height);
    }
}

#[test]
fn every_size_can_be_drawn_at_any_time() {
    let mut session = session(168);
    for step in 0u16..400 {
        session.advance(0.25);
        drawn(&session, 80 + (step * 7) % 200, 24 + (step * 5) % 70);
    }
}

fn printed(options: &DemoOptions) -> String {
    let mut out = Vec::new();
    run(options, Stage { terminal: false, colour: true }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_first_hours_as_lines() {
    let text = printed(&DemoOptions { hours: Some(12), ..DemoOptions::default() });
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    insta::assert_snapshot!(text);
}

#[test]
fn the_summary_of_a_whole_demo() {
    let text = printed(&DemoOptions::default());
    let summary = &text[text.find("Summary:").unwrap()..];
    assert!(summary.lines().all(|line| line.chars().count() <= 100));
    insta::assert_snapshot!(summary);
}

#[test]
fn the_screen_and_the_lines_come_to_the_same_result() {
    let mut session = session(168);
    while !session.is_over() {
        session.advance(0.25);
    }
    let mut out = Vec::new();
    summary::write(session.demo(), 1, &mut out).unwrap();
    assert!(printed(&DemoOptions::default()).ends_with(&String::from_utf8(out).unwrap()));
}

#[test]
fn money_adds_up_at_the_end() {
    let mut demo = Demo::new(&Scenario::default()).unwrap();
    while demo.minute() {}
    for book in demo.engine().books() {
        let open = book.lanes.iter().filter_map(|lane| lane.cycle.as_ref());
        let booked = open.map(|cycle| cycle.gross - cycle.fees + cycle.funding).sum();
        let closed = demo.tally().counts(Some(book)).net;
        assert_eq!(book.wallet.realised, [closed, booked].into_iter().sum());
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let stage = Stage { terminal: false, colour: false };
    assert!(run(&DemoOptions::default(), stage, &mut Closed).is_ok());
}

#[test]
fn keys_change_pace_and_focus() {
    let mut session = session(168);
    let (auto, _) = session.focus();
    session.press(Key::Next);
    assert!(session.focus().1 && session.focus().0 != auto);
    session.press(Key::Previous);
    assert_eq!(session.focus().0, auto);
    session.press(Key::Pause);
    let now = session.demo().now();
    session.advance(1.0);
    assert_eq!((session.pace(), session.demo().now()), (Pace::Paused, now));
    session.press(Key::Pause);
    session.press(Key::Faster);
    session.advance(0.25);
    assert!(session.demo().now() > now);
    session.press(Key::Quit);
    assert!(session.is_over());
}

#[test]
fn a_strategy_without_a_cycle_says_in_the_summary_what_refused_it() {
    let symbols = Some(vec!["BTCUSDT".parse().unwrap()]);
    let mut demo = Demo::new(&Scenario { hours: 24, symbols, ..Scenario::default() }).unwrap();
    while demo.minute() {}
    let mut out = Vec::new();
    summary::write(&demo, 1, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    let words = "grid_atr opened no cycle:\n  BTC/USDT: its correlation group would use";
    assert!(said.contains(words), "{said}");
    assert!(said.contains("raise max_exposure_percent of its group"), "{said}");
}
