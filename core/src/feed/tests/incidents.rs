//! The incidents of the catalogue that a feed can cause, each with its whole THEN. What the
//! engine has to do about them is tested with the engine.

use std::vec::Vec;

use super::source::{HOUR, Nature, START, World, forming, hour, truth, truths};
use crate::event::{self, Event};
use crate::feed::{
    Failure, FeedCommand, FeedEvent, FeedNotice, Market, MarketStatus, Phase, Settings,
};
use crate::ids::SymbolId;
use crate::market::resample::Bucket;
use crate::market::{Bar, Resampler};
use crate::money::Ticks;
use crate::time::{Span, Timeframe, Timestamp};

const S: SymbolId = SymbolId(0);

fn subscribes_to(command: &FeedCommand) -> bool {
    matches!(command, FeedCommand::Connect)
        || matches!(command, FeedCommand::Subscribe { symbols } if symbols.contains(&S))
}

fn is_silent(event: &Event) -> bool {
    matches!(event, Event::FeedChanged { symbol: S, feed: event::Feed::Silent })
}

#[test]
fn inc_001_a_symbol_that_goes_silent_without_an_error_is_stale_at_the_limit() {
    let mut world = World::streaming(2);
    // Neither stream nor requests bring anything of S, and nothing says so.
    world.venue.mute.insert(S);
    world.venue.deaf.insert(S);
    world.forget();
    let heard = world.standing(0).heard;
    world.run_to(heard + Span(299_999));
    assert!(!world.standing(0).stale);
    world.run_to(heard + Span::seconds(300));
    // Stale at the limit, told once with its figures; the other symbol is not.
    let stale = FeedNotice::Stale { symbol: S, since: heard, age: Span::seconds(300) };
    let told: Vec<&FeedNotice> = world
        .notices()
        .map(|(_, notice)| notice)
        .filter(|notice| matches!(notice, FeedNotice::Stale { .. }))
        .collect();
    assert_eq!(told, [&stale]);
    assert!(world.standing(0).stale && !world.standing(1).stale);
    // Entries: the engine was told not to expect bars, and no price of S came.
    assert!(world.events().any(|(_, event)| is_silent(event)));
    let priced = |event: &Event| matches!(event, Event::PriceMoved { symbol: S, .. });
    assert!(!world.events().any(|(_, event)| priced(event)));
    // A subscription is made anew, again and again, with back-off.
    world.run(Span::hours(3));
    let tries: Vec<Timestamp> =
        world.commands().filter(|(_, c)| subscribes_to(c)).map(|(now, _)| now).collect();
    assert!(tries.len() > 20, "{}", tries.len());
    let waits: Vec<Span> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] < waits[3] && waits.iter().all(|&w| w <= Span::seconds(370)), "{waits:?}");
}

#[test]
fn inc_001_a_connection_on_which_nothing_is_heard_is_replaced() {
    let mut world = World::streaming(2);
    world.venue.mute = [SymbolId(0), SymbolId(1)].into();
    world.forget();
    world.run(Span::seconds(90));
    let connects = world.commands().filter(|(_, c)| matches!(c, FeedCommand::Connect)).count();
    assert_eq!(connects, 1);
    assert!(world.notices().any(|(_, notice)| *notice == FeedNotice::Stream { up: false }));
    world.venue.mute.clear();
    world.run(Span::seconds(120));
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Streaming, Phase::Streaming));
}

