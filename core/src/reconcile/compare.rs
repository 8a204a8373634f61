//! One book against one snapshot, symbol by symbol. Nothing here changes anything: what missed
//! executions would do is tried on a copy of the lane.

use alloc::vec::Vec;

use super::missed::{Fact, Missed, held_there, missed};
use super::plan::{
    Action, BalanceDiffers, CONFIRMATIONS, Finding, Plan, SymbolPlan, Withheld, Wrong,
};
use super::snapshot::{
    AccountSnapshot, Failure, Listed, Maker, OpenOrder, OpenTrigger, PartName, SymbolSettings,
};
use crate::account::Wallet;
use crate::command::Command;
use crate::config::{Costs, EngineConfig, EntryOrder, RiskConfig};
use crate::engine::{Book, Engine};
use crate::executor::protection::Stop;
use crate::executor::{Effects, EntryState, Ids, Lane, Timers};
use crate::ids::{OrderId, OrderKind};
use crate::money::{Cash, Direction, Lots, Ticks};
use crate::step::Step;

/// Compares a book with a snapshot of its wallet; none when there is no such book.
#[must_use]
pub fn plan(engine: &Engine, snapshot: &AccountSnapshot) -> Option<Plan> {
    let book = engine.books().get(usize::from(snapshot.book.0))?;
    let mut plan = Plan::agreed(book.id, snapshot.at);
    plan.failed = snapshot.failures();
    if snapshot.fills.known().is_some() && snapshot.since > book.watch.since() {
        plan.failed.push((PartName::Fills, Failure::Incomplete));
        plan.failed.sort_unstable();
    }
    plan.writer = other_writer(book, snapshot);
    let blank = is_blank(book);
    let scene = Scene { book, snapshot, config: engine.config(), blank };
    let mut ours = book.wallet.balance;
    for lane in &book.lanes {
        if scene.moves(lane) {
            plan.moving.push(lane.symbol);
        }
        let (found, change) = Comparison::new(&scene, lane).run();
        ours += change;
        plan.symbols.extend(found);
    }
    plan.symbols.extend(elsewhere(&scene));
    plan.symbols.sort_by_key(|found| found.symbol);
    plan.balance = balance(&plan, snapshot, ours, blank);
    Some(plan)
}

/// What everything of one comparison looks at.
struct Scene<'a> {
    book: &'a Book,
    snapshot: &'a AccountSnapshot,
    config: &'a EngineConfig,
    blank: bool,
}

impl Scene<'_> {
    /// The snapshot may not show what happened last on this symbol.
    fn moves(&self, lane: &Lane) -> bool {
        let (at, lag) = (self.snapshot.at, self.snapshot.lag);
        self.book.watch.is_stale(at) || self.book.watch.is_moving(lane.symbol, at, lag)
    }

    /// An order of ours, and not of another instance under our prefix.
    fn is_mine(&self, id: OrderId) -> bool {
        id.book == self.book.id && !is_later(self.book, id)
    }
}

/// The book has no past: it never traded, and was never compared.
fn is_blank(book: &Book) -> bool {
    book.watch.is_first() && book.wallet.realised.is_zero() && book.lanes.iter().all(Lane::is_blank)
}

/// An id that this process cannot have made: of a later boot, or of its own boot and a later order.
fn is_later(book: &Book, id: OrderId) -> bool {
    id.book == book.id && (id.epoch, id.sequence) > (book.ids.epoch, book.ids.sequence)
}

fn other_writer(book: &Book, snapshot: &AccountSnapshot) -> Option<u32> {
    let later = snapshot.our_ids().filter(|&id| is_later(book, id));
    later.map(|id| id.epoch).max()
}

