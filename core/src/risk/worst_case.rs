//! The worst case of a book, computed once at start (decision 18): every allowed cycle full, every
//! stop hit, fees and slippage included — against liquidation and against the kill switches.
//!
//! The only place where a stop is held against a liquidation: configuration, backtest and demo
//! ask [`worst_case`] and [`isolated`].

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
    /// Equity left at the stops by the prices alone, before any fee.
    pub equity_at_stops: Cash,
    /// The moment among the stops at which equity is nearest to the maintenance margin.
    pub tightest: Tightest,
    /// Symbols whose liquidation would come before their stop.
    pub liquidated_first: Vec<Liquidation>,
    /// The loss passes the session switch.
    pub trips_session: bool,
    /// The loss passes the global switch.
    pub trips_global: bool,
}

/// Every price stands at its stop, every entry fee is paid; of the stops, those have fired whose
/// execution cost more than the maintenance margin it freed, all but one at most. In whatever
/// order the stops fire, equity is never nearer to the maintenance margin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tightest {
    /// Equity of the wallet.
    pub equity: Cash,
    /// Maintenance margin of the positions that are still open.
    pub maintenance: Cash,
}

/// A symbol that would be liquidated before its stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liquidation {
    /// Which symbol.
    pub symbol: SymbolId,
    /// Distance of the stop from the average entry.
    pub stop_distance: Fraction,
    /// Distance of the liquidation price; under cross margin that of the common fall of all
    /// positions at which the wallet is liquidated.
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
        if total.counted.len() < limit as usize && total.margin + margin <= cap {
            total.add(f, margin, &config.costs);
        }
    }
    let slippage = config.costs.stop_slippage;
    let liquidated_first = match config.risk.margin_mode {
        MarginMode::Isolated => full.iter().filter_map(|f| f.isolated(slippage)).collect(),
        MarginMode::Cross => total.cross(book.capital),
    };
    total.finish(config, book, liquidated_first)
}

