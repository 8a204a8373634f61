//! A small workload in which every kind of record appears, is repeated, contradicted and pruned.

use std::sync::Arc;

use gardefou_core::command::Command;
use gardefou_core::event::{Event, Liquidity};
use gardefou_core::ids::OrderKind;
use gardefou_core::money::Direction;
use gardefou_core::notice::FillReason;
use gardefou_core::time::{Span, Timestamp};
use rust_decimal::Decimal;

use super::disk::Disk;
use crate::store::commit::Numbered;
use crate::store::key::Key;
use crate::store::snapshot::Snapshot;
use crate::store::*;

pub(super) const BOOK: &str = "grid_atr.live";
pub(super) const SYMBOL: &str = "BTCUSDT";
const START: Timestamp = Timestamp(1_767_600_000_000);

pub(super) fn options() -> OpenOptions {
    OpenOptions {
        now: START,
        build: "1.0.0".into(),
        create: true,
        retention: Retention { checkpoints: 2, bars: 3, delivered_alerts: Span::seconds(2) },
    }
}

pub(super) fn at(batch: u64) -> Timestamp {
    START + Span::seconds(i64::try_from(batch).unwrap())
}

pub(super) fn step(seq: u64) -> JournalRecord {
    let commands: [Command; 0] = [];
    JournalRecord::new(seq, at(seq), &Event::TimePassed, &commands).unwrap()
}

pub(super) fn checkpoint(seq: u64) -> Checkpoint {
    // One is so large that the file must grow.
    let times = if seq == 5 { 40_000 } else { 8 };
    let state = format!("{{\"state after\":{seq}}}").repeat(times).into_bytes();
    Checkpoint::new(seq, at(seq), "1.0.0", "c0ffee", state)
}

pub(super) fn order(state: OrderState, exchange_id: Option<&str>) -> OrderRecord {
    OrderRecord {
        id: "gf-0-t8aotc-el0-1".into(),
        exchange_id: exchange_id.map(Into::into),
        book: BOOK.into(),
        symbol: SYMBOL.into(),
        kind: OrderKind::Entry,
        direction: Direction::Long,
        level: 0,
        price: Some(Decimal::new(588_000, 1)),
        quantity: Decimal::new(17, 3),
        filled: Decimal::ZERO,
        state,
        asked: 1,
        at: START,
    }
}

pub(super) fn fill(id: u64, price: i64) -> FillRecord {
    FillRecord {
        book: BOOK.into(),
        symbol: SYMBOL.into(),
        fill: id,
        order: "gf-0-t8aotc-el0-1".into(),
        at: START,
        price: Decimal::from(price),
        quantity: Decimal::new(17, 3),
        fee: Decimal::new(2, 1),
        liquidity: Liquidity::Maker,
        cycle: 1,
        reason: FillReason::Level,
    }
}

/// One execution that closes a cycle and opens the next: the fee is charged once.
pub(super) fn parts(id: u64) -> [FillRecord; 2] {
    let closing = FillRecord {
        quantity: Decimal::new(9, 3),
        fee: Decimal::ZERO,
        reason: FillReason::OppositeFill,
        ..fill(id, 58_900)
    };
    let opening = FillRecord {
        quantity: Decimal::new(8, 3),
        fee: Decimal::new(3, 1),
        cycle: 2,
        reason: FillReason::Level,
        ..closing.clone()
    };
    [closing, opening]
}

pub(super) fn cycle() -> CycleRecord {
    CycleRecord {
        book: BOOK.into(),
        symbol: SYMBOL.into(),
        cycle: 1,
        direction: Direction::Long,
        opened: at(1),
        closed: at(5),
        reason: FillReason::Target,
        quantity: Decimal::new(17, 3),
        entry_notional: Decimal::from(1_000),
        exit_notional: Decimal::from(1_010),
        levels: 1,
        gross: Decimal::from(10),
        fees: Decimal::new(4, 1),
        funding: Decimal::new(-1, 1),
        net: Decimal::new(95, 1),
    }
}

pub(super) fn funding() -> FundingRecord {
    FundingRecord {
        book: BOOK.into(),
        symbol: SYMBOL.into(),
        at: at(3),
        cycle: 1,
        rate: Decimal::new(1, 4),
        price: Decimal::from(58_800),
        quantity: Decimal::new(17, 3),
        amount: Decimal::new(-1, 1),
    }
}

pub(super) fn bar(symbol: &str, hour: i64, close: i64) -> BarRecord {
    let price = Decimal::from(close);
    BarRecord {
        symbol: symbol.into(),
        at: START + Span::hours(hour),
        open: price,
        high: price,
        low: price,
        close: price,
        traded: true,
    }
}

pub(super) fn alert(kind: &str) -> Alert {
    Alert { at: START, kind: kind.into(), subject: BOOK.into(), text: "said to people".into() }
}

/// A decision with a step and a bar.
pub(super) fn plain(seq: u64) -> Batch {
    let hour = i64::try_from(seq).unwrap();
    Batch { journal: vec![step(seq)], bars: vec![bar(SYMBOL, hour, 58_000)], ..Batch::new(at(seq)) }
}

/// The workload: eight batches, ten steps.
pub(super) fn batches() -> Vec<Batch> {
    let intended = Batch {
        journal: vec![step(1)],
        orders: vec![order(OrderState::Intended, None)],
        bars: vec![bar("ETHUSDT", 0, 3_000)],
        alerts: vec![alert("started")],
        ..plain(1)
    };
    let resting = Batch { orders: vec![order(OrderState::Resting, Some("X1"))], ..plain(2) };
    let filled = Batch {
        journal: vec![step(3), step(4), step(5)],
        orders: vec![order(OrderState::Filled, Some("X1"))],
        fills: vec![fill(11, 58_800), fill(12, 58_801)],
        checkpoint: Some(checkpoint(5)),
        delivered: vec![1],
        ..plain(3)
    };
    let again = Batch { fills: vec![fill(11, 58_800)], funding: vec![funding()], ..plain(6) };
    let changed = Batch {
        fills: vec![fill(12, 59_999), parts(13)[0].clone()],
        checkpoint: Some(checkpoint(7)),
        ..plain(7)
    };
    let closed = Batch {
        cycles: vec![cycle()],
        fills: parts(13).into(),
        alerts: vec![alert("closed")],
        ..plain(8)
    };
    let pruned = Batch { checkpoint: Some(checkpoint(9)), funding: vec![funding()], ..plain(9) };
    vec![intended, resting, filled, again, changed, closed, pruned, plain(10)]
}

/// Every row of every table, as it is in the file.
pub(super) fn dump(snapshot: &Snapshot) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    for table in Table::ALL {
        for row in snapshot.raw(table, &Key::new()).unwrap() {
            let (key, value) = row.unwrap();
            rows.push((table, key, value));
        }
    }
    rows
}

/// The bytes of a store without any batch.
pub(super) fn fresh() -> Vec<u8> {
    let disk = Disk::default();
    drop(Store::open_on(disk.clone(), &options()).unwrap());
    disk.bytes()
}

pub(super) fn numbered(number: u64, batch: &Batch) -> Numbered {
    Numbered { number, batch: Arc::new(batch.clone()) }
}

/// A store on a disk that holds the first batches of the workload.
pub(super) fn store_with(batches: &[Batch]) -> Disk {
    let disk = Disk::with(&fresh());
    let opened = Store::open_on(disk.clone(), &options()).unwrap();
    let mut committer = opened.store.committer().unwrap();
    for (number, batch) in (1..).zip(batches) {
        committer.write(&[numbered(number, batch)]).unwrap();
    }
    drop((committer, opened));
    disk
}