/// Balances are compared when nothing is under way and every position is explained.
fn balance(
    plan: &Plan,
    snapshot: &AccountSnapshot,
    ours: Cash,
    blank: bool,
) -> Option<BalanceDiffers> {
    let &theirs = snapshot.balance.known()?;
    let unexplained = plan.symbols.iter().flat_map(|symbol| &symbol.findings).any(|finding| {
        matches!(
            finding,
            Finding::Missing { .. }
                | Finding::Unknown { .. }
                | Finding::Foreign { .. }
                | Finding::Mixed { .. }
        )
    });
    let judged = plan.is_complete() && !unexplained && plan.writer.is_none();
    (judged && ours != theirs).then_some(BalanceDiffers { ours, theirs, adopt: blank })
}

/// What the snapshot has on symbols that the book does not run.
fn elsewhere(scene: &Scene<'_>) -> Vec<SymbolPlan> {
    let runs =
        |listed: Listed| listed.symbol().is_some_and(|symbol| scene.book.lane(symbol).is_some());
    let mut found: Vec<SymbolPlan> = Vec::new();
    let mut add = |symbol: Listed, finding: Finding, action: Option<Action>| {
        let place = found.iter().position(|plan| plan.symbol == symbol).unwrap_or_else(|| {
            found.push(SymbolPlan { symbol, findings: Vec::new(), actions: Vec::new() });
            found.len() - 1
        });
        if let Some(plan) = found.get_mut(place) {
            plan.findings.push(finding);
            plan.actions.extend(action);
        }
    };
    for held in scene.snapshot.positions.known().into_iter().flatten() {
        if !runs(held.symbol) {
            let entered = scene.snapshot.fills.known().into_iter().flatten().any(|fill| {
                fill.symbol == held.symbol && fill.maker.ours().is_some_and(|id| scene.is_mine(id))
            });
            let foreign = Finding::Foreign { direction: held.direction, lots: held.lots };
            let finding = if entered { Finding::NotConfigured { id: None } } else { foreign };
            add(held.symbol, finding, None);
        }
    }
    let orders = scene.snapshot.orders.known().into_iter().flatten();
    let triggers = scene.snapshot.triggers.known().into_iter().flatten();
    let orders = orders.map(|order| (order.symbol, order.maker));
    for (symbol, maker) in orders.chain(triggers.map(|order| (order.symbol, order.maker))) {
        match maker {
            _ if runs(symbol) => {}
            Maker::Us(id) if scene.is_mine(id) => {
                // What opens is withdrawn; what protects stays.
                let opens = id.kind == OrderKind::Entry;
                let action = opens.then_some(Action::Withdraw { id });
                add(symbol, Finding::NotConfigured { id: Some(id) }, action);
            }
            Maker::Us(id) => add(symbol, Finding::OtherWriters { id }, None),
            Maker::Other(number) => add(symbol, Finding::ForeignOrder { number }, None),
            Maker::Exchange => {}
        }
    }
    for plan in &mut found {
        plan.findings.sort_by_key(finding_key);
    }
    found
}

/// Findings of one symbol in an order that does not depend on the exchange's.
fn finding_key(finding: &Finding) -> (u8, u64, u32, u32) {
    match *finding {
        Finding::Foreign { .. } => (0, 0, 0, 0),
        Finding::NotConfigured { id: None } => (1, 0, 0, 0),
        Finding::NotConfigured { id: Some(id) } => (2, 0, id.epoch, id.sequence),
        Finding::OtherWriters { id } => (3, 0, id.epoch, id.sequence),
        Finding::ForeignOrder { number } => (4, number, 0, 0),
        Finding::Rebuilt { .. }
        | Finding::EntryFilled { .. }
        | Finding::ExitFilled { .. }
        | Finding::Closed { .. }
        | Finding::FundingMissed { .. }
        | Finding::Mixed { .. }
        | Finding::Missing { .. }
        | Finding::Unknown { .. }
        | Finding::StopMissing { .. }
        | Finding::StopWrong { .. }
        | Finding::Leftover { .. }
        | Finding::OrderMissing { .. }
        | Finding::OrderDiffers { .. }
        | Finding::SettingsDiverged { .. }
        | Finding::SettingsUnknown => (5, 0, 0, 0),
    }
}