#[test]
fn inc_003_recovery_is_tried_again_after_an_hour_and_the_count_starts_anew() {
    let mut world = World::streaming(2);
    world.venue.mute.insert(S);
    world.venue.failing.insert(S, Failure::Retryable);
    // Far more than three attempts are spent.
    world.run(Span::hours(5));
    assert!(world.standing(0).stale);
    world.forget();
    world.run(Span::hours(1));
    let tries = world.commands().filter(|(_, c)| subscribes_to(c)).count();
    assert!(tries >= 9, "the slow cadence goes on: {tries}");
    world.venue.mute.clear();
    world.venue.failing.clear();
    world.run(Span::seconds(400));
    assert!(!world.standing(0).stale);
    assert_eq!(world.phase(0), Phase::Streaming);
    assert!(world.notices().any(|(_, n)| matches!(n, FeedNotice::Fresh { symbol: S, .. })));
    assert_eq!(world.closed(0), truths(0, 0..(world.now - hour(0)).0 / HOUR.0));
    // The next trouble starts with the short delays again.
    world.venue.mute.insert(S);
    world.venue.failing.insert(S, Failure::Retryable);
    world.run(Span::seconds(300));
    world.forget();
    world.venue.failing.clear();
    world.venue.mute.clear();
    world.run(Span::seconds(100));
    assert_eq!(world.phase(0), Phase::Streaming);
}

