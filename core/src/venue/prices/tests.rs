//! The price venue alone: each thing that it models changes a fill, a position or an outcome.

mod arrival;
mod force;
mod orders;
mod stops;

use alloc::vec::Vec;

use super::*;
use crate::event::{Fill, Liquidity};
use crate::money::Fraction;
use crate::time::Span;
use crate::venue::fixture::{BOOK, PLACE, SYMBOL, id, longs};

/// A venue and a clock.
struct Rig {
    venue: PriceVenue,
    now: Timestamp,
}

impl Rig {
    /// Everything on, no delays, the price at 10 000.
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with other settings.
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let config = longs();
        let mut settings = Settings::strict(&config.costs);
        change(&mut settings);
        let mut rig = Self { venue: PriceVenue::new(&config, settings), now: Timestamp(0) };
        rig.price(10_000);
        rig.events();
        rig
    }

    fn wait(&mut self, millis: i64) -> &mut Self {
        self.now = self.now + Span(millis);
        self
    }

    fn price(&mut self, last: i64) -> &mut Self {
        self.venue.price(self.now, SYMBOL, Ticks(last), Ticks(last));
        self
    }

    fn sized(&mut self, last: i64, size: i64) -> &mut Self {
        let (last, size) = (Ticks(last), Some(Lots(size)));
        self.venue.print(self.now, SYMBOL, Print { last, mark: last, size });
        self
    }

    fn marked(&mut self, last: i64, mark: i64) -> &mut Self {
        self.venue.price(self.now, SYMBOL, Ticks(last), Ticks(mark));
        self
    }

    /// What reaches the trader by now, prices aside.
    fn events(&mut self) -> Vec<Event> {
        let next = || self.venue.take_due(self.now).map(|(_, event)| event);
        let all = core::iter::from_fn(next);
        all.filter(|event| !matches!(event, Event::PriceMoved { .. })).collect()
    }

    fn fills(&mut self) -> Vec<Fill> {
        let fill = |event| if let Event::OrderFilled(fill) = event { Some(fill) } else { None };
        self.events().into_iter().filter_map(fill).collect()
    }

    /// Price, quantity and liquidity of what fills.
    fn deals(&mut self) -> Vec<(i64, i64, Liquidity)> {
        self.fills().iter().map(|fill| (fill.price.0, fill.lots.0, fill.liquidity)).collect()
    }

    fn refusal(&mut self) -> Option<Reject> {
        self.events().into_iter().find_map(|event| {
            if let Event::OrderRejected { why, .. } = event { Some(why) } else { None }
        })
    }

    fn send(&mut self, command: Command) -> &mut Self {
        self.venue.handle(self.now, &command);
        self
    }

    /// A limit entry with its stop 1 000 ticks away.
    fn enter(&mut self, sequence: u32, price: i64, lots: i64) -> &mut Self {
        self.entry(Direction::Long, sequence, Some(price), lots, Some(price - 1_000))
    }

    fn entry(
        &mut self,
        direction: Direction,
        sequence: u32,
        limit: Option<i64>,
        lots: i64,
        preset: Option<i64>,
    ) -> &mut Self {
        self.send(Command::Place(NewOrder {
            id: id(OrderKind::Entry, direction, sequence),
            limit: limit.map(Ticks),
            lots: Lots(lots),
            preset: preset.map(Ticks),
        }))
    }

    /// A reduce-only order of a long.
    fn reduce(&mut self, kind: OrderKind, limit: Option<i64>, lots: i64) -> &mut Self {
        self.send(Command::Place(NewOrder {
            id: id(kind, Direction::Long, 900),
            limit: limit.map(Ticks),
            lots: Lots(lots),
            preset: None,
        }))
    }

    fn stop(&mut self, sequence: u32, trigger: i64, lots: i64) -> &mut Self {
        let id = id(OrderKind::Stop, Direction::Long, sequence);
        self.send(Command::PlaceStop { id, trigger: Ticks(trigger), lots: Lots(lots) })
    }

    /// A long of `lots` at 9 900 without slippage, its events taken.
    fn holding(&mut self, lots: i64) -> &mut Self {
        self.entry(Direction::Long, 1, Some(9_900), lots, None).price(9_899).price(10_000);
        self.events();
        assert_eq!(self.held(), lots);
        self
    }

    /// What is held; negative for a short.
    fn held(&self) -> i64 {
        let position = self.desk().position;
        position.map_or(0, |position| position.lots.0 * position.direction.sign())
    }

    fn desk(&self) -> &Desk {
        self.venue.desk(PLACE).unwrap()
    }

    fn balance(&self) -> Cash {
        self.venue.balance(BOOK).unwrap()
    }
}

#[test]
fn the_state_survives_serialisation() {
    let mut rig = Rig::with(|s| s.delays.answer = Span(50));
    rig.holding(10).stop(2, 9_500, 10).price(9_950).enter(3, 9_800, 5);
    let text = serde_json::to_string(&rig.venue).unwrap();
    let mut again: PriceVenue = serde_json::from_str(&text).unwrap();
    assert_eq!(again, rig.venue);
    let end = rig.now + Span(100);
    rig.venue.price(end, SYMBOL, Ticks(9_400), Ticks(9_400));
    again.price(end, SYMBOL, Ticks(9_400), Ticks(9_400));
    while let Some(event) = rig.venue.take_due(end) {
        assert_eq!(again.take_due(end), Some(event));
    }
    assert_eq!(again, rig.venue);
}
