//! The venue on bars, seen from its fills alone: money is conserved whatever the order of fills,
//! a position is never without a stop price, and nothing executes where the bar did not trade,
//! except for slippage and for what a gap jumped over.

use std::collections::BTreeMap;

use gardefou_core::config::{EngineConfig, Facts};
use gardefou_core::event::{Event, Fill, Liquidity};
use gardefou_core::ids::{BookId, OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Fraction, SCALE, Ticks};
use gardefou_core::time::{Span, Timestamp};
use gardefou_world::case::{Case, Which};
use gardefou_world::driver::{Driver, HOUR, Scene, Watch};

use crate::seeds;

/// What a book has paid and got, and what it holds: no average, no cycle.
struct Ledger<'a> {
    case: &'a Case,
    config: &'a EngineConfig,
    /// By book: cash since the start.
    cash: BTreeMap<BookId, i128>,
    /// By place: lots, negative for a short.
    held: BTreeMap<(BookId, SymbolId), i64>,
    checked: [u64; 3],
    fault: Option<String>,
}

impl<'a> Ledger<'a> {
    fn new(case: &'a Case) -> Self {
        let (cash, held, checked, fault) = Default::default();
        Self { case, config: &case.config, cash, held, checked, fault }
    }

    fn value(&self, symbol: SymbolId) -> i128 {
        self.config.instruments[usize::from(symbol.0)].value.into()
    }

    fn book(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::OrderFilled(fill) => {
                let lots = if fill.id.buys() { fill.lots.0 } else { -fill.lots.0 };
                self.trade(fill.id.book, fill.id.symbol, lots, fill.price, fill.fee);
                self.inside(fill)?;
            }
            Event::PositionLiquidated { book, symbol, price, lots, fee, .. } => {
                let held = self.held.get(&(*book, *symbol)).copied().unwrap_or_default();
                let lots = -held.signum() * lots.0;
                self.trade(*book, *symbol, lots, *price, *fee);
            }
            Event::FundingSettled { book, amount, .. } => {
                *self.cash.entry(*book).or_default() += amount.0;
            }
            _ => {}
        }
        Ok(())
    }

    fn trade(&mut self, book: BookId, symbol: SymbolId, lots: i64, price: Ticks, fee: Cash) {
        let paid = i128::from(price.0) * i128::from(lots) * self.value(symbol);
        *self.cash.entry(book).or_default() -= paid + fee.0;
        *self.held.entry((book, symbol)).or_default() += lots;
    }

    /// Inside the bar of its time, except for slippage; a maker without exception.
    fn inside(&mut self, fill: &Fill) -> Result<(), String> {
        let bars = &self.case.bars[usize::from(fill.id.symbol.0)];
        let open = fill.at.floor(HOUR);
        let bar = bars.iter().find(|bar| bar.at == open).ok_or("a fill without a bar")?;
        let costs = &self.config.costs;
        let slippage = match (fill.liquidity, fill.id.kind) {
            (Liquidity::Maker, _) => Fraction::ZERO,
            (Liquidity::Taker, OrderKind::Stop) => costs.slippage.max(costs.stop_slippage),
            (Liquidity::Taker, _) => costs.slippage,
        };
        self.checked[0] += 1;
        let slip = |price: Ticks| {
            i64::try_from(i128::from(price.0) * i128::from(slippage.0) / i128::from(SCALE))
                .expect("a price")
                + i64::from(slippage.is_positive())
        };
        let (low, high) = (bar.low.0 - slip(bar.low), bar.high.0 + slip(bar.high));
        let inside = (low..=high).contains(&fill.price.0) || Self::jumped_over(bar, fill);
        let traded = bar.traded || fill.lots.is_zero();
        if inside && traded { Ok(()) } else { Err(format!("{fill:?} in {bar:?}")) }
    }

    /// What rested when a bar opened beyond it fills at its own price, which is never better for
    /// us than the open.
    fn jumped_over(bar: &Bar, fill: &Fill) -> bool {
        let no_better =
            if fill.id.buys() { fill.price >= bar.open } else { fill.price <= bar.open };
        fill.at == bar.at && fill.liquidity == Liquidity::Maker && no_better
    }

    fn conserved(&mut self, scene: &Scene<'_>) -> Result<(), String> {
        for book in scene.engine.books() {
            let mut equity = book.wallet.initial.0 + self.cash.get(&book.id).copied().unwrap_or(0);
            let mut open = Cash::ZERO;
            for lane in &book.lanes {
                let held = self.held.get(&(book.id, lane.symbol)).copied().unwrap_or_default();
                equity += i128::from(held) * i128::from(lane.last.0) * self.value(lane.symbol);
                let Some(desk) = scene.venue.desk(book.id, lane.symbol) else { continue };
                let position = desk.position.map_or(0, |p| p.lots.0 * p.direction.sign());
                if position != held {
                    return Err(format!("{held} traded, {position} at the venue"));
                }
                let Some(position) = desk.position else { continue };
                self.checked[1] += 1;
                if desk.stop().is_none() {
                    return Err(format!("{position:?} without a stop price"));
                }
                let worth =
                    i128::from(lane.last.0) * i128::from(position.lots.0) * self.value(lane.symbol);
                open += Cash((worth - position.cost.0) * i128::from(position.direction.sign()));
            }
            let balance = scene.venue.balance(book.id).unwrap_or_default();
            self.checked[2] += 1;
            if Cash(equity) != balance + open || Cash(equity) != book.equity() {
                return Err(format!(
                    "{}: {equity} traded, {balance:?} + {open:?} at the venue, {:?} here",
                    book.name,
                    book.equity()
                ));
            }
        }
        Ok(())
    }
}

