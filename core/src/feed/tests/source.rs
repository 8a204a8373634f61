//! A venue with one true series a symbol, a stream and requests, and every fault that a feed has
//! to live with: by switch, or by chance from a seed. And the world that connects it to a feed.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use crate::event::Event;
use crate::feed::{
    Failure, Feed, FeedCommand, FeedEvent, FeedNotice, FeedStep, Market, MarketStatus, Phase,
    Settings, Standing,
};
use crate::ids::SymbolId;
use crate::market::Bar;
use crate::money::Ticks;
use crate::time::{Span, Timeframe, Timestamp};

pub(super) const HOUR: Span = Span::hours(1);
/// The start of every test: 20 minutes into an hour.
pub(super) const START: Timestamp = Timestamp(472_222 * 3_600_000 + 20 * 60_000);
/// Time between two pushes of a symbol on the stream.
const CADENCE: Span = Span::seconds(20);

/// The opening time of the hour so many hours from the one of the start.
pub(super) fn hour(offset: i64) -> Timestamp {
    Timestamp(START.floor(HOUR).0 + offset * HOUR.0)
}

/// Chance with a seed.
#[derive(Clone, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn hits(&mut self, per_mille: u32) -> bool {
        self.below(1_000) < u64::from(per_mille)
    }

    fn between(&mut self, least: Span, most: Span) -> Span {
        Span(least.0 + self.below((most.0 - least.0).max(1) as u64) as i64)
    }
}

fn mix(seed: u64) -> u64 {
    let mut z = seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The bar of a symbol as the venue will always show it once settled.
pub(super) fn truth(symbol: SymbolId, at: Timestamp) -> Bar {
    let dice = mix((at.0 as u64).wrapping_mul(31).wrapping_add(u64::from(symbol.0)));
    let part = |shift: u32, end: u64| ((dice >> shift) % end) as i64;
    let (open, close) = (10_000 + part(0, 500), 10_000 + part(16, 500));
    Bar {
        at,
        open: Ticks(open),
        high: Ticks(open.max(close) + 1 + part(32, 50)),
        low: Ticks(open.min(close) - 1 - part(40, 50)),
        close: Ticks(close),
        traded: true,
    }
}

/// The same bar while it forms: never equal to the final one.
pub(super) fn forming(symbol: SymbolId, at: Timestamp) -> Bar {
    let bar = truth(symbol, at);
    let middle = Ticks((bar.open.0 + bar.close.0) / 2);
    Bar { high: bar.open.max(middle), low: bar.open.min(middle), close: middle, ..bar }
}

/// The same bar after the venue thought better of it.
pub(super) fn revised(symbol: SymbolId, at: Timestamp) -> Bar {
    let bar = truth(symbol, at);
    Bar { high: Ticks(bar.high.0 + 1), ..bar }
}

/// What one symbol is like.
#[derive(Clone, Debug, Default)]
pub(super) struct Nature {
    /// Nothing exists before.
    pub(super) listed: Timestamp,
    /// Hours that the venue never had.
    pub(super) holes: BTreeSet<Timestamp>,
    /// Hours that the venue shows otherwise once they are an hour old.
    pub(super) revised: BTreeSet<Timestamp>,
    /// From, until, and what the market is then.
    pub(super) closed: Vec<(Timestamp, Timestamp, MarketStatus)>,
}

/// How often, per mille, what goes wrong while there are faults.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) silence: u32,
    pub(super) disconnect: u32,
    pub(super) refusal: u32,
    pub(super) flood: u32,
    pub(super) late: u32,
    pub(super) broken: u32,
    pub(super) failure: u32,
    pub(super) limit: u32,
    pub(super) empty: u32,
    pub(super) hidden: u32,
    pub(super) clock: u32,
}

/// The simulated venue.
pub(super) struct Venue {
    pub(super) chance: Chance,
    pub(super) faults: Faults,
    pub(super) faults_until: Timestamp,
    /// Frames may hold closed bars beside the one in progress.
    pub(super) shows_last: bool,
    /// The venue's clock is ahead of ours by so much.
    pub(super) skew: Span,
    pub(super) natures: BTreeMap<SymbolId, Nature>,
    /// Symbols whose subscriptions deliver nothing.
    pub(super) mute: BTreeSet<SymbolId>,
    /// Symbols whose subscriptions are refused.
    pub(super) refused: BTreeMap<SymbolId, Failure>,
    /// Symbols whose requests fail.
    pub(super) failing: BTreeMap<SymbolId, Failure>,
    /// Symbols whose requests are never answered.
    pub(super) deaf: BTreeSet<SymbolId>,
    /// Connections are made; else they fail.
    pub(super) reachable: bool,
    /// How often a page did not show a bar that exists.
    hidden: BTreeMap<(SymbolId, Timestamp), u32>,
    connection: u64,
    up: bool,
    subscriptions: BTreeMap<SymbolId, u64>,
    silent_until: BTreeMap<SymbolId, Timestamp>,
    serial: u64,
}

