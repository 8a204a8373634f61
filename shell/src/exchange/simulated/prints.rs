//! An hour as prices: a recorded bar does not say when its prices came, so they come at fixed
//! minutes. The open at :01, the two extremes at :20 and :40, the close at :59; the extreme away
//! from the close comes first, as in most hours (low first when the bar rose or stayed, high first
//! when it fell). An hour in which nothing traded has no prices.

use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::time::{Span, Timestamp};

/// Minutes of open, first extreme, second extreme and close.
pub const MINUTES: [i64; 4] = [1, 20, 40, 59];

/// The prices of an hour, in their order.
pub fn of(bar: &Bar) -> impl Iterator<Item = (Timestamp, Ticks)> {
    let rose = bar.close >= bar.open;
    let (first, second) = if rose { (bar.low, bar.high) } else { (bar.high, bar.low) };
    let (at, traded) = (bar.at, bar.traded);
    let prices = [bar.open, first, second, bar.close];
    let timed = MINUTES.into_iter().zip(prices).filter(move |_| traded);
    timed.map(move |(minute, price)| (at + Span::seconds(60 * minute), price))
}
