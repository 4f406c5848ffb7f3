//! `remit-doctor`: whether a deployed stack's mails will arrive and its payments will be noticed.
//!
//! It reads the stack's outputs, asks AWS, the payment gateway and DNS, and says for each check what is and what to do about it:
//!
//! ```text
//! sam list stack-outputs --stack-name remit --output json | remit-doctor
//! ```
//!
//! It only reads: nothing is sent, made or changed anywhere. No secret, key or whole mail address is printed. What could not be
//! asked counts as a problem, because nobody knows; only a restricted key that may not read its own webhook endpoints is a
//! warning, because the functions do not need to either. What cannot be asked at all, it does not know: a signing secret cannot be
//! compared with its endpoint's, and permissions of the functions are those of the template.
//!
//! A check is a function from an answer to a [`Finding`]; [`examine`] puts the questions, in one order.

mod aws;
mod checks;
pub mod dns;
pub mod options;
pub mod outputs;
pub mod report;
pub mod stack;
#[cfg(test)]
mod tests;

pub use report::{Check, Finding, Level, Report};

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use dns::Dns;
use gateway::Transport;
use outputs::Outputs;
use std::{fmt, sync::Arc};

/// Tells what time this machine believes it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Whom to ask.
pub struct Surroundings {
    /// AWS.
    pub sdk: SdkConfig,
    /// Where the gateway's API is, if not at its own address.
    pub gateway_url: Option<String>,
    /// The way to the gateway.
    pub transport: Transport,
    /// DNS.
    pub dns: Dns,
    /// This machine's clock.
    pub clock: Clock,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("gateway_url", &self.gateway_url).finish_non_exhaustive()
    }
}

/// Asks everything and says what came of it.
pub async fn examine(outputs: &Outputs, with: &Surroundings) -> Report {
    let skew = checks::clock::Skew::new(Arc::clone(&with.clock));
    let ses = aws::ses(&with.sdk, skew.clone());
    let account = checks::account::findings(&ses, outputs).await;
    let mut findings = vec![checks::clock::finding(skew.measured())];
    findings.extend(account);
    findings.extend(checks::identity::findings(&ses, &with.dns, outputs.sender_identity.as_ref(), outputs.mode).await);
    let (business, settings) = checks::business::read(&with.sdk, &outputs.table, (with.clock)()).await;
    findings.push(settings);
    let sender = business.as_ref().map(|business| &business.email_from);
    findings.extend(checks::sender::findings(&with.dns, outputs.sender_identity.as_ref(), sender).await);
    findings.extend(checks::secrets::findings(&with.sdk, outputs).await);
    findings.extend(checks::gateway::findings(with, outputs).await);
    Report { findings }
}
