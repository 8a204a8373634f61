//! The wallet of one strategy and the state of its symbols; every booking passes here.

use std::collections::BTreeMap;

use super::cycle::{Cycle, Held, Parts, gross, isolated_price, notional};
use super::ladder::{Order, parts};
use super::number::{fee_up, int};
use super::series::Series;
use super::types::{
    Bar, Direction, Fill, FillKind, Funding, Input, MarginMode, Q, Strategy, Symbol, Trip,
};

/// The target order during the next bar.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Price.
    pub price: i64,
    /// It rested at this price during the bar before.
    pub kept: bool,
}

/// One symbol of a book.
#[derive(Debug, Default)]
pub struct State {
    /// Index of the next bar.
    pub next: usize,
    /// Index of the bar of the present round, if the symbol has one.
    pub now: Option<usize>,
    /// Last price known.
    pub last: i64,
    /// Open cycle.
    pub cycle: Option<Cycle>,
    /// Cycles opened so far.
    pub cycles: u32,
    /// Resting entries.
    pub orders: Vec<Order>,
    /// Target in force in the next bar.
    pub target: Option<Target>,
    /// Close decided, with its reason.
    pub closing: Option<&'static str>,
    /// Mono entry decided.
    pub entering: Option<(Direction, i64)>,
    /// Margin per level while frozen.
    pub margin: Option<Q>,
    /// Bar of the last closing fill.
    pub closed_bar: Option<usize>,
    /// What happened in the bar so far.
    pub seen: Seen,
}

/// What happened between the open of a bar and its path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// A cycle was open at O.
    pub old: bool,
    /// An entry was filled in this bar.
    pub entered: bool,
    /// A close was filled in this bar.
    pub done: bool,
}

/// One strategy at work.
pub struct Book<'a> {
    pub input: &'a Input,
    pub strategy: &'a Strategy,
    pub series: Vec<Series>,
    pub rates: Vec<BTreeMap<i64, Q>>,
    /// Symbol indices in order of name.
    pub by_name: Vec<usize>,
    pub states: Vec<State>,
    pub balance: Q,
    pub session_base: Q,
    pub session_day: i64,
    /// Session switch: when it is released; `i64::MAX` = never.
    pub latched_until: Option<i64>,
    pub fills: Vec<Fill>,
    pub funding: Vec<Funding>,
    pub trips: Vec<Trip>,
}

/// How an execution is recorded.
#[derive(Debug, Clone, Copy)]
pub struct How<'a> {
    pub ms: i64,
    pub kind: FillKind,
    pub reason: &'static str,
    pub maker: bool,
    pub rate: &'a Q,
}

impl<'a> Book<'a> {
    /// A wallet with its initial capital and every indicator computed.
    pub fn new(input: &'a Input, strategy: &'a Strategy) -> Self {
        let symbols = &strategy.symbols;
        let series =
            |s: &Symbol| Series::new(strategy.kind, &s.params, &s.bars, input.timeframe_ms);
        let mut by_name: Vec<usize> = (0..symbols.len()).collect();
        by_name.sort_by_key(|i| symbols[*i].name.clone());
        Book {
            input,
            strategy,
            series: symbols.iter().map(series).collect(),
            rates: symbols.iter().map(|s| s.funding.iter().cloned().collect()).collect(),
            by_name,
            states: symbols.iter().map(|_| State::default()).collect(),
            balance: strategy.initial_capital.clone(),
            session_base: strategy.initial_capital.clone(),
            session_day: i64::MIN,
            latched_until: None,
            fills: Vec::new(),
            funding: Vec::new(),
            trips: Vec::new(),
        }
    }

