//! What a book does with a round: open cycles are managed first, then every flat symbol competes.

use alloc::vec::Vec;

use super::book::Book;
use super::offer::{Grid, Held, Offer};
use super::round::Round;
use crate::config::{
    Costs, EngineConfig, EntryOrder, Facts, LEVELS_MAX, Mode, MonoParams, OnKill, Params,
};
use crate::executor::{Effects, Lane};
use crate::money::{Cash, Direction, Lots, Margin, Ticks};
use crate::notice::FillReason;
use crate::risk::Refusal;
use crate::risk::ladder::Quotes;
use crate::risk::sizing::{self, Budget};
use crate::risk::slots::{self, Candidate, Means, Tally};
use crate::risk::switches::Hold;
use crate::runner::{Trend, View};
use crate::step::Step;
use crate::strategy::{Basis, exits};
use crate::time::{Span, Timestamp};

/// Rooms for the arithmetic of a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rooms {
    tally: Tally,
    candidates: Vec<Candidate>,
    /// Positions of the candidates, nearest first.
    ranking: Vec<usize>,
    plans: Vec<Plan>,
}

/// What a flat symbol does when it is granted a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Plan {
    /// Nothing.
    #[default]
    Nothing,
    /// Quotes the rungs that its lane wants.
    Quote,
    /// Enters at market now.
    Enter(Direction, Lots),
}

/// The round that a book decides.
pub(super) struct Turn<'a> {
    /// Open time of its bars.
    pub at: Timestamp,
    /// When it ended.
    pub now: Timestamp,
    /// The settings.
    pub config: &'a EngineConfig,
    /// Which bars have come.
    pub round: &'a Round,
}

/// What a decision may read besides its lane.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub config: &'a EngineConfig,
    /// Open time of the bars of the round, and their length.
    at: Timestamp,
    bar: Span,
    hold: Hold,
    pub live: bool,
    facts: Facts,
    balance: Cash,
    symbols: u32,
}

impl Book {
    /// Decides a round.
    pub(super) fn decide(&mut self, rooms: &mut Rooms, turn: &Turn<'_>, out: &mut Step) {
        let &Turn { at, now, config, round } = turn;
        let (balance, initial) = (self.wallet.balance, self.wallet.initial);
        let means = Means::new(&config.risk, balance, self.equity(), initial);
        let scene = Scene {
            config,
            at,
            bar: self.timeframe.span(),
            hold: self.hold(),
            live: self.mode == Mode::Live,
            facts: self.facts,
            balance: self.wallet.balance,
            symbols: self.symbols(),
        };
        let late = self.facts == Facts::Continuous;
        let (close, cooling) = (at + self.timeframe.span(), config.risk.cooling(self.mode));
        rooms.tally.reset(config.risk.groups.len());
        rooms.candidates.clear();
        rooms.plans.clear();
        rooms.plans.resize(self.lanes.len(), Plan::Nothing);
        let (lanes, mut fx) = self.split(now, config, out);
        for (index, lane) in lanes.iter_mut().enumerate() {
            let fresh = core::mem::take(&mut lane.fresh);
            if lane.winding.is_some() && !lane.occupies() {
                if let Some(instrument) =
                    config.instrument(lane.symbol).filter(|_| lane.is_at_rest())
                {
                    lane.end_winding(&mut fx, instrument, close, cooling);
                }
                continue;
            }
            if lane.cycle.is_some() || lane.is_entering(config.entry_order) {
                let mut counts = true;
                if fresh {
                    lane.manage(&mut fx, &scene);
                } else if round.last(lane.symbol) != Some(at) {
                    // No bar of this close: nothing more is added; stop and target stay.
                    lane.want_nothing();
                    for direction in Direction::BOTH {
                        lane.withdraw_side(&mut fx, direction);
                    }
                    counts = lane.cycle.is_some();
                }
                if counts {
                    rooms.tally.take(&lane.occupying(index, &scene));
                }
            } else if fresh {
                rooms.survey(index, lane, &scene, &mut fx);
            } else if late && round.last(lane.symbol) == Some(at) {
                // Decided earlier in this close, before a bar that came late.
                if lane.wants_any() {
                    rooms.plans[index] = Plan::Quote;
                    rooms.tally.take(&lane.occupying(index, &scene));
                }
            } else {
                lane.refuse(&mut fx, Refusal::NotReady);
            }
        }
        self.grant(rooms, &means, now, config, out);
    }

