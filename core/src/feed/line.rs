//! One symbol: its bars, its wire, its requests, and what the venue says of it. The phase is read
//! off these facts; nothing has to remember to change it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::message::{FeedNotice, Market, MarketStatus, Phase, RowFault};
use super::settings::Settings;
use super::track::{Accepted, Missing, Track};
use super::wire::Wire;
use crate::event;
use crate::ids::SymbolId;
use crate::market::Bar;
use crate::money::Ticks;
use crate::time::{Span, Timestamp};

/// Failures in a row after which requests are not trusted to bring the next bar.
const UNTRUSTED: u32 = 3;

/// One symbol of the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) symbol: SymbolId,
    pub(super) track: Track,
    pub(super) wire: Wire,
    pub(super) rest: Rest,
    span: Span,
    status: MarketStatus,
    /// When something about now was received last, from whatever source.
    heard: Timestamp,
    /// Stale, and nothing was heard since then.
    stale: Option<Timestamp>,
    /// The venue's time of the last price that was passed on.
    priced: Timestamp,
    price_refused: bool,
    /// The last broken row that people were told of.
    broken: Option<(Timestamp, RowFault)>,
    phase: Phase,
    told: Option<event::Feed>,
}

/// Requests of one symbol: one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rest {
    /// What was asked and not answered yet.
    pub(super) asked: Option<Asked>,
    /// Nothing is asked before.
    pub(super) retry_at: Timestamp,
    /// Requests in a row that brought nothing new.
    vain: u32,
    /// Requests in a row that failed.
    failures: u32,
    /// Answers in a row that the market is not known.
    unknown: u32,
    /// When the last answer came.
    answered: Timestamp,
    /// Something suggests that the market does not trade.
    doubted: bool,
}

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) what: Want,
    pub(super) at: Timestamp,
}

/// What a symbol would ask for, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Want {
    /// Bars that closed and did not come.
    Bars { from: Timestamp, count: u32 },
    /// Bars of the past.
    History { from: Timestamp, count: u32 },
    /// What became of the market.
    Status,
    /// The bar in progress, because the stream does not show it.
    Poll { from: Timestamp, count: u32 },
}

impl Want {
    /// Open time of the first bar and their number, when bars are wanted.
    pub(super) fn bars(self) -> Option<(Timestamp, u32)> {
        match self {
            Self::Bars { from, count }
            | Self::History { from, count }
            | Self::Poll { from, count } => Some((from, count)),
            Self::Status => None,
        }
    }

    /// 0 is served first.
    pub(super) fn urgency(self) -> u8 {
        match self {
            Self::Bars { .. } => 0,
            Self::History { .. } => 1,
            Self::Status => 2,
            Self::Poll { .. } => 3,
        }
    }
}

/// What the functions of a line may touch.
pub(super) struct Turn<'a> {
    pub(super) now: Timestamp,
    pub(super) settings: &'a Settings,
    pub(super) notices: &'a mut Vec<FeedNotice>,
}

/// What one frame or page showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// Sound rows, by time.
    pub(super) rows: BTreeMap<Timestamp, Bar>,
    /// The newest is the bar in progress, or the one before it.
    pub(super) is_of_now: bool,
    /// At least one bar was not known before.
    pub(super) progress: bool,
    /// The close of the bar in progress.
    pub(super) price: Option<Ticks>,
}

impl Line {
    pub(super) fn new(market: &Market, span: Span, now: Timestamp) -> Self {
        let track = Track::cold(market.symbol, span, market.need, now);
        Self {
            symbol: market.symbol,
            track,
            wire: Wire::new(now),
            rest: Rest { retry_at: now, answered: now, ..Rest::default() },
            span,
            status: MarketStatus::Trading,
            heard: now,
            stale: None,
            priced: Timestamp(i64::MIN),
            price_refused: false,
            broken: None,
            phase: Phase::Loading,
            told: None,
        }
    }

