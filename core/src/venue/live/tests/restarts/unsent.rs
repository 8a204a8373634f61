//! What was decided and written down and never left, or was taken back half-way; and a lost store
//! of several symbols that cannot all be believed at once.

use super::*;
use crate::config::OnKill;
use crate::event::Fill;
use crate::executor::EntryState;
use crate::ids::SymbolId;

impl World {
    /// The last execution that the exchange can show.
    fn last_fill(&self, symbol: SymbolId) -> Fill {
        let snapshot = self.live.venue().account(self.live.now(), BOOK, Timestamp(0)).unwrap();
        let mut fills = snapshot.fills.known().unwrap().iter();
        let last = fills.rfind(|fill| fill.symbol == Listed::Symbol(symbol));
        last.unwrap().as_fill(BOOK).unwrap()
    }
}

#[test]
fn a_stop_that_was_written_down_and_never_left_is_placed_after_the_restart() {
    let mut world = World::watched(longs());
    let mut engine = world.saved();
    world.unheard(SYMBOL, 9_899);
    // The fill is heard and its step is durable; then the process dies before it sends.
    let step = engine.step(world.live.now(), &Event::OrderFilled(world.last_fill(SYMBOL)));
    assert!(step.commands.iter().any(is_stop));
    world.boot(engine);
    world.wait(30_000);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    world.assert_agreed();
}

#[test]
fn a_change_of_a_stop_that_never_left_is_asked_for_after_the_restart() {
    let mut world = World::watched(longs());
    world.price(9_899);
    let mut engine = world.saved();
    world.unheard(SYMBOL, 9_799);
    let step = engine.step(world.live.now(), &Event::OrderFilled(world.last_fill(SYMBOL)));
    assert!(step.commands.iter().any(|command| matches!(command, Command::AmendStop { .. })));
    world.boot(engine);
    world.wait(30_000);
    assert_eq!((world.held(), world.stop()), (101, Some((9_358, 101))));
    world.assert_agreed();
}

#[test]
fn a_close_that_was_written_down_and_never_left_is_made_after_the_restart() {
    let mut config = longs();
    config.risk.on_kill = OnKill::Flatten;
    let mut world = World::watched(config);
    world.price(9_899);
    world.wait(10_000);
    let mut engine = world.saved();
    let request = Request::Kill { book: None, reason: "test".into() };
    let kill = Event::RequestMade { request, by: "tester".into() };
    let step = engine.step(world.live.now(), &kill);
    assert!(step.commands.iter().any(|command| {
        matches!(command, Command::Place(order) if order.id.kind == OrderKind::Close)
    }));
    world.boot(engine);
    world.wait(30_000);
    world.price(9_899);
    world.assert_flat(FillReason::KillSwitch);
    world.assert_agreed();
}

#[test]
fn an_entry_that_a_missed_execution_takes_back_is_withdrawn_though_the_position_lags() {
    let sides = Sides { long: true, short: true };
    let mut config = longs();
    config.books[0].symbols[0].params = Params::Grid(grid(sides));
    let mut world = World::watched(config);
    let shorts = |world: &World| {
        let entries = world.lane().entries.iter();
        entries.filter(|entry| entry.id.direction == Direction::Short).count()
    };
    assert!(shorts(&world) > 0);
    let saved = world.saved();
    world.unheard(SYMBOL, 9_899);
    let mut first = true;
    world.on_account(move |_, snapshot| {
        if core::mem::take(&mut first) {
            snapshot.positions = Part::Known(Vec::new());
        }
    });
    world.boot(saved);
    world.wait(30_000);
    let cancelling = |entry: &&crate::executor::Entry| entry.state == EntryState::Cancelling;
    assert_eq!(world.lane().entries.iter().filter(cancelling).count(), 0);
    assert_eq!(shorts(&world), 0);
    world.assert_agreed();
}

#[test]
fn one_doubtful_symbol_of_a_lost_store_makes_no_history_of_the_others_a_result() {
    let mut world = World::watched(pair());
    // Both symbols have a past; on one a position is open, the other was closed by hand.
    world.price(9_899);
    world.live.price(OTHER, Ticks(9_899));
    world.wait(1_000);
    let other = Place { book: BOOK, symbol: OTHER };
    let held = world.live.venue().desk(other).unwrap().position.unwrap().lots;
    let now = world.live.now();
    world.live.venue_mut().trade_by_hand(now, other, Direction::Short, held, Ticks(9_890));
    world.unheard(SYMBOL, 9_890);
    world.boot_blank();
    world.wait(60_000);
    let told = |notice: &Notice| {
        matches!(notice, Notice::Filled { fill, .. } if fill.id.symbol == OTHER)
            || matches!(notice, Notice::CycleClosed(_))
    };
    assert!(!world.live.sink().0.iter().any(told), "{:?}", world.live.sink().0);
    let lane = world.live.engine().lane(BOOK, OTHER).unwrap();
    assert!(lane.cycle.is_none(), "nobody invents a position");
    let fees = world.lane().cycle.as_ref().unwrap().fees;
    assert_eq!(world.wallet().realised, -fees);
    assert_eq!(Some(world.wallet().balance), world.live.venue().balance(BOOK));
    world.assert_agreed();
}
