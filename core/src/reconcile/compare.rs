//! One book against one snapshot, symbol by symbol. Nothing here changes anything: what missed
//! executions would do is tried on a copy of the lane.

mod elsewhere;
mod entries;
mod orders;
mod position;
mod stops;
mod trial;

use alloc::vec::Vec;

use super::missed::missed;
use super::plan::{Action, BalanceDiffers, Finding, Plan, SymbolPlan, Withheld};
use super::snapshot::{AccountSnapshot, Failure, Listed, PartName};
use crate::config::EngineConfig;
use crate::engine::{Book, Engine};
use crate::executor::Lane;
use crate::ids::OrderId;
use crate::money::Cash;
use elsewhere::elsewhere;
use trial::Trial;

/// Compares a book with a snapshot of its wallet; none when there is no such book.
#[must_use]
pub fn plan(engine: &Engine, snapshot: &AccountSnapshot) -> Option<Plan> {
    let book = engine.books().get(usize::from(snapshot.book.0))?;
    let mut plan = Plan::agreed(book.id, snapshot.at);
    plan.failed = snapshot.failures();
    // A book without a past takes over what is held, however little of its past can be shown.
    let reaches = snapshot.since <= book.watch.since() || book.watch.is_rebuilding();
    if snapshot.fills.known().is_some() && !reaches {
        plan.failed.push((PartName::Fills, Failure::Incomplete));
        plan.failed.sort_unstable();
    }
    plan.writer = other_writer(book, snapshot);
    let scene = Scene { book, snapshot, config: engine.config() };
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
    plan.balance = balance(&plan, snapshot, ours, book.watch.is_rebuilding());
    Some(plan)
}

/// What everything of one comparison looks at.
struct Scene<'a> {
    book: &'a Book,
    snapshot: &'a AccountSnapshot,
    config: &'a EngineConfig,
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
    adopt: bool,
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
    (judged && ours != theirs).then_some(BalanceDiffers { ours, theirs, adopt })
}

/// One symbol being compared.
struct Comparison<'a> {
    scene: &'a Scene<'a>,
    before: &'a Lane,
    /// It has no past of its own, and takes over what is there.
    blank: bool,
    trial: Trial<'a>,
    findings: Vec<Finding>,
    actions: Vec<Action>,
    withheld: Option<Withheld>,
}

impl<'a> Comparison<'a> {
    fn new(scene: &'a Scene<'a>, before: &'a Lane) -> Self {
        let trial = Trial::new(scene, before);
        let blank = scene.book.watch.is_rebuilding() && before.is_blank();
        let (findings, actions) = (Vec::new(), Vec::new());
        Self { scene, before, blank, trial, findings, actions, withheld: None }
    }

    fn symbol(&self) -> Listed {
        Listed::Symbol(self.before.symbol)
    }

    /// The plan of this symbol, and what it books.
    fn run(mut self) -> (Option<SymbolPlan>, Cash) {
        let moving = self.scene.moves(self.before);
        let found = missed(self.before, &self.scene.book.watch, self.scene.snapshot, self.blank);
        let believed = self.book(&found) && self.judge_position(moving);
        if believed && !moving {
            self.judge_stops();
            self.judge_unanswered();
        }
        self.protect();
        if believed && !moving {
            self.judge_orders();
        } else {
            self.withdraw_blindly();
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
