//! The numbers of the seeded market, each with its meaning. No code that makes prices.

/// How the seeded market behaves. Hours are counted from its start; moves are natural logarithms
/// unless a field says fraction; volatilities are per hour.
#[derive(Clone, Debug, PartialEq)]
pub struct SeededParams {
    /// Long-run volatility of the factor that all symbols share.
    pub market_volatility: f64,
    /// Long-run volatility of a symbol of its own; with the factor's it decides correlation.
    pub own_volatility: f64,
    /// Smallest and largest weight of the factor in a symbol.
    pub beta: (f64, f64),
    /// GARCH(1,1): weight of the last squared move in the next variance.
    pub shock_weight: f64,
    /// GARCH(1,1): weight of the last variance in the next one; with `shock_weight` below 1.
    pub variance_memory: f64,
    /// Variance never exceeds its long-run value times this.
    pub variance_cap: f64,
    /// Share of hours with a move `tail_scale` times as wide: fat tails.
    pub tail_chance: f64,
    /// How wide such moves are.
    pub tail_scale: f64,
    /// Share of the distance to its slow anchor that a price returns in an hour.
    pub reversion: f64,
    /// Volatility of the anchor.
    pub anchor_volatility: f64,
    /// Share of the distance to the starting price that the anchor returns in an hour.
    pub anchor_reversion: f64,
    /// The market drifts by at most this much per hour, up or down, for a while.
    pub drift: f64,
    /// Shortest and longest time with one drift, in hours.
    pub drift_hours: (u64, u64),
    /// Share of hours that open away from the last close.
    pub gap_chance: f64,
    /// Smallest and largest such gap.
    pub gap: (f64, f64),
    /// Share of hours with a wick: a minute far off the path.
    pub wick_chance: f64,
    /// Share of hours after which a symbol stands still, without volume.
    pub halt_chance: f64,
    /// The longest standstill, in hours.
    pub halt_hours: u64,
    /// One crash happens in each period of this many hours.
    pub crash_period: u64,
    /// Its first hour falls in this window of the period: start included, end excluded.
    pub crash_window: (u64, u64),
    /// Smallest and largest fall, as a fraction of the price (0.30 to 0.60).
    pub crash_depth: (f64, f64),
    /// Shortest and longest fall, in hours; the worst hour is the last.
    pub crash_hours: (u64, u64),
    /// Depth of the wick below the worst hour, as a fraction of the price.
    pub crash_wick: (f64, f64),
    /// Smallest and largest share of the fall that is recovered.
    pub rebound: (f64, f64),
    /// Shortest and longest recovery, in hours.
    pub rebound_hours: (u64, u64),
    /// Funding of a market that goes nowhere, as a fraction per settlement.
    pub funding_base: f64,
    /// Funding added per unit of distance from the one-day mean.
    pub funding_slope: f64,
    /// Funding never exceeds this, either way.
    pub funding_cap: f64,
}

impl Default for SeededParams {
    /// Resembles hourly bars of large perpetuals: 0.6 % an hour, correlation about a half, 4 %
    /// around a slow anchor, and one crash a year between its 10th and its 120th day.
    fn default() -> Self {
        Self {
            market_volatility: 0.0045,
            own_volatility: 0.0045,
            beta: (0.7, 1.3),
            shock_weight: 0.08,
            variance_memory: 0.90,
            variance_cap: 25.0,
            tail_chance: 0.03,
            tail_scale: 3.5,
            reversion: 0.012,
            anchor_volatility: 0.0012,
            anchor_reversion: 0.0001,
            drift: 0.0004,
            drift_hours: (200, 1_000),
            gap_chance: 0.004,
            gap: (0.001, 0.015),
            wick_chance: 0.03,
            halt_chance: 0.000_5,
            halt_hours: 5,
            crash_period: 8_760,
            crash_window: (240, 2_880),
            crash_depth: (0.30, 0.60),
            crash_hours: (2, 6),
            crash_wick: (0.05, 0.25),
            rebound: (0.3, 0.6),
            rebound_hours: (6, 24),
            funding_base: 0.000_1,
            funding_slope: 0.006,
            funding_cap: 0.003,
        }
    }
}
