//! What a grid would quote at a close: its ladders, built where the wanted rungs are kept, and
//! whether they are worth their fees.

use super::decide::Scene;
use crate::config::{EntryOrder, GridParams, LEVELS_MAX};
use crate::executor::{Entries, Lane};
use crate::money::{Direction, Fraction, Lots, Margin, SCALE, Ticks};
use crate::risk::Refusal;
use crate::risk::ladder::{Base, Ladder, Quotes, Terms};
use crate::risk::sizing::{Budget, RoundTrip};
use crate::runner::{Runner, Trend, View};
use crate::strategy::{Basis, exits, levels};

/// What the sides of a flat symbol offer together; a mono position offers one.
#[derive(Default)]
pub(super) struct Offer {
    /// Sides that would be quoted.
    pub sides: [bool; 2],
    /// Of the whole ladder; of two sides the larger.
    pub margin: Margin,
    /// From the close to the nearest level.
    pub distance: Option<Ticks>,
    /// Why a side is left out.
    pub why: Option<Refusal>,
}

/// What a side holds already.
pub(super) struct Held<'a> {
    pub direction: Direction,
    pub basis: Basis,
    pub taken: &'a [Lots; LEVELS_MAX],
}

/// A side's ladder as it was built.
pub(super) struct Built {
    /// What the cycle would hold if every rung filled.
    basis: Basis,
    /// No rung is nearer to the market.
    nearest: Ticks,
    /// The first price as made at this close.
    first: Option<Ticks>,
}

/// A grid at a close.
pub(super) struct Grid<'a> {
    pub params: &'a GridParams,
    pub view: View,
    pub scene: &'a Scene<'a>,
    terms: &'a Terms,
    runner: &'a Runner,
    entries: &'a Entries,
    wanted: &'a mut [Quotes; 2],
}

impl<'a> Grid<'a> {
    /// The grid of a lane; none when its strategy is another. Its rungs are those of the lane.
    pub(super) fn of(lane: &'a mut Lane, view: View, scene: &'a Scene<'a>) -> Option<Self> {
        let Lane { params, terms, runner, entries, wanted, .. } = lane;
        let params = params.grid()?;
        Some(Self { params, view, scene, terms, runner, entries, wanted })
    }

    /// The ladders of every side that may be quoted, or why there is none.
    pub(super) fn offer(&mut self, budget: &Budget) -> Result<Offer, Refusal> {
        let Self { params, view, .. } = self;
        if view.atr <= 0.0 {
            return Err(Refusal::NoSignal);
        }
        let percent = 100.0 * view.atr / view.close.0 as f64;
        if params.min_atr_pct > 0.0 && percent < params.min_atr_pct {
            let atr = Fraction((percent * (SCALE / 100) as f64) as i64);
            return Err(Refusal::Volatility { atr });
        }
        let mut offer = Offer::default();
        for direction in Direction::BOTH {
            if !self.allows(direction) || !self.offer_side(&mut offer, direction, budget)? {
                self.wanted[direction.index()] = Quotes::default();
            }
        }
        if offer.distance.is_some() {
            return Ok(offer);
        }
        Err(offer.why.unwrap_or(match self.view.trend {
            Trend::Undefined => Refusal::NotReady,
            Trend::Unused | Trend::Is(_) | Trend::Turned(_) => Refusal::NoSignal,
        }))
    }

    /// Adds one side's ladder to the offer when it may be quoted. A ladder that does not pay its
    /// fees skips the symbol whole.
    #[inline(never)] // All of it for each flat symbol at each close: registers are scarce.
    fn offer_side(
        &mut self,
        offer: &mut Offer,
        direction: Direction,
        budget: &Budget,
    ) -> Result<bool, Refusal> {
        if self.scene.live && !self.runner.may_enter(direction) {
            offer.why = Some(Refusal::Disarmed);
            return Ok(false);
        }
        let basis = Basis::default();
        let flat = Held { direction, basis, taken: &[Lots::ZERO; LEVELS_MAX] };
        let Built { basis, nearest, first } = self.build(&flat, budget);
        if !basis.lots.is_positive() {
            offer.why = Some(Refusal::BelowMinimum);
            return Ok(false);
        }
        self.pays(direction, basis, nearest)?;
        let close = self.view.close;
        let distance = first.map_or(close, |first| Ticks((close - first).0.abs()));
        offer.margin = offer.margin.max(Margin::of(basis.cost, self.terms.leverage));
        offer.distance = Some(offer.distance.map_or(distance, |nearer| nearer.min(distance)));
        offer.sides[direction.index()] = true;
        Ok(true)
    }

    /// Builds one side's ladder.
    #[inline(always)] // Of a flat symbol nothing is held or taken: the compiler leaves that out.
    pub(super) fn build(&mut self, held: &Held<'_>, budget: &Budget) -> Built {
        let &Held { direction, basis, taken } = held;
        let Self { params, view, scene, terms, entries, wanted, .. } = self;
        let quotes = &mut wanted[direction.index()];
        let tolerance = match scene.config.entry_order {
            EntryOrder::Limit => {
                entries.show_standing(direction, quotes);
                scene.config.risk.requote_tolerance
            }
            // A rung whose price did not move is the same rung; nothing rests to be kept.
            EntryOrder::Market => Fraction::ZERO,
        };
        let atr = levels::effective_atr(params, view.atr, view.close);
        let prices = levels::prices(params, direction, view.mean.to_f64(), atr);
        let base = Base { held: basis, taken, tolerance, budget };
        let Ladder { basis, nearest, .. } = Ladder::build(quotes, terms, direction, &prices, &base);
        Built { basis, nearest, first: prices[0] }
    }

    /// A round trip of the whole ladder must earn more than its fees.
    #[inline]
    fn pays(&self, direction: Direction, basis: Basis, nearest: Ticks) -> Result<(), Refusal> {
        let Self { params, view, scene, terms, wanted, .. } = self;
        let profit = params.min_profit;
        let target = exits::target_price(direction, view.mean, basis, terms.value, profit);
        let costs = &scene.config.costs;
        let entry_fee = match scene.config.entry_order {
            EntryOrder::Limit => costs.maker,
            EntryOrder::Market => costs.taker,
        };
        let rate = entry_fee.max(costs.maker);
        if RoundTrip::surely_pays(direction, nearest, target, terms.value, rate) {
            return Ok(());
        }
        let quotes = &wanted[direction.index()];
        let trip = Ladder { quotes, basis, nearest }.round_trip(
            terms,
            direction,
            target,
            entry_fee,
            costs.maker,
        );
        if trip.pays() {
            Ok(())
        } else {
            Err(Refusal::RoundTrip { gain: trip.gain, fees: trip.fees })
        }
    }

    /// Sides that the parameters and the trend allow.
    #[inline]
    pub(super) fn allows(&self, direction: Direction) -> bool {
        self.params.sides.allow(direction)
            && match self.view.trend {
                Trend::Unused => true,
                Trend::Is(up) | Trend::Turned(up) => up == direction,
                Trend::Undefined => false,
            }
    }
}
