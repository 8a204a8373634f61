//! From approved rungs to the fewest commands: the difference between what is wanted and what
//! rests. A replacement is sent only once the order it replaces has ended (INC-065).

use super::{Close, Effects, Entry, EntryState, Lane, Target};
use crate::command::{Command, NewOrder};
use crate::config::{EntryOrder, LEVELS_MAX, Params};
use crate::ids::OrderKind;
use crate::money::{Direction, Lots, Ticks};
use crate::notice::FillReason;
use crate::risk::ladder::Quote;
use crate::strategy::exits::{self, Basis};

impl Lane {
    /// Sends what is missing and withdraws what is not wanted.
    #[inline]
    pub fn sync(&mut self, fx: &mut Effects<'_>) {
        for direction in Direction::BOTH {
            for level in 0..LEVELS_MAX {
                let wanted = self.wanted[direction.index()][level];
                match (&mut self.entries[direction.index()][level], wanted) {
                    (None, None) => {}
                    (None, Some(quote)) => self.quote(fx, direction, level, quote),
                    (Some(entry), Some(quote)) if entry.price == quote.price => {}
                    (Some(entry), _) => withdraw(entry, fx),
                }
            }
        }
        self.settle_budget();
    }

    /// Withdraws every resting entry of one side.
    pub fn withdraw_side(&mut self, fx: &mut Effects<'_>, direction: Direction) {
        self.wanted[direction.index()] = [None; LEVELS_MAX];
        for entry in self.entries[direction.index()].iter_mut().flatten() {
            withdraw(entry, fx);
        }
    }

    /// Rests a limit order at a rung; in market mode the rung waits for a touch instead.
    #[inline]
    fn quote(&mut self, fx: &mut Effects<'_>, direction: Direction, level: usize, quote: Quote) {
        if self.held_back || fx.entry_order == EntryOrder::Market {
            return;
        }
        let preset = self.preset(direction, level, quote.price, quote.lots);
        let order = Entry {
            id: fx.ids.next(self.symbol, OrderKind::Entry, direction, level),
            price: quote.price,
            lots: quote.lots,
            filled: Lots::ZERO,
            state: EntryState::Sent,
        };
        self.send_entry(fx, order, Some(quote.price), preset);
    }

    fn send_entry(
        &mut self,
        fx: &mut Effects<'_>,
        order: Entry,
        limit: Option<Ticks>,
        preset: Ticks,
    ) {
        let (level, side) = (usize::from(order.id.level), order.id.direction.index());
        self.entries[side][level] = Some(order);
        fx.out.commands.push(Command::Place(NewOrder {
            id: order.id,
            limit,
            lots: order.lots,
            preset: Some(preset),
        }));
    }

    /// The stop that travels with a level: that of the cycle if every shallower rung, and this
    /// one, were filled.
    #[inline]
    fn preset(&self, direction: Direction, level: usize, price: Ticks, lots: Lots) -> Ticks {
        let mut basis = self.held(direction);
        for shallower in 0..level {
            basis = match (self.wanted[direction.index()][shallower], self.in_flight(direction, shallower)) {
                (_, Some(entry)) => {
                    let rest = entry.lots - entry.filled;
                    basis.with(self.notional(entry.price, rest), rest)
                }
                (Some(rung), None) => basis.with(self.notional(rung.price, rung.lots), rung.lots),
                (None, None) => basis,
            };
        }
        let basis = basis.with(self.notional(price, lots), lots);
        exits::stop_price(direction, basis, self.terms.value, self.terms.stop_loss)
    }

    fn in_flight(&self, direction: Direction, level: usize) -> Option<Entry> {
        self.entries[direction.index()][level]
    }

    fn held(&self, direction: Direction) -> Basis {
        match &self.cycle {
            Some(cycle) if cycle.direction == direction => cycle.basis,
            _ => Basis::default(),
        }
    }

