//! Accounts kept from the events alone: what was executed, settled, deposited, closed.

use std::collections::{BTreeMap, BTreeSet};

use gardefou_core::config::{Costs, EngineConfig};
use gardefou_core::event::{Event, Fill, Liquidity};
use gardefou_core::ids::{BookId, FillId, OrderKind, SymbolId};
use gardefou_core::market::Instrument;
use gardefou_core::money::{Direction, Fraction};

use super::{Verdict, exact, sign};

/// The accounts of every wallet.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// What an order costs.
    pub costs: Costs,
    /// The instruments, by symbol.
    pub instruments: Vec<Instrument>,
    /// Wallets, by book.
    pub wallets: Vec<Wallet>,
    /// The last close of each symbol; 0 before the first.
    pub closes: Vec<i64>,
    /// The price that touched a rung last, since the last close.
    touched: BTreeMap<(BookId, SymbolId), i64>,
    booked: BTreeSet<FillId>,
}

/// One wallet, in units of 1e-8 USDT.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    /// What it started with.
    pub initial: i128,
    /// What came from outside since.
    pub deposits: i128,
    /// Results, fees and funding.
    pub realised: i128,
    /// What it holds, by symbol.
    pub positions: BTreeMap<SymbolId, Position>,
}

/// What is held on one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Long or short.
    pub direction: Direction,
    /// Quantity.
    pub lots: i64,
    /// Σ price · quantity.
    pub cost: i128,
    /// Levels that filled.
    pub levels: BTreeSet<u8>,
}

impl Accounts {
    /// Accounts with nothing booked.
    #[must_use]
    pub fn new(config: &EngineConfig) -> Self {
        let wallet = |capital: i128| Wallet { initial: capital, ..Wallet::default() };
        Self {
            costs: config.costs.clone(),
            instruments: config.instruments.clone(),
            wallets: config.books.iter().map(|book| wallet(book.capital.0)).collect(),
            closes: vec![0; config.instruments.len()],
            touched: BTreeMap::new(),
            booked: BTreeSet::new(),
        }
    }

    /// Worth of one lot at one tick.
    #[must_use]
    pub fn value(&self, symbol: SymbolId) -> i128 {
        i128::from(self.instruments[usize::from(symbol.0)].value)
    }

    /// price × quantity.
    #[must_use]
    pub fn notional(&self, symbol: SymbolId, price: i64, lots: i64) -> i128 {
        i128::from(price) * i128::from(lots) * self.value(symbol)
    }

    /// What a book holds on a symbol.
    #[must_use]
    pub fn position(&self, book: BookId, symbol: SymbolId) -> Option<&Position> {
        self.wallets[usize::from(book.0)].positions.get(&symbol)
    }

    /// The price at which a market order was decided: the touch, or the close.
    #[must_use]
    pub fn decided_at(&self, book: BookId, symbol: SymbolId) -> i64 {
        let close = self.closes[usize::from(symbol.0)];
        self.touched.get(&(book, symbol)).copied().unwrap_or(close)
    }

    /// Unrealised result of a book at the last closes.
    #[must_use]
    pub fn unrealised(&self, book: BookId) -> i128 {
        let positions = &self.wallets[usize::from(book.0)].positions;
        let result = |(symbol, held): (&SymbolId, &Position)| {
            let worth = self.notional(*symbol, self.closes[usize::from(symbol.0)], held.lots);
            (worth - held.cost) * sign(held.direction)
        };
        positions.iter().map(result).sum()
    }

    /// Books an event.
    pub(super) fn book(&mut self, event: &Event) -> Verdict {
        match event {
            Event::BarClosed { symbol, bar } => {
                self.closes[usize::from(symbol.0)] = bar.close.0;
                self.touched.retain(|(_, touched), _| touched != symbol);
                Ok(())
            }
            Event::RungTouched { book, symbol, price, .. } => {
                self.touched.insert((*book, *symbol), price.0);
                Ok(())
            }
            Event::OrderFilled(fill) => {
                let rate = match fill.liquidity {
                    Liquidity::Maker => self.costs.maker,
                    Liquidity::Taker => self.costs.taker,
                };
                self.once(fill.fill)?;
                self.fee_is(fill, rate)?;
                match fill.id.kind {
                    OrderKind::Entry => self.enter(fill),
                    OrderKind::Target | OrderKind::Stop | OrderKind::Close => self.exit(
                        (fill.id.book, fill.id.symbol),
                        (fill.price.0, fill.lots.0, fill.fee.0),
                    ),
                }
            }
            Event::PositionLiquidated { book, symbol, fill, price, lots, fee, .. } => {
                self.once(*fill)?;
                self.exit((*book, *symbol), (price.0, lots.0, fee.0))
            }
            Event::FundingSettled { book, symbol, rate, price, lots, amount, .. } => {
                let held = self.position(*book, *symbol).ok_or("funding on nothing")?;
                let notional = self.notional(*symbol, price.0, held.lots);
                let due = exact::half_even(notional * -sign(held.direction), rate.0);
                if (held.lots, due) != (lots.0, amount.0) {
                    return Err(format!("funding of {} for {lots:?}, not {due}", amount.0));
                }
                self.wallets[usize::from(book.0)].realised += amount.0;
                Ok(())
            }
            Event::BalanceMoved { book, amount } => {
                self.wallets[usize::from(book.0)].deposits += amount.0;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn once(&mut self, fill: FillId) -> Verdict {
        if self.booked.insert(fill) { Ok(()) } else { Err(format!("{fill:?} came twice")) }
    }

    fn fee_is(&self, fill: &Fill, rate: Fraction) -> Verdict {
        let due = exact::up(self.notional(fill.id.symbol, fill.price.0, fill.lots.0), rate.0);
        if due == fill.fee.0 { Ok(()) } else { Err(format!("a fee of {}, not {due}", fill.fee.0)) }
    }

    fn enter(&mut self, fill: &Fill) -> Verdict {
        let id = fill.id;
        let notional = self.notional(id.symbol, fill.price.0, fill.lots.0);
        let wallet = &mut self.wallets[usize::from(id.book.0)];
        wallet.realised -= fill.fee.0;
        let direction = id.direction;
        let fresh = || Position { direction, lots: 0, cost: 0, levels: BTreeSet::new() };
        let held = wallet.positions.entry(id.symbol).or_insert_with(fresh);
        if held.direction != direction {
            return Err(format!("an entry against the {:?} cycle", held.direction));
        }
        held.lots += fill.lots.0;
        held.cost += notional;
        // On bars an order fills whole, so a level fills once in a cycle.
        if held.levels.insert(id.level) { Ok(()) } else { Err(format!("level {} again", id.level)) }
    }

    /// On bars every exit is whole.
    fn exit(&mut self, at: (BookId, SymbolId), (price, lots, fee): (i64, i64, i128)) -> Verdict {
        let notional = self.notional(at.1, price, lots);
        let wallet = &mut self.wallets[usize::from(at.0.0)];
        let held = wallet.positions.remove(&at.1).ok_or("an exit from nothing")?;
        wallet.realised += (notional - held.cost) * sign(held.direction) - fee;
        if held.lots == lots { Ok(()) } else { Err(format!("an exit of {lots} of {}", held.lots)) }
    }
}
