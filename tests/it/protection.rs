//! Protection: the stop that travels with an entry is the one of the cycle that the entry would
//! leave; and the auditor, whose silence the other tests rely on, speaks when something is wrong.

use gardefou_core::command::{Command, NewOrder};
use gardefou_core::config::EntryOrder;
use gardefou_core::event::{Event, Fill};
use gardefou_core::ids::{FillId, OrderKind};
use gardefou_core::money::{Cash, Lots, Ticks};
use gardefou_core::venue::bars::Path;
use gardefou_world::audit::{Audit, exact};
use gardefou_world::case::{self, Which};
use gardefou_world::driver::{Driver, Scene, Tamper};

use crate::seeds;

/// The stop of the cycle after an entry, recomputed: what is held, the shallower orders that the
/// engine has out, the order itself.
fn preset(scene: &Scene<'_>, order: &NewOrder) -> Option<Ticks> {
    let id = order.id;
    let lane = scene.engine.lane(id.book, id.symbol)?;
    let config = scene.engine.config();
    let value = i128::from(config.instrument(id.symbol)?.value);
    let held = lane.cycle.as_ref().map(|cycle| (cycle.basis.cost.0, cycle.basis.lots.0));
    let (mut cost, mut lots) = held.unwrap_or_default();
    let at_market = order.limit.is_none();
    for entry in lane.entries[id.direction.index()].iter().flatten() {
        // A market order follows those in flight, a limit order rests below the shallower ones.
        if entry.id == id || at_market || entry.id.level < id.level {
            let rest = (entry.lots - entry.filled).0;
            cost += i128::from(entry.price.0) * i128::from(rest) * value;
            lots += rest;
        }
    }
    Some(exact::stop(id.direction, cost, lots, value, lane.params.stop_loss()))
}

#[test]
fn the_stop_that_travels_with_an_entry_is_the_one_of_its_cycle() {
    let checked = std::cell::Cell::new(0u64);
    seeds::each(10, Which::All, |_, case| {
        let mut fault = None;
        Driver::run(case, |scene: &Scene<'_>| {
            for command in &scene.step.commands {
                if let Command::Place(order) = command
                    && order.id.kind == OrderKind::Entry
                {
                    checked.set(checked.get() + 1);
                    let should = preset(scene, order);
                    if order.preset != should && fault.is_none() {
                        fault = Some(format!("at {}: {order:?}, not {should:?}", scene.now.0));
                    }
                }
            }
        });
        fault.map_or(Ok(()), Err)
    });
    assert!(checked.get() > 1_000, "only {} entries", checked.get());
}

/// Preset and stop lie on the losing side of the entry, and the entry inside its ladder.
#[test]
fn an_entry_never_leaves_without_a_stop_on_its_losing_side() {
    seeds::each(6, Which::All, |_, case| {
        let mut fault = None;
        Driver::run(case, |scene: &Scene<'_>| {
            for command in &scene.step.commands {
                let Command::Place(order) = command else { continue };
                let (Some(price), OrderKind::Entry) = (order.limit, order.id.kind) else {
                    continue;
                };
                let mirror = |price: Ticks| order.id.direction.mirror(price);
                if order.preset.is_none_or(|stop| mirror(stop) >= mirror(price)) {
                    fault.get_or_insert(format!("{order:?}"));
                }
            }
        });
        fault.map_or(Ok(()), Err)
    });
}

// ---- the auditor speaks ----

const HONEST: Tamper = Tamper { command: |command| Some(*command), event: Event::clone };

/// What the auditor says of a run with lies, over a few seeds.
fn complaint(order: EntryOrder, tamper: Tamper) -> String {
    let kinds = [Which::GridAtr, Which::Supertrend];
    let runs = kinds.into_iter().flat_map(|which| (0..6).map(move |seed| (which, seed)));
    for (which, seed) in runs {
        let case = case::random(seed, which, order, Path::Pessimistic, 1_000);
        let mut driver = Driver::new(&case, Audit::new(&case.config)).tampered(tamper);
        driver.finish(&case);
        if let Some(fault) = driver.watch().fault() {
            return fault.to_owned();
        }
    }
    "nothing".into()
}

fn speaks(what: &str, tamper: Tamper) {
    for order in [EntryOrder::Limit, EntryOrder::Market] {
        let fault = complaint(order, tamper);
        assert!(fault.contains(what), "{order:?}: {fault:?} does not speak of {what:?}");
    }
}

#[test]
fn the_auditor_has_nothing_to_say_of_an_honest_run() {
    for order in [EntryOrder::Limit, EntryOrder::Market] {
        assert_eq!(complaint(order, HONEST), "nothing");
    }
}

