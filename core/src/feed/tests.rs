//! Each rule of the feed against a venue that does exactly what the test says ([`rules`],
//! [`incidents`]), and all of them against one that does its worst ([`storms`]).

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at some events, commands and notices only"
)]

mod incidents;
mod rules;
mod source;
mod storms;
