//! From configuration to [`Deps`]: the same for every function, so that each begins in a few lines.

use crate::{
    Clock, Deps, Entropy, Parts,
    api_keys::{Bootstrap, bootstrap},
};
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use domain::link::{LinkKeys, LinkKeysError};
use gateway::{
    Gateway, Transport,
    stripe::{ConfigError as StripeConfigError, Stripe, StripeConfig},
    transport::CALL_TIMEOUT,
};
use mail::{Bus, Mailer};
use runtime::{
    Config,
    config::Mode,
    secrets::{SecretError, Secrets},
};
use secrecy::SecretString;
use store::Store;
use tokio::sync::Mutex;

/// Why a function cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The link keys cannot sign.
    #[error("the secret with the link keys: {0}")]
    LinkKeys(#[from] LinkKeysError),
    /// Stripe is set up wrong.
    #[error(transparent)]
    Stripe(#[from] StripeConfigError),
}

/// What a function needs beside the table. One that needs nothing else begins with [`to_table`].
#[derive(Debug, Clone)]
pub enum Needs {
    /// The keys that sign customers' links.
    Links,
    /// Those, and the payment gateway, which is reached this way.
    Gateway(Transport),
}

/// The way to the payment gateway, for [`Needs::Gateway`]. Only functions that ask for it are linked with its HTTP client.
#[must_use]
pub fn over_https() -> Transport {
    Transport::reqwest(CALL_TIMEOUT)
}

/// Seconds after which secrets are read again. One that is rotated is believed beside its successor for longer than that.
pub const SECRETS_SECONDS: i64 = 300;

/// What a function is made of, kept as fresh as its secrets: a `T` such as its routes, made anew when they were read again.
pub struct Connection<T> {
    config: Config,
    sdk: SdkConfig,
    needs: Needs,
    clock: Clock,
    make: fn(Deps) -> T,
    held: Mutex<(DateTime<Utc>, Deps, T)>,
}

impl<T: Clone> Connection<T> {
    /// Connects for the first time.
    ///
    /// # Errors
    /// [`ConnectError`], before the first event.
    pub async fn open(
        config: Config,
        sdk: SdkConfig,
        needs: Needs,
        clock: Clock,
        entropy: Entropy,
        make: fn(Deps) -> T,
    ) -> Result<Self, ConnectError> {
        let deps = connect(&config, &sdk, &needs, clock.clone(), entropy).await?;
        let held = Mutex::new((clock.now(), deps.clone(), make(deps)));
        Ok(Self { config, sdk, needs, clock, make, held })
    }

    /// What is held, from secrets at most five minutes old. While they cannot be read, the old ones are used.
    pub async fn get(&self) -> T {
        let now = self.clock.now();
        let mut held = self.held.lock().await;
        if (now - held.0).num_seconds() >= SECRETS_SECONDS {
            held.0 = now;
            match keys(&self.config, &self.sdk, &self.needs).await {
                Ok(keys) => {
                    held.1 = held.1.clone().with_keys(keys);
                    held.2 = (self.make)(held.1.clone());
                }
                Err(error) => tracing::error!(%error, "secrets could not be read again"),
            }
        }
        held.2.clone()
    }
}

/// What secrets give.
pub(crate) struct Keys {
    pub gateway: Option<Gateway>,
    pub links: LinkKeys,
    pub notice_secrets: Vec<SecretString>,
    pub bootstrap: Option<Bootstrap>,
}

async fn keys(config: &Config, sdk: &SdkConfig, needs: &Needs) -> Result<Keys, ConnectError> {
    let secrets = &Secrets::new(sdk, config.endpoints.secrets.as_deref());
    let reached = match needs {
        Needs::Links => None,
        Needs::Gateway(transport) => config.stripe.as_ref().map(|stripe| (stripe, transport)),
    };
    let stripe_keys = async {
        match reached {
            Some((stripe, _)) => secrets.stripe(&stripe.secret).await.map(Some),
            None => Ok(None),
        }
    };
    // Whoever waits for the first answer waits once, not once for each secret.
    let (links, bootstrap, stripe_keys) =
        tokio::join!(secrets.link_keys(&config.link_keys_secret), bootstrap(secrets, config.bootstrap_key_secret.as_deref()), stripe_keys);
    let (current, keys) = links?;
    let links = LinkKeys::new(current, keys)?;
    let (Some((stripe, transport)), Some(found)) = (reached, stripe_keys?) else {
        return Ok(Keys { gateway: None, links, notice_secrets: Vec::new(), bootstrap });
    };
    let gateway = Gateway::Stripe(Stripe::new(StripeConfig {
        api_url: stripe.api_url.clone(),
        checkout_origin: stripe.checkout_origin.clone(),
        secret_key: found.secret_key,
        transport: transport.clone(),
    })?);
    if gateway.is_live() != (config.mode == Mode::Live) {
        // Test money never closes a real invoice, nor real money one of a test.
        tracing::error!(mode = ?config.mode, "the gateway's key is of the other mode; customers cannot pay online");
        return Ok(Keys { gateway: None, links, notice_secrets: Vec::new(), bootstrap });
    }
    Ok(Keys { gateway: Some(gateway), links, notice_secrets: found.webhook_secrets, bootstrap })
}

/// Connects a function to table, secrets and, if it needs it, gateway.
///
/// # Errors
/// [`ConnectError`], before the first event.
pub async fn connect(config: &Config, sdk: &SdkConfig, needs: &Needs, clock: Clock, entropy: Entropy) -> Result<Deps, ConnectError> {
    let keys = keys(config, sdk, needs).await?;
    Ok(put_together(config, sdk, keys, clock, entropy))
}

/// Connects a function that needs nothing but the table, and reads no secret. It signs no links: those that it signed all the same would
/// open nothing.
///
/// # Errors
/// [`ConnectError::LinkKeys`], which random keys never are.
pub fn to_table(config: &Config, sdk: &SdkConfig, clock: Clock, entropy: Entropy) -> Result<Deps, ConnectError> {
    let mut key = [0; 32];
    entropy.fill(&mut key);
    let links = LinkKeys::new(1, vec![(1, key)])?;
    Ok(put_together(config, sdk, Keys { gateway: None, links, notice_secrets: Vec::new(), bootstrap: None }, clock, entropy))
}

fn put_together(config: &Config, sdk: &SdkConfig, keys: Keys, clock: Clock, entropy: Entropy) -> Deps {
    let Keys { gateway, links, notice_secrets, bootstrap } = keys;
    Deps::new(Parts {
        store: Store::new(sdk, config.endpoints.dynamodb.as_deref(), &config.table),
        gateway,
        links,
        base_url: config.base_url.clone(),
        notice_secrets,
        bootstrap,
        jwt_issuer: config.jwt_issuer.clone(),
        clock,
        entropy,
    })
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
