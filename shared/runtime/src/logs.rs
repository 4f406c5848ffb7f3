//! Logs: one JSON object a line, to standard output, where Lambda picks them up.

use tracing_subscriber::EnvFilter;

/// Starts logging for a function. `REMIT_LOG` sets the level, `info` if it is not set.
pub fn start() {
    start_at(&crate::config::env("REMIT_LOG").unwrap_or_else(|| "info".to_owned()));
}

/// Starts logging at a level.
pub fn start_at(level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
