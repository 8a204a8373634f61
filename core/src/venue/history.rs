//! The history driver: an engine and the bar venue over recorded bars, in the order of the
//! matching contract. Still sans-IO: bars come in as values, notices go out through a sink.
//!
//! It holds no rule. Per close: opens of all symbols, paths of all symbols, then the closed bars
//! as one round. The simulated operator of a history run releases switches (the matching contract).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::bars::walk::{Place, Rungs, Touch, Trader};
use super::bars::{BarVenue, Path};
use crate::config::{EngineConfig, EntryOrder, LEVELS_MAX, Mode};
use crate::engine::Engine;
use crate::event::{Event, Feed, Request};
use crate::ids::{BookId, SymbolId};
use crate::market::Bar;
use crate::money::Fraction;
use crate::notice::{Notice, Switch};
use crate::risk::switches::{Cause, Latch};
use crate::step::Step;
use crate::time::{Span, Timestamp};

/// The name under which the simulated operator asks; no person may have it.
pub const OPERATOR: &str = "simulated operator";

/// Who receives what the engine says, with the time of the step.
pub trait Sink {
    /// One step: what the engine was told, and its whole answer; before its notices are heard and
    /// its commands carried out. For journals; whoever keeps none leaves it out.
    #[inline]
    fn observe(&mut self, _now: Timestamp, _event: &Event, _step: &Step) {}

    /// One notice.
    fn hear(&mut self, now: Timestamp, notice: &Notice);
}

impl<F: FnMut(Timestamp, &Notice)> Sink for F {
    fn hear(&mut self, now: Timestamp, notice: &Notice) {
        self(now, notice);
    }
}

/// What a simulated operator does after a switch tripped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTrip {
    /// Releases the session switch at the next 00:00 UTC, the global one after 24 h.
    #[default]
    Resume,
    /// Never releases: entries have ended for good.
    Stop,
}

/// An engine on recorded bars.
pub struct History<S> {
    driven: Driven<S>,
    venue: BarVenue,
    on_trip: OnTrip,
    /// Places by symbol: which books trade it.
    places: Vec<Vec<Place>>,
}

/// Everything that a run needs to go on, between two closes. The sink is the caller's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The engine, with its configuration.
    pub engine: Engine,
    /// The exchange.
    pub venue: BarVenue,
    /// What the simulated operator does.
    pub on_trip: OnTrip,
    /// By symbol: no bar was matched since the last close.
    unmatched: Vec<bool>,
}

/// The same, borrowed, to be written.
#[derive(Serialize)]
pub struct StateRef<'a> {
    engine: &'a Engine,
    venue: &'a BarVenue,
    on_trip: OnTrip,
    unmatched: &'a [bool],
}

/// The engine's side: told events, its commands carried out.
struct Driven<S> {
    engine: Engine,
    step: Step,
    sink: S,
    market_entries: bool,
    /// By symbol: no bar was matched since the last close, so that rungs made there are new.
    unmatched: Vec<bool>,
}

impl<S: Sink> Driven<S> {
    #[inline]
    fn tell(&mut self, venue: &mut BarVenue, now: Timestamp, event: &Event) {
        self.engine.step_into(now, event, &mut self.step);
        self.sink.observe(now, event, &self.step);
        if !self.step.is_quiet() {
            self.act(venue, now);
        }
    }

    /// Notices are heard and commands carried out.
    #[inline(never)] // Most bars decide nothing.
    fn act(&mut self, venue: &mut BarVenue, now: Timestamp) {
        for notice in &self.step.notices {
            self.sink.hear(now, notice);
        }
        for command in &self.step.commands {
            venue.carry_out(command);
        }
    }
}

