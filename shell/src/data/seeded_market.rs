//! The market that the project ships: endless hourly bars from a seed, built from minute prices.
//!
//! For the demo, tests, benchmarks and rehearsals. It resembles a market (clustered volatility,
//! fat tails, a common factor, a crash) and proves nothing about one. The same seed gives the
//! same prices on every platform: chance is ChaCha8, arithmetic is exact f64 steps and `libm`.

use gardefou_core::ids::SymbolName;
use gardefou_core::market::Bar;
use gardefou_core::money::{Fraction, SCALE, Ticks};
use gardefou_core::time::{Span, Timestamp};

use super::seeded_factor::{CRASH_SPREAD, Clustering, Crashes, Factor, Shock};
use super::seeded_noise::{MINUTES, Noise};
use super::seeded_params::SeededParams;

pub use super::seeded_factor::Crash;

const HOUR: Span = Span::hours(1);
const SETTLEMENT: Span = Span::hours(8);

/// Prices stay below this many ticks, where f64 is exact.
const PRICE_MAX: f64 = (1u64 << 50) as f64;

/// One symbol of the seeded market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeededSymbol {
    /// Its name, which also decides its chance: other symbols do not change it.
    pub symbol: SymbolName,
    /// The price at the start; some thousands of ticks or more look natural.
    pub price: Ticks,
    /// Multiplies its own volatility; 1 is usual.
    pub volatility: f64,
}

impl SeededSymbol {
    /// A symbol of the usual volatility.
    #[must_use]
    pub const fn new(symbol: SymbolName, price: Ticks) -> Self {
        Self { symbol, price, volatility: 1.0 }
    }
}

impl From<(SymbolName, Ticks)> for SeededSymbol {
    fn from((symbol, price): (SymbolName, Ticks)) -> Self {
        Self::new(symbol, price)
    }
}

/// One hour of one symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeededHour {
    /// The bar, in ticks.
    pub bar: Bar,
    /// The rate settled at the bar's open, every 8 hours.
    pub funding: Option<Fraction>,
}

/// The seeded market: a stream of hours per symbol, all in step.
#[derive(Clone, Debug)]
pub struct SeededMarket {
    seed: u64,
    params: SeededParams,
    start: Timestamp,
    streams: Vec<SeededStream>,
}

impl SeededMarket {
    /// A market with the usual behaviour from the hour of `start` on.
    #[must_use]
    pub fn new(seed: u64, symbols: &[SeededSymbol], start: Timestamp) -> Self {
        Self::with_params(seed, symbols, start, SeededParams::default())
    }

    /// A market that behaves as told.
    #[must_use]
    pub fn with_params(
        seed: u64,
        symbols: &[SeededSymbol],
        start: Timestamp,
        params: SeededParams,
    ) -> Self {
        let start = start.floor(HOUR);
        let stream = |symbol: &SeededSymbol| SeededStream::new(seed, *symbol, start, &params);
        let streams = symbols.iter().map(stream).collect();
        Self { seed, params, start, streams }
    }

    /// The next hour of every symbol, in the order given; the old content of `hours` goes.
    pub fn next_hour(&mut self, hours: &mut Vec<SeededHour>) {
        hours.clear();
        hours.extend(self.streams.iter_mut().map(SeededStream::next_hour));
    }

    /// The streams, for minute paths: [`SeededStream::path`] is that of the hour last made.
    #[must_use]
    pub fn streams(&self) -> &[SeededStream] {
        &self.streams
    }

    /// The streams apart: each is complete in itself and may run on a thread of its own.
    #[must_use]
    pub fn into_streams(self) -> Vec<SeededStream> {
        self.streams
    }

    /// The crashes with the time of their first hour, in order, without end.
    pub fn crashes(&self) -> impl Iterator<Item = (Timestamp, Crash)> + use<> {
        let start = self.start;
        Crashes::new(self.seed, &self.params).map_while(move |crash| {
            let since = i64::try_from(crash.hour).ok()?.checked_mul(HOUR.0)?;
            Some((Timestamp(start.0.checked_add(since)?), crash))
        })
    }
}

/// The hours of one symbol, without end.
#[derive(Clone, Debug)]
pub struct SeededStream {
    symbol: SeededSymbol,
    params: SeededParams,
    factor: Factor,
    noise: Noise,
    clustering: Clustering,
    beta: f64,
    fall: f64,
    home: f64,
    anchor: f64,
    price: f64,
    day_mean: f64,
    close: f64,
    halted: u64,
    at: Timestamp,
    minutes: [f64; MINUTES],
}

impl SeededStream {
    fn new(seed: u64, symbol: SeededSymbol, start: Timestamp, params: &SeededParams) -> Self {
        let mut noise = Noise::new(seed, purpose(symbol.symbol));
        let close = (symbol.price.0 as f64).clamp(1.0, PRICE_MAX);
        let price = libm::log(close);
        Self {
            factor: Factor::new(seed, params),
            clustering: Clustering::new(params.own_volatility * symbol.volatility),
            beta: noise.between(params.beta),
            fall: noise.between((1.0 - CRASH_SPREAD, 1.0 + CRASH_SPREAD)),
            noise,
            home: price,
            anchor: price,
            price,
            day_mean: price,
            close,
            halted: 0,
            at: start,
            minutes: [close; MINUTES],
            symbol,
            params: params.clone(),
        }
    }

    /// The symbol.
    #[must_use]
    pub fn symbol(&self) -> SymbolName {
        self.symbol.symbol
    }

    /// Open time of the next hour.
    #[must_use]
    pub fn next_open(&self) -> Timestamp {
        self.at
    }

    /// The 60 minute prices that the last hour's bar was built from: the first is its open, the
    /// last its close, and its extremes are among them.
    #[must_use]
    pub fn path(&self) -> [Ticks; MINUTES] {
        self.minutes.map(ticks)
    }

