//! The worst case of a book, computed once at start (design 18): every allowed cycle full, every
//! stop hit, fees and slippage included — against liquidation and against the kill switches.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::config::{BookConfig, Costs, EngineConfig, MarginMode, Params, RiskConfig};
use crate::ids::SymbolId;
use crate::money::{Cash, Fraction, SCALE};

/// What the worst case of one book looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstCase {
    /// Cycles that could be open at once.
    pub cycles: u32,
    /// Their notional, every level filled.
    pub notional: Cash,
    /// Their margin over the capital.
    pub margin: Fraction,
    /// Loss when every stop is hit, fees and slippage included.
    pub loss: Cash,
    /// The same over the capital.
    pub loss_ratio: Fraction,
    /// Maintenance margin at the stops.
    pub maintenance: Cash,
    /// Equity left at the stops, before the closing orders execute.
    pub equity_at_stops: Cash,
    /// Symbols whose liquidation would come before their stop.
    pub liquidated_first: Vec<Liquidation>,
    /// The loss passes the session switch.
    pub trips_session: bool,
    /// The loss passes the global switch.
    pub trips_global: bool,
}

/// A symbol that would be liquidated before its stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liquidation {
    /// Which symbol.
    pub symbol: SymbolId,
    /// Distance of the stop from the average entry.
    pub stop_distance: Fraction,
    /// Distance of the liquidation price.
    pub liquidation_distance: Fraction,
}

/// One symbol's full cycle.
struct Full {
    symbol: SymbolId,
    notional: i128,
    leverage: u32,
    stop: Fraction,
    maintenance: Fraction,
}

/// Computes the worst case of a book.
#[must_use]
pub fn worst_case(config: &EngineConfig, book: &BookConfig) -> WorstCase {
    let mut full: Vec<Full> = book
        .symbols
        .iter()
        .map(|s| Full {
            symbol: s.symbol,
            notional: full_notional(book, &s.params, &config.risk, &config.costs),
            leverage: s.params.leverage(),
            stop: s.params.stop_loss(),
            maintenance: config.instrument(s.symbol).map_or(Fraction(0), |i| i.maintenance),
        })
        .collect();
    // The cycles that would lose most come first.
    full.sort_by_key(|f| (-(f.notional * i128::from(f.stop.0)), f.symbol));
    let cap = book.capital.times_down(config.risk.max_margin_ratio).0;
    let limit = config.risk.max_live_grids.min(config.risk.max_concurrent_positions);
    let mut total = Total::default();
    for f in &full {
        let margin = f.notional / i128::from(f.leverage);
        if total.cycles < limit && total.margin + margin <= cap {
            total.add(f, margin, &config.costs);
        }
    }
    let liquidated_first = match config.risk.margin_mode {
        MarginMode::Isolated => full.iter().filter_map(|f| isolated(f, &config.costs)).collect(),
        MarginMode::Cross => total.cross(book.capital, &full, limit),
    };
    total.finish(config, book, liquidated_first)
}

fn full_notional(book: &BookConfig, params: &Params, risk: &RiskConfig, costs: &Costs) -> i128 {
    match params {
        Params::Grid(p) => {
            book.capital.0 * i128::from(p.leverage) / (book.symbols.len() as i128).max(1)
        }
        Params::Mono(p) => {
            let cost = p.stop_loss + costs.taker + costs.slippage;
            book.capital.0 * i128::from(risk.max_risk_per_trade.0) / i128::from(cost.0.max(1))
        }
    }
}

/// Liquidation of an isolated position: P̄·(1 − 1/leverage + mmr), compared with its stop.
fn isolated(f: &Full, costs: &Costs) -> Option<Liquidation> {
    let distance = Fraction(SCALE / i64::from(f.leverage) - f.maintenance.0);
    (f.stop + costs.stop_slippage >= distance).then_some(Liquidation {
        symbol: f.symbol,
        stop_distance: f.stop,
        liquidation_distance: distance,
    })
}

#[derive(Default)]
struct Total {
    cycles: u32,
    notional: i128,
    margin: i128,
    drop: i128,
    loss: i128,
    maintenance: i128,
}

impl Total {
    fn add(&mut self, f: &Full, margin: i128, costs: &Costs) {
        let part = |fraction: Fraction| Cash(f.notional).times_up(fraction).0;
        let at_stop = f.notional - part(f.stop);
        self.cycles += 1;
        self.notional += f.notional;
        self.margin += margin;
        self.drop += part(f.stop);
        let exit_costs = Cash(at_stop).times_up(costs.taker + costs.stop_slippage).0;
        self.loss += part(f.stop) + part(costs.maker.max(costs.taker)) + exit_costs;
        self.maintenance += Cash(at_stop).times_up(f.maintenance).0;
    }

    /// Under cross margin every position falls to its stop together: liquidation comes first when
    /// the wallet's equity there is not above the maintenance of all.
    fn cross(&self, capital: Cash, full: &[Full], limit: u32) -> Vec<Liquidation> {
        if self.notional == 0 || capital.0 - self.drop > self.maintenance {
            return Vec::new();
        }
        let at = (capital.0 - self.maintenance).max(0) * i128::from(SCALE) / self.notional;
        let distance = Fraction(i64::try_from(at).unwrap_or(i64::MAX));
        full.iter()
            .take(limit as usize)
            .map(|f| Liquidation {
                symbol: f.symbol,
                stop_distance: f.stop,
                liquidation_distance: distance,
            })
            .collect()
    }

    fn finish(
        self,
        config: &EngineConfig,
        book: &BookConfig,
        liquidated_first: Vec<Liquidation>,
    ) -> WorstCase {
        let capital = book.capital.0.max(1);
        let ratio = |part: i128| {
            Fraction(i64::try_from(part * i128::from(SCALE) / capital).unwrap_or(i64::MAX))
        };
        let mono = book.symbols.iter().all(|s| matches!(s.params, Params::Mono(_)));
        let session =
            if mono { config.risk.session_loss_mono } else { config.risk.session_loss_grid };
        let loss_ratio = ratio(self.loss);
        WorstCase {
            cycles: self.cycles,
            notional: Cash(self.notional),
            margin: ratio(self.margin),
            loss: Cash(self.loss),
            loss_ratio,
            maintenance: Cash(self.maintenance),
            equity_at_stops: Cash(book.capital.0 - self.drop),
            liquidated_first,
            trips_session: loss_ratio >= session,
            trips_global: loss_ratio >= config.risk.global_loss,
        }
    }
}
