//! The runner: one symbol of one book, from closed bars to a view. It owns the series, the
//! indicators and the lifecycle Warming → Cooling → Ready, and knows neither mode nor venue
//! beyond "this is a cold start of a live book".

use serde::{Deserialize, Serialize};

use crate::config::{GridParams, MonoParams, Params};
use crate::indicator::{Atr, Mean, Sma, Supertrend};
use crate::market::resample::Bucket;
use crate::market::{Append, Bar, Resampler, Series};
use crate::money::{Direction, Ticks};
use crate::notice::Readiness;
use crate::strategy::levels;
use crate::time::{Timeframe, Timestamp};

/// One symbol's way from bars to decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runner {
    series: Series,
    indicators: Indicators,
    warmup: u32,
    cooling: u32,
    arming: Arming,
    /// Open time of the newest bar known, while bars before it are missing.
    behind: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Indicators {
    Grid { sma: Sma, atr: Atr, trend: Option<SlowTrend> },
    Mono { trend: Supertrend, before: Option<Direction> },
}

/// The 4 h Supertrend; undefined after an incomplete bucket until the next complete one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SlowTrend {
    resampler: Resampler,
    supertrend: Supertrend,
    defined: bool,
}

/// A side is disarmed for live when the first close after a cold start lies at or beyond its
/// level 0; it is armed again by a close on the other side (decision 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Arming {
    /// Not a cold start, or not a live book: both sides armed.
    Always,
    /// The first close is awaited.
    Awaiting,
    /// Decided: whether long and short are armed.
    Sides([bool; 2]),
}

/// What a strategy sees at a close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The close.
    pub close: Ticks,
    /// The exact SMA (of the close alone for a mono strategy).
    pub mean: Mean,
    /// ATR in ticks.
    pub atr: f64,
    /// What the trend says.
    pub trend: Trend,
}

/// The direction filter of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// The strategy has none.
    Unused,
    /// It has one, and it is not known: not the same as no signal.
    Undefined,
    /// Known.
    Is(Direction),
    /// A mono strategy's trend turned on this bar.
    Turned(Direction),
}

impl Runner {
    /// A runner without history. With `cooling` it waits that many bars and arms, like a live cold
    /// start.
    #[must_use]
    pub fn new(params: &Params, timeframe: Timeframe, cooling: Option<u32>) -> Self {
        let indicators = match params {
            Params::Grid(p) => Indicators::grid(p, timeframe),
            Params::Mono(p) => Indicators::mono(p),
        };
        let arming = if cooling.is_some() { Arming::Awaiting } else { Arming::Always };
        let cooling = cooling.unwrap_or(0);
        let series = Series::new(timeframe);
        Self { series, indicators, warmup: params.warmup_bars(), cooling, arming, behind: None }
    }

    /// A closed bar of the past: warms indicators, decides nothing.
    pub fn load(&mut self, bar: &Bar) -> Append {
        let append = self.series.append(bar);
        if append == Append::Appended {
            self.catch_up(bar);
            self.indicators.push(bar);
        }
        append
    }

    /// A bar that just closed.
    #[inline]
    pub fn push(&mut self, bar: &Bar, params: &Params) -> Append {
        let append = self.series.append(bar);
        match append {
            Append::Appended => {
                self.catch_up(bar);
                let warm = self.is_warm();
                self.indicators.push(bar);
                if warm || self.is_warm() {
                    self.advance(warm, params);
                }
            }
            Append::Gap { .. } => self.behind = self.behind.max(Some(bar.at)),
            Append::Duplicate | Append::OutOfOrder | Append::Broken(_) => {}
        }
        append
    }

    /// A gap is healed by the bar that revealed it, not by the first of those before it.
    #[inline]
    fn catch_up(&mut self, bar: &Bar) {
        if self.behind.is_some_and(|newest| newest <= bar.at) {
            self.behind = None;
        }
    }

    /// True while bars are known to be missing: those that come bring indicators up to date, and
    /// decide nothing.
    #[inline]
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    #[inline]
    fn advance(&mut self, was_warm: bool, params: &Params) {
        if matches!(self.arming, Arming::Always) && self.cooling == 0 {
            return;
        }
        if was_warm {
            self.cooling = self.cooling.saturating_sub(1);
        }
        self.arm(params);
    }

