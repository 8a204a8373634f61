//! The trading engine of Gardefou, and its simulated venue: pure state machines.
//!
//! Nothing here reads a clock, draws a number, touches a file, a socket or a thread; the build
//! proves it (`no_std`, lints, a dependency check). Time, facts and requests enter through
//! [`engine::Engine::step`]; what the outside has to do leaves as a [`step::Step`].
//!
//! Reading order: [`engine`] (the dispatcher), [`engine::decide`] (a round), [`executor`] (orders
//! and cycles), [`risk`] (what may be quoted), [`strategy`] (prices), [`venue`] (the simulated
//! exchange).
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod account;
pub mod command;
pub mod config;
pub mod engine;
pub mod event;
pub mod executor;
pub mod feed;
pub mod ids;
pub mod indicator;
pub mod market;
pub mod money;
pub mod notice;
pub mod reconcile;
pub mod risk;
pub mod runner;
pub mod step;
pub mod strategy;
pub mod time;
pub mod venue;
