//! A demo being watched: how fast it runs, which symbol is in focus, what a key does. Elapsed
//! time comes in as an argument; nothing here reads a clock.

use gardefou_core::notice::FillReason;
use gardefou_core::venue::bars::walk::Place;

use super::focus::{just_closed, rungs};
use super::market::Demo;

/// Market hours per second unless told otherwise.
pub const DEFAULT_SPEED: f64 = 4.0;
/// The slowest and the fastest that a person may choose.
pub const SPEEDS: (f64, f64) = (0.1, 1_000.0);
/// While nothing is open there is less to read.
const QUIET: f64 = 2.0;
/// Until a cycle has completed there is more to read.
const SLOW_MOTION: f64 = 0.2;
/// How long a milestone stays on the screen, in seconds.
const HOLD: f64 = 3.0;
/// A frame that took longer than this many seconds does not make the next one jump.
const LONGEST_FRAME: f64 = 0.25;

/// What a person may press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// End the demo.
    Quit,
    /// Stop and go.
    Pause,
    /// The next symbol.
    Next,
    /// The symbol before.
    Previous,
    /// Let the demo choose the symbol again.
    Auto,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
}

/// How the demo runs at an instant, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As chosen.
    Usual,
    /// Faster: no cycle is open.
    Quiet,
    /// Slower: the first cycle is open.
    SlowMotion,
    /// Standing still for a moment: something happened for the first time.
    Holding(Milestone),
    /// Standing still: a person asked for it.
    Paused,
}

/// What is worth a moment to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The first cycle completed.
    Cycle,
    /// The first stop was hit.
    Stop,
}

/// A demo being watched.
pub struct Session {
    demo: Demo,
    seed: u64,
    speed: f64,
    paused: bool,
    quit: bool,
    /// The last milestone, and the seconds left to show it.
    hold: Option<(Milestone, f64)>,
    /// Parts of a minute not run yet.
    carry: f64,
    focus: Place,
    chosen: bool,
}

impl Session {
    /// Watches `demo` at `speed` market hours per second.
    #[must_use]
    pub fn new(demo: Demo, seed: u64, speed: f64) -> Self {
        let mut session = Self {
            focus: nearest(&demo),
            demo,
            seed,
            speed: speed.clamp(SPEEDS.0, SPEEDS.1),
            paused: false,
            quit: false,
            hold: None,
            carry: 0.0,
            chosen: false,
        };
        session.refocus();
        session
    }

    /// Lets `elapsed` seconds pass; the market moves as the pace says.
    pub fn advance(&mut self, elapsed: f64) {
        let elapsed = elapsed.clamp(0.0, LONGEST_FRAME);
        let (pace, speed) = (self.pace(), self.hours_per_second());
        if matches!(pace, Pace::Holding(_)) {
            self.hold = self.hold.map(|(what, left)| (what, left - elapsed));
        }
        self.carry += elapsed * speed * 60.0;
        while self.carry >= 1.0 && !self.is_over() {
            self.carry -= 1.0;
            self.demo.minute();
            self.note_milestone();
        }
        self.refocus();
    }

    /// Stands still at the first completed cycle and at the first stop, with it in focus.
    fn note_milestone(&mut self) {
        let seen = self.hold.map(|(what, _)| what);
        let cycles = &self.demo.tally().cycles;
        let next = match seen {
            None => cycles.first().map(|cycle| (Milestone::Cycle, cycle)),
            Some(Milestone::Cycle) => {
                let stopped = cycles.iter().find(|cycle| cycle.reason == FillReason::Stop);
                stopped.map(|cycle| (Milestone::Stop, cycle))
            }
            Some(Milestone::Stop) => None,
        };
        let Some((what, cycle)) = next else { return };
        if !self.chosen {
            self.focus = Place { book: cycle.book, symbol: cycle.symbol };
        }
        self.hold = Some((what, HOLD));
        self.carry = 0.0;
    }

    /// Does what a key asks for. Any key ends the moment at a milestone.
    pub fn press(&mut self, key: Key) {
        self.hold = self.hold.map(|(what, _)| (what, 0.0));
        match key {
            Key::Quit => self.quit = true,
            Key::Pause => self.paused = !self.paused,
            Key::Next => self.turn(1),
            Key::Previous => self.turn(-1),
            Key::Auto => self.chosen = false,
            Key::Faster => self.speed = (self.speed * 2.0).min(SPEEDS.1),
            Key::Slower => self.speed = (self.speed / 2.0).max(SPEEDS.0),
        }
        self.refocus();
    }

