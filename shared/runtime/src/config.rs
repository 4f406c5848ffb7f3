//! Configuration: read and checked whole before the first event. The only place that reads the environment.

use std::fmt;

/// Where AWS's services are, when not at their own addresses. The names are the SDKs' own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `AWS_ENDPOINT_URL_DYNAMODB`
    pub dynamodb: Option<String>,
    /// `AWS_ENDPOINT_URL_SESV2`
    pub ses: Option<String>,
    /// `AWS_ENDPOINT_URL_EVENTBRIDGE`
    pub eventbridge: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`
    pub secrets: Option<String>,
}

/// Stripe, as it is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeSettings {
    /// `REMIT_STRIPE_SECRET`: the name of the secret with keys.
    pub secret: String,
    /// `REMIT_STRIPE_API_URL`
    pub api_url: String,
    /// `REMIT_STRIPE_CHECKOUT_ORIGIN`: where payers may be sent.
    pub checkout_origin: String,
}

/// Whether a stack is for real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only live keys of a gateway are taken.
    Live,
    /// Only test keys are.
    Test,
}

/// All configuration of all functions; each uses its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `REMIT_TABLE`
    pub table: String,
    /// `REMIT_BASE_URL`: what customers' addresses begin with, without a slash at the end.
    pub base_url: String,
    /// `REMIT_LINK_KEYS_SECRET`: the name of the secret with the keys that sign links.
    pub link_keys_secret: String,
    /// Stripe; none when `REMIT_STRIPE_SECRET` is not set.
    pub stripe: Option<StripeSettings>,
    /// `REMIT_BUS`: the event bus.
    pub bus: String,
    /// `REMIT_MODE`: `live` when it is not set.
    pub mode: Mode,
    /// `REMIT_STACK`: the name that metrics carry; `remit` when it is not set.
    pub stack: String,
    /// `REMIT_BOOTSTRAP_KEY_SECRET`: the name of the secret with the API key that the stack was born with, if it is to be taken.
    pub bootstrap_key_secret: Option<String>,
    /// `REMIT_JWT_ISSUER`: whose logins are trusted once API Gateway has verified them, if any.
    pub jwt_issuer: Option<String>,
    /// `REMIT_SES_CONFIGURATION_SET`
    pub ses_configuration_set: Option<String>,
    /// Where AWS's services are.
    pub endpoints: Endpoints,
}

/// A variable is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}; expected {expected}")]
pub struct ConfigError {
    variable: &'static str,
    problem: &'static str,
    expected: &'static str,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable and the form expected.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(env)
    }

    /// Reads any set of variables.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable and the form expected.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let find = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let need = |variable: &'static str, expected: &'static str| {
            find(variable).ok_or(ConfigError { variable, problem: "is not set", expected })
        };
        let url = |variable: &'static str, fallback: &str| {
            let value = find(variable).unwrap_or_else(|| fallback.to_owned());
            check_url(variable, &value).map(|()| value)
        };
        let endpoint = |variable: &'static str| find(variable).map(|value| check_url(variable, &value).map(|()| value)).transpose();
        let base_url = need("REMIT_BASE_URL", "https://pay.example.com, without a slash at the end")?;
        check_url("REMIT_BASE_URL", &base_url)?;
        let stripe = match find("REMIT_STRIPE_SECRET") {
            None => None,
            Some(secret) => Some(StripeSettings {
                secret,
                api_url: url("REMIT_STRIPE_API_URL", "https://api.stripe.com")?,
                checkout_origin: url("REMIT_STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com")?,
            }),
        };
        Ok(Self {
            table: need("REMIT_TABLE", "the table's name")?,
            base_url,
            link_keys_secret: need("REMIT_LINK_KEYS_SECRET", "the name of the secret with the link keys")?,
            stripe,
            mode: match find("REMIT_MODE").as_deref() {
                None | Some("live") => Mode::Live,
                Some("test") => Mode::Test,
                Some(_) => return Err(ConfigError { variable: "REMIT_MODE", problem: "is neither", expected: "live or test" }),
            },
            stack: find("REMIT_STACK").unwrap_or_else(|| "remit".to_owned()),
            bus: need("REMIT_BUS", "the event bus's name")?,
            bootstrap_key_secret: find("REMIT_BOOTSTRAP_KEY_SECRET"),
            jwt_issuer: find("REMIT_JWT_ISSUER").map(check_issuer).transpose()?,
            ses_configuration_set: find("REMIT_SES_CONFIGURATION_SET"),
            endpoints: Endpoints {
                dynamodb: endpoint("AWS_ENDPOINT_URL_DYNAMODB")?,
                ses: endpoint("AWS_ENDPOINT_URL_SESV2")?,
                eventbridge: endpoint("AWS_ENDPOINT_URL_EVENTBRIDGE")?,
                secrets: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")?,
            },
        })
    }
}

/// An issuer is compared as it stands, so a slash at its end may belong to it.
fn check_issuer(value: String) -> Result<String, ConfigError> {
    let expected = "the issuer as it stands in the claim `iss`, such as https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc";
    let fits = value.starts_with("https://") && value.chars().all(|c| c.is_ascii_graphic());
    if fits { Ok(value) } else { Err(ConfigError { variable: "REMIT_JWT_ISSUER", problem: "is no issuer", expected }) }
}

fn check_url(variable: &'static str, value: &str) -> Result<(), ConfigError> {
    let expected = "an address such as https://pay.example.com, without a slash at the end (http only on loopback)";
    let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|start| value.starts_with(start));
    if !value.starts_with("https://") && !loopback {
        return Err(ConfigError { variable, problem: "is no https address", expected });
    }
    if value.ends_with('/') || value.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | ';' | ',' | '<' | '>'))
    {
        return Err(ConfigError { variable, problem: "is malformed", expected });
    }
    Ok(())
}

/// One variable of the process's environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}, pages at {}", self.table, self.base_url)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;

    fn with(name: &str, value: &str) -> Result<Config, ConfigError> {
        Config::from_lookup(|asked| {
            if asked == name {
                return Some(value.to_owned());
            }
            let base = [
                ("REMIT_TABLE", "remit"),
                ("REMIT_BASE_URL", "https://pay.example.com"),
                ("REMIT_LINK_KEYS_SECRET", "remit/link-keys"),
                ("REMIT_BUS", "remit"),
                ("REMIT_STRIPE_SECRET", "remit/stripe"),
            ];
            base.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn f54_a_missing_or_malformed_variable_is_named_with_the_form_expected() {
        for (name, value, says) in [
            ("REMIT_TABLE", "", "REMIT_TABLE is not set; expected the table's name"),
            ("REMIT_BASE_URL", "", "REMIT_BASE_URL is not set"),
            ("REMIT_BASE_URL", "http://pay.example.com", "REMIT_BASE_URL is no https address"),
            ("REMIT_BASE_URL", "https://pay.example.com/", "REMIT_BASE_URL is malformed"),
            ("REMIT_STRIPE_API_URL", "ftp://x", "REMIT_STRIPE_API_URL is no https address"),
            ("REMIT_STRIPE_CHECKOUT_ORIGIN", "https://a.example; script-src *", "REMIT_STRIPE_CHECKOUT_ORIGIN is malformed"),
            ("REMIT_JWT_ISSUER", "cognito", "REMIT_JWT_ISSUER is no issuer; expected the issuer as it stands in the claim `iss`"),
            ("REMIT_MODE", "real", "REMIT_MODE is neither; expected live or test"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb", "AWS_ENDPOINT_URL_DYNAMODB is no https address"),
        ] {
            let text = with(name, value).unwrap_err().to_string();
            assert!(text.starts_with(says), "{text}");
        }
    }

    #[test]
    fn what_is_left_out_is_what_most_have() {
        let config = with("REMIT_TABLE", "t").unwrap();
        let stripe = config.stripe.unwrap();
        assert_eq!((stripe.api_url.as_str(), stripe.checkout_origin.as_str()), ("https://api.stripe.com", "https://checkout.stripe.com"));
        assert_eq!(config.endpoints, Endpoints::default());
    }
}
