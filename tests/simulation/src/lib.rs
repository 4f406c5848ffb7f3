//! One seed replays a business's weeks: the real use cases, store, SDK and gateway adapter in one process, under faults that a seed
//! decides, watched by invariants after every write and by a model of the business in the end.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a simulation may fail loudly, and prints what it found"
)]

pub mod actors;
pub mod book;
pub mod checks;
pub mod dice;
pub mod faults;
pub mod model;
pub mod mutants;
pub mod probes;
pub mod run;
