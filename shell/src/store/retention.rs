//! What is pruned with a checkpoint: older checkpoints, the journal before them, old bars, and
//! alerts that people have had for long. The ledger never is.

use gardefou_core::time::Timestamp;

use super::alert::{AlertRecord, AlertState};
use super::desk::Desk;
use super::error::StoreError;
use super::key::Key;
use super::options::Retention;
use super::record;
use super::table::Table;

pub(super) fn prune(desk: &Desk<'_>, keep: &Retention, now: Timestamp) -> Result<(), StoreError> {
    journal(desk, keep.checkpoints.max(1))?;
    bars(desk, keep.bars)?;
    alerts(desk, now - keep.delivered_alerts)
}

/// The chain of what stays begins in the oldest checkpoint that stays.
fn journal(desk: &Desk<'_>, checkpoints: usize) -> Result<(), StoreError> {
    let mut seqs = Vec::new();
    desk.each(Table::Checkpoints, |key, _| {
        seqs.extend(key.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)));
        Ok(())
    })?;
    let Some(&oldest) = seqs.iter().rev().nth(checkpoints - 1) else { return Ok(()) };
    desk.remove_below(Table::Checkpoints, &Key::new().number(oldest))?;
    desk.remove_below(Table::Journal, &Key::new().number(oldest + 1))
}

fn bars(desk: &Desk<'_>, keep: usize) -> Result<(), StoreError> {
    let mut symbols: Vec<Vec<Vec<u8>>> = Vec::new();
    desk.each(Table::Bars, |key, _| {
        match symbols.last_mut() {
            Some(keys) if keys.first().is_some_and(|first| symbol(first) == symbol(key)) => {
                keys.push(key.into());
            }
            Some(_) | None => symbols.push(vec![key.into()]),
        }
        Ok(())
    })?;
    for mut keys in symbols {
        keys.truncate(keys.len().saturating_sub(keep));
        desk.remove(Table::Bars, &keys)?;
    }
    Ok(())
}

/// A bar's key without its time.
fn symbol(key: &[u8]) -> &[u8] {
    key.split_last_chunk::<8>().map_or(key, |(symbol, _)| symbol)
}

fn alerts(desk: &Desk<'_>, before: Timestamp) -> Result<(), StoreError> {
    let mut old = Vec::new();
    desk.each(Table::Alerts, |key, bytes| {
        let alert: AlertRecord = record::decode(desk.file, key, bytes)?;
        if matches!(alert.state, AlertState::Delivered(at) if at < before) {
            old.push(key.to_vec());
        }
        Ok(())
    })?;
    desk.remove(Table::Alerts, &old)
}
