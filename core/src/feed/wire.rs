//! The stream: one connection, and on it one wire a symbol. A wire that stays silent is taken
//! down and laid anew, whatever it was before (INC-019); a connection on which nothing at all is
//! heard is replaced.

use serde::{Deserialize, Serialize};

use super::pace::Meter;
use super::settings::Settings;
use crate::time::Timestamp;

/// The subscription of one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wire {
    state: Subscription,
    /// When this subscription delivered something last; a subscription that delivered nothing
    /// is not up, acknowledged or not (INC-021).
    heard: Option<Timestamp>,
    /// Subscriptions that failed since something was heard.
    failures: u32,
    /// The venue may still hold the last subscription.
    leftover: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Subscription {
    /// There is none; the next attempt is due then.
    None { retry_at: Timestamp },
    /// It was sent.
    Sent { at: Timestamp },
    /// It was acknowledged, or proved itself by delivering.
    Stands { since: Timestamp },
}

impl Wire {
    pub(super) fn new(now: Timestamp) -> Self {
        let state = Subscription::None { retry_at: now };
        Self { state, heard: None, failures: 0, leftover: false }
    }

    /// The connection is another one: nothing stands on it.
    pub(super) fn cut(&mut self, now: Timestamp) {
        *self = Self { failures: self.failures, ..Self::new(now) };
    }

    pub(super) fn sent(&mut self, now: Timestamp) {
        self.state = Subscription::Sent { at: now };
        self.leftover = false;
    }

    pub(super) fn acknowledged(&mut self, now: Timestamp) {
        if matches!(self.state, Subscription::Sent { .. }) {
            self.state = Subscription::Stands { since: now };
        }
    }

    pub(super) fn heard(&mut self, now: Timestamp) {
        if !matches!(self.state, Subscription::Stands { .. }) {
            self.state = Subscription::Stands { since: now };
        }
        self.heard = Some(now);
        self.failures = 0;
    }

    pub(super) fn refused(&mut self, now: Timestamp, settings: &Settings) {
        self.fail(now, settings);
        self.leftover = false;
    }

    fn fail(&mut self, now: Timestamp, settings: &Settings) {
        self.failures = self.failures.saturating_add(1);
        let retry_at = now + settings.resubscribe.delay(self.failures);
        self.state = Subscription::None { retry_at };
        self.heard = None;
        self.leftover = true;
    }

    /// Takes down what was not acknowledged, or is silent, for too long.
    pub(super) fn expire(&mut self, now: Timestamp, settings: &Settings) {
        if self.deadline(settings).is_some_and(|deadline| deadline <= now) {
            self.fail(now, settings);
        }
    }

    fn deadline(&self, settings: &Settings) -> Option<Timestamp> {
        match self.state {
            Subscription::None { .. } => None,
            Subscription::Sent { at } => Some(at + settings.acknowledge),
            Subscription::Stands { since } => {
                Some(self.heard.unwrap_or(since).max(since) + settings.silence)
            }
        }
    }

    /// When something is to be done about it.
    pub(super) fn due(&self, settings: &Settings) -> Timestamp {
        match self.state {
            Subscription::None { retry_at } => retry_at,
            Subscription::Sent { .. } | Subscription::Stands { .. } => {
                self.deadline(settings).unwrap_or_default()
            }
        }
    }

    /// When the next subscription may be sent, if none stands.
    pub(super) fn wanted_at(&self) -> Option<Timestamp> {
        match self.state {
            Subscription::None { retry_at } => Some(retry_at),
            Subscription::Sent { .. } | Subscription::Stands { .. } => None,
        }
    }

    pub(super) fn has_leftover(&self) -> bool {
        self.leftover
    }

    /// It delivers.
    pub(super) fn is_live(&self) -> bool {
        self.heard.is_some()
    }
}

/// The connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stream {
    link: Link,
    failures: u32,
    /// What people were told.
    pub(super) told_up: bool,
    /// When the next subscribe message may follow the last one.
    pub(super) batch_at: Timestamp,
    /// Subscribe messages.
    pub(super) meter: Meter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Link {
    /// There is none; the next attempt is due then.
    Down { retry_at: Timestamp },
    /// It was asked for.
    Asked { at: Timestamp },
    /// It stands; something was heard on it last, or it was made, then.
    Up { heard: Timestamp, talked: bool },
}

impl Stream {
    pub(super) fn new(now: Timestamp) -> Self {
        let link = Link::Down { retry_at: now };
        Self { link, failures: 0, told_up: false, batch_at: now, meter: Meter::default() }
    }

    pub(super) fn connected(&mut self, now: Timestamp) {
        self.link = Link::Up { heard: now, talked: false };
    }

    pub(super) fn broke(&mut self, now: Timestamp, settings: &Settings) {
        self.failures = self.failures.saturating_add(1);
        self.link = Link::Down { retry_at: now + settings.reconnect.delay(self.failures) };
    }

    pub(super) fn heard(&mut self, now: Timestamp) {
        if let Link::Up { .. } = self.link {
            self.link = Link::Up { heard: now, talked: true };
            self.failures = 0;
        }
    }

    /// True when the connection must be made now, whether one stands or not. `idle`: nothing is
    /// subscribed, so that silence means nothing.
    pub(super) fn must_connect(&mut self, now: Timestamp, idle: bool, settings: &Settings) -> bool {
        match self.link {
            Link::Up { .. } if idle => return false,
            Link::Down { .. } => {}
            Link::Asked { .. } | Link::Up { .. } if self.due(settings) <= now => {
                self.broke(now, settings);
            }
            Link::Asked { .. } | Link::Up { .. } => return false,
        }
        if self.due(settings) > now {
            return false;
        }
        self.link = Link::Asked { at: now };
        true
    }

    /// When something is to be done about it.
    pub(super) fn due(&self, settings: &Settings) -> Timestamp {
        match self.link {
            Link::Down { retry_at } => retry_at,
            Link::Asked { at } => at + settings.connect,
            Link::Up { heard, .. } => heard + settings.silence,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.link, Link::Up { .. })
    }

    /// Data came through it.
    pub(super) fn talks(&self) -> bool {
        matches!(self.link, Link::Up { talked: true, .. })
    }

    /// When the next subscribe message may leave.
    pub(super) fn ready_at(&self, settings: &Settings) -> Timestamp {
        self.batch_at.max(self.meter.ready_at(settings.subscribes))
    }
}
