//! Every order that the engine has asked for, so that a transcript can name it without its id:
//! `BTCUSDT L0`, `BTCUSDT S1`, `BTCUSDT target`, `BTCUSDT stop`, `BTCUSDT close`, and `#2` for
//! the second one of its kind.

use gardefou_core::command::Command;
use gardefou_core::config::{EngineConfig, Mode};
use gardefou_core::event::{Event, Fill, OrderNews};
use gardefou_core::ids::{BookId, OrderId, OrderKind, SymbolId};
use gardefou_core::market::Instrument;
use gardefou_core::money::{Direction, Lots, Ticks};

/// An order as the exchange would see it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) id: OrderId,
    /// 1 for the first of its name.
    pub(super) instance: usize,
    /// Limit price or trigger; none at market.
    pub(super) price: Option<Ticks>,
    pub(super) lots: Lots,
    pub(super) fills: Vec<Fill>,
    /// What was asked for and not answered.
    pub(super) asked: Option<Asked>,
    /// The exchange said that it ended, or that there is none.
    pub(super) ended: bool,
}

/// What the exchange has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Place,
    Amend,
    Cancel,
}

impl Order {
    pub(super) fn filled(&self) -> Lots {
        self.fills.iter().map(|fill| fill.lots).sum()
    }

    pub(super) fn rest(&self) -> Lots {
        self.lots - self.filled()
    }
}

/// What a name stands for, without the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) book: BookId,
    pub(super) symbol: SymbolId,
    pub(super) kind: OrderKind,
    /// Direction and level of an entry.
    pub(super) rung: Option<(Direction, u8)>,
}

impl Name {
    pub(super) fn of(id: OrderId) -> Self {
        let entry = id.kind == OrderKind::Entry;
        let rung = entry.then_some((id.direction, id.level));
        Self { book: id.book, symbol: id.symbol, kind: id.kind, rung }
    }
}

/// All orders, oldest first, and the names of books and symbols.
pub(super) struct Orders {
    all: Vec<Order>,
    books: Vec<String>,
    instruments: Vec<Instrument>,
}

impl Orders {
    pub(super) fn new(config: &EngineConfig) -> Self {
        let modes = config.books.iter().map(|book| book.mode);
        let plain =
            [Mode::Live, Mode::Paper].iter().all(|m| modes.clone().filter(|o| o == m).count() < 2);
        let label = |mode| match mode {
            Mode::Live => "live",
            Mode::Paper => "paper",
        };
        let name = |book: &gardefou_core::config::BookConfig| match plain {
            true => label(book.mode).to_owned(),
            false => format!("{}.{}", book.name, label(book.mode)),
        };
        let books = config.books.iter().map(name).collect();
        Self { all: Vec::new(), books, instruments: config.instruments.clone() }
    }

    /// The names of the books, in their order.
    pub(super) fn books(&self) -> &[String] {
        &self.books
    }

    pub(super) fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    pub(super) fn instrument(&self, symbol: SymbolId) -> Option<&Instrument> {
        self.instruments.get(usize::from(symbol.0))
    }

    /// The name of a book.
    pub(super) fn book(&self, book: BookId) -> &str {
        self.books.get(usize::from(book.0)).map_or("?", String::as_str)
    }

    /// `BTCUSDT`, or `paper BTCUSDT` when there are several books.
    pub(super) fn place(&self, book: BookId, symbol: SymbolId) -> String {
        if self.books.len() == 1 {
            self.symbol(symbol)
        } else {
            format!("{} {}", self.book(book), self.symbol(symbol))
        }
    }

    /// The name of a symbol.
    pub(super) fn symbol(&self, symbol: SymbolId) -> String {
        self.instrument(symbol).map_or_else(|| "?".to_owned(), |i| i.symbol.to_string())
    }

