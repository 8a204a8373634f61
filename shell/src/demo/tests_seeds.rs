//! Every demo keeps its promise: for seeds 1 to 100, what must be seen is seen, in time.

use super::market::{Demo, HOUR, Scenario};
use super::session::{DEFAULT_SPEED, Milestone, Pace, Session};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=100;
/// Seconds per frame, as on a terminal.
const FRAME: f64 = 0.04;
/// Generous for reading the configuration and loading the history.
const START_UP: f64 = 3.0;

fn demo(seed: u64) -> Demo {
    Demo::new(&Scenario { seed, ..Scenario::default() }).unwrap()
}

#[test]
fn every_seed_shows_wins_losses_and_a_stop() {
    for seed in SEEDS {
        let mut demo = demo(seed);
        while demo.minute() {}
        let counts = demo.tally().counts(None);
        assert!(counts.won > 0 && counts.lost > 0 && counts.stopped > 0, "seed {seed}: {counts:?}");
    }
}

/// Seconds of watching at the default speed until a cycle has completed, and until the end.
fn watched(seed: u64) -> (f64, f64) {
    let mut session = Session::new(demo(seed), seed, DEFAULT_SPEED);
    let (mut seconds, mut first) = (0.0, None);
    while !session.is_over() {
        session.advance(FRAME);
        seconds += FRAME;
        if first.is_none() && session.pace() == Pace::Holding(Milestone::Cycle) {
            first = Some(seconds);
            let cycle = session.demo().tally().cycles.first().unwrap();
            let focus = session.focus().0;
            assert_eq!((cycle.book, cycle.symbol), (focus.book, focus.symbol), "seed {seed}");
        }
    }
    (first.unwrap(), seconds)
}

#[test]
fn even_without_any_pacing_a_cycle_completes_in_time() {
    let mut hours: Vec<f64> = SEEDS
        .map(|seed| {
            let mut demo = demo(seed);
            while demo.tally().cycles.is_empty() && demo.minute() {}
            (demo.now() - demo.span().0).0 as f64 / HOUR.0 as f64
        })
        .collect();
    hours.sort_by(f64::total_cmp);
    println!("first cycle: {:.1} to {:.1} market h, median {:.1}", hours[0], hours[99], hours[50]);
    assert!(hours.iter().all(|hours| hours / DEFAULT_SPEED + START_UP < 60.0), "{hours:?}");
}

#[test]
fn every_seed_completes_a_cycle_within_a_minute_of_watching() {
    let (mut firsts, mut ends): (Vec<f64>, Vec<f64>) = SEEDS.map(watched).unzip();
    firsts.sort_by(f64::total_cmp);
    ends.sort_by(f64::total_cmp);
    println!("first cycle: {:.1} to {:.1} s, median {:.1} s", firsts[0], firsts[99], firsts[50]);
    println!("whole demo: {:.1} to {:.1} s, median {:.1} s", ends[0], ends[99], ends[50]);
    assert!(firsts.iter().all(|seconds| seconds + START_UP < 60.0), "{firsts:?}");
    assert!(ends.iter().all(|seconds| seconds + START_UP < 60.0), "{ends:?}");
}
