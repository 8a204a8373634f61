//! Is everything in the store as it was written, and does it add up? A report for people.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use super::alert::AlertRecord;
use super::conflict::Conflict;
use super::error::{Fault, StoreError};
use super::journal::{Checkpoint, JournalRecord};
use super::key::Key;
use super::order_name::OrderName;
use super::record::Record;
use super::records::{BarRecord, CycleRecord, FillRecord, FundingRecord, OrderRecord};
use super::snapshot::Snapshot;
use super::table::Table;

/// What a check found.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// Rows of each table.
    pub rows: Vec<(Table, u64)>,
    /// The book-keeping of free pages was wrong and has been set right; no record was affected.
    pub repaired: bool,
    /// What is not as it was written.
    pub problems: Vec<StoreError>,
    /// What does not add up although every record is as it was written: a cycle whose fills began
    /// before the store, or a bug.
    pub remarks: Vec<String>,
}

impl CheckReport {
    /// True when every record is as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, rows) in &self.rows {
            writeln!(f, "{rows:>9} {table}")?;
        }
        if self.repaired {
            writeln!(f, "free pages were counted anew; no record was affected")?;
        }
        for problem in &self.problems {
            writeln!(f, "WRONG: {problem}")?;
        }
        for remark in &self.remarks {
            writeln!(f, "remark: {remark}")?;
        }
        f.write_str(if self.is_sound() { "the store is sound" } else { "the store is damaged" })
    }
}

/// Checks every record that a snapshot sees.
pub(super) fn check(snapshot: &Snapshot) -> Result<CheckReport, StoreError> {
    let mut check = Check { snapshot, report: CheckReport::default() };
    for table in Table::ALL {
        check.report.rows.push((table, snapshot.count(table)?));
    }
    check.journal()?;
    check.orders()?;
    check.ledger()?;
    check.each(|_: BarRecord| Ok(()))?;
    check.alerts()?;
    Ok(check.report)
}

struct Check<'a> {
    snapshot: &'a Snapshot,
    report: CheckReport,
}

impl Check<'_> {
    /// Every row of a kind that can be read; those that cannot are problems.
    fn each<R: Record + 'static>(
        &mut self,
        mut see: impl FnMut(R) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for row in self.snapshot.rows::<R>()? {
            self.report.problems.extend(row.and_then(&mut see).err());
        }
        Ok(())
    }

    fn wrong<R: Record>(&self, row: &R, fault: Fault) -> StoreError {
        StoreError::row(self.snapshot.file(), R::TABLE, row.key().bytes(), fault)
    }

    /// The chain from the oldest checkpoint to the tip, through all others.
    fn journal(&mut self) -> Result<(), StoreError> {
        let mut checkpoints = BTreeMap::new();
        self.each(|checkpoint: Checkpoint| {
            checkpoints.insert(checkpoint.seq, checkpoint);
            Ok(())
        })?;
        let oldest = checkpoints.values().next();
        self.report.problems.extend(self.snapshot.tail(oldest).err());
        let snapshot = self.snapshot;
        for checkpoint in checkpoints.values().skip(1) {
            let key = Key::new().number(checkpoint.seq);
            let record = snapshot.find::<JournalRecord>(&key).unwrap_or_default();
            if record.is_none_or(|record| record.chain != checkpoint.chain) {
                self.report.problems.push(self.wrong(checkpoint, Fault::ChainBroken));
            }
        }
        Ok(())
    }

    /// Each exchange id names an order that has it, and each order that has one is named.
    fn orders(&mut self) -> Result<(), StoreError> {
        let snapshot = self.snapshot;
        let missing =
            |table, key: &Key| StoreError::row(snapshot.file(), table, key.bytes(), Fault::NoRow);
        self.each(|name: OrderName| {
            let key = Key::new().text(&name.id);
            let order: Option<OrderRecord> = snapshot.find(&key)?;
            let named = order.as_ref().and_then(OrderName::of);
            if named == Some(name) { Ok(()) } else { Err(missing(Table::Orders, &key)) }
        })?;
        self.each(|order: OrderRecord| {
            let Some(name) = OrderName::of(&order) else { return Ok(()) };
            let there = snapshot.find::<OrderName>(&name.key())?.is_some();
            if there { Ok(()) } else { Err(missing(Table::OrderNames, &name.key())) }
        })
    }

    /// Each cycle's net is the sum of its parts, its fees those of its fills, its funding that of
    /// its settlements.
    fn ledger(&mut self) -> Result<(), StoreError> {
        type Of = (String, String, u32);
        let mut fees: BTreeMap<Of, Decimal> = BTreeMap::new();
        let mut funding: BTreeMap<Of, Decimal> = BTreeMap::new();
        let mut cycles = Vec::new();
        self.each(|fill: FillRecord| {
            *fees.entry((fill.book, fill.symbol, fill.cycle)).or_default() += fill.fee;
            Ok(())
        })?;
        self.each(|paid: FundingRecord| {
            *funding.entry((paid.book, paid.symbol, paid.cycle)).or_default() += paid.amount;
            Ok(())
        })?;
        self.each(|cycle: CycleRecord| {
            cycles.push(cycle);
            Ok(())
        })?;
        for cycle in cycles {
            let of = (cycle.book.clone(), cycle.symbol.clone(), cycle.cycle);
            let sum = cycle.gross - cycle.fees + cycle.funding;
            let paid = fees.get(&of).copied().unwrap_or_default();
            let settled = funding.get(&of).copied().unwrap_or_default();
            self.remark(&of, "net", cycle.net, sum);
            self.remark(&of, "fees", cycle.fees, paid);
            self.remark(&of, "funding", cycle.funding, settled);
        }
        Ok(())
    }

    fn remark(&mut self, of: &(String, String, u32), what: &str, said: Decimal, sum: Decimal) {
        if said != sum {
            let (book, symbol, cycle) = of;
            self.report.remarks.push(format!(
                "{book} {symbol} cycle {cycle}: {what} is {said}, the ledger adds up to {sum}"
            ));
        }
    }

    fn alerts(&mut self) -> Result<(), StoreError> {
        let snapshot = self.snapshot;
        let tip = snapshot.tip()?;
        let key = tip.key();
        let count = |found| {
            let fault = Fault::OutOfSequence { expected: tip.alerts, found };
            StoreError::row(snapshot.file(), Table::Meta, key.bytes(), fault)
        };
        self.each(
            |alert: AlertRecord| {
                if alert.seq <= tip.alerts { Ok(()) } else { Err(count(alert.seq)) }
            },
        )?;
        let mut conflicts = 0;
        self.each(|_: Conflict| {
            conflicts += 1;
            Ok(())
        })?;
        if conflicts != tip.conflicts {
            self.report
                .remarks
                .push(format!("{conflicts} conflicts are kept, {} were counted", tip.conflicts));
        }
        Ok(())
    }
}
