//! What the tests of this module share: one attempt, one order, and a gateway that answers from a script.
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::{Stripe, StripeConfig};
use crate::{
    CheckoutOrder,
    transport::{Transport, TransportError, TransportErrorKind},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    attempt::{Attempt, AttemptState, How, Look, Order, Purpose},
    currency::Currency,
    ids::{AttemptId, ContactId, InvoiceId},
    money::Money,
    payment::Origin,
    pii::{EmailAddress, RecipientRef},
};
use futures::FutureExt;
use http::{Request, Response};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

pub(super) const ATTEMPT: &str = "att_0123456789ABCDEF";
pub(super) const INVOICE: &str = "inv_00000000000000000000000001";
pub(super) const SESSION: &str = "cs_test_a1B2c3";
pub(super) const KEY: &str = "key-of-the-attempt";
pub(super) const SECRET: &str = "sk_test_verysecret";
pub(super) const URL: &str = "https://checkout.stripe.com/c/pay/cs_test_a1B2c3#opens";

pub(super) fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

pub(super) fn attempt(amount: &str, currency: &str) -> Attempt {
    let amount = Money::parse(amount, Currency::parse(currency).unwrap()).unwrap();
    Attempt {
        id: AttemptId::parse(ATTEMPT).unwrap(),
        purpose: Purpose::Collect { orders: vec![Order { invoice_id: InvoiceId::parse(INVOICE).unwrap(), rev: 1, amount }] },
        how: How::Hosted { recipient: RecipientRef::ANYONE, link_version: 1, link_key: 1, open_until: instant(1_700_003_600) },
        contact_id: ContactId::parse("con_00000000000000000000000002").unwrap(),
        amount,
        origin: Origin::PayPage,
        gateway: "stripe".to_owned(),
        key: KEY.to_owned(),
        taken_at: instant(1_700_000_000),
        state: AttemptState::Dispatched,
        session_ref: None,
        intent_ref: None,
        decline: None,
        payment_id: None,
        resolved: None,
        look: Look::default(),
        note: None,
    }
}

pub(super) fn email() -> EmailAddress {
    EmailAddress::parse("ada@example.com").unwrap()
}

pub(super) fn order<'a>(attempt: &'a Attempt, email: Option<&'a EmailAddress>) -> CheckoutOrder<'a> {
    CheckoutOrder {
        attempt,
        description: "Invoice INV-00001",
        email,
        return_url: "https://pay.example.com/pay/tokenthatopens/return",
        cancel_url: "https://pay.example.com/pay/tokenthatopens",
    }
}

/// One thing that the scripted gateway does.
pub(super) enum Does {
    Answer(u16, Value),
    Says(u16, &'static str),
    Breaks(TransportErrorKind),
}

/// A Stripe that answers from a script, and what it was asked. A request that does not follow the schema fails its test.
pub(super) struct Scripted {
    pub stripe: Stripe,
    asked: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Scripted {
    pub fn new(script: impl IntoIterator<Item = Does>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, script) = (Arc::clone(&asked), Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let transport = Transport::new(move |request| {
            check(&request);
            log.lock().unwrap().push(request);
            let next = script.lock().unwrap().pop_front().unwrap();
            async move {
                let (status, body) = match next {
                    Does::Answer(status, body) => (status, body.to_string()),
                    Does::Says(status, body) => (status, body.to_owned()),
                    Does::Breaks(kind) => return Err(TransportError::new(kind)),
                };
                Ok(Response::builder().status(status).header("request-id", "req_1").body(Bytes::from(body)).unwrap())
            }
            .boxed()
        });
        let config = StripeConfig {
            api_url: "https://api.stripe.com".to_owned(),
            checkout_origin: "https://checkout.stripe.com".to_owned(),
            secret_key: SECRET.to_owned().into(),
            transport,
        };
        Self { stripe: Stripe::new(config).unwrap(), asked }
    }

    /// Method and address of every request, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }

    pub fn take_request(&self) -> Request<Bytes> {
        self.asked.lock().unwrap().remove(0)
    }
}

/// Holds a request against the published schema.
fn check(request: &Request<Bytes>) {
    let pairs = |encoded: &[u8]| serde_urlencoded::from_bytes::<Vec<(String, String)>>(encoded).unwrap();
    let query = request.uri().query().unwrap_or_default();
    vendor_schema::check_request(request.method().as_str(), request.uri().path(), &pairs(query.as_bytes()), &pairs(request.body()));
}

/// A session as Stripe writes it, with the given fields laid over.
pub(super) fn session(over: &Value) -> Value {
    let mut session = json!({
        "id": SESSION, "object": "checkout.session", "status": "open", "payment_status": "unpaid", "amount_total": 16500,
        "currency": "eur", "client_reference_id": ATTEMPT, "payment_intent": null, "url": URL, "livemode": false,
        "mode": "payment", "metadata": {"remit_attempt": ATTEMPT, "remit_invoice": INVOICE}, "something_new": {"of": "tomorrow"},
    });
    for (name, value) in over.as_object().unwrap() {
        session[name] = value.clone();
    }
    session
}
