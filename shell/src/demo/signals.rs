//! Signals that end a demo on the screen as `q` does, so that the terminal is given back: from
//! the system (SIGTERM, SIGINT) and from a terminal that went away (SIGHUP).

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Which signals are listened to.
const ENDING: [i32; 3] = [SIGTERM, SIGINT, SIGHUP];

/// A signal that ended a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u8);

impl Signal {
    /// Its number: 15 is SIGTERM.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match low_level::signal_name(self.0.into()) {
            Some(name) => f.write_str(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

/// Listens until it goes out of scope. The first signal is kept; a second one ends the process,
/// and so does every one that comes afterwards.
pub struct Signals {
    came: Arc<AtomicUsize>,
    deadly: Arc<AtomicBool>,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses it.
    pub fn listen() -> io::Result<Self> {
        let signals = Self { came: Arc::default(), deadly: Arc::default() };
        for signal in ENDING {
            let number = usize::try_from(signal).unwrap_or_default();
            // In this order: the first one is not yet deadly when it comes.
            flag::register_conditional_default(signal, Arc::clone(&signals.deadly))?;
            flag::register(signal, Arc::clone(&signals.deadly))?;
            flag::register_usize(signal, Arc::clone(&signals.came), number)?;
        }
        Ok(signals)
    }

    /// The signal that came.
    #[must_use]
    pub fn came(&self) -> Option<Signal> {
        let number = u8::try_from(self.came.load(Ordering::SeqCst)).unwrap_or_default();
        (number > 0).then_some(Signal(number))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.deadly.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_kept_and_does_not_end_the_process() {
        let signals = Signals::listen().unwrap();
        assert_eq!(signals.came(), None);
        low_level::raise(SIGHUP).unwrap();
        assert_eq!(signals.came().map(|signal| signal.to_string()), Some("SIGHUP".to_owned()));
        assert!(signals.deadly.load(Ordering::SeqCst), "a second one would end it");
    }
}