/// A copy of a lane with rooms for everything that it touches.
struct Trial<'a> {
    lane: Lane,
    wallet: Wallet,
    ids: Ids,
    timers: Timers,
    naked: u32,
    waiting: bool,
    step: Step,
    scene: &'a Scene<'a>,
}

impl<'a> Trial<'a> {
    fn new(scene: &'a Scene<'a>, lane: &Lane) -> Self {
        Self {
            lane: lane.clone(),
            wallet: scene.book.wallet.clone(),
            ids: scene.book.ids.clone(),
            timers: Timers::default(),
            naked: scene.book.naked,
            waiting: false,
            step: Step::default(),
            scene,
        }
    }

    fn with(&mut self, catching_up: bool, act: impl FnOnce(&mut Lane, &mut Effects<'_>)) {
        let scene = self.scene;
        let (risk, costs): (&RiskConfig, &Costs) = (&scene.config.risk, &scene.config.costs);
        let entry_order: EntryOrder = scene.config.entry_order;
        let mut fx = Effects {
            now: scene.snapshot.at,
            out: &mut self.step,
            wallet: &mut self.wallet,
            ids: &mut self.ids,
            timers: &mut self.timers,
            naked: &mut self.naked,
            waiting: &mut self.waiting,
            watch: &scene.book.watch,
            catching_up,
            latched: scene.book.is_latched(),
            risk,
            costs,
            entry_order,
            timeframe: scene.book.timeframe,
        };
        act(&mut self.lane, &mut fx);
    }
}

/// One symbol being compared.
struct Comparison<'a> {
    scene: &'a Scene<'a>,
    before: &'a Lane,
    trial: Trial<'a>,
    findings: Vec<Finding>,
    actions: Vec<Action>,
    withheld: Option<Withheld>,
}

impl<'a> Comparison<'a> {
    fn new(scene: &'a Scene<'a>, before: &'a Lane) -> Self {
        let trial = Trial::new(scene, before);
        Self { scene, before, trial, findings: Vec::new(), actions: Vec::new(), withheld: None }
    }

    fn symbol(&self) -> Listed {
        Listed::Symbol(self.before.symbol)
    }

    /// The plan of this symbol, and what it books.
    fn run(mut self) -> (Option<SymbolPlan>, Cash) {
        let moving = self.scene.moves(self.before);
        let found =
            missed(self.before, &self.scene.book.watch, self.scene.snapshot, self.scene.blank);
        let believed = self.book(&found) && self.judge_position(moving);
        if believed && !moving {
            self.judge_stops();
        }
        self.protect();
        match (moving, believed) {
            (true, _) => self.withdraw_blindly(),
            (false, true) => self.judge_orders(),
            (false, false) => {} // Nothing is removed that may be right.
        }
        if !moving {
            self.judge_foreign_orders();
            self.judge_settings();
            self.judge_entries();
        }
        let change = self.trial.wallet.balance - self.scene.book.wallet.balance;
        let empty = self.findings.is_empty() && self.actions.is_empty();
        let Self { findings, actions, .. } = self;
        let symbol = Listed::Symbol(self.before.symbol);
        ((!empty).then_some(SymbolPlan { symbol, findings, actions }), change)
    }

    // ---- what was missed ----

    /// Takes over what was missed; false when it is not believed.
    fn book(&mut self, found: &Missed) -> bool {
        let there = held_there(self.scene.snapshot, self.symbol());
        if self.scene.blank && !found.facts.is_empty() {
            let held = self.try_facts(&found.facts);
            if !self.is_worth_rebuilding(held, there, found) {
                self.trial = Trial::new(self.scene, self.before);
                return false;
            }
        } else {
            self.try_facts(&found.facts);
        }
        if let Some(skip) = found.skip {
            self.actions.push(Action::Skip { fill: skip.fill, funding: skip.funding });
        }
        self.actions.extend(found.facts.iter().map(Fact::action));
        self.tell_missed(&found.facts);
        true
    }

