//! The Lambda behind `GET /i/{token}`.

use app::{
    Clock, Entropy,
    connect::{Needs, connect},
};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "a function is where the clock comes in")]
async fn main() -> Result<(), Error> {
    runtime::logs::start();
    let config = runtime::Config::from_env()?;
    let sdk = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let entropy = Entropy::new(|bytes| {
        // Without random numbers nothing may be made: the process ends, and Lambda starts another.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    });
    let deps = connect(&config, &sdk, Needs::Table, Clock::new(chrono::Utc::now), entropy).await?;
    lambda_http::run(invoice_page::router(deps)).await
}
