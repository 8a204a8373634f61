//! The simulated exchange, sans-IO: commands in, events out. It charges fees and funding, keeps
//! positions, and knows nothing of strategies.
//!
//! [`bars`] matches bars to the letter of the matching contract; [`history`] drives an engine
//! over recorded bars with it. [`prices`] matches single prices with latency, rejections and
//! partial fills; [`live`] joins an engine to it over a virtual clock. [`awaited`] is what a gateway to
//! any exchange keeps.

pub mod awaited;
pub mod bars;
pub mod delay;
pub mod desk;
#[cfg(test)]
mod fixture;
pub mod history;
pub mod liquidation;
pub mod live;
pub mod prices;