    /// What is held after them.
    fn try_facts(&mut self, facts: &[Fact]) -> Lots {
        for fact in facts {
            self.trial.with(true, |lane, fx| match fact {
                Fact::Fill(fill) => lane.apply_fill(fx, fill),
                Fact::Forced(fill) => lane.liquidated(fx, fill),
                Fact::Funding(paid) => {
                    lane.settle_funding(fx, paid);
                }
            });
        }
        self.trial.lane.held_signed()
    }

    /// A book without a past believes executions when the position is there. When the exchange
    /// says that it is flat, often enough, they are history.
    fn is_worth_rebuilding(&mut self, ours: Lots, there: Option<Lots>, found: &Missed) -> bool {
        let Some(theirs) = there else {
            self.findings.push(Finding::Unknown { part: PartName::Positions });
            self.withheld = Some(Withheld::Unexplained);
            return false;
        };
        let same_side = theirs.0.signum() == ours.0.signum();
        if same_side {
            return true;
        }
        let times = self.contradicted(ours, theirs);
        if times >= CONFIRMATIONS
            && let Some(last) = found.facts.iter().rev().find_map(|fact| match fact {
                Fact::Fill(fill) | Fact::Forced(fill) => Some((fill.at, fill.fill)),
                Fact::Funding(_) => None,
            })
        {
            self.actions.push(Action::Skip { fill: last, funding: self.scene.snapshot.at });
        }
        false
    }

    fn contradicted(&mut self, ours: Lots, theirs: Lots) -> u8 {
        let so_far = self.scene.book.watch.contradictions(self.before.symbol);
        let times = so_far.saturating_add(1);
        self.findings.push(Finding::Missing { ours, theirs, times });
        self.withheld = Some(Withheld::Unexplained);
        times
    }

    fn tell_missed(&mut self, facts: &[Fact]) {
        let mut settlements = 0;
        let rebuilt = self.scene.blank;
        for fact in facts {
            let finding = match fact {
                Fact::Funding(_) => {
                    settlements += 1;
                    continue;
                }
                _ if rebuilt => continue,
                Fact::Fill(fill) if fill.id.kind == OrderKind::Entry => {
                    Finding::EntryFilled { id: fill.id, lots: fill.lots }
                }
                Fact::Fill(fill) | Fact::Forced(fill) => {
                    Finding::ExitFilled { kind: fill.id.kind, lots: fill.lots }
                }
            };
            self.findings.push(finding);
        }
        let after = self.trial.lane.cycle.as_ref();
        if let (true, Some(cycle)) = (rebuilt && !facts.is_empty(), after) {
            let (direction, lots) = (cycle.direction, cycle.basis.lots);
            self.findings.push(Finding::Rebuilt { direction, lots, levels: cycle.levels_filled() });
        }
        let last = self.trial.lane.cycles - u32::from(after.is_some());
        let first = self.before.cycles + u32::from(self.before.cycle.is_none());
        self.findings.extend((first..=last).map(|cycle| Finding::Closed { cycle }));
        if settlements > 0 {
            self.findings.push(Finding::FundingMissed { settlements });
        }
    }

