//! The path inside a bar (rules 2 to 7, 9, 11), for one symbol of one book.
//!
//! Written for a long book; shorts are walked in the mirror. After every execution the trader is
//! told and its commands act before the next execution is looked for.

use alloc::vec::Vec;

use super::super::desk::{Deferred, Desk, Resting};
use super::{BarVenue, Path};
use crate::config::{LEVELS_MAX, MarginMode};
use crate::event::{Event, Liquidity};
use crate::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use crate::market::Bar;
use crate::money::{Cash, Direction, Fraction, Lots, Ticks, slipped};
use crate::time::Timestamp;

/// Who trades on this venue: it is told what happened, and carries out what follows at once.
pub trait Trader {
    /// Tells every queued event, until the venue is quiet.
    fn listen(&mut self, venue: &mut BarVenue, now: Timestamp);
    /// Tells that a rung of a market-entry ladder is touched, and carries out what follows.
    fn touch(&mut self, venue: &mut BarVenue, now: Timestamp, place: Place, touch: Touch);
    /// Rungs that a touch would send, by direction and level; none when entries rest as limits.
    fn rungs(&self, place: Place) -> Option<Rungs>;
    /// The nearest of those rungs by direction: the quick answer for a quiet bar.
    fn nearest_rungs(&self, place: Place) -> [Option<Ticks>; 2] {
        // A ladder descends with its level: the first rung is the nearest.
        let nearest = |side: [Option<(Ticks, bool)>; LEVELS_MAX]| {
            side.into_iter().flatten().next().map(|(price, _)| price)
        };
        self.rungs(place).map_or([None; 2], |rungs| rungs.map(nearest))
    }
}

/// One symbol of one book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The book.
    pub book: BookId,
    /// The symbol.
    pub symbol: SymbolId,
}

/// A rung that the price touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Which side.
    pub direction: Direction,
    /// Which level.
    pub level: u8,
    /// The price that touches it.
    pub price: Ticks,
}

/// Rungs that wait for a touch: price, and whether it was made at the last close.
pub type Rungs = [[Option<(Ticks, bool)>; LEVELS_MAX]; 2];

/// What has happened in the bar so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Happened {
    /// A fill of an earlier bar was held at the open.
    pub held: bool,
    /// Where its target stood then: fixed during the bar, though fills move what follows (rule 5).
    #[serde(default)]
    pub target: Option<Ticks>,
    /// An entry filled in this bar.
    pub entered: bool,
    /// A close ended everything in this bar.
    pub done: bool,
}

/// The next thing that a falling price (in the mirror) meets.
enum Next {
    Rest(Resting),
    /// Level and price of a market-entry rung.
    Touch(u8, Ticks),
    Stop(Ticks),
    Liquidation(Ticks),
}

/// A walk over one bar of one place.
pub(super) struct Walk<'a, T> {
    venue: &'a mut BarVenue,
    trader: &'a mut T,
    place: Place,
    bar: Bar,
    at: Timestamp,
}

impl BarVenue {
    /// What happens at the open of a bar. `bar.at` is its time.
    pub fn open<T: Trader>(&mut self, trader: &mut T, place: Place, bar: &Bar) {
        let Some(desk) = self.desk_mut(place.book, place.symbol) else { return };
        desk.bar += 1;
        let held = desk.position.is_some();
        let target = desk.target.filter(|_| held).map(|target| target.price);
        desk.happened = Happened { held, target, ..Happened::default() };
        let quiet = desk.is_quiet_at_open(bar);
        let quiet = quiet && !(held && self.is_used_up(place, bar.open));
        if quiet && !reaches(trader.nearest_rungs(place), bar.open, bar.open) {
            return;
        }
        Walk { venue: self, trader, place, bar: *bar, at: bar.at }.open();
    }

