//! The feed before the engine: after a faulty feed the engine knows what it knows after a clean
//! one, and what a batch over the venue's series says (invariants 19 and 20, INC-011). The rules
//! of the feed itself are tested beside it.

use std::collections::BTreeMap;

use gardefou_core::command::Command;
use gardefou_core::config::EntryOrder;
use gardefou_core::engine::Engine;
use gardefou_core::event::{self, Ended, Event};
use gardefou_core::feed::{Failure, Feed, FeedCommand, FeedEvent, Market, Settings};
use gardefou_core::ids::{OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::Lots;
use gardefou_core::runner::Runner;
use gardefou_core::time::{Span, Timeframe, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Case, Which};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const HOUR: Span = Span::hours(1);
/// Hours before the start; the neediest runner wants 500.
const PAST: i64 = 520;
/// Hours after it.
const LIVE: i64 = 60;

/// A case whose symbols all trade for the whole time.
fn whole(seed: u64, which: Which) -> Case {
    let mut case = case::random(seed, which, EntryOrder::Limit, Path::Pessimistic, 700);
    let from = case::START + Span::hours(60);
    for bars in &mut case.bars {
        bars.retain(|bar| bar.at >= from);
        bars.truncate((PAST + LIVE) as usize);
    }
    case
}

fn start() -> Timestamp {
    case::START + Span::hours(60 + PAST) + Span::seconds(1_200)
}

/// A venue that shows the bars of a case, badly.
struct Venue<'a> {
    case: &'a Case,
    rng: ChaCha8Rng,
    /// How often, of 1, something goes wrong.
    faults: f64,
    /// Until when neither frames nor answers of a symbol come.
    dead: Option<(SymbolId, Timestamp)>,
    agenda: BTreeMap<(Timestamp, u64), FeedEvent>,
    planned: u64,
}

impl<'a> Venue<'a> {
    fn new(case: &'a Case, seed: u64, faults: f64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { case, rng, faults, dead: None, agenda: BTreeMap::new(), planned: 0 }
    }

    fn fails(&mut self) -> bool {
        self.rng.random_bool(self.faults)
    }

    fn plan(&mut self, at: Timestamp, event: FeedEvent) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), event);
    }

    fn is_dead(&self, symbol: SymbolId, now: Timestamp) -> bool {
        self.dead.is_some_and(|(dead, until)| dead == symbol && now < until)
    }

    /// A row as it is seen at `now`: forming until a second after its end.
    fn row(&self, symbol: SymbolId, at: Timestamp, now: Timestamp) -> Option<Bar> {
        let bars = &self.case.bars[usize::from(symbol.0)];
        let bar = bars.iter().find(|bar| bar.at == at && at <= now)?;
        let done = now >= at + HOUR + Span::seconds(1);
        let last = bar.open.max(bar.low);
        Some(if done { *bar } else { Bar { high: last, low: last, close: last, ..*bar } })
    }

    fn carry_out(&mut self, now: Timestamp, command: &FeedCommand) {
        let soon = now + Span(self.rng.random_range(30..300));
        match command {
            FeedCommand::Connect if self.fails() => {
                self.plan(soon, FeedEvent::StreamDisconnected);
            }
            FeedCommand::Connect => self.plan(soon, FeedEvent::StreamConnected),
            FeedCommand::Subscribe { symbols } => {
                for &symbol in symbols {
                    if !self.is_dead(symbol, now) {
                        self.plan_frame(symbol, soon, 20);
                    }
                }
            }
            FeedCommand::Unsubscribe { .. } => {}
            FeedCommand::FetchBars { symbol, from, count } => {
                let event = if self.fails() || self.is_dead(*symbol, now) {
                    FeedEvent::Failed { symbol: *symbol, why: Failure::Retryable }
                } else {
                    self.page(now, *symbol, *from, *count)
                };
                self.plan(soon, event);
            }
            FeedCommand::FetchStatus { symbol } => {
                let status = gardefou_core::feed::MarketStatus::Trading;
                self.plan(soon, FeedEvent::Status { symbol: *symbol, status });
            }
        }
    }

    fn page(&mut self, now: Timestamp, symbol: SymbolId, from: Timestamp, count: u32) -> FeedEvent {
        let hours = (0..i64::from(count)).map(|n| from + Span(n * HOUR.0));
        let mut rows: Vec<Bar> = hours.filter_map(|at| self.row(symbol, at, now)).collect();
        let faults = self.faults;
        rows.retain(|_| !self.rng.random_bool(faults / 4.0));
        if self.fails() {
            rows.reverse();
        }
        FeedEvent::Page { symbol, from, as_of: now, rows }
    }

    fn plan_frame(&mut self, symbol: SymbolId, at: Timestamp, rows: i64) {
        let current = at.floor(HOUR);
        let hours = (0..rows).map(|back| current - Span(back * HOUR.0));
        let rows: Vec<Bar> = hours.filter_map(|open| self.row(symbol, open, at)).collect();
        self.plan(at, FeedEvent::Candles { symbol, as_of: at, rows });
    }

    /// What the stream shows of a symbol in one hour: prices of the forming bar, some of them
    /// twice, late, or with bars of before; sometimes nothing for a long time.
    fn plan_hour(&mut self, open: Timestamp) {
        for symbol in (0..self.case.bars.len()).map(|index| SymbolId(index as u16)) {
            let mut at = open + Span(self.rng.random_range(0..20_000));
            while at < open + HOUR {
                if !self.is_dead(symbol, at) {
                    let rows = if self.fails() { 12 } else { 1 };
                    self.plan_frame(symbol, at, rows);
                    if self.fails() {
                        self.plan_frame(symbol, at + Span(1), rows);
                    }
                }
                let pause = if self.fails() { 3_000_000 } else { 30_000 };
                at = at + Span(self.rng.random_range(10_000..pause));
            }
            if self.fails() {
                let at = open + Span(self.rng.random_range(0..HOUR.0));
                self.plan(at, FeedEvent::StreamDisconnected);
            }
        }
    }
}