    /// False when what the exchange holds is not believed.
    fn judge_position(&mut self, moving: bool) -> bool {
        let Some(theirs) = held_there(self.scene.snapshot, self.symbol()) else { return true };
        let ours = self.trial.lane.held_signed();
        if moving || theirs == ours {
            return true;
        }
        let fills = self.scene.snapshot.fills.known().is_some();
        let adds = theirs.0.signum() * ours.0.signum() >= 0 && theirs.0.abs() > ours.0.abs();
        match (fills, adds) {
            (false, _) => {
                self.findings.push(Finding::Unknown { part: PartName::Fills });
                self.withheld = Some(Withheld::Unexplained);
                false
            }
            (true, true) if ours.is_zero() => {
                let long = theirs.is_positive();
                let direction = if long { Direction::Long } else { Direction::Short };
                let lots = Lots(theirs.0.abs());
                self.findings.push(Finding::Foreign { direction, lots });
                self.withheld = Some(Withheld::Foreign);
                true
            }
            (true, true) => {
                self.findings.push(Finding::Mixed { ours, theirs });
                self.withheld = Some(Withheld::Foreign);
                true
            }
            (true, false) => {
                self.contradicted(ours, theirs);
                false
            }
        }
    }

    // ---- stops ----

    fn triggers(&self) -> Option<Vec<OpenTrigger>> {
        let symbol = self.symbol();
        let known = self.scene.snapshot.triggers.known()?;
        let mut found: Vec<OpenTrigger> =
            known.iter().filter(|stop| stop.symbol == symbol).copied().collect();
        found.sort_by_key(|stop| stop.maker);
        found.dedup_by_key(|stop| stop.maker);
        Some(found)
    }

    /// Stops of ours on this symbol.
    fn stops(&self) -> Option<Vec<(OrderId, OpenTrigger)>> {
        let mine = |stop: OpenTrigger| {
            stop.maker.ours().filter(|&id| self.scene.is_mine(id)).map(|id| (id, stop))
        };
        Some(self.triggers()?.into_iter().filter_map(mine).collect())
    }

    fn judge_stops(&mut self) {
        let Some(stops) = self.stops() else { return };
        let Some(direction) = self.trial.lane.cycle.as_ref().map(|cycle| cycle.direction) else {
            return self.judge_stops_of_nothing(&stops);
        };
        let wrong = |stop: &OpenTrigger| {
            if stop.buys != (direction == Direction::Short) {
                Some(Wrong::Side)
            } else if !stop.reduce_only {
                Some(Wrong::NotReduceOnly)
            } else {
                (!stop.by_mark).then_some(Wrong::TriggerType)
            }
        };
        self.judge_believed_stop(&stops);
        let good: Vec<(OrderId, OpenTrigger)> =
            stops.iter().filter(|(_, stop)| wrong(stop).is_none()).copied().collect();
        let kept = self.choose_stop(&good);
        for (id, stop) in &stops {
            if Some(*id) == kept || self.is_being_replaced(*id) {
                continue;
            }
            self.findings.push(match wrong(stop) {
                Some(wrong) => Finding::StopWrong { id: *id, wrong },
                None => Finding::Leftover { id: *id },
            });
            self.act(Action::ReplaceStop { id: *id });
        }
    }

    /// Stops where nothing is held: what the lane knows is withdrawn when it is made right.
    fn judge_stops_of_nothing(&mut self, stops: &[(OrderId, OpenTrigger)]) {
        self.judge_believed_stop(stops);
        for &(id, _) in stops {
            if !self.trial.lane.has_place_for(id) {
                self.findings.push(Finding::Leftover { id });
                self.actions.push(Action::Withdraw { id });
            }
        }
    }

    /// A stop whose successor is on its way.
    fn is_being_replaced(&self, id: OrderId) -> bool {
        let protection = &self.trial.lane.protection;
        let placed = protection.pending.is_some_and(|pending| pending.id == id);
        placed || (protection.pending.is_some() && protection.leftovers.contains(&id))
    }

    /// The stop that the lane believes to work is there, or is not believed in any more.
    fn judge_believed_stop(&mut self, stops: &[(OrderId, OpenTrigger)]) {
        let Some(believed) = self.trial.lane.protection.working else { return };
        if stops.iter().any(|&(id, _)| id == believed.id) {
            return;
        }
        if self.trial.lane.cycle.is_some() {
            self.findings.push(Finding::StopMissing { id: believed.id });
        }
        self.act(Action::DropStop { id: believed.id });
    }

