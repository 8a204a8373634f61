//! From what the engine says to rows of the ledger and alerts.

use gardefou_core::config::{EngineConfig, Mode};
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Instrument;
use gardefou_core::notice::{FillReason, Notice};
use gardefou_core::time::Timestamp;

use crate::store::{Alert, Batch, CycleRecord, FillRecord, FundingRecord, rate, usdt};
use crate::words;

/// The name of a book in the ledger, where paper and live stand side by side: `grid_atr.paper`.
#[must_use]
pub fn book_name(config: &EngineConfig, id: BookId) -> String {
    let mode = match config.book(id).map(|book| book.mode) {
        Some(Mode::Paper) => "paper",
        Some(Mode::Live) => "live",
        None => "unknown",
    };
    format!("{}.{mode}", words::book_name(config, id))
}

/// The instrument of a symbol that is traded; an event of another one is no fact of ours.
pub(super) fn instrument(config: &EngineConfig, id: SymbolId) -> Option<&Instrument> {
    config.instrument(id)
}

/// Adds what a notice means to what is written next.
pub fn keep(batch: &mut Batch, config: &EngineConfig, now: Timestamp, notice: &Notice) {
    match notice {
        Notice::Filled { fill, cycle, reason } => {
            if let Some(of) = instrument(config, fill.id.symbol) {
                let book = book_name(config, fill.id.book);
                batch.fills.push(FillRecord::of(&book, of, fill, *cycle, *reason));
            }
        }
        Notice::Funded { book, symbol, cycle, at, rate: settled, price, lots, amount } => {
            if let Some(of) = instrument(config, *symbol) {
                batch.funding.push(FundingRecord {
                    book: book_name(config, *book),
                    symbol: of.symbol.to_string(),
                    at: *at,
                    cycle: *cycle,
                    rate: rate(*settled),
                    price: of.price(*price),
                    quantity: of.quantity(*lots),
                    amount: usdt(*amount),
                });
            }
        }
        Notice::CycleClosed(result) => {
            if let Some(of) = instrument(config, result.symbol) {
                let book = book_name(config, result.book);
                batch.cycles.push(CycleRecord::of(&book, of, result));
            }
        }
        Notice::Refused { .. }
        | Notice::SwitchTripped { .. }
        | Notice::SwitchReleased { .. }
        | Notice::Paused { .. }
        | Notice::Resumed { .. }
        | Notice::Unprotected { .. }
        | Notice::Anomaly { .. }
        | Notice::Reconciled(_)
        | Notice::Readiness { .. } => {}
    }
    batch.alerts.extend(alert(config, now, notice));
}

/// What people must be told even when nobody looks at a screen; none for the rest.
fn alert(config: &EngineConfig, now: Timestamp, notice: &Notice) -> Option<Alert> {
    let kind = match notice {
        Notice::SwitchTripped { .. } => "switch_tripped",
        Notice::SwitchReleased { .. } => "switch_released",
        Notice::Paused { .. } => "paused",
        Notice::Resumed { .. } => "resumed",
        Notice::Unprotected { .. } => "unprotected",
        Notice::Anomaly { .. } => "anomaly",
        Notice::Reconciled(_) => "reconciled",
        Notice::CycleClosed(result) if is_forced(result.reason) => "forced_close",
        Notice::CycleClosed(_)
        | Notice::Filled { .. }
        | Notice::Funded { .. }
        | Notice::Refused { .. }
        | Notice::Readiness { .. } => return None,
    };
    let (book, symbol) = words::place(notice);
    let book = book.map(|book| book_name(config, book));
    let symbol = symbol.map(|symbol| words::pair(config, symbol));
    let subject: Vec<String> = book.into_iter().chain(symbol).collect();
    Some(Alert {
        at: now,
        kind: kind.into(),
        subject: subject.join(" "),
        text: words::notice(config, notice),
    })
}

/// Closed because something had gone wrong.
fn is_forced(reason: FillReason) -> bool {
    matches!(reason, FillReason::Liquidation | FillReason::Emergency | FillReason::KillSwitch)
}
