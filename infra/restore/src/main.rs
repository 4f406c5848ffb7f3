//! `remit-restore`: brings a stack back from a backup of its table.
//!
//! A restored table knows nothing of the time since its backup. This program makes the stack's table equal to it, lets invoice
//! numbers go on beyond those that were given meanwhile, ends what may have been mailed, and asks the gateway for every payment.
#![expect(clippy::disallowed_methods, reason = "this is where this program's clock comes in")]

mod options;

use anyhow::Context as _;
use app::{
    Clock, Entropy,
    connect::{Needs, connect, over_https},
    reconcile::{RESTORE, Reconciled, reconcile},
};
use doctor::{
    outputs::Outputs,
    stack::{outputs_text, sdk},
};
use options::{Options, USAGE};
use runtime::Config;
use std::{
    io::{self, Write as _},
    process::ExitCode,
};
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "remit-restore: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> anyhow::Result<ExitCode> {
    let clock = Clock::new(chrono::Utc::now);
    let options = Options::parse(std::env::args_os().skip(1), clock.now()).map_err(|error| anyhow::anyhow!("{error}\n\n{USAGE}"))?;
    let Some(options) = options else { return say(USAGE).map(|()| ExitCode::SUCCESS) };
    let outputs = Outputs::parse(&outputs_text(options.file.as_deref(), USAGE)?)?;
    let config = Config::from_lookup(|name| variable(&outputs, name))?;
    let sdk = sdk().await?;
    let entropy = Entropy::new(|bytes| {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    });
    let deps = connect(&config, &sdk, &Needs::Gateway(over_https()), clock, entropy).await?;
    anyhow::ensure!(
        deps.gateway.is_some() || outputs.gateway_secret.is_none(),
        "the gateway's key is not of the stack's mode, so no payment can be asked for; put the right one into its secret"
    );
    if let Some(from) = &options.from {
        let before = deps.store.find_run(RESTORE).await?.filter(|run| run.finished_at >= options.gap.until && !options.again);
        if let Some(run) = before {
            anyhow::bail!("this stack was restored at {}; with --again, all that happened in it since is lost", run.finished_at);
        }
        let backup = Store::new(&sdk, config.endpoints.dynamodb.as_deref(), from);
        let copied = deps.store.become_equal_to(&backup).await.with_context(|| format!("{from} could not be copied"))?;
        say(&format!("Copied from {from}: {} items written, {} taken away.\n", copied.written, copied.removed))?;
    }
    let done = reconcile(&deps, options.gap, options.next_number, options.links).await?;
    say(&report(&done))?;
    Ok(ExitCode::from(u8::from(!done.left.is_empty())))
}

/// The functions' variables, from the stack's outputs. Where the gateway is, this program's own environment may say.
fn variable(outputs: &Outputs, name: &str) -> Option<String> {
    match name {
        "REMIT_TABLE" => Some(outputs.table.clone()),
        "REMIT_BASE_URL" => Some(outputs.customer_url.clone()),
        "REMIT_LINK_KEYS_SECRET" => Some(outputs.link_keys_secret.clone()),
        "REMIT_STRIPE_SECRET" => outputs.gateway_secret.clone(),
        "REMIT_MODE" => Some(outputs.mode.name().to_owned()),
        "REMIT_BUS" => Some("none is used".to_owned()),
        "REMIT_STRIPE_API_URL" | "REMIT_STRIPE_CHECKOUT_ORIGIN" => runtime::config::env(name),
        _ => None,
    }
}

fn report(done: &Reconciled) -> String {
    let mut text = format!(
        "Invoice numbers: {}.\n\
         Mails that may have gone out and are not sent again: {}.\n\
         Invoices whose reminders of that time are over: {}.\n\
         Invoices whose links were taken back: {}.\n\
         Payments asked about: {}. Written down again: {}.\n",
        if done.numbers_raised { "raised" } else { "already beyond" },
        done.mails_uncertain,
        done.reminders_passed_over,
        done.links_revoked,
        done.attempts_asked,
        done.attempts_rebuilt,
    );
    for left in &done.left {
        let collected = left.collected.map_or_else(|| "not known to be paid".to_owned(), |sum| format!("{sum} were paid"));
        let line = format!(
            "Left for you: {} of invoice {}, opened {}: {collected}; {}.\n",
            left.session_ref, left.invoice_id, left.opened_at, left.why
        );
        text.push_str(&line);
    }
    text
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush().map_err(Into::into)
}
