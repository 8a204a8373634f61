//! Risk: what may be quoted, and how much. Refusals are data; nothing here places an order.
//!
//! [`sizing`] turns margin into lots, [`ladder`] prices into an order ladder, [`slots`] decides a
//! round across symbols, [`switches`] latches, [`worst_case`] is computed once at start.

pub mod ladder;
pub mod refusal;
pub mod sizing;
pub mod slots;
pub mod switches;
pub mod worst_case;

pub use refusal::Refusal;
