//! The control socket under test: lines, the file, a small daemon on a real socket, and what people
//! see.

mod door;
mod lines;
mod seen;
mod socket;
mod world;
