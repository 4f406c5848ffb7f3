//! Logs: one JSON object a line, to standard output, where Lambda picks them up.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, Mutex},
};
use tracing::{Dispatch, Level, Subscriber, subscriber::DefaultGuard};
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _, registry, util::SubscriberInitExt as _};

fn lines<W: for<'a> MakeWriter<'a> + Send + Sync + 'static>(level: &str, writer: W) -> impl Subscriber + Send + Sync + use<W> {
    let filter: Targets = level.parse().unwrap_or_else(|_| Targets::new().with_default(Level::INFO));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    registry().with(lines.with_writer(writer)).with(filter)
}

/// Starts logging at a level.
pub fn start_at(level: &str) {
    if lines(level, io::stdout).try_init().is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Runs a function, with its logs: `REMIT_LOG` sets their level, as `info` or `warn,store=debug`; it is `info` if it is not set. What
/// keeps the function from beginning is one line there, and a code by which Lambda knows that it failed.
pub async fn run<E: Display>(function: impl Future<Output = Result<(), E>>) -> ExitCode {
    start_at(&crate::config::env("REMIT_LOG").unwrap_or_else(|| "info".to_owned()));
    ended(function.await)
}

fn ended<E: Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

/// What one thread logs, kept for as long as this is. It lets tests read what functions write.
pub struct Kept {
    text: Text,
    _here: DefaultGuard,
    _second: Dispatch,
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_or(Err(io::ErrorKind::Other.into()), |mut text| text.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    /// From now on.
    #[must_use]
    pub fn here() -> Self {
        // While there is a second one, a line that another thread was the first to reach is not taken for one nobody wants.
        let second = Dispatch::new(lines("info", io::sink));
        let text = Text::default();
        let writer = text.clone();
        Self { text, _here: lines("info", move || writer.clone()).set_default(), _second: second }
    }

    /// The lines, each once.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        let text = self.text.0.lock().map(|mut text| std::mem::take(&mut *text)).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;
    use crate::{Config, ConfigError, secrets::SecretError};
    use serde_json::Value;
    use std::error::Error;

    #[test]
    fn f54_what_keeps_a_function_from_beginning_is_one_line_that_names_the_variable_or_the_secret() {
        let hushed = |name: &str| Some(if name == "REMIT_BASE_URL" { "http://hushed" } else { "https://hushed" }.to_owned());
        let variable = Config::from_lookup(hushed).unwrap_err().into();
        let secret = SecretError::Unreadable { name: "remit/stripe".to_owned(), reason: "AccessDeniedException".to_owned() }.into();
        let why: [(Box<dyn Error + Send + Sync>, &str); 2] =
            [(variable, "REMIT_BASE_URL is no https address; expected"), (secret, "secret remit/stripe cannot be read")];
        for (error, named) in why {
            let kept = Kept::here();
            assert_ne!(ended(Err(error)), ExitCode::SUCCESS);
            let lines = kept.take();
            assert_eq!(lines.len(), 1, "{lines:?}");
            let line: Value = serde_json::from_str(&lines[0]).unwrap();
            assert_eq!(line["level"], "ERROR");
            assert!(line["error"].as_str().unwrap().starts_with(named) && !lines[0].contains("hushed"), "{line}");
        }
        assert_eq!(ended(Ok::<(), ConfigError>(())), ExitCode::SUCCESS);
    }
}