    /// What happens on the path between open and close; `at` is the time that its fills carry.
    pub fn path<T: Trader>(&mut self, trader: &mut T, place: Place, bar: &Bar, at: Timestamp) {
        let Some(desk) = self.desk_mut(place.book, place.symbol) else { return };
        let touched = reaches(trader.nearest_rungs(place), bar.low, bar.high);
        let mut quiet = !touched && desk.is_quiet_on_path(bar);
        if let Some(position) = desk.position {
            quiet = quiet && !self.is_used_up(place, position.worst(bar));
        } else if quiet {
            desk.last = bar.close;
            return;
        }
        if !quiet {
            Walk { venue: self, trader, place, bar: *bar, at }.path();
        }
        self.set_last(place, bar.close);
    }
}

/// True when the nearest rung of a side lies within reach of the prices `low` to `high`.
#[inline]
fn reaches([long, short]: [Option<Ticks>; 2], low: Ticks, high: Ticks) -> bool {
    long.is_some_and(|price| low <= price) || short.is_some_and(|price| high >= price)
}

impl Desk {
    /// No order or stop can execute at this open.
    #[inline]
    fn is_quiet_at_open(&self, bar: &Bar) -> bool {
        self.market.is_empty()
            && !self.reaches_entry(bar.open, bar.open)
            && self.is_position_quiet(bar.open, bar.open)
    }

    /// No order or stop can execute on this path.
    #[inline]
    fn is_quiet_on_path(&self, bar: &Bar) -> bool {
        self.happened.done
            || (self.deferred.is_empty()
                && !self.reaches_entry(bar.low, bar.high)
                && self.is_position_quiet(bar.low, bar.high))
    }

    #[inline]
    fn is_position_quiet(&self, low: Ticks, high: Ticks) -> bool {
        let Some(position) = self.position else { return true };
        let (stop, target) = (self.stop(), self.target.map(|target| target.price));
        match position.direction {
            Direction::Long => {
                stop.is_some_and(|stop| low > stop) && target.is_none_or(|target| high < target)
            }
            Direction::Short => {
                stop.is_some_and(|stop| high < stop) && target.is_none_or(|target| low > target)
            }
        }
    }
}

