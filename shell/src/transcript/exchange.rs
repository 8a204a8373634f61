//! What may carry out commands in place of the transcript's author. Anything that speaks
//! [`Exchange`] can be attached; the simulated venues of the core are wrapped here: the one on
//! bars below, the one on prices in [`prices`].

mod order;
mod prices;

use std::collections::VecDeque;

use gardefou_core::command::Command;
use gardefou_core::config::{EngineConfig, EntryOrder, LEVELS_MAX};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Ended, Event, Fill};
use gardefou_core::ids::{BookId, FillId, OrderId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Fraction, Lots, Ticks};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::walk::{Place, Rungs, Touch, Trader};
use gardefou_core::venue::bars::{BarVenue, Path};
use gardefou_core::venue::prices::Print;

use super::orders::Orders;
use super::stage::Stage;
pub(super) use order::attach;
use prices::OnPrices;

/// An exchange that a transcript can attach. Time enters as an argument; what it has to say is
/// asked for with [`Exchange::next`] after every command and at every [`Exchange::due`].
pub(super) trait Exchange {
    /// Receives a command.
    fn take(&mut self, now: Timestamp, command: &Command);

    /// The next thing that it says by `now`.
    fn next(&mut self, now: Timestamp) -> Option<Event>;

    /// When it will say something by itself.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Learns of an execution that the author of the transcript told.
    fn learn(&mut self, _fill: &Fill) {}

    /// The market trades. True when the price itself comes out of [`Exchange::next`] too.
    fn print(&mut self, _now: Timestamp, _symbol: SymbolId, _print: Print) -> bool {
        false
    }

    /// Bars of one open time, before the engine is told that they closed.
    fn bars(&mut self, _stage: &mut Stage, _bars: &[(SymbolId, Bar)], _span: Span) {}

    /// Settles funding on what is held.
    fn fund(&mut self, _at: Timestamp, _symbol: SymbolId, _rate: Fraction, _price: Ticks) {}

    /// Money comes into a wallet or leaves it. True when the news comes out of [`Exchange::next`].
    fn move_money(&mut self, _now: Timestamp, _book: BookId, _amount: Cash) -> bool {
        false
    }

    /// The process that it talked to is gone.
    fn hang_up(&mut self) {}

    /// In what its own records differ from the books.
    fn differences(&self, _engine: &Engine, _orders: &Orders) -> Vec<String> {
        Vec::new()
    }

    /// The exchange on prices, which takes orders of the author.
    fn prices(&mut self) -> Option<&mut OnPrices> {
        None
    }
}

/// Accepts every order and confirms every cancel at once; fills stay with the author.
#[derive(Default)]
pub(super) struct Agreeing {
    filled: Vec<(OrderId, FillId, Lots)>,
    queue: VecDeque<Event>,
}

impl Exchange for Agreeing {
    fn take(&mut self, _now: Timestamp, command: &Command) {
        let event = match *command {
            Command::Place(order) => {
                let price = order.limit.unwrap_or(Ticks::ZERO);
                Event::OrderAccepted { id: order.id, price, lots: order.lots }
            }
            Command::Amend { id, price, lots } => Event::OrderAccepted { id, price, lots },
            Command::PlaceStop { id, trigger, lots } | Command::AmendStop { id, trigger, lots } => {
                Event::OrderAccepted { id, price: trigger, lots }
            }
            Command::Cancel { id } => {
                let filled = self.filled.iter().filter(|(order, ..)| *order == id);
                let filled = filled.map(|(.., lots)| *lots).sum();
                Event::OrderCanceled { id, filled, why: Ended::Requested }
            }
            Command::Query { .. }
            | Command::FetchBars { .. }
            | Command::SetLeverage { .. }
            | Command::QueryAccount { .. } => {
                return;
            }
        };
        self.queue.push_back(event);
    }

    fn learn(&mut self, fill: &Fill) {
        if !self.filled.iter().any(|(_, seen, _)| *seen == fill.fill) {
            self.filled.push((fill.id, fill.fill, fill.lots));
        }
    }

    fn next(&mut self, _now: Timestamp) -> Option<Event> {
        self.queue.pop_front()
    }
}

/// The bar venue of the core, for some of the books.
pub(super) struct OnBars {
    venue: BarVenue,
    books: Vec<BookId>,
}

impl OnBars {
    pub(super) fn new(config: &EngineConfig, path: Path, books: Vec<BookId>) -> Self {
        Self { venue: BarVenue::new(config, path), books }
    }

    fn places(&self, stage: &Stage, symbol: SymbolId) -> Vec<Place> {
        let trades = |book: &BookId| stage.engine.lane(*book, symbol).is_some();
        self.books.iter().copied().filter(trades).map(|book| Place { book, symbol }).collect()
    }
}

/// The book whose wallet a command concerns.
fn owner(command: &Command) -> Option<BookId> {
    if let Command::SetLeverage { book, .. } | Command::QueryAccount { book, .. } = command {
        return Some(*book);
    }
    command.order().map(|id| id.book)
}

impl Exchange for OnBars {
    fn take(&mut self, _now: Timestamp, command: &Command) {
        if owner(command).is_some_and(|book| self.books.contains(&book)) {
            self.venue.carry_out(command);
        }
    }

    fn next(&mut self, _now: Timestamp) -> Option<Event> {
        self.venue.next_event()
    }

    fn bars(&mut self, stage: &mut Stage, bars: &[(SymbolId, Bar)], span: Span) {
        // What happened inside the bars happened before they closed.
        stage.now = bars.iter().map(|(_, bar)| bar.at).min().unwrap_or(stage.now);
        let places: Vec<Vec<Place>> = bars.iter().map(|(s, _)| self.places(stage, *s)).collect();
        for (at_close, (index, (_, bar))) in [false, true]
            .into_iter()
            .flat_map(|at_close| bars.iter().enumerate().map(move |bar| (at_close, bar)))
        {
            for &place in &places[index] {
                let mut listener = Listener { stage: &mut *stage, books: self.books.clone() };
                if at_close {
                    let at = bar.at + span - Span(1);
                    self.venue.path(&mut listener, place, bar, at);
                } else {
                    self.venue.open(&mut listener, place, bar);
                }
            }
        }
    }

    fn fund(&mut self, at: Timestamp, symbol: SymbolId, rate: Fraction, price: Ticks) {
        for book in self.books.clone() {
            self.venue.fund(book, symbol, at, rate, price);
        }
    }
}

/// The engine as the bar venue sees it while it matches.
struct Listener<'a> {
    stage: &'a mut Stage,
    books: Vec<BookId>,
}

impl Listener<'_> {
    fn tell(&mut self, venue: &mut BarVenue, now: Timestamp, event: &Event) {
        self.stage.now = self.stage.now.max(now);
        for command in self.stage.hear(event) {
            if owner(&command).is_some_and(|book| self.books.contains(&book)) {
                venue.carry_out(&command);
            }
        }
    }
}

impl Trader for Listener<'_> {
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

    fn rungs(&self, place: Place) -> Option<Rungs> {
        if self.stage.config.entry_order != EntryOrder::Market {
            return None;
        }
        let lane = self.stage.engine.lane(place.book, place.symbol)?;
        let mut rungs = [[None; LEVELS_MAX]; 2];
        for (side, quotes) in rungs.iter_mut().zip(&lane.wanted) {
            for (rung, quote) in side.iter_mut().zip(quotes) {
                *rung = quote.map(|quote| (quote.price, quote.fresh));
            }
        }
        Some(rungs)
    }
}