/// The engine behind the feed, and what it answered.
struct Station<'a> {
    venue: Venue<'a>,
    feed: Feed,
    engine: Engine,
    commands: Vec<(Timestamp, Command)>,
    told: Vec<(Timestamp, Event)>,
    now: Timestamp,
}

impl<'a> Station<'a> {
    fn new(case: &'a Case, seed: u64, faults: f64) -> Self {
        let mut station = Self {
            venue: Venue::new(case, seed, faults),
            feed: Feed::new(Timeframe::H1, Settings::default()),
            engine: Engine::new(case.config.clone()),
            commands: Vec::new(),
            told: Vec::new(),
            now: start(),
        };
        let symbols = 0..case.bars.len() as u16;
        let markets = symbols
            .map(|n| Market { symbol: SymbolId(n), need: PAST as u32, known_until: None })
            .collect();
        station.venue.plan_hour(start().floor(HOUR));
        station.tell(&FeedEvent::Started { markets });
        station
    }

    fn tell(&mut self, event: &FeedEvent) -> Option<Timestamp> {
        let step = self.feed.step(self.now, event);
        for command in &step.commands {
            self.venue.carry_out(self.now, command);
        }
        for event in step.events {
            self.pass(event);
        }
        step.wake
    }

    fn pass(&mut self, event: Event) {
        self.told.push((self.now, event.clone()));
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let step = self.engine.step(self.now, &event);
            self.commands.extend(step.commands.iter().map(|command| (self.now, *command)));
            events.extend(step.commands.iter().filter_map(granted));
            if step.wake.is_some_and(|wake| wake.at <= self.now) {
                events.push(Event::TimePassed);
            }
        }
    }

    /// Runs until a time.
    fn run_to(&mut self, end: Timestamp) {
        let mut wake = self.tell(&FeedEvent::TimePassed);
        let mut hour = self.now.floor(HOUR);
        loop {
            let next_hour = hour + HOUR;
            let fact = self.venue.agenda.first_key_value().map(|(&(at, _), _)| at);
            let next = [fact, wake, Some(next_hour)].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next < end) else { break };
            self.now = self.now.max(next);
            if fact == Some(next) {
                let Some((_, event)) = self.venue.agenda.pop_first() else { break };
                wake = self.tell(&event);
            } else if next == next_hour {
                hour = next_hour;
                self.venue.plan_hour(hour);
            } else {
                wake = self.tell(&FeedEvent::TimePassed);
            }
        }
        self.now = end;
    }

    fn entries(&self, symbol: SymbolId) -> impl Iterator<Item = Timestamp> {
        let is_entry = move |command: &Command| match command {
            Command::Place(order) => order.id.kind == OrderKind::Entry && order.id.symbol == symbol,
            _ => false,
        };
        self.commands.iter().filter(move |(_, command)| is_entry(command)).map(|(now, _)| *now)
    }
}

/// What an exchange answers on which nothing ever trades.
fn granted(command: &Command) -> Option<Event> {
    match *command {
        Command::Place(order) => Some(Event::OrderAccepted {
            id: order.id,
            price: order.limit.unwrap_or_default(),
            lots: order.lots,
        }),
        Command::Cancel { id } => {
            Some(Event::OrderCanceled { id, filled: Lots(0), why: Ended::Requested })
        }
        _ => None,
    }
}

/// The engine after the same bars, as a clean feed gives them.
fn clean(case: &Case, until: Timestamp) -> Engine {
    let mut engine = Engine::new(case.config.clone());
    for (index, bars) in case.bars.iter().enumerate() {
        let symbol = SymbolId(index as u16);
        for &bar in bars.iter().filter(|bar| bar.at + HOUR <= start()) {
            _ = engine.step(start(), &Event::HistoryLoaded { symbol, bar });
        }
        let feed = event::Feed::Streaming;
        _ = engine.step(start(), &Event::FeedChanged { symbol, feed });
    }
    let mut open = start().floor(HOUR);
    while open + HOUR <= until {
        for (index, bars) in case.bars.iter().enumerate() {
            let symbol = SymbolId(index as u16);
            for &bar in bars.iter().filter(|bar| bar.at == open) {
                _ = engine.step(open + HOUR, &Event::BarClosed { symbol, bar });
            }
        }
        open = open + HOUR;
    }
    engine
}

