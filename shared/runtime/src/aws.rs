//! How every function reaches AWS.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// The five roots that every AWS service's certificate stands on. Reading the system's hundred and more instead is most of what a
/// function does before its first event.
///
/// Source: Amazon Trust Services, "Certificate Authorities"; the AWS SDK's guide, "Preparing for the migration to ATS".
const ROOTS: &str = include_str!("amazon-roots.pem");

/// Environment, credentials and region as the SDK finds them; only AWS's own certificates are believed. Where a service is
/// somewhere else (`AWS_ENDPOINT_URL…`), the system's roots are believed instead.
pub async fn sdk_config() -> SdkConfig {
    let client = if elsewhere() { with_system_roots() } else { with_own_roots() };
    aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await
}

/// A client that believes the certificates that this machine believes.
#[must_use]
pub fn with_system_roots() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn with_own_roots() -> SharedHttpClient {
    match TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(ROOTS)).build() {
        Ok(context) => Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https(),
        Err(error) => {
            tracing::error!(%error, "the embedded roots cannot be read; the system's are used");
            with_system_roots()
        }
    }
}

/// Whether any service is not at its own address.
fn elsewhere() -> bool {
    let services = ["", "_DYNAMODB", "_SESV2", "_EVENTBRIDGE", "_SECRETS_MANAGER"];
    services.iter().any(|service| crate::config::env(&format!("AWS_ENDPOINT_URL{service}")).is_some())
}
