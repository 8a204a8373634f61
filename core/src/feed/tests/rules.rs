//! The rules, one test each, named by the rule.

use std::vec::Vec;

use super::source::{Nature, START, World, forming, hour, revised, truth, truths};
use crate::event::{self, Event};
use crate::feed::{
    Failure, Feed, FeedCommand, FeedEvent, FeedNotice, FeedStep, Market, MarketStatus, Phase,
    RowFault, Settings,
};
use crate::ids::SymbolId;
use crate::market::Bar;
use crate::money::Ticks;
use crate::time::{Span, Timeframe, Timestamp};

const S: SymbolId = SymbolId(0);

/// A feed whose last known bar is that of the hour before the start: it waits for `hour(0)`.
fn waiting() -> Feed {
    let mut feed = Feed::new(Timeframe::H1, Settings::default());
    let market = Market { symbol: S, need: 30, known_until: Some(hour(-1)) };
    _ = feed.step(START, &FeedEvent::Started { markets: std::vec![market] });
    feed
}

fn frame(as_of: Timestamp, rows: &[Bar]) -> FeedEvent {
    FeedEvent::Candles { symbol: S, as_of, rows: rows.to_vec() }
}

fn bars(step: &FeedStep) -> Vec<Bar> {
    let closed = |event: &Event| match event {
        Event::BarClosed { bar, .. } => Some(*bar),
        _ => None,
    };
    step.events.iter().filter_map(closed).collect()
}

fn after(at: Timestamp, millis: i64) -> Timestamp {
    at + Span(millis)
}

fn fetches(world: &World, symbol: u16) -> Vec<(Timestamp, Timestamp, u32)> {
    let own = |(now, command): (Timestamp, &FeedCommand)| match command {
        FeedCommand::FetchBars { symbol: which, from, count } if which.0 == symbol => {
            Some((now, *from, *count))
        }
        _ => None,
    };
    world.commands().filter_map(own).collect()
}

fn feeds(world: &World, symbol: u16) -> Vec<event::Feed> {
    let own = |event: &Event| match event {
        Event::FeedChanged { symbol: which, feed } if which.0 == symbol => Some(*feed),
        _ => None,
    };
    world.events().filter_map(|(_, event)| own(event)).collect()
}

// What closes a bar

#[test]
fn a_later_row_in_the_same_answer_closes_a_bar_two_seconds_after_its_end() {
    let rows = [truth(S, hour(0)), forming(S, hour(1))];
    for (millis, closed) in [(0, 0), (1_999, 0), (2_000, 1)] {
        let at = after(hour(1), millis);
        let step = waiting().step(at, &frame(at, &rows));
        assert_eq!(bars(&step).len(), closed, "{millis} ms after the end");
    }
}

#[test]
fn a_row_without_a_later_one_is_closed_three_seconds_after_its_end() {
    for (millis, closed) in [(2_000, 0), (2_999, 0), (3_000, 1)] {
        let at = after(hour(1), millis);
        let step = waiting().step(at, &frame(at, &[truth(S, hour(0))]));
        assert_eq!(bars(&step).len(), closed, "{millis} ms after the end");
    }
}

#[test]
fn two_frames_do_not_prove_what_one_does() {
    let mut feed = waiting();
    let before = after(hour(1), -300);
    let mut closed = bars(&feed.step(before, &frame(before, &[forming(S, hour(0))])));
    let later = after(hour(1), 2_500);
    closed.extend(bars(&feed.step(later, &frame(later, &[forming(S, hour(1))]))));
    assert_eq!(closed, []);
}

#[test]
fn a_venue_whose_clock_is_ahead_does_not_close_a_bar_before_ours_does() {
    let mut feed = waiting();
    let rows = [truth(S, hour(0)), forming(S, hour(1))];
    let early = feed.step(after(hour(1), -1), &frame(after(hour(1), 4_000), &rows));
    assert_eq!(bars(&early), []);
    assert_eq!(early.wake, Some(hour(1)));
    let then = feed.step(hour(1), &FeedEvent::TimePassed);
    assert_eq!(bars(&then), [truth(S, hour(0))]);
}

