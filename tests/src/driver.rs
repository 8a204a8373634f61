//! A second history driver that looks: it feeds a case to the engine one event at a time and
//! shows engine and venue to a [`Watch`] after each of them.
//!
//! It must do what `gardefou_core::venue::history::History` does and nothing else; a test holds
//! them against each other. On request it delivers the bars of a close in another order, or
//! writes the engine to JSON and reads it back between two closes.

use std::collections::VecDeque;

use gardefou_core::config::{EntryOrder, LEVELS_MAX, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Feed, Request};
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Fraction, Ticks};
use gardefou_core::step::Step;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::bars::walk::{Place, Rungs, Touch, Trader};
use gardefou_core::venue::history::OnTrip;

use crate::case::Case;

/// The bar length of every case.
pub const HOUR: Span = Span::hours(1);

/// What there is to see after an event, its commands carried out.
pub struct Scene<'a> {
    /// The time of the step.
    pub now: Timestamp,
    /// What the engine was told.
    pub event: &'a Event,
    /// What it answered.
    pub step: &'a Step,
    /// The engine.
    pub engine: &'a Engine,
    /// The venue.
    pub venue: &'a BarVenue,
    /// Nothing that the venue has to say is untold: nothing is in flight.
    pub settled: bool,
}

/// Who looks.
pub trait Watch {
    /// After every event.
    fn after(&mut self, scene: &Scene<'_>);
    /// After the last event of a close: the round is decided and everything is answered.
    fn decided(&mut self, _engine: &Engine, _venue: &BarVenue) {}
}

impl<F: FnMut(&Scene<'_>)> Watch for F {
    fn after(&mut self, scene: &Scene<'_>) {
        self(scene);
    }
}

/// An engine and a venue on the bars of a case.
pub struct Driver<W> {
    told: Told<W>,
    venue: BarVenue,
    on_trip: OnTrip,
    places: Vec<Vec<Place>>,
    cursor: Cursor,
}

/// The engine's side.
struct Told<W> {
    engine: Engine,
    step: Step,
    untold: VecDeque<Event>,
    watch: W,
    market_entries: bool,
}

/// How far the data has been read.
struct Cursor {
    at: Timestamp,
    last: Timestamp,
    bars: Vec<usize>,
    funding: Vec<usize>,
}

impl<W: Watch> Told<W> {
    fn tell(&mut self, venue: &mut BarVenue, now: Timestamp, event: &Event) {
        self.engine.step_into(now, event, &mut self.step);
        for command in &self.step.commands {
            venue.carry_out(command);
        }
        while let Some(event) = venue.next_event() {
            self.untold.push_back(event);
        }
        let settled = self.untold.is_empty();
        let Self { engine, step, watch, .. } = self;
        watch.after(&Scene { now, event, step, engine, venue, settled });
    }
}

impl<W: Watch> Trader for Told<W> {
    fn listen(&mut self, venue: &mut BarVenue, now: Timestamp) {
        while let Some(event) = venue.next_event() {
            self.untold.push_back(event);
        }
        while let Some(event) = self.untold.pop_front() {
            self.tell(venue, now, &event);
        }
    }

    fn touch(&mut self, venue: &mut BarVenue, now: Timestamp, place: Place, touch: Touch) {
        let Place { book, symbol } = place;
        let Touch { direction, level, price } = touch;
        let event = Event::RungTouched { book, symbol, direction, level, price };
        self.tell(venue, now, &event);
        self.listen(venue, now);
    }

    fn rungs(&self, place: Place) -> Option<Rungs> {
        if !self.market_entries {
            return None;
        }
        let lane = self.engine.lane(place.book, place.symbol)?;
        let mut rungs = [[None; LEVELS_MAX]; 2];
        for (side, quotes) in rungs.iter_mut().zip(&lane.wanted) {
            for (rung, quote) in side.iter_mut().zip(quotes) {
                *rung = quote.map(|quote| (quote.price, quote.fresh));
            }
        }
        Some(rungs)
    }

    /// Every rung, not the first only: what this driver must not assume.
    fn nearest_rungs(&self, place: Place) -> [Option<Ticks>; 2] {
        let [long, short] = self.rungs(place).unwrap_or_default();
        let prices = |side: [Option<(Ticks, bool)>; LEVELS_MAX]| {
            side.into_iter().flatten().map(|(price, _)| price).collect::<Vec<_>>()
        };
        [prices(long).into_iter().max(), prices(short).into_iter().min()]
    }
}

impl<W: Watch> Driver<W> {
    /// At rest before the first bar of a case.
    #[must_use]
    pub fn new(case: &Case, watch: W) -> Self {
        let config = &case.config;
        let mut places = vec![Vec::new(); config.instruments.len()];
        for (index, book) in config.books.iter().enumerate() {
            for chosen in &book.symbols {
                let place = Place { book: BookId(index as u16), symbol: chosen.symbol };
                places[usize::from(chosen.symbol.0)].push(place);
            }
        }
        let told = Told {
            engine: Engine::new(config.clone()),
            step: Step::default(),
            untold: VecDeque::new(),
            watch,
            market_entries: config.entry_order == EntryOrder::Market,
        };
        let venue = BarVenue::new(config, case.path);
        Self { told, venue, on_trip: case.on_trip, places, cursor: Cursor::new(case) }
    }