    /// Level 0 against the close: decides arming once, then arms what closes on the other side.
    fn arm(&mut self, params: &Params) {
        let (Params::Grid(grid), Some(view)) = (params, self.indicators.view(self.series.last()))
        else {
            self.arming = Arming::Always;
            return;
        };
        let atr = levels::effective_atr(grid, view.atr, view.close);
        let clear = Direction::BOTH.map(|direction| {
            levels::level_price(grid, direction, view.mean.to_f64(), atr, 0)
                .is_none_or(|level| direction.mirror(view.close) > direction.mirror(level))
        });
        self.arming = match self.arming {
            Arming::Always => Arming::Always,
            Arming::Awaiting => Arming::Sides(clear),
            Arming::Sides([long, short]) => Arming::Sides([long || clear[0], short || clear[1]]),
        };
    }

    #[inline]
    fn is_warm(&self) -> bool {
        self.series.count() >= u64::from(self.warmup)
    }

    /// Whether the indicators may be trusted: enough bars, and no hole after the last one.
    #[inline]
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_warm() && !self.is_behind()
    }

    /// What the indicators say, warm or not: exits use it as soon as it is defined.
    #[inline]
    #[must_use]
    pub fn view(&self) -> Option<View> {
        self.indicators.view(self.series.last())
    }

    /// True when a live cold start does not withhold entries of this side any more.
    #[inline]
    #[must_use]
    pub fn may_enter(&self, direction: Direction) -> bool {
        self.cooling == 0
            && match self.arming {
                Arming::Always => true,
                Arming::Awaiting => false,
                Arming::Sides(armed) => armed[direction.index()],
            }
    }

    /// Closed bars that a live cold start still waits.
    #[inline]
    #[must_use]
    pub fn cooling(&self) -> u32 {
        self.cooling
    }

    /// The lifecycle, for people.
    #[inline]
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        if self.is_behind() {
            Readiness::Gap
        } else if !self.is_warm() {
            let missing = u64::from(self.warmup) - self.series.count();
            Readiness::Warming { missing: u32::try_from(missing).unwrap_or(u32::MAX) }
        } else if self.cooling > 0 {
            Readiness::Cooling { bars: self.cooling }
        } else {
            Readiness::Ready
        }
    }

    /// The last bar taken.
    #[inline]
    #[must_use]
    pub fn last(&self) -> Option<&Bar> {
        self.series.last()
    }

    /// Contiguous bars since the anchor.
    #[must_use]
    pub fn bars(&self) -> u64 {
        self.series.count()
    }
}

impl Indicators {
    fn grid(params: &GridParams, timeframe: Timeframe) -> Self {
        Self::Grid {
            sma: Sma::new(params.ma_period),
            atr: Atr::new(params.atr_period),
            trend: params.trend.as_ref().map(|trend| SlowTrend {
                resampler: Resampler::new(timeframe, Timeframe::H4),
                supertrend: Supertrend::new(trend.atr_period, trend.atr_multiplier),
                defined: false,
            }),
        }
    }

    fn mono(params: &MonoParams) -> Self {
        Self::Mono {
            trend: Supertrend::new(params.atr_period, params.atr_multiplier),
            before: None,
        }
    }

    #[inline]
    fn push(&mut self, bar: &Bar) {
        match self {
            Self::Grid { sma, atr, trend } => {
                sma.push(bar.close);
                atr.push(bar);
                if let Some(trend) = trend {
                    trend.push(bar);
                }
            }
            Self::Mono { trend, before } => {
                *before = trend.value();
                trend.push(bar);
            }
        }
    }

    #[inline]
    fn view(&self, last: Option<&Bar>) -> Option<View> {
        let close = last?.close;
        match self {
            Self::Grid { sma, atr, trend } => Some(View {
                close,
                mean: sma.value()?,
                atr: atr.value()?,
                trend: trend.as_ref().map_or(Trend::Unused, SlowTrend::value),
            }),
            Self::Mono { trend, before } => {
                let now = trend.value()?;
                let turned = before.is_some_and(|before| before != now);
                let trend = if turned { Trend::Turned(now) } else { Trend::Is(now) };
                Some(View { close, mean: Mean { sum: close.0, n: 1 }, atr: 0.0, trend })
            }
        }
    }
}

impl SlowTrend {
    #[inline]
    fn push(&mut self, bar: &Bar) {
        match self.resampler.push(bar) {
            Bucket::Open => {}
            Bucket::Complete(slow) => {
                self.supertrend.push(&slow);
                self.defined = true;
            }
            Bucket::Incomplete => self.defined = false,
        }
    }

    #[inline]
    fn value(&self) -> Trend {
        match self.supertrend.value() {
            Some(direction) if self.defined => Trend::Is(direction),
            _ => Trend::Undefined,
        }
    }
}