    /// Gives slots in rank order, then sends: withdrawals first.
    fn grant(
        &mut self,
        rooms: &mut Rooms,
        means: &Means,
        now: Timestamp,
        config: &EngineConfig,
        out: &mut Step,
    ) {
        let (lanes, mut fx) = self.split(now, config, out);
        rooms.review(lanes, means, &mut fx);
        let crowded = rooms.withdraw(lanes, means, &mut fx);
        rooms.send(lanes, crowded, &mut fx);
        *fx.waiting = lanes.iter().any(|lane| lane.held_back);
    }
}

impl Rooms {
    /// Finds out what a flat symbol would do, or why it does nothing.
    #[inline]
    fn survey(&mut self, index: usize, lane: &mut Lane, scene: &Scene<'_>, fx: &mut Effects<'_>) {
        match lane.propose(index, scene) {
            Ok((candidate, plan)) => {
                self.candidates.push(candidate);
                self.plans[index] = plan;
            }
            Err(Refusal::KillSwitch) if scene.config.risk.on_kill == OnKill::Block => {
                lane.tell_refusal(fx, Refusal::KillSwitch);
            }
            Err(refusal) => lane.refuse(fx, refusal),
        }
    }

    /// Every candidate in rank order: taken while it fits, refused with the reason otherwise.
    fn review(&mut self, lanes: &mut [Lane], means: &Means, fx: &mut Effects<'_>) {
        slots::rank(&self.candidates, &mut self.ranking);
        for &at in &self.ranking {
            let candidate = &self.candidates[at];
            let lane = &mut lanes[candidate.lane];
            match self.tally.review(fx.risk, means, candidate) {
                Ok(()) => {
                    self.tally.take(candidate);
                    lane.told = None;
                }
                Err(refusal) => {
                    self.plans[candidate.lane] = Plan::Nothing;
                    lane.refuse(fx, refusal);
                }
            }
        }
    }

    /// Withdraws what nothing is planned for. True when new rungs have to wait until these cancels
    /// are terminal, since slots or margin would not suffice before.
    fn withdraw(&self, lanes: &mut [Lane], means: &Means, fx: &mut Effects<'_>) -> bool {
        let mut leaving = 0;
        let mut withdrawn = Margin::ZERO;
        for (lane, plan) in lanes.iter_mut().zip(&self.plans) {
            if !matches!(plan, Plan::Nothing) {
                continue;
            }
            lane.sync(fx);
            if lane.has_entries() {
                // Of a flat symbol nothing is in the tally, orders in doubt included.
                let flat = lane.cycle.is_none();
                let counted = if flat { Margin::ZERO } else { lane.planned() };
                leaving += u32::from(flat);
                withdrawn += lane.reserved() - counted;
            }
        }
        self.tally.slots() + leaving > fx.risk.max_live_grids
            || (withdrawn.is_positive() && !self.tally.leaves_room(means, withdrawn))
    }

    /// Sends what was granted.
    fn send(&self, lanes: &mut [Lane], crowded: bool, fx: &mut Effects<'_>) {
        for (lane, plan) in lanes.iter_mut().zip(&self.plans) {
            match *plan {
                Plan::Nothing => {}
                Plan::Quote => {
                    lane.held_back = crowded && !lane.has_entries();
                    lane.sync(fx);
                }
                Plan::Enter(..) if lane.waits_for_protection(fx) => {}
                Plan::Enter(direction, lots) => {
                    lane.enter_at_market(fx, direction, 0, lane.last, lots);
                }
            }
        }
    }
}

impl Lane {
    /// Counts a refusal and approves nothing.
    #[inline]
    fn refuse(&mut self, fx: &mut Effects<'_>, refusal: Refusal) {
        self.want_nothing();
        self.tell_refusal(fx, refusal);
    }

    /// True when a market entry is in flight.
    #[inline]
    fn is_entering(&self, entry_order: EntryOrder) -> bool {
        self.enters_at_market(entry_order) && self.has_entries()
    }

    /// What an open (or entering) symbol uses.
    fn occupying(&self, index: usize, scene: &Scene<'_>) -> Candidate {
        let sides = match &self.cycle {
            Some(cycle) => Direction::BOTH.map(|direction| direction == cycle.direction),
            None => Direction::BOTH.map(|direction| self.quotes(direction)),
        };
        let margin = self.planned();
        Candidate {
            lane: index,
            distance: Ticks::ZERO,
            close: self.last,
            margin,
            loss_at_stop: self.loss_at_stop(margin, scene.config),
            sides,
            group: self.group,
        }
    }

