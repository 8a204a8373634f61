//! `gardefou demo`: both grid strategies trade a generated market on the simulated exchange,
//! through the shipped configuration and the same engine as everything else, for people to watch.

pub mod market;
pub mod prices;
pub mod tally;