    /// The whole case in the order of its symbols.
    pub fn run(case: &Case, watch: W) -> Self {
        let mut driver = Self::new(case, watch);
        while driver.hour(case, |_| {}) {}
        driver
    }

    /// The engine, to look at.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.told.engine
    }

    /// The venue, to look at.
    #[must_use]
    pub fn venue(&self) -> &BarVenue {
        &self.venue
    }

    /// Who looked.
    #[must_use]
    pub fn watch(&self) -> &W {
        &self.told.watch
    }

    /// Replaces the engine by what a store would bring back: written and read.
    ///
    /// # Errors
    /// The state cannot be written or read.
    pub fn restart(&mut self) -> Result<(), serde_json::Error> {
        let stored = serde_json::to_string(&self.told.engine)?;
        self.told.engine = serde_json::from_str(&stored)?;
        Ok(())
    }

    /// Tells the engine something that is not the market's.
    pub fn tell(&mut self, now: Timestamp, event: &Event) {
        self.told.tell(&mut self.venue, now, event);
        self.told.listen(&mut self.venue, now);
    }

    /// One hour; false at the end of the data. `order` may rearrange the closed bars before they
    /// are delivered.
    pub fn hour(&mut self, case: &Case, order: impl FnOnce(&mut Vec<(SymbolId, Bar)>)) -> bool {
        let at = self.cursor.at;
        if at > self.cursor.last {
            return false;
        }
        let mut bars = Vec::new();
        for index in 0..case.bars.len() {
            self.take_bar(case, index, &mut bars);
        }
        for &(symbol, bar) in &bars {
            self.fund(case, symbol, &bar);
        }
        self.matches(&bars);
        order(&mut bars);
        self.close(&bars);
        self.cursor.at = at + HOUR;
        true
    }

    fn take_bar(&mut self, case: &Case, index: usize, bars: &mut Vec<(SymbolId, Bar)>) {
        let (at, symbol) = (self.cursor.at, SymbolId(index as u16));
        let next = self.cursor.bars[index];
        match case.bars[index].get(next) {
            Some(bar) if bar.at == at => {
                if next == 0 {
                    self.tell(at, &Event::FeedChanged { symbol, feed: Feed::Streaming });
                }
                bars.push((symbol, *bar));
                self.cursor.bars[index] += 1;
            }
            None if next == case.bars[index].len() => {
                self.cursor.bars[index] += 1;
                self.tell(at, &Event::FeedChanged { symbol, feed: Feed::Silent });
            }
            Some(_) | None => {}
        }
    }

    fn fund(&mut self, case: &Case, symbol: SymbolId, bar: &Bar) {
        let index = usize::from(symbol.0);
        while let Some(&(due, rate)) = case.funding[index].get(self.cursor.funding[index])
            && due <= bar.at
        {
            self.cursor.funding[index] += 1;
            if due == bar.at {
                self.settle(symbol, bar, rate);
            }
        }
    }

    fn settle(&mut self, symbol: SymbolId, bar: &Bar, rate: Fraction) {
        for place in self.places[usize::from(symbol.0)].clone() {
            self.venue.fund(place.book, symbol, bar.at, rate, bar.open);
            self.told.listen(&mut self.venue, bar.at);
        }
    }

    fn matches(&mut self, bars: &[(SymbolId, Bar)]) {
        for (symbol, bar) in bars {
            for &place in &self.places[usize::from(symbol.0)] {
                self.venue.open(&mut self.told, place, bar);
            }
        }
        for (symbol, bar) in bars {
            let at = bar.at + HOUR - Span(1);
            for &place in &self.places[usize::from(symbol.0)] {
                self.venue.path(&mut self.told, place, bar, at);
            }
        }
    }

    fn close(&mut self, bars: &[(SymbolId, Bar)]) {
        let Some((_, first)) = bars.first() else { return };
        let now = first.at + HOUR;
        self.operate(now);
        for &(symbol, bar) in bars {
            self.tell(now, &Event::BarClosed { symbol, bar });
        }
        self.told.watch.decided(&self.told.engine, &self.venue);
    }

    /// The simulated operator of a history run.
    fn operate(&mut self, now: Timestamp) {
        while let Some(request) = self.due(now) {
            self.tell(now, &Event::RequestMade { request, by: "simulated operator".into() });
        }
    }

    fn due(&self, now: Timestamp) -> Option<Request> {
        if self.on_trip == OnTrip::Stop {
            return None;
        }
        let engine = &self.told.engine;
        let global = [Mode::Paper, Mode::Live].into_iter().any(|mode| {
            let latch = engine.global(mode).latch.as_ref();
            latch.is_some_and(|latch| now >= latch.at + Span::DAY)
        });
        if global {
            return Some(Request::Release { book: None });
        }
        let over = |book: &&gardefou_core::engine::Book| {
            book.latch.as_ref().is_some_and(|latch| now >= latch.at.midnight() + Span::DAY)
        };
        let book = engine.books().iter().rev().find(over)?;
        Some(Request::Release { book: Some(book.id) })
    }
}

impl Cursor {
    fn new(case: &Case) -> Self {
        let times = || case.bars.iter().flatten().map(|bar| bar.at);
        Self {
            at: times().min().unwrap_or(Timestamp(0)),
            last: times().max().unwrap_or(Timestamp(-1)),
            bars: vec![0; case.bars.len()],
            funding: vec![0; case.bars.len()],
        }
    }
}
