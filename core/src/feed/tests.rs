//! Each rule of the feed against a venue that does exactly what the test says ([`rules`],
//! [`incidents`]), and all of them against one that does its worst ([`storms`]).

mod incidents;
mod rules;
mod source;
mod storms;
