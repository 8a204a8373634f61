//! What the ledger learns of an order: each execution once, and never a doubt that has ended.

use std::collections::BTreeMap;

use gardefou_core::command::{Command, NewOrder};
use gardefou_core::config::{Facts, Mode};
use gardefou_core::engine::Engine;
use gardefou_core::event::{Ended, Event, Fill, Liquidity};
use gardefou_core::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Cash, Direction, Lots, Ticks};
use gardefou_core::time::Timestamp;

use super::{Orders, Standing};
use crate::config::{Selection, load_from, shipped};
use crate::store::OrderState;

const ID: OrderId = OrderId {
    book: BookId(0),
    symbol: SymbolId(0),
    epoch: 1,
    sequence: 1,
    kind: OrderKind::Entry,
    direction: Direction::Long,
    level: 0,
};

fn asked() -> Orders {
    let mut orders = Orders::default();
    let (limit, lots, preset) = (Some(Ticks(100)), Lots(10), Some(Ticks(80)));
    orders.ask(7, &Command::Place(NewOrder { id: ID, limit, lots, preset }));
    orders
}

fn fill(number: u64, lots: i64) -> Fill {
    Fill {
        id: ID,
        fill: FillId(number),
        at: Timestamp(0),
        price: Ticks(100),
        lots: Lots(lots),
        fee: Cash::ZERO,
        liquidity: Liquidity::Maker,
    }
}

fn canceled(filled: i64) -> Event {
    Event::OrderCanceled { id: ID, filled: Lots(filled), why: Ended::Requested }
}

fn row(told: Option<(OrderId, Standing)>) -> Option<(OrderState, i64)> {
    told.map(|(_, standing)| (standing.state, standing.filled.0))
}

#[test]
fn an_execution_that_is_told_twice_counts_once() {
    let mut orders = asked();
    let first = fill(1, 6);
    assert_eq!(row(orders.hear(&Event::OrderFilled(first))), None);
    assert_eq!(row(orders.booked(&first)), Some((OrderState::Resting, 6)));
    // The engine books it once, so that nothing is heard of it again.
    assert_eq!(row(orders.hear(&Event::OrderFilled(first))), None);
    assert_eq!(row(orders.booked(&fill(2, 4))), Some((OrderState::Filled, 10)));
    assert_eq!(orders.iter().count(), 0);
}

#[test]
fn a_doubt_that_ends_is_ended_in_the_ledger_too() {
    let ends: [(Event, OrderState); 2] = [
        (canceled(0), OrderState::Canceled),
        (Event::OrderAccepted { id: ID, price: Ticks(100), lots: Lots(10) }, OrderState::Resting),
    ];
    for (event, state) in ends {
        let mut orders = asked();
        let doubt = orders.hear(&Event::OrderUnconfirmed { id: ID });
        assert_eq!(row(doubt), Some((OrderState::InDoubt, 0)));
        assert_eq!(row(orders.hear(&event)), Some((state, 0)));
    }
}

#[test]
fn an_order_that_counts_as_never_placed_leaves_the_list() {
    let mut orders = asked();
    orders.hear(&Event::OrderUnconfirmed { id: ID });
    assert_eq!(row(orders.hear(&Event::OrderNotFound { id: ID })), None);
    assert_eq!(orders.iter().count(), 1, "it is asked for");
    assert_eq!(row(orders.give_up(ID)), Some((OrderState::Lost, 0)));
    assert_eq!(orders.iter().count(), 0);
}

#[test]
fn an_order_is_given_up_when_the_engine_does_not_ask_for_it_any_more() {
    let settings = load_from(&shipped(), &BTreeMap::new()).unwrap();
    let all = Selection::everything(Mode::Paper, Facts::Continuous);
    let selection = Selection { symbols: Some(vec!["BTCUSDT".parse().unwrap()]), ..all };
    let mut engine = Engine::new(settings.engine(&selection, &BTreeMap::new()).unwrap());
    let mut orders = asked();
    assert_eq!(orders.given_up(&engine), [], "it has just been asked for");
    let unconfirmed = Event::OrderUnconfirmed { id: ID };
    drop(engine.step(Timestamp(0), &unconfirmed));
    orders.hear(&unconfirmed);
    assert_eq!(orders.given_up(&engine), [], "its fate is asked for");
    drop(engine.step(Timestamp(1), &canceled(0)));
    assert_eq!(orders.given_up(&engine), [ID]);
}

#[test]
fn fills_that_are_told_after_the_end_are_counted() {
    let mut orders = asked();
    assert_eq!(row(orders.hear(&canceled(6))), Some((OrderState::Canceled, 0)));
    assert_eq!(row(orders.booked(&fill(1, 6))), Some((OrderState::Canceled, 6)));
    assert_eq!(orders.iter().count(), 0);
}

#[test]
fn a_change_of_an_order_that_executed_in_part_names_what_stays_open() {
    let mut orders = asked();
    orders.booked(&fill(1, 4));
    orders.hear(&Event::OrderAccepted { id: ID, price: Ticks(101), lots: Lots(6) });
    assert_eq!(row(orders.booked(&fill(2, 3))), Some((OrderState::Resting, 7)));
    assert_eq!(row(orders.booked(&fill(3, 3))), Some((OrderState::Filled, 10)));
}

#[test]
fn an_order_without_execution_or_doubt_leaves_no_row() {
    let mut orders = asked();
    assert_eq!(row(orders.hear(&canceled(0))), None);
    assert_eq!(orders.iter().count(), 0);
}