/// What will happen.
#[derive(Clone, Debug)]
enum Due {
    Tell(FeedEvent),
    /// A message of a connection: lost when that is not the one that stands.
    Frame(u64, FeedEvent),
    Push(SymbolId, u64),
    Connected(u64),
}

type Agenda = Vec<(Span, Due)>;

impl Venue {
    fn new(seed: u64) -> Self {
        Self {
            chance: Chance(seed),
            faults: Faults::default(),
            faults_until: Timestamp(i64::MAX),
            shows_last: false,
            skew: Span(0),
            natures: BTreeMap::new(),
            mute: BTreeSet::new(),
            refused: BTreeMap::new(),
            failing: BTreeMap::new(),
            deaf: BTreeSet::new(),
            reachable: true,
            hidden: BTreeMap::new(),
            connection: 0,
            up: false,
            subscriptions: BTreeMap::new(),
            silent_until: BTreeMap::new(),
            serial: 0,
        }
    }

    fn faults(&self, now: Timestamp) -> Faults {
        if now < self.faults_until { self.faults } else { Faults::default() }
    }

    fn status(&self, symbol: SymbolId, now: Timestamp) -> MarketStatus {
        let Some(nature) = self.natures.get(&symbol) else { return MarketStatus::Unknown };
        let closed = nature.closed.iter().find(|(from, until, _)| *from <= now && now < *until);
        closed.map_or(MarketStatus::Trading, |&(_, _, status)| status)
    }

    pub(super) fn exists(&self, symbol: SymbolId, at: Timestamp) -> bool {
        let nature = self.natures.get(&symbol);
        nature.is_some_and(|nature| at >= nature.listed && !nature.holes.contains(&at))
    }

    /// The row of an hour as a view of `view` shows it; `as_of` is what the answer claims.
    fn row(&mut self, symbol: SymbolId, at: Timestamp, view: Timestamp) -> Option<Bar> {
        if at > view || !self.exists(symbol, at) {
            return None;
        }
        // The last trades of a bar arrive in its row a moment after its end.
        let unsettled = Span(self.chance.below(900) as i64);
        if view < at + HOUR + unsettled {
            return Some(forming(symbol, at));
        }
        let nature = self.natures.get(&symbol)?;
        let old = view >= at + HOUR + HOUR;
        let again = old && nature.revised.contains(&at);
        Some(if again { revised(symbol, at) } else { truth(symbol, at) })
    }

    fn carry_out(&mut self, now: Timestamp, command: &FeedCommand) -> Agenda {
        match command {
            FeedCommand::Connect => self.connect(now),
            FeedCommand::Subscribe { symbols } => {
                symbols.iter().flat_map(|&symbol| self.subscribe(now, symbol)).collect()
            }
            FeedCommand::Unsubscribe { symbols } => {
                self.subscriptions.retain(|symbol, _| !symbols.contains(symbol));
                Vec::new()
            }
            FeedCommand::FetchBars { symbol, from, count } => {
                self.answer(now, *symbol, |venue| venue.page(now, *symbol, *from, *count))
            }
            FeedCommand::FetchStatus { symbol } => {
                let status = self.status(*symbol, now);
                let event = FeedEvent::Status { symbol: *symbol, status };
                self.answer(now, *symbol, |_| event)
            }
        }
    }

    fn connect(&mut self, now: Timestamp) -> Agenda {
        self.connection += 1;
        self.up = false;
        self.subscriptions.clear();
        let faults = self.faults(now);
        if !self.reachable || self.chance.hits(faults.disconnect) {
            return std::vec![(Span(200), Due::Tell(FeedEvent::StreamDisconnected))];
        }
        std::vec![(Span(300), Due::Connected(self.connection))]
    }

