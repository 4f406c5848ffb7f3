//! The way to a gateway and back: one request, one answer.

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use rustls::{ClientConfig, RootCertStore};
use std::{
    error::Error,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// How long one call may take. Deadlines nest: call 20 s, function 28 s, API 30 s.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 1_048_576;

type Carry = dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, TransportError>> + Send + Sync;

/// Carries requests to a gateway. Cheap to clone.
#[derive(Clone)]
pub struct Transport(Arc<Carry>);

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

/// Why no whole answer arrived. Whether the request did, nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("no whole answer from the gateway ({})", kind.name())]
pub struct TransportError {
    /// What went wrong.
    pub kind: TransportErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// It took too long.
    Timeout,
    /// No connection came about.
    Connect,
    /// The connection broke, or the answer was no HTTP or too large.
    Broken,
}

impl TransportErrorKind {
    /// Its name in journal and log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Broken => "broken",
        }
    }
}

impl TransportError {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            TransportErrorKind::Timeout
        } else if error.is_connect() {
            TransportErrorKind::Connect
        } else {
            TransportErrorKind::Broken
        };
        Self { kind, source: Some(Box::new(error.without_url())) }
    }
}

impl Transport {
    /// Takes any way to answer a request.
    pub fn new<F>(send: F) -> Self
    where
        F: Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, TransportError>> + Send + Sync + 'static,
    {
        Self(Arc::new(send))
    }

    /// The network: no redirects, no retries, no proxy from the environment, and a fresh connection for each call, because
    /// one kept through a freeze of the function is often dead and would leave a call without an answer.
    ///
    /// The client is made for the first call: whoever only looks at a page does not wait for it.
    #[must_use]
    pub fn reqwest(timeout: Duration) -> Self {
        let client = Arc::new(OnceLock::new());
        Self::new(move |request| Box::pin(carry(client.clone(), timeout, request)))
    }

    /// Sends one request.
    ///
    /// # Errors
    /// [`TransportError`] when no whole answer arrived.
    pub async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (self.0)(request).await
    }
}

/// TLS as every HTTP client here speaks it: by ring, with Mozilla's roots, which need not be read from the system first.
///
/// # Errors
/// [`TransportError`] when the protocol's versions cannot be set up.
pub fn tls() -> Result<ClientConfig, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = builder.map_err(|_| TransportError::new(TransportErrorKind::Broken))?.with_root_certificates(roots).with_no_client_auth();
    Ok(config)
}

fn client(timeout: Duration) -> Result<reqwest::Client, TransportError> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build();
    client.map_err(|error| {
        tracing::error!(%error, "the gateway's HTTP client cannot be made");
        TransportError { kind: TransportErrorKind::Connect, source: Some(Box::new(error)) }
    })
}

async fn carry(
    held: Arc<OnceLock<reqwest::Client>>,
    timeout: Duration,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, TransportError> {
    let client = match held.get() {
        Some(client) => client,
        None => {
            let made = client(timeout)?;
            held.get_or_init(|| made)
        }
    };
    let mut answer = client.execute(request.try_into()?).await?;
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(TransportError::new(TransportErrorKind::Broken));
        }
        body.extend_from_slice(&chunk);
    }
    let mut whole = http::Response::new(body.freeze());
    *whole.status_mut() = answer.status();
    *whole.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(whole)
}

#[cfg(test)]
mod tests;
