//! How every function reaches AWS.

use crate::config::env;
use aws_config::{BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider, retry::RetryConfig};
use aws_sdk_secretsmanager::config::SharedCredentialsProvider;
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

/// Region and credentials as Lambda puts them into the environment, and nowhere else: what the SDK would look for besides (profiles,
/// containers, instances, other services) is code that no function needs. Only AWS's own certificates are believed; where a service is
/// somewhere else (`AWS_ENDPOINT_URL…`), the system's roots are instead.
///
/// Source: AWS Lambda developer guide, "Defined runtime environment variables".
#[must_use]
pub fn sdk_config() -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(env("AWS_REGION").map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .retry_config(RetryConfig::standard())
        .http_client(if elsewhere() { with_system_roots() } else { with_own_roots() });
    config.set_endpoint_url(env("AWS_ENDPOINT_URL"));
    config.build()
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
    services.iter().any(|service| env(&format!("AWS_ENDPOINT_URL{service}")).is_some())
}