    fn subscribe(&mut self, now: Timestamp, symbol: SymbolId) -> Agenda {
        if !self.up {
            return Vec::new();
        }
        let faults = self.faults(now);
        let refusal = self.refused.get(&symbol).copied().or_else(|| {
            let why = [
                Failure::Refused,
                Failure::Retryable,
                Failure::RateLimited { retry_after: Some(Span::seconds(30)) },
                Failure::UnknownMarket,
            ];
            let unknown = self.status(symbol, now) == MarketStatus::Unknown;
            let chosen = if unknown { 3 } else { self.chance.below(4) as usize };
            (unknown || self.chance.hits(faults.refusal)).then(|| why[chosen])
        });
        let connection = self.connection;
        if let Some(why) = refusal {
            let event = FeedEvent::SubscribeRefused { symbol, why };
            return std::vec![(Span(100), Due::Frame(connection, event))];
        }
        self.serial += 1;
        self.subscriptions.insert(symbol, self.serial);
        let mut agenda = std::vec![(Span(500), Due::Push(symbol, self.serial))];
        if !self.chance.hits(faults.refusal) {
            agenda.push((Span(100), Due::Frame(connection, FeedEvent::Subscribed { symbol })));
        }
        if !self.is_silent(symbol, now) {
            let rows: Vec<Bar> = (0..if self.shows_last { 30 } else { 1 })
                .filter_map(|back| {
                    let at = Timestamp(now.floor(HOUR).0 - back * HOUR.0);
                    self.row(symbol, at, now + self.skew)
                })
                .collect();
            let snapshot = FeedEvent::Candles { symbol, as_of: now + self.skew, rows };
            agenda.push((Span(150), Due::Frame(connection, snapshot)));
            // Trades of the past come with each subscription.
            let at = now - Span::seconds(90);
            let old = FeedEvent::Price { symbol, at, price: Ticks(1) };
            agenda.push((Span(160), Due::Frame(connection, old)));
        }
        agenda
    }

    fn is_silent(&self, symbol: SymbolId, now: Timestamp) -> bool {
        let until = self.silent_until.get(&symbol).copied().unwrap_or_default();
        let quiet = self.status(symbol, now) != MarketStatus::Trading;
        self.mute.contains(&symbol) || quiet || (now < until && now < self.faults_until)
    }

    /// One tick of the stream of a symbol.
    fn push(&mut self, now: Timestamp, symbol: SymbolId, serial: u64) -> Agenda {
        if !self.up || self.subscriptions.get(&symbol) != Some(&serial) {
            return Vec::new();
        }
        let faults = self.faults(now);
        if self.chance.hits(faults.disconnect) {
            self.up = false;
            self.subscriptions.clear();
            return std::vec![(Span(10), Due::Tell(FeedEvent::StreamDisconnected))];
        }
        if self.chance.hits(faults.silence) {
            let length = self.chance.between(Span::seconds(30), Span::seconds(5_000));
            self.silent_until.insert(symbol, now + length);
        }
        let mut agenda = std::vec![(CADENCE, Due::Push(symbol, serial))];
        if self.is_silent(symbol, now) {
            return agenda;
        }
        let copies = if self.chance.hits(faults.flood) { 20 } else { 1 };
        for _ in 0..copies {
            let late = self.chance.hits(faults.late);
            let delay = if late { self.chance.below(300_000) } else { self.chance.below(80) };
            let events = self.frames(now, symbol, faults);
            let frames = events.into_iter().map(|event| Due::Frame(self.connection, event));
            agenda.extend(frames.map(|due| (Span(20 + delay as i64), due)));
        }
        agenda
    }

    fn frames(&mut self, now: Timestamp, symbol: SymbolId, faults: Faults) -> Vec<FeedEvent> {
        let as_of = now + self.skew;
        let current = as_of.floor(HOUR);
        let mut rows: Vec<Bar> = self.row(symbol, current, as_of).into_iter().collect();
        if self.shows_last && self.chance.below(3) == 0 {
            rows.extend(self.row(symbol, current - HOUR, as_of));
        }
        if self.chance.hits(faults.broken) {
            rows.push(broken(forming(symbol, current), self.chance.below(5)));
        }
        let price = forming(symbol, current).close;
        std::vec![
            FeedEvent::Candles { symbol, as_of, rows },
            FeedEvent::Price { symbol, at: as_of, price },
        ]
    }

