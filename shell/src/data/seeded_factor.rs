//! What all symbols of the seeded market share: the common move, its drift, and the crash.

use super::seeded_noise::Noise;
use super::seeded_params::SeededParams;

/// Variance that clusters: GARCH(1,1), capped.
#[derive(Clone, Debug)]
pub struct Clustering {
    long_run: f64,
    variance: f64,
}

impl Clustering {
    pub fn new(volatility: f64) -> Self {
        let long_run = volatility * volatility;
        Self { long_run, variance: long_run }
    }

    #[inline]
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// Draws the next move.
    #[inline]
    pub fn draw(&self, noise: &mut Noise, params: &SeededParams) -> f64 {
        libm::sqrt(self.variance) * noise.fat_tailed(params.tail_chance, params.tail_scale)
    }

    /// Learns from a move.
    #[inline]
    pub fn learn(&mut self, moved: f64, params: &SeededParams) {
        let (shock, memory) = (params.shock_weight, params.variance_memory);
        let base = self.long_run * (1.0 - shock - memory);
        let next = base + shock * moved * moved + memory * self.variance;
        self.variance = next.min(self.long_run * params.variance_cap);
    }
}

/// A crash of the seeded market, in hours from its start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crash {
    /// The first hour that falls.
    pub hour: u64,
    /// How many hours fall; the last is the worst.
    pub hours: u64,
    /// How many hours recover after that.
    pub rebound_hours: u64,
    /// The fall as a fraction of the price, for a symbol that falls with the market.
    pub depth: f64,
    /// The share of the fall that is recovered.
    pub rebound: f64,
    /// How far the wick reaches below the worst hour, as a fraction of the price.
    pub wick: f64,
    /// ln(1 − depth).
    fall: f64,
}

/// The crashes, one per period, in order, without end.
#[derive(Clone, Debug)]
pub struct Crashes {
    noise: Noise,
    params: SeededParams,
    period: u64,
}

/// A symbol falls by the market's fall times 1 ± this.
pub const CRASH_SPREAD: f64 = 0.1;

impl Crashes {
    pub fn new(seed: u64, params: &SeededParams) -> Self {
        Self { noise: Noise::new(seed, 1), params: params.clone(), period: 0 }
    }
}

impl Iterator for Crashes {
    type Item = Crash;

    fn next(&mut self) -> Option<Crash> {
        let (noise, params) = (&mut self.noise, &self.params);
        let (from, to) = params.crash_window;
        let start = self.period.checked_mul(params.crash_period.max(1))?;
        let hour = start.checked_add(noise.whole((from, to.saturating_sub(1).max(from))))?;
        self.period += 1;
        // Drawn so that every symbol's own fall stays inside the stated range.
        let (least, most) = params.crash_depth;
        let deep = |depth: f64, spread: f64| libm::log(1.0 - depth.clamp(0.0, 0.95)) / spread;
        let (least, most) = (deep(least, 1.0 - CRASH_SPREAD), deep(most, 1.0 + CRASH_SPREAD));
        let fall = noise.between((least, most));
        Some(Crash {
            hour,
            hours: noise.whole(params.crash_hours).max(1),
            rebound_hours: noise.whole(params.rebound_hours).max(1),
            depth: 1.0 - libm::exp(fall),
            rebound: noise.between(params.rebound),
            wick: noise.between(params.crash_wick),
            fall,
        })
    }
}

impl Crash {
    /// The scripted move of this hour: growing falls, then shrinking rises.
    fn moved(&self, hour: u64) -> f64 {
        let since = hour - self.hour;
        if since < self.hours {
            return self.fall * share(since + 1, self.hours);
        }
        let left = self.rebound_hours - (since - self.hours);
        -self.fall * self.rebound * share(left, self.rebound_hours)
    }

    fn worst(&self) -> u64 {
        self.hour.saturating_add(self.hours - 1)
    }

    fn end(&self) -> u64 {
        self.hour.saturating_add(self.hours).saturating_add(self.rebound_hours)
    }
}

/// `part` of 1 + 2 + … + `count`.
fn share(part: u64, count: u64) -> f64 {
    2.0 * part as f64 / (count as f64 * (count as f64 + 1.0))
}

/// What the market does in one hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shock {
    /// The common move.
    pub market: f64,
    /// Its variance.
    pub variance: f64,
    /// The drift of the anchors.
    pub drift: f64,
    /// The scripted move of a crash.
    pub crash: f64,
    /// Depth of the wick of a crash.
    pub wick: f64,
    /// True while a crash falls or recovers.
    pub crashing: bool,
}

/// The common factor, hour by hour.
#[derive(Clone, Debug)]
pub struct Factor {
    noise: Noise,
    clustering: Clustering,
    crashes: Crashes,
    crash: Option<Crash>,
    drift: f64,
    drift_until: u64,
    hour: u64,
}

impl Factor {
    pub fn new(seed: u64, params: &SeededParams) -> Self {
        let mut crashes = Crashes::new(seed, params);
        Self {
            noise: Noise::new(seed, 0),
            clustering: Clustering::new(params.market_volatility),
            crash: crashes.next(),
            crashes,
            drift: 0.0,
            drift_until: 0,
            hour: 0,
        }
    }

    /// The next hour.
    #[inline]
    pub fn next(&mut self, params: &SeededParams) -> Shock {
        if self.hour >= self.drift_until {
            self.drift = self.noise.between((-params.drift, params.drift));
            let hours = self.noise.whole(params.drift_hours).max(1);
            self.drift_until = self.hour.saturating_add(hours);
        }
        let mut shock = Shock {
            market: self.clustering.draw(&mut self.noise, params),
            variance: self.clustering.variance(),
            drift: self.drift,
            ..Shock::default()
        };
        self.crash(&mut shock);
        self.clustering.learn(shock.market + shock.crash, params);
        self.hour += 1;
        shock
    }

    fn crash(&mut self, shock: &mut Shock) {
        let Some(crash) = self.crash.filter(|crash| self.hour >= crash.hour) else { return };
        if self.hour >= crash.end() {
            let hour = self.hour;
            self.crash = self.crashes.find(|next| next.hour > hour);
            return;
        }
        shock.crashing = true;
        shock.crash = crash.moved(self.hour);
        if self.hour == crash.worst() {
            shock.wick = crash.wick;
        }
    }
}
