//! Event objects and signed webhooks. Source: docs.stripe.com/api/events and docs.stripe.com/webhooks#verify-manually.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::API_VERSION;
use super::checkout::Moment;
use super::fault::WebhookMode;
use super::state::State;

const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The API request that caused an event; empty where a payer or the clock did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) request_id: Option<String>,
    pub(super) idempotency_key: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    SessionCompleted,
    SessionExpired,
    IntentSucceeded,
    IntentFailed,
    ChargeSucceeded,
}

impl EventType {
    fn wire(self) -> &'static str {
        match self {
            Self::SessionCompleted => "checkout.session.completed",
            Self::SessionExpired => "checkout.session.expired",
            Self::IntentSucceeded => "payment_intent.succeeded",
            Self::IntentFailed => "payment_intent.payment_failed",
            Self::ChargeSucceeded => "charge.succeeded",
        }
    }
}

impl State {
    /// Keeps an event and queues its webhook as the mode says. Stripe hands out events for 30 days.
    pub(super) fn emit(&mut self, kind: EventType, object: &Value, created: i64, moment: &Moment) {
        let id = self.object_id("evt");
        let event = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": created,
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": {
                "id": moment.origin.request_id,
                "idempotency_key": moment.origin.idempotency_key,
            },
            "type": kind.wire(),
        });
        let oldest = moment.now.saturating_sub(KEPT_SECONDS);
        self.events.retain(|_, event| event["created"].as_i64().is_some_and(|at| at >= oldest));
        self.events.insert(id.clone(), event);
        match moment.mode {
            WebhookMode::Deliver => self.webhooks.push(id),
            WebhookMode::Double => self.webhooks.extend([id.clone(), id]),
            WebhookMode::Lose => {}
        }
    }
}

/// The `Stripe-Signature` header: HMAC-SHA256 over `{t}.{body}`.
pub(super) fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={at},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}
