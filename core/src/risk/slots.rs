//! One round of one book: which flat symbols are quoted (rule 10).
//!
//! Open cycles have reserved before; every flat symbol competes anew, nearest level first, then
//! by name. One that does not fit is skipped without using a slot, so arrival order, and having
//! been quoted before, decide nothing.

use alloc::vec::Vec;
use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::config::RiskConfig;
use crate::money::{Cash, Direction, Fraction, Margin, SCALE, Ticks, div_floor};
use crate::risk::Refusal;

/// A flat symbol that could be quoted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Position of its lane in the book; lanes are sorted by name.
    pub lane: usize,
    /// |C − P₀| of the nearer side.
    pub distance: Ticks,
    /// C.
    pub close: Ticks,
    /// Margin of the whole ladder; of two sides the larger.
    pub margin: Margin,
    /// Loss of the whole ladder at its stop.
    pub loss_at_stop: Cash,
    /// Which sides would be quoted.
    pub sides: [bool; 2],
    /// Its correlation group, as a position in the configuration.
    pub group: Option<usize>,
}

impl Candidate {
    /// Nearest level first (exact fractions), then by name.
    fn rank(&self, other: &Self) -> Ordering {
        let mine = i128::from(self.distance.0) * i128::from(other.close.0);
        let theirs = i128::from(other.distance.0) * i128::from(self.close.0);
        mine.cmp(&theirs).then(self.lane.cmp(&other.lane))
    }
}

/// What is in use while a round is decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    slots: u32,
    margin: Margin,
    loss_at_stop: Cash,
    groups: Vec<GroupUse>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct GroupUse {
    sides: [u32; 2],
    margin: Margin,
}

/// The figures that limits are measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// Balance + unrealised at the close.
    equity: Cash,
    /// What the wallet started with.
    initial: Cash,
    /// The smaller of balance and equity: the base of the margin guard.
    base: Cash,
    /// Most margin that leaves enough free.
    free_cap: Margin,
    /// Most margin that the guard lets through.
    guard_cap: Margin,
}

impl Means {
    /// `equity` is balance + unrealised at the close, `initial` what the wallet started with.
    #[must_use]
    pub fn new(risk: &RiskConfig, balance: Cash, equity: Cash, initial: Cash) -> Self {
        let base = balance.min(equity);
        Self {
            equity,
            initial,
            base,
            free_cap: cap(Fraction(SCALE - risk.min_free_margin.0), equity),
            guard_cap: cap(risk.max_margin_ratio, base),
        }
    }
}

impl Tally {
    /// Starts a round.
    pub fn reset(&mut self, groups: usize) {
        self.slots = 0;
        self.margin = Margin::ZERO;
        self.loss_at_stop = Cash::ZERO;
        self.groups.clear();
        self.groups.resize(groups, GroupUse::default());
    }

    /// Counts an open cycle or a granted ladder.
    #[inline]
    pub fn take(&mut self, c: &Candidate) {
        self.slots += 1;
        self.margin += c.margin;
        self.loss_at_stop += c.loss_at_stop;
        if let Some(group) = c.group.and_then(|group| self.groups.get_mut(group)) {
            group.margin += c.margin;
            for direction in Direction::BOTH {
                group.sides[direction.index()] += u32::from(c.sides[direction.index()]);
            }
        }
    }

    /// The pre-trade rules in the order of decision 14, for the whole planned cycle, then the
    /// slots, the margin guard and the loss at stop.
    ///
    /// # Errors
    /// The first rule that says no, with its numbers.
    #[inline]
    pub fn review(&self, risk: &RiskConfig, means: &Means, c: &Candidate) -> Result<(), Refusal> {
        if self.slots >= risk.max_concurrent_positions {
            return Err(Refusal::MaxConcurrentPositions { limit: risk.max_concurrent_positions });
        }
        self.review_group(risk, means, c)?;
        let margin = self.margin + c.margin;
        if margin > means.free_cap {
            let free = means.equity - margin.to_cash_up();
            return Err(Refusal::FreeMargin {
                free,
                floor: means.equity.times_up(risk.min_free_margin),
            });
        }
        if self.slots >= risk.max_live_grids {
            return Err(Refusal::MaxLiveGrids { limit: risk.max_live_grids });
        }
        if margin > means.guard_cap {
            let cap = means.base.times_down(risk.max_margin_ratio);
            return Err(Refusal::MarginGuard { needed: margin.to_cash_up(), cap });
        }
        self.review_loss(risk, means, c)
    }

