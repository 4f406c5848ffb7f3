//! The Lambda behind `POST /webhooks/…`.

use app::{
    Clock, Entropy,
    connect::{Connection, Needs, over_https},
};
use lambda_http::{Error, Request, service_fn};
use tower::ServiceExt as _;

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
    let name = &app::path_name(&config.base_url).to_owned();
    let clock = Clock::new(chrono::Utc::now);
    let routes = &Connection::open(config, sdk, Needs::Gateway(over_https()), clock, entropy, gateway_webhooks::router).await?;
    let serve = async |request: Request| routes.get().await.oneshot(runtime::path::below(name, request)).await;
    lambda_http::run(service_fn(serve)).await
}
