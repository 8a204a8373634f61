//! What each fact changes.

use super::line::{Asked, Line, Want};
use super::message::{Failure, FeedEvent, FeedNotice, FeedStep, Market};
use super::wire::Stream;
use super::{Feed, Turn};
use crate::event::Event;
use crate::ids::SymbolId;
use crate::market::Bar;
use crate::money::Ticks;
use crate::time::{Span, Timestamp};

/// The longest that a venue's wish for silence is granted.
const LONGEST_PAUSE: Span = Span::hours(1);

impl Feed {
    /// Books a fact; the answer is the price in it, if it holds one of now.
    pub(super) fn handle(
        &mut self,
        event: &FeedEvent,
        out: &mut FeedStep,
    ) -> Option<(SymbolId, Ticks)> {
        match event {
            FeedEvent::Started { markets } => self.start(markets, out),
            FeedEvent::StreamConnected => {
                self.stream.connected(self.now);
                self.cut_wires();
            }
            FeedEvent::StreamDisconnected => {
                self.stream.broke(self.now, &self.settings);
                self.cut_wires();
            }
            FeedEvent::Subscribed { symbol } => {
                let (line, turn) = self.line(*symbol, out)?;
                line.wire.acknowledged(turn.now);
            }
            FeedEvent::SubscribeRefused { symbol, why } => self.refused(*symbol, *why, out),
            FeedEvent::Candles { symbol, as_of, rows } => {
                return self.candles(*symbol, *as_of, rows, out);
            }
            FeedEvent::Price { symbol, at, price } => {
                return self.price(*symbol, *at, *price, out);
            }
            FeedEvent::Page { symbol, from, as_of, rows } => {
                return self.page(*symbol, *from, *as_of, rows, out);
            }
            FeedEvent::Failed { symbol, why } => self.failed(*symbol, *why, out),
            FeedEvent::Status { symbol, status } => {
                self.limited = 0;
                let (line, mut turn) = self.line(*symbol, out)?;
                line.status_came(&mut turn, *status);
            }
            FeedEvent::BarsWanted { symbol, from } => {
                self.line(*symbol, out)?.0.track.rewind(*from);
            }
            FeedEvent::TimePassed => {}
        }
        None
    }

    fn start(&mut self, markets: &[Market], out: &mut FeedStep) {
        let (now, span) = (self.now, self.timeframe.span());
        self.lines = markets.iter().map(|market| Line::new(market, span, now)).collect();
        self.lines.sort_by_key(|line| line.symbol);
        self.lines.dedup_by_key(|line| line.symbol);
        for market in markets {
            let Some(known) = market.known_until else { continue };
            let Some((line, _)) = self.line(market.symbol, out) else { continue };
            if known.0 >= 0 && known <= now && known.is_aligned(span) {
                line.track.resume(known);
            } else {
                // Nothing can be said of what the runners hold: they begin anew.
                out.events.push(Event::BarsLost { symbol: market.symbol });
            }
        }
        self.stream = Stream::new(now);
        self.started = now;
        self.replaying = true;
    }

    fn cut_wires(&mut self) {
        for line in &mut self.lines {
            line.wire.cut(self.now);
        }
    }

    fn refused(&mut self, symbol: SymbolId, why: Failure, out: &mut FeedStep) {
        let Some((line, Turn { now, settings, .. })) = self.line(symbol, out) else { return };
        line.wire.refused(now, settings);
        match why {
            Failure::Refused | Failure::UnknownMarket => line.doubt(),
            Failure::RateLimited { retry_after } => {
                let pause = retry_after.unwrap_or(settings.rate_limit.first);
                self.stream.batch_at = now + granted(pause);
            }
            Failure::Retryable => {}
        }
    }

    fn candles(
        &mut self,
        symbol: SymbolId,
        as_of: Timestamp,
        rows: &[Bar],
        out: &mut FeedStep,
    ) -> Option<(SymbolId, Ticks)> {
        let (line, mut turn) = self.line(symbol, out)?;
        let shown = line.show(&mut turn, as_of, rows);
        let now = turn.now;
        if shown.is_of_now {
            line.wire.heard(now);
            self.stream.heard(now);
        }
        Some((symbol, shown.price?))
    }

    fn price(
        &mut self,
        symbol: SymbolId,
        at: Timestamp,
        price: Ticks,
        out: &mut FeedStep,
    ) -> Option<(SymbolId, Ticks)> {
        let (line, mut turn) = self.line(symbol, out)?;
        let price = line.price(&mut turn, at, price)?;
        let now = turn.now;
        line.wire.heard(now);
        self.stream.heard(now);
        Some((symbol, price))
    }

    fn page(
        &mut self,
        symbol: SymbolId,
        from: Timestamp,
        as_of: Timestamp,
        rows: &[Bar],
        out: &mut FeedStep,
    ) -> Option<(SymbolId, Ticks)> {
        self.limited = 0;
        let (line, mut turn) = self.line(symbol, out)?;
        let shown = line.show(&mut turn, as_of, rows);
        // An answer that came after its time was up still shows bars, but answers nothing.
        let lost = match line.rest.asked {
            Some(Asked { what, .. }) => what
                .bars()
                .filter(|&(asked, _)| asked == from)
                .and_then(|(_, count)| line.answered(&turn, from, count, &shown)),
            None => None,
        };
        if let Some(hole) = lost {
            let delivered = !line.track.is_loading();
            turn.notices.push(line.track.lose(hole, turn.now));
            if delivered {
                out.events.push(Event::BarsLost { symbol });
            }
        }
        Some((symbol, shown.price?))
    }

    fn failed(&mut self, symbol: SymbolId, why: Failure, out: &mut FeedStep) {
        let Some((line, mut turn)) = self.line(symbol, out) else { return };
        match why {
            Failure::Retryable => line.failed(turn.now, turn.settings),
            Failure::Refused => {
                if line.rest.asked.is_some_and(|asked| asked.what != Want::Status) {
                    line.doubt();
                }
                line.failed(turn.now, turn.settings);
            }
            Failure::UnknownMarket => line.not_known(&mut turn),
            Failure::RateLimited { retry_after } => {
                line.rest.asked = None;
                self.pause(retry_after, out);
            }
        }
    }

    fn pause(&mut self, retry_after: Option<Span>, out: &mut FeedStep) {
        self.limited = self.limited.saturating_add(1);
        let ours = self.settings.rate_limit.delay(self.limited);
        let pause = retry_after.map_or(ours, |theirs| granted(theirs).max(ours));
        self.paused_until = self.paused_until.max(self.now + pause);
        out.notices.push(FeedNotice::RateLimited { until: self.paused_until });
    }
}

fn granted(pause: Span) -> Span {
    pause.clamp(Span(0), LONGEST_PAUSE)
}
