//! `gardefou check`: reads a configuration and says what it would trade and could lose.

use std::collections::BTreeMap;
use std::fmt::Write;

use gardefou_core::config::{EngineConfig, Facts, Mode};
use gardefou_core::risk::worst_case::{WorstCase, worst_case};
use serde_json::json;

use super::options::CheckOptions;
use super::{Failure, Out};
use crate::backtest::collect::usdt;
use crate::backtest::explain::{self, percent};
use crate::config::{Resolved, Selection, resolved};

pub(super) fn run(options: &CheckOptions, out: &mut Out) -> Result<(), Failure> {
    let settings = super::backtest::settings(options.config.config.as_deref())?;
    let selection = Selection::everything(Mode::Paper, Facts::WithBars);
    let config = settings.engine(&selection, &BTreeMap::new())?;
    let sets = resolved(&config);
    explain::refuse_worst_case(&config)?;
    if options.json {
        let books: Vec<_> = config
            .books
            .iter()
            .map(|b| json!({"book": b.name, "worst_case": worst_case(&config, b)}))
            .collect();
        let text = json!({"parameters": sets, "worst_cases": books, "files": settings.files()});
        return out.write(&format!("{text}\n"));
    }
    out.write(&describe(&config, &sets))
}

fn describe(config: &EngineConfig, sets: &[Resolved]) -> String {
    let mut text = String::from("The configuration is sound.\n");
    for book in &config.books {
        let worst = worst_case(config, book);
        let said = write!(
            text,
            "\n{}: {} USDT, {} symbols\n{}",
            book.name,
            usdt(book.capital),
            book.symbols.len(),
            describe_worst(&worst)
        );
        debug_assert!(said.is_ok());
        for set in sets.iter().filter(|set| set.strategy == book.name) {
            let of: Vec<String> =
                set.parameters.iter().map(|(key, value)| format!("{key} {value}")).collect();
            text.push_str(&format!(
                "  {:12} {}  ({})\n",
                set.symbol,
                of.join(", "),
                &set.hash[..12.min(set.hash.len())]
            ));
        }
    }
    text
}

/// The worst case in sentences.
fn describe_worst(worst: &WorstCase) -> String {
    let mut text = format!(
        "  worst case: {} cycles full, {} USDT of positions on {} % of the capital as margin; every \
         stop hit at once costs {} USDT ({} % of the capital), equity at the stops {} USDT against \
         {} USDT maintenance margin\n",
        worst.cycles,
        usdt(worst.notional).round_dp(2),
        percent(worst.margin),
        usdt(worst.loss).round_dp(2),
        percent(worst.loss_ratio),
        usdt(worst.equity_at_stops).round_dp(2),
        usdt(worst.maintenance).round_dp(2),
    );
    if worst.trips_session {
        text.push_str("  that passes the session kill switch\n");
    }
    if worst.trips_global {
        text.push_str("  that passes the global kill switch\n");
    }
    text
}
