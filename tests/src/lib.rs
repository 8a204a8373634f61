//! The world that the engine is tested in.
//!
//! [`twin`] is a second, slow implementation of the matching contract that shares no code with
//! the engine; [`parity`] runs both on one [`case::Case`] and compares to the last digit;
//! [`market`] makes the random series. [`driver`] feeds a case one event at a time and [`audit`]
//! keeps its own accounts of it and checks every invariant after every event. A failing case prints its seed: the same seed makes the
//! same case again.

#![allow(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a harness: what cannot happen stops the test, and an auditor looks at some events only"
)]

pub mod audit;
pub mod case;
pub mod driver;
pub mod market;
pub mod parity;
pub mod record;
pub mod twin;
