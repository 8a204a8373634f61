//! Another configuration is given while something is open (invariant 33, INC-050).

use super::*;
use crate::engine::reconfigure::{Unfit, Winding, merged};

impl World {
    /// The process ends and another one comes up under this configuration.
    fn boot_under(&mut self, config: &EngineConfig) {
        let mut engine = self.saved();
        let merged = merged(engine.config(), config).unwrap();
        engine.reconfigure(merged);
        self.boot(engine);
        self.wait(5_000);
    }

    /// Entries sent since the last look.
    fn entered(&mut self) -> usize {
        self.sent().iter().filter(|command| is_entry(command)).count()
    }
}

/// Without the first symbol.
fn lost_symbol() -> EngineConfig {
    let mut config = pair();
    config.books[0].symbols.remove(0);
    config
}

#[test]
fn inc_050_a_removed_symbol_keeps_its_stop_and_its_exits_and_enters_nothing() {
    let mut world = World::watched(pair());
    world.price(9_899);
    world.wait(5_000);
    assert_eq!((world.held(), world.stop()), (25, Some((9_405, 25))));
    assert!(!world.quoted().is_empty(), "deeper levels rest");
    world.boot_under(&lost_symbol());
    assert_eq!((world.held(), world.stop()), (25, Some((9_405, 25))));
    assert_eq!(world.quoted(), [], "deeper levels are withdrawn");
    let winding: Vec<_> = world.live.engine().winding().map(|(_, symbol, _)| symbol).collect();
    assert_eq!(winding, [SYMBOL]);
    // The target goes on following the average, and ends the cycle.
    world.sent();
    world.price(10_001);
    world.assert_flat(FillReason::Target);
    for _ in 0..6 {
        world.close(10_000);
    }
    assert_eq!(world.entered(), 0);
    assert_eq!(world.quoted(), []);
    let mut working = world.live.engine().at_work();
    let name = world.live.engine().config().instruments[usize::from(SYMBOL.0)].symbol;
    assert!(working.all(|symbol| symbol != name));
    assert_eq!(world.live.engine().winding().count(), 0);
}

#[test]
fn inc_050_a_removed_strategy_does_the_same_on_all_its_symbols() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let config = EngineConfig { books: Vec::new(), ..longs() };
    world.boot_under(&config);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))));
    assert_eq!(world.quoted(), []);
    world.sent();
    world.price(9_404);
    world.assert_flat(FillReason::Stop);
    assert_eq!(world.entered(), 0);
}

#[test]
fn changed_parameters_wait_until_the_cycle_that_was_opened_with_the_old_ones_is_over() {
    let mut world = World::watched(longs());
    world.price(9_899);
    world.wait(5_000);
    let mut config = longs();
    let mut params = grid(LONGS);
    params.stop_loss = Fraction(params.stop_loss.0 / 2);
    params.leverage += 1;
    config.books[0].symbols[0].params = Params::Grid(params.clone());
    world.boot_under(&config);
    assert_eq!((world.held(), world.stop()), (50, Some((9_405, 50))), "the stop does not move");
    assert_eq!(world.quoted(), []);
    let told = |command: &Command| matches!(command, Command::SetLeverage { .. });
    assert!(!world.sent().iter().any(told), "leverage stays while something is open (INC-112)");
    world.price(10_001);
    world.assert_flat(FillReason::Target);
    world.close(10_000);
    world.wait(5_000);
    let asked = world.live.take_bars_wanted();
    assert!(
        matches!(asked[..], [Command::FetchBars { symbol: SYMBOL, count: 500.., .. }]),
        "indicators begin anew and ask for their bars: {asked:?}"
    );
    assert_eq!(world.lane().params, Params::Grid(params));
    assert_eq!(world.lane().winding, None);
    assert_eq!(world.quoted(), [], "they are not warm");
}

#[test]
fn a_symbol_that_comes_back_before_it_was_flat_goes_on_as_if_nothing_had_been() {
    let mut world = World::watched(pair());
    world.price(9_899);
    world.wait(5_000);
    world.boot_under(&lost_symbol());
    assert_eq!(world.lane().winding, Some(Winding::Removed));
    world.boot_under(&pair());
    assert_eq!(world.lane().winding, None);
    world.close(9_899);
    world.wait(5_000);
    assert!(!world.quoted().is_empty(), "deeper levels rest again");
    world.assert_agreed();
}

#[test]
fn a_symbol_at_rest_leaves_its_share_of_the_balance_to_the_others() {
    let mut world = World::watched(pair());
    world.boot_under(&lost_symbol());
    assert_eq!(world.live.engine().books()[0].symbols(), 1);
    world.close(10_000);
    world.wait(5_000);
    let symbols: Vec<SymbolId> = world.live.engine().books()[0]
        .lanes
        .iter()
        .filter(|lane| lane.occupies())
        .map(|lane| lane.symbol)
        .collect();
    assert_eq!(symbols, [OTHER]);
}

#[test]
fn what_cannot_be_changed_is_said() {
    let stored = longs();
    let name = pair().instruments[usize::from(OTHER.0)].symbol;
    assert_eq!(merged(&stored, &pair()), Err(vec![Unfit::NewSymbol(name)]));
    let mut wanted = longs();
    wanted.books[0].name = "another".into();
    assert_eq!(merged(&stored, &wanted), Err(vec![Unfit::NewStrategy("another".into())]));
    let mut wanted = longs();
    wanted.books[0].capital = Cash::ZERO;
    wanted.entry_order = crate::config::EntryOrder::Market;
    wanted.instruments[0].min_lots = Lots(7);
    let symbol = wanted.instruments[0].symbol;
    let unfit =
        [Unfit::Instrument(symbol), Unfit::EntryOrder, Unfit::Book(stored.books[0].name.clone())];
    assert_eq!(merged(&stored, &wanted), Err(unfit.to_vec()));
    assert_eq!(merged(&stored, &longs()), Ok(stored));
}
