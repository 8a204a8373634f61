//! Random hourly series that visit the corners of the matching contract: gaps over several
//! levels, bars that touch a price exactly, wicks through the stop, hours in which nothing trades.

use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::time::{Span, Timestamp};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How a random series moves.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// First price in ticks.
    pub price: i64,
    /// Typical hourly move, as a fraction of the price.
    pub volatility: f64,
    /// Chance of a gap between close and open.
    pub gaps: f64,
    /// Chance of a violent hour.
    pub shocks: f64,
    /// Chance of an hour without volume.
    pub silence: f64,
}

/// `count` contiguous bars from `start`.
#[must_use]
pub fn bars(seed: u64, start: Timestamp, count: usize, style: Style) -> Vec<Bar> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let anchor = style.price as f64;
    let mut close = anchor;
    (0..count)
        .map(|hour| {
            let bar = next(&mut rng, style, close, anchor);
            close = bar[3];
            let ticks = bar.map(|price| Ticks((price.round() as i64).max(2)));
            finish(start + Span::hours(hour as i64), ticks, rng.random_bool(style.silence))
        })
        .collect()
}

/// Open, two inner prices, close as raw numbers.
fn next(rng: &mut impl Rng, style: Style, close: f64, anchor: f64) -> [f64; 4] {
    let wild = if rng.random_bool(style.shocks) { rng.random_range(4.0..14.0) } else { 1.0 };
    let scale = close * style.volatility * wild;
    let gap = if rng.random_bool(style.gaps) { scale * rng.random_range(-2.0..2.0) } else { 0.0 };
    let open = close + gap;
    let pull = (anchor - open) * 0.01;
    let end = open + pull + scale * rng.random_range(-1.0..1.0);
    let one = open + scale * rng.random_range(-1.5..1.5);
    [open, one, end + scale * rng.random_range(-1.0..1.0), end]
}

fn finish(at: Timestamp, prices: [Ticks; 4], silent: bool) -> Bar {
    let [open, one, two, close] = prices;
    if silent {
        return Bar { at, open, high: open, low: open, close: open, traded: false };
    }
    let high = open.max(one).max(two).max(close);
    let low = open.min(one).min(two).min(close);
    Bar { at, open, high, low, close, traded: true }
}