    /// Market mode: the price touched rungs; each sends its market order, nearest first.
    pub fn touch(&mut self, fx: &mut Effects<'_>, price: Ticks) {
        if fx.entry_order != EntryOrder::Market || self.held_back {
            return;
        }
        for direction in Direction::BOTH {
            for level in 0..LEVELS_MAX {
                let Some(rung) = self.wanted[direction.index()][level] else { continue };
                let reached = direction.mirror(price) <= direction.mirror(rung.price);
                if reached && self.entries[direction.index()][level].is_none() {
                    self.enter_at_market(fx, direction, level, price, rung.lots);
                    // The first order removes the other side at once.
                    self.withdraw_side(fx, direction.opposite());
                }
            }
        }
    }

    /// Sends a market entry that expects to be filled a slippage beyond `price`.
    pub fn enter_at_market(
        &mut self,
        fx: &mut Effects<'_>,
        direction: Direction,
        level: usize,
        price: Ticks,
        lots: Lots,
    ) {
        let buying = direction == Direction::Long;
        let expected = crate::money::slipped(price, fx.costs.slippage, buying);
        self.wanted[direction.index()][level] = None;
        let preset = self.preset(direction, level, expected, lots);
        let order = Entry {
            id: fx.ids.next(self.symbol, OrderKind::Entry, direction, level),
            price: expected,
            lots,
            filled: Lots::ZERO,
            state: EntryState::Sent,
        };
        self.send_entry(fx, order, None, preset);
    }

    /// The target price now; none while the indicators are undefined.
    #[must_use]
    pub fn target_price(&self) -> Option<Ticks> {
        let cycle = self.cycle.as_ref()?;
        let (direction, basis, value) = (cycle.direction, cycle.basis, self.terms.value);
        match &self.params {
            Params::Grid(p) => {
                let mean = self.runner.view()?.mean;
                Some(exits::target_price(direction, mean, basis, value, p.min_profit))
            }
            Params::Mono(p) => Some(exits::profit_price(direction, basis, value, p.take_profit)),
        }
    }

    /// Makes the resting target follow `price` and the quantity held.
    pub fn follow_target(&mut self, fx: &mut Effects<'_>, price: Ticks) {
        let Some(cycle) = &self.cycle else { return };
        let (direction, lots) = (cycle.direction, cycle.basis.lots);
        match &mut self.target {
            Some(target) if target.price == price && target.lots == lots => {}
            Some(target) => {
                *target = Target { price, lots, working: false, ..*target };
                fx.out.commands.push(Command::Amend { id: target.id, price, lots });
            }
            None => {
                let id = fx.ids.next(self.symbol, OrderKind::Target, direction, 0);
                self.target = Some(Target { id, price, lots, working: false });
                let order = NewOrder { id, limit: Some(price), lots, preset: None };
                fx.out.commands.push(Command::Place(order));
            }
        }
    }

    /// Withdraws entries and closes the whole position at market. The stop stays until flat.
    pub fn close_at_market(&mut self, fx: &mut Effects<'_>, reason: FillReason) {
        self.want_nothing();
        for direction in Direction::BOTH {
            self.withdraw_side(fx, direction);
        }
        let Some(cycle) = &self.cycle else { return };
        let (direction, lots) = (cycle.direction, cycle.basis.lots);
        let attempts = match self.close {
            Some(Close { id: Some(_), .. }) => return,
            Some(Close { attempts, .. }) => attempts.saturating_add(1),
            None => 0,
        };
        let id = fx.ids.next(self.symbol, OrderKind::Close, direction, 0);
        self.close = Some(Close { id: Some(id), reason, attempts });
        fx.out.commands.push(Command::Place(NewOrder { id, limit: None, lots, preset: None }));
    }
}

/// Sends a cancel unless one is under way or the order has ended.
#[inline]
fn withdraw(entry: &mut Entry, fx: &mut Effects<'_>) {
    match entry.state {
        EntryState::Sent | EntryState::Working => {
            entry.state = EntryState::Cancelling;
            fx.out.commands.push(Command::Cancel { id: entry.id });
        }
        EntryState::Cancelling | EntryState::InDoubt { .. } | EntryState::AwaitingFills { .. } => {}
    }
}
