#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::{
    testing::{Does, KEY, SECRET, SESSION, Scripted, attempt, email, order, session},
    *,
};
use crate::{
    Gateway,
    transport::{TransportError, TransportErrorKind},
};
use futures::FutureExt;
use secrecy::SecretString;
use serde_json::{Value, json};

const OPEN: &str = "POST https://api.stripe.com/v1/checkout/sessions";
const READ: &str = "GET https://api.stripe.com/v1/checkout/sessions/cs_test_a1B2c3?expand%5B%5D=payment_intent.latest_charge";
const EXPIRE: &str = "POST https://api.stripe.com/v1/checkout/sessions/cs_test_a1B2c3/expire";

fn error(code: &str) -> Value {
    json!({"error": {"type": "invalid_request_error", "code": code, "message": "No."}})
}

fn open(scripted: &Scripted, amount: &str, currency: &str) -> Answer {
    let attempt = attempt(amount, currency);
    let email = email();
    scripted.stripe.open_checkout(&order(&attempt, Some(&email))).now_or_never().unwrap()
}

fn expire(scripted: &Scripted) -> Answer {
    scripted.stripe.expire_checkout(SESSION).now_or_never().unwrap()
}

fn is_in(answer: &Answer, state: &CheckoutState) -> bool {
    matches!(answer, Answer::Report(report) if report.state == *state)
}

fn is_refused(answer: &Answer, class: RefusalClass) -> bool {
    matches!(answer, Answer::Refused(refusal) if refusal.class == class)
}

