//! Exchanges as the daemon meets them: commands in, events out, and a memory that is not ours.
//!
//! [`simulated`] is the one of rehearsals in live mode: the core's venue on prices, fed with
//! recorded candles, whose record outlives the daemon's process and owes nothing to its store.
//! [`gateway`] is how the daemon reaches it.

pub mod gateway;
pub mod simulated;
