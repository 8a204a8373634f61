//! `gardefou run --live-mode`: books before an exchange that outlives them. However often the
//! daemon is killed, its ledger is that of one that was not, and the exchange's own record has every
//! order once, every execution, and no position without a stop.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gardefou::config;
use gardefou::daemon::saved;
use gardefou::exchange::simulated::audit::{self, Audit};
use gardefou::exchange::simulated::{OrderLife, RECORD_FILE};
use gardefou::store::{
    AlertRecord, Checkpoint, CycleRecord, FillRecord, FundingRecord, Record, STORE_FILE, Snapshot,
};
use gardefou_core::engine::Engine;
use gardefou_core::ids::{FillId, OrderKind};
use gardefou_core::time::{Span, Timestamp};
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;

use super::killed::{Chance, killed_after, kills};
use super::{done, nowhere, opened, recorded_year, run};
use crate::{market, refused};

const END: Timestamp = Timestamp(i64::MAX / 2);

/// `stop_confirm_seconds` of the shipped risk.yaml.
const DEADLINE: Span = Span::seconds(5);

/// `initial_capital` of the shipped risk.yaml, of each wallet.
const CAPITAL: u64 = 1_646;

/// The shipped configuration with every strategy enabled and for live.
pub(super) fn all_live() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in config::shipped() {
        let text = text
            .replace("live_eligible: false", "live_eligible: true")
            .replace("enabled: false", "enabled: true");
        let name = Path::new(&path).file_name().expect("a name").to_owned();
        fs::write(dir.path().join(name), text).expect("written");
    }
    let path = dir.path().to_path_buf();
    (dir, path)
}

/// Rows of a kind, without what a restart may change: ids of our orders have another epoch.
fn rows<R: Record + 'static>(snapshot: &Snapshot, text: &mut String) {
    for row in snapshot.rows::<R>().expect("rows") {
        let mut row = serde_json::to_value(row.expect("a row")).expect("JSON");
        if let Some(order) = row.get_mut("order") {
            let id = order.as_str().expect("an id").to_owned();
            let parts: Vec<&str> = id.split('-').collect();
            *order = Value::from(format!("{} {}", parts[1], parts[3]));
        }
        text.push_str(&format!("{row}\n"));
    }
}

/// What happened, as the store has it.
pub(super) fn happened(data: &Path) -> String {
    let store = opened(data);
    let snapshot = store.snapshot().expect("a view");
    let mut text = String::new();
    rows::<FillRecord>(&snapshot, &mut text);
    rows::<CycleRecord>(&snapshot, &mut text);
    rows::<FundingRecord>(&snapshot, &mut text);
    drop(snapshot);
    let tip = store.tip().expect("a tip");
    assert_eq!(tip.conflicts, 0, "no row contradicts another");
    let report = store.check().expect("a check");
    assert!(report.is_sound() && report.remarks.is_empty(), "{report}");
    text
}

