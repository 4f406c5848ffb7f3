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
pub mod crash_points;
pub mod dice;
pub mod faults;
pub mod model;
pub mod mutants;
pub mod probes;
pub mod run;
pub mod told;

/// Seeds that found something, and what that was. They are played first, for ever; the dice have been other ones since.
pub const FOUND: [(u64, &str); 9] = [
    (128, "money for a try that had been given up, of which no notice told, was never looked for"),
    (844, "money was not looked for that came in earlier than a month before the first day on which the gateway could be asked"),
    (1631, "an order that was refused ended the try although a second click had opened its checkout meanwhile"),
    (1890, "as 1631, with a table so busy that the refusal was written down last"),
    (2357, "as 844, with the clock set on by eight days, twice"),
    (2702, "a message is not late that came about in the last run of a sweep whose clock was ahead"),
    (2281, "staff are not answered while nineteen in twenty calls of the gateway fail for half a day, and that is right: storms abate now"),
    (82, "a slot kept its class when its attempt moved on, because the invoice had been read before its attempt"),
    (183, "the quiet after the storm was not quiet: a fault of the gateway waited for a call that never came"),
];
