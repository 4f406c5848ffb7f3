//! The least that answers HTTP in Lambda with clients of AWS: what the size of our functions is measured against. Each calls one
//! operation of each client, so that the linker keeps what a client is.

use aws_config::SdkConfig;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use lambda_http::Error;

/// Region, credentials and the system's roots as the SDK finds them by itself, over the TLS of our functions.
pub async fn sdk() -> SdkConfig {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(client).load().await
}

/// Calls DynamoDB.
///
/// # Errors
/// Those of the SDK.
pub async fn table(client: &aws_sdk_dynamodb::Client) -> Result<(), Error> {
    client.query().table_name("hello").send().await?;
    Ok(())
}

/// Calls Secrets Manager.
///
/// # Errors
/// Those of the SDK.
pub async fn secret(client: &aws_sdk_secretsmanager::Client) -> Result<(), Error> {
    client.get_secret_value().secret_id("hello").send().await?;
    Ok(())
}

/// Calls SES.
///
/// # Errors
/// Those of the SDK.
pub async fn mail(client: &aws_sdk_sesv2::Client) -> Result<(), Error> {
    client.send_email().from_email_address("hello@example.com").send().await?;
    Ok(())
}

/// Calls EventBridge.
///
/// # Errors
/// Those of the SDK.
pub async fn event(client: &aws_sdk_eventbridge::Client) -> Result<(), Error> {
    client.put_events().send().await?;
    Ok(())
}
