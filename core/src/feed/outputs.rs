//! What follows from the facts: bars leave, phases are told, the stream is kept up, requests are
//! sent as far as their pace allows.

use alloc::vec::Vec;

use super::Feed;
use super::line::{Asked, Turn, Want};
use super::message::{FeedCommand, FeedNotice, FeedStep};
use super::track::Delivery;
use crate::event::Event;
use crate::ids::SymbolId;
use crate::money::Ticks;
use crate::time::Timestamp;

impl Feed {
    pub(super) fn expire(&mut self, out: &mut FeedStep) {
        let mut turn = Turn { now: self.now, settings: &self.settings, notices: &mut out.notices };
        for line in &mut self.lines {
            line.expire(&mut turn);
        }
    }

    /// Lets bars go: history first, then closes, the earliest of all symbols first.
    pub(super) fn deliver(&mut self, out: &mut FeedStep) {
        self.replaying = self.replaying && self.awaits_missed_bars();
        let mut delivery = Delivery::default();
        for line in &mut self.lines {
            let end = line.due_end(self.now, &self.settings);
            line.track.deliver(self.now, end, self.replaying, &mut delivery);
        }
        out.events.append(&mut delivery.history);
        delivery.closed.sort_by_key(|&(at, symbol, _)| (at, symbol));
        let closed = delivery.closed.into_iter();
        out.events.extend(closed.map(|(_, symbol, bar)| Event::BarClosed { symbol, bar }));
    }

    /// True while bars of before the start are missing of a symbol that goes on after a restart,
    /// and patience lasts: symbols are replayed close by close, not one after the other.
    fn awaits_missed_bars(&self) -> bool {
        let until = self.started.floor(self.timeframe.span());
        self.now < self.started + self.settings.replay
            && self.lines.iter().any(|line| {
                line.is_trading() && !line.track.is_loading() && line.track.missing(until).is_some()
            })
    }

    /// A price of now does not meet a state of the past: it waits for the history before it, but
    /// not longer than `replay`, as exits need it.
    pub(super) fn pass(&self, price: Option<(SymbolId, Ticks)>, out: &mut FeedStep) {
        let Some((symbol, price)) = price else { return };
        let Some(line) = self.index(symbol).and_then(|index| self.lines.get(index)) else { return };
        let caught_up = !self.replaying && !line.track.is_loading();
        if caught_up || self.started + self.settings.replay <= self.now {
            out.events.push(Event::PriceMoved { book: None, symbol, price });
        }
    }

    pub(super) fn tell(&mut self, out: &mut FeedStep) {
        let up = self.stream.talks();
        if core::mem::replace(&mut self.stream.told_up, up) != up {
            out.notices.push(FeedNotice::Stream { up });
        }
        let mut turn = Turn { now: self.now, settings: &self.settings, notices: &mut out.notices };
        for line in &mut self.lines {
            if let Some(feed) = line.tell(&mut turn) {
                out.events.push(Event::FeedChanged { symbol: line.symbol, feed });
            }
        }
    }

    pub(super) fn connect(&mut self, out: &mut FeedStep) {
        let idle = !self.lines.iter().any(super::Line::wants_stream);
        if !self.lines.is_empty() && self.stream.must_connect(self.now, idle, &self.settings) {
            out.commands.push(FeedCommand::Connect);
        }
    }

    /// Sends the next subscribe message: the symbols that wait longest.
    pub(super) fn subscribe(&mut self, out: &mut FeedStep) {
        let (now, settings) = (self.now, &self.settings);
        if !self.stream.is_up() || self.stream.ready_at(settings) > now {
            return;
        }
        let waiting = self.lines.iter().filter(|line| line.wants_stream()).filter_map(|line| {
            let since = line.wire.wanted_at().filter(|&at| at <= now)?;
            Some((since, line.symbol))
        });
        let mut symbols: Vec<(Timestamp, SymbolId)> = waiting.collect();
        symbols.sort_unstable();
        symbols.truncate(settings.batch.max(1) as usize);
        if symbols.is_empty() {
            return;
        }
        self.stream.meter.take(settings.subscribes, now);
        self.stream.batch_at = now + settings.batch_pause;
        let symbols: Vec<SymbolId> = symbols.into_iter().map(|(_, symbol)| symbol).collect();
        let mut leftovers = Vec::new();
        for line in self.lines.iter_mut().filter(|line| symbols.contains(&line.symbol)) {
            if line.wire.has_leftover() {
                leftovers.push(line.symbol);
            }
            line.wire.sent(now);
        }
        if !leftovers.is_empty() {
            out.commands.push(FeedCommand::Unsubscribe { symbols: leftovers });
        }
        out.commands.push(FeedCommand::Subscribe { symbols });
    }

    /// Sends requests, the most urgent first and of those the one that waited longest.
    pub(super) fn ask(&mut self, out: &mut FeedStep) {
        let (now, settings) = (self.now, &self.settings);
        if self.paused_until > now || self.requests.ready_at(settings.requests) > now {
            return;
        }
        let under_way = self.lines.iter().filter(|line| line.rest.asked.is_some()).count();
        let free = (settings.in_flight.max(1) as usize).saturating_sub(under_way);
        let wants = self.lines.iter().enumerate().filter_map(|(index, line)| {
            let want = line.want(now, settings)?;
            Some((want.urgency(), line.rest.retry_at, index, want))
        });
        let mut wants: Vec<_> = wants.collect();
        wants.sort_unstable_by_key(|&(urgency, since, index, _)| (urgency, since, index));
        for (.., index, want) in wants.into_iter().take(free) {
            if self.requests.ready_at(settings.requests) > now {
                return;
            }
            let Some(line) = self.lines.get_mut(index) else { return };
            self.requests.take(settings.requests, now);
            line.asked(Asked { what: want, at: now });
            out.commands.push(command(line.symbol, want));
        }
    }

    /// The next time at which something is to be done. What is due already waits for an answer or
    /// a pace, whose times are among them.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        let settings = &self.settings;
        let shared = [
            self.stream.due(settings),
            self.stream.ready_at(settings),
            self.requests.ready_at(settings.requests),
            self.paused_until,
            self.started + settings.replay,
        ];
        let own = self.lines.iter().flat_map(|line| line.deadlines(self.now, settings));
        let following = !self.lines.is_empty();
        own.chain(shared).filter(|&at| following && at > self.now && at.0 < i64::MAX).min()
    }
}

fn command(symbol: SymbolId, want: Want) -> FeedCommand {
    match want.bars() {
        Some((from, count)) => FeedCommand::FetchBars { symbol, from, count },
        None => FeedCommand::FetchStatus { symbol },
    }
}
