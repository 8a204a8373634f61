//! A close that meets bars in which nothing trades: what a close decided is decided anew, what a
//! switch or an emergency decided is tried again until it is through (rule 12, INC-122).

use gardefou_core::config::{OnKill, Params};
use gardefou_core::event::{Event, Feed, Request};
use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use gardefou_core::notice::{FillReason, Notice};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{History, OnTrip};
use gardefou_world::case::START;
use gardefou_world::driver::HOUR;
use gardefou_world::parity::Recorder;

use crate::small::{self, A, BOOK};

/// One symbol, hour by hour.
struct Hours {
    history: History<Recorder>,
    at: Timestamp,
}

impl Hours {
    /// Warm at 10 000 with a range of 100: the levels are 9 900, 9 800 and 9 700.
    fn new(policy: OnKill) -> Self {
        let mut config = small::config(&Params::Grid(small::grid()));
        config.risk.on_kill = policy;
        let history = History::new(config, Path::Pessimistic, OnTrip::Stop, Recorder::default());
        let mut hours = Self { history, at: START };
        hours.history.feed(START, A, Feed::Streaming);
        for _ in 0..500 {
            hours.hour(10_000, 10_050, 9_950);
        }
        hours
    }

    fn bar(&mut self, open: i64, high: i64, low: i64, traded: bool) {
        let [open, high, low] = [open, high, low].map(Ticks);
        let bar = Bar { at: self.at, open, high, low, close: open, traded };
        self.history.round(&[(A, bar)], HOUR);
        self.at = self.at + HOUR;
    }

    fn hour(&mut self, open: i64, high: i64, low: i64) {
        self.bar(open, high, low, true);
    }

    fn silence(&mut self, price: i64) {
        self.bar(price, price, price, false);
        // What is due between two bars.
        self.history.tell(self.at + Span::seconds(60), &Event::TimePassed);
    }

    fn kill(&mut self) {
        let request = Request::Kill { book: Some(BOOK), reason: "test".into() };
        let event = Event::RequestMade { request, by: "tester".into() };
        self.history.tell(self.at, &event);
    }

    fn is_open(&self) -> bool {
        self.history.engine().lane(BOOK, A).is_some_and(|lane| lane.cycle.is_some())
    }

    fn closes(&self) -> Vec<(FillReason, Timestamp)> {
        let close = |(_, notice): &(Timestamp, Notice)| {
            if let Notice::CycleClosed(result) = notice {
                Some((result.reason, result.closed))
            } else {
                None
            }
        };
        self.history.sink().notices.iter().filter_map(close).collect()
    }
}

#[test]
fn a_flatten_that_meets_silence_is_tried_again_until_it_is_through() {
    let mut hours = Hours::new(OnKill::Flatten);
    hours.hour(9_960, 9_970, 9_880);
    assert!(hours.is_open());
    hours.kill();
    for _ in 0..3 {
        hours.silence(9_940);
        assert!(hours.is_open(), "nothing traded");
        let lane = hours.history.engine().lane(BOOK, A).expect("a lane");
        assert!(lane.close.is_some_and(|close| close.id.is_some()), "it is sent again");
        assert!(lane.protection.working.is_some(), "the stop stays meanwhile");
    }
    let at = hours.at;
    hours.hour(9_940, 9_950, 9_930);
    assert_eq!(hours.closes(), [(FillReason::KillSwitch, at)], "at the first open that trades");
}

#[test]
fn a_close_decided_before_silence_is_decided_anew_at_its_end() {
    // The target is met by the close at first, and not any more after the silence.
    for (after, closed) in [(9_900, false), (10_100, true)] {
        let mut hours = Hours::new(OnKill::CancelEntries);
        hours.hour(9_960, 9_970, 9_880);
        assert!(hours.is_open());
        // Pessimistic: no target in the bar of an entry, although the close is beyond it.
        let [open, high, low, close] = [9_880, 10_010, 9_750, 10_000].map(Ticks);
        let decided = Bar { at: hours.at, open, high, low, close, traded: true };
        hours.history.round(&[(A, decided)], HOUR);
        hours.at = hours.at + HOUR;
        assert!(hours.is_open());
        let lane = hours.history.engine().lane(BOOK, A).expect("a lane");
        assert!(lane.close.is_some(), "decided at the close");
        hours.silence(after);
        assert!(hours.is_open());
        hours.hour(9_900, 9_910, 9_895);
        assert_eq!(!hours.closes().is_empty(), closed, "a close at {after}");
    }
}
