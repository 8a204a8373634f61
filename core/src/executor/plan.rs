//! From approved rungs to the fewest commands: the difference between what is wanted and what
//! rests. A replacement is sent only once the order it replaces has ended (INC-065).

use super::{Close, Effects, Entry, EntryState, Lane, Target};
use crate::command::{Command, NewOrder};
use crate::config::{EntryOrder, LEVELS_MAX, Params};
use crate::event::Reject;
use crate::ids::{OrderId, OrderKind};
use crate::money::{Direction, Lots, Ticks};
use crate::notice::FillReason;
use crate::risk::Refusal;
use crate::risk::ladder::Quote;
use crate::strategy::exits::{self, Basis};

/// Acceptances with other figures than those asked for, after which a target is left as it is.
const UNEQUAL_MAX: u8 = 4;

impl Lane {
    /// Sends what is missing and withdraws what is not wanted.
    #[inline]
    pub fn sync(&mut self, fx: &mut Effects<'_>) {
        // With market entries rungs wait for a touch: nothing is sent.
        let sends = || fx.entry_order == EntryOrder::Limit && self.wants_any();
        if self.has_entries() || sends() {
            self.sync_levels(fx);
        }
        self.settle_budget();
    }

    fn sync_levels(&mut self, fx: &mut Effects<'_>) {
        for direction in Direction::BOTH {
            for level in 0..LEVELS_MAX {
                self.sync_level(fx, direction, level);
            }
        }
    }

    /// The same for one level.
    #[inline]
    pub(super) fn sync_level(&mut self, fx: &mut Effects<'_>, direction: Direction, level: usize) {
        match (self.entries.at(direction, level), &self.wanted[direction.index()][level]) {
            (None, None) => {}
            (Some(entry), Some(quote)) if entry.price == quote.price => {}
            (Some(_), _) => self.withdraw_level(fx, direction, level),
            (None, Some(quote)) => self.quote(fx, direction, level, *quote),
        }
    }

    /// A market order executes at once: no decision withdraws it.
    fn withdraw_level(&mut self, fx: &mut Effects<'_>, direction: Direction, level: usize) {
        if self.enters_at_market(fx.entry_order) {
            return;
        }
        if let Some(entry) = self.entries.at_mut(direction, level) {
            withdraw(entry, fx);
        }
    }

    /// True when a level of the open cycle has filled, at least in part: once its order has ended
    /// it is not ordered again.
    #[inline]
    fn is_taken(&self, direction: Direction, level: usize) -> bool {
        self.cycle
            .as_ref()
            .is_some_and(|cycle| cycle.direction == direction && cycle.filled[level].is_positive())
    }

    /// True when entries are market orders, which nothing withdraws once they are sent.
    #[inline]
    pub(crate) fn enters_at_market(&self, entry_order: EntryOrder) -> bool {
        entry_order == EntryOrder::Market || matches!(self.params, Params::Mono(_))
    }

    /// True when no entry may leave because a position of the book has no confirmed stop, or
    /// because it is not known what the account holds. Rungs that rest are sent once it is.
    #[inline]
    pub(crate) fn waits_for_protection(&mut self, fx: &mut Effects<'_>) -> bool {
        let refusal = match fx.watch.blocks(self.symbol) {
            _ if *fx.naked > 0 => Refusal::Unprotected,
            Some(why) => Refusal::Unreconciled { why },
            None => return false,
        };
        self.tell_refusal(fx, refusal);
        true
    }

    /// Withdraws every resting entry of one side.
    pub fn withdraw_side(&mut self, fx: &mut Effects<'_>, direction: Direction) {
        self.wanted[direction.index()] = [None; LEVELS_MAX];
        for entry in self.entries.side_mut(direction) {
            withdraw(entry, fx);
        }
    }

