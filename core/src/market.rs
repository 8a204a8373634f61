//! What we know of markets: instruments, bars, the continuity of a series, slower bars.
//! No prices of ours, no orders, no opinion.

pub mod bar;
pub mod instrument;
pub mod resample;
pub mod series;

pub use bar::{Bar, BarFault};
pub use instrument::Instrument;
pub use resample::Resampler;
pub use series::{Append, Series};
