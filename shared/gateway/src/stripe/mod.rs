//! Stripe, through its hosted checkout.
//!
//! Source: Stripe's API, version 2023-08-16.

mod config;
mod currency;
mod decline;
mod form;
mod list;
mod map;
mod setup;
mod signature;
#[cfg(test)]
mod testing;
mod wire;

pub use config::{ConfigError, StripeConfig, check_notice_secrets};
pub use signature::{SIGNATURE_HEADER, TOLERANCE_SECONDS, Unverified, Verified, verify_notice};

use crate::{
    CheckoutOrder, Unsupported,
    answer::{Answer, Refusal, RefusalClass, Why},
    transport::Transport,
};
use bytes::Bytes;
use domain::{attempt::CheckoutState, money::Money};
use http::{HeaderName, HeaderValue, Method, Request, header};
use map::Expected;
use std::fmt;

/// The name under which attempts and payments store it.
pub(crate) const NAME: &str = "stripe";

/// The version of the API that requests, answers and notices are written in.
pub const API_VERSION: &str = "2023-08-16";

/// Where checkout sessions are.
const SESSIONS: &str = "/v1/checkout/sessions";

/// The longest id of a checkout session, in characters.
///
/// Source: Stripe's OpenAPI description, version 2023-08-16, path parameter `session`.
const MAX_SESSION_REF: usize = 66;

/// A Stripe account, set up and ready.
#[derive(Clone)]
pub struct Stripe {
    api_url: String,
    checkout_origin: String,
    authorization: HeaderValue,
    live: bool,
    transport: Transport,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("api_url", &self.api_url).field("live", &self.live).finish_non_exhaustive()
    }
}

pub(crate) fn supports(amount: Money) -> Result<(), Unsupported> {
    currency::supports(amount)
}

impl Stripe {
    /// Takes the configuration and checks it.
    ///
    /// # Errors
    /// [`ConfigError`] names the part that is wrong.
    pub fn new(config: StripeConfig) -> Result<Self, ConfigError> {
        let (authorization, live) = config::authorization(&config.secret_key)?;
        Ok(Self {
            api_url: config::api_url(&config.api_url)?,
            checkout_origin: config::origin(&config.checkout_origin)?,
            authorization,
            live,
            transport: config.transport,
        })
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) fn checkout_origin(&self) -> &str {
        &self.checkout_origin
    }

    pub(crate) async fn open_checkout(&self, order: &CheckoutOrder<'_>) -> Answer {
        let form = match form::open(order) {
            Ok(form) => form,
            Err(unsupported) => return refused("unsupported_amount", &unsupported.to_string()),
        };
        let Ok(mut key) = HeaderValue::from_str(&order.attempt.key) else {
            return refused("malformed_key", "an idempotency key holds visible ASCII only");
        };
        key.set_sensitive(true);
        match self.request(Method::POST, SESSIONS, Some(key), &form) {
            Some(request) => self.call("open_checkout", request, &Expected::Attempt(order.attempt.id.as_str())).await,
            None => refused("malformed_request", "the request cannot be written"),
        }
    }

    pub(crate) async fn read_checkout(&self, session_ref: &str) -> Answer {
        self.ask("read_checkout", Method::GET, session_ref, "").await
    }

    pub(crate) async fn expire_checkout(&self, session_ref: &str) -> Answer {
        let refusal = match self.ask("expire_checkout", Method::POST, session_ref, "/expire").await {
            Answer::Refused(refusal) if refusal.class == RefusalClass::Request => refusal,
            answer @ (Answer::Report(_) | Answer::Refused(_) | Answer::Unknown(_)) => return answer,
        };
        match self.read_checkout(session_ref).await {
            Answer::Report(report) if report.state == CheckoutState::Open => Answer::Refused(refusal),
            answer @ (Answer::Report(_) | Answer::Refused(_) | Answer::Unknown(_)) => answer,
        }
    }

    async fn ask(&self, call: &'static str, method: Method, session_ref: &str, action: &str) -> Answer {
        if !is_reference(session_ref) {
            return refused("malformed_reference", "a checkout's id holds letters, digits and underscores, 66 at most");
        }
        let (name, value) = form::EXPANDED;
        match self.request(method, &format!("{SESSIONS}/{session_ref}{action}"), None, &[(name, value.to_owned())]) {
            Some(request) => self.call(call, request, &Expected::Session(session_ref)).await,
            None => refused("malformed_request", "the request cannot be written"),
        }
    }

    /// The form goes into the query of a GET and into the body of a POST.
    fn request(&self, method: Method, path: &str, key: Option<HeaderValue>, form: &[(&str, String)]) -> Option<Request<Bytes>> {
        let encoded = serde_urlencoded::to_string(form).ok()?;
        let address = format!("{}{path}", self.api_url);
        let (uri, body) =
            if method == Method::GET { (format!("{address}?{encoded}"), Bytes::new()) } else { (address, Bytes::from(encoded)) };
        let form_encoded = (method == Method::POST).then(|| HeaderValue::from_static("application/x-www-form-urlencoded"));
        let mut request = Request::builder().method(method).uri(uri).body(body).ok()?;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("stripe-version"), HeaderValue::from_static(API_VERSION));
        headers.extend(form_encoded.map(|value| (header::CONTENT_TYPE, value)));
        headers.extend(key.map(|value| (HeaderName::from_static("idempotency-key"), value)));
        Some(request)
    }

    async fn call(&self, call: &'static str, request: Request<Bytes>, expected: &Expected<'_>) -> Answer {
        let (answer, request_id) = match self.transport.send(request).await {
            Ok(response) => {
                let request_id =
                    response.headers().get("request-id").and_then(|id| id.to_str().ok()).filter(|id| is_reference(id)).map(str::to_owned);
                (map::answer(response.status(), response.body(), expected), request_id)
            }
            Err(error) => (Answer::Unknown(Why::NoAnswer(error.kind)), None),
        };
        log(call, request_id.as_deref(), &answer);
        answer
    }
}

fn refused(code: &str, message: &str) -> Answer {
    Answer::Refused(Refusal::new(RefusalClass::Request, code, message))
}

/// Whether a text has the form of Stripe's ids.
fn is_reference(text: &str) -> bool {
    (1..=MAX_SESSION_REF).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Another body under our key means that a stored attempt did not determine its request: a fault of ours, so it is loud.
fn log(call: &str, request_id: Option<&str>, answer: &Answer) {
    match answer {
        Answer::Report(_) => tracing::debug!(gateway = NAME, call, request_id, "the gateway answered"),
        Answer::Refused(Refusal { code, class, message: said }) if code == "idempotency_error" => {
            tracing::error!(
                gateway = NAME,
                call,
                request_id,
                code,
                class = class.name(),
                said,
                "another body was sent under the attempt's key"
            );
        }
        Answer::Refused(Refusal { code, class, message: said }) => {
            tracing::warn!(gateway = NAME, call, request_id, code, class = class.name(), said, "the gateway refused");
        }
        Answer::Unknown(why) => tracing::warn!(gateway = NAME, call, request_id, %why, "the gateway's answer is unknown"),
    }
}

#[cfg(test)]
mod tests;
