//! Logs: one JSON object a line, to standard output, where Lambda picks them up.

use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging for a function. `REMIT_LOG` sets the level, as `info` or `warn,store=debug`; it is `info` if it is not set.
pub fn start() {
    start_at(&crate::config::env("REMIT_LOG").unwrap_or_else(|| "info".to_owned()));
}

/// Starts logging at a level.
pub fn start_at(level: &str) {
    let filter: Targets = level.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    if tracing_subscriber::registry().with(lines).with(filter).try_init().is_err() {
        tracing::debug!("logging was started before");
    }
}
