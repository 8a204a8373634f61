//! A copy of a lane on which missed executions are tried.

use super::Scene;
use crate::account::Wallet;
use crate::config::{Costs, EntryOrder, RiskConfig};
use crate::executor::{Effects, Ids, Lane, Timers};
use crate::step::Step;

/// A copy of a lane with rooms for everything that it touches.
pub(super) struct Trial<'a> {
    pub(super) lane: Lane,
    pub(super) wallet: Wallet,
    ids: Ids,
    timers: Timers,
    naked: u32,
    waiting: bool,
    pub(super) step: Step,
    scene: &'a Scene<'a>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, lane: &Lane) -> Self {
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

    pub(super) fn with(
        &mut self,
        catching_up: bool,
        act: impl FnOnce(&mut Lane, &mut Effects<'_>),
    ) {
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
            hold: scene.book.hold(),
            risk,
            costs,
            entry_order,
            timeframe: scene.book.timeframe,
        };
        act(&mut self.lane, &mut fx);
    }
}
