//! What the price venue models, switch by switch, and the rules of each symbol.
//!
//! Everything is on in [`Settings::strict`]; a switch that is off makes the venue kinder than an
//! exchange in that one respect. Faults (lost, doubled or reordered messages) are no settings:
//! whoever drives the venue injects them.

use serde::{Deserialize, Serialize};

use crate::config::Costs;
use crate::market::Instrument;
use crate::money::{Cash, Fraction, Lots, Ticks};
use crate::time::Span;

/// How the venue behaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How long messages travel.
    pub delays: Delays,
    /// The size of a print limits what fills at it.
    pub partial_fills: bool,
    /// Which orders must reach the smallest quantity and notional.
    pub minimums: Minimums,
    /// Prices and quantities must lie on the steps of the symbol.
    pub precision: bool,
    /// Entries need free margin.
    pub margin: bool,
    /// An order that reduces nothing is refused on arrival; otherwise it ends when it would fill.
    pub needs_position: bool,
    /// A stop at or beyond the mark price is refused.
    pub stop_side: bool,
    /// Leverage and margin mode cannot change under a position or an order.
    pub locks: bool,
    /// Wallets and isolated positions that are used up are liquidated.
    pub liquidation: bool,
    /// The stop that travels with an entry protects what the entry filled.
    pub presets: bool,
    /// Stops trigger on the mark price; otherwise on the last price.
    pub mark_triggers: bool,
    /// Flat positions take their reduce-only orders with them.
    pub sweeps: bool,
    /// Slippage of market orders and of limits that cross on arrival.
    pub slippage: Fraction,
    /// Slippage of stops, beyond the worse of trigger and price.
    pub stop_slippage: Fraction,
}

impl Settings {
    /// Everything that an exchange does, without delays; slippage as configured. The price that
    /// a stop meets is seen here, so its slippage is the plain one.
    #[must_use]
    pub fn strict(costs: &Costs) -> Self {
        Self {
            delays: Delays::default(),
            partial_fills: true,
            minimums: Minimums::Entries,
            precision: true,
            margin: true,
            needs_position: true,
            stop_side: true,
            locks: true,
            liquidation: true,
            presets: true,
            mark_triggers: true,
            sweeps: true,
            slippage: costs.slippage,
            stop_slippage: costs.slippage,
        }
    }
}

/// How long messages travel between trader and exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delays {
    /// A request, until it takes effect.
    pub request: Span,
    /// The answer to a request.
    pub answer: Span,
    /// What the exchange reports of its own accord: fills, funding, liquidations.
    pub report: Span,
    /// A price, until the trader sees it.
    pub market_data: Span,
    /// How long a fresh order is not found by those who ask for it.
    pub visibility: Span,
}

/// Which orders must reach the minimums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Minimums {
    /// None.
    Off,
    /// Entries: what reduces may be as small as the rest of a position.
    Entries,
    /// Entries, targets and closes; never stops, which follow the position.
    All,
}

/// What the venue demands of orders on one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Worth of one lot at one tick, in 1e-8 USDT.
    pub value: i64,
    /// Prices are multiples of this many ticks: more than one when the engine counts finer.
    pub price_step: i64,
    /// Quantities are multiples of this many lots.
    pub lot_step: i64,
    /// The smallest order, in lots.
    pub min_lots: Lots,
    /// The smallest order, in USDT.
    pub min_notional: Cash,
    /// The highest leverage.
    pub max_leverage: u32,
    /// Maintenance margin rate.
    pub maintenance: Fraction,
}

impl Rules {
    /// The rules of an instrument.
    #[must_use]
    pub fn of(instrument: &Instrument) -> Self {
        Self {
            value: instrument.value,
            price_step: 1,
            lot_step: 1,
            min_lots: instrument.min_lots,
            min_notional: instrument.min_notional,
            max_leverage: instrument.max_leverage,
            maintenance: instrument.maintenance,
        }
    }

    /// price × quantity.
    #[inline]
    #[must_use]
    pub fn notional(&self, price: Ticks, lots: Lots) -> Cash {
        Cash(i128::from(price.0) * i128::from(lots.0) * i128::from(self.value))
    }
}

/// What may be done with a symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything.
    #[default]
    Trading,
    /// Positions may be reduced, not opened: a delisting is announced.
    CloseOnly,
    /// Nothing: maintenance. Requests are refused, nothing executes.
    Suspended,
    /// Gone: orders were cancelled and positions closed by the exchange.
    Delisted,
}