    /// Loss of a whole ladder at its stop; only when a limit asks for it.
    fn loss_at_stop(&self, margin: Margin, config: &EngineConfig) -> Cash {
        if config.risk.max_loss_at_stop.is_none() {
            return Cash::ZERO;
        }
        let notional = Cash(margin.to_cash_up().0 * i128::from(self.terms.leverage));
        notional.times_up(self.terms.stop_loss)
    }

    /// An open cycle at a close: target, decision to close, ladder (rule 8). Nothing that
    /// withholds entries withholds this.
    #[inline(never)] // On most bars a symbol is flat.
    fn manage(&mut self, fx: &mut Effects<'_>, scene: &Scene<'_>) {
        if scene.hold.is_latched() && scene.config.risk.on_kill == OnKill::Flatten {
            return self.close_at_market(fx, FillReason::KillSwitch);
        }
        let view = self.runner.view();
        let grid = self.params.grid().is_some() && self.close.is_none();
        let reason = if grid { self.reason_to_close(view.as_ref(), scene) } else { None };
        // On bars a close that nothing trades against lapses, and the target has to be the one of
        // this bar. On prices a close is tried until the cycle is flat: a target that moves
        // meanwhile would only race it for the same position.
        let races = scene.facts == Facts::Continuous && (reason.is_some() || self.close.is_some());
        if let Some(price) = self.target_price().filter(|_| !races) {
            self.follow_target(fx, price);
        }
        match reason {
            Some(reason) => self.close_at_market(fx, reason),
            None if grid => self.manage_grid(fx, view, scene),
            None => {}
        }
    }

    fn manage_grid(&mut self, fx: &mut Effects<'_>, view: Option<View>, scene: &Scene<'_>) {
        match view {
            Some(view) if self.winding.is_none() => self.deepen_ladder(view, scene),
            Some(_) | None => self.want_nothing(),
        }
        self.sync(fx);
    }

    /// First that holds: target met by the close, trend turned, held too long and losing. The last
    /// one needs no indicator.
    fn reason_to_close(&self, view: Option<&View>, scene: &Scene<'_>) -> Option<FillReason> {
        let direction = self.cycle.as_ref()?.direction;
        if let (Some(view), Some(target)) = (view, self.target_price()) {
            if direction.mirror(view.close) >= direction.mirror(target) {
                return Some(FillReason::TargetAtClose);
            }
            if view.trend == Trend::Is(direction.opposite()) {
                return Some(FillReason::DirectionFlip);
            }
        }
        self.is_too_old(scene).then_some(FillReason::TimeStop)
    }

    /// Held for as long as allowed, and losing.
    fn is_too_old(&self, scene: &Scene<'_>) -> bool {
        let (Some(params), Some(cycle)) = (self.params.grid(), &self.cycle) else { return false };
        let bars = (scene.at - cycle.first_bar).0 / scene.bar.0;
        let old = params.max_hold_bars > 0 && bars >= i64::from(params.max_hold_bars);
        old && self.unrealised().0 < 0
    }

    /// What deeper levels are built on: the cycle, or the market entry that is about to open one.
    fn base(&self) -> Option<(Direction, Basis, [Lots; LEVELS_MAX])> {
        let entering = self.entries.iter().map(|entry| entry.id.direction).next();
        match &self.cycle {
            Some(cycle) => Some((cycle.direction, cycle.basis, cycle.filled)),
            None => Some((entering?, Basis::default(), [Lots::ZERO; LEVELS_MAX])),
        }
    }

    /// The unfilled levels of an open cycle follow the average.
    fn deepen_ladder(&mut self, view: View, scene: &Scene<'_>) {
        let Some((direction, basis, taken)) = self.base() else { return };
        if scene.hold.is_latched() && scene.config.risk.on_kill == OnKill::Block {
            return; // Resting orders stay; nothing new.
        }
        let allowed = !scene.hold.withholds()
            && self.runner.is_ready()
            && self.cooldown_until.is_none_or(|until| until <= scene.at)
            && (!scene.live || self.runner.may_enter(direction));
        let budget = self.budget.filter(|_| allowed);
        self.held_back = false;
        self.wanted[direction.opposite().index()] = Quotes::default();
        let mut grid = Grid::of(self, view, scene).filter(|grid| grid.allows(direction));
        match (&mut grid, budget) {
            (Some(grid), Some(budget)) => {
                grid.build(&Held { direction, basis, taken: &taken }, &budget);
            }
            _ => self.wanted[direction.index()] = Quotes::default(),
        }
    }

