//! The outputs of a deployed stack: what the doctor is told.

use domain::pii::EmailAddress;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// The outputs that are used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// `CustomerUrl`: what customers' addresses begin with, without a slash at the end.
    pub customer_url: String,
    /// `StripeWebhookUrl`: where the gateway's notices are taken.
    pub notice_url: String,
    /// `TableName`
    pub table: String,
    /// `LinkKeysSecretName`
    pub link_keys_secret: String,
    /// `StripeSecretName`; none when no gateway is set up.
    pub gateway_secret: Option<String>,
    /// `SenderIdentity`; none when nothing may be mailed.
    pub sender_identity: Option<Identity>,
    /// `ConfigurationSetName`
    pub configuration_set: String,
    /// `Mode`
    pub mode: Mode,
    /// `BootstrapKeySecretName`
    pub bootstrap_secret: String,
}

/// Whether a stack is about real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Live,
    /// It is for trying out.
    Test,
}

impl Mode {
    /// Its name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// What mails are sent from, as SES knows it. Prints an address masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A domain, in lower case.
    Domain(String),
    /// One address.
    Address(EmailAddress),
}

impl Identity {
    /// Reads a domain or an address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            return EmailAddress::parse(text).ok().map(Self::Address);
        }
        let plain = text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        plain.then(|| Self::Domain(text.trim_end_matches('.').to_ascii_lowercase()))
    }

    /// As SES knows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match self {
            Self::Domain(domain) => domain,
            Self::Address(address) => address.reveal(),
        }
    }

    /// The domain, or the address's domain in lower case.
    #[must_use]
    pub fn domain(&self) -> String {
        match self {
            Self::Domain(domain) => domain.clone(),
            Self::Address(address) => domain_of(address),
        }
    }

    /// Whether a mail from that address is sent by this identity.
    ///
    /// Source: Amazon SES, "Verified identities": a domain stands for its subdomains and all their addresses; an address for
    /// itself, with any label after a plus.
    #[must_use]
    pub fn covers(&self, sender: &EmailAddress) -> bool {
        let theirs = domain_of(sender);
        match self {
            Self::Domain(ours) => theirs == *ours || theirs.strip_suffix(ours.as_str()).is_some_and(|rest| rest.ends_with('.')),
            Self::Address(address) => theirs == domain_of(address) && local_of(sender) == local_of(address),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => f.write_str(domain),
            Self::Address(address) => fmt::Display::fmt(address, f),
        }
    }
}

/// An address's domain, in lower case.
pub(crate) fn domain_of(address: &EmailAddress) -> String {
    address.reveal().rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase()
}

fn local_of(address: &EmailAddress) -> &str {
    let local = address.reveal().rsplit_once('@').map_or("", |(local, _)| local);
    local.split_once('+').map_or(local, |(before, _)| before)
}

/// Why the outputs cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputsError {
    /// They are not of the form.
    #[error(
        "this is no list of stack outputs; pipe in what `sam list stack-outputs --stack-name remit --output json` prints (line {line}, \
         column {column})"
    )]
    NotOutputs {
        /// Where reading stopped.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// One is not there.
    #[error("the stack has no output {0}; deploy it with the template of this version")]
    Missing(&'static str),
    /// One is not of its form.
    #[error("the stack's output {key} is not of its form; expected {expected}")]
    Malformed {
        /// Which one.
        key: &'static str,
        /// What it should look like.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

impl Outputs {
    /// Reads what `sam list stack-outputs --output json` prints. Outputs that are not used here are passed over.
    ///
    /// # Errors
    /// [`OutputsError`] naming the output.
    pub fn parse(json: &str) -> Result<Self, OutputsError> {
        let list: Vec<Output> = serde_json::from_str(json)
            .map_err(|error: serde_json::Error| OutputsError::NotOutputs { line: error.line(), column: error.column() })?;
        let given: BTreeMap<String, String> =
            list.into_iter().map(|output| (output.output_key, output.output_value.trim().to_owned())).collect();
        let find = |key: &str| given.get(key).filter(|value| !value.is_empty()).cloned();
        let need = |key: &'static str| find(key).ok_or(OutputsError::Missing(key));
        let url = |key: &'static str| {
            let value = need(key)?;
            let host = value.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
            let here = host == "127.0.0.1" || host == "localhost" || host.ends_with(".localhost");
            let address = value.starts_with("https://") || here;
            if address { Ok(value) } else { Err(OutputsError::Malformed { key, expected: "an address that begins with https://" }) }
        };
        Ok(Self {
            customer_url: url("CustomerUrl")?.trim_end_matches('/').to_owned(),
            notice_url: url("StripeWebhookUrl")?,
            table: need("TableName")?,
            link_keys_secret: need("LinkKeysSecretName")?,
            gateway_secret: find("StripeSecretName"),
            sender_identity: match find("SenderIdentity") {
                None => None,
                Some(text) => Some(Identity::parse(&text).ok_or(OutputsError::Malformed {
                    key: "SenderIdentity",
                    expected: "a domain such as example.com, or one mail address",
                })?),
            },
            configuration_set: need("ConfigurationSetName")?,
            mode: match need("Mode")?.as_str() {
                "live" => Mode::Live,
                "test" => Mode::Test,
                _ => return Err(OutputsError::Malformed { key: "Mode", expected: "live or test" }),
            },
            bootstrap_secret: need("BootstrapKeySecretName")?,
        })
    }

    /// The addresses that end at the function that takes notices: the one to give, and the same path on the customers' domain.
    #[must_use]
    pub fn notice_urls(&self) -> Vec<String> {
        let mut urls = vec![self.notice_url.clone()];
        if !self.notice_url.starts_with(&format!("{}/", self.customer_url)) {
            let path = self.notice_url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
            urls.push(format!("{}/{path}", self.customer_url));
        }
        urls
    }
}