#[test]
fn opening_sends_the_form_under_the_attempts_key() {
    let scripted = Scripted::new([Does::Answer(200, session(&json!({})))]);
    assert!(is_in(&open(&scripted, "165.00", "EUR"), &CheckoutState::Open));
    assert_eq!(scripted.asked(), [OPEN]);
    let request = scripted.take_request();
    for (name, value) in [
        ("authorization", "Bearer sk_test_verysecret"),
        ("idempotency-key", KEY),
        ("stripe-version", "2023-08-16"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        assert_eq!(request.headers()[name], value, "{name}");
    }
    let sent: Vec<(String, String)> = serde_urlencoded::from_bytes(request.body()).unwrap();
    let attempt = attempt("165.00", "EUR");
    let form: Vec<(String, String)> =
        form::open(&order(&attempt, Some(&email()))).unwrap().into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
    assert_eq!(sent, form);
}

#[test]
fn reading_asks_for_the_payment_and_its_charge_without_a_key() {
    let scripted = Scripted::new([Does::Answer(200, session(&json!({})))]);
    assert!(is_in(&scripted.stripe.read_checkout(SESSION).now_or_never().unwrap(), &CheckoutState::Open));
    assert_eq!(scripted.asked(), [READ]);
    let request = scripted.take_request();
    assert!(request.body().is_empty() && !request.headers().contains_key("idempotency-key"));
}

#[test]
fn f04_an_answer_that_does_not_tell_is_unknown() {
    for (does, why) in [
        (Does::Breaks(TransportErrorKind::Timeout), Why::NoAnswer(TransportErrorKind::Timeout)),
        (Does::Breaks(TransportErrorKind::Connect), Why::NoAnswer(TransportErrorKind::Connect)),
        (Does::Breaks(TransportErrorKind::Broken), Why::NoAnswer(TransportErrorKind::Broken)),
        (Does::Answer(500, error("api_error")), Why::Failed(500)),
        (Does::Says(503, "over capacity"), Why::Failed(503)),
        (Does::Says(200, "{\"id\":\"cs_te"), Why::Unreadable("a success is a checkout session")),
        (Does::Says(200, ""), Why::Unreadable("a success is a checkout session")),
        (Does::Says(302, ""), Why::Unreadable("an answer is a success or an error")),
    ] {
        assert_eq!(open(&Scripted::new([does]), "165.00", "EUR"), Answer::Unknown(why));
    }
}

#[test]
fn f06_a_key_in_flight_is_refused_as_such() {
    for status in [400, 409] {
        let answer = open(&Scripted::new([Does::Answer(status, error("idempotency_key_in_use"))]), "165.00", "EUR");
        assert!(is_refused(&answer, RefusalClass::KeyInFlight), "{status}");
    }
}

#[test]
fn f13_a_sum_the_gateway_cannot_collect_is_refused_without_a_call() {
    for (amount, currency) in [("500", "ISK"), ("5.000", "KWD"), ("0.49", "EUR"), ("1000000.00", "EUR"), ("5.00", "KPW")] {
        let scripted = Scripted::new([]);
        assert!(is_refused(&open(&scripted, amount, currency), RefusalClass::Request), "{currency}");
        assert!(scripted.asked().is_empty());
    }
}

#[test]
fn a_reference_of_another_form_is_refused_without_a_call() {
    for reference in ["", "../account", "cs_1?expand", "cs 1", &"a".repeat(67)] {
        let scripted = Scripted::new([]);
        assert!(is_refused(&scripted.stripe.read_checkout(reference).now_or_never().unwrap(), RefusalClass::Request), "{reference}");
        assert!(is_refused(&scripted.stripe.expire_checkout(reference).now_or_never().unwrap(), RefusalClass::Request), "{reference}");
        assert!(scripted.asked().is_empty());
    }
}

#[test]
fn a_key_that_no_header_can_hold_is_refused_without_a_call() {
    let scripted = Scripted::new([]);
    let mut attempt = attempt("165.00", "EUR");
    attempt.key = "a\nb".to_owned();
    assert!(is_refused(&scripted.stripe.open_checkout(&order(&attempt, None)).now_or_never().unwrap(), RefusalClass::Request));
}

#[test]
fn f03_an_open_checkout_is_expired_by_one_call() {
    let scripted = Scripted::new([Does::Answer(200, session(&json!({"status": "expired"})))]);
    assert!(is_in(&expire(&scripted), &CheckoutState::Expired));
    assert_eq!(scripted.asked(), [EXPIRE]);
    assert_eq!(scripted.take_request().body(), "expand%5B%5D=payment_intent.latest_charge");
}

#[test]
fn f03_a_checkout_that_is_not_open_any_more_is_reported_as_it_is() {
    let paid = session(&json!({"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}));
    for (now, wanted) in [
        (paid, CheckoutState::Paid(domain::payment::Method::GatewayOther)),
        (session(&json!({"status": "expired"})), CheckoutState::Expired),
    ] {
        let scripted = Scripted::new([Does::Answer(400, error("session_not_open")), Does::Answer(200, now)]);
        assert!(is_in(&expire(&scripted), &wanted));
        assert_eq!(scripted.asked(), [EXPIRE, READ]);
    }
}

#[test]
fn f03_a_fence_that_did_not_hold_is_never_called_one() {
    let not_open = || Does::Answer(400, error("session_not_open"));
    let refused = expire(&Scripted::new([not_open(), Does::Answer(200, session(&json!({})))]));
    assert!(is_refused(&refused, RefusalClass::Request));
    assert_eq!(expire(&Scripted::new([not_open(), Does::Says(500, "")])), Answer::Unknown(Why::Failed(500)));
    let lost = Scripted::new([Does::Breaks(TransportErrorKind::Timeout)]);
    assert_eq!(expire(&lost), Answer::Unknown(Why::NoAnswer(TransportErrorKind::Timeout)));
    assert_eq!(lost.asked(), [EXPIRE]);
}

#[test]
fn a_checkout_that_never_was_is_not_read_again() {
    for (status, code, class) in [
        (404, "resource_missing", RefusalClass::NotThere),
        (401, "no_key", RefusalClass::Configuration),
        (429, "rate_limit", RefusalClass::RateLimited),
    ] {
        let scripted = Scripted::new([Does::Answer(status, error(code))]);
        assert!(is_refused(&expire(&scripted), class), "{code}");
        assert_eq!(scripted.asked(), [EXPIRE]);
    }
}

#[test]
fn debug_prints_no_secret_address_or_link() {
    let scripted = Scripted::new([Does::Answer(200, session(&json!({})))]);
    let answer = open(&scripted, "165.00", "EUR");
    let (attempt, email) = (attempt("165.00", "EUR"), email());
    let order = order(&attempt, Some(&email));
    let config = StripeConfig {
        api_url: String::new(),
        checkout_origin: String::new(),
        secret_key: SecretString::from(SECRET),
        transport: Transport::new(|_| async { Err(TransportError::new(TransportErrorKind::Timeout)) }.boxed()),
    };
    let gateway = Gateway::Stripe(scripted.stripe.clone());
    let headers = format!("{:?}", scripted.take_request().headers());
    for text in [format!("{answer:?}"), format!("{order:?}"), format!("{config:?}"), format!("{gateway:?}"), headers] {
        for hidden in [SECRET, KEY, "ada@", "tokenthatopens", "https://checkout.stripe.com/c/pay"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
}

#[test]
fn an_error_does_not_repeat_its_source() {
    assert_eq!(TransportError::new(TransportErrorKind::Timeout).to_string(), "no whole answer from the gateway (timeout)");
}

#[test]
fn f23_the_gateway_knows_its_name_its_mode_and_its_door() {
    let gateway = Gateway::Stripe(Scripted::new([]).stripe);
    assert_eq!(
        (gateway.name(), gateway.is_live(), gateway.checkout_origin(), gateway.notice_header()),
        ("stripe", false, "https://checkout.stripe.com", "stripe-signature")
    );
}
