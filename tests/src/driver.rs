//! A second history driver that looks: it feeds a case to the engine one event at a time and
//! shows engine and venue to a [`Watch`] after each of them.
//!
//! It must do what `gardefou_core::venue::history::History` does and nothing else; a test holds
//! them against each other. On request it delivers the bars of an hour in another order, writes
//! the engine to JSON and reads it back, or lies (a [`Tamper`], to see the watches notice).

mod told;

use gardefou_core::command::Command;
use gardefou_core::config::Mode;
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Feed, Request};
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::Fraction;
use gardefou_core::notice::Switch;
use gardefou_core::step::Step;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::bars::walk::{Place, Trader};
use gardefou_core::venue::history::OnTrip;

use crate::case::Case;
use told::Told;

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

/// What one hour's bars are about to be used for; their order may be changed before each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Matching them at the venue.
    Matching,
    /// Telling the engine that they closed.
    Closing,
}

/// A lie between engine and venue.
#[derive(Clone, Copy, Debug)]
pub struct Tamper {
    /// The command as the venue gets it; none = lost.
    pub command: fn(&Command) -> Option<Command>,
    /// The event as the engine hears it.
    pub event: fn(&Event) -> Event,
}

/// An engine and a venue on the bars of a case.
pub struct Driver<W> {
    told: Told<W>,
    venue: BarVenue,
    on_trip: OnTrip,
    places: Vec<Vec<Place>>,
    cursor: Cursor,
}

/// How far the data has been read.
struct Cursor {
    at: Timestamp,
    last: Timestamp,
    bars: Vec<usize>,
    funding: Vec<usize>,
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
        let told = Told::new(config, watch);
        let venue = BarVenue::new(config, case.path);
        Self { told, venue, on_trip: case.on_trip, places, cursor: Cursor::new(case) }
    }

    /// The whole case in the order of its symbols.
    pub fn run(case: &Case, watch: W) -> Self {
        let mut driver = Self::new(case, watch);
        driver.finish(case);
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

    /// From here on, lies.
    #[must_use]
    pub fn tampered(mut self, tamper: Tamper) -> Self {
        self.told.tamper = Some(tamper);
        self
    }

    /// From here on, replaces the engine before every `events`th event by what a store would
    /// bring back.
    #[must_use]
    pub fn restarted_every(mut self, events: u64) -> Self {
        self.told.restart_every = Some(events);
        self
    }

    /// Everything that is left of the case, in the order of its symbols.
    pub fn finish(&mut self, case: &Case) {
        while self.hour(case, |_, _| {}) {}
    }

    /// Tells the engine something that is not the market's.
    pub fn tell(&mut self, now: Timestamp, event: &Event) {
        self.told.tell(&mut self.venue, now, event);
        self.told.listen(&mut self.venue, now);
    }

    /// One hour; false at the end of the data. `order` may rearrange its bars before each phase.
    pub fn hour(
        &mut self,
        case: &Case,
        mut order: impl FnMut(Phase, &mut Vec<(SymbolId, Bar)>),
    ) -> bool {
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
        order(Phase::Matching, &mut bars);
        self.matches(&bars);
        order(Phase::Closing, &mut bars);
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
        let global = [Mode::Live, Mode::Paper].into_iter().find(|&mode| {
            let latch = engine.global(mode).latch.as_ref();
            latch.is_some_and(|latch| now >= latch.at + Span::DAY)
        });
        if let Some(mode) = global {
            return Some(Request::Release { switch: Switch::Global(mode), reason: String::new() });
        }
        let over = |book: &&gardefou_core::engine::Book| {
            book.latch.as_ref().is_some_and(|latch| now >= latch.at.midnight() + Span::DAY)
        };
        let book = engine.books().iter().rev().find(over)?;
        Some(Request::Release { switch: Switch::Session(book.id), reason: String::new() })
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
