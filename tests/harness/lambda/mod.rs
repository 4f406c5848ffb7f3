//! Lambda on one machine: release binaries as processes under a Runtime API, with everything that they reach on loopback.

mod process;
mod runtime_api;
pub mod samples;
mod surroundings;
mod template;

pub use process::{Ended, Process, Variables};
pub use runtime_api::{Outcome, RuntimeApi};
pub use surroundings::Surroundings;
pub use template::{Function, function, functions};

use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;

/// Runs a server beside a test.
#[expect(clippy::disallowed_methods, reason = "what processes reach must listen while the test does something else")]
fn beside(server: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(server)
}

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
