//! Which seeds a property is held against: a few at every run, always the same; more when
//! `GARDEFOU_SEEDS` names a range such as `0..5000`.

use std::ops::Range;

use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Case, Which};

/// Both entry orders on both paths.
pub const MODES: [(EntryOrder, Path); 4] = [
    (EntryOrder::Limit, Path::Pessimistic),
    (EntryOrder::Limit, Path::Optimistic),
    (EntryOrder::Market, Path::Pessimistic),
    (EntryOrder::Market, Path::Optimistic),
];

/// Hours of a random case: the warm-up, and as much again in which things happen.
const HOURS: usize = 1_000;

fn range(usual: u64) -> Range<u64> {
    let Ok(text) = std::env::var("GARDEFOU_SEEDS") else { return 0..usual };
    let ends = text.split_once("..").and_then(|(a, b)| Some(a.parse().ok()?..b.parse().ok()?));
    ends.unwrap_or_else(|| panic!("GARDEFOU_SEEDS={text}: write a range such as 0..5000"))
}

/// Holds `check` against random cases of one kind of book in all four modes; `usual` seeds each.
pub fn each(usual: u64, which: Which, check: impl Fn(u64, &Case) -> Result<(), String>) {
    for (order, path) in MODES {
        for seed in range(usual) {
            let case = case::random(seed, which, order, path, HOURS);
            if let Err(fault) = check(seed, &case) {
                panic!("seed {seed} {which:?} {order:?} {path:?}: {fault}");
            }
        }
    }
}
