//! Handing over: SES for mails, EventBridge for events. Once, without retries.

use crate::{
    event::Published,
    mime::{Outgoing, mime},
};
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_eventbridge::{primitives::DateTime as EventTime, types::PutEventsRequestEntry};
use aws_sdk_sesv2::{
    primitives::Blob,
    types::{Destination, EmailContent, MessageTag, RawMessage},
};
use aws_smithy_runtime_api::client::{http::SharedHttpClient, orchestrator::HttpResponse, result::SdkError};
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

/// The way to SES and EventBridge.
#[derive(Debug, Clone)]
pub struct Mailer {
    ses: aws_sdk_sesv2::Client,
    events: aws_sdk_eventbridge::Client,
    configuration_set: Option<String>,
    bus: String,
}

impl Mailer {
    /// Takes the account's configuration, endpoints that differ from AWS's own, the SES configuration set, the name of the bus,
    /// and an HTTP client in place of the SDK's. Retries of the SDK are off: a lost answer may have had its effect.
    #[must_use]
    pub fn new(
        sdk: &SdkConfig,
        ses_endpoint: Option<&str>,
        events_endpoint: Option<&str>,
        configuration_set: Option<String>,
        bus: String,
        http_client: Option<SharedHttpClient>,
    ) -> Self {
        let mut ses = aws_sdk_sesv2::config::Builder::from(sdk).retry_config(RetryConfig::disabled());
        let mut events = aws_sdk_eventbridge::config::Builder::from(sdk).retry_config(RetryConfig::disabled());
        if let Some(url) = ses_endpoint {
            ses = ses.endpoint_url(url);
        }
        if let Some(url) = events_endpoint {
            events = events.endpoint_url(url);
        }
        if let Some(client) = http_client {
            ses = ses.http_client(client.clone());
            events = events.http_client(client);
        }
        let ses = aws_sdk_sesv2::Client::from_conf(ses.build());
        let events = aws_sdk_eventbridge::Client::from_conf(events.build());
        Self { ses, events, configuration_set, bus }
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

    /// Puts an event on the bus.
    pub async fn publish(&self, event: &Published<'_>) -> HandOver {
        let detail = match event.detail() {
            Ok(detail) => detail,
            Err(error) => return HandOver::Refused { reason: error.to_string() },
        };
        let entry = PutEventsRequestEntry::builder()
            .time(EventTime::from_millis(event.at.timestamp_millis()))
            .source("remit")
            .detail_type(event.event.name())
            .detail(detail)
            .event_bus_name(&self.bus)
            .build();
        match self.events.put_events().entries(entry).send().await {
            Err(error) => classify(&error),
            Ok(output) => {
                let entry = output.entries.unwrap_or_default().into_iter().next();
                match entry.map(|entry| (entry.event_id, entry.error_code)) {
                    Some((_, Some(code))) => refused(&code),
                    Some((Some(service_id), None)) if output.failed_entry_count == 0 => HandOver::Accepted { service_id },
                    Some((_, None)) if output.failed_entry_count > 0 => refused("entry failed"),
                    Some((_, None)) | None => HandOver::Unknown { reason: "EventBridge answered without an event id".to_owned() },
                }
            }
        }
    }
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

fn refused(code: &str) -> HandOver {
    if LATER.contains(&code) { HandOver::Throttled } else { HandOver::Refused { reason: code.to_owned() } }
}

/// Only an error that the service itself gave, below 500 and with a code, is certain; the texts of errors may hold addresses
/// and are left out.
fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> HandOver {
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
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
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
