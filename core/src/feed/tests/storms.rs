//! Whatever the venue does: bars are delivered in order, once, as they are, none before its end;
//! everything recovers; no pace is exceeded; the same inputs give the same outputs.

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::source::{Chance, Faults, HOUR, Nature, START, World, hour, revised, truth};
use crate::event::{self, Event};
use crate::feed::{Feed, FeedCommand, FeedEvent, Market, MarketStatus, Phase, Settings};
use crate::ids::SymbolId;
use crate::market::Bar;
use crate::time::{Span, Timeframe, Timestamp};

/// Everything must have recovered so long after the last fault: the slowest question (15 min),
/// the longest pause (5 min), two losses (10 min each, asked once a minute), and the way back.
const RECOVERY: Span = Span::hours(1);
/// Hours with faults.
const STORM: i64 = 14;
const SYMBOLS: u16 = 4;

/// A world with every kind of fault, most of them rare in most worlds.
fn storm(seed: u64) -> World {
    let mut chance = Chance(seed ^ 0xFEED);
    let settings = Settings { page: [3, 10, 200][chance.below(3) as usize], ..Settings::default() };
    let mut world = World::new(SYMBOLS, settings, seed);
    let mut often = |most: u64| chance.below(most + 1) as u32 * chance.below(2) as u32;
    world.venue.faults = Faults {
        silence: often(20),
        disconnect: often(8),
        refusal: often(500),
        flood: often(50),
        late: often(200),
        broken: often(200),
        failure: often(600),
        limit: often(100),
        empty: often(200),
        hidden: often(400),
        clock: often(100),
    };
    world.venue.faults_until = hour(STORM);
    world.venue.shows_last = chance.below(2) == 0;
    world.venue.skew = Span(chance.below(6_000) as i64 - 3_000);
    for symbol in 0..SYMBOLS {
        world.venue.natures.insert(SymbolId(symbol), nature(&mut chance));
    }
    let markets = (0..SYMBOLS).map(|symbol| market(&mut chance, symbol)).collect();
    world.start(markets);
    world.run_to(hour(STORM) + RECOVERY);
    world
}

fn nature(chance: &mut Chance) -> Nature {
    let mut nature = Nature::default();
    if chance.below(4) == 0 {
        nature.listed = hour(-(chance.below(40) as i64));
    }
    if chance.below(3) == 0 {
        let first = chance.below(STORM as u64 + 20) as i64 - 20;
        let length = 1 + chance.below(3) as i64;
        nature.holes = (first..(first + length).min(STORM)).map(hour).collect();
    }
    nature.revised = (-40..STORM).filter(|_| chance.below(20) == 0).map(hour).collect();
    if chance.below(3) == 0 {
        let status = [MarketStatus::Suspended, MarketStatus::Maintenance, MarketStatus::Unknown];
        let from = START + Span(chance.below(8 * HOUR.0 as u64) as i64 - HOUR.0);
        let until = from + Span(chance.below(5 * HOUR.0 as u64) as i64);
        nature.closed.push((from, until.min(hour(STORM)), status[chance.below(3) as usize]));
    }
    nature
}

fn market(chance: &mut Chance, symbol: u16) -> Market {
    let known = hour(-1 - chance.below(30) as i64);
    let known_until = (chance.below(2) == 0).then_some(known);
    Market { symbol: SymbolId(symbol), need: 5 + chance.below(40) as u32, known_until }
}

/// Reads what one symbol was told, and says what is wrong with it.
struct Reader {
    symbol: SymbolId,
    started: Timestamp,
    /// The bar that must come next; none after a cold start or a loss.
    next: Option<Timestamp>,
    /// The last bar of before a loss, and the time of the loss.
    lost: Option<Timestamp>,
    live: bool,
    /// The largest time that the feed was told.
    clock: Timestamp,
}

impl Reader {
    fn new(market: &Market) -> Self {
        Self {
            symbol: market.symbol,
            started: START,
            next: market.known_until.map(|known| known + HOUR),
            lost: None,
            live: market.known_until.is_some(),
            clock: START,
        }
    }

