//! A book: one strategy in one mode, with its own wallet, session and lanes. Books never share
//! anything; they are compared, not coupled.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::{Session, Wallet};
use crate::config::{EngineConfig, EntryOrder, Facts, Mode, OnKill, Params};
use crate::executor::{Effects, Ids, Lane, Timers};
use crate::ids::{BookId, SymbolId};
use crate::money::{Cash, Direction, Margin};
use crate::notice::FillReason;
use crate::reconcile::Watch;
use crate::risk::ladder::Terms;
use crate::risk::slots;
use crate::risk::switches::{Hold, Latch, Pause};
use crate::runner::Runner;
use crate::step::{Step, WakeReason};
use crate::time::{Timeframe, Timestamp};

/// One strategy in one mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// Its position in the configuration.
    pub id: BookId,
    /// The strategy's name.
    pub name: String,
    /// Paper or live.
    pub mode: Mode,
    /// When its facts become known.
    pub facts: Facts,
    /// Bar length of its decisions.
    pub timeframe: Timeframe,
    /// It trades grids, not single positions.
    pub grids: bool,
    /// Its money.
    pub wallet: Wallet,
    /// Its UTC day.
    pub session: Session,
    /// The session switch, when tripped.
    pub latch: Option<Latch>,
    /// The global switch of its mode is tripped.
    pub(crate) globally_latched: bool,
    /// The pause that a person asked for.
    #[serde(default)]
    pub pause: Option<Pause>,
    /// Its symbols, sorted by id.
    pub lanes: Vec<Lane>,
    pub(crate) ids: Ids,
    pub(crate) timers: Timers,
    /// Rungs wait: for the slot of a symbol whose cancels are not terminal, or for a stop.
    pub(crate) waiting: bool,
    /// Positions without a confirmed stop.
    pub(crate) naked: u32,
    /// Lane by symbol.
    places: Vec<Option<u16>>,
    /// The comparison with the account.
    pub(crate) watch: Watch,
}

/// What the wallet looks like now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Wallet balance.
    pub balance: Cash,
    /// Unrealised at the last prices.
    pub unrealised: Cash,
    /// balance + unrealised.
    pub equity: Cash,
    /// Margin of open cycles and of everything quoted.
    pub reserved: Cash,
    /// equity − reserved.
    pub free: Cash,
}

impl Book {
    pub(crate) fn new(config: &EngineConfig, id: BookId) -> Self {
        let settings = &config.books[usize::from(id.0)];
        let mut places = alloc::vec![None; config.instruments.len()];
        let mut lanes = Vec::with_capacity(settings.symbols.len());
        let cooling = config.risk.cooling(settings.mode);
        for chosen in &settings.symbols {
            let Some(instrument) = config.instrument(chosen.symbol) else { continue };
            places[usize::from(chosen.symbol.0)] = Some(lanes.len() as u16);
            let params = chosen.params.clone();
            let terms = Terms::new(instrument, params.leverage(), params.stop_loss());
            let group = config.risk.group(instrument);
            let runner = Runner::new(&params, settings.timeframe, cooling);
            lanes.push(Lane::new(chosen.symbol, params, terms, runner, group));
        }
        Self {
            id,
            name: settings.name.clone(),
            mode: settings.mode,
            facts: settings.facts,
            timeframe: settings.timeframe,
            grids: settings.symbols.iter().any(|s| matches!(s.params, Params::Grid(_))),
            wallet: Wallet::new(settings.capital),
            session: Session::new(settings.capital),
            latch: None,
            globally_latched: false,
            pause: None,
            lanes,
            ids: Ids { book: id, epoch: 0, sequence: 0 },
            timers: Timers::default(),
            waiting: false,
            naked: 0,
            places,
            watch: Watch::default(),
        }
    }

    /// The lane of a symbol.
    #[inline]
    #[must_use]
    pub fn lane(&self, symbol: SymbolId) -> Option<&Lane> {
        let place = (*self.places.get(usize::from(symbol.0))?)?;
        self.lanes.get(usize::from(place))
    }

    #[inline]
    pub(crate) fn lane_mut(&mut self, symbol: SymbolId) -> Option<&mut Lane> {
        let place = (*self.places.get(usize::from(symbol.0))?)?;
        self.lanes.get_mut(usize::from(place))
    }

