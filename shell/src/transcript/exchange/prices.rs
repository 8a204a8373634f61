//! The simulated exchange on prices: a venue of the core, the gateway before it, and the faults
//! that the author of a transcript ordains.
//!
//! The gateway is that of the live driver: a request whose answer does not come in time is told
//! as an unknown outcome. The venue itself does nothing by chance and nothing out of spite.

use gardefou_core::command::Command;
use gardefou_core::config::EngineConfig;
use gardefou_core::engine::{Book, Engine};
use gardefou_core::event::{Event, Reject};
use gardefou_core::executor::Lane;
use gardefou_core::ids::{BookId, OrderId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Direction, Fraction, Lots, Ticks};
use gardefou_core::reconcile::{AccountSnapshot, Failure, Part, PartName};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::walk::Place;
use gardefou_core::venue::delay::DelayQueue;
use gardefou_core::venue::prices::{PriceVenue, Print, Settings};

use super::{Exchange, owner};
use crate::transcript::orders::{Name, Orders};
use crate::transcript::say::quantity;
use crate::transcript::stage::Stage;
use crate::transcript::values::usdt;

/// How long the answer to a request is awaited.
const PATIENCE: Span = Span::seconds(3);

/// Something that goes wrong with orders of a name, a number of times.
pub(super) struct Mishap {
    pub(super) name: Name,
    pub(super) message: Message,
    pub(super) left: u32,
}

/// Something that goes wrong with what an account is said to hold, a number of times.
pub(super) struct Misstatement {
    pub(super) book: BookId,
    pub(super) part: PartName,
    pub(super) empty: bool,
    pub(super) left: u32,
}

/// A message that does not arrive, or a request that comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// The request is refused before it reaches the book of orders.
    Refused(Reject),
    /// The request is lost.
    Request,
    /// It took effect, and the answer is lost.
    Answer,
    /// The report of an execution is lost.
    Fill,
}

/// The price venue of the core, for some of the books.
pub(in crate::transcript) struct OnPrices {
    venue: PriceVenue,
    books: Vec<BookId>,
    mishaps: Vec<Mishap>,
    misstatements: Vec<Misstatement>,
    /// Answers that are awaited, until when.
    awaited: DelayQueue<OrderId>,
    /// Refusals on their way back.
    refusals: DelayQueue<Event>,
}

impl OnPrices {
    /// A venue at whose markets the last closes were traded.
    pub(super) fn new(stage: &Stage, settings: Settings, books: Vec<BookId>) -> Self {
        let config: &EngineConfig = &stage.config;
        let mut venue = PriceVenue::new(config, settings);
        for (symbol, last) in (0..).map(SymbolId).zip(&stage.last) {
            if let Some(bar) = last {
                venue.price(stage.now, symbol, bar.close, bar.close);
            }
        }
        let (awaited, refusals) = (DelayQueue::default(), DelayQueue::default());
        let (mishaps, misstatements) = (Vec::new(), Vec::new());
        Self { venue, books, mishaps, misstatements, awaited, refusals }
    }

    pub(super) fn settings(&self) -> &Settings {
        self.venue.settings()
    }

    pub(super) fn behave(&mut self, settings: Settings) {
        self.venue.set_settings(settings);
    }

    pub(super) fn ordain(&mut self, mishap: Mishap) {
        self.mishaps.push(mishap);
    }

    pub(super) fn misstate(&mut self, misstatement: Misstatement) {
        self.misstatements.push(misstatement);
    }

    /// An account as it is said to be.
    fn stated(&mut self, snapshot: &mut AccountSnapshot) {
        let book = snapshot.book;
        let due = self.misstatements.iter_mut().filter(|m| m.left > 0 && m.book == book);
        for misstatement in due {
            misstatement.left -= 1;
            misstate(snapshot, misstatement.part, misstatement.empty);
        }
    }

    pub(super) fn venue_mut(&mut self) -> &mut PriceVenue {
        &mut self.venue
    }

    /// What happens to this message; what was ordained first comes first, and is used up.
    fn fate(&mut self, id: OrderId, concerns: impl Fn(Message) -> bool) -> Option<Message> {
        let name = Name::of(id);
        let meets = |m: &&mut Mishap| m.left > 0 && m.name == name && concerns(m.message);
        let mishap = self.mishaps.iter_mut().find(meets)?;
        mishap.left -= 1;
        Some(mishap.message)
    }

    /// An event as it reaches the trader, if it does.
    fn delivered(&mut self, mut event: Event) -> Option<Event> {
        if let Event::AccountSeen(snapshot) = &mut event {
            self.stated(snapshot);
        }
        if let Event::OrderAccepted { id, .. }
        | Event::OrderRejected { id, .. }
        | Event::OrderCanceled { id, .. } = event
        {
            if self.fate(id, |message| message == Message::Answer).is_some() {
                return None;
            }
            self.awaited.recall(|awaited| *awaited == id);
        }
        if let Event::OrderFilled(fill) = event
            && self.fate(fill.id, |message| message == Message::Fill).is_some()
        {
            return None;
        }
        Some(event)
    }

    /// One thing that is due at `at`; none when it concerns the exchange alone.
    fn take_due(&mut self, at: Timestamp) -> Option<Event> {
        if self.venue.next_due() == Some(at) {
            let (_, event) = self.venue.take_due(at)?;
            self.delivered(event)
        } else if self.refusals.next_due() == Some(at) {
            let (_, event) = self.refusals.take_due(at)?;
            self.delivered(event)
        } else {
            let (_, id) = self.awaited.take_due(at)?;
            Some(Event::OrderUnconfirmed { id })
        }
    }

