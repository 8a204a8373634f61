//! The heart: whatever happens at whichever write, length or sync, what was acknowledged is there
//! exactly once and in order, and at most the batches that were not are missing.

use super::disk::{Disk, Harm, Keep};
use super::work;
use crate::store::{Batch, Receipt, Store};

type Rows = Vec<(super::super::Table, Vec<u8>, Vec<u8>)>;

/// What a store holds after each number of batches, and what it answered to each.
struct Reference {
    start: Vec<u8>,
    batches: Vec<Batch>,
    after: Vec<Rows>,
    receipts: Vec<Receipt>,
}

impl Reference {
    fn new() -> Self {
        let start = work::fresh();
        let batches = work::batches();
        let disk = Disk::with(&start);
        let opened = Store::open_on(disk, &work::options()).unwrap();
        let mut committer = opened.store.committer().unwrap();
        let mut after = vec![work::dump(&opened.store.snapshot().unwrap())];
        let mut receipts = Vec::new();
        for (number, batch) in (1..).zip(&batches) {
            receipts.extend(committer.write(&[work::numbered(number, batch)]).unwrap());
            after.push(work::dump(&opened.store.snapshot().unwrap()));
        }
        Self { start, batches, after, receipts }
    }

    /// Runs the workload from where the store is, until the end or the end of power; how many
    /// batches are known to be durable, and how many may be.
    fn run(&self, disk: &Disk) -> (usize, usize) {
        let attempts = 0..60;
        let mut opened = attempts.map(|_| Store::open_on(disk.clone(), &work::options()));
        let Some(opened) = opened.find_map(Result::ok) else {
            assert!(disk.is_dead(), "the store does not open on a disk that works");
            return (0, 0);
        };
        let mut durable = usize::try_from(opened.report.tip.batches).unwrap();
        let mut committer = opened.store.committer().unwrap();
        // Some commits hold several batches; after a failure one more is added to the same ones.
        let mut together = 1;
        let mut failures = 0;
        while durable < self.batches.len() {
            let end = (durable + together).min(self.batches.len());
            let head: Vec<_> = (durable..end)
                .map(|index| work::numbered(index as u64 + 1, &self.batches[index]))
                .collect();
            match committer.write(&head) {
                Ok(receipts) => {
                    assert_eq!(
                        receipts,
                        self.receipts[durable..end],
                        "answers to {durable}..{end}"
                    );
                    durable = end;
                    together = 1 + durable % 2;
                }
                Err(_) if disk.is_dead() => return (durable, end),
                Err(error) => {
                    failures += 1;
                    together += 1;
                    assert!(failures < 60, "{error}");
                }
            }
        }
        (durable, durable)
    }

    /// Opens the store and holds it against the reference; how many batches it has.
    fn verify(&self, disk: &Disk, durable: usize, perhaps: usize) -> usize {
        let opened = Store::open_on(disk.clone(), &work::options()).unwrap();
        let there = usize::try_from(opened.report.tip.batches).unwrap();
        assert!(durable <= there, "{durable} batches were acknowledged, {there} are there");
        assert!(there <= perhaps, "{there} batches are there, {perhaps} were submitted");
        assert_eq!(work::dump(&opened.store.snapshot().unwrap()), self.after[there]);
        let report = opened.store.check().unwrap();
        assert!(report.is_sound(), "{report}");
        there
    }

    /// One life with a fault, the next without: nothing lost, nothing twice.
    fn survive(&self, point: usize, harm: Harm) -> (usize, usize) {
        let disk = Disk::with(&self.start);
        disk.harm(point, harm);
        let (durable, perhaps) = self.run(&disk);
        disk.cut();
        let there = self.verify(&disk, durable, perhaps);
        let (all, _) = self.run(&disk);
        disk.cut();
        self.verify(&disk, all, all);
        assert_eq!(all, self.batches.len());
        (durable, there)
    }

    /// Writes, lengths and syncs of a run without faults, closing included.
    fn points(&self) -> usize {
        let disk = Disk::with(&self.start);
        assert_eq!(self.run(&disk), (self.batches.len(), self.batches.len()));
        disk.points()
    }
}

pub(super) const HARMS: [Harm; 10] = [
    Harm::Cut(Keep::Nothing),
    Harm::Cut(Keep::Everything),
    Harm::Cut(Keep::Odd),
    Harm::Cut(Keep::Even),
    Harm::Cut(Keep::AllAndHalf),
    Harm::Cut(Keep::OnlyHalf),
    Harm::Refuse(1),
    Harm::Refuse(2),
    Harm::Refuse(17),
    Harm::Forget,
];

#[test]
fn whatever_happens_at_any_write_nothing_acknowledged_is_lost_or_doubled() {
    let reference = Reference::new();
    let points = reference.points();
    for harm in HARMS {
        let mut kept = 0;
        for point in 0..points {
            let (durable, there) = reference.survive(point, harm);
            kept += there - durable;
        }
        println!("{harm:?}: {points} points, {kept} times more was there than acknowledged");
    }
}

#[test]
fn power_may_fail_again_while_the_store_recovers() {
    let reference = Reference::new();
    let points = reference.points();
    let mut cuts = 0;
    for point in (0..points).step_by(5) {
        for again in 0.. {
            let disk = Disk::with(&reference.start);
            disk.harm(point, Harm::Cut(Keep::Everything));
            let (durable, perhaps) = reference.run(&disk);
            disk.cut();
            disk.harm(again, Harm::Cut(Keep::Odd));
            drop(Store::open_on(disk.clone(), &work::options()));
            let recovered = !disk.is_dead();
            disk.cut();
            reference.verify(&disk, durable, perhaps);
            cuts += 1;
            if recovered {
                break;
            }
        }
    }
    println!("{cuts} double faults");
}

#[test]
fn a_disk_that_only_says_it_synced_is_found_out_by_these_tests() {
    let reference = Reference::new();
    let disk = Disk::with(&reference.start);
    disk.harm(0, Harm::Lie);
    let (durable, perhaps) = reference.run(&disk);
    disk.cut();
    let verified = std::panic::catch_unwind(|| reference.verify(&disk, durable, perhaps));
    assert!(verified.is_err(), "these tests would not see lost batches");
}