#[test]
fn our_clock_alone_does_not_close_a_bar_either() {
    let rows = [truth(S, hour(0)), forming(S, hour(1))];
    let step = waiting().step(after(hour(1), 8_000), &frame(after(hour(1), 1_999), &rows));
    assert_eq!(bars(&step), []);
}

#[test]
fn a_clock_that_jumps_back_stands_still() {
    let mut feed = waiting();
    let rows = [truth(S, hour(0)), forming(S, hour(1))];
    let at = after(hour(1), 2_000);
    assert_eq!(bars(&feed.step(at, &frame(at, &rows))).len(), 1);
    let back = feed.step(hour(-5), &frame(hour(-5), &rows));
    assert_eq!(bars(&back), []);
    assert!(back.wake.is_some_and(|wake| wake > at), "{:?}", back.wake);
    let (next, rows) = (after(hour(2), 2_000), [truth(S, hour(1)), forming(S, hour(2))]);
    assert_eq!(bars(&feed.step(next, &frame(next, &rows))), [truth(S, hour(1))]);
}

#[test]
fn a_bar_that_the_stream_did_not_prove_is_asked_for_two_seconds_after_its_close() {
    let mut world = World::streaming(1);
    world.forget();
    world.run_to(after(hour(1), 2_000));
    assert_eq!(fetches(&world, 0), [(after(hour(1), 2_000), hour(-1), 3)]);
    world.run(Span::seconds(1));
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn a_round_of_28_symbols_is_complete_within_its_patience() {
    let mut world = World::streaming(28);
    world.forget();
    world.run_to(after(hour(1), 10_000));
    let closed = world.events().filter(|(_, event)| matches!(event, Event::BarClosed { .. }));
    let times: Vec<Timestamp> = closed.map(|(now, _)| now).collect();
    assert_eq!(times.len(), 28);
    assert!(*times.last().unwrap() - times[0] < Span::seconds(2), "{times:?}");
}

// Duplicates, late bars, revisions, broken rows

#[test]
fn a_bar_is_delivered_once_whoever_brings_it_again() {
    let mut feed = waiting();
    let rows = [truth(S, hour(0)), forming(S, hour(1))];
    let at = after(hour(1), 2_000);
    let mut closed = bars(&feed.step(at, &frame(at, &rows)));
    for wait in [10, 5_000, 100_000] {
        let at = after(at, wait);
        closed.extend(bars(&feed.step(at, &frame(at, &rows))));
        let page = FeedEvent::Page { symbol: S, from: hour(-1), as_of: at, rows: rows.to_vec() };
        closed.extend(bars(&feed.step(at, &page)));
    }
    assert_eq!(closed, [truth(S, hour(0))]);
}

#[test]
fn a_delivered_bar_that_is_shown_otherwise_is_told_once_and_not_delivered_again() {
    let mut world = World::streaming(1);
    world.run_to(after(hour(1), 10_000));
    world.forget();
    let (was, is) = (truth(S, hour(0)), revised(S, hour(0)));
    for _ in 0..3 {
        let step = world.see(frame(world.now, &[is, forming(S, hour(1))]));
        assert_eq!(bars(&step), []);
    }
    let told: Vec<FeedNotice> = world.notices().map(|(_, notice)| notice.clone()).collect();
    assert_eq!(told, [FeedNotice::Revised { symbol: S, was, is }]);
}

#[test]
fn a_broken_row_is_told_never_delivered_and_asked_for_again() {
    let bar = truth(S, hour(0));
    let rows = [
        (Bar { low: Ticks(0), ..bar }, RowFault::PriceNotPositive),
        (Bar { low: Ticks(bar.high.0 + 1), ..bar }, RowFault::LowTooHigh),
        (Bar { high: bar.low, ..bar }, RowFault::HighTooLow),
        (Bar { at: Timestamp(bar.at.0 + 1), ..bar }, RowFault::Misaligned),
        (Bar { at: Timestamp(i64::MIN), ..bar }, RowFault::Misaligned),
        (Bar { at: Timestamp(i64::MAX), ..bar }, RowFault::Future),
        (Bar { at: hour(2), ..bar }, RowFault::Future),
    ];
    for (row, fault) in rows {
        let mut feed = waiting();
        let at = after(hour(1), 2_000);
        let step = feed.step(at, &frame(at, &[row, forming(S, hour(1))]));
        let told = FeedNotice::Broken { symbol: S, at: row.at, fault };
        assert_eq!((bars(&step), step.notices.contains(&told)), (Vec::new(), true), "{fault:?}");
        let fetch = FeedCommand::FetchBars { symbol: S, from: hour(-1), count: 3 };
        let asked = step.commands.contains(&fetch);
        assert!(asked, "{fault:?} {:?}", step.commands);
    }
}

#[test]
fn two_rows_of_one_time_that_differ_are_none() {
    let at = after(hour(1), 5_000);
    let good = truth(S, hour(0));
    let (other, third) = (revised(S, hour(0)), good);
    for rows in [[good, other, third], [other, good, third], [good, third, other]] {
        let mut rows = rows.to_vec();
        rows.push(forming(S, hour(1)));
        let step = waiting().step(at, &frame(at, &rows));
        assert_eq!(bars(&step), []);
        let fault = RowFault::Contradicted;
        assert!(step.notices.contains(&FeedNotice::Broken { symbol: S, at: hour(0), fault }));
    }
}

// Gaps

#[test]
fn a_gap_holds_later_bars_until_it_is_healed_in_order() {
    let mut world = World::streaming(1);
    world.forget();
    world.venue.failing.insert(S, Failure::Retryable);
    world.run_to(after(hour(3), 600_000));
    assert_eq!(world.closed(0), []);
    // The stream shows a bar after the missing ones: it waits.
    world.tell(frame(world.now, &[truth(S, hour(2)), forming(S, hour(3))]));
    assert_eq!(world.closed(0), []);
    world.venue.failing.clear();
    world.run(Span::seconds(70));
    assert_eq!(world.closed(0), truths(0, 0..3));
    let gaps: Vec<&FeedNotice> = world
        .notices()
        .map(|(_, notice)| notice)
        .filter(|n| matches!(n, FeedNotice::Gap { .. } | FeedNotice::Healed { .. }))
        .collect();
    assert_eq!(
        gaps,
        [
            &FeedNotice::Gap { symbol: S, from: hour(0), missing: 2 },
            &FeedNotice::Healed { symbol: S, from: hour(0), bars: 3 },
        ]
    );
}

#[test]
fn bars_that_the_venue_denies_for_ten_minutes_are_lost_and_history_starts_after_them() {
    let mut world = World::streaming(1);
    world.forget();
    world.venue.natures.insert(S, Nature { holes: [hour(1)].into(), ..Nature::default() });
    world.run_to(after(hour(2), 600_000));
    assert_eq!(world.closed(0), truths(0, 0..1));
    assert!(!world.events().any(|(_, event)| matches!(event, Event::BarsLost { .. })));
    world.run_to(after(hour(2), 800_000));
    let told: Vec<&Event> = world
        .events()
        .map(|(_, event)| event)
        .filter(|event| !matches!(event, Event::PriceMoved { .. } | Event::BarClosed { .. }))
        .collect();
    assert_eq!(
        told,
        [
            &Event::FeedChanged { symbol: S, feed: event::Feed::Silent },
            &Event::BarsLost { symbol: S },
            &Event::FeedChanged { symbol: S, feed: event::Feed::Streaming },
        ]
    );
    let lost = world.notices().find_map(|(_, notice)| match notice {
        FeedNotice::Lost { from, until, asked, .. } => Some((*from, *until, *asked >= 5)),
        _ => None,
    });
    assert_eq!(lost, Some((hour(1), hour(1), true)));
    world.run_to(after(hour(4), 10_000));
    assert_eq!(world.closed(0), [truths(0, 0..1), truths(0, 2..4)].concat());
}

#[test]
fn bars_held_behind_a_lost_one_are_history() {
    let mut world = World::streaming(1);
    world.forget();
    world.venue.natures.insert(S, Nature { holes: [hour(1)].into(), ..Nature::default() });
    world.venue.failing.insert(S, Failure::Retryable);
    world.run_to(after(hour(5), 0));
    world.venue.failing.clear();
    world.run_to(after(hour(5), 900_000));
    assert_eq!(world.closed(0), truths(0, 0..1));
    assert_eq!(world.history(0), truths(0, 2..5));
}

#[test]
fn an_answer_that_shows_no_later_bar_denies_nothing() {
    let mut feed = waiting();
    let mut now = after(hour(2), 2_000);
    for round in 0..200 {
        let rows = match round % 3 {
            0 => Vec::new(),
            1 => std::vec![truth(S, hour(-1))],
            _ => std::vec![truth(S, hour(-9)), truth(S, hour(-8))],
        };
        let page = FeedEvent::Page { symbol: S, from: hour(-1), as_of: now, rows };
        let step = feed.step(now, &page);
        assert!(!step.events.contains(&Event::BarsLost { symbol: S }), "answer {round}");
        now = now + Span::seconds(61);
        if now >= hour(3) {
            break;
        }
    }
}

#[test]
fn an_outage_longer_than_a_page_is_healed_page_by_page() {
    let settings = Settings { page: 10, ..Settings::default() };
    let mut world = World::new(1, settings, 1);
    let market = Market { symbol: S, need: 30, known_until: Some(hour(-101)) };
    world.start(std::vec![market]);
    world.run(Span::seconds(60));
    assert_eq!(world.closed(0), truths(0, -100..0));
    assert!(fetches(&world, 0).iter().all(|&(_, _, count)| count <= 10));
}

#[test]
fn an_outage_longer_than_what_the_venue_keeps_is_a_loss() {
    let settings = Settings { page: 10, ..Settings::default() };
    let mut world = World::new(1, settings, 1);
    world.venue.natures.insert(S, Nature { listed: hour(-25), ..Nature::default() });
    world.start(std::vec![Market { symbol: S, need: 30, known_until: Some(hour(-101)) }]);
    world.run(Span::seconds(1_200));
    assert!(world.events().any(|(_, event)| *event == Event::BarsLost { symbol: S }));
    assert_eq!((world.closed(0), world.history(0)), (Vec::new(), truths(0, -25..0)));
}

#[test]
fn the_engine_may_ask_for_bars_again() {
    let mut world = World::streaming(1);
    world.run_to(after(hour(4), 10_000));
    world.forget();
    world.tell(FeedEvent::BarsWanted { symbol: S, from: hour(1) });
    world.run(Span::seconds(5));
    assert_eq!(world.closed(0), truths(0, 1..4));
    world.forget();
    for from in [hour(9), Timestamp(hour(2).0 + 1), Timestamp(-3_600_000), Timestamp(i64::MIN)] {
        world.tell(FeedEvent::BarsWanted { symbol: S, from });
        world.run(Span::seconds(5));
        assert_eq!(world.closed(0), []);
    }
}

// History

#[test]
fn what_closed_before_a_cold_start_is_history_and_what_closed_after_it_a_close() {
    let mut world = World::new(1, Settings { page: 20, ..Settings::default() }, 1);
    world.start(std::vec![Market { symbol: S, need: 50, known_until: None }]);
    world.run_to(after(hour(2), 10_000));
    assert_eq!(world.history(0), truths(0, -50..0));
    assert_eq!(world.closed(0), truths(0, 0..2));
    assert_eq!(feeds(&world, 0), [event::Feed::Silent, event::Feed::Streaming]);
}

#[test]
fn a_bar_that_closes_while_history_is_loaded_is_a_close() {
    let mut world = World::new(1, Settings::default(), 1);
    world.venue.failing.insert(S, Failure::Retryable);
    world.start(std::vec![Market { symbol: S, need: 50, known_until: None }]);
    world.run_to(after(hour(2), 10_000));
    assert_eq!((world.history(0), world.closed(0)), (Vec::new(), Vec::new()));
    world.venue.failing.clear();
    world.run(Span::seconds(70));
    assert_eq!((world.history(0), world.closed(0)), (truths(0, -50..0), truths(0, 0..2)));
}

#[test]
fn the_history_of_a_young_market_begins_with_the_market() {
    let mut world = World::new(1, Settings::default(), 1);
    world.venue.natures.insert(S, Nature { listed: hour(-7), ..Nature::default() });
    world.start(std::vec![Market { symbol: S, need: 500, known_until: None }]);
    world.run(Span::seconds(590));
    assert_eq!(world.phase(0), Phase::Loading);
    world.run(Span::seconds(120));
    assert_eq!(world.history(0), truths(0, -7..0));
    assert!(!world.events().any(|(_, event)| matches!(event, Event::BarsLost { .. })));
}

#[test]
fn a_bar_that_closes_while_a_young_market_is_asked_for_its_past_is_a_close() {
    let mut world = World::new(1, Settings::default(), 1);
    world.venue.natures.insert(S, Nature { listed: hour(-7), ..Nature::default() });
    world.venue.failing.insert(S, Failure::Retryable);
    world.start(std::vec![Market { symbol: S, need: 500, known_until: None }]);
    world.run_to(after(hour(1), -300_000));
    world.venue.failing.clear();
    world.run(Span::seconds(900));
    assert_eq!((world.history(0), world.closed(0)), (truths(0, -7..0), truths(0, 0..1)));
}

#[test]
fn history_starts_after_the_last_hole() {
    let mut world = World::new(1, Settings { page: 10, ..Settings::default() }, 1);
    let holes = [hour(-31), hour(-12), hour(-11)].into();
    world.venue.natures.insert(S, Nature { holes, ..Nature::default() });
    world.start(std::vec![Market { symbol: S, need: 50, known_until: None }]);
    world.run(Span::seconds(800));
    assert_eq!(world.history(0), truths(0, -10..0));
}

#[test]
fn without_a_need_there_is_no_history() {
    let mut world = World::new(1, Settings::default(), 1);
    world.start(std::vec![Market { symbol: S, need: 0, known_until: None }]);
    world.run_to(after(hour(1), 10_000));
    assert_eq!((world.history(0), world.closed(0)), (Vec::new(), truths(0, 0..1)));
}

// Restart

fn restored(symbol: u16, known: i64) -> Market {
    Market { symbol: SymbolId(symbol), need: 30, known_until: Some(hour(known)) }
}

#[test]
fn bars_missed_while_down_are_closes_given_close_by_close_across_symbols() {
    let mut world = World::new(3, Settings::default(), 1);
    let markets = std::vec![restored(2, -4), restored(0, -6), restored(1, -3)];
    world.start(markets);
    world.run(Span::seconds(60));
    let closed: Vec<(Timestamp, u16)> = world
        .events()
        .filter_map(|(_, event)| match event {
            Event::BarClosed { symbol, bar } => Some((bar.at, symbol.0)),
            _ => None,
        })
        .collect();
    let mut sorted = closed.clone();
    sorted.sort_unstable();
    assert_eq!(closed, sorted);
    assert_eq!(closed.len(), 5 + 3 + 2);
    assert!((0..3).all(|symbol| world.history(symbol).is_empty()));
}

#[test]
fn one_symbol_holds_up_the_replay_of_the_others_for_30_seconds_at_most() {
    let mut world = World::new(2, Settings::default(), 1);
    world.venue.failing.insert(S, Failure::Retryable);
    world.start(std::vec![restored(0, -4), restored(1, -4)]);
    world.run(Span(29_999));
    assert_eq!(world.closed(1), []);
    assert!(!world.events().any(|(_, event)| matches!(event, Event::PriceMoved { .. })));
    world.run(Span(1));
    assert_eq!(world.closed(1), truths(1, -3..0));
    world.run(Span::seconds(25));
    assert!(world.events().any(|(_, event)| matches!(event, Event::PriceMoved { .. })));
    world.venue.failing.clear();
    world.run(Span::seconds(70));
    assert_eq!(world.closed(0), truths(0, -3..0));
}

#[test]
fn a_last_known_bar_that_cannot_be_is_a_cold_start_of_which_the_engine_knows() {
    for known in [hour(7), Timestamp(hour(-3).0 + 1), Timestamp(-3_600_000), Timestamp(i64::MAX)] {
        let mut world = World::new(1, Settings::default(), 1);
        world.start(std::vec![Market { symbol: S, need: 30, known_until: Some(known) }]);
        world.run(Span::seconds(60));
        let first = world.events().next().map(|(_, event)| event.clone());
        assert_eq!(first, Some(Event::BarsLost { symbol: S }));
        assert_eq!(world.history(0), truths(0, -30..0));
    }
}

// Phases

#[test]
fn a_silent_stream_is_polled_and_laid_anew_and_bars_go_on() {
    let mut world = World::streaming(2);
    world.venue.mute.insert(S);
    world.forget();
    world.run(Span::seconds(85));
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Polling, Phase::Streaming));
    world.run_to(after(hour(2), 10_000));
    assert_eq!(world.closed(0), truths(0, 0..2));
    // Rounds count on it all the time, prices go on, and nobody cries wolf.
    assert_eq!(feeds(&world, 0), []);
    assert!(!world.notices().any(|(_, notice)| matches!(notice, FeedNotice::Stale { .. })));
    let polls = fetches(&world, 0).len() as i64;
    let span = (world.now - START).0 / 30_000;
    assert!((span - 15..=span + 10).contains(&polls), "{polls} of {span}");
    let anew = world.commands().filter(|(_, command)| {
        matches!(command, FeedCommand::Subscribe { symbols } if symbols.contains(&S))
    });
    let undone = world.commands().filter(|(_, command)| {
        matches!(command, FeedCommand::Unsubscribe { symbols } if symbols.contains(&S))
    });
    let (anew, undone) = (anew.count(), undone.count());
    assert!(anew >= 15 && anew == undone, "{anew} {undone}");
    world.venue.mute.clear();
    world.run(Span::seconds(400));
    assert_eq!(world.phase(0), Phase::Streaming);
}

