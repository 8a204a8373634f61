//! How large the executions of a run were against what the market traded in the same hour. The
//! engine fills whole orders at their price; what a market could have filled is told beside it and
//! changes no result.

use std::collections::BTreeMap;

use gardefou_core::time::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::load::{Feed, Market};
use crate::report::result::{Fill, LargestOrder, MarketShare, Moment};

/// Above this share of the volume of its hour, in percent, an order moves the price it asks for.
const LIMIT: f64 = 1.0;

/// Compares every execution with the volume of its hour.
pub(super) fn of(market: &Market, fills: &[Fill]) -> MarketShare {
    let feeds: BTreeMap<String, &Feed> =
        market.feeds.iter().map(|feed| (feed.symbol.to_string(), feed)).collect();
    let mut share = MarketShare { limit_percent: LIMIT, ..MarketShare::default() };
    for fill in fills {
        let volume = feeds.get(&fill.symbol).and_then(|feed| feed.volume(Timestamp(fill.time)));
        // Hours of which the volume is not known, or in which nothing traded, compare to nothing.
        if let Some(volume) = volume.filter(|volume| *volume > 0.0) {
            take(&mut share, fill, volume);
        }
    }
    share
}

fn take(share: &mut MarketShare, fill: &Fill, volume: f64) {
    let percent = 100.0 * fill.quantity.to_f64().unwrap_or_default() / volume;
    share.compared += 1;
    if percent > LIMIT {
        share.beyond += 1;
        share.beyond_from.get_or_insert_with(|| Moment::from_ms(fill.time));
    }
    if share.largest.as_ref().is_none_or(|largest| percent > largest.share_percent) {
        let hour = Decimal::from_f64(volume).unwrap_or(Decimal::MAX);
        share.largest = Some(LargestOrder {
            time: Moment::from_ms(fill.time),
            book: fill.book.clone(),
            symbol: fill.symbol.clone(),
            cycle: fill.cycle,
            value: fill.price.saturating_mul(fill.quantity).round_dp(2),
            hour_value: fill.price.saturating_mul(hour).round_dp(2),
            share_percent: percent,
        });
    }
}