    /// How it runs now, and why.
    #[must_use]
    pub fn pace(&self) -> Pace {
        match self.hold {
            _ if self.paused => Pace::Paused,
            Some((what, left)) if left > 0.0 => Pace::Holding(what),
            _ if !any_open(&self.demo) => Pace::Quiet,
            None => Pace::SlowMotion,
            Some(_) => Pace::Usual,
        }
    }

    /// Market hours per second now.
    #[must_use]
    pub fn hours_per_second(&self) -> f64 {
        match self.pace() {
            Pace::Usual => self.speed,
            Pace::Quiet if self.hold.is_none() => self.speed,
            Pace::Quiet => self.speed * QUIET,
            Pace::SlowMotion => self.speed * SLOW_MOTION,
            Pace::Holding(_) | Pace::Paused => 0.0,
        }
    }

    /// True when there is nothing more to watch.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.quit || self.demo.is_over()
    }

    /// The demo, to look at.
    #[must_use]
    pub fn demo(&self) -> &Demo {
        &self.demo
    }

    /// The seed of its prices.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The symbol in focus, and whether a person chose it.
    #[must_use]
    pub fn focus(&self) -> (Place, bool) {
        (self.focus, self.chosen)
    }

    /// Ends the watching.
    #[must_use]
    pub fn into_demo(self) -> Demo {
        self.demo
    }

    fn turn(&mut self, by: isize) {
        let places = places(&self.demo);
        let at = places.iter().position(|place| *place == self.focus).unwrap_or(0);
        let count = isize::try_from(places.len()).unwrap_or(1).max(1);
        let next = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count);
        if let Some(place) = usize::try_from(next).ok().and_then(|next| places.get(next)) {
            self.focus = *place;
            self.chosen = true;
        }
    }

    /// Moves the focus to where something happens, unless a person chose.
    fn refocus(&mut self) {
        if self.chosen || self.is_worth_watching() {
            return;
        }
        self.focus = newest_open(&self.demo).unwrap_or_else(|| nearest(&self.demo));
    }

    /// The cycle in focus is open, or closed a moment ago.
    fn is_worth_watching(&self) -> bool {
        let Place { book, symbol } = self.focus;
        let open = self.demo.engine().lane(book, symbol).is_some_and(|lane| lane.cycle.is_some());
        open || just_closed(&self.demo, self.focus).is_some()
    }
}

/// Every symbol of every book, in the order of the table.
fn places(demo: &Demo) -> Vec<Place> {
    let books = demo.engine().books().iter();
    let of = |book: &gardefou_core::engine::Book| {
        let id = book.id;
        let symbols = book.lanes.iter().map(|lane| lane.symbol);
        symbols.map(|symbol| Place { book: id, symbol }).collect::<Vec<_>>()
    };
    books.flat_map(of).collect()
}

fn any_open(demo: &Demo) -> bool {
    demo.engine().books().iter().flat_map(|book| &book.lanes).any(|lane| lane.cycle.is_some())
}

/// The cycle that opened last.
fn newest_open(demo: &Demo) -> Option<Place> {
    let open = places(demo).into_iter().filter_map(|place| {
        let cycle = demo.engine().lane(place.book, place.symbol)?.cycle.as_ref()?;
        Some((cycle.opened, place))
    });
    open.max_by_key(|(opened, _)| *opened).map(|(_, place)| place)
}

/// The symbol whose next level is nearest; before the first quote, the first symbol.
fn nearest(demo: &Demo) -> Place {
    let distance = |place: &Place| {
        let price = demo.price(place.symbol);
        let lane = demo.engine().lane(place.book, place.symbol)?;
        let rung = rungs(lane, price).into_iter().next()?;
        Some((rung.price - price).0.abs() as f64 / price.0 as f64)
    };
    let all = places(demo);
    let quoted = all.iter().filter_map(|place| Some((distance(place)?, *place)));
    let near = quoted.min_by(|(one, _), (other, _)| one.total_cmp(other));
    let first =
        Place { book: gardefou_core::ids::BookId(0), symbol: gardefou_core::ids::SymbolId(0) };
    near.map(|(_, place)| place).or_else(|| all.first().copied()).unwrap_or(first)
}
