//! What holds without a table; what needs one is told in the stories.
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

mod bodies;
mod description;
mod doors;
mod events;
mod everywhere;
mod logs;
mod openapi;

use crate::problem::ApiProblem;
use app::{Clock, Deps, Entropy, Parts};
use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};
use domain::link::LinkKeys;
use store::Store;

/// A key of the right form, which nobody holds.
const SOME_KEY: &str = "Bearer key_01JZ8Q6X3S9V7K2M4N5P6R8T0W_0f1e2d3c4b5a6978";

/// Dependencies whose table is nowhere: whatever reads it is answered with 503.
fn nowhere() -> Deps {
    let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).retry_config(RetryConfig::disabled()).build();
    Deps::new(Parts {
        store: Store::new(&sdk, Some("http://127.0.0.1:9"), "remit"),
        gateway: None,
        links: LinkKeys::new(1, vec![(1, [1; 32])]).unwrap(),
        base_url: "https://pay.example.com".to_owned(),
        notice_secrets: Vec::new(),
        bootstrap: None,
        jwt_issuer: None,
        clock: Clock::new(|| "2026-07-28T10:00:00Z".parse().unwrap()),
        entropy: Entropy::new(|bytes| bytes.fill(7)),
    })
}

/// Status, code and field of a refusal; nothing when there is none.
fn refusal<T>(read: Result<T, ApiProblem>) -> Option<(u16, &'static str, String)> {
    read.err().map(|refused| {
        let problem = refused.problem();
        (problem.status, problem.code, problem.field.clone().unwrap_or_default())
    })
}
