//! The symbol in focus: the prices that matter to it, and what happens next and why.

use gardefou_core::config::Params;
use gardefou_core::executor::Lane;
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::{Direction, Lots, Ticks};
use gardefou_core::notice::{CycleResult, Notice};
use gardefou_core::risk::Refusal;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::walk::Place;

use super::market::{Demo, HOUR};
use super::tally::lane_unrealised;
use super::view::Tone;
use crate::words::{self, numbers};

/// A closed cycle is shown for this long.
const LINGER: Span = Span::hours(2);

/// What a line in the chart stands for, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineKind {
    /// The last price.
    Price,
    /// Where the cycle closes with its result; while flat, where it would.
    Target,
    /// The average entry of an open cycle.
    Average,
    /// Where the cycle is given up.
    Stop,
    /// A resting entry.
    Level,
}

/// A price with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it stands for.
    pub kind: LineKind,
    /// Where it lies.
    pub price: Ticks,
    /// `level L1`.
    pub name: String,
    /// `58,120.0`.
    pub figure: String,
    /// How far from the last price: `-1.30 %`.
    pub distance: String,
    /// Quantity of a resting entry: `0.0121 BTC`.
    pub quantity: Option<String>,
}

/// Everything shown of one symbol.
#[derive(Clone, Debug)]
pub struct Focus {
    /// `BTC/USDT  grid_atr`.
    pub title: String,
    /// `long, 2 of 4 levels filled`.
    pub state: String,
    /// The open cycle's result so far, when there is one: `-3.21 USDT`.
    pub unrealised: Option<(String, bool)>,
    /// Hours, oldest first.
    pub candles: Vec<Bar>,
    /// Lines from the highest price to the lowest.
    pub lines: Vec<Line>,
    /// Executions of the cycle that is open or closed a moment ago.
    pub marks: Vec<Mark>,
    /// What happens next, and why: two sentences. After a cycle closed, the first is its result.
    pub next: [(String, Tone); 2],
}

/// An execution in the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// At what price.
    pub price: Ticks,
    /// Bought, or sold.
    pub buys: bool,
}

/// A resting entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Side.
    pub direction: Direction,
    /// From 0, the one nearest to the market.
    pub level: u8,
    /// Limit price.
    pub price: Ticks,
    /// Quantity left.
    pub lots: Lots,
}

impl Rung {
    /// `L0`, `S2`.
    #[must_use]
    pub fn name(&self) -> String {
        words::level(self.direction, self.level)
    }
}

/// Resting entries, nearest to `price` first.
#[must_use]
pub fn rungs(lane: &Lane, price: Ticks) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = Vec::new();
    for direction in Direction::BOTH {
        for (level, quote) in (0..).zip(lane.entries.standing(direction)) {
            rungs.extend(quote.map(|quote| Rung {
                direction,
                level,
                price: quote.price,
                lots: quote.lots,
            }));
        }
    }
    rungs.sort_by_key(|rung| ((rung.price - price).0.abs(), rung.level));
    rungs
}

/// The symbol at a place; none when the place does not exist. `hours` of chart at most.
#[must_use]
pub fn focus(demo: &Demo, place: Place, hours: usize) -> Option<Focus> {
    let engine = demo.engine();
    let lane = engine.lane(place.book, place.symbol)?;
    let instrument = engine.config().instrument(place.symbol)?;
    let book = words::book_name(engine.config(), place.book);
    let scene = Scene { demo, place, lane, instrument, price: demo.price(place.symbol) };
    let unrealised = lane.cycle.as_ref().map(|_| {
        let result = lane_unrealised(lane, scene.price);
        (numbers::signed_usdt(result), result.0 >= 0)
    });
    Some(Focus {
        title: format!("{}  {book}", words::pair(engine.config(), place.symbol)),
        state: state(lane),
        unrealised,
        candles: demo.candles(place.symbol, hours),
        lines: scene.lines(),
        marks: scene.marks(),
        next: scene.sentences(),
    })
}

