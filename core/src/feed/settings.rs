//! Every threshold of the feed, with its source. The exchange's printed limits are those of
//! Bitget's public endpoints and public stream, V2 and V3.

use serde::{Deserialize, Serialize};

use super::pace::{Backoff, Pace};
use crate::time::Span;

/// What the feed measures against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Bars of one request, 3 or more. 200: the most that `history-candles` gives (V2; the recent
    /// endpoint gives 1000, V3's history 100).
    pub page: u32,
    /// Requests that may be under way at once.
    pub in_flight: u32,
    /// Pace of requests. The exchange allows 20 a second for each endpoint and address; 15 a
    /// second after 5 at once never exceeds that in any second, and asks for the bars of 28
    /// symbols within 1.6 s, hence within the patience of a round.
    pub requests: Pace,
    /// A request that was not answered for so long has failed.
    pub answer: Span,
    /// Symbols of one subscribe message: two channels each make the 10 arguments that were never
    /// seen to close a socket (25 were).
    pub batch: u32,
    /// Time between two subscribe messages; 10 messages a second are allowed, one a second is
    /// what streamed 150 channels without a gap.
    pub batch_pause: Span,
    /// Pace of subscribe messages: 240 an hour are allowed.
    pub subscribes: Pace,
    /// A subscription that was not acknowledged for so long has failed; 6 to 9 s were seen.
    pub acknowledge: Span,
    /// A connection that was not made for so long has failed.
    pub connect: Span,
    /// How long after its end a row may still change, when the same answer holds a later row. The
    /// exchange's rows are to be trusted 1 to 2 s after the boundary; this is also when a bar is
    /// asked for that the stream did not prove.
    pub settle: Span,
    /// The same for a row without a later one: nothing was traded since, or the answer lags.
    pub alone: Span,
    /// Largest difference between the exchange's clock and ours. Rows and prices beyond it are
    /// refused, so that an old trade (the stream replays about 50 at each subscription) never
    /// counts as the price of now (INC-105).
    pub skew: Span,
    /// A stream that was silent for so long is taken for dead: requests take over. Tickers come
    /// several times a second, candles once a second while there is trade.
    pub silence: Span,
    /// A symbol of which nothing was received for so long, from whatever source, is stale
    /// (INC-001).
    pub stale: Span,
    /// Time between two requests of a symbol whose stream is silent.
    pub poll: Span,
    /// A bar that is missing for so long after its close means that the next one cannot be
    /// expected either.
    pub overdue: Span,
    /// Between requests that bring nothing new, or fail.
    pub retry: Backoff,
    /// Between subscriptions of a symbol that stays silent; 28 symbols of which none talks stay
    /// below the allowed 240 messages an hour.
    pub resubscribe: Backoff,
    /// Between connections that stay silent or break; 300 in five minutes are allowed.
    pub reconnect: Backoff,
    /// After each answer that says too many requests; the exchange locks an address out for five
    /// minutes.
    pub rate_limit: Backoff,
    /// Between questions for a market that the venue does not know.
    pub unknown: Backoff,
    /// Between questions for a market that is suspended.
    pub suspended: Span,
    /// How long the venue must show later bars, but not the missing ones, before they are lost.
    /// A loss costs weeks of warm-up, a wait nothing: entries are blocked either way.
    pub lost_after: Span,
    /// And how often at least.
    pub lost_votes: u32,
    /// How long the bars that were missed while the process was down are collected from all
    /// symbols, so that they are replayed close by close. Prices wait as long at most.
    pub replay: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page: 200,
            in_flight: 8,
            requests: Pace { every: Span(67), burst: 5 },
            answer: Span::seconds(15),
            batch: 5,
            batch_pause: Span::seconds(1),
            subscribes: Pace { every: Span::seconds(20), burst: 60 },
            acknowledge: Span::seconds(15),
            connect: Span::seconds(30),
            settle: Span::seconds(2),
            alone: Span::seconds(3),
            skew: Span::seconds(10),
            silence: Span::seconds(60),
            stale: Span::seconds(300),
            poll: Span::seconds(30),
            overdue: Span::seconds(60),
            retry: Backoff { first: Span::seconds(1), longest: Span::seconds(60) },
            resubscribe: Backoff { first: Span::seconds(5), longest: Span::seconds(300) },
            reconnect: Backoff { first: Span::seconds(1), longest: Span::seconds(60) },
            rate_limit: Backoff { first: Span::seconds(5), longest: Span::seconds(300) },
            unknown: Backoff { first: Span::seconds(60), longest: Span::seconds(900) },
            suspended: Span::seconds(60),
            lost_after: Span::seconds(600),
            lost_votes: 5,
            replay: Span::seconds(30),
        }
    }
}