impl Watch for Ledger<'_> {
    fn after(&mut self, scene: &Scene<'_>) {
        let mut seen = self.book(scene.event);
        if seen.is_ok() && scene.settled {
            seen = self.conserved(scene);
        }
        if let Err(fault) = seen {
            self.fault.get_or_insert(format!("at {}: {fault}", scene.now.0));
        }
    }
}

#[test]
fn money_is_conserved_positions_have_stops_and_fills_lie_inside_their_bars() {
    let total = std::cell::Cell::new([0u64; 3]);
    seeds::each(8, Which::All, |_, case| {
        let driver = Driver::run(case, Ledger::new(case));
        let ledger = driver.watch();
        let sum = total.get();
        total.set([0, 1, 2].map(|index| sum[index] + ledger.checked[index]));
        ledger.fault.clone().map_or(Ok(()), Err)
    });
    println!("fills, positions, balances: {:?}", total.get());
    assert!(total.get()[0] > 1_000 && total.get()[1] > 10_000, "{:?}", total.get());
}

/// The ledger speaks of a fill where, or when, the bar did not trade.
#[test]
fn the_ledger_notices_a_fill_outside_its_bar() {
    let case = gardefou_world::case::random(
        1,
        Which::All,
        gardefou_core::config::EntryOrder::Limit,
        gardefou_core::venue::bars::Path::Pessimistic,
        1_000,
    );
    assert_eq!(case.config.books[0].facts, Facts::WithBars);
    let mut fills: Vec<Fill> = Vec::new();
    Driver::run(&case, |scene: &Scene<'_>| {
        if let Event::OrderFilled(fill) = scene.event {
            fills.push(*fill);
        }
    });
    assert!(!fills.is_empty());
    for fill in &fills {
        let buys = fill.id.buys();
        let price = Ticks(if buys { fill.price.0 / 10 } else { fill.price.0 * 10 });
        let mut ledger = Ledger::new(&case);
        assert_eq!(ledger.inside(fill), Ok(()));
        assert!(ledger.inside(&Fill { price, ..*fill }).is_err(), "{fill:?}");
    }
    let far = Fill { at: Timestamp(0) - Span::hours(1), ..fills[0] };
    assert!(Ledger::new(&case).inside(&far).is_err());
}
