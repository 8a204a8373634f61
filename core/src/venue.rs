//! The simulated exchange, sans-IO: commands in, events out. It charges fees and funding, keeps
//! positions, and knows nothing of strategies.
//!
//! [`bars`] matches bars to the letter of the matching contract; [`history`] drives an engine
//! over recorded bars with it.

pub mod bars;
pub mod desk;
pub mod history;
