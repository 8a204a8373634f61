//! Matching of one bar of one symbol against what was in force at its open (rule 2–6).

use super::book::{Book, How, Seen, Target};
use super::cycle::{Held, stop_price, target_price};
use super::ladder::Order;
use super::number::{half_even, int};
use super::types::{Bar, Direction, EntryOrder, FillKind, Funding, Kind, MarginMode, Path, Q};

/// Instant inside the bar: the open, or somewhere on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Rule 2 (c): the gap from the last close.
    Gap,
    /// Rule 2 (b), (d), (e).
    Open,
    /// Rules 3 to 6.
    Path,
}

/// Rule 2 (a): the settlement at the open, on what is held there.
pub fn settle(book: &mut Book<'_>, i: usize) {
    let symbol = book.symbol(i);
    let Some(bar) = book.states[i].now.map(|b| symbol.bars[b]) else {
        return;
    };
    let Some(rate) = book.rates[i].get(&bar.open_ms) else {
        return;
    };
    let Some(cycle) = &book.states[i].cycle else {
        return;
    };
    let value = int(cycle.lots()) * &symbol.lot * int(bar.o) * &symbol.tick;
    let amount = half_even(&(-int(cycle.dir.sign()) * rate * value));
    let number = cycle.number;
    book.balance += &amount;
    book.funding.push(Funding {
        ms: bar.open_ms,
        strategy: book.strategy.name.clone(),
        symbol: symbol.name.clone(),
        cycle: number,
        amount,
    });
}

/// Matches the open of the bar of the present round of symbol `i`, or of a finer one inside it.
pub fn open_bar(book: &mut Book<'_>, i: usize, fine: Option<Bar>) {
    let old = book.states[i].cycle.is_some();
    book.states[i].seen = Seen { old, entered: false, done: false };
    with_bar(book, i, fine, |matching| matching.at_open());
    let state = &mut book.states[i];
    state.closing = None;
    state.entering = None;
}

/// Matches its path, after the opens of all symbols.
pub fn path_bar(book: &mut Book<'_>, i: usize, fine: Option<Bar>) {
    with_bar(book, i, fine, |matching| matching.on_path());
    let Some(index) = book.states[i].now else {
        return;
    };
    book.states[i].last = fine.unwrap_or(book.symbol(i).bars[index]).c;
    match fine {
        Some(_) => end_fine_bar(book, i),
        None => book.states[i].target.iter_mut().for_each(|target| target.kept = true),
    }
}

/// What rests has rested for a finer bar; what was entered counts at the prices booked, and the
/// target of a cycle that is new in the slow bar follows it.
fn end_fine_bar(book: &mut Book<'_>, i: usize) {
    let (symbol, kind) = (book.symbol(i), book.strategy.kind);
    let state = &mut book.states[i];
    state.orders.iter_mut().for_each(|order| order.kept = true);
    let (Some(cycle), Some(index)) = (&mut state.cycle, state.now) else {
        return;
    };
    cycle.held.iter_mut().for_each(|held| held.basis = held.price);
    let before = state.target.map(|target| target.price);
    let price = match before {
        Some(price) if cycle.first_bar() < index => price,
        _ => {
            let sma = index.checked_sub(1).and_then(|t| book.series[i].sma(t)).unwrap_or(int(0));
            target_price(kind, &symbol.params, cycle.dir, &cycle.booked(), &sma)
        }
    };
    let kept = before == Some(price) || kind == Kind::Supertrend;
    state.target = Some(Target { price, kept });
}

fn with_bar(
    book: &mut Book<'_>,
    i: usize,
    fine: Option<Bar>,
    act: impl FnOnce(&mut Match<'_, '_>),
) {
    let Some(index) = book.states[i].now else {
        return;
    };
    let bar = fine.unwrap_or(book.symbol(i).bars[index]);
    let span = if fine.is_some() { book.input.fine_ms } else { book.input.timeframe_ms };
    if bar.volume_is_zero || book.states[i].closed_bar == Some(index) {
        return;
    }
    let Seen { old, entered, done } = book.states[i].seen;
    let mut matching = Match { book, i, index, bar, span, old, entered, done, stage: Stage::Open };
    act(&mut matching);
    let (entered, done) = (matching.entered, matching.done);
    book.states[i].seen = Seen { old, entered, done };
}

struct Match<'b, 'a> {
    book: &'b mut Book<'a>,
    i: usize,
    index: usize,
    bar: Bar,
    span: i64,
    /// A cycle was open at O.
    old: bool,
    /// An entry was filled in this bar.
    entered: bool,
    /// A close was filled in this bar.
    done: bool,
    stage: Stage,
}

impl Match<'_, '_> {
    fn at_open(&mut self) {
        self.decided_close();
        self.decided_entry();
        self.stage = Stage::Gap;
        self.gap();
        self.stage = Stage::Open;
        self.exit_below(self.bar.o, None);
        self.fresh_target();
        self.fresh_entries();
        self.exit_below(self.bar.o, None);
    }

