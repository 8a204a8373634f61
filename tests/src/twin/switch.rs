//! The two kill switches of a history run and their simulated operator.

use super::book::Book;
use super::number::{int, percent};
use super::types::{Input, Kind, OnTrip, Q, Trip};

const DAY_MS: i64 = 86_400_000;

/// A new UTC day begins with the balance that the last one left.
pub fn roll_session(book: &mut Book<'_>, open_ms: i64) {
    let day = open_ms.div_euclid(DAY_MS);
    if day > book.session_day {
        book.session_day = day;
        book.session_base = book.balance.clone();
    }
}

/// Releases or evaluates the session switch of a book at the close of a round.
pub fn session(book: &mut Book<'_>, now: i64) {
    if let Some(until) = book.latched_until {
        if now >= until {
            book.latched_until = None;
            book.session_base = book.balance.clone();
        }
        return;
    }
    let limit = match book.strategy.kind {
        Kind::Supertrend => &book.input.session_loss_percent_mono,
        Kind::GridAtr | Kind::GridMultiTf => &book.input.session_loss_percent_grid,
    };
    let loss = &book.session_base - &book.balance;
    if loss > int(0) && loss >= percent(limit) * &book.session_base {
        let midnight = (now.div_euclid(DAY_MS) + 1) * DAY_MS;
        book.latched_until = Some(release_at(book.input, midnight));
        let scope = book.strategy.name.clone();
        book.trips.push(Trip { ms: now, scope, kind: "session".to_owned() });
    }
}

fn release_at(input: &Input, when: i64) -> i64 {
    if input.on_trip == OnTrip::Stop { i64::MAX } else { when }
}

/// Equity of all books in a sliding window.
#[derive(Debug, Default)]
pub struct Global {
    samples: Vec<(i64, Q)>,
    latched_until: Option<i64>,
}

impl Global {
    /// A first sample before anything happened.
    pub fn start(&mut self, now: i64, equity: Q) {
        self.samples.push((now, equity));
    }

    /// No entry anywhere.
    pub fn latched(&self) -> bool {
        self.latched_until.is_some()
    }

    /// Releases, or samples and evaluates; the trip, if there is one.
    pub fn round(&mut self, input: &Input, now: i64, equity: Q) -> Option<Trip> {
        if let Some(until) = self.latched_until {
            if now >= until {
                self.latched_until = None;
                self.samples = vec![(now, equity)];
            }
            return None;
        }
        self.samples.retain(|(ms, _)| *ms >= now - input.global_window_ms);
        self.samples.push((now, equity.clone()));
        let peak = self.samples.iter().map(|(_, e)| e).max().cloned()?;
        let fall = &peak - equity;
        if fall <= int(0) || fall < percent(&input.global_loss_percent) * peak {
            return None;
        }
        self.latched_until = Some(release_at(input, now + DAY_MS));
        Some(Trip { ms: now, scope: "global".to_owned(), kind: "global".to_owned() })
    }
}