    fn review_group(&self, risk: &RiskConfig, means: &Means, c: &Candidate) -> Result<(), Refusal> {
        let Some(at) = c.group else { return Ok(()) };
        let (Some(limits), Some(used)) = (risk.groups.get(at), self.groups.get(at)) else {
            return Ok(());
        };
        for direction in Direction::BOTH {
            let open = used.sides[direction.index()];
            if c.sides[direction.index()] && open >= limits.max_same_direction {
                return Err(Refusal::CorrelationGroup { open, limit: limits.max_same_direction });
            }
        }
        let margin = used.margin + c.margin;
        if !within(margin, limits.max_exposure, means.equity) {
            let limit = means.equity.times_down(limits.max_exposure);
            return Err(Refusal::CorrelationExposure { needed: margin.to_cash_up(), limit });
        }
        Ok(())
    }

    fn review_loss(&self, risk: &RiskConfig, means: &Means, c: &Candidate) -> Result<(), Refusal> {
        let Some(limit) = risk.max_loss_at_stop else { return Ok(()) };
        let (loss, limit) = (self.loss_at_stop + c.loss_at_stop, means.initial.times_down(limit));
        if loss > limit { Err(Refusal::LossAtStop { loss, limit }) } else { Ok(()) }
    }

    /// True when the cap holds with `more` margin on top.
    #[must_use]
    pub fn leaves_room(&self, means: &Means, more: Margin) -> bool {
        self.margin + more <= means.guard_cap
    }

    /// Slots in use.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }
}

/// margin ≤ fraction · base, exact.
#[inline]
#[must_use]
pub fn within(margin: Margin, fraction: Fraction, base: Cash) -> bool {
    margin <= cap(fraction, base)
}

/// The largest margin that is at most fraction · base: floor(x · multiple / scale), taken apart so
/// that both divisions are narrow.
fn cap(fraction: Fraction, base: Cash) -> Margin {
    let scale = i128::from(SCALE);
    let x = base.0 * i128::from(fraction.0);
    let whole = div_floor(x, scale);
    let rest = Margin::from_cash(Cash(x - whole * scale));
    Margin(Margin::from_cash(Cash(whole)).0 + div_floor(rest.0, scale))
}

/// Ranks candidates: nearest level first, then by name. What `ranking` holds, positions in
/// `candidates` as they were ranked last, decides nothing: from one close to the next little
/// changes, and sorting what is nearly sorted is quick.
pub fn rank(candidates: &[Candidate], ranking: &mut Vec<usize>) {
    if ranking.len() != candidates.len() {
        ranking.clear();
        ranking.extend(0..candidates.len());
    }
    ranking.sort_unstable_by(|&a, &b| candidates[a].rank(&candidates[b]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One leverage unit of margin, 1e-8 USDT / 232 792 560, decides.
    #[test]
    fn the_guard_compares_exactly() {
        let unit = 232_792_560;
        let cents = 100_000_000;
        for (fraction, base, limit) in [
            (70_000_000, 1_000 * cents, 700 * cents * unit),
            (100_000_000, 1, unit),
            (70_000_000, 1, 162_954_792),
            // 77 597 519.22…: what does not divide is never rounded up.
            (33_333_333, 1, 77_597_519),
            (1, 1, 2),
            (50_000_000, 2_000_000_000_000 * cents, 1_000_000_000_000 * cents * unit),
            (0, 1_000 * cents, 0),
            (70_000_000, 0, 0),
            // −0.7 units: a wallet below zero carries nothing.
            (70_000_000, -1, -162_954_792),
        ] {
            let fits = |margin: i128| within(Margin(margin), Fraction(fraction), Cash(base));
            assert_eq!(
                [fits(limit - 1), fits(limit), fits(limit + 1)],
                [true, true, false],
                "{fraction} of {base}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_order_of_candidates_decides_nothing(seed in prop::collection::vec((1i64..1_000, 1i64..1_000), 1..12), rotation in 0usize..12) {
            let make = |(lane, &(distance, close)): (usize, &(i64, i64))| Candidate {
                lane,
                distance: Ticks(distance),
                close: Ticks(close),
                margin: Margin(1),
                loss_at_stop: Cash(1),
                sides: [true, false],
                group: None,
            };
            let first: Vec<_> = seed.iter().enumerate().map(make).collect();
            let mut second = first.clone();
            second.rotate_left(rotation % first.len());
            let ranked = |candidates: &[Candidate], mut ranking: Vec<usize>| {
                rank(candidates, &mut ranking);
                ranking.iter().map(|&at| candidates[at]).collect::<Vec<_>>()
            };
            let last = (0..first.len()).rev().collect();
            prop_assert_eq!(ranked(&first, last), ranked(&second, Vec::new()));
        }
    }
}
