//! The shell of Gardefou: everything that touches the world, thin around the pure core.
//!
//! [`config`] reads the settings, [`data`] recorded and seeded markets, [`backtest`] drives the
//! engine over history, [`daemon`] drives it and keeps what it decides, [`ports`] are its seams to
//! the world, [`store`] keeps what must survive a restart, [`exchange`] is simulated and remembers,
//! [`control`] is how a running daemon is asked, [`report`] renders results, [`transcript`] runs
//! acceptance scenarios, [`demo`] is the exhibit, [`cli`] is how people call it. No rule of trading
//! lives here: if a driver needs one, it belongs in the core.

pub mod backtest;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod data;
pub mod demo;
pub mod exchange;
pub mod ports;
pub mod report;
pub mod store;
pub mod text;
pub mod transcript;
pub mod words;
