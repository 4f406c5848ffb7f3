//! Handing events over to EventBridge. Once, without retries.

use crate::{
    event::Published,
    mailer::{HandOver, classify, refused},
};
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_eventbridge::{primitives::DateTime as EventTime, types::PutEventsRequestEntry};
use chrono::{DateTime, Utc};

/// The detail type of the event by which a sweep asks for its next slice.
pub const SLICE: &str = "sweep.slice";

/// The way to EventBridge.
#[derive(Debug, Clone)]
pub struct Bus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl Bus {
    /// Takes the account's configuration, an endpoint that differs from AWS's own, and the bus's name. Retries of the SDK are
    /// off: who asks decides.
    #[must_use]
    pub fn new(sdk: &SdkConfig, endpoint: Option<&str>, name: String) -> Self {
        let mut config = aws_sdk_eventbridge::config::Builder::from(sdk).retry_config(RetryConfig::disabled());
        if let Some(url) = endpoint {
            config = config.endpoint_url(url);
        }
        Self { client: aws_sdk_eventbridge::Client::from_conf(config.build()), name }
    }

    /// Puts an event on the bus.
    pub async fn publish(&self, event: &Published<'_>) -> HandOver {
        match event.detail() {
            Ok(detail) => self.put(event.event.name(), detail, event.at).await,
            Err(error) => HandOver::Refused { reason: error.to_string() },
        }
    }

    /// Asks for the next slice of a sweep: a rule on the bus starts the function with it.
    pub async fn ask_for_slice(&self, detail: String, at: DateTime<Utc>) -> HandOver {
        self.put(SLICE, detail, at).await
    }

    async fn put(&self, kind: &str, detail: String, at: DateTime<Utc>) -> HandOver {
        let entry = PutEventsRequestEntry::builder()
            .time(EventTime::from_millis(at.timestamp_millis()))
            .source("remit")
            .detail_type(kind)
            .detail(detail)
            .event_bus_name(&self.name)
            .build();
        match self.client.put_events().entries(entry).send().await {
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
