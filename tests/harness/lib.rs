//! What the stories stand on: the whole of Remit in one process, on a table of its own, below the SDK and without a socket.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::missing_panics_doc,
    reason = "a test may fail loudly, and so may what it stands on"
)]

pub mod acting;
pub mod filler;
pub mod lambda;
pub mod paying;
pub mod roles;
pub mod table;
pub mod wire;
pub mod world;

/// An HTTP client for a server on loopback.
///
/// # Panics
/// When TLS cannot be set up.
pub fn http_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_backend_preconfigured(gateway::transport::tls().expect("TLS"))
}