#[test]
fn inc_008_forming_updates_are_prices_and_the_close_comes_once() {
    let mut world = World::new(1, Settings::default(), 1);
    world.start(std::vec![Market { symbol: S, need: 100, known_until: None }]);
    world.run(Span::seconds(60));
    assert_eq!(world.history(0).len(), 100);
    world.forget();
    for update in 0..500 {
        world.run(Span::seconds(4));
        let bar = forming(S, hour(0));
        let rows = std::vec![Bar { close: Ticks(bar.low.0 + update % 2), ..bar }];
        let step = world.see(FeedEvent::Candles { symbol: S, as_of: world.now, rows });
        assert!(step.commands.is_empty());
        assert!(step.events.iter().all(|event| matches!(event, Event::PriceMoved { .. })));
    }
    assert!(world.now < hour(1));
    assert!(world.events().all(|(_, event)| matches!(event, Event::PriceMoved { .. })));
    world.run_to(hour(1) + Span::seconds(10));
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn inc_011_a_short_cut_leaves_no_hole() {
    let mut world = World::streaming(1);
    world.run_to(hour(1) + Span::seconds(10));
    world.forget();
    // Closed bars up to t; the next one that anybody shows is t + 3.
    world.venue.failing.insert(S, Failure::Retryable);
    world.venue.mute.insert(S);
    world.run_to(hour(4) + Span::seconds(10));
    let rows = std::vec![truth(S, hour(3)), forming(S, hour(4))];
    world.tell(FeedEvent::Candles { symbol: S, as_of: world.now, rows });
    // Detected, told, asked for; the symbol counts for no round until it is filled.
    let gap = |n: &FeedNotice| matches!(n, FeedNotice::Gap { from, .. } if *from == hour(1));
    assert!(world.notices().any(|(_, notice)| gap(notice)));
    assert!(world.events().any(|(_, event)| is_silent(event)));
    assert_eq!((world.phase(0), world.closed(0)), (Phase::Recovering, Vec::new()));
    world.forget();
    world.venue.failing.clear();
    world.run(Span::seconds(62));
    let asked = world.commands().any(|(_, command)| {
        matches!(command, FeedCommand::FetchBars { symbol: S, from, .. } if *from == hour(0))
    });
    assert!(asked);
    assert_eq!(world.closed(0), truths(0, 1..4));
}

#[test]
fn inc_013_a_slow_bucket_joined_half_way_is_back_filled() {
    // 13:30 in the incident; here the second hour of a bucket of four.
    let open = hour(0).floor(Timeframe::H4.span());
    let offset = (open - hour(0)).0 / HOUR.0;
    let mut world = World::new(1, Settings::default(), 1);
    world.start(std::vec![Market { symbol: S, need: 30, known_until: None }]);
    world.run_to(hour(offset + 4) + Span::seconds(10));
    let mut resampler = Resampler::new(Timeframe::H1, Timeframe::H4);
    let all = [world.history(0), world.closed(0)].concat();
    let buckets: Vec<Bucket> = all.iter().map(|bar| resampler.push(bar)).collect();
    let Some(Bucket::Complete(slow)) = buckets.last() else { panic!("{:?}", buckets.last()) };
    assert_eq!((slow.at, slow.open), (open, truth(S, open).open));
    // And with a hole that nobody can fill, the bucket is withheld.
    let mut world = World::new(1, Settings::default(), 1);
    world.venue.natures.insert(S, Nature { holes: [open].into(), ..Nature::default() });
    world.start(std::vec![Market { symbol: S, need: 30, known_until: None }]);
    world.run_to(hour(offset + 4) + Span::seconds(1_000));
    let mut resampler = Resampler::new(Timeframe::H1, Timeframe::H4);
    let all = [world.history(0), world.closed(0)].concat();
    assert_eq!(all.first().map(|bar| bar.at), Some(open + HOUR));
    let last = all.iter().map(|bar| resampler.push(bar)).last();
    assert_eq!(last, Some(Bucket::Incomplete));
}

#[test]
fn inc_014_a_bar_again_and_a_late_bar_reach_nobody() {
    let mut world = World::streaming(1);
    world.run_to(hour(3) + Span::seconds(10));
    world.forget();
    for at in [hour(2), hour(0), hour(-20), hour(-400)] {
        let rows = std::vec![truth(S, at)];
        let step = world.see(FeedEvent::Candles { symbol: S, as_of: world.now, rows });
        assert_eq!((step.events, step.commands, step.notices), Default::default());
    }
}

#[test]
fn inc_015_the_block_of_past_bars_at_a_subscription_is_no_market() {
    let mut world = World::new(1, Settings::default(), 1);
    world.start(std::vec![Market { symbol: S, need: 200, known_until: None }]);
    world.venue.deaf.insert(S);
    // The first message is a block: t - 200 to t. It fills history, and nothing is live.
    let rows: Vec<Bar> = truths(0, -200..0).into_iter().chain([forming(S, hour(0))]).collect();
    world.run(Span::seconds(1));
    world.tell(FeedEvent::Candles { symbol: S, as_of: world.now, rows: rows.clone() });
    assert_eq!((world.history(0), world.closed(0)), (truths(0, -200..0), Vec::new()));
    // Again after warm-up: it does nothing at all.
    world.run(Span::seconds(1));
    world.forget();
    let step = world.see(FeedEvent::Candles { symbol: S, as_of: world.now, rows });
    assert!(step.events.iter().all(|event| matches!(event, Event::PriceMoved { .. })));
    assert!(step.commands.is_empty());
    world.venue.deaf.clear();
    world.run_to(hour(1) + Span::seconds(20));
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn inc_019_a_symbol_without_any_stream_gets_one_when_polling_fails_too() {
    let mut world = World::streaming(2);
    // S is polled, its subscription gone.
    world.venue.refused.insert(S, Failure::Refused);
    world.cut();
    world.run(Span::seconds(60));
    assert_eq!(world.phase(0), Phase::Polling);
    // Polling stops delivering as well.
    world.venue.failing.insert(S, Failure::Retryable);
    world.forget();
    world.run(Span::hours(2));
    assert!(world.standing(0).stale && !world.feed.is_healthy());
    assert_eq!(world.phase(0), Phase::Recovering);
    let stale = world.notices().filter(|(_, n)| matches!(n, FeedNotice::Stale { .. })).count();
    assert_eq!(stale, 1, "told once");
    let anew = world.commands().filter(|(_, c)| subscribes_to(c)).count();
    assert!(anew >= 20, "{anew}");
    // Until data arrives, whichever source brings it first.
    world.venue.refused.clear();
    world.run(Span::seconds(310));
    assert!(!world.standing(0).stale);
    world.venue.failing.clear();
    world.run(Span::seconds(70));
    assert_eq!(world.phase(0), Phase::Streaming);
    assert!(world.feed.is_healthy());
    assert_eq!(world.closed(0), truths(0, 0..2));
}

#[test]
fn inc_021_up_is_said_after_the_first_data_only() {
    let mut world = World::new(1, Settings::default(), 1);
    world.venue.mute.insert(S);
    world.start(std::vec![Market { symbol: S, need: 3, known_until: None }]);
    world.run(Span::seconds(50));
    assert!(world.log.iter().any(|(_, e, _)| *e == FeedEvent::StreamConnected));
    assert!(world.log.iter().any(|(_, e, _)| *e == FeedEvent::Subscribed { symbol: S }));
    assert!(!world.notices().any(|(_, n)| matches!(n, FeedNotice::Stream { .. })));
    assert_eq!(world.phase(0), Phase::Polling);
    let rows = std::vec![forming(S, hour(0))];
    let step = world.see(FeedEvent::Candles { symbol: S, as_of: world.now, rows });
    assert!(step.notices.contains(&FeedNotice::Stream { up: true }));
    assert_eq!(world.phase(0), Phase::Streaming);
}

#[test]
fn inc_040_an_hour_of_updates_is_one_close() {
    let mut world = World::streaming(1);
    world.run_to(hour(1) - Span::seconds(1));
    assert_eq!(world.closed(0), []);
    world.run_to(hour(2) - Span::seconds(1));
    assert_eq!(world.closed(0), truths(0, 0..1));
}

#[test]
fn inc_105_a_price_that_is_not_of_now_is_no_price() {
    let mut world = World::streaming(1);
    world.venue.mute.insert(S);
    world.run(Span::seconds(25));
    let now = world.now;
    let price = |at, price| FeedEvent::Price { symbol: S, at, price: Ticks(price) };
    let moved = |price| Event::PriceMoved { book: None, symbol: S, price: Ticks(price) };
    let told = |at, price| FeedNotice::PriceRefused { symbol: S, at, price: Ticks(price) };
    // At the limit it passes, beyond it does not, and people learn it once.
    let limit = now - Span::seconds(10);
    world.tell(price(limit, 3));
    let old = now - Span(10_001);
    let step = world.see(price(old, 7));
    assert_eq!((step.events, step.notices), (Vec::new(), std::vec![told(old, 7)]));
    let step = world.see(price(now + Span(10_001), 7));
    assert_eq!((step.events, step.notices), (Vec::new(), Vec::new()));
    for bad in [0, -5] {
        assert_eq!(world.see(price(now, bad)).events, []);
    }
    assert_eq!(world.see(price(now, 8)).events, [moved(8)]);
    // Older than the last: a price does not go back in time.
    assert_eq!(world.see(price(now - Span(1), 9)).events, []);
    assert_eq!(world.see(price(Timestamp(i64::MIN), 9)).notices, [told(Timestamp(i64::MIN), 9)]);
}

#[test]
fn inc_188_a_suspension_is_told_once_with_its_symbol() {
    let mut world = World::streaming(2);
    world.forget();
    let (was, is) = (MarketStatus::Trading, MarketStatus::Suspended);
    let closed = std::vec![(world.now, hour(30), is)];
    world.venue.natures.insert(S, Nature { closed, ..Nature::default() });
    for _ in 0..3 {
        world.tell(FeedEvent::Status { symbol: S, status: is });
        world.run(Span::hours(1));
    }
    let told: Vec<&FeedNotice> = world
        .notices()
        .map(|(_, notice)| notice)
        .filter(|notice| matches!(notice, FeedNotice::Status { .. }))
        .collect();
    assert_eq!(told, [&FeedNotice::Status { symbol: S, was, is }]);
}

#[test]
fn inc_192_a_feed_with_one_stale_symbol_is_not_healthy() {
    let mut world = World::streaming(3);
    assert!(world.feed.is_healthy());
    world.venue.mute.insert(S);
    world.venue.failing.insert(S, Failure::Retryable);
    world.run(Span::seconds(330));
    assert!(!world.feed.is_healthy());
    let sick: Vec<u16> = world.feed.standings().filter(|s| s.stale).map(|s| s.symbol.0).collect();
    assert_eq!(sick, [0]);
    assert_ne!(START, world.now);
}
