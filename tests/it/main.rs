//! The integration tests of the workspace, in one binary.

mod identity;
mod seeds;
mod twin;
