//! From configuration to [`Deps`]: the same for every function, so that each begins in a few lines.

use crate::{Clock, Deps, Entropy, Parts};
use aws_config::SdkConfig;
use domain::link::{LinkKeys, LinkKeysError};
use gateway::{
    Gateway, Transport,
    stripe::{ConfigError as StripeConfigError, Stripe, StripeConfig},
    transport::{CALL_TIMEOUT, TransportError},
};
use mail::{Bus, Mailer};
use runtime::{
    Config,
    secrets::{SecretError, Secrets},
};
use store::Store;

/// Why a function cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The link keys cannot sign.
    #[error(transparent)]
    LinkKeys(#[from] LinkKeysError),
    /// Stripe is set up wrong.
    #[error(transparent)]
    Stripe(#[from] StripeConfigError),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// What a function needs beside the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it shows what is there.
    Table,
    /// The payment gateway.
    Gateway,
}

/// Connects a function to table, secrets and, if it needs it, gateway.
///
/// # Errors
/// [`ConnectError`], before the first event.
pub async fn connect(config: &Config, sdk: &SdkConfig, needs: Needs, clock: Clock, entropy: Entropy) -> Result<Deps, ConnectError> {
    let secrets = Secrets::new(sdk, config.endpoints.secrets.as_deref());
    let (current, keys) = secrets.link_keys(&config.link_keys_secret).await?;
    let mut gateway = None;
    let mut notice_secrets = Vec::new();
    if let (Needs::Gateway, Some(stripe)) = (needs, &config.stripe) {
        let found = secrets.stripe(&stripe.secret).await?;
        gateway = Some(Gateway::Stripe(Stripe::new(StripeConfig {
            api_url: stripe.api_url.clone(),
            checkout_origin: stripe.checkout_origin.clone(),
            secret_key: found.secret_key,
            transport: Transport::reqwest(CALL_TIMEOUT)?,
        })?));
        notice_secrets = found.webhook_secrets;
    }
    Ok(Deps::new(Parts {
        store: Store::new(sdk, config.endpoints.dynamodb.as_deref(), &config.table),
        gateway,
        links: LinkKeys::new(current, keys)?,
        base_url: config.base_url.clone(),
        notice_secrets,
        clock,
        entropy,
    }))
}

/// Connects to the bus.
#[must_use]
pub fn bus(config: &Config, sdk: &SdkConfig) -> Bus {
    Bus::new(sdk, config.endpoints.eventbridge.as_deref(), config.bus.clone())
}

/// Connects the dispatcher to mail and bus.
#[must_use]
pub fn mailer(config: &Config, sdk: &SdkConfig) -> Mailer {
    Mailer::new(sdk, config.endpoints.ses.as_deref(), config.ses_configuration_set.clone(), bus(config, sdk))
}