    /// The one stop that stays: the one believed in, else the one that fits best.
    fn choose_stop(&mut self, good: &[(OrderId, OpenTrigger)]) -> Option<OrderId> {
        let protection = &self.trial.lane.protection;
        let working = protection.working;
        let asked = protection.pending;
        let needed = self.needed_stop();
        let held = Lots(self.trial.lane.held_signed().0.abs());
        let fits = |&&(id, stop): &&(OrderId, OpenTrigger)| {
            let right = needed.is_some_and(|(trigger, _)| trigger == stop.trigger);
            let believed = working.is_some_and(|working| working.id == id);
            (believed, right && stop.lots >= held, stop.lots, id)
        };
        let &(id, stop) = good.iter().max_by_key(fits)?;
        let found = Stop { id, trigger: stop.trigger, lots: stop.lots };
        match working {
            Some(working) if working == found => {}
            // A change of it is under way: its answer says what stands.
            Some(working) if working.id == id && asked.is_some_and(|asked| asked.id == id) => {}
            _ => {
                if working.is_some_and(|working| working.id == id) {
                    self.findings.push(Finding::StopWrong { id, wrong: Wrong::Figures });
                } else if !self.scene.blank {
                    self.findings.push(Finding::OrderDiffers { id });
                }
                let Stop { trigger, lots, .. } = found;
                self.act(Action::AdoptStop { id, trigger, lots });
            }
        }
        Some(id)
    }

    /// Trigger and quantity that the position needs.
    fn needed_stop(&self) -> Option<(Ticks, Lots)> {
        let lane = &self.trial.lane;
        let cycle = lane.cycle.as_ref()?;
        let (value, loss) = (lane.terms.value, lane.terms.stop_loss);
        let trigger = crate::strategy::exits::stop_price(cycle.direction, cycle.basis, value, loss);
        Some((trigger, cycle.basis.lots))
    }

    /// Plans an action on stops and does it on the copy.
    fn act(&mut self, action: Action) {
        self.actions.push(action);
        self.trial.with(true, |lane, fx| {
            lane.take_over(fx, &action);
        });
    }

    /// Plans to make the stop right when that asks for anything.
    fn protect(&mut self) {
        if self.actions.is_empty() && self.trial.lane.protection == self.before.protection {
            return; // Nothing changed: what is wrong with the stop is being seen to.
        }
        self.trial.step.clear();
        self.trial.with(false, Lane::caught_up);
        let asked = self.trial.step.commands.iter().find_map(asked_stop);
        let needed = self.needed_stop();
        if let Some((trigger, lots)) = asked.or(needed.filter(|_| self.touches_protection())) {
            self.actions.push(Action::Protect { trigger, lots });
        }
    }

    fn touches_protection(&self) -> bool {
        self.actions.iter().any(|action| {
            matches!(
                action,
                Action::DropStop { .. }
                    | Action::AdoptStop { .. }
                    | Action::ReplaceStop { .. }
                    | Action::Book(_)
                    | Action::BookForced(_)
            )
        })
    }

    // ---- limit orders ----

    fn orders(&self) -> Option<Vec<OpenOrder>> {
        let symbol = self.symbol();
        let known = self.scene.snapshot.orders.known()?;
        let mut found: Vec<OpenOrder> =
            known.iter().filter(|order| order.symbol == symbol).copied().collect();
        found.sort_by_key(|order| order.maker);
        found.dedup_by_key(|order| order.maker);
        Some(found)
    }

