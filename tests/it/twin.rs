//! The engine agrees with the slow second implementation to the last digit, on random series.

use gardefou_core::config::EntryOrder;
use gardefou_core::venue::bars::Path;
use gardefou_world::case::{self, Which};
use gardefou_world::parity;
use proptest::prelude::*;

/// Whether both run on the bars of the case, or on finer ones inside them.
#[derive(Clone, Copy, Debug)]
enum Detail {
    Whole,
    Quarters,
}

fn agrees(
    seed: u64,
    which: Which,
    entry_order: EntryOrder,
    path: Path,
    detail: Detail,
) -> Result<(), String> {
    let case = case::random(seed, which, entry_order, path, 1_000);
    let fine = match detail {
        Detail::Whole => Vec::new(),
        Detail::Quarters => case::quarters(seed, &case),
    };
    let history = parity::run_engine_on(&case, &fine, |_| {});
    let engine = parity::engine_rows(&case, &history);
    let difference = parity::first_difference(&engine, &parity::twin_rows_on(&case, &fine));
    difference.map_or(Ok(()), |text| {
        Err(format!("seed {seed} {which:?} {entry_order:?} {path:?} {detail:?}: {text}"))
    })
}

fn check(which: Which, order: EntryOrder, path: Path, detail: Detail) {
    let cases =
        std::env::var("GARDEFOU_TWIN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    // A run on finer bars takes as long as three.
    let cases = if matches!(detail, Detail::Quarters) { cases / 3 } else { cases };
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed: u64)| {
        prop_assert_eq!(agrees(seed, which, order, path, detail), Ok(()));
    });
}

macro_rules! twins {
    ($($name:ident $which:ident $order:ident $path:ident $detail:ident;)*) => {$(
        #[test]
        fn $name() {
            check(Which::$which, EntryOrder::$order, Path::$path, Detail::$detail);
        }
    )*};
}

twins! {
    grid_atr_limit_pessimistic GridAtr Limit Pessimistic Whole;
    grid_atr_limit_optimistic GridAtr Limit Optimistic Whole;
    grid_atr_market_pessimistic GridAtr Market Pessimistic Whole;
    grid_atr_market_optimistic GridAtr Market Optimistic Whole;
    grid_multi_tf_limit_pessimistic GridMultiTf Limit Pessimistic Whole;
    grid_multi_tf_limit_optimistic GridMultiTf Limit Optimistic Whole;
    grid_multi_tf_market_pessimistic GridMultiTf Market Pessimistic Whole;
    grid_multi_tf_market_optimistic GridMultiTf Market Optimistic Whole;
    supertrend_pessimistic Supertrend Limit Pessimistic Whole;
    supertrend_optimistic Supertrend Market Optimistic Whole;
    portfolio_limit_pessimistic All Limit Pessimistic Whole;
    portfolio_limit_optimistic All Limit Optimistic Whole;
    portfolio_market_pessimistic All Market Pessimistic Whole;
    portfolio_market_optimistic All Market Optimistic Whole;
    grid_atr_limit_pessimistic_on_quarters GridAtr Limit Pessimistic Quarters;
    grid_atr_limit_optimistic_on_quarters GridAtr Limit Optimistic Quarters;
    supertrend_pessimistic_on_quarters Supertrend Limit Pessimistic Quarters;
    supertrend_optimistic_on_quarters Supertrend Market Optimistic Quarters;
    portfolio_limit_pessimistic_on_quarters All Limit Pessimistic Quarters;
    grid_atr_market_pessimistic_on_quarters GridAtr Market Pessimistic Quarters;
    grid_atr_market_optimistic_on_quarters GridAtr Market Optimistic Quarters;
    portfolio_market_pessimistic_on_quarters All Market Pessimistic Quarters;
    grid_multi_tf_market_optimistic_on_quarters GridMultiTf Market Optimistic Quarters;
    grid_multi_tf_limit_optimistic_on_quarters GridMultiTf Limit Optimistic Quarters;
    portfolio_limit_optimistic_on_quarters All Limit Optimistic Quarters;
}