/// The last cycle of a symbol while it is flat and that is a moment ago.
#[must_use]
pub fn just_closed(demo: &Demo, place: Place) -> Option<&CycleResult> {
    let lane = demo.engine().lane(place.book, place.symbol)?;
    let mut closed = demo.tally().cycles.iter().rev();
    let last = closed.find(|cycle| cycle.book == place.book && cycle.symbol == place.symbol)?;
    (lane.cycle.is_none() && (demo.now() - last.closed).0 < LINGER.0).then_some(last)
}

/// `long, 2 of 4 levels filled`.
fn state(lane: &Lane) -> String {
    match &lane.cycle {
        Some(cycle) => format!(
            "{}, {} of {} levels filled",
            side(cycle.direction),
            cycle.levels_filled(),
            lane.params.levels()
        ),
        None if lane.has_entries() => "flat, ladder quoted".to_owned(),
        None => "flat".to_owned(),
    }
}

/// `long` or `short`.
#[must_use]
pub fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
    }
}

/// What sentences and lines are made from.
struct Scene<'a> {
    demo: &'a Demo,
    place: Place,
    lane: &'a Lane,
    instrument: &'a Instrument,
    price: Ticks,
}

impl Scene<'_> {
    fn lines(&self) -> Vec<Line> {
        let mut lines = vec![self.line(LineKind::Price, self.price, "price".to_owned(), None)];
        if let Some(target) = self.target() {
            lines.push(self.line(LineKind::Target, target, "target".to_owned(), None));
        }
        if let Some(cycle) = &self.lane.cycle {
            let average = Ticks(cycle.basis.average(self.lane.terms.value).round() as i64);
            let name = "entry avg".to_owned();
            lines.push(self.line(LineKind::Average, average, name, Some(cycle.basis.lots)));
        }
        if let Some(stop) = self.lane.protection.trigger() {
            lines.push(self.line(LineKind::Stop, stop, "stop".to_owned(), None));
        }
        for rung in rungs(self.lane, self.price) {
            let name = format!("level {}", rung.name());
            lines.push(self.line(LineKind::Level, rung.price, name, Some(rung.lots)));
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.price));
        lines
    }

    /// Executions of the cycle that is shown.
    fn marks(&self) -> Vec<Mark> {
        let open = self.lane.cycle.as_ref().map(|cycle| (cycle.number, cycle.opened));
        let closed = just_closed(self.demo, self.place).map(|cycle| (cycle.cycle, cycle.opened));
        let Some((number, opened)) = open.or(closed) else { return Vec::new() };
        let told = self.demo.notices().iter().rev();
        told.take_while(|(now, _)| *now >= opened)
            .filter_map(|(_, notice)| match notice {
                Notice::Filled { fill, cycle, .. } if *cycle == number => Some(fill),
                Notice::Filled { .. }
                | Notice::Funded { .. }
                | Notice::CycleClosed(_)
                | Notice::Refused { .. }
                | Notice::SwitchTripped { .. }
                | Notice::SwitchReleased { .. }
                | Notice::Paused { .. }
                | Notice::Resumed { .. }
                | Notice::Unprotected { .. }
                | Notice::Anomaly { .. }
                | Notice::Reconciled(_)
                | Notice::Readiness { .. } => None,
            })
            .filter(|fill| fill.id.book == self.place.book && fill.id.symbol == self.place.symbol)
            .map(|fill| Mark { at: fill.at, price: fill.price, buys: fill.id.buys() })
            .collect()
    }

    fn sentences(&self) -> [(String, Tone); 2] {
        match just_closed(self.demo, self.place) {
            Some(result) => {
                let text = words::notice(
                    self.demo.engine().config(),
                    &Notice::CycleClosed(result.clone()),
                );
                [(text, Tone::of(result.net)), (self.next(), Tone::Plain)]
            }
            None => [(self.next(), Tone::Plain), (self.afterwards(), Tone::Plain)],
        }
    }

    fn line(&self, kind: LineKind, price: Ticks, name: String, lots: Option<Lots>) -> Line {
        Line {
            kind,
            price,
            name,
            figure: numbers::price(self.instrument, price),
            distance: numbers::distance(self.price, price),
            quantity: lots.map(|lots| numbers::quantity(self.instrument, lots)),
        }
    }

    /// The resting target; while flat with a ladder, the average that would become it.
    fn target(&self) -> Option<Ticks> {
        let resting = self.lane.target.map(|target| target.price);
        let average = || {
            let quoted = self.lane.has_entries() && matches!(self.lane.params, Params::Grid(_));
            let view = self.lane.runner.view().filter(|_| quoted)?;
            Some(view.mean.up())
        };
        resting.or_else(average)
    }

    /// The first sentence.
    fn next(&self) -> String {
        match (rungs(self.lane, self.price).first(), &self.lane.cycle) {
            (Some(rung), _) => self.next_rung(rung),
            (None, Some(_)) => "next: no further level rests; target or stop ends it".to_owned(),
            (None, None) => self.why_nothing(),
        }
    }

    fn next_rung(&self, rung: &Rung) -> String {
        let verb = match rung.direction {
            Direction::Long => "buys",
            Direction::Short => "sells",
        };
        let moves = if rung.price < self.price { "falls" } else { "rises" };
        format!(
            "next: level {} {verb} {} if the price {moves} {} to {}",
            rung.name(),
            numbers::quantity(self.instrument, rung.lots),
            numbers::distance_size(self.price, rung.price),
            numbers::price(self.instrument, rung.price)
        )
    }

    fn why_nothing(&self) -> String {
        if let Some(end) = cooldown(self.demo, self.lane) {
            let end = numbers::minute(end);
            return format!("nothing is quoted: cooldown until the close at {end} UTC");
        }
        match refused(self.demo, self.place, self.lane) {
            Some((_, refusal)) => format!("nothing is quoted: {}", words::refusal(&refusal)),
            None => "nothing is quoted: the next hour's close decides".to_owned(),
        }
    }

    /// The second sentence.
    fn afterwards(&self) -> String {
        let (stop, at) = (self.lane.protection.trigger(), |price| {
            let distance = numbers::distance(self.price, price);
            format!("{} ({distance})", numbers::price(self.instrument, price))
        });
        match (self.target(), stop, &self.lane.cycle) {
            (Some(target), Some(stop), Some(_)) => {
                let why = self.target_follows();
                format!("target {} {why}; stop {}", at(target), at(stop))
            }
            (Some(target), _, None) => format!(
                "then target {}, {}; stop {} from the entry",
                at(target),
                self.target_is(),
                numbers::percent(self.lane.params.stop_loss())
            ),
            (_, Some(stop), Some(_)) => format!("stop {}", at(stop)),
            (None, _, _) | (Some(_), None, Some(_)) => self.since(),
        }
    }

    fn target_follows(&self) -> String {
        match &self.lane.params {
            Params::Grid(p) => format!("follows the {}-hour average", p.ma_period),
            Params::Mono(_) => "is fixed".to_owned(),
        }
    }

    fn target_is(&self) -> String {
        match &self.lane.params {
            Params::Grid(p) => format!("the {}-hour average", p.ma_period),
            Params::Mono(_) => "fixed at the entry".to_owned(),
        }
    }

    fn since(&self) -> String {
        match refused(self.demo, self.place, self.lane) {
            Some((at, _)) => {
                format!("so since {} UTC; each hour's close decides anew", numbers::minute(at))
            }
            None => String::new(),
        }
    }
}

/// The close that may quote again, while a symbol cools down.
#[must_use]
pub fn cooldown(demo: &Demo, lane: &Lane) -> Option<Timestamp> {
    let end = lane.cooldown_until? + HOUR;
    (lane.cycle.is_none() && demo.now() < end).then_some(end)
}

/// What was refused at the last close, with the numbers of the close that said so first.
#[must_use]
pub fn refused(demo: &Demo, place: Place, lane: &Lane) -> Option<(Timestamp, Refusal)> {
    let told = lane.told?;
    let last = demo.tally().refusals.get(&(place.book, place.symbol));
    last.filter(|(_, refusal)| refusal.kind() == told).copied()
}