impl<S: Sink> Trader for Driven<S> {
    #[inline]
    fn listen(&mut self, venue: &mut BarVenue, now: Timestamp) {
        while let Some(event) = venue.next_event() {
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

    #[inline]
    fn nearest_rungs(&self, place: Place) -> [Option<crate::money::Ticks>; 2] {
        if !self.market_entries {
            return [None; 2];
        }
        let Some(lane) = self.engine.lane(place.book, place.symbol) else { return [None; 2] };
        if lane.budget.is_none() {
            debug_assert!(!lane.wants_any());
            return [None; 2]; // Nothing is wanted without a budget.
        }
        // A ladder descends with its level: the first rung is the nearest.
        lane.wanted.each_ref().map(|side| side.iter().flatten().next().map(|rung| rung.price))
    }

    #[inline]
    fn rungs(&self, place: Place) -> Option<Rungs> {
        if !self.market_entries {
            return None;
        }
        let lane = self.engine.lane(place.book, place.symbol)?;
        let unmatched = self.unmatched.get(usize::from(place.symbol.0)).is_some_and(|&is| is);
        let mut rungs = [[None; LEVELS_MAX]; 2];
        for (side, quotes) in rungs.iter_mut().zip(&lane.wanted) {
            for (rung, quote) in side.iter_mut().zip(quotes) {
                *rung = quote.map(|quote| (quote.price, quote.fresh && unmatched));
            }
        }
        Some(rungs)
    }
}

impl<S: Sink> History<S> {
    /// An engine and a venue at rest.
    pub fn new(config: EngineConfig, path: Path, on_trip: OnTrip, sink: S) -> Self {
        let venue = BarVenue::new(&config, path);
        let unmatched = alloc::vec![true; config.instruments.len()];
        let engine = Engine::new(config);
        Self::resume(State { engine, venue, on_trip, unmatched }, sink)
    }

    /// Goes on from where [`History::state`] was taken.
    pub fn resume(state: State, sink: S) -> Self {
        let State { engine, venue, on_trip, unmatched } = state;
        let config = engine.config();
        let mut places = alloc::vec![Vec::new(); config.instruments.len()];
        for (index, book) in config.books.iter().enumerate() {
            for chosen in &book.symbols {
                let place = Place { book: BookId(index as u16), symbol: chosen.symbol };
                places[usize::from(chosen.symbol.0)].push(place);
            }
        }
        let market_entries = config.entry_order == EntryOrder::Market;
        let driven = Driven { engine, step: Step::default(), sink, market_entries, unmatched };
        Self { driven, venue, on_trip, places }
    }

    /// Everything that a run needs to go on; taken between two closes.
    #[must_use]
    pub fn state(&self) -> StateRef<'_> {
        StateRef {
            engine: &self.driven.engine,
            venue: &self.venue,
            on_trip: self.on_trip,
            unmatched: &self.driven.unmatched,
        }
    }

    /// The engine, to look at.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.driven.engine
    }

    /// The venue, to look at.
    #[must_use]
    pub fn venue(&self) -> &BarVenue {
        &self.venue
    }

    /// Who listens.
    pub fn sink(&self) -> &S {
        &self.driven.sink
    }

