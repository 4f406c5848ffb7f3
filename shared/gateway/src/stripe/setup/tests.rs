use super::*;
use crate::{
    Gateway,
    answer::RefusalClass,
    stripe::testing::{Does, Scripted},
    transport::TransportErrorKind,
};
use serde_json::{Value, json};
use std::slice;

const URL: &str = "https://pay.example.com/webhooks/stripe";
const SESSIONS_URL: &str = "GET https://api.stripe.com/v1/checkout/sessions?limit=1";
const ENDPOINTS_URL: &str = "GET https://api.stripe.com/v1/webhook_endpoints?limit=100";

fn list(url: &str, data: &[Value]) -> Value {
    json!({"object": "list", "url": url, "has_more": false, "data": data})
}

fn endpoint(over: &Value) -> Value {
    let mut endpoint = json!({
        "id": "we_1", "object": "webhook_endpoint", "api_version": "2023-08-16", "application": null, "created": 1_700_000_000,
        "description": null, "enabled_events": NEEDED.iter().chain(&USEFUL).collect::<Vec<_>>(), "livemode": false, "metadata": {},
        "status": "enabled", "url": URL,
    });
    for (name, value) in over.as_object().into_iter().flatten() {
        endpoint[name] = value.clone();
    }
    endpoint
}

async fn inspect(scripted: Scripted) -> SetupReport {
    Gateway::Stripe(scripted.stripe).inspect_setup(&[URL, "https://api.example.com/webhooks/stripe"]).await
}

/// What is said of these endpoints, whose list is held against the published schema.
async fn notices(endpoints: &[Value]) -> Vec<NoticeAddress> {
    let endpoints = list("/v1/webhook_endpoints", endpoints);
    vendor_schema::check_answer("GET", ENDPOINTS, 200, &endpoints);
    let report = inspect(Scripted::new([Does::Answer(200, list(SESSIONS, &[])), Does::Answer(200, endpoints)])).await;
    assert_eq!((report.live, report.checkouts), (false, Ok(())));
    report.notices.unwrap_or_default()
}

fn refusal(code: &str) -> Value {
    json!({"error": {"type": "invalid_request_error", "code": code, "message": "The key rk_test_verysecret may not."}})
}

#[tokio::test]
async fn an_inspection_is_two_reads() {
    let scripted = Scripted::new([Does::Answer(200, list(SESSIONS, &[])), Does::Answer(200, list(ENDPOINTS, &[]))]);
    let stripe = scripted.stripe.clone();
    assert_eq!(stripe.inspect_setup(&[URL]).await, SetupReport { live: false, checkouts: Ok(()), notices: Ok(Vec::new()) });
    assert_eq!(scripted.asked(), [SESSIONS_URL, ENDPOINTS_URL]);
    assert_eq!(scripted.take_request().headers()["stripe-version"], API_VERSION);
}

#[tokio::test]
async fn an_address_is_told_of_with_its_version_and_what_it_does_not_hear() {
    let whole = NoticeAddress { enabled: true, version: NoticeVersion::Ours, missing: Vec::new(), useful: Vec::new() };
    for over in [json!({}), json!({"enabled_events": ["*"]})] {
        assert_eq!(notices(&[endpoint(&over)]).await, slice::from_ref(&whole), "{over}");
    }
    let other = "https://api.example.com/webhooks/stripe";
    assert_eq!(notices(&[endpoint(&json!({})), endpoint(&json!({"url": other}))]).await, [whole.clone(), whole.clone()]);
    let least = endpoint(&json!({"enabled_events": ["checkout.session.completed"], "status": "disabled", "api_version": null}));
    let said =
        NoticeAddress { enabled: false, version: NoticeVersion::AccountDefault, missing: NEEDED[1..].to_vec(), useful: USEFUL.to_vec() };
    assert_eq!(notices(&[least]).await, [said]);
    let newer = NoticeAddress { version: NoticeVersion::Other("2025-03-31.basil".to_owned()), ..whole };
    assert_eq!(notices(&[endpoint(&json!({"api_version": "2025-03-31.basil"}))]).await, [newer]);
}

#[tokio::test]
async fn another_address_mode_or_account_is_not_ours() {
    for over in [
        json!({"url": format!("{URL}/")}),
        json!({"url": "https://example.com/webhooks/stripe"}),
        json!({"livemode": true}),
        json!({"application": "ca_1"}),
    ] {
        assert_eq!(notices(&[endpoint(&over)]).await, [], "{over}");
    }
}

#[tokio::test]
async fn what_is_not_told_says_why() {
    let refused = |class, code| crate::Refusal::new(class, code, "The key ••• may not.");
    for (does, wanted) in [
        (Does::Answer(401, refusal("api_key_expired")), NotTold::KeyRefused(refused(RefusalClass::Configuration, "api_key_expired"))),
        (Does::Answer(403, refusal("more_permissions_required")), {
            NotTold::NotAllowed(refused(RefusalClass::Configuration, "more_permissions_required"))
        }),
        (Does::Answer(429, refusal("rate_limit")), NotTold::Refused(refused(RefusalClass::RateLimited, "rate_limit"))),
        (Does::Says(403, "<html>"), NotTold::Unknown(Why::Unreadable("a refusal names its error"))),
        (Does::Says(503, "{}"), NotTold::Unknown(Why::Failed(503))),
        (Does::Says(302, ""), NotTold::Unknown(Why::Failed(302))),
        (Does::Says(200, "{}"), NotTold::Unknown(Why::Unreadable("a success is a list"))),
        (Does::Breaks(TransportErrorKind::Timeout), NotTold::Unknown(Why::NoAnswer(TransportErrorKind::Timeout))),
    ] {
        let report = inspect(Scripted::new([Does::Answer(200, list(SESSIONS, &[])), does])).await;
        assert_eq!((report.checkouts, report.notices), (Ok(()), Err(wanted)));
    }
    let report = inspect(Scripted::new([
        Does::Answer(401, refusal("api_key_expired")),
        Does::Answer(200, json!({"object": "list", "url": ENDPOINTS, "has_more": true, "data": [endpoint(&json!({}))]})),
    ]))
    .await;
    assert!(matches!(report.checkouts, Err(NotTold::KeyRefused(_))));
    assert_eq!(report.notices, Err(NotTold::Unknown(Why::Unreadable("an account has at most 100 webhook endpoints"))));
}
