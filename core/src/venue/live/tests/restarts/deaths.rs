//! Properties of comparisons: deaths at any moment, states of any age, answers in any order and
//! with any parts missing.

use proptest::prelude::*;

use super::*;
use crate::reconcile::{AccountSnapshot, Withheld};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The market trades.
    Price(i64),
    /// A bar closes.
    Bar(i64),
    /// The state is stored.
    Save,
    /// The process dies, the market trades, and it comes up with the state that was stored last.
    Die(i64),
    /// The same, and the store is lost.
    Lose(i64),
    /// A person asks for a comparison.
    Ask,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let price = || 9_500..10_150_i64;
    let turn = prop_oneof![
        6 => price().prop_map(Turn::Price),
        3 => (9_800..10_100_i64).prop_map(Turn::Bar),
        2 => Just(Turn::Save),
        2 => price().prop_map(Turn::Die),
        1 => price().prop_map(Turn::Lose),
        1 => Just(Turn::Ask),
    ];
    prop::collection::vec(turn, 4..40)
}

/// A run through these turns.
fn lived(turns: &[Turn]) -> World {
    let mut world = World::watched(longs());
    let mut saved = world.saved();
    for turn in turns {
        match *turn {
            Turn::Price(price) => world.price(price),
            Turn::Bar(close) => {
                world.close(close);
                world.wait(1_000);
            }
            Turn::Save => saved = world.saved(),
            Turn::Ask => world.ask(),
            Turn::Die(price) => {
                world.unheard(SYMBOL, price);
                world.boot_with_epoch(saved.clone());
                world.wait(2_000);
            }
            Turn::Lose(price) => {
                world.unheard(SYMBOL, price);
                world.boot_blank();
                world.wait(2_000);
                saved = world.saved();
            }
        }
    }
    world
}

