//! The engine agrees with the slow second implementation to the last digit, on random series.

use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Which};
use gardefou_world::parity;
use proptest::prelude::*;

fn agrees(seed: u64, which: Which, entry_order: EntryOrder, path: Path) -> Result<(), String> {
    let case = case::random(seed, which, entry_order, path, 1_000);
    let history = parity::run_engine(&case, |_| {});
    let difference =
        parity::first_difference(&parity::engine_rows(&case, &history), &parity::twin_rows(&case));
    difference.map_or(Ok(()), |text| {
        Err(format!("seed {seed} {which:?} {entry_order:?} {path:?}: {text}"))
    })
}

fn check(which: Which, order: EntryOrder, path: Path) {
    let cases =
        std::env::var("GARDEFOU_TWIN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed: u64)| {
        prop_assert_eq!(agrees(seed, which, order, path), Ok(()));
    });
}

macro_rules! twins {
    ($($name:ident $which:ident $order:ident $path:ident;)*) => {$(
        #[test]
        fn $name() { check(Which::$which, EntryOrder::$order, Path::$path); }
    )*};
}

twins! {
    grid_atr_limit_pessimistic GridAtr Limit Pessimistic;
    grid_atr_limit_optimistic GridAtr Limit Optimistic;
    grid_atr_market_pessimistic GridAtr Market Pessimistic;
    grid_atr_market_optimistic GridAtr Market Optimistic;
    grid_multi_tf_limit_pessimistic GridMultiTf Limit Pessimistic;
    grid_multi_tf_market_optimistic GridMultiTf Market Optimistic;
    supertrend_pessimistic Supertrend Limit Pessimistic;
    supertrend_optimistic Supertrend Market Optimistic;
    portfolio_limit_pessimistic All Limit Pessimistic;
    portfolio_market_pessimistic All Market Pessimistic;
}
