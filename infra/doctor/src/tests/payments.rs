//! Whether payments will be noticed.

use super::world::{ENDPOINTS, SESSIONS, STRIPE_KEYS, World, endpoint, list, secret};
use crate::{
    Check::{self, GatewayAccess, GatewayKeys, GatewayMode, NoticeKinds, NoticeVersion, Notices},
    Level::{Ok, Problem, Warning},
};
use serde_json::{Value, json};

fn with_key(key: &str) -> World {
    let endpoints = list(&[endpoint(&json!({"livemode": key.contains("_live_")}))]);
    let mut world = World::healthy().says(STRIPE_KEYS, secret(&json!({"secret_key": key, "webhook_secrets": ["whsec_a"]}).to_string()));
    world.gateway.insert(ENDPOINTS, (200, endpoints));
    world
}

fn told(path: &'static str, status: u16, body: Value) -> World {
    let mut world = World::healthy();
    world.gateway.insert(path, (status, body));
    world
}

fn with_endpoints(endpoints: &[Value]) -> World {
    told(ENDPOINTS, 200, list(endpoints))
}

fn refused(code: &str) -> Value {
    json!({"error": {"type": "invalid_request_error", "code": code, "message": "The key sk_live_verysecret may not."}})
}

#[tokio::test]
async fn f23_a_key_of_the_other_mode_is_a_problem_either_way() {
    with_key("sk_live_a").expect(GatewayMode, Ok, "live mode, and so is the stack").await;
    with_key("rk_test_a").with("Mode", "test").expect(GatewayMode, Ok, "test mode, and so is the stack").await;
    with_key("sk_test_a").expect(GatewayMode, Problem, "test mode in a live stack").await;
    with_key("rk_live_a").with("Mode", "test").expect(GatewayMode, Problem, "live mode in a test stack").await;
}

#[tokio::test]
async fn without_a_gateway_there_is_one_warning_and_no_question() {
    let mut world = World::healthy().with("StripeSecretName", "");
    world.gateway.clear();
    world.aws.remove(STRIPE_KEYS);
    let report = world.examine().await;
    let about: Vec<_> = report.findings.iter().filter(|finding| finding.check.name().starts_with("gateway")).collect();
    assert!(matches!(about[..], [finding] if finding.level == Warning && finding.check == GatewayKeys), "{about:#?}");
}

#[tokio::test]
async fn keys_are_readable_and_of_their_form() {
    World::healthy().expect(GatewayKeys, Ok, "a Stripe key and 1 signing secret of the right form").await;
    for (text, says) in [
        ("sk_live_abc", "is not of the form"),
        (r#"{"secret_key": "pk_live_abc", "webhook_secrets": ["whsec_a"]}"#, "must begin with sk_live_"),
        (r#"{"secret_key": "sk_live_abc", "webhook_secrets": []}"#, "at least one signing secret"),
        (r#"{"secret_key": "sk_live_abc", "webhook_secrets": ["sk_live_abc"]}"#, "must begin with whsec_"),
    ] {
        World::healthy().says(STRIPE_KEYS, secret(text)).expect(GatewayKeys, Problem, says).await;
    }
    World::healthy()
        .refuses(STRIPE_KEYS, "ResourceNotFoundException")
        .expect(GatewayKeys, Problem, "There is no secret remit/stripe")
        .await;
    World::healthy().refuses(STRIPE_KEYS, "AccessDeniedException").expect(GatewayKeys, Problem, "(AccessDeniedException)").await;
}

#[tokio::test]
async fn a_key_that_is_not_taken_ends_the_questions() {
    let report = told(SESSIONS, 401, refused("api_key_expired")).examine().await;
    let last = report.findings.last().unwrap();
    assert!(last.check == GatewayAccess && last.level == Problem && last.says.contains("(api_key_expired)"), "{report:#?}");
}

#[tokio::test]
async fn a_gateway_that_cannot_be_at_its_address_is_not_asked() {
    let mut world = World::healthy();
    world.gateway_url = Some("http://example.com");
    world.expect(GatewayAccess, Problem, "must be https").await;
}

#[tokio::test]
async fn a_key_that_may_not_read_checkouts_is_a_problem() {
    World::healthy().expect(GatewayAccess, Ok, "it may read checkouts").await;
    told(SESSIONS, 403, refused("more_permissions_required")).expect(GatewayAccess, Problem, "may not do what is needed").await;
    told(SESSIONS, 500, json!({})).expect(GatewayAccess, Problem, "failed with status 500").await;
    told(SESSIONS, 429, refused("rate_limit")).expect(GatewayAccess, Problem, "refused to tell (rate_limit)").await;
}

#[tokio::test]
async fn a_restricted_key_that_may_not_read_endpoints_is_a_warning() {
    told(ENDPOINTS, 403, refused("more_permissions_required")).expect(Notices, Warning, "was not checked").await;
    told(ENDPOINTS, 503, json!({})).expect(Notices, Problem, "failed with status 503").await;
}

#[tokio::test]
async fn an_endpoint_is_there_and_enabled() {
    World::healthy().expect(Notices, Ok, "an enabled webhook endpoint").await;
    with_endpoints(&[]).expect(Notices, Problem, "does not know the stack's address").await;
    with_endpoints(&[endpoint(&json!({"status": "disabled"}))]).expect(Notices, Problem, "is disabled").await;
    with_endpoints(&[endpoint(&json!({"url": "https://pay.example.com/webhooks/stripe"}))]).expect(Notices, Ok, "enabled").await;
    with_endpoints(&[endpoint(&json!({})), endpoint(&json!({}))]).expect(Notices, Warning, "told 2 times").await;
    with_endpoints(&[endpoint(&json!({"status": "disabled"})), endpoint(&json!({}))]).expect(Notices, Ok, "enabled").await;
    let absent = with_endpoints(&[]).examine().await;
    assert!(absent.findings.iter().all(|finding| ![NoticeKinds, NoticeVersion].contains(&finding.check)), "{absent:#?}");
}

#[tokio::test]
async fn an_endpoint_hears_of_all_that_is_needed() {
    let needed = [
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
    ];
    let hears = |kinds: &[&str]| with_endpoints(&[endpoint(&json!({"enabled_events": kinds}))]);
    World::healthy().expect(NoticeKinds, Ok, "all events that are needed").await;
    hears(&needed).expect(NoticeKinds, Warning, "a declined try is seen late").await;
    hears(&[&needed[..], &["payment_intent.payment_failed"]].concat()).expect(NoticeKinds, Ok, "all events").await;
    hears(&needed[..3]).expect(NoticeKinds, Problem, "checkout.session.async_payment_failed, so payments").await;
    hears(&["charge.succeeded"]).expect(NoticeKinds, Problem, "checkout.session.completed").await;
}

#[tokio::test]
async fn an_endpoint_speaks_the_version_that_is_read() {
    let speaks = |version: Value| with_endpoints(&[endpoint(&json!({"api_version": version}))]);
    let check: Check = NoticeVersion;
    speaks(json!("2023-08-16")).expect(check, Ok, "version 2023-08-16").await;
    speaks(Value::Null).expect(check, Warning, "account's default version").await;
    speaks(json!("2025-03-31.basil")).expect(check, Warning, "2025-03-31.basil, not 2023-08-16").await;
}