impl World {
    /// Like [`World::boot`], with an epoch after every one before.
    fn boot_with_epoch(&mut self, engine: Engine) {
        self.live.restart(engine);
        let epoch = u32::try_from(self.live.now().0 / 1_000).unwrap();
        self.live.tell(&Event::Booted { epoch });
        self.reconnect();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever was forgotten, both sides agree after a while, and every quantity has its stop.
    #[test]
    fn after_any_deaths_both_sides_agree(turns in turns()) {
        let mut world = lived(&turns);
        world.wait(3_000);
        world.assert_agreed();
    }

    /// One pass is enough: what follows from a plan leaves nothing to plan.
    #[test]
    fn the_plan_after_a_plan_is_empty(turns in turns(), price in 9_500..10_150_i64) {
        let mut world = lived(&turns);
        let saved = world.saved();
        world.wait(120_000);
        world.unheard(SYMBOL, price);
        world.boot_with_epoch(saved);
        world.wait(400);
        world.ask();
        world.wait(60_000);
        let plan = world.plan_now();
        prop_assert!(plan.is_empty(), "{plan:?}");
    }

    /// The exchange lists things in any order, and the plan is the same; it survives being stored.
    #[test]
    fn the_order_of_an_answer_decides_nothing(turns in turns(), seed: u64) {
        let world = lived(&turns);
        let snapshot = world.seen_now();
        let blank = Engine::new(world.live.engine().config().clone());
        for engine in [world.live.engine(), &blank] {
            let plan = engine.plan(&snapshot).unwrap();
            prop_assert_eq!(&engine.plan(&shuffled(&snapshot, seed)).unwrap(), &plan);
            let text = serde_json::to_string(&plan).unwrap();
            prop_assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        }
    }

    /// Figures that cannot be, and orders that nobody made, neither panic nor open anything.
    #[test]
    fn nonsense_in_an_answer_does_no_harm(turns in turns(), figure in any::<i64>(), which in 0..9_u8) {
        let world = lived(&turns);
        let mut snapshot = world.seen_now();
        spoil(&mut snapshot, which, figure);
        for mut engine in [world.saved(), Engine::new(world.live.engine().config().clone())] {
            let step = engine.step(world.live.now(), &Event::AccountSeen(snapshot.clone().into()));
            prop_assert!(!step.commands.iter().any(is_entry), "{:?}", step.commands);
            prop_assert!(!step.commands.iter().any(is_close), "{:?}", step.commands);
        }
    }

    /// A part that failed closes nothing, removes no cycle, and withdraws no stop that is believed
    /// in.
    #[test]
    fn what_is_not_known_removes_nothing(turns in turns(), failing in 1..128_u8) {
        let world = lived(&turns);
        let mut snapshot = world.seen_now();
        fail(&mut snapshot, failing);
        let mut engine = world.saved();
        let before = engine.lane(BOOK, SYMBOL).unwrap().clone();
        let now = world.live.now();
        let missed = engine.plan(&snapshot).unwrap();
        let step = engine.step(now, &Event::AccountSeen(snapshot.into()));
        let after = engine.lane(BOOK, SYMBOL).unwrap();
        let books = missed.symbols.iter().flat_map(|found| &found.actions)
            .any(|action| matches!(action, Action::Book(_) | Action::BookForced(_)));
        prop_assert!(!step.commands.iter().any(is_close), "{:?}", step.commands);
        if !books {
            prop_assert_eq!(before.held_signed(), after.held_signed());
            let stop = before.protection.working.map(|stop| stop.id);
            let gone = |c: &Command| matches!(c, Command::Cancel { id } if Some(*id) == stop);
            prop_assert!(!step.commands.iter().any(gone), "{:?}", step.commands);
        }
    }
}

impl World {
    fn seen_now(&self) -> AccountSnapshot {
        self.live.venue().account(self.live.now(), BOOK, Timestamp(0)).unwrap()
    }
}

fn fail(snapshot: &mut AccountSnapshot, failing: u8) {
    let fails = |bit: u8| failing & (1 << bit) != 0;
    let why = Failure::Refused;
    if fails(0) {
        snapshot.positions = Part::Failed(why);
    }
    if fails(1) {
        snapshot.orders = Part::Failed(why);
    }
    if fails(2) {
        snapshot.triggers = Part::Failed(why);
    }
    if fails(3) {
        snapshot.fills = Part::Failed(why);
    }
    if fails(4) {
        snapshot.funding = Part::Failed(why);
    }
    if fails(5) {
        snapshot.balance = Part::Failed(why);
    }
    if fails(6) {
        snapshot.settings = Part::Failed(why);
    }
}

fn spoil(snapshot: &mut AccountSnapshot, which: u8, figure: i64) {
    fn each<T>(part: &mut Part<Vec<T>>, spoil: impl FnMut(&mut T)) {
        if let Part::Known(list) = part {
            list.iter_mut().for_each(spoil);
        }
    }
    match which {
        0 => each(&mut snapshot.positions, |held| held.lots = Lots(figure)),
        1 => each(&mut snapshot.orders, |order| order.price = Ticks(figure)),
        2 => each(&mut snapshot.orders, |order| order.lots = Lots(figure)),
        3 => each(&mut snapshot.orders, |order| order.filled = Lots(figure)),
        4 => each(&mut snapshot.triggers, |stop| stop.lots = Lots(figure)),
        5 => each(&mut snapshot.triggers, |stop| stop.trigger = Ticks(figure)),
        6 => each(&mut snapshot.fills, |fill| fill.lots = Lots(figure)),
        7 => snapshot.lag = Span(figure),
        _ => each(&mut snapshot.settings, |there| there.leverage = figure.unsigned_abs() as u32),
    }
}

fn shuffled(snapshot: &AccountSnapshot, seed: u64) -> AccountSnapshot {
    fn mix<T>(part: &mut Part<Vec<T>>, mut seed: u64) {
        let Part::Known(list) = part else { return };
        for last in (1..list.len()).rev() {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            list.swap(last, (seed >> 33) as usize % (last + 1));
        }
    }
    let mut mixed = snapshot.clone();
    mix(&mut mixed.positions, seed);
    mix(&mut mixed.orders, seed);
    mix(&mut mixed.triggers, seed);
    mix(&mut mixed.fills, seed);
    mix(&mut mixed.funding, seed);
    mix(&mut mixed.settings, seed);
    mixed
}

#[test]
fn a_whole_book_waits_and_a_symbol_waits_alone() {
    let mut world = World::watched(pair());
    let number = world.live.venue_mut().rest_by_hand(PLACE, true, Lots(7), Ticks(9_000), false);
    world.ask();
    world.wait(3_000);
    let watch = world.live.engine().books()[0].watch();
    assert_eq!(watch.withheld(), None);
    assert_eq!((watch.blocked(SYMBOL), watch.blocked(OTHER)), (Some(Withheld::Foreign), None));
    let _ = number;
}
