//! Handing mails over to SES. Once, without retries.

use crate::{
    bus::Bus,
    mime::{Outgoing, mime},
};
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_sesv2::{
    primitives::Blob,
    types::{ConfigurationOverrides, Destination, EmailContent, FeatureStatus, MessageTag, RawMessage, TrackingConfigurationOverrides},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::digest::Digest;

/// What became of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOver {
    /// The service has it.
    Accepted {
        /// The service's id.
        service_id: String,
    },
    /// Certainly not handed over, and it may work later.
    Throttled,
    /// Certainly not handed over, and it works once whoever runs the stack has mended what the reason says.
    Blocked {
        /// The service's code, without any address.
        reason: String,
    },
    /// Certainly not handed over, and it will not work as it is.
    Refused {
        /// The service's code, without any address.
        reason: String,
    },
    /// It may or may not have been handed over.
    Unknown {
        /// What happened instead of an answer.
        reason: String,
    },
}

/// The way to SES, and the bus beside it.
#[derive(Debug, Clone)]
pub struct Mailer {
    ses: aws_sdk_sesv2::Client,
    configuration_set: Option<String>,
    /// The way to EventBridge.
    pub bus: Bus,
}

impl Mailer {
    /// Takes the account's configuration, an endpoint that differs from AWS's own, the SES configuration set, and the bus. Retries
    /// of the SDK are off: a lost answer may have had its effect.
    #[must_use]
    pub fn new(sdk: &SdkConfig, endpoint: Option<&str>, configuration_set: Option<String>, bus: Bus) -> Self {
        let mut ses = aws_sdk_sesv2::config::Builder::from(sdk).retry_config(RetryConfig::disabled());
        if let Some(url) = endpoint {
            ses = ses.endpoint_url(url);
        }
        Self { ses: aws_sdk_sesv2::Client::from_conf(ses.build()), configuration_set, bus }
    }

    /// Hands a mail to SES, for its envelope's recipient only.
    pub async fn send(&self, outgoing: &Outgoing<'_>) -> HandOver {
        let built = mime(outgoing).map_err(|error| error.to_string()).and_then(|bytes| {
            let raw = RawMessage::builder().data(Blob::new(bytes)).build().map_err(|error| error.to_string())?;
            let tag = MessageTag::builder().name("remit_message").value(tag_value(outgoing.tag));
            Ok((raw, tag.build().map_err(|error| error.to_string())?))
        });
        let (raw, tag) = match built {
            Ok(built) => built,
            Err(reason) => return HandOver::Refused { reason },
        };
        let answer = self
            .ses
            .send_email()
            .destination(Destination::builder().to_addresses(outgoing.envelope_to.reveal()).build())
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(tag)
            .set_configuration_set_name(self.configuration_set.clone())
            .configuration_overrides(untracked())
            .send()
            .await;
        match answer {
            Ok(output) => match output.message_id {
                Some(service_id) => HandOver::Accepted { service_id },
                None => HandOver::Unknown { reason: "SES answered without a message id".to_owned() },
            },
            Err(error) => classify(&error),
        }
    }
}

/// A customer's link opens the invoice, so it may not be led through SES's tracking, whatever the account or somebody's event
/// destination asks for.
///
/// Source: SES API v2, `TrackingConfigurationOverrides`.
fn untracked() -> ConfigurationOverrides {
    let tracking = TrackingConfigurationOverrides::builder()
        .open_tracking_enabled(FeatureStatus::Disabled)
        .click_tracking_enabled(FeatureStatus::Disabled)
        .build();
    ConfigurationOverrides::builder().tracking(tracking).build()
}

/// Codes that say "not now": the same call may work later.
///
/// Source: SES API v2 `SendEmail`, EventBridge API `PutEvents`, and the common errors of both references.
const LATER: [&str; 17] = [
    "TooManyRequestsException",
    "LimitExceededException",
    "SendingPausedException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "InternalFailure",
    "InternalException",
    "ServiceUnavailable",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
];

/// Codes that say "not before somebody mends it", of the same references.
const TO_MEND: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "AccountSuspendedException",
    "InvalidClientTokenId",
    "MailFromDomainNotVerifiedException",
    "UnrecognizedClientException",
];

/// How SES begins to say that it may not send from the sender, or, in its sandbox, not to the recipient. The code is that of every
/// message it does not like.
///
/// Source: Amazon SES developer guide, "Amazon SES email sending errors".
const NOT_VERIFIED: &str = "Email address is not verified";

pub(crate) fn refused(code: &str) -> HandOver {
    let reason = code.to_owned();
    if LATER.contains(&code) {
        HandOver::Throttled
    } else if TO_MEND.contains(&code) {
        HandOver::Blocked { reason }
    } else {
        HandOver::Refused { reason }
    }
}

/// Only an error that the service itself gave, below 500 and with a code, is certain; the texts of errors may hold addresses
/// and are left out.
pub(crate) fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> HandOver {
    let unknown = |reason: &str| HandOver::Unknown { reason: reason.to_owned() };
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return HandOver::Refused { reason: "the request could not be built".to_owned() };
    }
    if matches!(error, SdkError::TimeoutError(_)) {
        return unknown("no answer in time");
    }
    if matches!(error, SdkError::DispatchFailure(_)) {
        return unknown("the connection failed");
    }
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let says = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("MessageRejected") if status == 400 && says.starts_with(NOT_VERIFIED) => {
            HandOver::Blocked { reason: "MessageRejected, an address is not verified".to_owned() }
        }
        Some(code) if (400..500).contains(&status) && status != 408 => refused(code),
        Some(_) | None if status == 429 => HandOver::Throttled,
        Some(_) | None => HandOver::Unknown { reason: format!("an answer of status {status} that says nothing certain") },
    }
}

/// A tag's value may hold ASCII letters, digits and `_-.@`, 256 at most; any other byte, and `_` itself, becomes `_` and two hex
/// digits. What is too long even so becomes its digest.
///
/// Source: SES API v2, `MessageTag`.
pub(crate) fn tag_value(tag: &str) -> String {
    let mut value = String::with_capacity(tag.len());
    for byte in tag.bytes() {
        if byte.is_ascii_alphanumeric() || b"-.@".contains(&byte) {
            value.push(char::from(byte));
        } else {
            value.push_str(&format!("_{byte:02X}"));
        }
    }
    if value.is_empty() || value.len() > 256 { Digest::of(&[tag.as_bytes()]).hex() } else { value }
}
