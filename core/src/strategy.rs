//! Strategies: what one symbol wants, from closed bars alone. No sizes, no orders, no money.
//!
//! [`levels`] makes ladder prices, [`exits`] stop and target; the signal of a mono-position strategy
//! is its view (see [`crate::runner::Trend::Turned`]).
//! Each formula is written once, for longs; shorts are computed in the mirror.

pub mod exits;
pub mod levels;

pub use exits::Basis;
