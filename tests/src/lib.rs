//! The world that the engine is tested in.
//!
//! [`twin`] is a second, slow implementation of the matching contract that shares no code with
//! the engine; [`parity`] runs both on one [`case::Case`] and compares to the last digit;
//! [`market`] makes the random series. A failing case prints its seed: the same seed makes the
//! same case again.

pub mod case;
pub mod market;
pub mod parity;
pub mod twin;
