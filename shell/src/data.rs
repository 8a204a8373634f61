//! Market data from outside: finding and reading history files, and the seeded market that the
//! project ships. Everything that enters is checked here, and refused with file, line, value and
//! remedy when it is not what it claims to be.
//!
//! Never here: indicators, strategies, orders, a network, a default in place of missing data, or
//! the mixing of two sources.

pub mod candles;
pub mod error;
pub mod find;
pub mod funding;
pub mod identity;
pub mod seeded_market;
pub mod seeded_params;

mod decimal;
mod seeded_factor;
mod seeded_noise;
mod table;
mod ticks;

#[cfg(test)]
mod candles_tests;
#[cfg(test)]
mod find_tests;
#[cfg(test)]
mod funding_tests;
#[cfg(test)]
mod real_files_tests;
#[cfg(test)]
mod seeded_market_tests;

pub use candles::{Gap, RawSeries, read_candles};
pub use error::{DataError, Fault};
pub use find::{Dataset, Found, find};
pub use funding::{Funding, FundingCoverage, FundingGap, read_funding};
pub use identity::{DataIdentity, Digest};
pub use seeded_market::{Crash, SeededHour, SeededMarket, SeededStream, SeededSymbol};
pub use seeded_params::SeededParams;
pub use ticks::{effective_tick, shared_tick};