    fn judge_orders(&mut self) {
        let Some(orders) = self.orders() else { return self.withdraw_blindly() };
        let mine = |order: &OpenOrder| order.maker.ours().filter(|&id| self.scene.is_mine(id));
        let ours: Vec<(OrderId, OpenOrder)> =
            orders.iter().filter_map(|order| Some((mine(order)?, *order))).collect();
        self.judge_tracked_entries(&ours);
        self.judge_tracked_target(&ours);
        for (id, order) in ours {
            self.judge_present(id, &order);
        }
    }

    /// Nobody knows what rests: what the missed executions ended is withdrawn to be sure.
    fn withdraw_blindly(&mut self) {
        for id in self.newly_withdrawn() {
            self.actions.push(Action::Withdraw { id });
        }
        if let (Some(target), None) = (self.before.target, self.trial.lane.target) {
            self.actions.push(Action::Withdraw { id: target.id });
        }
    }

    /// Entries that the missed executions withdraw.
    fn newly_withdrawn(&self) -> Vec<OrderId> {
        let cancelling = |lane: &Lane, id: OrderId| {
            lane.entries.iter().any(|e| e.id == id && e.state == EntryState::Cancelling)
        };
        let entries = self.trial.lane.entries.iter();
        let ids = entries.filter(|entry| entry.state == EntryState::Cancelling).map(|e| e.id);
        ids.filter(|&id| !cancelling(self.before, id)).collect()
    }

    fn judge_tracked_entries(&mut self, ours: &[(OrderId, OpenOrder)]) {
        let newly = self.newly_withdrawn();
        let entries: Vec<_> = self.trial.lane.entries.iter().copied().collect();
        for entry in entries {
            let id = entry.id;
            let there = ours.iter().find(|(other, _)| *other == id).map(|(_, order)| order);
            let asked = self.trial.lane.doubts(id);
            match there {
                Some(_) if newly.contains(&id) => self.actions.push(Action::Withdraw { id }),
                Some(order) if order.filled > entry.filled && !asked => {
                    self.findings.push(Finding::OrderDiffers { id });
                    self.actions.push(Action::Ask { id });
                }
                Some(order) if matches!(entry.state, EntryState::Sent | EntryState::InDoubt) => {
                    self.findings.push(Finding::OrderDiffers { id });
                    let (price, lots) = (order.price, order.lots - order.filled);
                    self.actions.push(Action::Confirm { id, price, lots });
                }
                Some(_) => {}
                None if asked => {}
                None => {
                    self.findings.push(Finding::OrderMissing { id });
                    self.actions.push(Action::Ask { id });
                }
            }
        }
    }

    fn judge_tracked_target(&mut self, ours: &[(OrderId, OpenOrder)]) {
        let Some(target) = self.trial.lane.target else { return };
        let id = target.id;
        if self.trial.lane.doubts(id) {
            return;
        }
        match ours.iter().find(|(other, _)| *other == id) {
            Some((_, order)) => {
                let rest = order.lots - order.filled;
                let booked = self.before.target != Some(target);
                let same = (order.price, rest) == (target.price, target.lots);
                if !(booked || same && target.working) {
                    self.findings.push(Finding::OrderDiffers { id });
                    self.actions.push(Action::Confirm { id, price: order.price, lots: rest });
                }
            }
            None => {
                self.findings.push(Finding::OrderMissing { id });
                self.actions.push(Action::Ask { id });
            }
        }
    }

    /// An order of ours that has no place is withdrawn; a target may find one.
    fn judge_present(&mut self, id: OrderId, order: &OpenOrder) {
        let lane = &self.trial.lane;
        if lane.has_place_for(id) || lane.known_executions(id) >= order.lots {
            return;
        }
        let fits = id.kind == OrderKind::Target
            && lane.target.is_none()
            && lane.close.is_none()
            && lane.cycle.as_ref().is_some_and(|cycle| cycle.direction == id.direction);
        if fits {
            let (price, lots) = (order.price, order.lots - order.filled);
            if !self.scene.blank {
                self.findings.push(Finding::OrderDiffers { id });
            }
            self.actions.push(Action::AdoptTarget { id, price, lots });
            self.trial.lane.adopt_target(id, price, lots);
        } else {
            self.findings.push(Finding::Leftover { id });
            self.actions.push(Action::Withdraw { id });
        }
    }

