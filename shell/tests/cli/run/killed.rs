//! The real binary, killed with SIGKILL again and again until it has finished: the same ledger as
//! the run that nobody disturbed.
//!
//! `GARDEFOU_KILLS` says how often; with `GARDEFOU_CANDLES` it is done over a recorded year.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::{ALL, done, ledger, nowhere, recorded_year, spawned};
use crate::market;

/// A small generator: the moments are the same in every run of the test.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end.max(1)
    }
}

/// Starts the daemon and kills it after a number of lines of its log; whether it was still there.
pub(super) fn killed_after(lines: u64, feed: &Path, data: &Path, more: &[&str]) -> bool {
    let mut child = spawned(feed, data, more);
    let pipe = child.stderr.take().expect("a pipe");
    let mut log = BufReader::new(pipe).lines();
    let mut seen = 0;
    while seen < lines && log.next().is_some_and(|line| line.is_ok()) {
        seen += 1;
    }
    child.kill().expect("SIGKILL, or it has ended");
    let status = child.wait().expect("it ends");
    assert!(status.success() || status.code().is_none(), "{status}");
    !status.success()
}

pub(super) fn kills() -> u64 {
    std::env::var("GARDEFOU_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// Kills until the run has finished; the ledgers are equal. How often it was killed.
fn torment(feed: &Path, hours: u64, more: &[&str]) -> u64 {
    let (_whole_dir, whole) = nowhere();
    let undisturbed = done(feed, &whole, more);
    let (_dir, data) = nowhere();
    let mut chance = Chance(2_024);
    let wanted = kills();
    // Each kill comes after this many rounds on average: the last ones are near the end.
    let mean = (hours / (wanted + 1)).max(1);
    let mut done_kills = 0;
    // An hour takes a moment, so that the log is not far behind what is decided.
    let slowly = [more, &["--pace", "1h=1ms"]].concat();
    while done_kills < wanted {
        // The first lines are those of opening and recovering: these are moments too.
        if !killed_after(chance.below(2 * mean), feed, &data, &slowly) {
            break;
        }
        done_kills += 1;
    }
    let ended = done(feed, &data, more);
    assert!(done_kills * 2 >= wanted, "killed only {done_kills} times");
    assert_eq!(ended["state_hash"], undisturbed["state_hash"]);
    assert_eq!(ended["step"], undisturbed["step"]);
    assert_eq!(ledger(&data), ledger(&whole));
    done_kills
}

#[test]
fn a_daemon_killed_at_random_moments_leaves_the_ledger_of_one_that_was_not() {
    for order in ["limit", "market"] {
        let more = ["--strategies", ALL, "--entry-order", order, "--checkpoint-hours", "50"];
        let killed = match std::env::var_os("GARDEFOU_CANDLES").map(PathBuf::from) {
            Some(candles) if kills() > 50 => {
                let (_dir, cut) = recorded_year(&candles);
                let funding = ["--missing-funding", "0.0001", "--checkpoint-hours", "168"];
                torment(&cut, 8_760 + 1_200, &[&more[..4], &funding].concat())
            }
            Some(_) | None => torment(market(1_100).path(), 1_100, &more),
        };
        println!("{order} entries: killed {killed} times");
    }
}