/// Where the exchange liquidates an isolated position, when that comes before its stop or at it:
/// the distance from the average entry, 1/leverage − maintenance. The stop is taken as far as it
/// may execute, its slippage included.
#[must_use]
pub fn isolated(
    stop: Fraction,
    slippage: Fraction,
    leverage: u32,
    maintenance: Fraction,
) -> Option<Fraction> {
    let distance = Fraction(SCALE / i64::from(leverage.max(1)) - maintenance.0);
    (stop + slippage >= distance).then_some(distance)
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

impl Full {
    fn isolated(&self, slippage: Fraction) -> Option<Liquidation> {
        let distance = isolated(self.stop, slippage, self.leverage, self.maintenance)?;
        Some(self.liquidated(distance))
    }

    fn liquidated(&self, liquidation_distance: Fraction) -> Liquidation {
        Liquidation { symbol: self.symbol, stop_distance: self.stop, liquidation_distance }
    }
}

/// What the cycles that fit come to.
#[derive(Default)]
struct Total<'a> {
    counted: Vec<(&'a Full, Exit)>,
    notional: i128,
    margin: i128,
    drop: i128,
    entry_fees: i128,
}

/// One position that closes at its stop.
#[derive(Clone, Copy)]
struct Exit {
    /// Taker fee and slippage.
    costs: i128,
    /// Maintenance margin until then.
    maintenance: i128,
}

impl Exit {
    /// What its stop costs beyond the maintenance margin that it frees.
    fn squeeze(self) -> i128 {
        self.costs - self.maintenance
    }
}

impl<'a> Total<'a> {
    fn add(&mut self, f: &'a Full, margin: i128, costs: &Costs) {
        let part = |fraction: Fraction| Cash(f.notional).times_up(fraction).0;
        let at_stop = Cash(f.notional - part(f.stop));
        self.notional += f.notional;
        self.margin += margin;
        self.drop += part(f.stop);
        self.entry_fees += part(costs.maker.max(costs.taker));
        let exit = Exit {
            costs: at_stop.times_up(costs.taker + costs.stop_slippage).0,
            maintenance: at_stop.times_up(f.maintenance).0,
        };
        self.counted.push((f, exit));
    }

    fn exits(&self) -> impl Iterator<Item = Exit> + '_ {
        self.counted.iter().map(|(_, exit)| *exit)
    }

    /// The last stop to fire is the one whose execution squeezes least: it costs equity only when
    /// nothing is left to liquidate.
    fn tightest(&self, capital: Cash) -> Tightest {
        let before = capital.0 - self.drop - self.entry_fees;
        let all: i128 = self.exits().map(|exit| exit.maintenance).sum();
        let last = (0..self.counted.len()).min_by_key(|&at| self.counted[at].1.squeeze());
        let fired = |(at, exit): &(usize, Exit)| Some(*at) != last && exit.squeeze() > 0;
        let (mut equity, mut maintenance) = (before, all);
        for (_, exit) in self.exits().enumerate().filter(fired) {
            equity -= exit.costs;
            maintenance -= exit.maintenance;
        }
        Tightest { equity: Cash(equity), maintenance: Cash(maintenance) }
    }

    /// Under cross margin every position falls to its stop together: liquidation comes first when
    /// equity at the tightest moment is not above the maintenance margin then.
    fn cross(&self, capital: Cash) -> Vec<Liquidation> {
        let Tightest { equity, maintenance } = self.tightest(capital);
        if self.notional == 0 || equity > maintenance {
            return Vec::new();
        }
        let fall = (equity.0 + self.drop - maintenance.0).max(0) * i128::from(SCALE);
        let distance = Fraction(i64::try_from(fall / self.notional).unwrap_or(i64::MAX));
        self.counted.iter().map(|(f, _)| f.liquidated(distance)).collect()
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
        let exit_costs: i128 = self.exits().map(|exit| exit.costs).sum();
        let loss = self.drop + self.entry_fees + exit_costs;
        let loss_ratio = ratio(loss);
        WorstCase {
            cycles: u32::try_from(self.counted.len()).unwrap_or(u32::MAX),
            notional: Cash(self.notional),
            margin: ratio(self.margin),
            loss: Cash(loss),
            loss_ratio,
            maintenance: Cash(self.exits().map(|exit| exit.maintenance).sum()),
            equity_at_stops: Cash(book.capital.0 - self.drop),
            tightest: self.tightest(book.capital),
            liquidated_first,
            trips_session: loss_ratio >= session,
            trips_global: loss_ratio >= config.risk.global_loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{
        EntryOrder, Facts, GridParams, Mode, OnKill, RiskConfig, Sides, SymbolConfig,
    };
    use crate::market::Instrument;
    use crate::money::Lots;
    use crate::time::{Span, Timeframe};

    fn instrument(name: &str) -> Instrument {
        Instrument {
            symbol: name.parse().unwrap(),
            tick: rust_decimal::Decimal::new(1, 2),
            lot: rust_decimal::Decimal::ONE,
            value: 1_000_000,
            min_lots: Lots(1),
            min_notional: Cash::usdt(5),
            max_leverage: 20,
            maintenance: Fraction(500_000), // 0.5 %
            funding_interval: Span::hours(8),
            group: "".into(),
        }
    }

    fn grid(stop_loss: Fraction, leverage: u32) -> GridParams {
        GridParams {
            ma_period: 3,
            atr_period: 3,
            atr_multiplier_start: 1.0,
            atr_multiplier_step: 1.0,
            levels: 3,
            stop_loss,
            sides: Sides { long: true, short: false },
            leverage,
            max_hold_bars: 0,
            cooldown_bars: 0,
            min_grid_spacing_pct: 0.0,
            min_profit: Fraction::ZERO,
            min_atr_pct: 0.0,
            trend: None,
        }
    }

    fn risk() -> RiskConfig {
        RiskConfig {
            max_margin_ratio: Fraction::ONE,
            max_live_grids: 4,
            max_concurrent_positions: 4,
            min_free_margin: Fraction::ZERO,
            session_loss_grid: Fraction::percent(90),
            session_loss_mono: Fraction::percent(90),
            global_loss: Fraction::percent(90),
            global_window: Span::hours(24),
            max_risk_per_trade: Fraction::percent(2),
            max_loss_at_stop: None,
            on_kill: OnKill::CancelEntries,
            margin_mode: MarginMode::Cross,
            requote_tolerance: Fraction::ZERO,
            cold_start_bars: 0,
            stop_deadline: Span::seconds(5),
            groups: Vec::new(),
        }
    }

    fn costs() -> Costs {
        Costs {
            maker: Fraction(20_000), // 0.02 %
            taker: Fraction(60_000), // 0.06 %
            slippage: Fraction(50_000),
            stop_slippage: Fraction(500_000), // 0.5 %
            liquidation: Fraction(60_000),
        }
    }

    /// 1000 USDT; the stops of its symbols in 1e-8, each at `leverage`.
    fn book(stops: &[i64], leverage: u32) -> EngineConfig {
        let set = |&stop| Params::Grid(grid(Fraction(stop), leverage));
        let symbols = (0..).map(SymbolId).zip(stops.iter().map(set));
        let book = BookConfig {
            name: "grid_atr".into(),
            mode: Mode::Paper,
            facts: Facts::WithBars,
            capital: Cash::usdt(1_000),
            timeframe: Timeframe::H1,
            symbols: symbols.map(|(symbol, params)| SymbolConfig::new(symbol, params)).collect(),
        };
        EngineConfig {
            instruments: ["AAAUSDT", "BBBUSDT", "CCCUSDT"].map(instrument).into(),
            books: alloc::vec![book],
            risk: risk(),
            costs: costs(),
            entry_order: EntryOrder::Limit,
        }
    }

    fn of(config: &EngineConfig) -> WorstCase {
        worst_case(config, &config.books[0])
    }

    fn told(worst: &WorstCase) -> Vec<u16> {
        worst.liquidated_first.iter().map(|liquidation| liquidation.symbol.0).collect()
    }

    /// Two positions of 2500 USDT, stops at 19.52 %: the prices take 976, the entries 3 (0.06 %).
    /// At its stop a position is worth 2012: 10.06 of maintenance, 11.2672 for its execution
    /// (0.06 % + 0.5 %). Before any stop: 21 of equity, 20.12 of maintenance, which holds. After
    /// the first one: 9.7328 of equity, 10.06 of maintenance for the other, which does not.
    #[test]
    fn entry_fees_and_the_costs_of_earlier_stops_count_before_the_last_stop() {
        let worst = of(&book(&[19_520_000, 19_520_000], 5));
        assert_eq!(worst.equity_at_stops, Cash(24 * i128::from(SCALE)));
        assert_eq!(worst.tightest.equity, Cash(973_280_000));
        assert_eq!(worst.tightest.maintenance, Cash(1_006_000_000));
        assert_eq!(told(&worst), [0, 1]);
        // 1000 − 3 − 11.2672 − 10.06 = 975.6728 of a common fall, of 5000 USDT.
        assert_eq!(worst.liquidated_first[0].liquidation_distance, Fraction(19_513_456));
        // 976 + 3 + 2 · 11.2672.
        assert_eq!(worst.loss, Cash(100_153_440_000));
    }

    /// A stop that frees more margin than its execution costs makes room: then the moment before
    /// the first one is the tightest.
    #[test]
    fn cheap_stops_do_not_come_before_the_dear_moment() {
        let mut config = book(&[19_520_000, 19_520_000], 5);
        config.costs.stop_slippage = Fraction::ZERO;
        let worst = of(&config);
        assert_eq!(worst.tightest.equity, Cash(2_100_000_000));
        assert_eq!(worst.tightest.maintenance, Cash(2_012_000_000));
        assert!(told(&worst).is_empty());
        // With entries at 0.1 % instead, 5 of fees: 19 of equity against 20.12.
        config.costs.maker = Fraction(100_000);
        let worst = of(&config);
        assert_eq!(worst.tightest.equity, Cash(1_900_000_000));
        assert_eq!(told(&worst), [0, 1]);
    }

    /// Each ladder may take a third of the wallet as margin; 70 % holds two of them, whatever the
    /// slots. Those two are liquidated, and the third, which never is, is not named.
    #[test]
    fn only_counted_cycles_are_named() {
        let mut config = book(&[18_000_000, 20_000_000, 19_000_000], 10);
        config.risk.max_margin_ratio = Fraction::percent(70);
        let worst = of(&config);
        assert_eq!(worst.cycles, 2);
        assert_eq!(told(&worst), [1, 2]);
    }

    /// 1/6 − 1 % = 15.66 %: a stop at 15.16 % would be executed beyond it, one at 15 % before.
    #[test]
    fn an_isolated_stop_is_held_against_its_liquidation_with_its_slippage() {
        let told = |stop: i64| isolated(Fraction(stop), Fraction(500_000), 6, Fraction(1_000_000));
        assert_eq!(told(20_000_000), Some(Fraction(15_666_666)));
        assert_eq!(told(15_166_666), Some(Fraction(15_666_666)));
        assert_eq!(told(15_166_665), None);
        assert_eq!(told(15_000_000), None);
    }
}