    fn read(&mut self, world: &World, event: &Event) -> Result<(), String> {
        match event {
            Event::BarsLost { symbol } if *symbol == self.symbol => {
                self.lost = self.next;
                self.next = None;
                self.live = false;
                self.started = self.clock;
            }
            Event::HistoryLoaded { symbol, bar } if *symbol == self.symbol => {
                if self.live {
                    return Err("history after a close".into());
                }
                if bar.at + HOUR > self.started {
                    return Err("history that closed after the start".into());
                }
                self.bar(world, bar)?;
            }
            Event::BarClosed { symbol, bar } if *symbol == self.symbol => {
                let cold = !self.live || self.lost.is_some();
                if cold && bar.at + HOUR <= self.started {
                    return Err("a close of before the start".into());
                }
                self.live = true;
                self.bar(world, bar)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn bar(&mut self, world: &World, bar: &Bar) -> Result<(), String> {
        let told = |what: &str| Err(std::format!("{what}: {bar:?}"));
        if *bar != truth(self.symbol, bar.at) && *bar != revised(self.symbol, bar.at) {
            return told("not the bar of the venue");
        }
        let again = &world.venue.natures[&self.symbol].revised;
        if *bar == revised(self.symbol, bar.at) && !again.contains(&bar.at) {
            return told("never revised");
        }
        if self.clock < bar.at + HOUR {
            return told("before its end");
        }
        if self.next.is_some_and(|next| next != bar.at) {
            return told("not the next one");
        }
        if let Some(first_lost) = self.lost.take() {
            let mut at = first_lost;
            let mut missing = false;
            while at < bar.at {
                missing |= !world.venue.exists(self.symbol, at);
                at = at + HOUR;
            }
            if !missing {
                return told("lost without a hole");
            }
        }
        self.next = Some(bar.at + HOUR);
        Ok(())
    }
}

fn markets(world: &World) -> Vec<Market> {
    let first = world.log.first().map(|(_, event, _)| event);
    let Some(FeedEvent::Started { markets }) = first else { panic!("not started") };
    markets.clone()
}

/// (a) The bars of each symbol are the venue's, in order, unique, none before its end.
fn bars_are_right(world: &World) -> Result<(), String> {
    for market in markets(world) {
        let mut reader = Reader::new(&market);
        for (now, _, step) in &world.log {
            reader.clock = reader.clock.max(*now);
            for event in &step.events {
                let read = reader.read(world, event);
                read.map_err(|fault| std::format!("{market:?}: {fault}"))?;
            }
        }
    }
    Ok(())
}

/// (b) Everything streams, was delivered, and the engine expects bars.
fn all_recovered(world: &World) -> Result<(), String> {
    let mut told: BTreeMap<SymbolId, event::Feed> = BTreeMap::new();
    for (_, event) in world.events() {
        if let Event::FeedChanged { symbol, feed } = event {
            told.insert(*symbol, *feed);
        }
    }
    let due = world.now.floor(HOUR);
    for standing in world.feed.standings() {
        let expected = told.get(&standing.symbol) == Some(&event::Feed::Streaming);
        let whole = standing.next == due || standing.next == due - HOUR;
        if standing.phase != Phase::Streaming || standing.stale || !expected || !whole {
            return Err(std::format!("{standing:?} {expected} {due:?}"));
        }
    }
    Ok(())
}

/// (c) Neither requests nor subscriptions exceed their pace.
fn paces_are_kept(world: &World) -> Result<(), String> {
    let settings = Settings::default();
    // The feed's own time never goes back.
    let mut clock = START;
    let (mut requests, mut subscribes) = (Vec::new(), Vec::new());
    let mut open: BTreeMap<SymbolId, Timestamp> = BTreeMap::new();
    for (now, event, step) in &world.log {
        clock = clock.max(*now);
        if let FeedEvent::Page { symbol, .. }
        | FeedEvent::Failed { symbol, .. }
        | FeedEvent::Status { symbol, .. } = event
        {
            open.remove(symbol);
        }
        open.retain(|_, asked| *asked + settings.answer > clock);
        for command in &step.commands {
            match command {
                FeedCommand::FetchBars { symbol, count, .. } => {
                    if *count > 200 {
                        return Err("a page too long".into());
                    }
                    requests.push(clock.0);
                    open.insert(*symbol, clock);
                }
                FeedCommand::FetchStatus { symbol } => {
                    requests.push(clock.0);
                    open.insert(*symbol, clock);
                }
                FeedCommand::Subscribe { symbols } => {
                    if symbols.len() > 5 {
                        return Err("a batch too large".into());
                    }
                    subscribes.push(clock.0);
                }
                FeedCommand::Connect | FeedCommand::Unsubscribe { .. } => {}
            }
        }
        if open.len() > settings.in_flight as usize {
            return Err("too many requests under way".into());
        }
    }
    at_most(&requests, 20, 1_000)?;
    at_most(&subscribes, 1, 999)?;
    at_most(&subscribes, 240, 3_600_000)
}

fn at_most(times: &[i64], most: usize, window: i64) -> Result<(), String> {
    let beyond = times.windows(most + 1).find(|w| w[most] - w[0] < window);
    beyond.map_or(Ok(()), |w| Err(std::format!("more than {most} in {window} ms: {w:?}")))
}

/// (d) The recorded inputs give the recorded outputs, also to a feed that is written and read back
/// now and then.
fn replays(world: &World, written: usize) -> Result<(), String> {
    let mut feed = Feed::new(Timeframe::H1, settings(world));
    for (number, (now, event, step)) in world.log.iter().enumerate() {
        if number % written == written - 1 {
            let text = serde_json::to_string(&feed).map_err(|e| std::format!("{e}"))?;
            feed = serde_json::from_str(&text).map_err(|e| std::format!("{e}"))?;
        }
        if feed.step(*now, event) != *step {
            return Err(std::format!("step {number} differs: {event:?}"));
        }
    }
    if feed == world.feed { Ok(()) } else { Err("another final state".into()) }
}

fn settings(world: &World) -> Settings {
    let text = serde_json::to_value(&world.feed).expect("a state");
    serde_json::from_value(text["settings"].clone()).expect("settings")
}

fn holds(world: &World) -> Result<(), String> {
    bars_are_right(world)?;
    paces_are_kept(world)?;
    all_recovered(world)
}

/// 32 at every run; more when `PROPTEST_CASES` says so.
fn cases() -> u32 {
    ProptestConfig::default().cases.div_ceil(8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_venue_does_bars_come_right_and_everything_recovers(seed: u64) {
        if let Err(fault) = holds(&storm(seed)) {
            return Err(TestCaseError::fail(fault));
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(seed: u64) {
        if let Err(fault) = replays(&storm(seed), 997) {
            return Err(TestCaseError::fail(fault));
        }
    }
}

/// The storm is one: each fault happens, and each surprise is told, in some world of a few.
#[test]
fn a_storm_is_a_storm() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..24 {
        let world = storm(seed);
        for (_, event, step) in &world.log {
            let mut note = |what: String| {
                let name: String = what.chars().take_while(char::is_ascii_alphanumeric).collect();
                *seen.entry(name).or_default() += 1;
            };
            note(std::format!("{event:?}"));
            step.notices.iter().for_each(|notice| note(std::format!("{notice:?}")));
            step.commands.iter().for_each(|command| note(std::format!("{command:?}")));
            step.events.iter().for_each(|event| note(std::format!("{event:?}")));
        }
    }
    for wanted in [
        "StreamDisconnected",
        "SubscribeRefused",
        "Failed",
        "Gap",
        "Healed",
        "Lost",
        "Revised",
        "Broken",
        "Stale",
        "Fresh",
        "PriceRefused",
        "RateLimited",
        "BarsLost",
        "HistoryLoaded",
        "BarClosed",
        "Unsubscribe",
        "FetchStatus",
        "Status",
    ] {
        assert!(seen.contains_key(wanted), "{wanted} never happened: {seen:?}");
    }
}
