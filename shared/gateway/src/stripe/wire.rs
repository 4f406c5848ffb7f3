//! What Stripe writes, as far as it is read. Fields may come that are not listed; listed ones may be missing where it says so.
//!
//! No type here implements `Debug`: they hold addresses of open checkouts.
//!
//! Source: Stripe's OpenAPI description, version 2023-08-16.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// `checkout.session`.
#[derive(Deserialize)]
pub(super) struct Session {
    pub id: String,
    pub object: String,
    pub status: Option<String>,
    pub payment_status: String,
    pub amount_total: Option<i64>,
    pub currency: Option<String>,
    pub client_reference_id: Option<String>,
    pub payment_intent: Option<Expandable<PaymentIntent>>,
    pub url: Option<String>,
}

/// A list of `checkout.session`, newest first.
#[derive(Deserialize)]
pub(super) struct SessionList {
    pub data: Vec<ListedSession>,
    pub has_more: bool,
}

/// `checkout.session`, as far as it matters in a list.
#[derive(Deserialize)]
pub(super) struct ListedSession {
    pub id: String,
    pub created: i64,
    pub expires_at: i64,
    pub payment_status: String,
    pub amount_total: Option<i64>,
    pub currency: Option<String>,
    pub metadata: Option<BTreeMap<String, String>>,
}

/// An object, or its id where it was not expanded.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable<T> {
    Id(String),
    Object(Box<T>),
}

/// `payment_intent`.
#[derive(Deserialize)]
pub(super) struct PaymentIntent {
    pub id: String,
    pub status: String,
    pub last_payment_error: Option<ApiError>,
    pub latest_charge: Option<Expandable<Charge>>,
}

/// `charge`.
#[derive(Deserialize)]
pub(super) struct Charge {
    pub created: Option<i64>,
    pub payment_method_details: Option<MethodDetails>,
}

/// `payment_method_details`.
#[derive(Deserialize)]
pub(super) struct MethodDetails {
    #[serde(rename = "type")]
    pub kind: String,
    pub card: Option<Card>,
}

/// `payment_method_details_card`.
#[derive(Deserialize)]
pub(super) struct Card {
    pub brand: Option<String>,
    pub last4: Option<String>,
}

/// `error`.
#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub error: ApiError,
}

/// `api_errors`.
#[derive(Deserialize)]
pub(super) struct ApiError {
    #[serde(rename = "type")]
    pub kind: String,
    pub code: Option<String>,
    pub decline_code: Option<String>,
    pub message: Option<String>,
}

/// `event`. What it is about may have any form.
#[derive(Deserialize)]
pub(super) struct Event {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub created: i64,
    pub livemode: bool,
    pub account: Option<String>,
    pub data: EventData,
}

/// `notification_event_data`.
#[derive(Deserialize)]
pub(super) struct EventData {
    pub object: Value,
}

/// A list of `webhook_endpoint`.
#[derive(Deserialize)]
pub(super) struct EndpointList {
    pub data: Vec<Endpoint>,
    pub has_more: bool,
}

/// `webhook_endpoint`.
#[derive(Deserialize)]
pub(super) struct Endpoint {
    pub url: String,
    pub status: String,
    pub livemode: bool,
    pub api_version: Option<String>,
    pub application: Option<String>,
    pub enabled_events: Vec<String>,
}