    fn answer(
        &mut self,
        now: Timestamp,
        symbol: SymbolId,
        good: impl FnOnce(&mut Self) -> FeedEvent,
    ) -> Agenda {
        let faults = self.faults(now);
        let slow = self.chance.hits(faults.failure / 2);
        let latency = Span(30 + self.chance.below(if slow { 40_000 } else { 150 }) as i64);
        if self.deaf.contains(&symbol) || self.chance.hits(faults.failure / 4) {
            return Vec::new();
        }
        let event = if let Some(&why) = self.failing.get(&symbol) {
            FeedEvent::Failed { symbol, why }
        } else if self.chance.hits(faults.limit) {
            let told = self.chance.below(2) == 0;
            let retry_after = told.then(|| Span::seconds(self.chance.below(120) as i64));
            FeedEvent::Failed { symbol, why: Failure::RateLimited { retry_after } }
        } else if self.chance.hits(faults.failure) {
            let refused = self.chance.below(4) == 0;
            let why = if refused { Failure::Refused } else { Failure::Retryable };
            FeedEvent::Failed { symbol, why }
        } else {
            good(self)
        };
        std::vec![(latency, Due::Tell(event))]
    }

    fn page(&mut self, now: Timestamp, symbol: SymbolId, from: Timestamp, count: u32) -> FeedEvent {
        if self.status(symbol, now) == MarketStatus::Unknown {
            return FeedEvent::Failed { symbol, why: Failure::UnknownMarket };
        }
        let faults = self.faults(now);
        let as_of = now + self.skew;
        let view = as_of - Span(self.chance.below(1_000) as i64);
        let mut rows = Vec::new();
        for step in 0..i64::from(count) {
            let at = Timestamp(from.0 + step * HOUR.0);
            let Some(row) = self.row(symbol, at, view) else { continue };
            if self.chance.hits(faults.hidden) && self.hide(symbol, at) {
                if self.chance.below(3) == 0 {
                    rows.push(broken(row, self.chance.below(5)));
                }
                continue;
            }
            rows.push(row);
        }
        if self.chance.hits(faults.empty) {
            rows.clear();
        } else if self.chance.hits(faults.empty) {
            // Another window than the one that was asked for.
            rows = (1..4)
                .filter_map(|n| self.row(symbol, Timestamp(from.0 - n * HOUR.0), view))
                .collect();
        }
        if self.chance.hits(faults.late) {
            rows.reverse();
            rows.extend(rows.first().copied());
        }
        FeedEvent::Page { symbol, from, as_of, rows }
    }

    /// A bar that exists is hidden twice at most, so that it is never denied for long.
    fn hide(&mut self, symbol: SymbolId, at: Timestamp) -> bool {
        let times = self.hidden.entry((symbol, at)).or_default();
        *times += 1;
        *times <= 2
    }
}

fn broken(bar: Bar, how: u64) -> Bar {
    match how {
        0 => Bar { low: Ticks(0), ..bar },
        1 => Bar { high: Ticks(bar.low.0 - 1), ..bar },
        2 => Bar { low: Ticks(bar.high.0 + 1), ..bar },
        3 => Bar { at: Timestamp(bar.at.0 + 1), ..bar },
        _ => Bar { at: Timestamp(i64::MAX), ..bar },
    }
}

/// A feed, its venue and a clock that jumps to what happens next.
pub(super) struct World {
    pub(super) feed: Feed,
    pub(super) venue: Venue,
    pub(super) now: Timestamp,
    /// Everything that was told, with the time that was told with it, and the answer.
    pub(super) log: Vec<(Timestamp, FeedEvent, FeedStep)>,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    sequence: u64,
    wake: Option<Timestamp>,
}

impl World {
    /// A world of well-behaved symbols, not started.
    pub(super) fn new(symbols: u16, settings: Settings, seed: u64) -> Self {
        let mut venue = Venue::new(seed);
        venue.natures = (0..symbols).map(|n| (SymbolId(n), Nature::default())).collect();
        Self {
            feed: Feed::new(Timeframe::H1, settings),
            venue,
            now: START,
            log: Vec::new(),
            agenda: BTreeMap::new(),
            sequence: 0,
            wake: None,
        }
    }

    /// The same, after a cold start and some minutes: everything streams.
    pub(super) fn streaming(symbols: u16) -> Self {
        let mut world = Self::new(symbols, Settings::default(), 1);
        let cold = |n| Market { symbol: SymbolId(n), need: 30, known_until: None };
        world.start((0..symbols).map(cold).collect());
        world.run(Span::seconds(120));
        assert!(world.feed.is_healthy(), "{:?}", world.standing(0));
        world
    }

    pub(super) fn start(&mut self, markets: Vec<Market>) {
        self.tell(FeedEvent::Started { markets });
    }

    /// Tells the feed something now.
    pub(super) fn tell(&mut self, event: FeedEvent) {
        _ = self.see(event);
    }