/// The exchange's own account agrees with the store: every execution is in both, once; no order
/// was sent twice; no position was without a stop for longer than allowed.
pub(super) fn audited(data: &Path) -> Audit {
    let end = Timestamp(i64::MAX / 2);
    let audit = audit::audit(&data.join(RECORD_FILE), end).expect("a record");
    let twice: Vec<_> = audit.orders.iter().filter(|order| order.times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(audit.doubled, [], "no level had two entries");
    let bare: Vec<_> = audit.bare_beyond(DEADLINE, end).collect();
    assert!(bare.is_empty(), "{bare:?}");
    let executed = audit.fills.iter().map(|fill| fill.fill);
    let executed: BTreeSet<FillId> =
        executed.chain(audit.liquidations.iter().map(|forced| forced.fill)).collect();
    let store = opened(data);
    let snapshot = store.snapshot().expect("a view");
    let fills = snapshot.rows::<FillRecord>().expect("rows");
    let booked: BTreeSet<FillId> = fills.map(|fill| FillId(fill.expect("a row").fill)).collect();
    assert_eq!(booked, executed);
    audit
}

/// The state of the last checkpoint: wallets are what the exchange has, and what the ledger adds up
/// to; the session is what the ledger has of this day.
fn add_up(data: &Path) {
    let audit = audited(data);
    let engine = saved(data);
    let store = opened(data);
    let snapshot = store.snapshot().expect("a view");
    let all = |row: Result<FillRecord, _>| row.expect("a row");
    let fills: Vec<FillRecord> = snapshot.rows().expect("rows").map(all).collect();
    let funding: Vec<FundingRecord> =
        snapshot.rows().expect("rows").map(|row| row.expect("a row")).collect();
    let cycles: Vec<CycleRecord> =
        snapshot.rows().expect("rows").map(|row| row.expect("a row")).collect();
    let last = store.tip().expect("a tip").seq;
    let journal = snapshot.journal(last).expect("a journal").next().expect("the last step");
    let today = journal.expect("a step").now.midnight();
    for (book, balance) in engine.books().iter().zip(&audit.balances) {
        let name = format!("{}.live", book.name);
        let since = |from: Timestamp| {
            let fees = fills.iter().filter(|row| row.book == name && row.at >= from);
            let paid = funding.iter().filter(|row| row.book == name && row.at >= from);
            let closed = cycles.iter().filter(|row| row.book == name && row.closed >= from);
            let gross: Decimal = closed.map(|row| row.net + row.fees - row.funding).sum();
            gross - fees.map(|row| row.fee).sum::<Decimal>()
                + paid.map(|row| row.amount).sum::<Decimal>()
        };
        let usdt = gardefou::store::usdt;
        let open = book.lanes.iter().filter_map(|lane| lane.cycle.as_ref());
        let open: Decimal = open.map(|cycle| usdt(cycle.gross)).sum();
        let wallet = &book.wallet;
        assert_eq!(wallet.balance, *balance, "{name}: ours, and the exchange's");
        assert_eq!(wallet.initial + wallet.deposits + wallet.realised, wallet.balance, "{name}");
        assert_eq!(usdt(wallet.realised), since(Timestamp(0)) + open, "{name}");
        // What was realised of a cycle that is open may be of another day.
        if open.is_zero() {
            assert_eq!(usdt(book.session.result(wallet.realised)), since(today), "{name}, today");
        }
    }
}

/// The engine of the last checkpoint.
fn saved(data: &Path) -> Engine {
    let store = opened(data);
    let checkpoints = store.snapshot().expect("a view").rows::<Checkpoint>().expect("rows");
    let last = checkpoints.last().expect("one").expect("a checkpoint");
    saved::engine(&last).expect("an engine")
}

/// Kinds and subjects of what people were told, without what only a restart can say.
fn told(data: &Path) -> BTreeSet<(String, String)> {
    let store = opened(data);
    let snapshot = store.snapshot().expect("a view");
    let alerts = snapshot.rows::<AlertRecord>().expect("alerts");
    let alerts = alerts.map(|alert| alert.expect("an alert").alert);
    let alerts = alerts.filter(|alert| alert.kind != "reconciled");
    alerts.map(|alert| (alert.kind, alert.subject)).collect()
}

/// Runs day by day, from one of February on, until something is held at the end of a day; the
/// exchange's account then.
pub(super) fn until_held(feed: &Path, data: &Path, more: &[&str], from: u32) -> Audit {
    for day in from..20 {
        let to = format!("2024-02-{day:02}");
        done(feed, data, &[more, &["--to", &to]].concat());
        let audit = audited(data);
        if !audit.held.is_empty() {
            return audit;
        }
    }
    panic!("nothing was held at the end of any of these days");
}

/// Options of a run of every strategy with this order of entries.
pub(super) fn options<'a>(config: &'a Path, order: &'a str) -> Vec<&'a str> {
    let config = config.to_str().expect("a path");
    vec!["--live-mode", "--config", config, "--entry-order", order, "--checkpoint-hours", "50"]
}

/// Kills until the run has finished; how often.
fn torment(feed: &Path, more: &[&str]) -> u64 {
    let (_whole_dir, whole) = nowhere();
    let undisturbed = done(feed, &whole, more);
    audited(&whole);
    let (_dir, data) = nowhere();
    let mut chance = Chance(7);
    let wanted = kills();
    // About every fifth step sends something, which is a line of the log. Time stands still for the
    // disk at no other pace than the fastest.
    let steps = undisturbed["step"].as_u64().expect("a number");
    let mean = (steps / 5 / (wanted + 1)).max(1);
    let mut done_kills = 0;
    while done_kills < wanted {
        if !killed_after(chance.below(2 * mean), feed, &data, more) {
            break;
        }
        done_kills += 1;
    }
    let ended = done(feed, &data, more);
    assert!(done_kills * 2 >= wanted, "killed only {done_kills} times");
    assert_eq!(ended["next"], undisturbed["next"]);
    assert_eq!(happened(&data), happened(&whole));
    add_up(&whole);
    add_up(&data);
    assert_eq!(told(&data), told(&whole));
    done_kills
}

#[test]
fn a_live_daemon_killed_at_random_moments_leaves_the_ledger_of_one_that_was_not() {
    let (_config, config) = all_live();
    for order in ["limit", "market"] {
        let more = options(&config, order);
        let killed = match std::env::var_os("GARDEFOU_CANDLES").map(PathBuf::from) {
            Some(candles) if kills() > 50 => {
                let (_dir, cut) = recorded_year(&candles);
                let funding = ["--missing-funding", "0.0001"];
                torment(&cut, &[&more[..], &funding].concat())
            }
            Some(_) | None => torment(market(1_100).path(), &more),
        };
        println!("live, {order} entries: killed {killed} times");
    }
}

#[test]
fn a_live_daemon_whose_store_is_lost_takes_over_what_the_exchange_holds() {
    let (_config, config) = all_live();
    let feed = market(1_100);
    let (_dir, data) = nowhere();
    let more = options(&config, "limit");
    let before = until_held(feed.path(), &data, &more, 1);
    fs::remove_file(data.join(STORE_FILE)).expect("a store");
    let began = before.orders.len();
    let ended = done(feed.path(), &data, &more);
    assert_eq!(ended["ended"], "candles_ended");
    let after = audit::audit(&data.join(RECORD_FILE), END).expect("a record");
    assert!(after.bare_beyond(DEADLINE, END).next().is_none(), "what was held keeps its stop");
    // Switches and pauses are lost too: nothing is entered before a person has looked.
    let entry = |order: &&OrderLife| order.id.kind == OrderKind::Entry;
    assert_eq!(after.orders[began..].iter().filter(entry).count(), 0);
    assert_eq!(after.held, [], "what was held is closed by the cycle that took it over");
    let store = opened(&data);
    let snapshot = store.snapshot().expect("a view");
    let cycles: Vec<CycleRecord> =
        snapshot.rows().expect("rows").map(|row| row.expect("a row")).collect();
    assert_eq!(cycles.len(), before.held.len(), "{cycles:?}");
    let held = before.held[0].2;
    assert!(held.0 != 0 && cycles.iter().all(|cycle| cycle.opened < cycle.closed));
    let alerts = snapshot.rows::<AlertRecord>().expect("alerts");
    let paused = alerts.filter(|alert| {
        alert.as_ref().is_ok_and(|alert| alert.alert.text.contains("the store was lost"))
    });
    assert!(paused.count() > 0, "and people are told");
}

#[test]
fn inc_050_a_symbol_that_is_taken_out_while_it_is_held_is_managed_to_its_end() {
    let (_config, config) = all_live();
    let feed = market(1_100);
    let (_dir, data) = nowhere();
    let more = options(&config, "limit");
    let names = ["BTCUSDT", "ICPUSDT", "SOLUSDT"];
    let before = until_held(feed.path(), &data, &more, 1);
    let (_, symbol, _) = before.held[0];
    let name = names[usize::from(symbol.0)];
    let others: Vec<&str> = names.into_iter().filter(|other| *other != name).collect();
    let others = others.join(",");
    let began = before.orders.len();
    let ended = done(feed.path(), &data, &[&more[..], &["--symbols", &others]].concat());
    assert_eq!(ended["ended"], "candles_ended");
    let after = audited(&data);
    let entered = after.orders[began..]
        .iter()
        .filter(|order| order.id.symbol == symbol && order.id.kind == OrderKind::Entry);
    assert_eq!(entered.count(), 0, "nothing is entered on {name}");
    assert!(after.held.iter().all(|(_, held, _)| *held != symbol), "and it ends");
    assert!(after.orders[began..].iter().any(|order| order.id.symbol != symbol));
    let store = opened(&data);
    let snapshot = store.snapshot().expect("a view");
    let alerts = snapshot.rows::<AlertRecord>().expect("alerts");
    let told: Vec<String> = alerts
        .map(|alert| alert.expect("an alert").alert)
        .filter(|alert| alert.kind == "winding_down")
        .map(|alert| alert.text)
        .collect();
    assert!(told.iter().any(|text| text.contains("not in the configuration")), "{told:?}");
}

#[test]
fn what_cannot_change_under_live_books_is_refused() {
    let (_config, config) = all_live();
    let feed = market(600);
    let (_dir, data) = nowhere();
    let more = options(&config, "limit");
    done(feed.path(), &data, &[&more[..], &["--symbols", "BTCUSDT,ICPUSDT"]].concat());
    let words = ["symbol SOLUSDT is new", "another --data", "nothing was traded"];
    refused(&run(feed.path(), &data, &more), 3, &words);
    let other = options(&config, "market");
    let said = run(feed.path(), &data, &[&other[..], &["--symbols", "BTCUSDT,ICPUSDT"]].concat());
    refused(&said, 3, &["entry_order changed"]);
}

#[test]
fn the_result_of_a_session_is_the_sum_of_the_ledger_after_every_restart() {
    let (_config, config) = all_live();
    let feed = market(1_100);
    let (_dir, data) = nowhere();
    let more = options(&config, "limit");
    let mut days = 0;
    for day in (2..14).step_by(3) {
        let to = format!("2024-02-{day:02}");
        done(feed.path(), &data, &[&more[..], &["--to", &to]].concat());
        let audit = audited(&data);
        let store = opened(&data);
        let snapshot = store.snapshot().expect("a view");
        let fees: Decimal =
            snapshot.rows::<FillRecord>().expect("rows").map(|row| row.expect("a row").fee).sum();
        let funding: Decimal = snapshot
            .rows::<FundingRecord>()
            .expect("rows")
            .map(|row| row.expect("a row").amount)
            .sum();
        let gross: Decimal = snapshot
            .rows::<CycleRecord>()
            .expect("rows")
            .map(|row| {
                let row = row.expect("a row");
                row.net + row.fees - row.funding
            })
            .sum();
        let wallets: Decimal = audit.balances.iter().map(|cash| gardefou::store::usdt(*cash)).sum();
        let began = Decimal::from(CAPITAL) * Decimal::from(audit.balances.len());
        // A part of a cycle that is still open has no result yet.
        if audit.held.is_empty() {
            assert_eq!(wallets, began + gross - fees + funding, "day {day}");
            days += 1;
        }
    }
    assert!(days > 0, "something was held at the end of every day");
}

#[test]
fn live_books_and_paper_ones_do_not_share_a_store() {
    let feed = market(600);
    let (_dir, data) = nowhere();
    done(feed.path(), &data, &[]);
    let words = ["the books of this store are paper", "leave --live-mode out", "another --data"];
    refused(&run(feed.path(), &data, &["--live-mode", "--strategies", "grid_atr"]), 3, &words);
    let (_dir, data) = nowhere();
    done(feed.path(), &data, &["--live-mode"]);
    let words = ["the books of this store are live", "give --live-mode again"];
    refused(&run(feed.path(), &data, &[]), 3, &words);
    let said = run(feed.path(), &data, &["--live-mode", "--strategies", "supertrend"]);
    refused(&said, 3, &["a live strategy must be enabled and live_eligible"]);
}

#[test]
fn an_exchange_that_is_gone_is_told_and_nothing_is_made_anew() {
    let feed = market(600);
    let (_dir, data) = nowhere();
    let more = ["--live-mode", "--strategies", "grid_atr"];
    done(feed.path(), &data, &more);
    fs::remove_file(data.join(RECORD_FILE)).expect("a record");
    let words = ["exchange.record", "Bring it back", "nothing was changed"];
    refused(&run(feed.path(), &data, &more), 4, &words);
    assert!(!data.join(RECORD_FILE).exists());
}