    /// A lane and what its functions may touch.
    #[inline]
    pub(crate) fn lane_and_effects<'a>(
        &'a mut self,
        symbol: SymbolId,
        now: Timestamp,
        config: &'a EngineConfig,
        out: &'a mut Step,
    ) -> Option<(&'a mut Lane, Effects<'a>)> {
        let place = (*self.places.get(usize::from(symbol.0))?)?;
        let (lanes, fx) = self.split(now, config, out);
        lanes.get_mut(usize::from(place)).map(|lane| (lane, fx))
    }

    /// The lanes beside the rest of the book.
    #[inline]
    pub(crate) fn split<'a>(
        &'a mut self,
        now: Timestamp,
        config: &'a EngineConfig,
        out: &'a mut Step,
    ) -> (&'a mut [Lane], Effects<'a>) {
        let hold = self.hold();
        let fx = Effects {
            now,
            out,
            wallet: &mut self.wallet,
            ids: &mut self.ids,
            timers: &mut self.timers,
            naked: &mut self.naked,
            waiting: &mut self.waiting,
            watch: &self.watch,
            catching_up: false,
            hold,
            risk: &config.risk,
            costs: &config.costs,
            entry_order: config.entry_order,
            timeframe: self.timeframe,
        };
        (&mut self.lanes, fx)
    }

    pub(crate) fn boot(&mut self, epoch: u32) {
        self.ids.epoch = epoch;
        self.ids.sequence = 0;
        self.watch.booted(epoch);
    }

    /// The epoch of its order ids: that of the last boot, 0 before the first.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.ids.epoch
    }

    /// The comparison with the account: when the next one is due, and what it withholds.
    #[must_use]
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The earliest deadline, and why.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<(Timestamp, WakeReason)> {
        let compare = self.watch.due().map(|at| (at, WakeReason::Reconcile));
        match (self.timers.earliest(), compare) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        }
    }

    /// Unrealised result of the open cycles at their last prices.
    #[inline]
    #[must_use]
    pub fn unrealised(&self) -> Cash {
        self.lanes.iter().map(Lane::unrealised).sum()
    }

    /// balance + unrealised.
    #[inline]
    #[must_use]
    pub fn equity(&self) -> Cash {
        self.wallet.balance + self.unrealised()
    }

    /// The wallet's figures now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let unrealised = self.unrealised();
        let equity = self.wallet.balance + unrealised;
        let margin: Margin = self.lanes.iter().map(Lane::reserved).sum();
        let reserved = margin.to_cash_up();
        Standing {
            balance: self.wallet.balance,
            unrealised,
            equity,
            reserved,
            free: equity - reserved,
        }
    }

    /// What withholds its entries.
    #[inline]
    #[must_use]
    pub fn hold(&self) -> Hold {
        Hold::of(self.is_latched(), self.pause.is_some())
    }

    /// True while a switch is tripped, its own or the global one of its mode.
    #[must_use]
    pub fn is_latched(&self) -> bool {
        self.latch.is_some() || self.globally_latched
    }

    /// Releases the session switch and sets a new reference; false when it was not tripped.
    pub(crate) fn release(&mut self, now: Timestamp) -> bool {
        let tripped = self.latch.take().is_some();
        if tripped {
            self.session.restart(now, self.wallet.balance, self.wallet.realised);
        }
        tripped
    }

    /// Applies the policy of a tripped switch to what is quoted and open.
    pub(crate) fn block(&mut self, now: Timestamp, config: &EngineConfig, out: &mut Step) {
        let policy = config.risk.on_kill;
        if policy == OnKill::Block {
            if config.entry_order == EntryOrder::Market {
                // Rungs that wait for a touch are no resting orders: they would be new ones.
                self.lanes.iter_mut().for_each(Lane::want_nothing);
            }
            return;
        }
        let flatten = (policy == OnKill::Flatten).then_some(FillReason::KillSwitch);
        self.withdraw_entries(now, config, flatten, out);
    }

    /// Withdraws every entry, and closes open cycles when there is a reason to.
    pub(crate) fn withdraw_entries(
        &mut self,
        now: Timestamp,
        config: &EngineConfig,
        close: Option<FillReason>,
        out: &mut Step,
    ) {
        let (lanes, mut fx) = self.split(now, config, out);
        for lane in lanes {
            for direction in Direction::BOTH {
                lane.withdraw_side(&mut fx, direction);
            }
            lane.want_nothing();
            if let Some(reason) = close.filter(|_| lane.cycle.is_some()) {
                lane.close_at_market(&mut fx, reason);
            }
            lane.settle_budget();
        }
    }

    /// Sends rungs that waited, as far as slots are free and every position has its stop.
    pub(crate) fn send_waiting(&mut self, now: Timestamp, config: &EngineConfig, out: &mut Step) {
        if self.naked > 0 || self.watch.withheld().is_some() {
            return;
        }
        let limit = config.risk.max_live_grids;
        let mut used = self.lanes.iter().filter(|lane| lane.occupies()).count() as u32;
        let may_send = |lane: &Lane| lane.held_back && (used < limit || lane.occupies());
        if !self.lanes.iter().any(may_send) {
            self.waiting = self.lanes.iter().any(|lane| lane.held_back);
            return; // Every slot is taken still.
        }
        let base = self.wallet.balance.min(self.equity());
        let reserved = self.lanes.iter().map(Lane::reserved).sum();
        if !slots::within(reserved, config.risk.max_margin_ratio, base) {
            return; // Cancels are still under way.
        }
        let (lanes, mut fx) = self.split(now, config, out);
        let mut still = false;
        for lane in lanes.iter_mut().filter(|lane| lane.held_back) {
            if fx.watch.blocked(lane.symbol).is_some() {
                still = true;
                continue;
            }
            let needs = u32::from(!lane.occupies());
            if needs > 0 && used >= limit {
                still = true;
                continue;
            }
            lane.held_back = false;
            lane.told = None;
            lane.sync(&mut fx);
            used += needs;
        }
        self.waiting = still;
    }
}
