//! Indicators of one symbol, as arrays over its bars (DECISIONS, formulas), prices in ticks.

use super::number::ratio;
use super::types::{Bar, Kind, Params, Q};

const FOUR_HOURS_MS: i64 = 14_400_000;

/// Values known at the close of each bar.
#[derive(Debug, Clone)]
pub struct Series {
    period: usize,
    sums: Vec<Option<i64>>,
    atr: Vec<Option<f64>>,
    trend: Vec<Option<i8>>,
}

impl Series {
    /// Computes everything from the first bar on.
    pub fn new(kind: Kind, params: &Params, bars: &[Bar], timeframe_ms: i64) -> Self {
        let trend = match kind {
            Kind::GridAtr => vec![None; bars.len()],
            Kind::GridMultiTf => four_hour_trend(params, bars, timeframe_ms),
            Kind::Supertrend => supertrend(params, bars),
        };
        Series {
            period: params.ma_period,
            sums: sums(bars, params.ma_period),
            atr: wilder_atr(bars, params.atr_period),
            trend,
        }
    }

    /// The moving average, exact.
    pub fn sma(&self, t: usize) -> Option<Q> {
        self.sums[t].map(|sum| ratio(sum, self.period as i64))
    }

    /// The moving average as a float, for levels.
    pub fn sma_f64(&self, t: usize) -> Option<f64> {
        self.sums[t].map(|sum| sum as f64 / self.period as f64)
    }

    /// Wilder's ATR of the ladder.
    pub fn atr(&self, t: usize) -> Option<f64> {
        self.atr[t]
    }

    /// Direction of the Supertrend known at the close of `t`: +1, −1 or undefined.
    pub fn trend(&self, t: usize) -> Option<i8> {
        self.trend[t]
    }

    /// Direction into which the Supertrend turned at `t`, if it did.
    pub fn turn(&self, t: usize) -> Option<i8> {
        let before = self.trend[t.checked_sub(1)?]?;
        self.trend[t].filter(|now| *now != before)
    }
}

fn sums(bars: &[Bar], n: usize) -> Vec<Option<i64>> {
    (0..bars.len())
        .map(|t| (t + 1 >= n).then(|| bars[t + 1 - n..=t].iter().map(|b| b.c).sum()))
        .collect()
}

/// ATR with the seed at bar n: mean of TR(1..=n); TR(0) is left out.
pub fn wilder_atr(bars: &[Bar], n: usize) -> Vec<Option<f64>> {
    let mut atr = vec![None; bars.len()];
    if bars.len() <= n {
        return atr;
    }
    let range = |t: usize| true_range(&bars[t], bars[t - 1].c) as f64;
    let mut value = (1..=n).map(range).sum::<f64>() / n as f64;
    atr[n] = Some(value);
    for (t, slot) in atr.iter_mut().enumerate().skip(n + 1) {
        value = (value * (n as f64 - 1.0) + range(t)) / n as f64;
        *slot = Some(value);
    }
    atr
}

fn true_range(bar: &Bar, previous_close: i64) -> i64 {
    (bar.h - bar.l).max((bar.h - previous_close).abs()).max((bar.l - previous_close).abs())
}

/// Direction of the Supertrend at each bar of the given series.
fn supertrend(params: &Params, bars: &[Bar]) -> Vec<Option<i8>> {
    let atr = wilder_atr(bars, params.st_atr_period);
    let mut out = vec![None; bars.len()];
    let mut state: Option<(f64, f64, i8)> = None;
    for t in 0..bars.len() {
        let Some(range) = atr[t] else { continue };
        let mid = (bars[t].h as f64 + bars[t].l as f64) / 2.0;
        let upper = mid + params.st_atr_multiplier * range;
        let lower = mid - params.st_atr_multiplier * range;
        let close = bars[t].c as f64;
        let next = match state {
            None => (upper, lower, if close > upper { 1 } else { -1 }),
            Some(last) => ratchet(last, upper, lower, bars[t - 1].c as f64, close),
        };
        out[t] = Some(next.2);
        state = Some(next);
    }
    out
}

fn ratchet(last: (f64, f64, i8), up0: f64, down0: f64, before: f64, close: f64) -> (f64, f64, i8) {
    let (last_up, last_down, direction) = last;
    let up = if before <= last_up { up0.min(last_up) } else { up0 };
    let down = if before >= last_down { down0.max(last_down) } else { down0 };
    let direction = match direction {
        1 if close < down => -1,
        -1 if close > up => 1,
        same => same,
    };
    (up, down, direction)
}

/// Direction of the last 4 h bucket when that one is complete, at each bar.
fn four_hour_trend(params: &Params, bars: &[Bar], timeframe_ms: i64) -> Vec<Option<i8>> {
    let size = (FOUR_HOURS_MS / timeframe_ms) as usize;
    let id = |t: usize| bars[t].open_ms.div_euclid(FOUR_HOURS_MS);
    let ends = |t: usize| (bars[t].open_ms + timeframe_ms).rem_euclid(FOUR_HOURS_MS) == 0;
    let complete = |t: usize| ends(t) && t + 1 >= size && id(t + 1 - size) == id(t);
    let closing: Vec<usize> = (0..bars.len()).filter(|t| complete(*t)).collect();
    let buckets: Vec<Bar> = closing.iter().map(|t| merged(&bars[t + 1 - size..=*t])).collect();
    let directions = supertrend(params, &buckets);

    let mut out = vec![None; bars.len()];
    let mut current = None;
    let mut finished = 0;
    for (t, slot) in out.iter_mut().enumerate() {
        if ends(t) {
            current = None;
        }
        if closing.get(finished) == Some(&t) {
            current = directions[finished];
            finished += 1;
        }
        *slot = current;
    }
    out
}

fn merged(bars: &[Bar]) -> Bar {
    let mut bucket = bars[0];
    for bar in bars {
        bucket.h = bucket.h.max(bar.h);
        bucket.l = bucket.l.min(bar.l);
        bucket.c = bar.c;
    }
    bucket
}
