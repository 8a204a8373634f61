//! What the ledger keeps: each fact once, contradictions beside it.

use super::work::{self, BOOK, SYMBOL, at, batches, fill, order, parts, plain};
use crate::store::*;

fn written(batches: &[Batch]) -> Store {
    Store::open_on(work::store_with(batches), &work::options()).unwrap().store
}

fn rows<R: Record + 'static>(store: &Store) -> Vec<R> {
    store.snapshot().unwrap().rows().unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_same_fill_twice_is_one_row_and_another_content_is_a_conflict() {
    let store = written(&batches());
    let fills: Vec<FillRecord> = rows(&store);
    let [closing, opening] = parts(13);
    assert_eq!(fills, [fill(11, 58_800), fill(12, 58_801), closing, opening]);
    let conflicts: Vec<Conflict> = rows(&store);
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].key, format!("{BOOK}·{SYMBOL}·12·1"));
    assert_eq!(conflicts[0].kept.read::<FillRecord>().unwrap(), fill(12, 58_801));
    assert_eq!(conflicts[0].refused.read::<FillRecord>().unwrap(), fill(12, 59_999));
    let alerts = store.pending_alerts().unwrap();
    let kinds: Vec<_> = alerts.iter().map(|alert| alert.alert.kind.as_str()).collect();
    assert_eq!(kinds, ["ledger_conflict", "closed"]);
}

#[test]
fn an_execution_that_closes_a_cycle_and_opens_the_next_has_a_row_in_each() {
    let [closing, opening] = parts(13);
    let told = |seq| Batch { fills: parts(13).into(), ..plain(seq) };
    let store = written(&[told(1), told(2)]);
    assert_eq!(rows::<FillRecord>(&store), [closing.clone(), opening.clone()]);
    assert_eq!(store.tip().unwrap().conflicts, 0);
    // What cannot be a part of the same execution contradicts it, in whichever cycle it comes.
    let dearer = FillRecord { price: 1.into(), ..opening.clone() };
    let later = FillRecord { at: at(9), ..opening.clone() };
    let charged_twice = FillRecord { fee: 1.into(), ..closing };
    let first = Batch { fills: vec![opening.clone()], ..plain(1) };
    for (cycle, other) in (3..).zip([dearer, later, charged_twice]) {
        let other = FillRecord { cycle, ..other };
        let store = written(&[first.clone(), Batch { fills: vec![other], ..plain(2) }]);
        assert_eq!(rows::<FillRecord>(&store), std::slice::from_ref(&opening));
        assert_eq!(store.tip().unwrap().conflicts, 1);
    }
}

#[test]
fn a_conflict_that_comes_again_is_kept_and_told_once() {
    let changed = |seq| Batch { fills: vec![fill(11, 1)], ..plain(seq) };
    let first = Batch { fills: vec![fill(11, 2)], ..plain(1) };
    let store = written(&[first, changed(2), changed(3)]);
    assert_eq!(rows::<Conflict>(&store).len(), 1);
    assert_eq!(store.tip().unwrap().conflicts, 1);
    assert_eq!(store.pending_alerts().unwrap().len(), 1);
}

#[test]
fn an_order_goes_on_but_never_becomes_another() {
    let states = |orders: Vec<OrderRecord>| {
        let store = written(&[Batch { orders, ..plain(1) }]);
        let kept: Vec<OrderRecord> = rows(&store);
        let kept = kept.into_iter().map(|order| (order.state, order.exchange_id)).collect();
        (kept, store.tip().unwrap().conflicts)
    };
    let named = Some("X1".to_owned());
    let known = order(OrderState::Resting, Some("X1"));
    // The exchange's id stays known when a later state does not repeat it.
    let later = vec![known.clone(), order(OrderState::Filled, None)];
    assert_eq!(states(later), (vec![(OrderState::Filled, named.clone())], 0));
    let renamed = vec![known.clone(), order(OrderState::Filled, Some("X2"))];
    assert_eq!(states(renamed), (vec![(OrderState::Resting, named.clone())], 1));
    let moved = OrderRecord { level: 1, ..order(OrderState::Filled, Some("X1")) };
    assert_eq!(states(vec![known.clone(), moved]), (vec![(OrderState::Resting, named.clone())], 1));
    // Two orders with one id of the exchange: the second is a conflict.
    let twin = OrderRecord { id: "gf-0-t8aotc-el0-2".into(), ..known.clone() };
    assert_eq!(states(vec![known, twin]), (vec![(OrderState::Resting, named)], 1));
}