    fn judge_foreign_orders(&mut self) {
        let orders = self.orders().unwrap_or_default().into_iter().map(|order| order.maker);
        let triggers = self.triggers().unwrap_or_default().into_iter().map(|stop| stop.maker);
        for maker in orders.chain(triggers) {
            match maker {
                Maker::Other(number) => {
                    self.findings.push(Finding::ForeignOrder { number });
                    self.withheld = self.withheld.or(Some(Withheld::Foreign));
                }
                Maker::Us(id) if !self.scene.is_mine(id) => {
                    self.findings.push(Finding::OtherWriters { id });
                }
                Maker::Us(_) | Maker::Exchange => {}
            }
        }
    }

    // ---- settings and entries ----

    fn judge_settings(&mut self) {
        let Some(settings) = self.scene.snapshot.settings.known() else { return };
        let symbol = self.symbol();
        let Some(there) = settings.iter().find(|there| there.symbol == symbol) else {
            self.findings.push(Finding::SettingsUnknown);
            self.withheld = self.withheld.or(Some(Withheld::Settings));
            return;
        };
        let wanted = self.before.terms.leverage;
        let &SymbolSettings { leverage, margin_mode, one_way, .. } = there;
        let margin_mode = margin_mode != self.scene.config.risk.margin_mode;
        if leverage == wanted && !margin_mode && one_way {
            return;
        }
        let hedged = !one_way;
        self.findings.push(Finding::SettingsDiverged { leverage, wanted, margin_mode, hedged });
        self.withheld = self.withheld.or(Some(Withheld::Settings));
        if leverage != wanted && self.is_idle() {
            self.actions.push(Action::SetLeverage { leverage: wanted });
        }
    }

    /// Flat and without orders, here and there, whoever made them (INC-112).
    fn is_idle(&self) -> bool {
        let flat =
            held_there(self.scene.snapshot, self.symbol()).is_some_and(|lots| lots.is_zero());
        let lane = &self.trial.lane;
        let quiet = lane.cycle.is_none() && !lane.has_entries() && lane.target.is_none();
        let none = |count: Option<usize>| count == Some(0);
        flat && quiet
            && none(self.orders().map(|orders| orders.len()))
            && none(self.triggers().map(|stops| stops.len()))
    }

    /// Entries here are withheld, or allowed again once every part that could say no has spoken.
    fn judge_entries(&mut self) {
        let before = self.scene.book.watch.blocked(self.before.symbol);
        let snapshot = self.scene.snapshot;
        let heard = snapshot.positions.known().is_some()
            && snapshot.orders.known().is_some()
            && snapshot.triggers.known().is_some()
            && snapshot.fills.known().is_some()
            && snapshot.settings.known().is_some();
        match (self.withheld, before) {
            (Some(why), before) if before != Some(why) => self.actions.push(Action::Block(why)),
            (None, Some(_)) if heard => self.actions.push(Action::Unblock),
            _ => {}
        }
    }
}

/// The figures of a stop that is asked for.
fn asked_stop(command: &Command) -> Option<(Ticks, Lots)> {
    if let Command::PlaceStop { trigger, lots, .. } | Command::AmendStop { trigger, lots, .. } =
        *command
    {
        return Some((trigger, lots));
    }
    None
}

/// How many answers in a row contradict what is known of each symbol, this plan included.
pub(super) fn contradictions(plan: &Plan) -> impl Iterator<Item = (Listed, u8)> {
    plan.symbols.iter().flat_map(|found| {
        found.findings.iter().filter_map(|finding| {
            let Finding::Missing { times, .. } = *finding else { return None };
            Some((found.symbol, times))
        })
    })
}