    /// `BTCUSDT L0`, with `#2` from the second one on.
    pub(super) fn label(&self, id: OrderId) -> String {
        let what = match (id.kind, id.direction) {
            (OrderKind::Entry, Direction::Long) => format!("L{}", id.level),
            (OrderKind::Entry, Direction::Short) => format!("S{}", id.level),
            (OrderKind::Target, _) => "target".to_owned(),
            (OrderKind::Stop, _) => "stop".to_owned(),
            (OrderKind::Close, _) => "close".to_owned(),
        };
        let place = self.place(id.book, id.symbol);
        match self.get(id).map(|order| order.instance) {
            Some(1) => format!("{place} {what}"),
            Some(instance) => format!("{place} {what}#{instance}"),
            None => format!("{place} {what} (not ours)"),
        }
    }

    pub(super) fn get(&self, id: OrderId) -> Option<&Order> {
        self.all.iter().rev().find(|order| order.id == id)
    }

    fn get_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.all.iter_mut().rev().find(|order| order.id == id)
    }

    /// The orders of a name, oldest first.
    pub(super) fn named(&self, name: Name) -> impl DoubleEndedIterator<Item = &Order> {
        self.all.iter().filter(move |order| Name::of(order.id) == name)
    }

    /// Orders with something unanswered, oldest first.
    pub(super) fn unanswered(&self) -> Vec<Order> {
        self.all.iter().filter(|order| !order.ended && order.asked.is_some()).cloned().collect()
    }

    /// Remembers what a command asks for.
    pub(super) fn note_command(&mut self, command: &Command) {
        match *command {
            Command::Place(order) => self.add(order.id, order.limit, order.lots),
            Command::PlaceStop { id, trigger, lots } => self.add(id, Some(trigger), lots),
            Command::Amend { id, price, lots } => self.amend(id, price, lots),
            Command::AmendStop { id, trigger, lots } => self.amend(id, trigger, lots),
            Command::Cancel { id } => {
                if let Some(order) = self.get_mut(id) {
                    order.asked = Some(Asked::Cancel);
                }
            }
            Command::Query { .. }
            | Command::FetchBars { .. }
            | Command::SetLeverage { .. }
            | Command::QueryAccount { .. } => {}
        }
    }

    fn add(&mut self, id: OrderId, price: Option<Ticks>, lots: Lots) {
        let instance = self.named(Name::of(id)).count() + 1;
        let asked = Some(Asked::Place);
        let order = Order { id, instance, price, lots, fills: Vec::new(), asked, ended: false };
        self.all.push(order);
    }

    fn amend(&mut self, id: OrderId, price: Ticks, lots: Lots) {
        if let Some(order) = self.get_mut(id) {
            // An amendment names what shall be left open, whatever was executed before.
            order.lots = lots + order.filled();
            order.price = Some(price);
            order.asked = Some(Asked::Amend);
        }
    }

    /// Remembers what the exchange said of an order.
    pub(super) fn note_event(&mut self, event: &Event) {
        let Some((id, news)) = event.order_news() else { return };
        self.with(id, |order| match news {
            OrderNews::Accepted { .. } => order.asked = None,
            OrderNews::Rejected(_) => {
                order.ended |= order.asked == Some(Asked::Place);
                order.asked = None;
            }
            OrderNews::Filled(fill) => {
                if !order.fills.iter().any(|seen| seen.fill == fill.fill) {
                    order.fills.push(*fill);
                }
                order.ended |= !order.rest().is_positive();
            }
            OrderNews::Canceled { .. } | OrderNews::NotFound => order.ended = true,
            OrderNews::Unconfirmed => {}
        });
    }

    /// A new exchange answers for these books: whatever rested on the old one is gone.
    pub(super) fn forget(&mut self, books: &[BookId]) {
        let gone = self.all.iter_mut().filter(|order| books.contains(&order.id.book));
        gone.for_each(|order| order.ended = true);
    }

    fn with(&mut self, id: OrderId, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.get_mut(id) {
            change(order);
        }
    }

    /// Names of entries of which more than one is not terminal.
    pub(super) fn doubled(&self) -> Vec<OrderId> {
        let open: Vec<OrderId> = self
            .all
            .iter()
            .filter(|order| order.id.kind == OrderKind::Entry && !order.ended)
            .map(|order| order.id)
            .collect();
        let twice = |at: usize| open[..at].iter().any(|id| Name::of(*id) == Name::of(open[at]));
        (0..open.len()).filter(|&at| twice(at)).map(|at| open[at]).collect()
    }
}
