//! Indicators, one formula a file: `push(bar)` advances by one closed bar, `value()` reads.
//! f64 on prices in ticks; additions, multiplications, divisions and comparisons only, in the
//! order written in the formula, so that every machine agrees. State is plain and serialisable.

pub mod atr;
pub mod sma;
pub mod supertrend;

pub use atr::Atr;
pub use sma::{Mean, Sma};
pub use supertrend::Supertrend;