    /// (b) for a close.
    fn decided_close(&mut self) {
        if let (Some(reason), Some(dir)) = (self.book.states[self.i].closing, self.side()) {
            let price = dir.taker_exit(self.bar.o, &self.book.input.slippage);
            self.close(price, FillKind::Close, reason, false);
        }
    }

    /// (b) for a mono entry.
    fn decided_entry(&mut self) {
        let Some((dir, lots)) = self.book.states[self.i].entering else {
            return;
        };
        if !self.done {
            let price = dir.taker_entry(self.bar.o, &self.book.input.slippage);
            let held = Held { level: None, price, basis: price, lots, bar: self.index };
            self.enter(dir, held, false);
        }
    }

    /// (c) kept entries and the stop downward, the kept target upward.
    fn gap(&mut self) {
        for dir in [Direction::Long, Direction::Short] {
            self.descend(dir, self.bar.o);
        }
        let (Some(dir), Some(target)) = (self.side(), self.book.states[self.i].target) else {
            return;
        };
        if target.kept && dir.worse(target.price, self.bar.o) && !self.target_barred() {
            self.take_target(target.price, true);
        }
    }

    /// (d) a new or moved target that the open has reached.
    fn fresh_target(&mut self) {
        let (Some(dir), Some(target)) = (self.side(), self.book.states[self.i].target) else {
            return;
        };
        if !target.kept && dir.at_or_worse(target.price, self.bar.o) && !self.target_barred() {
            let taken = dir.taker_exit(self.bar.o, &self.book.input.slippage);
            self.take_target(dir.best_of(taken, target.price), false);
        }
    }

    /// (e) new or requoted entries that the open has reached.
    fn fresh_entries(&mut self) {
        for dir in [Direction::Long, Direction::Short] {
            for order in self.orders(dir, false) {
                if dir.at_or_worse(self.bar.o, order.price) && self.still_rests(&order) {
                    self.fill_order(&order);
                }
            }
        }
    }

    /// Rule 6: the order of the extremes.
    fn on_path(&mut self) {
        self.stage = Stage::Path;
        let quoted = |dir| self.book.states[self.i].orders.iter().any(|o| o.dir == dir);
        match (self.side(), quoted(Direction::Long), quoted(Direction::Short)) {
            (None, true, true) => self.two_sided(),
            (Some(dir), _, _) => self.one_sided(dir),
            (None, true, false) => self.one_sided(Direction::Long),
            (None, false, true) => self.one_sided(Direction::Short),
            (None, false, false) => {}
        }
    }

    fn one_sided(&mut self, dir: Direction) {
        if self.old && self.book.input.path == Path::Optimistic {
            self.reach_target(dir);
        }
        self.descend(dir, dir.loss_extreme(&self.bar));
        self.reach_target(dir);
    }

    fn two_sided(&mut self) {
        let high_is_nearer = self.bar.h - self.bar.o < self.bar.o - self.bar.l;
        let (first, second) = if high_is_nearer {
            (Direction::Short, Direction::Long)
        } else {
            (Direction::Long, Direction::Short)
        };
        self.descend(first, first.loss_extreme(&self.bar));
        if self.entered {
            self.reach_target(first);
        } else {
            self.descend(second, second.loss_extreme(&self.bar));
        }
    }

    /// Walks to a price on the loss side: levels in index order, the exit where it is nearer.
    fn descend(&mut self, dir: Direction, reach: i64) {
        let kept_only = self.stage == Stage::Gap;
        for order in self.orders(dir, kept_only) {
            if !self.touched(&order, reach) || !self.still_rests(&order) {
                continue;
            }
            self.exit_below(reach, Some(order.price));
            if self.done {
                return;
            }
            self.fill_order(&order);
        }
        if self.side() == Some(dir) {
            self.exit_below(reach, None);
        }
    }

    fn touched(&self, order: &Order, reach: i64) -> bool {
        match self.book.input.entry_order {
            EntryOrder::Limit => order.dir.worse(reach, order.price),
            EntryOrder::Market => order.dir.at_or_worse(reach, order.price),
        }
    }

    /// Stop or liquidation when `reach` gets there; with `before`, only when it comes first.
    fn exit_below(&mut self, reach: i64, before: Option<i64>) {
        let Some(cycle) = &self.book.states[self.i].cycle else {
            return;
        };
        let dir = cycle.dir;
        let stop = stop_price(&self.book.symbol(self.i).params, dir, &cycle.seen_in(self.index));
        let liquidation = self.book.liquidation_price(self.i, self.index);
        let liquidation = liquidation.filter(|price| dir.worse(stop, *price));
        let exit = liquidation.unwrap_or(stop);
        let first = before.is_none_or(|level| dir.worse(level, exit));
        if !dir.at_or_worse(reach, exit) || !first {
            return;
        }
        match liquidation {
            Some(price) => self.liquidate(price),
            None => self.stop_out(stop),
        }
    }

    fn stop_out(&mut self, stop: i64) {
        let Some(dir) = self.side() else { return };
        let input = self.book.input;
        let in_bar = self.stage == Stage::Path;
        let slippage = match input.path {
            Path::Pessimistic if in_bar => &input.stop_slippage,
            Path::Pessimistic | Path::Optimistic => &input.slippage,
        };
        let price = dir.taker_exit(dir.worst_of(self.bar.o, stop), slippage);
        let mono = self.book.states[self.i].cycle.as_ref().is_some_and(is_mono);
        self.close(price, FillKind::Stop, if mono { "sl" } else { "sl_global" }, false);
    }