    /// What a wallet holds on a symbol: above zero for a long.
    fn held(&self, place: Place) -> Lots {
        let position = self.venue.desk(place).and_then(|desk| desk.position);
        position.map_or(Lots::ZERO, |held| signed(held.direction, held.lots))
    }

    fn compare(&self, book: &Book, lane: &Lane, orders: &Orders) -> Option<String> {
        let place = Place { book: book.id, symbol: lane.symbol };
        let name = orders.place(place.book, place.symbol);
        let (theirs, cycle) = (self.held(place), lane.cycle.as_ref());
        let ours = cycle.map_or(Lots::ZERO, |c| signed(c.direction, c.basis.lots));
        if theirs != ours {
            let [theirs, ours] = [theirs, ours].map(|lots| quantity(orders, lane.symbol, lots));
            return Some(format!("{name}: the exchange holds {theirs}, the book {ours}"));
        }
        let bare = self.venue.desk(place).map_or(Lots::ZERO, |desk| desk.uncovered());
        bare.is_positive().then(|| {
            format!("{name}: {} without a stop order", quantity(orders, lane.symbol, bare))
        })
    }
}

fn signed(direction: Direction, lots: Lots) -> Lots {
    Lots(lots.0 * direction.sign())
}

impl Exchange for OnPrices {
    fn take(&mut self, now: Timestamp, command: &Command) {
        if !owner(command).is_some_and(|book| self.books.contains(&book)) {
            return;
        }
        let Some(id) = command.awaits() else { return self.venue.handle(now, command) };
        self.awaited.push(now + PATIENCE, id);
        let before = |message| matches!(message, Message::Refused(_) | Message::Request);
        match self.fate(id, before) {
            None => self.venue.handle(now, command),
            Some(Message::Refused(why)) => {
                let delays = self.settings().delays;
                let at = now + delays.request + delays.answer;
                self.refusals.push(at, Event::OrderRejected { id, why });
            }
            Some(Message::Request | Message::Answer | Message::Fill) => {}
        }
    }

    fn next(&mut self, now: Timestamp) -> Option<Event> {
        while let Some(at) = self.due().filter(|&at| at <= now) {
            if let Some(event) = self.take_due(at) {
                return Some(event);
            }
        }
        None
    }

    fn due(&self) -> Option<Timestamp> {
        let sources = [self.venue.next_due(), self.refusals.next_due(), self.awaited.next_due()];
        sources.into_iter().flatten().min()
    }

    fn hang_up(&mut self) {
        self.awaited = DelayQueue::default();
        self.refusals = DelayQueue::default();
    }

    fn print(&mut self, now: Timestamp, symbol: SymbolId, print: Print) -> bool {
        self.venue.print(now, symbol, print);
        true
    }

    /// A bar that closes elsewhere than where the market stands trades there first.
    fn bars(&mut self, stage: &mut Stage, bars: &[(SymbolId, Bar)], _span: Span) {
        for (symbol, bar) in bars {
            let last = stage.last[usize::from(symbol.0)];
            let newest = last.is_none_or(|last| last.at < bar.at);
            let seen = self.venue.market(*symbol).and_then(|market| market.seen);
            if newest && seen.is_none_or(|seen| seen.last != bar.close) {
                self.venue.price(stage.now, *symbol, bar.close, bar.close);
            }
        }
    }

    fn fund(&mut self, at: Timestamp, symbol: SymbolId, rate: Fraction, price: Ticks) {
        self.venue.settle(at, symbol, rate, price);
    }

    fn move_money(&mut self, now: Timestamp, book: BookId, amount: Cash) -> bool {
        let ours = self.books.contains(&book);
        if ours {
            self.venue.deposit(now, book, amount);
        }
        ours
    }

    /// Wallets, positions and stop orders. While messages are under way they may differ.
    fn differences(&self, engine: &Engine, orders: &Orders) -> Vec<String> {
        let mut found = Vec::new();
        if self.venue.next_due().is_some() {
            return found;
        }
        for book in engine.books().iter().filter(|book| self.books.contains(&book.id)) {
            let (name, ours) = (orders.book(book.id), book.wallet.balance);
            let theirs = self.venue.balance(book.id).unwrap_or_default();
            if theirs != ours {
                let [theirs, ours] = [theirs, ours].map(usdt);
                found.push(format!("{name}: the exchange has {theirs}, the book {ours}"));
            }
            found.extend(book.lanes.iter().filter_map(|lane| self.compare(book, lane, orders)));
        }
        found
    }

    fn prices(&mut self) -> Option<&mut OnPrices> {
        Some(self)
    }
}

/// A part fails, or is empty by mistake.
fn misstate(snapshot: &mut AccountSnapshot, part: PartName, empty: bool) {
    fn list<T>(part: &mut Part<Vec<T>>, empty: bool) {
        *part = if empty { Part::Known(Vec::new()) } else { Part::Failed(Failure::NoAnswer) };
    }
    match part {
        PartName::Positions => list(&mut snapshot.positions, empty),
        PartName::Orders => list(&mut snapshot.orders, empty),
        PartName::Triggers => list(&mut snapshot.triggers, empty),
        PartName::Fills => list(&mut snapshot.fills, empty),
        PartName::Funding => list(&mut snapshot.funding, empty),
        PartName::Settings => list(&mut snapshot.settings, empty),
        PartName::Balance => snapshot.balance = Part::Failed(Failure::NoAnswer),
    }
}
