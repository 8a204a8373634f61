//! The exchange's own account: what its record says about every order, every execution, and every
//! moment in which a position had no stop or a level two entries. It is made from the record alone, from its first entry,
//! by an exchange that reports at once; no engine and no store has a part in it.

use std::collections::BTreeMap;
use std::path::Path;

use gardefou_core::command::Command;
use gardefou_core::event::{Ended, Event, Fill, OrderNews, Reject};
use gardefou_core::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Cash, Lots, Ticks};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::walk::Place;
use gardefou_core::venue::prices::Delays;

use super::State;
use super::error::ExchangeError;
use super::record::{self, Entered, Entry, Header};

/// What the record says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// Every order that was asked for, in the order of asking.
    pub orders: Vec<OrderLife>,
    /// Every execution of an order, in its order.
    pub fills: Vec<Fill>,
    /// Every position that the exchange closed by force.
    pub liquidations: Vec<Liquidation>,
    /// Every interval in which a position, or a part of it, had no stop.
    pub bare: Vec<Bare>,
    /// Every pair of entries that were live at once on one level.
    pub doubled: Vec<Doubled>,
    /// What is held at the end.
    pub held: Vec<(BookId, SymbolId, Lots)>,
    /// Wallet balances at the end, by book.
    pub balances: Vec<Cash>,
}

/// The life of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderLife {
    /// Its id.
    pub id: OrderId,
    /// When it was first sent.
    pub asked: Timestamp,
    /// How often it was sent.
    pub times: u32,
    /// When it took effect; none when it never did.
    pub accepted: Option<Timestamp>,
    /// Its executions.
    pub fills: Vec<FillId>,
    /// Executed in total.
    pub filled: Lots,
    /// When and why it ended without (further) execution.
    pub ended: Option<(Timestamp, Ended)>,
    /// Refusals of it, and of changes and cancels.
    pub refusals: Vec<(Timestamp, Reject)>,
}

/// A position that was closed by force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidation {
    /// Whose.
    pub book: BookId,
    /// Which symbol.
    pub symbol: SymbolId,
    /// The execution.
    pub fill: FillId,
    /// When.
    pub at: Timestamp,
    /// At what price.
    pub price: Ticks,
    /// How much.
    pub lots: Lots,
}

/// An interval without a stop: neither a stop order nor one that travelled with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// Whose.
    pub book: BookId,
    /// Which symbol.
    pub symbol: SymbolId,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none when it lasts.
    pub until: Option<Timestamp>,
    /// The most that was without.
    pub lots: Lots,
}

/// Two live entries of one wallet, symbol, side and level: one of them is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubled {
    /// Since when.
    pub at: Timestamp,
    /// The one that was there.
    pub first: OrderId,
    /// The one that came.
    pub second: OrderId,
}

impl Bare {
    /// How long it lasted, at `now` if it still does.
    #[must_use]
    pub fn length(&self, now: Timestamp) -> Span {
        self.until.unwrap_or(now) - self.from
    }
}

impl Audit {
    /// Intervals without a stop that were longer than a deadline, at `now`.
    pub fn bare_beyond(&self, deadline: Span, now: Timestamp) -> impl Iterator<Item = &Bare> {
        self.bare.iter().filter(move |bare| bare.length(now) > deadline)
    }

    /// The life of an order.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<&OrderLife> {
        self.orders.iter().find(|order| order.id == id)
    }
}

/// Accounts for everything in a record up to `until`.
///
/// # Errors
/// The record cannot be read.
pub fn audit(path: &Path, until: Timestamp) -> Result<Audit, ExchangeError> {
    let mut auditor = record::read(path, Auditor::new, Auditor::enter)?;
    auditor.hear(until);
    Ok(auditor.close())
}

/// Hears everything at once, and looks at the position after each fact.
struct Auditor {
    state: State,
    audit: Audit,
    places: BTreeMap<OrderId, usize>,
    /// By book and symbol: where its open interval stands.
    open: BTreeMap<(BookId, SymbolId), usize>,
}

