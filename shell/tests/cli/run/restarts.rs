//! Restarts in one process, hour by hour: ended, or fallen between deciding an hour and writing it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gardefou::config::{self, Settings};
use gardefou::control::protocol::{Reasoned, Release, Request as Asked};
use gardefou::control::{Ask, Reply};
use gardefou::daemon::{self, DaemonError, Ended, People, Progress, Request, Why};
use gardefou::ports::pace::Pace;
use gardefou::store::CycleRecord;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::bars;
use gardefou_core::venue::history::OnTrip;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::{ALL, ledger, nowhere, opened};
use crate::market;

fn settings() -> Settings {
    config::load_from(&config::shipped(), &std::collections::BTreeMap::new()).expect("shipped")
}

fn request(feed: &Path, data: &Path) -> Request {
    let market = gardefou::backtest::Request {
        candles: feed.to_path_buf(),
        funding: None,
        symbols: None,
        strategies: Some(ALL.split(',').map(str::to_owned).collect()),
        venue: None,
        from: None,
        to: None,
        detail: None,
        entry_order: None,
        on_trip: OnTrip::Resume,
        available_only: true,
        missing_funding: None,
        mode: gardefou_core::config::Mode::Paper,
    };
    Request {
        market,
        path: bars::Path::Pessimistic,
        data: data.to_path_buf(),
        pace: Pace::Max,
        every: 20,
        from_checkpoint: false,
        build: daemon::BUILD.into(),
    }
}

/// What is done to a run at an hour of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Asked to end.
    End(u64),
    /// Falls between deciding and writing.
    Fall(u64),
    /// Nothing.
    Never,
}

type Asks = Vec<(u64, Asked)>;

/// Runs until something happens; none when it fell.
fn go(request: &Request, at: At, asks: Asks) -> Option<Result<Ended, DaemonError>> {
    let ending = Cell::new(at == At::End(0));
    let (send, receive) = mpsc::channel(8);
    let mut replies = Vec::new();
    let mut progress = |progress: Progress| {
        let Progress::Running(hour, _) = progress else { return };
        for (_, asked) in asks.iter().filter(|(when, _)| *when == hour) {
            let (reply, answer) = oneshot::channel();
            let ask = Ask { request: asked.clone(), by: "tester".into(), reply };
            send.try_send(ask).unwrap_or_else(|_| panic!("the loop listens"));
            replies.push(answer);
        }
        match at {
            At::End(when) if hour >= when => ending.set(true),
            At::Fall(when) if hour >= when => std::panic::resume_unwind(Box::new("fallen")),
            At::End(_) | At::Fall(_) | At::Never => {}
        }
    };
    let stop = std::future::poll_fn(|_| match ending.get() {
        true => std::task::Poll::Ready("the test"),
        false => std::task::Poll::Pending,
    });
    let now = Timestamp(0);
    let ran = || {
        let people = People::Channel(receive);
        daemon::run(&settings(), request, now, people, stop, &mut progress)
    };
    let ended = catch_unwind(AssertUnwindSafe(ran)).ok();
    for mut reply in replies {
        let said = reply.try_recv().ok();
        assert!(ended.is_none() || matches!(said, Some(Reply::Changed(_))), "{said:?}");
    }
    ended
}

