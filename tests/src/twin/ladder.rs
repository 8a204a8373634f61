//! Which entry orders should rest after a close (rule 0 and 1, DECISIONS, formulas).

use num_traits::Signed;

use super::cycle::{Cycle, Parts, notional, stop_price};
use super::number::{exact, int, percent, whole};
use super::series::Series;
use super::types::{Direction, EntryOrder, Input, Kind, Params, Q, Strategy, Symbol};

/// A resting entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Side of the cycle it would open or extend.
    pub dir: Direction,
    /// Index of the level.
    pub level: usize,
    /// Price.
    pub price: i64,
    /// Quantity.
    pub lots: i64,
    /// It rested unchanged in the bar before.
    pub kept: bool,
}

/// Prices and lots of orders.
pub fn parts(orders: &[Order]) -> Parts {
    orders.iter().map(|o| (o.price, o.lots)).collect()
}

/// Directions that may be quoted after the close of `t`.
pub fn directions(kind: Kind, params: &Params, series: &Series, t: usize) -> Vec<Direction> {
    let mut wanted = Vec::new();
    if params.long {
        wanted.push(Direction::Long);
    }
    if params.short {
        wanted.push(Direction::Short);
    }
    if kind == Kind::GridMultiTf {
        wanted.retain(|d| series.trend(t) == Some(d.sign() as i8));
    }
    wanted
}

/// The volatility gate of a flat symbol: false keeps it out.
pub fn volatile_enough(kind: Kind, params: &Params, series: &Series, t: usize, close: i64) -> bool {
    if kind != Kind::GridAtr || params.min_atr_pct <= 0.0 {
        return true;
    }
    series.atr(t).is_none_or(|atr| 100.0 * atr / close as f64 >= params.min_atr_pct)
}

/// The rounded price of a level at the close of `t`, if it has one.
pub fn level_price(
    params: &Params,
    series: &Series,
    t: usize,
    close: i64,
    dir: Direction,
    level: usize,
) -> Option<i64> {
    let sma = series.sma_f64(t)?;
    let atr = series.atr(t).filter(|a| *a > 0.0)?;
    let floor = close as f64 * params.min_grid_spacing_pct / 100.0;
    let spacing = if params.min_grid_spacing_pct > 0.0 { atr.max(floor) } else { atr };
    let k = params.atr_multiplier_start + level as f64 * params.atr_multiplier_step;
    let raw = match dir {
        Direction::Long => sma - spacing * k,
        Direction::Short => sma + spacing * k,
    };
    Some(dir.round_to_loss(&exact(raw))).filter(|price| raw > 0.0 && *price > 0)
}

/// Lots of a level, none below the minimums of the exchange.
pub fn level_lots(symbol: &Symbol, leverage: u32, margin: &Q, price: i64) -> Option<i64> {
    let value = margin * int(leverage as i64);
    let lots = whole(&(value / (int(price) * &symbol.tick * &symbol.lot)).floor());
    enough(symbol, price, lots).then_some(lots)
}

/// The order is not below the minimums of the exchange.
pub fn enough(symbol: &Symbol, price: i64, lots: i64) -> bool {
    lots > 0
        && int(lots) * &symbol.lot >= symbol.min_quantity
        && notional(&vec![(price, lots)], symbol) >= symbol.min_notional
}

/// What a ladder is made from.
pub struct Maker<'a> {
    pub input: &'a Input,
    pub strategy: &'a Strategy,
    pub symbol: &'a Symbol,
    pub series: &'a Series,
    pub t: usize,
    /// Margin per level.
    pub margin: &'a Q,
    /// Orders that rested during bar `t` and are not filled.
    pub resting: &'a [Order],
}

impl Maker<'_> {
    /// The orders of one side that rest during the next bar.
    pub fn ladder(&self, dir: Direction, cycle: Option<&Cycle>) -> Vec<Order> {
        let mut formed: Parts = cycle.map(Cycle::booked).unwrap_or_default();
        let mut orders = Vec::new();
        for level in 0..self.symbol.params.num_levels {
            if cycle.is_some_and(|c| c.has(level)) {
                continue;
            }
            let Some(order) = self.order(dir, level) else {
                continue;
            };
            if self.beyond_stop(dir, &formed, order.price) {
                continue;
            }
            formed.push((order.price, order.lots));
            orders.push(order);
        }
        orders
    }

    fn order(&self, dir: Direction, level: usize) -> Option<Order> {
        let close = self.symbol.bars[self.t].c;
        let price = level_price(&self.symbol.params, self.series, self.t, close, dir, level)?;
        let old = self.resting.iter().find(|o| o.dir == dir && o.level == level);
        if let Some(old) = old.filter(|o| self.near_enough(o.price, price)) {
            return Some(Order { kept: true, ..old.clone() });
        }
        let lots = level_lots(self.symbol, self.strategy.leverage, self.margin, price)?;
        Some(Order { dir, level, price, lots, kept: false })
    }

    fn near_enough(&self, old: i64, new: i64) -> bool {
        match self.input.entry_order {
            EntryOrder::Market => old == new,
            EntryOrder::Limit => {
                let tolerance = percent(&self.input.requote_tolerance_percent) * int(new);
                int(old - new).abs() <= tolerance
            }
        }
    }

    fn beyond_stop(&self, dir: Direction, formed: &Parts, price: i64) -> bool {
        !formed.is_empty() && dir.at_or_worse(price, stop_price(&self.symbol.params, dir, formed))
    }
}