    /// Open time of the first bar that is not due: the venue is given the time to settle a bar
    /// before it is asked for it.
    pub(super) fn due_end(&self, now: Timestamp, settings: &Settings) -> Timestamp {
        (now - settings.settle).floor(self.span)
    }

    /// What is missing, of the bars that are due.
    pub(super) fn missing(&self, now: Timestamp, settings: &Settings) -> Option<Missing> {
        self.track.missing(self.due_end(now, settings))
    }

    /// Takes the rows of one answer of the venue.
    ///
    /// A row is proven closed when the same answer holds a later row and the venue's time on it is
    /// `settle` past the row's end; or without a later row, `alone` past it. Two frames do not
    /// prove what one answer does: between the last revision of a bar and the first of the next,
    /// trades may be missing.
    pub(super) fn show(&mut self, turn: &mut Turn<'_>, as_of: Timestamp, rows: &[Bar]) -> Shown {
        let Turn { now, settings, .. } = *turn;
        let rows = self.sound(turn, rows);
        let mut shown = Shown { rows, ..Shown::default() };
        let Some((&newest, &last)) = shown.rows.last_key_value() else { return shown };
        if newest >= now.floor(self.span) - self.span {
            shown.is_of_now = true;
            self.heard = now;
            self.rest.unknown = 0;
            if self.status == MarketStatus::Unknown {
                self.set_status(turn, MarketStatus::Trading);
            }
        }
        for (&at, &bar) in &shown.rows {
            let patience = if at < newest { settings.settle } else { settings.alone };
            if as_of < at + self.span + patience {
                continue;
            }
            match self.track.accept(bar) {
                Accepted::Held => shown.progress = true,
                Accepted::Known => {}
                Accepted::Revised(was) => {
                    turn.notices.push(FeedNotice::Revised { symbol: self.symbol, was, is: bar });
                }
            }
        }
        if newest <= as_of && as_of < newest + self.span {
            shown.price = self.price(turn, as_of, last.close);
        }
        shown
    }

    /// The rows that are bars; of those that are none, the last is told once.
    fn sound(&mut self, turn: &mut Turn<'_>, rows: &[Bar]) -> BTreeMap<Timestamp, Bar> {
        let mut by_time: BTreeMap<Timestamp, Option<Bar>> = BTreeMap::new();
        let mut broken = None;
        for row in rows {
            if let Some(fault) = fault(row, self.span, turn.now + turn.settings.skew) {
                broken = Some((row.at, fault));
                continue;
            }
            let known = by_time.entry(row.at).or_insert(Some(*row));
            if *known != Some(*row) {
                *known = None;
                broken = Some((row.at, RowFault::Contradicted));
            }
        }
        if let Some((at, fault)) = broken
            && self.broken != broken
        {
            self.broken = broken;
            turn.notices.push(FeedNotice::Broken { symbol: self.symbol, at, fault });
        }
        by_time.into_iter().filter_map(|(at, row)| Some((at, row?))).collect()
    }

    /// Passes a price on, unless it is none, or not of now, or older than the last one (INC-105).
    pub(super) fn price(
        &mut self,
        turn: &mut Turn<'_>,
        at: Timestamp,
        price: Ticks,
    ) -> Option<Ticks> {
        let Turn { now, settings, .. } = *turn;
        let of_now = at >= now - settings.skew && at <= now + settings.skew;
        if !of_now || !price.is_positive() {
            if !self.price_refused {
                self.price_refused = true;
                turn.notices.push(FeedNotice::PriceRefused { symbol: self.symbol, at, price });
            }
            return None;
        }
        self.price_refused = false;
        self.heard = now;
        if at < self.priced {
            return None;
        }
        self.priced = at;
        Some(price)
    }

