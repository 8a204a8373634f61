//! What a backtest says: its result as data, as text for a terminal and as one HTML page.
//!
//! Here live the types of the JSON contract, the arithmetic of the metrics and the two
//! renderings. Nothing here reads a file, knows the engine or decides a trade: a result is a
//! value that somebody else filled in.

pub mod caveats;
pub mod check;
pub mod html;
pub mod metrics;
pub mod result;
pub mod summary;
pub mod untraded;

mod facts;
mod measures;
mod parameters;
pub(crate) mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_metrics;