/// Stops at the venue as `change` makes them, while the engine is told what it asked for: it
/// mends a stop that is confirmed with other figures.
fn other_stop(command: &Command, change: fn(&mut Ticks, &mut Lots)) -> Option<Command> {
    let mut command = *command;
    if let Command::PlaceStop { trigger, lots, .. } | Command::AmendStop { trigger, lots, .. } =
        &mut command
    {
        change(trigger, lots);
    }
    Some(command)
}

fn told_otherwise(event: &Event, change: fn(&mut Ticks, &mut Lots)) -> Event {
    let mut event = event.clone();
    if let Event::OrderAccepted { id, price, lots } = &mut event
        && id.kind == OrderKind::Stop
    {
        change(price, lots);
    }
    event
}

#[test]
fn the_auditor_notices_a_stop_at_another_price() {
    let tamper = Tamper {
        command: |command| other_stop(command, |trigger, _| trigger.0 += 1),
        event: |event| told_otherwise(event, |trigger, _| trigger.0 -= 1),
    };
    speaks(": stop ", tamper);
}

#[test]
fn the_auditor_notices_a_stop_for_a_part_of_the_position() {
    let tamper = Tamper {
        command: |command| other_stop(command, |_, lots| lots.0 -= 1),
        event: |event| told_otherwise(event, |_, lots| lots.0 += 1),
    };
    speaks("stops [", tamper);
}

#[test]
fn a_stop_that_is_confirmed_with_other_figures_is_mended() {
    let command = |command: &Command| match *command {
        Command::PlaceStop { .. } => other_stop(command, |trigger, lots| {
            trigger.0 += 1;
            lots.0 -= 1;
        }),
        other => Some(other),
    };
    for order in [EntryOrder::Limit, EntryOrder::Market] {
        assert_eq!(complaint(order, Tamper { command, ..HONEST }), "nothing");
    }
}

#[test]
fn the_auditor_notices_a_position_without_a_stop() {
    let command = |command: &Command| match *command {
        Command::PlaceStop { .. } => None,
        Command::Place(order) => Some(Command::Place(NewOrder { preset: None, ..order })),
        other => Some(other),
    };
    let fault = complaint(EntryOrder::Limit, Tamper { command, ..HONEST });
    assert!(fault.contains("a position without a stop"), "{fault:?}");
}

#[test]
fn the_auditor_notices_a_stop_that_outlives_its_position() {
    let command = |command: &Command| match *command {
        Command::Cancel { id } if id.kind == OrderKind::Stop => None,
        other => Some(other),
    };
    speaks("flat, with a stop or a target", Tamper { command, ..HONEST });
}

#[test]
fn the_auditor_notices_an_entry_on_another_level() {
    let command = |command: &Command| match *command {
        Command::Place(order) if order.id.kind == OrderKind::Entry => {
            let mut order = order;
            order.id.level += 6;
            Some(Command::Place(order))
        }
        other => Some(other),
    };
    let fault = complaint(EntryOrder::Limit, Tamper { command, ..HONEST });
    // Whichever of its two traces is met first: the level itself, or the margin it takes.
    let noticed = ["beyond the configured levels", "reserves"];
    assert!(noticed.iter().any(|words| fault.contains(words)), "{fault:?}");
}

fn with_fill(event: &Event, change: fn(&mut Fill)) -> Event {
    let mut event = event.clone();
    if let Event::OrderFilled(fill) = &mut event {
        change(fill);
    }
    event
}

#[test]
fn the_auditor_notices_a_wrong_fee() {
    let event = |event: &Event| with_fill(event, |fill| fill.fee += Cash(1));
    speaks("a fee of", Tamper { event, ..HONEST });
}

#[test]
fn the_auditor_notices_a_fill_that_comes_again_under_its_id() {
    let event = |event: &Event| with_fill(event, |fill| fill.fill = FillId(7));
    speaks("came twice", Tamper { event, ..HONEST });
}

#[test]
fn the_auditor_notices_funding_of_the_wrong_sign() {
    let event = |event: &Event| {
        let mut event = event.clone();
        if let Event::FundingSettled { amount, .. } = &mut event {
            *amount = -*amount + Cash(1);
        }
        event
    };
    speaks("funding of", Tamper { event, ..HONEST });
}

#[test]
fn the_auditor_notices_a_price_that_the_venue_did_not_make() {
    let event = |event: &Event| {
        with_fill(event, |fill| {
            if fill.id.kind == OrderKind::Entry {
                fill.price.0 += 1;
            }
        })
    };
    let fault = complaint(EntryOrder::Limit, Tamper { event, ..HONEST });
    let told = ["a fee of", "at the venue", "balance"].iter().any(|what| fault.contains(what));
    assert!(told, "{fault:?}");
}
