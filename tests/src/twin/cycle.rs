//! A cycle is a list of fills; average, stop and target are made from it each time.

use super::number::{int, percent, ratio};
use super::types::{Direction, Kind, Params, Q, Symbol};

/// One entry that is held.
#[derive(Debug, Clone)]
pub struct Held {
    /// Level index, none for a mono position.
    pub level: Option<usize>,
    /// Price booked.
    pub price: i64,
    /// Price that makes the stop during the bar of the fill.
    pub basis: i64,
    /// Quantity.
    pub lots: i64,
    /// Bar of the fill.
    pub bar: usize,
}

/// All that is held of one symbol.
#[derive(Debug, Clone)]
pub struct Cycle {
    /// Number, from 1.
    pub number: u32,
    /// Side.
    pub dir: Direction,
    /// Never empty.
    pub held: Vec<Held>,
}

/// Prices and lots, of fills or of orders.
pub type Parts = Vec<(i64, i64)>;

impl Cycle {
    /// Total quantity.
    pub fn lots(&self) -> i64 {
        self.held.iter().map(|h| h.lots).sum()
    }

    /// Fills at the prices booked.
    pub fn booked(&self) -> Parts {
        self.held.iter().map(|h| (h.price, h.lots)).collect()
    }

    /// Fills as the stop sees them during `bar`.
    pub fn seen_in(&self, bar: usize) -> Parts {
        let price = |h: &Held| if h.bar == bar { h.basis } else { h.price };
        self.held.iter().map(|h| (price(h), h.lots)).collect()
    }

    /// Bar of the first fill.
    pub fn first_bar(&self) -> usize {
        self.held[0].bar
    }

    /// The level is filled.
    pub fn has(&self, level: usize) -> bool {
        self.held.iter().any(|h| h.level == Some(level))
    }

    /// Profit at a price, before fees.
    pub fn gross(&self, symbol: &Symbol, price: i64) -> Q {
        gross(self.dir, &self.booked(), symbol, price)
    }
}

/// Profit of `parts` closed at `price`, before fees.
pub fn gross(dir: Direction, parts: &Parts, symbol: &Symbol, price: i64) -> Q {
    let ticks: i128 = parts.iter().map(|(p, lots)| (price - p) as i128 * *lots as i128).sum();
    let ticks = Q::from_integer(ticks.into());
    int(dir.sign()) * ticks * &symbol.tick * &symbol.lot
}

/// Money in `parts` at their prices.
pub fn notional(parts: &Parts, symbol: &Symbol) -> Q {
    let ticks: i128 = parts.iter().map(|(p, lots)| *p as i128 * *lots as i128).sum();
    Q::from_integer(ticks.into()) * &symbol.tick * &symbol.lot
}

/// Average entry in ticks, exact.
pub fn average(parts: &Parts) -> Q {
    let ticks: i128 = parts.iter().map(|(p, lots)| *p as i128 * *lots as i128).sum();
    let lots: i64 = parts.iter().map(|(_, lots)| lots).sum();
    Q::from_integer(ticks.into()) / int(lots)
}

/// S = P̄·(1 ∓ sl/100).
pub fn stop_price(params: &Params, dir: Direction, parts: &Parts) -> i64 {
    dir.round_to_gain(&dir.moved(&average(parts), &-percent(&params.sl_percent)))
}

/// Isolated liquidation: P̄·(1 ∓ (1/leverage − mmr)).
pub fn isolated_price(symbol: &Symbol, leverage: u32, dir: Direction, parts: &Parts) -> i64 {
    let distance = ratio(1, leverage as i64) - &symbol.maintenance_rate;
    dir.round_to_gain(&dir.moved(&average(parts), &-distance))
}

/// T of the strategy.
pub fn target_price(kind: Kind, params: &Params, dir: Direction, parts: &Parts, sma: &Q) -> i64 {
    let at_least = |pct: &Q| dir.round_to_gain(&dir.moved(&average(parts), &percent(pct)));
    match kind {
        Kind::Supertrend => at_least(&params.tp_percent),
        Kind::GridAtr if params.min_profit_pct > int(0) => {
            dir.best_of(dir.round_to_gain(sma), at_least(&params.min_profit_pct))
        }
        Kind::GridAtr | Kind::GridMultiTf => dir.round_to_gain(sma),
    }
}