    /// The symbol at an index.
    pub fn symbol(&self, i: usize) -> &'a Symbol {
        &self.strategy.symbols[i]
    }

    /// Finer bars inside the bar of the present round.
    pub fn fine(&self, i: usize) -> &'a [Bar] {
        let inside = self.states[i].now.and_then(|index| self.symbol(i).fine.get(index));
        inside.map_or(&[], Vec::as_slice)
    }

    /// Profit of the open cycle of a symbol at its last price.
    pub fn unrealised_of(&self, i: usize) -> Q {
        let state = &self.states[i];
        state.cycle.as_ref().map_or(int(0), |c| c.gross(self.symbol(i), state.last))
    }

    /// Profit of all open cycles at the last prices.
    pub fn unrealised(&self) -> Q {
        (0..self.states.len()).map(|i| self.unrealised_of(i)).fold(int(0), |a, b| a + b)
    }

    /// Balance and unrealised profit.
    pub fn equity(&self) -> Q {
        &self.balance + self.unrealised()
    }

    /// Margin of the fills at entry cost and of the resting entries of a symbol.
    pub fn reserved(&self, i: usize) -> Q {
        let state = &self.states[i];
        let mut all: Parts = state.cycle.as_ref().map(Cycle::booked).unwrap_or_default();
        all.extend(parts(&state.orders));
        notional(&all, self.symbol(i)) / int(self.strategy.leverage as i64)
    }

    /// Books an entry. The first one opens the cycle and removes the other side.
    pub fn book_entry(&mut self, i: usize, dir: Direction, held: Held, how: How<'_>) {
        let state = &mut self.states[i];
        if state.cycle.is_none() {
            state.cycles += 1;
            state.cycle = Some(Cycle { number: state.cycles, dir, held: Vec::new() });
        }
        state.orders.retain(|o| o.dir == dir && Some(o.level) != held.level);
        let cycle = state.cycle.as_mut().expect("opened above");
        cycle.held.push(held.clone());
        let number = cycle.number;
        self.record(i, number, dir, held.level, held.price, held.lots, how);
    }

    /// Books the close of all that is held; orders, target and frozen margin go with it.
    pub fn book_close(&mut self, i: usize, price: i64, how: How<'_>) {
        let state = &mut self.states[i];
        let Some(cycle) = state.cycle.take() else {
            return;
        };
        state.orders.clear();
        state.target = None;
        state.closing = None;
        state.margin = None;
        state.closed_bar = Some(state.now.unwrap_or(state.next.saturating_sub(1)));
        self.balance += cycle.gross(self.symbol(i), price);
        self.record(i, cycle.number, cycle.dir, None, price, cycle.lots(), how);
    }

    #[allow(clippy::too_many_arguments, reason = "one fill has that many facts")]
    fn record(
        &mut self,
        i: usize,
        cycle: u32,
        dir: Direction,
        level: Option<usize>,
        price: i64,
        lots: i64,
        how: How<'_>,
    ) {
        let symbol = self.symbol(i);
        let fee = fee_up(&(notional(&vec![(price, lots)], symbol) * how.rate));
        self.balance -= &fee;
        let entry = how.kind == FillKind::Entry;
        self.fills.push(Fill {
            ms: how.ms,
            strategy: self.strategy.name.clone(),
            symbol: symbol.name.clone(),
            cycle,
            side: if entry { dir.entry_side() } else { dir.exit_side() },
            level,
            kind: how.kind,
            reason: how.reason.to_owned(),
            maker: how.maker,
            price_ticks: price,
            lots,
            fee,
        });
    }

    /// Price of symbol `i` at which it is liquidated, during its bar `bar`.
    pub fn liquidation_price(&self, i: usize, bar: usize) -> Option<i64> {
        let cycle = self.states[i].cycle.as_ref()?;
        let seen = cycle.seen_in(bar);
        match self.input.margin_mode {
            MarginMode::Isolated => {
                Some(isolated_price(self.symbol(i), self.strategy.leverage, cycle.dir, &seen))
            }
            MarginMode::Cross => self.cross_price(i, cycle.dir, &seen),
        }
    }

    /// Where equity = Σ maintenance, the other symbols at their last price.
    fn cross_price(&self, i: usize, dir: Direction, seen: &Parts) -> Option<i64> {
        let symbol = self.symbol(i);
        let mut spare = self.balance.clone();
        for j in (0..self.states.len()).filter(|j| *j != i) {
            spare += self.unrealised_of(j) - self.maintenance_of(j);
        }
        // spare + sign·Q·(p − P̄) = mmr·Q·p
        let sign = int(dir.sign());
        let lots: i64 = seen.iter().map(|(_, lots)| lots).sum();
        let per_tick = int(lots) * &symbol.tick * &symbol.lot;
        let at_zero = spare + gross(dir, seen, symbol, 0);
        let slope = (&sign - &symbol.maintenance_rate) * per_tick;
        let price = dir.round_to_gain(&(-at_zero / slope));
        match dir {
            Direction::Long => (price > 0).then_some(price),
            Direction::Short => Some(price.max(1)),
        }
    }

    fn maintenance_of(&self, j: usize) -> Q {
        let state = &self.states[j];
        let symbol = self.symbol(j);
        let lots = state.cycle.as_ref().map_or(0, Cycle::lots);
        notional(&vec![(state.last, lots)], symbol) * &symbol.maintenance_rate
    }
}
