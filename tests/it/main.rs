//! The integration tests of the workspace, in one binary.

mod arrival;
mod causality;
mod identity;
mod oracle;
mod protection;
mod real;
mod recorded;
mod restart;
mod seeds;
mod twin;
mod worst_case;
