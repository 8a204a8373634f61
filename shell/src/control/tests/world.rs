//! An engine with an open cycle, beside an exchange that agrees to everything.

use std::collections::BTreeMap;

use gardefou_core::command::Command;
use gardefou_core::config::{Facts, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Feed, Fill, Liquidity};
use gardefou_core::ids::{FillId, OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Ticks};
use gardefou_core::step::Step;
use gardefou_core::time::{Span, Timestamp};

use crate::config::{Selection, load_from, shipped};
use crate::control::Vitals;
use crate::control::answers::Source;

/// 2026-01-05T00:00Z.
const START: Timestamp = Timestamp(1_767_571_200_000);
/// By name: ADA, BTC, ETH, SOL.
const BTC: SymbolId = SymbolId(1);

/// An engine and what it asked for last.
pub struct World {
    pub engine: Engine,
    pub now: Timestamp,
    fills: u64,
}

impl World {
    /// The books of four symbols, in live mode, that have seen nothing.
    pub fn cold() -> Self {
        let settings = load_from(&shipped(), &BTreeMap::new()).unwrap();
        let names = ["ADAUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT"];
        let symbols = Some(names.map(|name| name.parse().unwrap()).to_vec());
        let all = Selection::everything(Mode::Paper, Facts::Continuous);
        let selection = Selection { symbols, ..all };
        let mut config = settings.engine(&selection, &BTreeMap::new()).unwrap();
        config.books.iter_mut().for_each(|book| book.mode = Mode::Live);
        Self { engine: Engine::new(config), now: START, fills: 0 }
    }

    /// The first book quotes BTCUSDT and has one level of it filled.
    pub fn open() -> Self {
        let mut world = Self::cold();
        world.tell(&Event::Booted { epoch: 1_767_571_200 });
        for hour in (1..=700).rev() {
            let at = START - Span::hours(hour);
            let bar = bar(at, if hour % 2 == 0 { 600_000 } else { 600_300 });
            world.tell(&Event::HistoryLoaded { symbol: BTC, bar });
        }
        world.tell(&Event::FeedChanged { symbol: BTC, feed: Feed::Streaming });
        for _ in 0..4 {
            world.close(600_000);
        }
        world.fill_first();
        world
    }

    fn close(&mut self, price: i64) {
        let at = self.now;
        self.now = at + Span::hours(1);
        self.tell(&Event::BarClosed { symbol: BTC, bar: bar(at, price) });
    }

    /// Tells an event; what is asked for is accepted at once.
    pub fn tell(&mut self, event: &Event) {
        drop(self.step(event));
    }

    /// The same, with what came of it.
    pub fn step(&mut self, event: &Event) -> Step {
        let step = self.engine.step(self.now, event);
        for command in &step.commands {
            if let Some(answer) = answer(command) {
                self.tell(&answer);
            }
        }
        step
    }

    fn fill_first(&mut self) {
        let book = self.engine.books().iter().find(|book| book.name == "grid_atr").unwrap();
        let lane = book.lane(BTC).unwrap();
        let entry = lane.entries.iter().next().copied().unwrap();
        assert_eq!(entry.id.kind, OrderKind::Entry);
        self.fills += 1;
        let fill = Fill {
            id: entry.id,
            fill: FillId(self.fills),
            at: self.now,
            price: entry.price,
            lots: entry.lots,
            fee: Cash(12_345_678),
            liquidity: Liquidity::Maker,
        };
        self.tell(&Event::OrderFilled(fill));
    }

    /// What the process around it would say.
    pub fn vitals(&self) -> Vitals {
        Vitals {
            source: Source::Daemon,
            now: self.now,
            store: Some(crate::store::Health {
                queued: 0,
                oldest: None,
                failures: 0,
                conflicts: 0,
                last_error: None,
                degraded: false,
            }),
            feed_at: Some(self.now),
            alerts_pending: 1,
        }
    }
}

fn bar(at: Timestamp, close: i64) -> Bar {
    let (open, high, low) = (Ticks(close), Ticks(close + 3_000), Ticks(close - 3_000));
    Bar { at, open, high, low, close: Ticks(close), traded: true }
}

fn answer(command: &Command) -> Option<Event> {
    Some(match *command {
        Command::Place(order) => Event::OrderAccepted {
            id: order.id,
            price: order.limit.unwrap_or_default(),
            lots: order.lots,
        },
        Command::Amend { id, price, lots } => Event::OrderAccepted { id, price, lots },
        Command::PlaceStop { id, trigger, lots } | Command::AmendStop { id, trigger, lots } => {
            Event::OrderAccepted { id, price: trigger, lots }
        }
        Command::Cancel { id } => Event::OrderCanceled {
            id,
            filled: gardefou_core::money::Lots::ZERO,
            why: gardefou_core::event::Ended::Requested,
        },
        Command::Query { .. }
        | Command::FetchBars { .. }
        | Command::QueryAccount { .. }
        | Command::SetLeverage { .. } => {
            return None;
        }
    })
}