fn whole(request: &Request, asks: Asks) -> Ended {
    go(request, At::Never, asks).expect("not fallen").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_restart_at_every_hour_changes_nothing() {
    let feed = market(640);
    let (_a, undisturbed) = nowhere();
    let end = whole(&request(feed.path(), &undisturbed), Asks::new());
    assert_eq!(end.why, Why::CandlesEnded);
    let (_b, data) = nowhere();
    let request = request(feed.path(), &data);
    let mut fallen = 0;
    // The hours in which there is something to decide.
    for hour in 560..640 {
        let at = if hour % 3 == 0 { At::End(hour) } else { At::Fall(hour) };
        match go(&request, at, Asks::new()) {
            None => fallen += 1,
            Some(ended) => {
                let ended = ended.unwrap_or_else(|error| panic!("hour {hour}: {error}"));
                assert_eq!(ended.hours, hour);
            }
        }
    }
    assert!(fallen > 40, "{fallen}");
    let last = whole(&request, Asks::new());
    assert_eq!(last.state_hash, end.state_hash);
    assert_eq!(ledger(&data), ledger(&undisturbed));
    let store = opened(&data);
    let snapshot = store.snapshot().expect("a view");
    let cycles = snapshot.rows::<CycleRecord>().expect("rows").count();
    assert!(cycles > 0, "a market without a cycle tests nothing");
}

#[test]
fn what_people_asked_for_is_entered_again_at_its_place() {
    let feed = market(700);
    let kill = || Asked::Kill(Reasoned { book: None, reason: "a look at the market".into() });
    let release = || {
        let book = Some("grid_atr".into());
        Asked::Release(Release { book, global: None, reason: "checked".into() })
    };
    let asks = || vec![(590, kill()), (613, release()), (650, kill())];
    let (_a, undisturbed) = nowhere();
    let end = whole(&request(feed.path(), &undisturbed), asks());
    let (_b, data) = nowhere();
    let request = request(feed.path(), &data);
    // Checkpoints are at multiples of 20: each fall has a request between them and it.
    for (hour, asks) in [(595, vec![(590, kill())]), (618, vec![(613, release())])] {
        assert!(go(&request, At::Fall(hour), asks).is_none());
    }
    let last = whole(&request, vec![(650, kill())]);
    assert_eq!(last.state_hash, end.state_hash);
    assert_eq!(ledger(&data), ledger(&undisturbed));
    let (_c, quiet) = nowhere();
    let unasked = whole(&self::request(feed.path(), &quiet), Asks::new());
    assert_ne!(unasked.state_hash, end.state_hash, "the requests did something");
}

#[test]
fn another_build_forgets_nothing_that_a_person_asked_for() {
    let feed = market(640);
    let kill = || Asked::Kill(Reasoned { book: None, reason: "a look at the market".into() });
    let (_a, undisturbed) = nowhere();
    let end = whole(&request(feed.path(), &undisturbed), vec![(590, kill())]);
    let (_b, data) = nowhere();
    let mut request = request(feed.path(), &data);
    // Checkpoints are at multiples of 20: the request lies between one and the fall.
    assert!(go(&request, At::Fall(595), vec![(590, kill())]).is_none());
    request.build = "another".into();
    assert_eq!(whole(&request, Asks::new()).state_hash, end.state_hash);
}

/// A run that fell between two checkpoints, beside one that nothing disturbed.
struct Fallen {
    _dirs: [TempDir; 2],
    undisturbed: PathBuf,
    end: Ended,
    data: PathBuf,
    request: Request,
}

impl Fallen {
    fn new(feed: &Path) -> Self {
        let ((one, undisturbed), (two, data)) = (nowhere(), nowhere());
        let end = whole(&request(feed, &undisturbed), Asks::new());
        let request = request(feed, &data);
        assert!(go(&request, At::Fall(611), Asks::new()).is_none());
        Self { _dirs: [one, two], undisturbed, end, data, request }
    }
}

#[test]
fn another_build_takes_the_checkpoint_and_says_so() {
    let feed = market(640);
    let Fallen { _dirs, undisturbed, end, data, mut request } = Fallen::new(feed.path());
    request.build = "another".into();
    let last = whole(&request, Asks::new());
    assert_eq!(last.told.replayed, 0, "a journal of another build is not replayed");
    assert_eq!(last.state_hash, end.state_hash);
    // The same rows came again under the same keys: nothing is twice, nothing contradicts.
    let cut = |text: String| text.lines().filter(|l| !l.ends_with("steps")).count();
    assert!(last.seq > end.seq);
    assert_eq!(cut(ledger(&data)), cut(ledger(&undisturbed)));
    let replayed = daemon::replayed::replay(&data, Timestamp(0), "another").expect("replayed");
    assert_eq!((replayed.resumed, replayed.state_hash), (1, end.state_hash));
}

#[test]
fn a_run_that_went_back_to_its_checkpoint_is_replayed_by_the_same_build() {
    let feed = market(640);
    let Fallen { _dirs, end, data, mut request, .. } = Fallen::new(feed.path());
    request.from_checkpoint = true;
    // Ended before anything followed: the checkpoint that says so is written again.
    assert!(go(&request, At::End(0), Asks::new()).expect("not fallen").is_ok());
    request.from_checkpoint = false;
    assert!(go(&request, At::End(0), Asks::new()).expect("not fallen").is_ok());
    assert_eq!(whole(&request, Asks::new()).state_hash, end.state_hash);
    let replayed = daemon::replayed::replay(&data, Timestamp(0), daemon::BUILD).expect("replayed");
    assert_eq!((replayed.resumed, replayed.state_hash), (1, end.state_hash));
}

#[test]
fn before_the_first_hour_no_bar_has_been_heard() {
    let feed = market(640);
    let (_dir, data) = nowhere();
    let (send, receive) = mpsc::channel(1);
    let (reply, mut answer) = oneshot::channel();
    let ask = Ask { request: Asked::Status, by: "tester".into(), reply };
    send.try_send(ask).unwrap_or_else(|_| panic!("there is room"));
    let people = People::Channel(receive);
    let stop = std::future::pending();
    let request = request(feed.path(), &data);
    let ended = daemon::run(&settings(), &request, Timestamp(0), people, stop, &mut |_| {});
    assert!(ended.is_ok(), "{ended:?}");
    let Ok(Reply::Status(status)) = answer.try_recv() else { panic!("it was answered") };
    assert_eq!(status.feed_at, None);
}
