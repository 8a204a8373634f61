//! One batch into a transaction: the journal is chained, the ledger keeps what it has and notes
//! what contradicts it, a checkpoint prunes what is before it.

use gardefou_core::time::Timestamp;

use super::alert::{Alert, AlertRecord, AlertState};
use super::batch::{Batch, Receipt};
use super::conflict::Conflict;
use super::desk::Desk;
use super::error::{Fault, StoreError};
use super::json::Json;
use super::key::{self, Key};
use super::meta::Tip;
use super::options::OpenOptions;
use super::order_name::OrderName;
use super::record::Record;
use super::records::{FillRecord, OrderRecord};
use super::retention;
use super::table::Table;

pub(super) fn apply(
    desk: &Desk<'_>,
    options: &OpenOptions,
    tip: &mut Tip,
    batch: &Batch,
) -> Result<Receipt, StoreError> {
    journal(desk, options, tip, batch)?;
    tip.exchange = batch.exchange.or(tip.exchange);
    let mut receipt = Receipt::default();
    for alert in &batch.alerts {
        receipt.alerts.push(raise(desk, tip, alert.clone())?);
    }
    ledger(desk, tip, batch, &mut receipt)?;
    for &seq in &batch.delivered {
        deliver(desk, seq, batch.at)?;
    }
    if let Some(checkpoint) = &batch.checkpoint {
        if checkpoint.seq != tip.seq {
            let (expected, found) = (tip.seq, checkpoint.seq);
            let key = checkpoint.key();
            let fault = Fault::OutOfSequence { expected, found };
            return Err(StoreError::row(desk.file, Table::Checkpoints, key.bytes(), fault));
        }
        let mut checkpoint = checkpoint.clone();
        checkpoint.chain = tip.chain;
        desk.put(&checkpoint)?;
        retention::prune(desk, &options.retention, batch.at)?;
    }
    Ok(receipt)
}

fn journal(
    desk: &Desk<'_>,
    options: &OpenOptions,
    tip: &mut Tip,
    batch: &Batch,
) -> Result<(), StoreError> {
    for record in &batch.journal {
        let mut record = record.clone();
        if record.seq != tip.seq + 1 {
            let fault = Fault::OutOfSequence { expected: tip.seq + 1, found: record.seq };
            return Err(StoreError::row(desk.file, Table::Journal, record.key().bytes(), fault));
        }
        if tip.build != options.build {
            tip.build.clone_from(&options.build);
            tip.build_since = record.seq;
        }
        record.chain = record.link(tip.chain);
        desk.put(&record)?;
        tip.seq = record.seq;
        tip.chain = record.chain;
    }
    Ok(())
}

fn ledger(
    desk: &Desk<'_>,
    tip: &mut Tip,
    batch: &Batch,
    receipt: &mut Receipt,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for order in &batch.orders {
        found.extend(update(desk, batch.at, order)?);
    }
    for fill in &batch.fills {
        found.extend(keep_fill(desk, batch.at, fill)?);
    }
    for cycle in &batch.cycles {
        found.extend(keep(desk, batch.at, cycle)?);
    }
    for funding in &batch.funding {
        found.extend(keep(desk, batch.at, funding)?);
    }
    for bar in &batch.bars {
        found.extend(keep(desk, batch.at, bar)?);
    }
    for conflict in found {
        note(desk, tip, &conflict)?;
        receipt.conflicts.push(conflict);
    }
    Ok(())
}

/// A row that never changes: written once; the same again is no row; another is a conflict.
fn keep<R: Record>(
    desk: &Desk<'_>,
    at: Timestamp,
    row: &R,
) -> Result<Option<Conflict>, StoreError> {
    match desk.find::<R>(&row.key())? {
        None => desk.put(row).map(|()| None),
        Some(kept) if kept == *row => Ok(None),
        Some(kept) => conflict(desk, at, &row.key(), &kept, row).map(Some),
    }
}

/// An execution may have a row in each cycle that it has a part in; all of them tell of the same one.
fn keep_fill(
    desk: &Desk<'_>,
    at: Timestamp,
    fill: &FillRecord,
) -> Result<Option<Conflict>, StoreError> {
    let parts: Vec<FillRecord> = desk.find_all(&fill.execution())?;
    let mut others = parts.iter().filter(|part| part.cycle != fill.cycle);
    match others.find(|part| !fill.goes_with(part)) {
        Some(kept) => conflict(desk, at, &fill.key(), kept, fill).map(Some),
        None => keep(desk, at, fill),
    }
}

/// An order changes, but not what it is, and neither side's id ever names another one.
fn update(
    desk: &Desk<'_>,
    at: Timestamp,
    order: &OrderRecord,
) -> Result<Option<Conflict>, StoreError> {
    let key = order.key();
    let mut order = order.clone();
    if let Some(kept) = desk.find::<OrderRecord>(&key)? {
        order.exchange_id = order.exchange_id.or_else(|| kept.exchange_id.clone());
        if !order.continues(&kept) {
            return conflict(desk, at, &key, &kept, &order).map(Some);
        }
    }
    if let Some(name) = OrderName::of(&order) {
        if let Some(other) = desk.find::<OrderName>(&name.key())?.filter(|kept| *kept != name) {
            return conflict(desk, at, &name.key(), &other, &name).map(Some);
        }
        desk.put(&name)?;
    }
    desk.put(&order).map(|()| None)
}

fn conflict<R: Record>(
    desk: &Desk<'_>,
    at: Timestamp,
    key: &Key,
    kept: &R,
    refused: &R,
) -> Result<Conflict, StoreError> {
    let json = |row: &R| {
        Json::of(row).map_err(|fault| StoreError::row(desk.file, R::TABLE, key.bytes(), fault))
    };
    Ok(Conflict {
        table: R::TABLE,
        key: key::show(R::TABLE, key.bytes()),
        at,
        kept: json(kept)?,
        refused: json(refused)?,
    })
}

/// Keeps a conflict and alerts people, once however often the same row comes.
fn note(desk: &Desk<'_>, tip: &mut Tip, conflict: &Conflict) -> Result<(), StoreError> {
    if desk.find::<Conflict>(&conflict.key())?.is_some() {
        return Ok(());
    }
    desk.put(conflict)?;
    tip.conflicts += 1;
    let alert = Alert {
        at: conflict.at,
        kind: "ledger_conflict".into(),
        subject: format!("{} {}", conflict.table, conflict.key),
        text: format!(
            "{} {} came with other content; {} is kept, {} is not",
            conflict.table,
            conflict.key,
            conflict.kept.text(),
            conflict.refused.text()
        ),
    };
    raise(desk, tip, alert).map(|_| ())
}

fn raise(desk: &Desk<'_>, tip: &mut Tip, alert: Alert) -> Result<u64, StoreError> {
    tip.alerts += 1;
    desk.put(&AlertRecord { seq: tip.alerts, alert, state: AlertState::Pending })?;
    Ok(tip.alerts)
}

fn deliver(desk: &Desk<'_>, seq: u64, at: Timestamp) -> Result<(), StoreError> {
    let found: Option<AlertRecord> = desk.find(&Key::new().number(seq))?;
    match found {
        Some(mut alert) if alert.state == AlertState::Pending => {
            alert.state = AlertState::Delivered(at);
            desk.put(&alert)
        }
        Some(_) | None => Ok(()),
    }
}