    /// An answer to the request for bars: what it means for those that are missing.
    pub(super) fn answered(
        &mut self,
        turn: &Turn<'_>,
        from: Timestamp,
        count: u32,
        shown: &Shown,
    ) -> Option<Missing> {
        let Turn { now, settings, .. } = *turn;
        self.rest.answered = now;
        self.rest.asked = None;
        let until = from + Span(self.span.0 * i64::from(count));
        if shown.rows.range(from..until).next().is_none() {
            self.failed(now, settings);
            return None;
        }
        self.rest.failures = 0;
        let Some(hole) = self.missing(now, settings) else {
            self.rest.vain = 0;
            self.rest.retry_at = now;
            return None;
        };
        let covered = from <= hole.last && hole.first < until;
        if shown.progress || !covered {
            self.rest.vain = 0;
            self.rest.retry_at = now;
        } else {
            self.wait(now, settings);
        }
        let denied = !shown.rows.contains_key(&hole.last)
            && shown.rows.range(hole.last..).next_back().is_some();
        let asked = from <= hole.last && hole.last < until;
        (asked && denied && self.track.deny(hole, now, settings)).then_some(hole)
    }

    /// A request failed, or was not answered in time.
    pub(super) fn failed(&mut self, now: Timestamp, settings: &Settings) {
        self.rest.asked = None;
        self.rest.failures = self.rest.failures.saturating_add(1);
        self.wait(now, settings);
    }

    fn wait(&mut self, now: Timestamp, settings: &Settings) {
        self.rest.vain = self.rest.vain.saturating_add(1);
        self.rest.retry_at = now + settings.retry.delay(self.rest.vain);
    }

    /// The venue says that it does not know the market.
    pub(super) fn not_known(&mut self, turn: &mut Turn<'_>) {
        self.rest.asked = None;
        self.set_status(turn, MarketStatus::Unknown);
        self.rest.unknown = self.rest.unknown.saturating_add(1);
        self.rest.retry_at = turn.now + turn.settings.unknown.delay(self.rest.unknown);
    }

    /// The venue says something of the market.
    pub(super) fn status_came(&mut self, turn: &mut Turn<'_>, status: MarketStatus) {
        if self.rest.asked.is_some_and(|asked| asked.what == Want::Status) {
            self.rest.asked = None;
            self.rest.failures = 0;
        }
        match status {
            MarketStatus::Unknown => self.not_known(turn),
            MarketStatus::Suspended | MarketStatus::Maintenance => {
                self.set_status(turn, status);
                self.rest.retry_at = turn.now + turn.settings.suspended;
            }
            MarketStatus::Trading => self.set_status(turn, status),
        }
    }

    fn set_status(&mut self, turn: &mut Turn<'_>, is: MarketStatus) {
        let was = core::mem::replace(&mut self.status, is);
        if was != is {
            turn.notices.push(FeedNotice::Status { symbol: self.symbol, was, is });
            self.rest.retry_at = turn.now;
        }
    }

    /// Something suggests that the market does not trade: the venue is asked.
    pub(super) fn doubt(&mut self) {
        self.rest.doubted = true;
    }

    /// Takes down what was not answered in time, and notes silence.
    pub(super) fn expire(&mut self, turn: &mut Turn<'_>) {
        let Turn { now, settings, .. } = *turn;
        self.wire.expire(now, settings);
        if self.rest.asked.is_some_and(|asked| asked.at + settings.answer <= now) {
            self.failed(now, settings);
        }
        if self.stale.is_none() && self.heard + settings.stale <= now {
            let (symbol, since) = (self.symbol, self.heard);
            self.stale = Some(since);
            self.doubt();
            turn.notices.push(FeedNotice::Stale { symbol, since, age: now - since });
        }
    }

    /// The most urgent request that may be sent now.
    pub(super) fn want(&self, now: Timestamp, settings: &Settings) -> Option<Want> {
        if self.rest.asked.is_some() || now < self.rest.retry_at {
            return None;
        }
        if self.status != MarketStatus::Trading || self.rest.doubted {
            return Some(Want::Status);
        }
        if let Some(hole) = self.missing(now, settings) {
            let tail = self.track.is_loading() || self.rest.vain % 2 == 1;
            let (from, count) = self.track.request(hole, tail, settings.page);
            return Some(if self.track.is_loading() {
                Want::History { from, count }
            } else {
                Want::Bars { from, count }
            });
        }
        (self.polls_at(settings)? <= now).then(|| {
            let from = now.floor(self.span) - self.span;
            Want::Poll { from: from.max(Timestamp(0)), count: 2 }
        })
    }

