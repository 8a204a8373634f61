//! The engine's side of the driver: tells events, shows the scene, carries out commands.

use std::collections::VecDeque;

use gardefou_core::config::{EngineConfig, EntryOrder, LEVELS_MAX};
use gardefou_core::engine::Engine;
use gardefou_core::event::Event;
use gardefou_core::money::Ticks;
use gardefou_core::step::Step;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::bars::walk::{Place, Rungs, Touch, Trader};

use super::{Scene, Tamper, Watch};

/// The engine's side.
pub(super) struct Told<W> {
    pub engine: Engine,
    step: Step,
    untold: VecDeque<Event>,
    pub watch: W,
    market_entries: bool,
    pub tamper: Option<Tamper>,
    pub restart_every: Option<u64>,
    events: u64,
}

impl<W: Watch> Told<W> {
    pub fn new(config: &EngineConfig, watch: W) -> Self {
        Self {
            engine: Engine::new(config.clone()),
            step: Step::default(),
            untold: VecDeque::new(),
            watch,
            market_entries: config.entry_order == EntryOrder::Market,
            tamper: None,
            restart_every: None,
            events: 0,
        }
    }

    /// Replaces the engine by what a store would bring back: written and read.
    fn restart(&mut self) {
        let stored = serde_json::to_string(&self.engine).expect("a state can be written");
        self.engine = serde_json::from_str(&stored).expect("a written state can be read");
    }

    pub fn tell(&mut self, venue: &mut BarVenue, now: Timestamp, event: &Event) {
        let told = self.tamper.map(|tamper| (tamper.event)(event));
        let event = told.as_ref().unwrap_or(event);
        self.events += 1;
        if self.restart_every.is_some_and(|every| self.events.is_multiple_of(every)) {
            self.restart();
        }
        self.engine.step_into(now, event, &mut self.step);
        for command in &self.step.commands {
            match self.tamper {
                Some(tamper) => (tamper.command)(command).iter().for_each(|c| venue.carry_out(c)),
                None => venue.carry_out(command),
            }
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