    /// Rule 11: this position at the price reached, in cross mode all others at their last price.
    fn liquidate(&mut self, price: i64) {
        let reached = self.side().map_or(price, |dir| dir.worst_of(self.bar.o, price));
        let cross = self.book.input.margin_mode == MarginMode::Cross;
        for j in self.book.by_name.clone() {
            let Some(cycle) = &self.book.states[j].cycle else {
                continue;
            };
            if j != self.i && !cross {
                continue;
            }
            let at = if j == self.i { reached } else { self.book.states[j].last };
            let price = cycle.dir.taker_exit(at, &self.book.input.slippage);
            let rate = &self.book.input.liquidation_fee;
            self.book.book_close(j, price, self.how(FillKind::Close, "liquidation", false, rate));
        }
        self.done = true;
    }

    /// Rule 5 on the path.
    fn reach_target(&mut self, dir: Direction) {
        if self.side() != Some(dir) || self.target_barred() {
            return;
        }
        let Some(price) = self.path_target() else {
            return;
        };
        if dir.worse(price, dir.gain_extreme(&self.bar)) {
            self.take_target(price, true);
        }
    }

    fn target_barred(&self) -> bool {
        self.entered && self.book.input.path == Path::Pessimistic
    }

    /// Fixed for a cycle open at O, else made from SMA(t) and the fills of this bar.
    fn path_target(&self) -> Option<i64> {
        let state = &self.book.states[self.i];
        if self.old {
            return state.target.map(|t| t.price);
        }
        let cycle = state.cycle.as_ref()?;
        let symbol = self.book.symbol(self.i);
        let sma = self.book.series[self.i].sma(self.index.checked_sub(1)?).unwrap_or(int(0));
        let kind = self.book.strategy.kind;
        Some(target_price(kind, &symbol.params, cycle.dir, &cycle.booked(), &sma))
    }

    /// Rule 3: price, fee and booking of one entry.
    fn fill_order(&mut self, order: &Order) {
        let (price, basis, maker) = self.entry_price(order);
        let level = Some(order.level);
        let held = Held { level, price, basis, lots: order.lots, bar: self.index };
        self.enter(order.dir, held, maker);
    }

    fn entry_price(&self, order: &Order) -> (i64, i64, bool) {
        let (dir, input) = (order.dir, self.book.input);
        if input.entry_order == EntryOrder::Limit {
            if self.stage != Stage::Open {
                return (order.price, order.price, true);
            }
            let price = dir.taker_entry(self.bar.o, &input.slippage);
            let price = dir.worst_of(price, order.price);
            return (price, price, false);
        }
        let touched = dir.worst_of(self.bar.o, order.price);
        let basis = dir.taker_entry(touched, &input.slippage);
        let price = match input.path {
            Path::Optimistic => basis,
            Path::Pessimistic => dir.taker_entry(dir.best_of(touched, self.bar.c), &input.slippage),
        };
        (price, basis, false)
    }

    fn enter(&mut self, dir: Direction, held: Held, maker: bool) {
        let input = self.book.input;
        let rate = if maker { &input.maker } else { &input.taker };
        let how = self.how(FillKind::Entry, "entry", maker, rate);
        self.book.book_entry(self.i, dir, held, how);
        self.entered = true;
    }

    fn take_target(&mut self, price: i64, maker: bool) {
        let mono = self.book.states[self.i].cycle.as_ref().is_some_and(is_mono);
        self.close(price, FillKind::Target, if mono { "tp" } else { "tp_global" }, maker);
    }

    fn close(&mut self, price: i64, kind: FillKind, reason: &'static str, maker: bool) {
        let input = self.book.input;
        let rate = if maker { &input.maker } else { &input.taker };
        self.book.book_close(self.i, price, self.how(kind, reason, maker, rate));
        self.done = true;
    }

    fn how<'q>(&self, kind: FillKind, reason: &'static str, maker: bool, rate: &'q Q) -> How<'q> {
        let late = self.stage == Stage::Path;
        let ms = self.bar.open_ms + if late { self.span - 1 } else { 0 };
        How { ms, kind, reason, maker, rate }
    }

    fn side(&self) -> Option<Direction> {
        self.book.states[self.i].cycle.as_ref().map(|c| c.dir)
    }

    /// Orders of one side by index; `kept` selects those that rested before, else the others
    /// at the open, and all of them on the path.
    fn orders(&self, dir: Direction, kept: bool) -> Vec<Order> {
        let all = self.book.states[self.i].orders.iter().filter(|o| o.dir == dir);
        all.filter(|o| self.stage == Stage::Path || o.kept == kept).cloned().collect()
    }

    fn still_rests(&self, order: &Order) -> bool {
        self.book.states[self.i].orders.contains(order)
    }
}

fn is_mono(cycle: &super::cycle::Cycle) -> bool {
    cycle.held[0].level.is_none()
}