    /// What a flat symbol would do, or why nothing.
    fn propose(&mut self, index: usize, scene: &Scene<'_>) -> Result<(Candidate, Plan), Refusal> {
        if let Some(refusal) = scene.hold.refusal() {
            return Err(refusal);
        }
        if !self.runner.is_ready() {
            return Err(Refusal::NotReady);
        }
        let view = self.runner.view().ok_or(Refusal::NotReady)?;
        if scene.live && self.runner.cooling() > 0 {
            return Err(Refusal::ColdStart { bars: self.runner.cooling() });
        }
        if let Some(until) = self.cooldown_until {
            if scene.at < until {
                let bars = u32::try_from((until - scene.at).0 / scene.bar.0).unwrap_or(0);
                return Err(Refusal::Cooldown { bars });
            }
            self.cooldown_until = None;
        }
        let Params::Mono(params) = &self.params else {
            return self.propose_grid(index, view, scene);
        };
        let (offer, direction, lots) = self.offer_mono(params, &view, scene)?;
        Ok((self.candidate(index, &offer, &view, scene), Plan::Enter(direction, lots)))
    }

    fn propose_grid(
        &mut self,
        index: usize,
        view: View,
        scene: &Scene<'_>,
    ) -> Result<(Candidate, Plan), Refusal> {
        let frozen = self.budget;
        let mut grid = Grid::of(self, view, scene).ok_or(Refusal::NoSignal)?;
        let new = || Budget::new(scene.balance, scene.symbols, grid.params.levels);
        let budget = frozen.unwrap_or_else(new);
        let offer = grid.offer(&budget)?;
        self.budget = Some(budget);
        Ok((self.candidate(index, &offer, &view, scene), Plan::Quote))
    }

    fn candidate(&self, index: usize, offer: &Offer, view: &View, scene: &Scene<'_>) -> Candidate {
        Candidate {
            lane: index,
            distance: offer.distance.unwrap_or(Ticks::ZERO),
            close: view.close,
            margin: offer.margin,
            loss_at_stop: self.loss_at_stop(offer.margin, scene.config),
            sides: offer.sides,
            group: self.group,
        }
    }

    /// A round trip from the close to the target must earn more than its fees.
    fn mono_pays(
        &self,
        params: &MonoParams,
        direction: Direction,
        basis: Basis,
        costs: &Costs,
    ) -> Result<(), Refusal> {
        let target = exits::profit_price(direction, basis, self.terms.value, params.take_profit);
        let exit = self.notional(target, basis.lots);
        let gain = Cash((exit - basis.cost).0 * i128::from(direction.sign()));
        let fees = basis.cost.times_up(costs.taker) + exit.times_up(costs.maker);
        if gain > fees { Ok(()) } else { Err(Refusal::RoundTrip { gain, fees }) }
    }

    fn offer_mono(
        &self,
        params: &MonoParams,
        view: &View,
        scene: &Scene<'_>,
    ) -> Result<(Offer, Direction, Lots), Refusal> {
        let Trend::Turned(direction) = view.trend else { return Err(Refusal::NoSignal) };
        if !params.sides.allow(direction) {
            return Err(Refusal::NoSignal);
        }
        if scene.live && !self.runner.may_enter(direction) {
            return Err(Refusal::Disarmed);
        }
        let costs = &scene.config.costs;
        let at_stop = params.stop_loss + costs.taker + costs.slippage;
        let risk = scene.config.risk.max_risk_per_trade;
        let lots = sizing::risk_lots(scene.balance, risk, at_stop, view.close, self.terms.value);
        if !self.terms.accepts(view.close, lots) {
            return Err(Refusal::BelowMinimum);
        }
        let cost = self.notional(view.close, lots);
        self.mono_pays(params, direction, Basis { cost, lots }, costs)?;
        let mut offer = Offer { margin: Margin::of(cost, params.leverage), ..Offer::default() };
        offer.sides[direction.index()] = true;
        Ok((offer, direction, lots))
    }
}