    /// Who listens, to hand over what was gathered.
    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.driven.sink
    }

    /// Ends the run where it can be resumed.
    pub fn into_state(self) -> State {
        let Self { driven: Driven { engine, unmatched, .. }, venue, on_trip, .. } = self;
        State { engine, venue, on_trip, unmatched }
    }

    /// Ends the run.
    pub fn into_parts(self) -> (Engine, BarVenue, S) {
        (self.driven.engine, self.venue, self.driven.sink)
    }

    /// Tells the engine a fact that is not the venue's, and settles what follows.
    pub fn tell(&mut self, now: Timestamp, event: &Event) {
        self.driven.tell(&mut self.venue, now, event);
        self.driven.listen(&mut self.venue, now);
    }

    /// A symbol's data begins or ends.
    pub fn feed(&mut self, now: Timestamp, symbol: SymbolId, feed: Feed) {
        self.tell(now, &Event::FeedChanged { symbol, feed });
    }

    /// A bar of before the run: it only warms indicators.
    pub fn warm(&mut self, symbol: SymbolId, bar: &Bar, span: Span) {
        self.tell(bar.at + span, &Event::HistoryLoaded { symbol, bar: *bar });
    }

    /// Settles funding at an instant, before anything else of it; `price` is the open there.
    pub fn settle(
        &mut self,
        at: Timestamp,
        symbol: SymbolId,
        rate: Fraction,
        price: crate::money::Ticks,
    ) {
        for index in 0..self.places[usize::from(symbol.0)].len() {
            let place = self.places[usize::from(symbol.0)][index];
            self.venue.fund(place.book, symbol, at, rate, price);
            self.driven.listen(&mut self.venue, at);
        }
    }

    /// Matches bars of one open time: all opens, then all paths.
    pub fn match_bars(&mut self, bars: &[(SymbolId, Bar)], span: Span) {
        self.open_bars(bars);
        self.path_bars(bars, span);
    }

    /// What happens at the open of each bar.
    pub fn open_bars(&mut self, bars: &[(SymbolId, Bar)]) {
        for (symbol, bar) in bars {
            for &place in &self.places[usize::from(symbol.0)] {
                self.venue.open(&mut self.driven, place, bar);
            }
        }
    }

    /// What happens on the path of each bar, which is `span` long.
    pub fn path_bars(&mut self, bars: &[(SymbolId, Bar)], span: Span) {
        for (symbol, bar) in bars {
            let at = bar.at + span - Span(1);
            self.driven.unmatched[usize::from(symbol.0)] = false;
            for &place in &self.places[usize::from(symbol.0)] {
                self.venue.path(&mut self.driven, place, bar, at);
            }
        }
    }

    /// Closes the bars of one open time: the round.
    pub fn close_bars(&mut self, bars: &[(SymbolId, Bar)], span: Span) {
        let Some((_, first)) = bars.first() else { return };
        let now = first.at + span;
        self.operate(now);
        self.driven.unmatched.fill(true);
        for (symbol, bar) in bars {
            let event = Event::BarClosed { symbol: *symbol, bar: *bar };
            self.driven.tell(&mut self.venue, now, &event);
            self.driven.listen(&mut self.venue, now);
        }
    }

    /// One open time at one resolution.
    pub fn round(&mut self, bars: &[(SymbolId, Bar)], span: Span) {
        self.match_bars(bars, span);
        self.close_bars(bars, span);
    }

    /// The simulated operator: releases what is due.
    #[inline]
    fn operate(&mut self, now: Timestamp) {
        while let Some(event) = operator(&self.driven.engine, self.on_trip, now) {
            self.tell(now, &event);
        }
    }
}

/// What the simulated operator asks for next at the close of bars: the release of a switch whose
/// time has come. To be told, and asked again until there is none.
#[inline]
#[must_use]
pub fn operator(engine: &Engine, on_trip: OnTrip, now: Timestamp) -> Option<Event> {
    if on_trip == OnTrip::Stop {
        return None;
    }
    let mut due: Option<Request> = None;
    for book in engine.books() {
        let due_at = |latch: &Latch| now >= latch.at.midnight() + Span::DAY;
        // What a person tripped, a person releases.
        let limit = |latch: &&Latch| matches!(latch.cause, Cause::Loss { .. });
        if book.latch.as_ref().filter(limit).is_some_and(due_at) {
            due = Some(release(Switch::Session(book.id)));
        }
    }
    for mode in [Mode::Paper, Mode::Live] {
        let latch = engine.global(mode).latch.as_ref();
        if latch.is_some_and(|latch| now >= latch.at + Span::DAY) {
            due = Some(release(Switch::Global(mode)));
        }
    }
    due.map(|request| Event::RequestMade { request, by: OPERATOR.into() })
}

/// A release as the simulated operator asks for it.
fn release(switch: Switch) -> Request {
    Request::Release { switch, reason: alloc::string::String::new() }
}