impl<T: Trader> Walk<'_, T> {
    fn desk(&self) -> &Desk {
        &self.venue.wallets[usize::from(self.place.book.0)].desks[usize::from(self.place.symbol.0)]
    }

    fn desk_mut(&mut self) -> &mut Desk {
        &mut self.venue.wallets[usize::from(self.place.book.0)].desks
            [usize::from(self.place.symbol.0)]
    }

    fn position(&self) -> Option<Direction> {
        // A deferred entry is held too: its execution is certain, only its price is not known.
        let deferred = self.desk().deferred.first().map(|order| order.id.direction);
        self.desk().position.map(|position| position.direction).or(deferred)
    }

    fn pessimistic(&self) -> bool {
        self.venue.path == Path::Pessimistic
    }

    fn listen(&mut self) {
        self.trader.listen(self.venue, self.at);
    }

    // ---- the open, in the order of rule 2 (funding has been settled before) ----

    fn open(&mut self) {
        self.market_orders();
        if !self.bar.traded {
            self.desk_mut().happened.done = true;
        }
        if self.desk().happened.done {
            return;
        }
        self.gap();
        if !self.desk().happened.done {
            self.target_at_open();
        }
        if !self.desk().happened.done {
            self.new_entries();
        }
        if !self.desk().happened.done {
            self.stop_at_open();
        }
    }

    /// (b) Orders decided at the last close.
    fn market_orders(&mut self) {
        let orders = core::mem::take(&mut self.desk_mut().market);
        for order in orders {
            if !self.bar.traded {
                self.venue.lapse(&order);
                self.listen();
                continue;
            }
            let price = slipped(self.bar.open, self.venue.costs.slippage, order.id.buys());
            if order.id.kind == OrderKind::Entry {
                // A mono position: its target stands during this bar, so it is kept at the next.
                self.desk_mut().backdate = true;
                self.enter(
                    order.id,
                    self.bar.at,
                    price,
                    order.lots,
                    Liquidity::Taker,
                    order.preset,
                );
                self.desk_mut().backdate = false;
            } else if let Some(position) = self.desk().position {
                self.exit(order.id, self.bar.at, price, position.lots, Liquidity::Taker);
            } else {
                self.venue.lapse(&order);
                self.listen();
            }
        }
    }

    /// (c) The gap from the last close to the open: what it jumped over, in price order.
    fn gap(&mut self) {
        for direction in Direction::BOTH {
            if self.position().is_some_and(|held| held != direction) {
                continue;
            }
            let open = direction.mirror(self.bar.open);
            while !self.desk().happened.done {
                let entry = self.kept_entry(direction, open);
                let stop = self.stop_reached(direction, open);
                match nearest(direction, entry, stop) {
                    None => break,
                    Some(Next::Rest(order)) => {
                        self.fill_resting(&order, self.bar.at, order.price, Liquidity::Maker);
                    }
                    Some(Next::Touch(level, _)) => {
                        let price = self.bar.open;
                        if !self.touch(self.bar.at, Touch { direction, level, price }) {
                            break;
                        }
                    }
                    Some(Next::Stop(_)) => self.stop_out(self.bar.open, self.venue.costs.slippage),
                    Some(Next::Liquidation(_)) => self.liquidate(self.bar.open),
                }
            }
        }
        self.kept_target();
    }

    fn kept_entry(&self, direction: Direction, open: Ticks) -> Option<Next> {
        if let Some(rungs) = self.trader.rungs(self.place) {
            return first_rung(&rungs, direction, |price, fresh| !fresh && open <= price);
        }
        let desk = self.desk();
        desk.next_entry(direction, |o| !desk.is_new(o) && open < direction.mirror(o.price))
            .map(Next::Rest)
    }

    fn kept_target(&mut self) {
        let Some(direction) = self.desk().position.map(|position| position.direction) else {
            return;
        };
        let Some(target) = self.desk().target else { return };
        let happened = self.desk().happened;
        let barred = happened.done || (self.pessimistic() && happened.entered);
        let open = direction.mirror(self.bar.open);
        // One made by a fill of this gap has not rested.
        let kept = target.made + 1 < self.desk().bar;
        if !barred && kept && open > direction.mirror(target.price) {
            self.take_profit(&target, self.bar.at, target.price, Liquidity::Maker);
        }
    }

    /// (d) A new or moved target that the open already meets.
    fn target_at_open(&mut self) {
        let Some(position) = self.desk().position else { return };
        let Some(target) = self.desk().target else { return };
        let direction = position.direction;
        let barred = self.pessimistic() && self.desk().happened.entered;
        let met = direction.mirror(self.bar.open) >= direction.mirror(target.price);
        if barred || !met || !self.desk().is_new(&target) {
            return;
        }
        let sold = self.taker_out(direction, self.bar.open, self.venue.costs.slippage);
        let price = if direction.mirror(sold) < direction.mirror(target.price) {
            target.price
        } else {
            sold
        };
        self.take_profit(&target, self.bar.at, price, Liquidity::Taker);
    }

    /// (e) Entries that are new or requoted and that the open already reaches.
    fn new_entries(&mut self) {
        for direction in Direction::BOTH {
            if self.position().is_some_and(|held| held != direction) {
                continue;
            }
            let open = direction.mirror(self.bar.open);
            if let Some(rungs) = self.trader.rungs(self.place) {
                let mut rungs = rungs;
                while let Some(Next::Touch(level, _)) =
                    first_rung(&rungs, direction, |price, _| open <= price)
                {
                    let price = self.bar.open;
                    self.touch(self.bar.at, Touch { direction, level, price });
                    rungs[direction.index()][usize::from(level)] = None;
                }
                continue;
            }
            loop {
                let desk = self.desk();
                let reached = |o: &Resting| desk.is_new(o) && open <= direction.mirror(o.price);
                let Some(order) = desk.next_entry(direction, reached) else { break };
                let bought = self.taker_in(direction, self.bar.open);
                let better = direction.mirror(bought) < direction.mirror(order.price);
                let price = if better { bought } else { order.price };
                self.fill_resting(&order, self.bar.at, price, Liquidity::Taker);
            }
        }
    }

    fn stop_at_open(&mut self) {
        let Some(direction) = self.position() else { return };
        let open = direction.mirror(self.bar.open);
        match self.stop_reached(direction, open) {
            Some(Next::Stop(_)) => self.stop_out(self.bar.open, self.venue.costs.slippage),
            Some(Next::Liquidation(_)) => self.liquidate(self.bar.open),
            Some(Next::Rest(_) | Next::Touch(..)) | None => {}
        }
    }

    // ---- the path ----

    fn path(&mut self) {
        if !self.desk().happened.done && self.bar.traded {
            self.legs();
        }
        self.book_deferred();
    }

    /// Rule 6: which extreme comes first.
    fn legs(&mut self) {
        let quoted = Direction::BOTH.map(|direction| self.quotes(direction));
        match (self.position(), quoted) {
            (Some(direction), _) => self.one_sided(direction),
            (None, [true, true]) => self.two_sided(),
            (None, [true, false]) => self.one_sided(Direction::Long),
            (None, [false, true]) => self.one_sided(Direction::Short),
            (None, [false, false]) => {}
        }
    }

    fn one_sided(&mut self, direction: Direction) {
        let happened = self.desk().happened;
        if !self.pessimistic() && happened.held && self.target_on_path(direction) {
            return;
        }
        self.fall(direction);
        let happened = self.desk().happened;
        if !happened.done && (!happened.entered || !self.pessimistic()) {
            self.target_on_path(direction);
        }
    }

    /// Both sides quoted while flat: the extreme nearer to the open first, a tie goes low. The
    /// first fill removes the other side; a cycle filled on the second way has no target here.
    fn two_sided(&mut self) {
        let bar = self.bar;
        let low_first = bar.open - bar.low <= bar.high - bar.open;
        let first = if low_first { Direction::Long } else { Direction::Short };
        self.fall(first);
        if self.desk().happened.done {
            return;
        }
        match self.position() {
            Some(_) if self.pessimistic() => {}
            Some(direction) => {
                self.target_on_path(direction);
            }
            None => self.fall(first.opposite()),
        }
    }

    /// Walks from the open to the bad extreme: rungs in index order, the stop, liquidation.
    fn fall(&mut self, direction: Direction) {
        let low = self.bar.mirrored(direction).low;
        while !self.desk().happened.done {
            let entry = self.entry_on_path(direction, low);
            let stop = self.stop_reached(direction, low);
            match nearest(direction, entry, stop) {
                None => break,
                Some(Next::Rest(order)) => {
                    self.fill_resting(&order, self.at, order.price, Liquidity::Maker);
                }
                Some(Next::Touch(level, rung)) => {
                    let price = self.worse(direction, self.bar.open, rung);
                    if !self.touch(self.at, Touch { direction, level, price }) {
                        break;
                    }
                }
                Some(Next::Stop(stop)) => {
                    let price = self.worse(direction, self.bar.open, stop);
                    let slippage = match self.venue.path {
                        Path::Pessimistic => self.venue.costs.stop_slippage,
                        Path::Optimistic => self.venue.costs.slippage,
                    };
                    self.stop_out(price, slippage);
                }
                Some(Next::Liquidation(at)) => {
                    let price = self.worse(direction, self.bar.open, at);
                    self.liquidate(price);
                }
            }
        }
    }

    fn entry_on_path(&self, direction: Direction, low: Ticks) -> Option<Next> {
        if let Some(rungs) = self.trader.rungs(self.place) {
            return first_rung(&rungs, direction, |price, _| low <= price);
        }
        self.desk()
            .next_entry(direction, |order| low < direction.mirror(order.price))
            .map(Next::Rest)
    }

    /// The stop, or a liquidation that comes before it, when `reach` (in the mirror) gets there.
    fn stop_reached(&self, direction: Direction, reach: Ticks) -> Option<Next> {
        if self.position() != Some(direction) {
            return None;
        }
        let stop = self.desk().stop().filter(|&stop| reach <= direction.mirror(stop));
        let liquidation = self
            .venue
            .liquidation_price(self.place)
            .filter(|&price| reach <= direction.mirror(price));
        match (stop, liquidation) {
            (Some(stop), Some(at)) if direction.mirror(at) > direction.mirror(stop) => {
                Some(Next::Liquidation(at))
            }
            (Some(stop), _) => Some(Next::Stop(stop)),
            (None, Some(at)) => Some(Next::Liquidation(at)),
            (None, None) => None,
        }
    }

    /// True when a target was filled on the way to the good extreme.
    fn target_on_path(&mut self, direction: Direction) -> bool {
        let high = self.bar.mirrored(direction).high;
        let Some(target) = self.desk().target else { return false };
        let price = self.desk().happened.target.unwrap_or(target.price);
        if self.desk().position.is_none() || high <= direction.mirror(price) {
            return false;
        }
        self.take_profit(&target, self.at, price, Liquidity::Maker);
        true
    }

    fn quotes(&self, direction: Direction) -> bool {
        match self.trader.rungs(self.place) {
            Some(rungs) => rungs[direction.index()].iter().any(Option::is_some),
            None => self.desk().side(direction).next().is_some(),
        }
    }

    // ---- executions ----

    /// The lower of two prices in the mirror.
    fn worse(&self, direction: Direction, one: Ticks, other: Ticks) -> Ticks {
        if direction.mirror(one) < direction.mirror(other) { one } else { other }
    }

    /// What a taker pays to get into `direction`.
    fn taker_in(&self, direction: Direction, price: Ticks) -> Ticks {
        slipped(price, self.venue.costs.slippage, direction == Direction::Long)
    }

    /// What a taker gets to leave `direction`.
    fn taker_out(&self, direction: Direction, price: Ticks, slippage: Fraction) -> Ticks {
        slipped(price, slippage, direction == Direction::Short)
    }

    fn fill_resting(&mut self, order: &Resting, at: Timestamp, price: Ticks, by: Liquidity) {
        self.desk_mut().remove_entry(order.id);
        self.enter(order.id, at, price, order.lots, by, order.preset);
    }

    fn enter(
        &mut self,
        id: OrderId,
        at: Timestamp,
        price: Ticks,
        lots: Lots,
        by: Liquidity,
        preset: Option<Ticks>,
    ) {
        self.desk_mut().happened.entered = true;
        self.venue.execute(id, at, price, lots, by, preset);
        self.listen();
    }

    /// Tells of a touch; the market order that answers it executes now, or (pessimistic) at the
    /// end of the bar. False when nothing was sent.
    fn touch(&mut self, at: Timestamp, touch: Touch) -> bool {
        self.trader.touch(self.venue, self.at, self.place, touch);
        let orders = core::mem::take(&mut self.desk_mut().market);
        let sent = !orders.is_empty();
        for order in orders {
            let (id, lots, touched) = (order.id, order.lots, touch.price);
            if self.pessimistic() {
                let price = self.deferred_price(id.direction, touched);
                let notional = self.venue.notional(id.symbol, price, lots);
                let fee = notional.times_up(self.venue.costs.taker);
                let desk = self.desk_mut();
                desk.happened.entered = true;
                desk.preset = order.preset;
                desk.deferred.push(Deferred { id, lots, touched, at, fee });
            } else {
                let paid = self.taker_in(id.direction, touched);
                self.enter(id, at, paid, lots, Liquidity::Taker, order.preset);
            }
        }
        sent
    }

    /// What a market entry of the pessimistic run pays: the worse of touch and close, slipped.
    fn deferred_price(&self, direction: Direction, touched: Ticks) -> Ticks {
        let worse = direction.mirror(touched).max(direction.mirror(self.bar.close));
        self.taker_in(direction, direction.mirror(worse))
    }

    /// Executes the market entries of the pessimistic run.
    fn book_deferred(&mut self) {
        let deferred: Vec<Deferred> = core::mem::take(&mut self.desk_mut().deferred);
        for order in deferred {
            let price = self.deferred_price(order.id.direction, order.touched);
            let preset = self.desk().preset;
            self.venue.execute(order.id, order.at, price, order.lots, Liquidity::Taker, preset);
            self.listen();
        }
    }

    fn take_profit(&mut self, target: &Resting, at: Timestamp, price: Ticks, by: Liquidity) {
        let Some(position) = self.desk().position else { return };
        self.desk_mut().target = None;
        self.exit(target.id, at, price, position.lots, by);
    }

    /// The stop fires: everything held is sold at `price` less slippage.
    fn stop_out(&mut self, price: Ticks, slippage: Fraction) {
        let Some(direction) = self.position() else { return };
        let price = self.taker_out(direction, price, slippage);
        self.book_deferred();
        let Some(position) = self.desk().position else { return };
        let id = self.desk().stops.last().map_or_else(|| self.own_id(OrderKind::Stop), |s| s.id);
        self.desk_mut().stops.retain(|stop| stop.id != id);
        self.exit(id, self.at, price, position.lots, Liquidity::Taker);
    }

    fn exit(&mut self, id: OrderId, at: Timestamp, price: Ticks, lots: Lots, by: Liquidity) {
        self.desk_mut().happened.done = true;
        self.venue.execute(id, at, price, lots, by, None);
        self.listen();
    }

    /// An id for what the exchange does by itself.
    fn own_id(&self, kind: OrderKind) -> OrderId {
        let direction = self.position().unwrap_or(Direction::Long);
        let Place { book, symbol } = self.place;
        OrderId { book, symbol, epoch: 0, sequence: 0, kind, direction, level: 0 }
    }

    /// The exchange closes: this position at `price`, and under cross margin every other of the
    /// wallet at its last price; with slippage and the liquidation fee.
    fn liquidate(&mut self, price: Ticks) {
        self.book_deferred();
        let book = self.place.book;
        let own = self.place.symbol;
        let symbols: Vec<SymbolId> = match self.venue.margin_mode {
            MarginMode::Isolated => [own].into(),
            MarginMode::Cross => {
                let count = self.venue.terms.len() as u16;
                let others = (0..count).map(SymbolId).filter(|&symbol| symbol != own);
                core::iter::once(own).chain(others).collect()
            }
        };
        for symbol in symbols {
            let last = self.venue.desk(book, symbol).map_or(Ticks::ZERO, |desk| desk.last);
            self.force_out(book, symbol, if symbol == own { price } else { last });
        }
    }

    fn force_out(&mut self, book: BookId, symbol: SymbolId, price: Ticks) {
        let Some(position) = self.venue.desk(book, symbol).and_then(|desk| desk.position) else {
            return;
        };
        let price = self.taker_out(position.direction, price, self.venue.costs.slippage);
        let notional = self.venue.notional(symbol, price, position.lots);
        let fee = notional.times_up(self.venue.costs.liquidation);
        let sign = i128::from(position.direction.sign());
        let terms = self.venue.terms[usize::from(symbol.0)];
        self.venue.wallets[usize::from(book.0)].change(symbol, terms, |desk, balance| {
            *balance += Cash((notional - position.cost).0 * sign) - fee;
            desk.position = None;
            desk.preset = None;
            desk.happened.done = true;
        });
        self.venue.fills += 1;
        self.venue.queue.push_back(Event::PositionLiquidated {
            book,
            symbol,
            fill: FillId(self.venue.fills),
            at: self.at,
            price,
            lots: position.lots,
            fee,
        });
        self.listen();
    }
}

/// The rung of lowest level for which `reached` (price in the mirror, fresh) holds.
fn first_rung(
    rungs: &Rungs,
    direction: Direction,
    reached: impl Fn(Ticks, bool) -> bool,
) -> Option<Next> {
    let mut side = rungs[direction.index()].iter().zip(0u8..);
    side.find_map(|(rung, level)| {
        let (price, fresh) = (*rung)?;
        reached(direction.mirror(price), fresh).then_some(Next::Touch(level, price))
    })
}

/// The higher of the next entry and the stop in the mirror; the entry when they are equal.
fn nearest(direction: Direction, entry: Option<Next>, stop: Option<Next>) -> Option<Next> {
    let height = |next: &Next| match next {
        Next::Rest(order) => direction.mirror(order.price),
        Next::Touch(_, price) | Next::Stop(price) | Next::Liquidation(price) => {
            direction.mirror(*price)
        }
    };
    match (entry, stop) {
        (Some(entry), Some(stop)) if height(&stop) > height(&entry) => Some(stop),
        (Some(entry), _) => Some(entry),
        (None, stop) => stop,
    }
}
