//! Staff: everything under `/v1`, in Lambda.

use app::{
    Clock, Entropy,
    connect::{Needs, connect},
};
use aws_config::BehaviorVersion;
use lambda_http::Error;
use runtime::Config;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "a function supplies the clock")]
async fn main() -> Result<(), Error> {
    runtime::logs::start();
    let config = Config::from_env()?;
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let clock = Clock::new(chrono::Utc::now);
    let entropy = Entropy::new(|bytes| {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    });
    let deps = connect(&config, &sdk, Needs::Gateway, clock, entropy).await?;
    lambda_http::run(admin_api::router(deps)).await
}
