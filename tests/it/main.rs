//! The integration tests of the workspace, in one binary.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop where something cannot happen, and say what they skipped"
)]

mod arrival;
mod bars;
mod causality;
mod feed;
mod identity;
mod ladder;
mod nonsense;
mod oracle;
mod parameters;
mod protection;
mod quiet;
mod real;
mod recorded;
mod restart;
mod scenarios;
mod seeds;
mod small;
mod twin;
mod worst_case;
