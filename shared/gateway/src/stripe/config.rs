//! What Stripe is set up with, and what must hold for it.

use crate::transport::Transport;
use http::HeaderValue;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What Stripe is set up with.
pub struct StripeConfig {
    /// Where its API is, such as `https://api.stripe.com`.
    pub api_url: String,
    /// Where its hosted checkout is, such as `https://checkout.stripe.com`.
    pub checkout_origin: String,
    /// The account's secret or restricted key, such as `sk_test_…`.
    pub secret_key: SecretString,
    /// The way there.
    pub transport: Transport,
}

impl StripeConfig {
    /// Stripe at its own addresses.
    #[must_use]
    pub fn new(secret_key: SecretString, transport: Transport) -> Self {
        Self {
            api_url: "https://api.stripe.com".to_owned(),
            checkout_origin: "https://checkout.stripe.com".to_owned(),
            secret_key,
            transport,
        }
    }
}

impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeConfig")
            .field("api_url", &self.api_url)
            .field("checkout_origin", &self.checkout_origin)
            .finish_non_exhaustive()
    }
}

/// Which part of the configuration is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The API's address.
    #[error(
        "the API's address must be https (http only for this machine) without user, query and fragment, such as https://api.stripe.com"
    )]
    ApiUrl,
    /// The checkout's address.
    #[error("the checkout's origin must be https (http only for this machine) without path, such as https://checkout.stripe.com")]
    CheckoutOrigin,
    /// The key.
    #[error("the secret key must begin with sk_live_, sk_test_, rk_live_ or rk_test_ and hold letters, digits and underscores only")]
    SecretKey,
    /// The secrets that sign notices.
    #[error("there must be at least one signing secret, and each must begin with whsec_ and hold visible ASCII only")]
    NoticeSecrets,
}

/// Whether these can be the secrets that Stripe signs its notices with.
///
/// Source: docs.stripe.com/webhooks#endpoint-secrets.
///
/// # Errors
/// [`ConfigError::NoticeSecrets`] when there is none, or one of another form.
pub fn check_notice_secrets(secrets: &[SecretString]) -> Result<(), ConfigError> {
    let plain = |secret: &SecretString| {
        secret.expose_secret().strip_prefix("whsec_").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic()))
    };
    if !secrets.is_empty() && secrets.iter().all(plain) { Ok(()) } else { Err(ConfigError::NoticeSecrets) }
}

/// The API's address without a slash at its end.
pub(super) fn api_url(text: &str) -> Result<String, ConfigError> {
    let url = guarded(text).ok_or(ConfigError::ApiUrl)?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The checkout's address as browsers write an origin.
pub(super) fn origin(text: &str) -> Result<String, ConfigError> {
    let url = guarded(text).filter(|url| url.path() == "/").ok_or(ConfigError::CheckoutOrigin)?;
    Ok(url.origin().ascii_serialization())
}

fn guarded(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = matches!(url.host_str()?, "localhost" | "127.0.0.1" | "[::1]");
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    (safe && bare).then_some(url)
}

/// The authorization header, and whether the key moves real money.
///
/// Source: docs.stripe.com/keys, prefixes of secret and restricted keys.
pub(super) fn authorization(key: &SecretString) -> Result<(HeaderValue, bool), ConfigError> {
    let key = key.expose_secret();
    let live = ["sk_live_", "rk_live_"].iter().any(|prefix| key.starts_with(prefix));
    let test = ["sk_test_", "rk_test_"].iter().any(|prefix| key.starts_with(prefix));
    let plain = key.len() > "sk_live_".len() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !plain || !(live || test) {
        return Err(ConfigError::SecretKey);
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| ConfigError::SecretKey)?;
    header.set_sensitive(true);
    Ok((header, live))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_on_this_machine() {
        for (text, ok) in [
            ("https://api.stripe.com", true),
            ("https://api.stripe.com/", true),
            ("http://127.0.0.1:9000/stripe", true),
            ("http://localhost:9000", true),
            ("http://[::1]:9000", true),
            ("http://api.stripe.com", false),
            ("ftp://api.stripe.com", false),
            ("https://user@api.stripe.com", false),
            ("https://api.stripe.com?a=b", false),
            ("https://api.stripe.com#a", false),
            ("api.stripe.com", false),
            ("", false),
        ] {
            assert_eq!(api_url(text).is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn an_api_address_keeps_its_path_and_loses_its_last_slash() {
        assert_eq!(api_url("http://127.0.0.1:9000/stripe/").as_deref(), Ok("http://127.0.0.1:9000/stripe"));
    }

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(origin("https://checkout.stripe.com/").as_deref(), Ok("https://checkout.stripe.com"));
        assert_eq!(origin("https://checkout.stripe.com:443").as_deref(), Ok("https://checkout.stripe.com"));
        assert_eq!(origin("https://checkout.stripe.com/c"), Err(ConfigError::CheckoutOrigin));
    }

    #[test]
    fn signing_secrets_are_there_and_have_their_form() {
        let check = |secrets: &[&str]| check_notice_secrets(&secrets.iter().map(|text| SecretString::from(*text)).collect::<Vec<_>>());
        assert_eq!(check(&["whsec_abc", "whsec_d/e+f="]), Ok(()));
        for wrong in [&[][..], &["whsec_"], &["whsec_abc", ""], &["sk_test_abc"], &["whsec_a b"], &["whsec_abc\n"]] {
            assert_eq!(check(wrong), Err(ConfigError::NoticeSecrets), "{wrong:?}");
        }
    }

    #[test]
    fn f23_a_key_tells_whether_it_moves_real_money() {
        for (key, live) in [
            ("sk_live_abc", Ok(true)),
            ("rk_live_abc", Ok(true)),
            ("sk_test_abc", Ok(false)),
            ("rk_test_abc", Ok(false)),
            ("pk_live_abc", Err(ConfigError::SecretKey)),
            ("sk_test_", Err(ConfigError::SecretKey)),
            ("sk_test_a\nb", Err(ConfigError::SecretKey)),
            ("", Err(ConfigError::SecretKey)),
        ] {
            assert_eq!(authorization(&SecretString::from(key)).map(|(_, live)| live), live, "{key}");
        }
    }
}