    /// Rests a limit order at a rung; in market mode the rung waits for a touch instead.
    #[inline(never)] // What most levels need stays small: nothing.
    fn quote(&mut self, fx: &mut Effects<'_>, direction: Direction, level: usize, quote: Quote) {
        if self.held_back || fx.entry_order == EntryOrder::Market {
            return;
        }
        if fx.hold.withholds() || self.is_taken(direction, level) {
            self.wanted[direction.index()][level] = None;
            return;
        }
        if self.waits_for_protection(fx) {
            self.held_back = true;
            *fx.waiting = true;
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
        self.entries.insert(order);
        fx.out.commands.push(Command::Place(NewOrder {
            id: order.id,
            limit,
            lots: order.lots,
            preset: Some(preset),
        }));
    }

    /// The stop that travels with a limit order: that of the cycle if every shallower rung, and
    /// this one, were filled (decision 11).
    #[inline]
    fn preset(&self, direction: Direction, level: usize, price: Ticks, lots: Lots) -> Ticks {
        let side = direction.index();
        let mut basis = self.held(direction);
        for shallower in 0..level {
            basis = match (self.entries[side][shallower], self.wanted[side][shallower]) {
                (Some(entry), _) => self.with_rest(basis, &entry),
                (None, Some(rung)) => basis.with(self.notional(rung.price, rung.lots), rung.lots),
                (None, None) => basis,
            };
        }
        self.stop_with(direction, basis, price, lots)
    }

    /// The stop that travels with a market order: that of the cycle with what is held, what is in
    /// flight, and this order.
    fn preset_now(&self, direction: Direction, price: Ticks, lots: Lots) -> Ticks {
        let in_flight = self.entries.side(direction).iter().flatten();
        let basis =
            in_flight.fold(self.held(direction), |basis, entry| self.with_rest(basis, entry));
        self.stop_with(direction, basis, price, lots)
    }

    fn with_rest(&self, basis: Basis, entry: &Entry) -> Basis {
        let rest = entry.lots - entry.filled;
        basis.with(self.notional(entry.price, rest), rest)
    }

    fn stop_with(&self, direction: Direction, basis: Basis, price: Ticks, lots: Lots) -> Ticks {
        let basis = basis.with(self.notional(price, lots), lots);
        exits::stop_price(direction, basis, self.terms.value, self.terms.stop_loss)
    }

    fn held(&self, direction: Direction) -> Basis {
        match &self.cycle {
            Some(cycle) if cycle.direction == direction => cycle.basis,
            _ => Basis::default(),
        }
    }

    /// Market mode: the price reached rungs; each sends its market order, nearest first.
    pub fn touch(&mut self, fx: &mut Effects<'_>, price: Ticks) {
        for direction in Direction::BOTH {
            for level in 0..LEVELS_MAX {
                let rung = self.wanted[direction.index()][level];
                let price_in = direction.mirror(price);
                if rung.is_some_and(|rung| price_in <= direction.mirror(rung.price)) {
                    self.touch_rung(fx, direction, level, price);
                }
            }
        }
    }

    /// Market mode: a rung is touched and sends its order, which removes the other side at once.
    pub fn touch_rung(
        &mut self,
        fx: &mut Effects<'_>,
        direction: Direction,
        level: usize,
        price: Ticks,
    ) {
        if fx.entry_order != EntryOrder::Market
            || fx.hold.withholds()
            || self.held_back
            || level >= LEVELS_MAX
        {
            return;
        }
        let Some(rung) = self.wanted[direction.index()][level] else { return };
        if self.entries[direction.index()][level].is_none() && !self.waits_for_protection(fx) {
            self.enter_at_market(fx, direction, level, price, rung.lots);
            self.withdraw_side(fx, direction.opposite());
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
        let preset = self.preset_now(direction, expected, lots);
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
            Some(target) if target.price == price && target.lots == lots && target.is_current() => {
            }
            Some(target) => {
                let asked = target.asked.saturating_add(1);
                *target = Target { price, lots, working: false, asked, ..*target };
                fx.out.commands.push(Command::Amend { id: target.id, price, lots });
            }
            None => {
                let id = fx.ids.next(self.symbol, OrderKind::Target, direction, 0);
                let working = false;
                let (placed, asked, unequal) = (false, 1, 0);
                self.target = Some(Target { id, price, lots, placed, working, asked, unequal });
                let order = NewOrder { id, limit: Some(price), lots, preset: None };
                fx.out.commands.push(Command::Place(order));
            }
        }
    }

    /// The target works, with these figures.
    pub(super) fn target_accepted(
        &mut self,
        fx: &mut Effects<'_>,
        id: OrderId,
        price: Ticks,
        lots: Lots,
    ) {
        let doubted = self.doubts(id);
        let Some(target) = self.target.as_mut().filter(|target| target.id == id) else {
            return self.withdraw_stray(fx, id);
        };
        let working = target.price == price && target.lots == lots;
        let asked = if working || doubted { 0 } else { target.asked.saturating_sub(1) };
        let last = asked == 0 && !working;
        let unequal = if last { target.unequal.saturating_add(1) } else { 0 };
        *target = Target { placed: true, working, asked, unequal, ..*target };
        // The answer to the last request has other figures: a fill came between, or the exchange
        // insists on its own. Then it is asked again at the next close.
        if (1..UNEQUAL_MAX).contains(&unequal) {
            let price = target.price;
            self.follow_target(fx, price);
        }
    }

    /// The target, or a change of it, was refused: every price is watched from here on. What rests
    /// stays and is changed again at the next close; what does not is placed anew then.
    pub(super) fn target_rejected(&mut self, fx: &mut Effects<'_>, id: OrderId, why: Reject) {
        let Some(target) = self.target.as_mut().filter(|target| target.id == id) else {
            return self.stray_rejected(fx, id, why);
        };
        if target.placed && why != Reject::UnknownOrder {
            let asked = target.asked.saturating_sub(1);
            *target = Target { working: false, asked, ..*target };
        } else {
            self.target = None;
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
        let (attempts, nothing_held) = match self.close {
            Some(Close { id: Some(_), .. }) => return,
            Some(Close { attempts, nothing_held, .. }) => {
                (attempts.saturating_add(1), nothing_held)
            }
            None => (0, 0),
        };
        let id = fx.ids.next(self.symbol, OrderKind::Close, direction, reason.mark().into());
        self.close = Some(Close { id: Some(id), reason, lots, attempts, nothing_held });
        fx.out.commands.push(Command::Place(NewOrder { id, limit: None, lots, preset: None }));
    }
}

impl Target {
    /// True when its figures stand, or are on their way.
    fn is_current(&self) -> bool {
        self.working || self.asked > 0
    }
}

/// Sends a cancel unless one is under way or the order has ended.
#[inline]
fn withdraw(entry: &mut Entry, fx: &mut Effects<'_>) {
    match entry.state {
        EntryState::Sent | EntryState::Working => {
            entry.state = EntryState::Cancelling;
            // While the past is booked nothing is sent: what still rests is withdrawn afterwards.
            if !fx.catching_up {
                fx.out.commands.push(Command::Cancel { id: entry.id });
            }
        }
        EntryState::Cancelling | EntryState::InDoubt | EntryState::AwaitingFills { .. } => {}
    }
}
