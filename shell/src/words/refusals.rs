//! Why nothing is quoted.

use gardefou_core::risk::Refusal;

use super::numbers::{counted, percent_short, usdt};

/// Why a symbol is not quoted, as the end of a sentence: "nothing is quoted: …".
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::BelowMinimum => {
            "every level would be below the exchange's smallest order".to_owned()
        }
        Refusal::ColdStart { bars } => {
            format!("a cold start waits first, {} left", counted(*bars, "bar"))
        }
        Refusal::CorrelationExposure { needed, limit } => format!(
            "its correlation group would use {} of margin, more than the {} allowed",
            usdt(*needed),
            usdt(*limit)
        ),
        Refusal::CorrelationGroup { open, limit } => format!(
            "its correlation group already has {} open or quoted in this direction, the limit is {limit}",
            counted(*open, "ladder")
        ),
        Refusal::Cooldown { bars } => {
            format!("cooldown after the last cycle, {} left", counted(*bars, "bar"))
        }
        Refusal::Disarmed => {
            "at the start the price was already beyond its first level; it waits for a close on the other side"
                .to_owned()
        }
        Refusal::FreeMargin { free, floor } => format!(
            "only {} of margin would stay free, the floor is {}",
            usdt(*free),
            usdt(*floor)
        ),
        Refusal::KillSwitch => {
            "a kill switch has tripped; no new entries until somebody releases it".to_owned()
        }
        Refusal::LossAtStop { loss, limit } => format!(
            "if every stop were hit the loss would be {}, more than the {} allowed",
            usdt(*loss),
            usdt(*limit)
        ),
        Refusal::MarginGuard { needed, cap } => format!(
            "all ladders together would need {} of margin, more than the cap of {}",
            usdt(*needed),
            usdt(*cap)
        ),
        Refusal::MaxConcurrentPositions { limit } => {
            format!("all {} of the strategy are taken", counted(*limit, "position"))
        }
        Refusal::MaxLiveGrids { limit } => format!(
            "all {} are taken by open cycles or by symbols nearer to their first level",
            counted(*limit, "slot")
        ),
        Refusal::NotReady => {
            "bars are missing, so the indicators cannot be trusted yet".to_owned()
        }
        Refusal::NoSignal => "the strategy wants no ladder here now".to_owned(),
        Refusal::Paused => {
            "somebody paused the book; no new entries until somebody resumes it".to_owned()
        }
        Refusal::RoundTrip { gain, fees } => format!(
            "the way to the target earns {} and costs {} in fees",
            usdt(*gain),
            usdt(*fees)
        ),
        Refusal::Unprotected => {
            "a position of this wallet has no confirmed stop; that comes first".to_owned()
        }
        Refusal::Unreconciled { why } => super::withheld(*why).to_owned(),
        Refusal::Volatility { atr } => format!(
            "the market is too quiet: the average hour moves {}, less than this symbol's minimum",
            percent_short(*atr)
        ),
    }
}

/// What a person can change when a rule refuses most of the time, by the rule's name in results;
/// none when waiting is all there is to do.
#[must_use]
pub fn remedy(name: &str) -> Option<&'static str> {
    Some(match name {
        "below_minimum" => {
            "raise initial_capital or leverage, or run fewer symbols or levels: the wallet is divided \
             by symbols × num_levels"
        }
        "correlation_exposure" => {
            "raise max_exposure_percent of its group in assets.yaml, or run more symbols: the wallet \
             is divided by the symbols of the run, and a single one has all of it"
        }
        "correlation_group" => "raise max_concurrent_same_direction of its group in assets.yaml",
        "free_margin" => {
            "lower min_free_margin_percent, or run more symbols, so that each has a smaller part of \
             the wallet"
        }
        "kill_switch" => "raise the limits of kill_switch, or lower leverage or sl_percent",
        "loss_at_stop" => "raise max_loss_at_stop_percent, or lower leverage or sl_percent",
        "margin_guard" => {
            "raise max_margin_ratio, or run more symbols: the wallet is divided by the symbols of \
             the run, and a single one has all of it"
        }
        "max_concurrent_positions" => "raise max_concurrent_positions",
        "max_live_grids" => "raise max_live_grids, or run fewer symbols",
        "not_ready" => "add earlier candles: indicators need their warm-up first",
        "paused" => "resume the book",
        "round_trip" => {
            "set the levels further apart (atr_multiplier_start, min_grid_spacing_pct) or enter with \
             limit orders, whose fees are lower"
        }
        "unreconciled" => {
            "look at the comparison with the account: close or adopt by hand what is not ours, or set \
             leverage and modes as configured"
        }
        "volatility" => "lower min_atr_pct",
        _ => return None,
    })
}

/// Why a symbol is not quoted in a few characters, for a column.
#[must_use]
pub fn refusal_short(refusal: &Refusal) -> String {
    match refusal {
        Refusal::BelowMinimum => "order too small".to_owned(),
        Refusal::ColdStart { bars } => format!("waits {}", counted(*bars, "bar")),
        Refusal::CorrelationExposure { .. } => "group margin".to_owned(),
        Refusal::CorrelationGroup { open, limit } => format!("group full {open}/{limit}"),
        Refusal::Cooldown { bars } => format!("cooldown {}", counted(*bars, "bar")),
        Refusal::Disarmed => "waits to arm".to_owned(),
        Refusal::FreeMargin { .. } => "free margin low".to_owned(),
        Refusal::KillSwitch => "kill switch".to_owned(),
        Refusal::LossAtStop { .. } => "loss at stop".to_owned(),
        Refusal::MarginGuard { .. } => "margin cap".to_owned(),
        Refusal::MaxConcurrentPositions { limit } => format!("{limit} positions"),
        Refusal::MaxLiveGrids { limit } => format!("{limit} slots taken"),
        Refusal::NotReady => "bars missing".to_owned(),
        Refusal::NoSignal => "no signal".to_owned(),
        Refusal::Paused => "paused".to_owned(),
        Refusal::RoundTrip { .. } => "fees > gain".to_owned(),
        Refusal::Unprotected => "stop missing".to_owned(),
        Refusal::Unreconciled { .. } => "not compared".to_owned(),
        Refusal::Volatility { .. } => "too quiet".to_owned(),
    }
}
