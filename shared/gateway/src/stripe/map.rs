//! From what Stripe writes to what we say.

use super::{currency, decline, wire};
use crate::answer::{Answer, Refusal, RefusalClass, Why};
use chrono::{DateTime, Utc};
use domain::{
    attempt::{CheckoutReport, CheckoutState},
    payment::Method,
    pii::Pii,
};
use http::StatusCode;
use wire::Expandable;

/// Whose checkout an answer must be about.
pub(super) enum Expected<'a> {
    /// The one opened for that attempt.
    Attempt(&'a str),
    /// The one of that id.
    Session(&'a str),
}

impl Expected<'_> {
    fn is(&self, session: &wire::Session) -> bool {
        match self {
            Self::Attempt(id) => session.client_reference_id.as_deref().is_none_or(|said| said == *id),
            Self::Session(id) => session.id == *id,
        }
    }
}

/// What an HTTP answer comes to.
///
/// Source: docs.stripe.com/api/errors. A 4xx without Stripe's error object was not written by Stripe and proves nothing; 408,
/// 424 and 425 say that something beyond Stripe's own checks went wrong.
pub(super) fn answer(status: StatusCode, body: &[u8], expected: &Expected<'_>) -> Answer {
    match status.as_u16() {
        200..=299 => read(body, expected).map_or_else(|rule| Answer::Unknown(Why::Unreadable(rule)), Answer::Report),
        status @ (408 | 424 | 425 | 500..) => Answer::Unknown(Why::Failed(status)),
        status @ 400..=499 => match serde_json::from_slice::<wire::ErrorBody>(body) {
            Ok(body) => Answer::Refused(refusal(status, &body.error)),
            Err(_) => Answer::Unknown(Why::Unreadable("a refusal names its error")),
        },
        _ => Answer::Unknown(Why::Unreadable("an answer is a success or an error")),
    }
}

pub(super) fn refusal(status: u16, error: &wire::ApiError) -> Refusal {
    let code = error.code.as_deref().unwrap_or(&error.kind);
    let class = match status {
        401 | 403 => RefusalClass::Configuration,
        404 if code == "resource_missing" => RefusalClass::NotThere,
        409 => RefusalClass::KeyInFlight,
        429 => RefusalClass::RateLimited,
        _ if code == "idempotency_key_in_use" => RefusalClass::KeyInFlight,
        _ => RefusalClass::Request,
    };
    let message = match code {
        "resource_missing" => "no such checkout",
        _ => error.message.as_deref().unwrap_or_default(),
    };
    Refusal::new(class, code, message)
}

fn read(body: &[u8], expected: &Expected<'_>) -> Result<CheckoutReport, &'static str> {
    let session: wire::Session = serde_json::from_slice(body).map_err(|_| "a success is a checkout session")?;
    if session.object != "checkout.session" {
        return Err("a success is a checkout session");
    }
    if !expected.is(&session) {
        return Err("the session is the one asked for");
    }
    report(session)
}

fn report(session: wire::Session) -> Result<CheckoutReport, &'static str> {
    let units = session.amount_total.ok_or("a session has an amount")?;
    let code = session.currency.as_deref().ok_or("a session has a currency")?;
    let amount = currency::from_wire(units, code).ok_or("the amount is in a currency and in units that are ours too")?;
    let (intent_ref, intent) = match session.payment_intent {
        None => (None, None),
        Some(Expandable::Id(id)) => (Some(id), None),
        Some(Expandable::Object(intent)) => (Some(intent.id.clone()), Some(intent)),
    };
    let state = match (session.status.as_deref(), session.payment_status.as_str()) {
        (Some("open"), "unpaid") => CheckoutState::Open,
        // A payment may succeed while its session expires, and the session never says so.
        (Some("expired"), "unpaid") if intent.as_ref().is_some_and(|intent| intent.status == "succeeded") => {
            CheckoutState::Paid(method(intent.as_deref()))
        }
        (Some("expired"), "unpaid") => CheckoutState::Expired,
        (Some("complete"), "paid") if intent_ref.is_none() => return Err("a paid session names its payment"),
        (Some("complete"), "paid") => CheckoutState::Paid(method(intent.as_deref())),
        (Some("complete"), "unpaid") => unpaid(intent.as_deref())?,
        _ => return Err("a session is open, expired or complete, and paid only when complete"),
    };
    let paid_at = match state {
        CheckoutState::Paid(_) => intent.as_deref().and_then(charged_at),
        CheckoutState::Open | CheckoutState::Processing | CheckoutState::Failed | CheckoutState::Expired => None,
    };
    let decline = match state {
        CheckoutState::Open | CheckoutState::Failed | CheckoutState::Expired => {
            intent.and_then(|i| i.last_payment_error).map(|e| decline::of(&e))
        }
        CheckoutState::Paid(_) | CheckoutState::Processing => None,
    };
    let url = session.url.filter(|_| state == CheckoutState::Open).map(Pii::new);
    Ok(CheckoutReport { session_ref: session.id, intent_ref, amount, state, decline, paid_at, url })
}

/// When the money of a payment moved.
fn charged_at(intent: &wire::PaymentIntent) -> Option<DateTime<Utc>> {
    match &intent.latest_charge {
        Some(Expandable::Object(charge)) => charge.created.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        Some(Expandable::Id(_)) | None => None,
    }
}

/// A completed checkout without its money: a bank debit, under way until its payment asks for another method or ends.
fn unpaid(intent: Option<&wire::PaymentIntent>) -> Result<CheckoutState, &'static str> {
    match intent.map(|intent| intent.status.as_str()) {
        Some("processing" | "requires_action" | "requires_confirmation" | "requires_capture" | "succeeded") => {
            Ok(CheckoutState::Processing)
        }
        Some("requires_payment_method" | "canceled") => Ok(CheckoutState::Failed),
        Some(_) => Err("a payment has a status that is known"),
        None => Err("a complete and unpaid session shows its payment"),
    }
}

fn method(intent: Option<&wire::PaymentIntent>) -> Method {
    let details = match intent.and_then(|intent| intent.latest_charge.as_ref()) {
        Some(Expandable::Object(charge)) => charge.payment_method_details.as_ref(),
        Some(Expandable::Id(_)) | None => None,
    };
    match details.map(|details| (details.kind.as_str(), details.card.as_ref())) {
        Some(("card", Some(wire::Card { brand, last4: Some(last4) }))) if last4.len() == 4 && last4.bytes().all(|b| b.is_ascii_digit()) => {
            Method::Card { brand: plain_brand(brand.as_deref()), last4: last4.clone() }
        }
        Some(("us_bank_account" | "sepa_debit" | "acss_debit" | "au_becs_debit" | "bacs_debit" | "ach_debit", _)) => Method::BankDebit,
        Some(_) | None => Method::GatewayOther,
    }
}

fn plain_brand(brand: Option<&str>) -> String {
    let plain =
        |brand: &&str| (1..=20).contains(&brand.len()) && brand.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    brand.filter(plain).unwrap_or("card").to_owned()
}

#[cfg(test)]
mod tests;
