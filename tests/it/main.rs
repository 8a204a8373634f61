//! The integration tests of the workspace, in one binary.

mod scenarios;
mod twin;
