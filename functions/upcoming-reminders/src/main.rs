//! The Lambda that its schedule starts.

use app::{
    Clock, Entropy,
    connect::{bus, to_table},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

/// Milliseconds before the deadline at which no further record is begun.
const MARGIN_MS: i64 = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    runtime::logs::run(begin()).await
}

#[expect(clippy::disallowed_methods, reason = "a function is where the clock comes in")]
async fn begin() -> Result<(), Error> {
    let config = runtime::Config::from_env()?;
    let sdk = runtime::aws::sdk_config();
    let entropy = Entropy::new(|bytes| {
        // Without random numbers nothing may be made: the process ends, and Lambda starts another.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    });
    let bus = &bus(&config, &sdk);
    let stack = &config.stack;
    let deps = &to_table(&config, &sdk, Clock::new(chrono::Utc::now), entropy)?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX) - MARGIN_MS;
        let has_time = || chrono::Utc::now().timestamp_millis() < deadline;
        // On the heap: the type of the whole is too deep for the compiler.
        let outcome = Box::pin(upcoming_reminders::handle(deps, bus, &event.payload, &has_time)).await;
        runtime::metrics::emit(stack, chrono::Utc::now().into(), &deps.measures.take());
        outcome.map(|_| ()).map_err(Error::from)
    }))
    .await
}
