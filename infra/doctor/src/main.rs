//! `remit-doctor`: reads a stack's outputs, asks, prints.
#![expect(clippy::disallowed_methods, reason = "this is where this program's clock comes in")]

use anyhow::Context as _;
use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use doctor::{
    Surroundings,
    dns::Dns,
    examine,
    options::{Options, USAGE},
    outputs::Outputs,
};
use gateway::{Transport, transport::CALL_TIMEOUT};
use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "remit-doctor: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        return say(USAGE).map(|()| ExitCode::SUCCESS);
    }
    let options = Options::parse(arguments).map_err(|error| anyhow::anyhow!("{error}\n\n{USAGE}"))?;
    let outputs = Outputs::parse(&input(&options)?)?;
    let with = Surroundings {
        sdk: sdk().await?,
        gateway_url: runtime::config::env("REMIT_STRIPE_API_URL").filter(|url| !url.is_empty()),
        transport: Transport::reqwest(CALL_TIMEOUT)?,
        dns: options.dns.map_or_else(Dns::of_this_machine, Dns::at)?,
        clock: Arc::new(chrono::Utc::now),
    };
    let report = examine(&outputs, &with).await;
    let coloured = io::stdout().is_terminal() && runtime::config::env("NO_COLOR").is_none_or(|value| value.is_empty());
    say(&if options.json { format!("{}\n", report.json()?) } else { report.text(coloured) })?;
    Ok(ExitCode::from(report.exit_code()))
}

fn input(options: &Options) -> anyhow::Result<String> {
    if let Some(file) = &options.file {
        return std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    anyhow::ensure!(!io::stdin().is_terminal(), "there are no stack outputs to read\n\n{USAGE}");
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    Ok(text)
}

/// Region and credentials are asked for first: without them every check would fail for the same reason.
async fn sdk() -> anyhow::Result<SdkConfig> {
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build();
    let retries = RetryConfig::standard().with_max_attempts(2);
    let sdk = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).retry_config(retries).load().await;
    anyhow::ensure!(sdk.region().is_some(), "there is no AWS region; set AWS_REGION to the stack's");
    let provider = sdk.credentials_provider().context("there are no AWS credentials")?;
    provider.provide_credentials().await.context("there are no AWS credentials; sign in, or set AWS_PROFILE")?;
    Ok(sdk)
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush().map_err(Into::into)
}