fn runners(engine: &Engine) -> Vec<&Runner> {
    let lanes = engine.books().iter().flat_map(|book| &book.lanes);
    lanes.map(|lane| &lane.runner).collect()
}

fn end() -> Timestamp {
    start().floor(HOUR) + Span(LIVE * HOUR.0) - HOUR + Span::seconds(1_800)
}

#[test]
fn inc_011_after_a_faulty_feed_indicators_equal_a_clean_one_and_a_batch() {
    for seed in 0..6 {
        for which in [Which::GridAtr, Which::GridMultiTf, Which::Supertrend, Which::All] {
            let case = whole(seed, which);
            let faults = [0.02, 0.1, 0.25][seed as usize % 3];
            let mut station = Station::new(&case, seed, faults);
            station.run_to(end() - Span::seconds(1_200));
            station.venue.faults = 0.0;
            station.run_to(end());
            let lost = station.told.iter().any(|(_, e)| matches!(e, Event::BarsLost { .. }));
            assert!(!lost, "seed {seed} {which:?}");
            let wanted = clean(&case, end());
            assert_eq!(runners(&station.engine), runners(&wanted), "seed {seed} {which:?}");
            for book in station.engine.books() {
                for lane in &book.lanes {
                    let mut batch = Runner::new(&lane.params, book.timeframe, None);
                    let bars = case.bars[usize::from(lane.symbol.0)].iter();
                    for bar in bars.filter(|bar| bar.at + HOUR <= end()) {
                        _ = batch.load(bar);
                    }
                    let sums = (lane.runner.view(), lane.runner.bars(), lane.runner.is_ready());
                    assert_eq!(sums, (batch.view(), batch.bars(), true), "seed {seed} {which:?}");
                }
            }
        }
    }
}

#[test]
fn inc_011_a_symbol_with_a_gap_is_not_quoted_until_it_is_healed_and_the_others_are() {
    let (mut own, mut others) = (0, 0);
    for seed in 0..12 {
        let case = whole(seed, Which::GridAtr);
        let mut station = Station::new(&case, seed, 0.0);
        let cut = start().floor(HOUR) + Span(20 * HOUR.0) + Span::seconds(1_800);
        let healed = cut + Span(4 * HOUR.0);
        station.run_to(cut);
        let symbol = SymbolId(0);
        station.venue.dead = Some((symbol, healed));
        station.venue.agenda.clear();
        station.run_to(end());
        let in_gap = |at: &Timestamp| cut < *at && *at < healed;
        assert_eq!(station.entries(symbol).filter(in_gap).count(), 0, "seed {seed}");
        own += station.entries(symbol).count();
        let rest = (1..case.bars.len() as u16).map(SymbolId);
        others += rest.flat_map(|other| station.entries(other)).filter(in_gap).count();
        let silent = Event::FeedChanged { symbol, feed: event::Feed::Silent };
        let told = station.told.iter().any(|(at, event)| in_gap(at) && *event == silent);
        assert!(told, "seed {seed}: the gap was not said");
        assert_eq!(runners(&station.engine), runners(&clean(&case, end())), "seed {seed}");
    }
    assert!(own > 20 && others > 20, "quoted too rarely to tell: {own} and {others}");
}

#[test]
fn inc_008_inc_014_inc_015_updates_again_late_and_past_bars_move_nothing() {
    for seed in 0..6 {
        let case = whole(seed, Which::All);
        let mut station = Station::new(&case, seed, 0.0);
        // History alone: no command, no trade, no capital moved.
        station.run_to(start() + Span::seconds(120));
        assert!(station.commands.is_empty(), "seed {seed}");
        for (book, config) in station.engine.books().iter().zip(&case.config.books) {
            assert_eq!(book.wallet.balance, config.capital, "seed {seed}");
        }
        station.run_to(start() + Span(10 * HOUR.0));
        station.venue.agenda.clear();
        let before: Vec<Runner> = runners(&station.engine).into_iter().cloned().collect();
        let commands = station.commands.len();
        for n in 0..500 {
            station.now = station.now + Span(1_000);
            let symbol = SymbolId(0);
            let back = [1, 1, 9, 30][n % 4];
            station.venue.plan_frame(symbol, station.now, back);
            let Some((_, event)) = station.venue.agenda.pop_first() else { continue };
            station.tell(&event);
            station.venue.agenda.clear();
        }
        let after: Vec<Runner> = runners(&station.engine).into_iter().cloned().collect();
        assert_eq!((after, station.commands.len()), (before, commands), "seed {seed}");
    }
}