    /// Makes the next hour.
    #[inline]
    pub fn next_hour(&mut self) -> SeededHour {
        let funding = self.at.is_aligned(SETTLEMENT).then(|| self.funding());
        let shock = self.factor.next(&self.params);
        let traded = shock.crashing || !self.stands_still();
        if traded {
            self.trade(&shock);
        } else {
            self.minutes = [self.close; MINUTES];
        }
        self.day_mean += (self.price - self.day_mean) / 24.0;
        let bar = self.bar(traded);
        self.at = self.at + HOUR;
        SeededHour { bar, funding }
    }

    fn stands_still(&mut self) -> bool {
        if self.halted == 0 && self.noise.unit() < self.params.halt_chance {
            self.halted = self.noise.whole((1, self.params.halt_hours.max(1)));
        }
        let halted = self.halted > 0;
        self.halted = self.halted.saturating_sub(1);
        halted
    }

    /// Moves the price through an hour and draws its path.
    #[inline]
    fn trade(&mut self, shock: &Shock) {
        let open = self.open();
        let params = &self.params;
        let crash = shock.crash * self.fall;
        let walk = self.noise.bell() * params.anchor_volatility;
        let home = (self.home - self.anchor) * params.anchor_reversion;
        self.anchor += self.beta * shock.drift + walk + home + crash;
        let own = self.clustering.draw(&mut self.noise, params);
        let back = (self.anchor - crash - self.price) * params.reversion;
        self.price += back + self.beta * shock.market + own + crash;
        self.price = self.price.max(0.0);
        let variance = self.clustering.variance() + self.beta * self.beta * shock.variance;
        self.clustering.learn(own, params);
        self.close = libm::exp(self.price).min(PRICE_MAX);
        let width = libm::sqrt(variance) * open.min(self.close);
        self.draw_path(open, width, shock.wick);
    }

    /// The first price of the hour: the last close, or after a gap.
    #[inline]
    fn open(&mut self) -> f64 {
        if self.noise.unit() >= self.params.gap_chance {
            return self.close;
        }
        let gap = self.noise.between(self.params.gap);
        self.price += if self.noise.unit() < 0.5 { -gap } else { gap };
        self.price = self.price.max(0.0);
        libm::exp(self.price).min(PRICE_MAX)
    }

    /// Fills the minutes from `open` to the close, with wicks.
    #[inline]
    fn draw_path(&mut self, open: f64, width: f64, crash_wick: f64) {
        let bridge = self.noise.bridge();
        let slope = (self.close - open) / (MINUTES - 1) as f64;
        for (minute, (price, noise)) in self.minutes.iter_mut().zip(bridge).enumerate() {
            *price = bounded(open + slope * minute as f64 + noise * width);
        }
        self.minutes[MINUTES - 1] = bounded(self.close);
        if crash_wick > 0.0 {
            self.plunge(crash_wick);
        } else if self.noise.unit() < self.params.wick_chance {
            let side = if self.noise.unit() < 0.5 { -1.0 } else { 1.0 };
            let reach = self.noise.between((1.0, 4.0));
            self.wick(side * reach * width);
        }
    }

    /// The worst minutes of a crash: below the close that the hour will have.
    fn plunge(&mut self, depth: f64) {
        let (minute, bottom) = (self.inner_minute(), self.close * (1.0 - depth));
        for (price, part) in self.minutes.iter_mut().skip(minute).zip([0.5, 1.0, 0.4]) {
            *price = bounded(*price + (bottom - *price).min(0.0) * part);
        }
    }

    /// A minute with two more before the last.
    fn inner_minute(&mut self) -> usize {
        1 + (self.noise.unit() * (MINUTES - 4) as f64) as usize
    }

    /// Three minutes off the path, the second one whole.
    fn wick(&mut self, reach: f64) {
        let minute = self.inner_minute();
        for (price, part) in self.minutes.iter_mut().skip(minute).zip([0.5, 1.0, 0.4]) {
            *price = bounded(*price + reach * part);
        }
    }

    #[inline]
    fn bar(&self, traded: bool) -> Bar {
        let first = self.minutes[0];
        let (mut low, mut high) = (first, first);
        for &price in &self.minutes {
            low = if price < low { price } else { low };
            high = if price > high { price } else { high };
        }
        // Rounding keeps order: the extremes of the path are those of the rounded path.
        Bar {
            at: self.at,
            open: ticks(first),
            high: ticks(high),
            low: ticks(low),
            close: ticks(self.minutes[MINUTES - 1]),
            traded,
        }
    }

    /// Longs pay after a rise, shorts after a fall.
    fn funding(&self) -> Fraction {
        let params = &self.params;
        let rate = params.funding_base + params.funding_slope * (self.price - self.day_mean);
        let capped = rate.max(-params.funding_cap).min(params.funding_cap);
        Fraction(libm::floor(capped * SCALE as f64 + 0.5) as i64)
    }
}

impl Iterator for SeededStream {
    type Item = SeededHour;

    #[inline]
    fn next(&mut self) -> Option<SeededHour> {
        Some(self.next_hour())
    }
}

/// From one tick to the largest price; what is no number becomes one tick.
#[inline]
fn bounded(price: f64) -> f64 {
    if price > 1.0 { if price < PRICE_MAX { price } else { PRICE_MAX } } else { 1.0 }
}

/// To the nearest tick; the price is at least 1.
#[inline]
fn ticks(price: f64) -> Ticks {
    Ticks((price + 0.5) as i64)
}

/// A number per symbol name (FNV-1a), apart from the purposes 0 and 1 of the market itself.
fn purpose(symbol: SymbolName) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    symbol.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, mix) | 2
}