#[test]
fn a_bar_that_is_overdue_is_not_waited_for_in_the_next_round() {
    let mut world = World::streaming(1);
    world.forget();
    world.venue.failing.insert(S, Failure::Retryable);
    let silent = after(hour(1), 62_000);
    world.run_to(after(silent, -1));
    assert_eq!((feeds(&world, 0), world.phase(0)), (Vec::new(), Phase::Streaming));
    world.run_to(silent);
    assert_eq!(
        (feeds(&world, 0), world.phase(0)),
        ([event::Feed::Silent].into(), Phase::Recovering)
    );
    world.venue.failing.clear();
    world.run(Span::seconds(65));
    assert_eq!(feeds(&world, 0), [event::Feed::Silent, event::Feed::Streaming]);
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn without_stream_and_requests_bars_are_not_expected() {
    let mut world = World::streaming(1);
    world.forget();
    world.venue.reachable = false;
    world.venue.failing.insert(S, Failure::Retryable);
    world.cut();
    assert_eq!(world.phase(0), Phase::Polling);
    world.run(Span::seconds(120));
    assert_eq!(
        (world.phase(0), feeds(&world, 0)),
        (Phase::Recovering, [event::Feed::Silent].into())
    );
    // Connections and requests are tried without end, at delays that stop growing.
    world.forget();
    world.run(Span::hours(30));
    let connects = world.commands().filter(|(_, c)| matches!(c, FeedCommand::Connect)).count();
    assert!((1_700..=1_900).contains(&connects), "{connects}");
    assert!(fetches(&world, 0).len() >= 1_700);
    world.venue.reachable = true;
    world.venue.failing.clear();
    world.run(Span::seconds(120));
    assert_eq!((world.phase(0), world.closed(0).len()), (Phase::Streaming, 30));
}

#[test]
fn a_suspended_market_is_asked_every_minute_and_goes_on_when_it_trades() {
    for status in [MarketStatus::Suspended, MarketStatus::Maintenance] {
        let mut world = World::streaming(2);
        world.forget();
        world.venue.natures.insert(
            S,
            Nature { closed: std::vec![(world.now, hour(3), status)], ..Nature::default() },
        );
        world.tell(FeedEvent::Status { symbol: S, status });
        assert_eq!(world.phase(0), Phase::Suspended);
        world.run_to(after(hour(2), 10_000));
        assert_eq!((world.closed(0).len(), fetches(&world, 0).len()), (0, 0));
        assert_eq!(world.closed(1).len(), 2);
        let asked = world.commands().filter(|(_, c)| matches!(c, FeedCommand::FetchStatus { .. }));
        let minutes = (world.now - START).0 / 60_000;
        assert!((minutes - 5..=minutes).contains(&(asked.count() as i64)));
        world.run_to(after(hour(3), 400_000));
        assert_eq!((world.phase(0), world.closed(0)), (Phase::Streaming, truths(0, 0..3)));
        assert_eq!(feeds(&world, 0), [event::Feed::Silent, event::Feed::Streaming]);
    }
}

#[test]
fn an_unknown_market_is_asked_for_ever_slower_up_to_every_quarter_of_an_hour() {
    let mut world = World::new(2, Settings::default(), 1);
    let unknown = MarketStatus::Unknown;
    world
        .venue
        .natures
        .insert(S, Nature { closed: std::vec![(START, hour(50), unknown)], ..Nature::default() });
    let cold = |n| Market { symbol: SymbolId(n), need: 30, known_until: None };
    world.start(std::vec![cold(0), cold(1)]);
    world.run_to(hour(20));
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Unknown, Phase::Streaming));
    assert_eq!(feeds(&world, 0), [event::Feed::Silent]);
    let told = world.notices().filter(|(_, n)| matches!(n, FeedNotice::Status { .. })).count();
    assert_eq!(told, 1);
    let asked: Vec<Timestamp> = world
        .commands()
        .filter(|(_, c)| matches!(c, FeedCommand::FetchStatus { symbol: S }))
        .map(|(now, _)| now)
        .collect();
    let waits: Vec<i64> = asked.windows(2).map(|pair| (pair[1] - pair[0]).0 / 1_000).collect();
    assert!(waits.is_sorted() && waits.iter().all(|&wait| wait <= 900), "{waits:?}");
    assert!(asked.len() >= 75, "{}", asked.len());
    world.run_to(after(hour(50), 960_000));
    assert_eq!((world.phase(0), world.history(0).len()), (Phase::Streaming, 30));
}

