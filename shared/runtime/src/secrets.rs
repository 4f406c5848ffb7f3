//! Secrets, from Secrets Manager.

use aws_config::SdkConfig;
use data_encoding::HEXLOWER_PERMISSIVE;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where secrets are.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
}

/// A secret could not be had. Never shows what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is none of that name, or it is to be deleted.
    #[error("there is no secret {name}, or it is being deleted")]
    Gone {
        /// Its name.
        name: String,
    },
    /// The service did not give it.
    #[error("secret {name} cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        name: String,
        /// The service's code.
        reason: String,
    },
    /// It is not of the form.
    #[error("secret {name} is not of the form {expected}")]
    Malformed {
        /// Its name.
        name: String,
        /// What it should look like.
        expected: &'static str,
    },
}

/// Keys of a Stripe account.
#[derive(Debug)]
pub struct StripeSecrets {
    /// `sk_…`
    pub secret_key: SecretString,
    /// `whsec_…`, all that are valid right now.
    pub webhook_secrets: Vec<SecretString>,
}

/// The API key that a stack is born with.
#[derive(Debug, Deserialize)]
pub struct BootstrapKey {
    /// Its public part, `key_…`.
    pub id: String,
    /// Its secret part, 64 hex digits.
    pub secret: SecretString,
}

#[derive(Deserialize)]
struct StripeForm {
    secret_key: SecretString,
    webhook_secrets: Vec<SecretString>,
}

#[derive(Deserialize)]
struct LinkKeysForm {
    current: u8,
    #[serde(flatten)]
    keys: BTreeMap<String, String>,
}

/// 32 bytes of 64 hex digits.
fn bytes_of_hex(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Secrets {
    /// Connects. `endpoint` replaces the service's own address.
    #[must_use]
    pub fn new(sdk: &SdkConfig, endpoint: Option<&str>) -> Self {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(sdk);
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: aws_sdk_secretsmanager::Client::from_conf(config.build()) }
    }

    async fn read(&self, name: &str) -> Result<SecretString, SecretError> {
        let unreadable = |reason: String| SecretError::Unreadable { name: name.to_owned(), reason };
        let answer = self.client.get_secret_value().secret_id(name).send().await.map_err(|error| {
            use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
            match error.code() {
                // The second is the answer for a secret within its recovery window.
                Some("ResourceNotFoundException" | "InvalidRequestException") => SecretError::Gone { name: name.to_owned() },
                code => unreadable(code.unwrap_or("no answer").to_owned()),
            }
        })?;
        answer.secret_string.map(SecretString::from).ok_or_else(|| unreadable("it has no text".to_owned()))
    }

    /// Reads the keys that sign links: the current one's number and all of them, 32 bytes each.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn link_keys(&self, name: &str) -> Result<(u8, Vec<(u8, [u8; 32])>), SecretError> {
        let malformed = || SecretError::Malformed { name: name.to_owned(), expected: r#"{"current": 1, "1": "<64 hex digits>"}"# };
        let text = self.read(name).await?;
        let form: LinkKeysForm = serde_json::from_str(text.expose_secret()).map_err(|_| malformed())?;
        let mut keys = Vec::new();
        for (number, key) in form.keys {
            keys.push((number.parse().map_err(|_| malformed())?, bytes_of_hex(&key).ok_or_else(malformed)?));
        }
        Ok((form.current, keys))
    }

    /// Reads the API key that the stack was born with.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn bootstrap_key(&self, name: &str) -> Result<BootstrapKey, SecretError> {
        let text = self.read(name).await?;
        let found: Option<BootstrapKey> = serde_json::from_str(text.expose_secret()).ok();
        found.filter(|key| bytes_of_hex(key.secret.expose_secret()).is_some()).ok_or_else(|| SecretError::Malformed {
            name: name.to_owned(),
            expected: r#"{"id": "key_00000000000000000000000000", "secret": "<64 hex digits>"}"#,
        })
    }

    /// Reads the keys of a Stripe account.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn stripe(&self, name: &str) -> Result<StripeSecrets, SecretError> {
        let text = self.read(name).await?;
        let form: StripeForm = serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Malformed {
            name: name.to_owned(),
            expected: r#"{"secret_key": "sk_…", "webhook_secrets": ["whsec_…"]}"#,
        })?;
        Ok(StripeSecrets { secret_key: form.secret_key, webhook_secrets: form.webhook_secrets })
    }
}