impl Auditor {
    fn new(mut header: Header) -> Self {
        let Delays { request, visibility, .. } = header.settings.delays;
        header.settings.delays = Delays { request, visibility, ..Delays::default() };
        Self {
            state: State::new(&header),
            audit: Audit::default(),
            places: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    fn enter(&mut self, entry: Entry) {
        self.hear(entry.at);
        if let Entered::Command(Command::Place(order)) = &entry.what {
            self.asked(entry.at, order.id);
        }
        if let Entered::Command(Command::PlaceStop { id, .. }) = &entry.what {
            self.asked(entry.at, *id);
        }
        self.state.enter(entry);
    }

    fn asked(&mut self, at: Timestamp, id: OrderId) {
        let life = self.life(id, at);
        life.times += 1;
    }

    /// The life of an order; one that the exchange made by itself begins when it is heard of.
    fn life(&mut self, id: OrderId, at: Timestamp) -> &mut OrderLife {
        let orders = &mut self.audit.orders;
        let place = *self.places.entry(id).or_insert(orders.len());
        if place == orders.len() {
            orders.push(OrderLife {
                id,
                asked: at,
                times: 0,
                accepted: None,
                fills: Vec::new(),
                filled: Lots::ZERO,
                ended: None,
                refusals: Vec::new(),
            });
        }
        &mut orders[place]
    }

    /// Everything that happens by an instant, fact by fact.
    fn hear(&mut self, until: Timestamp) {
        while let Some(due) = self.state.next_due().filter(|&due| due <= until) {
            while let Some((at, event)) = self.state.take_due(due) {
                if let Some(place) = self.note(at, &event) {
                    self.look(at, place);
                }
            }
        }
    }

    /// Notes a fact; the answer is whose position it may have changed.
    fn note(&mut self, at: Timestamp, event: &Event) -> Option<Place> {
        if let &Event::PositionLiquidated { book, symbol, fill, at, price, lots, .. } = event {
            self.audit.liquidations.push(Liquidation { book, symbol, fill, at, price, lots });
            return Some(Place { book, symbol });
        }
        let (id, news) = event.order_news()?;
        match news {
            OrderNews::Accepted { .. } => {
                self.life(id, at).accepted.get_or_insert(at);
            }
            OrderNews::Rejected(why) => self.life(id, at).refusals.push((at, why)),
            OrderNews::Filled(fill) => {
                let life = self.life(id, at);
                // An answer to a question tells it again.
                if !life.fills.contains(&fill.fill) {
                    life.fills.push(fill.fill);
                    life.filled += fill.lots;
                    self.audit.fills.push(*fill);
                }
            }
            OrderNews::Canceled { why, .. } => {
                self.life(id, at).ended.get_or_insert((at, why));
            }
            OrderNews::Unconfirmed | OrderNews::NotFound => return None,
        }
        Some(place_of(id))
    }

    /// Looks for a second entry on a level; begins, deepens or ends an interval without a stop.
    fn look(&mut self, at: Timestamp, place: Place) {
        let Place { book, symbol } = place;
        let Some(desk) = self.state.venue().desk(place) else { return };
        let entries = || desk.orders.iter().filter(|order| order.id.kind == OrderKind::Entry);
        if let Some(second) = entries().next_back().map(|order| order.id)
            && let Some(first) = entries().map(|order| order.id).find(|first| {
                *first != second
                    && (first.direction, first.level) == (second.direction, second.level)
            })
            && !self
                .audit
                .doubled
                .iter()
                .any(|known| (known.first, known.second) == (first, second))
        {
            self.audit.doubled.push(Doubled { at, first, second });
        }
        let lots = if desk.preset.is_some() { Lots::ZERO } else { desk.uncovered() };
        let key = (book, symbol);
        if !lots.is_positive() {
            if let Some(bare) = self.open.remove(&key).and_then(|i| self.audit.bare.get_mut(i)) {
                bare.until = Some(at);
            }
            return;
        }
        let place = *self.open.entry(key).or_insert(self.audit.bare.len());
        match self.audit.bare.get_mut(place) {
            Some(bare) => bare.lots = bare.lots.max(lots),
            None => self.audit.bare.push(Bare { book, symbol, from: at, until: None, lots }),
        }
    }

    fn close(mut self) -> Audit {
        let venue = self.state.venue();
        let books = (0..u16::MAX).map(BookId);
        self.audit.balances = books.map_while(|book| venue.balance(book)).collect();
        for book in 0..self.audit.balances.len() {
            let book = BookId(book as u16);
            let symbols = (0..u16::MAX).map(SymbolId);
            let desks =
                symbols.map_while(|symbol| Some((symbol, venue.desk(Place { book, symbol })?)));
            let held = desks.filter_map(|(symbol, desk)| Some((book, symbol, desk.position?.lots)));
            self.audit.held.extend(held);
        }
        // Nothing lasts no time.
        self.audit.bare.retain(|bare| bare.until != Some(bare.from));
        self.audit
    }
}

fn place_of(id: OrderId) -> Place {
    Place { book: id.book, symbol: id.symbol }
}