    /// The same, with the answer, which is carried out.
    pub(super) fn see(&mut self, event: FeedEvent) -> FeedStep {
        let faults = self.venue.faults(self.now);
        let jump = self.venue.chance.hits(faults.clock);
        let back = if jump { self.venue.chance.below(90_000) as i64 } else { 0 };
        let told = self.now - Span(back);
        let step = self.feed.step(told, &event);
        assert!(step.wake.is_none_or(|wake| wake > told), "a wake in the past");
        for command in &step.commands {
            for (delay, due) in self.venue.carry_out(self.now, command) {
                self.plan(delay, due);
            }
        }
        self.wake = step.wake;
        self.log.push((told, event, step.clone()));
        step
    }

    fn plan(&mut self, delay: Span, due: Due) {
        self.sequence += 1;
        self.agenda.insert((self.now + delay, self.sequence), due);
    }

    /// Lets so much time pass.
    pub(super) fn run(&mut self, length: Span) {
        let end = self.now + length;
        let mut steps = 0_u64;
        loop {
            steps += 1;
            assert!(steps < 3_000_000, "the feed spins at {:?}", self.now);
            let wake = self.wake.map(|wake| (wake, u64::MAX));
            let first = self.agenda.keys().next().copied();
            let next = first.into_iter().chain(wake).min().filter(|&(at, _)| at <= end);
            let Some((at, sequence)) = next else { break };
            self.now = self.now.max(at);
            match self.agenda.remove(&(at, sequence)) {
                Some(due) => self.happen(due),
                None => self.tell(FeedEvent::TimePassed),
            }
        }
        self.now = end;
    }

    pub(super) fn run_to(&mut self, end: Timestamp) {
        self.run(end - self.now);
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Tell(event) => self.tell(event),
            Due::Frame(connection, event) => {
                if self.venue.up && self.venue.connection == connection {
                    self.tell(event);
                }
            }
            Due::Push(symbol, serial) => {
                for (delay, due) in self.venue.push(self.now, symbol, serial) {
                    self.plan(delay, due);
                }
            }
            Due::Connected(connection) => {
                if self.venue.connection == connection {
                    self.venue.up = true;
                    self.tell(FeedEvent::StreamConnected);
                }
            }
        }
    }

    /// The venue drops the connection.
    pub(super) fn cut(&mut self) {
        self.venue.up = false;
        self.venue.subscriptions.clear();
        self.tell(FeedEvent::StreamDisconnected);
    }

    /// Forgets what was told until now.
    pub(super) fn forget(&mut self) {
        self.log.clear();
    }

    pub(super) fn standing(&self, symbol: u16) -> Standing {
        let mut all = self.feed.standings();
        all.find(|standing| standing.symbol == SymbolId(symbol)).expect("a followed symbol")
    }

    pub(super) fn phase(&self, symbol: u16) -> Phase {
        self.standing(symbol).phase
    }

    /// What the engine was told, with the time.
    pub(super) fn events(&self) -> impl Iterator<Item = (Timestamp, &Event)> {
        self.log.iter().flat_map(|(now, _, step)| step.events.iter().map(|event| (*now, event)))
    }

    pub(super) fn notices(&self) -> impl Iterator<Item = (Timestamp, &FeedNotice)> {
        self.log.iter().flat_map(|(now, _, step)| step.notices.iter().map(|notice| (*now, notice)))
    }

    pub(super) fn commands(&self) -> impl Iterator<Item = (Timestamp, &FeedCommand)> {
        self.log.iter().flat_map(|(now, _, step)| step.commands.iter().map(|c| (*now, c)))
    }

    /// The closed bars of a symbol.
    pub(super) fn closed(&self, symbol: u16) -> Vec<Bar> {
        let own = |event: &Event| match event {
            Event::BarClosed { symbol: which, bar } if which.0 == symbol => Some(*bar),
            _ => None,
        };
        self.events().filter_map(|(_, event)| own(event)).collect()
    }

    /// The history of a symbol.
    pub(super) fn history(&self, symbol: u16) -> Vec<Bar> {
        let own = |event: &Event| match event {
            Event::HistoryLoaded { symbol: which, bar } if which.0 == symbol => Some(*bar),
            _ => None,
        };
        self.events().filter_map(|(_, event)| own(event)).collect()
    }
}

/// The true bars of a symbol, by hours from the one of the start.
pub(super) fn truths(symbol: u16, hours: core::ops::Range<i64>) -> Vec<Bar> {
    hours.map(|offset| truth(SymbolId(symbol), hour(offset))).collect()
}
