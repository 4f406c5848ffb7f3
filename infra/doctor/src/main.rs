//! `remit-doctor`: reads a stack's outputs, asks, prints.
#![expect(clippy::disallowed_methods, reason = "this is where this program's clock comes in")]

use doctor::{
    Surroundings,
    dns::Dns,
    examine,
    options::{Options, USAGE},
    outputs::Outputs,
    stack::{outputs_text, sdk},
};
use gateway::{Transport, transport::CALL_TIMEOUT};
use std::{
    io::{self, IsTerminal as _, Write as _},
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
    let options = Options::parse(std::env::args_os().skip(1)).map_err(|error| anyhow::anyhow!("{error}\n\n{USAGE}"))?;
    let Some(options) = options else { return say(USAGE).map(|()| ExitCode::SUCCESS) };
    let outputs = Outputs::parse(&outputs_text(options.file.as_deref(), USAGE)?)?;
    let with = Surroundings {
        sdk: sdk().await?,
        gateway_url: runtime::config::env("REMIT_STRIPE_API_URL").filter(|url| !url.is_empty()),
        transport: Transport::reqwest(CALL_TIMEOUT),
        dns: options.dns.map_or_else(Dns::of_this_machine, Dns::at)?,
        clock: Arc::new(chrono::Utc::now),
    };
    let report = examine(&outputs, &with).await;
    let coloured = io::stdout().is_terminal() && runtime::config::env("NO_COLOR").is_none_or(|value| value.is_empty());
    say(&if options.json { format!("{}\n", report.json()?) } else { report.text(coloured) })?;
    Ok(ExitCode::from(report.exit_code()))
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush().map_err(Into::into)
}