    fn polls_at(&self, settings: &Settings) -> Option<Timestamp> {
        (!self.wire.is_live()).then(|| self.rest.answered + settings.poll)
    }

    /// A request was sent.
    pub(super) fn asked(&mut self, asked: Asked) {
        self.rest.asked = Some(asked);
        if asked.what == Want::Status {
            self.rest.doubted = false;
        }
    }

    /// True when the stream is wanted for this market.
    pub(super) fn wants_stream(&self) -> bool {
        self.status != MarketStatus::Unknown
    }

    fn overdue_at(&self, now: Timestamp, settings: &Settings) -> Option<Timestamp> {
        let hole = self.missing(now, settings)?;
        Some(hole.first + self.span + settings.settle + settings.overdue)
    }

    fn phase_now(&self, now: Timestamp, settings: &Settings) -> Phase {
        match self.status {
            MarketStatus::Unknown => Phase::Unknown,
            MarketStatus::Suspended | MarketStatus::Maintenance => Phase::Suspended,
            MarketStatus::Trading if self.track.is_loading() => Phase::Loading,
            MarketStatus::Trading if self.is_overdue(now, settings) => Phase::Recovering,
            MarketStatus::Trading if self.wire.is_live() => Phase::Streaming,
            MarketStatus::Trading if self.rest.failures < UNTRUSTED => Phase::Polling,
            MarketStatus::Trading => Phase::Recovering,
        }
    }

    fn is_overdue(&self, now: Timestamp, settings: &Settings) -> bool {
        self.overdue_at(now, settings).is_some_and(|at| at <= now)
    }

    /// Tells people what changed; the answer is what the engine must be told.
    pub(super) fn tell(&mut self, turn: &mut Turn<'_>) -> Option<event::Feed> {
        let Turn { now, settings, .. } = *turn;
        let symbol = self.symbol;
        if let Some(since) = self.stale
            && self.heard > since
        {
            self.stale = None;
            turn.notices.push(FeedNotice::Fresh { symbol, silent: self.heard - since });
        }
        let end = self.due_end(now, settings);
        turn.notices.extend(self.track.tell_gap(end));
        let is = self.phase_now(now, settings);
        let was = core::mem::replace(&mut self.phase, is);
        if was != is {
            turn.notices.push(FeedNotice::Phase { symbol, was, is });
            if is == Phase::Recovering {
                self.doubt();
            }
        }
        let state = if is.expects_bars() { event::Feed::Streaming } else { event::Feed::Silent };
        (self.told.replace(state) != Some(state)).then_some(state)
    }

    /// When something is to be done, the stream's own deadlines included.
    pub(super) fn deadlines(&self, now: Timestamp, settings: &Settings) -> [Timestamp; 7] {
        let never = Timestamp(i64::MAX);
        let close = (now - settings.settle).floor(self.span) + self.span;
        [
            self.wire.due(settings),
            self.rest.asked.map_or(never, |asked| asked.at + settings.answer),
            self.rest.retry_at,
            self.polls_at(settings).unwrap_or(never),
            if self.stale.is_some() { never } else { self.heard + settings.stale },
            self.overdue_at(now, settings).unwrap_or(never),
            (close + settings.settle).min(now.floor(self.span) + self.span),
        ]
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn is_trading(&self) -> bool {
        self.status == MarketStatus::Trading
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale.is_some()
    }

    pub(super) fn heard(&self) -> Timestamp {
        self.heard
    }
}

fn fault(row: &Bar, span: Span, latest: Timestamp) -> Option<RowFault> {
    if row.at > latest {
        return Some(RowFault::Future);
    }
    if row.at.0 < 0 || !row.at.is_aligned(span) {
        return Some(RowFault::Misaligned);
    }
    row.check().err().map(RowFault::from)
}
