//! Where the generated prices begin: a familiar figure per coin, so that a ladder reads like one.
//! They are round numbers, not quotes of any day.

use gardefou_core::market::Instrument;
use gardefou_core::money::Ticks;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Used for a coin that is not in the table: plenty of ticks for a smooth chart.
const UNKNOWN: Ticks = Ticks(50_000);

/// Starting prices in USDT, as mantissa and decimals.
const PRICES: [(&str, i64, u32); 28] = [
    ("AAVEUSDT", 160, 0),
    ("ADAUSDT", 45, 2),
    ("APTUSDT", 9, 0),
    ("ARBUSDT", 8, 1),
    ("ATOMUSDT", 85, 1),
    ("AVAXUSDT", 32, 0),
    ("BCHUSDT", 380, 0),
    ("BNBUSDT", 580, 0),
    ("BTCUSDT", 62_000, 0),
    ("CRVUSDT", 45, 2),
    ("DOGEUSDT", 12, 2),
    ("DOTUSDT", 65, 1),
    ("DYDXUSDT", 18, 1),
    ("ETCUSDT", 24, 0),
    ("ETHUSDT", 3_200, 0),
    ("FILUSDT", 55, 1),
    ("GALAUSDT", 35, 3),
    ("ICPUSDT", 11, 0),
    ("INJUSDT", 24, 0),
    ("LINKUSDT", 15, 0),
    ("LTCUSDT", 78, 0),
    ("NEARUSDT", 55, 1),
    ("OPUSDT", 2, 0),
    ("SOLUSDT", 145, 0),
    ("SUIUSDT", 14, 1),
    ("TRXUSDT", 13, 2),
    ("UNIUSDT", 9, 0),
    ("XRPUSDT", 58, 2),
];

/// The first price of a symbol, in its ticks.
#[must_use]
pub fn first(instrument: &Instrument) -> Ticks {
    let known = PRICES.iter().find(|(name, _, _)| *name == instrument.symbol.as_str());
    let price = known.map(|&(_, mantissa, decimals)| Decimal::new(mantissa, decimals));
    let ticks = price.and_then(|price| price.checked_div(instrument.tick)?.round().to_i64());
    ticks.filter(|&ticks| ticks > 0).map_or(UNKNOWN, Ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::market::{Demo, Scenario};

    #[test]
    fn every_shipped_symbol_begins_at_a_known_price() {
        let demo = Demo::new(&Scenario::default()).unwrap();
        for instrument in &demo.engine().config().instruments {
            assert_ne!(first(instrument), UNKNOWN, "{}", instrument.symbol);
        }
    }
}