// Requests and subscriptions

#[test]
fn a_request_that_is_not_answered_is_sent_again() {
    let mut world = World::streaming(1);
    world.forget();
    world.venue.deaf.insert(S);
    world.run_to(after(hour(1), 40_000));
    let asked: Vec<i64> = fetches(&world, 0).iter().map(|&(now, _, _)| (now - hour(1)).0).collect();
    assert_eq!(asked, [2_000, 18_000, 35_000]);
    world.venue.deaf.clear();
    world.run(Span::seconds(20));
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn an_answer_that_comes_too_late_still_shows_its_bars() {
    let mut world = World::streaming(1);
    world.venue.deaf.insert(S);
    world.run_to(after(hour(1), 18_100));
    let as_of = after(hour(1), 2_100);
    let rows = std::vec![truth(S, hour(0)), forming(S, hour(1))];
    world.tell(FeedEvent::Page { symbol: S, from: hour(-1), as_of, rows });
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn a_venue_that_wants_fewer_requests_gets_none_until_then() {
    let mut world = World::streaming(3);
    world.forget();
    let retry_after = Some(Span::seconds(90));
    world.run_to(after(hour(1), 1_990));
    world.tell(FeedEvent::Failed { symbol: S, why: Failure::RateLimited { retry_after } });
    let until = after(hour(1), 91_990);
    world.run_to(after(until, -1));
    assert!(!world.commands().any(|(_, c)| matches!(c, FeedCommand::FetchBars { .. })));
    let told = FeedNotice::RateLimited { until };
    assert!(world.notices().any(|(_, notice)| *notice == told));
    world.run_to(after(until, 1_000));
    assert!((0..3).all(|symbol| world.closed(symbol).len() == 1));
    // Again and again: longer and longer, up to five minutes, whatever the venue says.
    for (times, wait) in [(1, 5), (2, 10), (3, 20), (7, 300), (8, 300)] {
        let mut feed = waiting();
        let mut until = None;
        for _ in 0..times {
            let why = Failure::RateLimited { retry_after: Some(Span(i64::MIN)) };
            let step = feed.step(START, &FeedEvent::Failed { symbol: S, why });
            until = step.notices.iter().find_map(|notice| match notice {
                FeedNotice::RateLimited { until } => Some(*until),
                _ => None,
            });
        }
        assert_eq!(until, Some(START + Span::seconds(wait)));
    }
}

#[test]
fn subscriptions_leave_in_batches_a_second_apart() {
    let world = World::streaming(12);
    let batches: Vec<(Timestamp, usize)> = world
        .commands()
        .filter_map(|(now, command)| match command {
            FeedCommand::Subscribe { symbols } => Some((now, symbols.len())),
            _ => None,
        })
        .collect();
    assert_eq!(batches.iter().map(|&(_, n)| n).collect::<Vec<_>>(), [5, 5, 2]);
    assert!(batches.windows(2).all(|pair| pair[1].0 - pair[0].0 >= Span::seconds(1)));
}

#[test]
fn a_new_connection_starts_without_subscriptions() {
    let mut world = World::streaming(2);
    world.forget();
    world.cut();
    world.run(Span::seconds(10));
    let subscribed: Vec<&FeedCommand> = world
        .commands()
        .map(|(_, command)| command)
        .filter(|c| !matches!(c, FeedCommand::FetchBars { .. }))
        .collect();
    let both = FeedCommand::Subscribe { symbols: std::vec![SymbolId(0), SymbolId(1)] };
    assert_eq!(subscribed, [&FeedCommand::Connect, &both]);
    assert_eq!(world.phase(1), Phase::Streaming);
}

// Prices

#[test]
fn a_forming_bar_is_a_price_and_only_the_newest_row_is() {
    let mut feed = waiting();
    _ = feed.step(START, &frame(START, &[truth(S, hour(-1)), forming(S, hour(0))]));
    let at = after(START, 1_000);
    let step = feed.step(at, &frame(at, &[truth(S, hour(-1)), forming(S, hour(0))]));
    let price = forming(S, hour(0)).close;
    assert_eq!(step.events, [Event::PriceMoved { book: None, symbol: S, price }]);
    // A frame of the past shows no price of now.
    let old = feed.step(at, &frame(after(hour(0), -5_000), &[truth(S, hour(-1))]));
    assert_eq!(old.events, []);
}

#[test]
fn a_state_read_back_is_the_same_state() {
    let mut world = World::streaming(2);
    world.venue.failing.insert(S, Failure::Retryable);
    world.run_to(after(hour(3), 77_000));
    let text = serde_json::to_string(&world.feed).unwrap();
    let again: Feed = serde_json::from_str(&text).unwrap();
    assert_eq!(again, world.feed);
}

#[test]
fn symbols_that_are_not_followed_are_not_listened_to() {
    let mut feed = Feed::new(Timeframe::H1, Settings::default());
    let step = feed.step(START, &frame(START, &[forming(S, hour(0))]));
    assert_eq!(step, FeedStep::default());
    let mut feed = waiting();
    let symbol = SymbolId(9);
    let price = FeedEvent::Price { symbol, at: START, price: Ticks(5) };
    let failed = FeedEvent::Failed { symbol, why: Failure::UnknownMarket };
    for event in [price, failed, FeedEvent::Subscribed { symbol }] {
        assert_eq!(feed.step(START, &event).events, []);
    }
}
