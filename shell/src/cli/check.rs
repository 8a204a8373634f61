//! `gardefou check`: reads a configuration and says what it would trade and could lose.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::options::CheckOptions;
use super::{Failure, Out};
use crate::backtest::collect::usdt;
use crate::backtest::explain::{self, percent};
use crate::config::{Resolved, Selection, Settings, resolved};
use crate::report::check::{BookWorstCase, Check, CheckFormat, ConfigurationFile, ParameterSet};
use gardefou_core::config::{EngineConfig, Facts, Mode};
use gardefou_core::risk::worst_case::{WorstCase, worst_case};

pub(super) fn run(options: &CheckOptions, out: &mut Out) -> Result<(), Failure> {
    let settings = super::backtest::settings(options.config.config.as_deref())?;
    let selection = Selection::everything(Mode::Paper, Facts::WithBars);
    let config = settings.engine(&selection, &BTreeMap::new())?;
    let sets = resolved(&config);
    settings.refuse_liquidation(&config)?;
    explain::log(&config);
    if options.json {
        return out.json(&checked(&settings, &config, sets));
    }
    out.write(&describe(&config, &sets))
}

fn checked(settings: &Settings, config: &EngineConfig, sets: Vec<Resolved>) -> Check {
    let file = |file: &crate::config::FileHash| ConfigurationFile {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
    };
    let set = |set: Resolved| ParameterSet {
        strategy: set.strategy,
        symbol: set.symbol,
        parameters: set
            .parameters
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        hash: set.hash,
    };
    let book = |book: &gardefou_core::config::BookConfig| BookWorstCase {
        book: book.name.clone(),
        capital: usdt(book.capital),
        worst_case: explain::worst(&worst_case(config, book), book),
    };
    Check {
        format: CheckFormat::V1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        files: settings.files().iter().map(file).collect(),
        parameters: sets.into_iter().map(set).collect(),
        worst_cases: config.books.iter().map(book).collect(),
    }
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
         stop hit at once costs {} USDT ({} % of the capital); at the tightest moment among the \
         stops equity is {} USDT against {} USDT of maintenance margin\n",
        worst.cycles,
        usdt(worst.notional).round_dp(2),
        percent(worst.margin),
        usdt(worst.loss).round_dp(2),
        percent(worst.loss_ratio),
        usdt(worst.tightest.equity).round_dp(2),
        usdt(worst.tightest.maintenance).round_dp(2),
    );
    text.push_str(&format!("  {}\n", crate::words::trips(worst.trips_session, worst.trips_global)));
    text
}
