//! The simulated exchange: it goes on from any byte of its record, forgets what was under way, and
//! accounts for itself.

mod audits;
mod crash;
mod rig;
mod unheard;
