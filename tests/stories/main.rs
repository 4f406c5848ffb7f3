//! The stories: what Remit promises, told as tests in one binary.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]

mod main_job;
mod recorder;
mod sample_events;
mod store_engine;