#[test]
fn a_checkpoint_prunes_what_is_before_and_the_ledger_stays() {
    let store = written(&batches());
    let seqs: Vec<u64> = rows::<JournalRecord>(&store).iter().map(|step| step.seq).collect();
    assert_eq!(seqs, [8, 9, 10]);
    let kept: Vec<u64> = rows::<Checkpoint>(&store).iter().map(|kept| kept.seq).collect();
    assert_eq!(kept, [7, 9]);
    let symbols: Vec<String> =
        rows::<BarRecord>(&store).into_iter().map(|bar| bar.symbol).collect();
    // Three of BTCUSDT at the last checkpoint and one since; the one of ETHUSDT is not many.
    assert_eq!(symbols, [SYMBOL, SYMBOL, SYMBOL, SYMBOL, "ETHUSDT"]);
    let alerts: Vec<AlertRecord> = rows(&store);
    assert_eq!(alerts.iter().map(|alert| alert.seq).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(rows::<CycleRecord>(&store).len(), 1);
    assert_eq!(rows::<FundingRecord>(&store).len(), 1);
    assert_eq!(store.snapshot().unwrap().bars("ETHUSDT").unwrap().count(), 1);
    assert_eq!(store.snapshot().unwrap().bars("BTC").unwrap().count(), 0);
}

#[test]
fn an_alert_keeps_its_origin_and_is_pending_until_delivered() {
    let told = Batch { alerts: vec![work::alert("switch_tripped")], ..plain(1) };
    let store = written(std::slice::from_ref(&told));
    let pending = store.pending_alerts().unwrap();
    assert_eq!((pending[0].seq, &pending[0].alert), (1, &work::alert("switch_tripped")));
    let store = written(&[told, Batch { delivered: vec![1, 99], ..plain(2) }]);
    assert_eq!(store.pending_alerts().unwrap(), []);
    assert_eq!(rows::<AlertRecord>(&store)[0].state, AlertState::Delivered(at(2)));
}

#[test]
fn a_recovery_gets_the_last_checkpoint_and_what_came_after() {
    let disk = work::store_with(&batches());
    let opened = Store::open_on(disk.clone(), &work::options()).unwrap();
    let checkpoint = opened.last_checkpoint.unwrap();
    assert_eq!(checkpoint.seq, 9);
    assert_eq!(checkpoint.state, work::checkpoint(9).state);
    let tail: Vec<u64> = opened.tail.iter().map(|step| step.seq).collect();
    assert_eq!(tail, [10]);
    assert_eq!(opened.tail[0].chain, opened.report.tip.chain);
    assert!(opened.tail_is_of_this_build);
    let other = OpenOptions { build: "1.0.1".into(), ..work::options() };
    drop(opened.store);
    assert!(!Store::open_on(disk, &other).unwrap().tail_is_of_this_build);
}

#[test]
fn a_store_without_a_checkpoint_is_recovered_from_its_beginning() {
    let disk = work::store_with(&batches()[..2]);
    let opened = Store::open_on(disk, &work::options()).unwrap();
    assert_eq!(opened.last_checkpoint, None);
    assert_eq!(opened.tail.iter().map(|step| step.seq).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn an_event_that_this_build_does_not_know_can_still_be_opened() {
    let unknown = JournalRecord::new(1, at(1), &"an_event_of_the_past", &[0_u8; 0]).unwrap();
    let disk = work::store_with(&[Batch { journal: vec![unknown], ..Batch::new(at(1)) }]);
    let opened = Store::open_on(disk, &work::options()).unwrap();
    let read = opened.tail[0].event.read::<gardefou_core::event::Event>();
    assert!(matches!(read, Err(Fault::Unreadable(_))));
}

#[test]
fn a_check_counts_rows_and_tells_what_does_not_add_up() {
    let check = |batches: &[Batch]| written(batches).check().unwrap();
    let report = check(&batches());
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.remarks, Vec::<String>::new(), "{report}");
    assert!(report.rows.contains(&(Table::Fills, 4)));
    let cycle = CycleRecord { fees: 1.into(), ..work::cycle() };
    let report = check(&[Batch { cycles: vec![cycle], ..plain(1) }]);
    assert_eq!(report.remarks.len(), 3, "{report}");
}
