//! How a program finds a stack: its outputs, and AWS with the credentials of whoever runs it.

use anyhow::Context as _;
use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use gateway::transport::CALL_TIMEOUT;
use std::{
    io::{self, IsTerminal as _, Read as _},
    path::Path,
};

/// The stack's outputs as text, from a file or from standard input.
///
/// # Errors
/// When they cannot be read; with the usage when nobody gave any.
pub fn outputs_text(file: Option<&Path>, usage: &str) -> anyhow::Result<String> {
    if let Some(file) = file {
        return std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    anyhow::ensure!(!io::stdin().is_terminal(), "there are no stack outputs to read\n\n{usage}");
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    Ok(text)
}

/// Region and credentials are asked for first: without them everything would fail for the same reason.
///
/// # Errors
/// When either is not there.
pub async fn sdk() -> anyhow::Result<SdkConfig> {
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build();
    let retries = RetryConfig::standard().with_max_attempts(2);
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .http_client(runtime::aws::with_system_roots())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await;
    anyhow::ensure!(sdk.region().is_some(), "there is no AWS region; set AWS_REGION to the stack's");
    let provider = sdk.credentials_provider().context("there are no AWS credentials")?;
    provider.provide_credentials().await.context("there are no AWS credentials; sign in, or set AWS_PROFILE")?;
    Ok(sdk)
}
