use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use http::StatusCode;
use serde_json::{Value, json};

use super::super::events::signature;
use super::super::{PayError, PayOutcome, SandboxGateway, SessionViewStatus, WebhookMode};
use super::{BROKE, Bench, GOOD, START, bench, bench_on, order, order_with, post, settings};

#[tokio::test]
async fn an_open_session_has_no_intent_and_a_complete_one_no_url() {
    let bench = bench();
    let session = bench.create("", &order()).await.json();
    let id = session["id"].as_str().unwrap();
    assert_eq!(session["url"], format!("http://127.0.0.1:4242/c/pay/{id}"));
    assert_eq!((&session["payment_intent"], &session["status"]), (&Value::Null, &json!("open")));
    let return_to = format!("https://pay.example.org/back?session={id}");
    assert_eq!(bench.gateway.pay(id, GOOD), Ok(PayOutcome::Paid { return_to }));
    let path = format!("/v1/checkout/sessions/{id}?expand[]=payment_intent.latest_charge&expand[]=line_items");
    let session = bench.get(&path).await.json();
    assert_eq!((&session["url"], &session["payment_status"]), (&Value::Null, &json!("paid")));
    let intent = &session["payment_intent"];
    assert_eq!((&intent["amount_received"], &intent["metadata"]["attempt"]), (&json!(165_000), &json!("att_1")));
    assert_eq!(intent["latest_charge"]["payment_method_details"]["card"]["last4"], "4242");
    assert_eq!(session["line_items"]["data"][0]["description"], "Invoice <A-1>");
    let found = bench.get(&format!("/v1/checkout/sessions?payment_intent={}", intent["id"].as_str().unwrap())).await;
    assert_eq!(found.json()["data"][0]["id"], id);
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_and_a_good_one_then_charges_once() {
    let bench = bench();
    let id = bench.open().await;
    let declined = bench.gateway.pay(&id, BROKE).unwrap();
    assert!(matches!(declined, PayOutcome::Declined { decline_code, .. } if decline_code == "insufficient_funds"));
    let view = bench.gateway.sessions().remove(0);
    assert_eq!((view.status, view.payment_status), (SessionViewStatus::Open, "unpaid"));
    let path = format!("/v1/payment_intents/{}?expand[]=latest_charge", view.payment_intent.unwrap());
    let intent = bench.get(&path).await.json();
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["last_payment_error"]["decline_code"], "insufficient_funds");
    assert_eq!(intent["latest_charge"]["status"], "failed");
    assert!(bench.gateway.charges().is_empty());
    assert!(bench.gateway.pay(&id, GOOD).is_ok());
    let intent = bench.get(&path).await.json();
    assert_eq!((&intent["status"], &intent["last_payment_error"]), (&json!("succeeded"), &Value::Null));
    assert_eq!(bench.gateway.charges().len(), 1);
    let expected = ["payment_intent.payment_failed", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"];
    assert_eq!(bench.event_types(), expected);
}

#[tokio::test]
async fn a_second_submit_charges_nothing() {
    let bench = bench();
    let id = bench.open().await;
    assert_eq!(bench.gateway.pay(&id, "4000000000003220"), Ok(PayOutcome::PaidWithoutReturn));
    assert!(matches!(bench.gateway.pay(&id, GOOD), Ok(PayOutcome::AlreadyComplete { .. })));
    let charges = bench.gateway.charges();
    let moved: Vec<_> = charges.iter().map(|charge| (charge.amount_minor, charge.currency.as_str())).collect();
    assert_eq!(moved, [(165_000, "eur")]);
}

#[tokio::test]
async fn an_expired_session_takes_no_money_and_only_an_open_one_expires() {
    let bench = bench();
    let (id, paid) = (bench.open().await, bench.open().await);
    let expired = bench.expire(&id).await.json();
    assert_eq!((&expired["status"], &expired["url"]), (&json!("expired"), &Value::Null));
    assert_eq!(bench.gateway.pay(&id, GOOD), Err(PayError::SessionExpired));
    assert_eq!(bench.gateway.pay("cs_test_none", GOOD), Err(PayError::UnknownSession));
    bench.gateway.pay(&paid, GOOD).unwrap();
    for id in [&id, &paid] {
        let refused = bench.expire(id).await;
        assert_eq!((refused.status, refused.error("type")), (StatusCode::BAD_REQUEST, "invalid_request_error".to_owned()));
    }
    assert_eq!(bench.event_types().first().map(String::as_str), Some("checkout.session.expired"));
}

#[tokio::test]
async fn the_clock_expires_a_session_and_cancels_its_intent() {
    let bench = bench();
    let id = bench.open().await;
    bench.gateway.pay(&id, BROKE).unwrap();
    bench.pass(3599);
    assert_eq!(bench.gateway.sessions()[0].status, SessionViewStatus::Open);
    bench.pass(500);
    assert_eq!(bench.gateway.pay(&id, GOOD), Err(PayError::SessionExpired));
    let session = bench.get(&format!("/v1/checkout/sessions/{id}?expand[]=payment_intent")).await.json();
    assert_eq!(session["payment_intent"]["status"], "canceled");
    let last = bench.gateway.take_webhooks().pop().unwrap();
    let event: Value = serde_json::from_slice(&last.body).unwrap();
    assert_eq!((&event["type"], &event["created"]), (&json!("checkout.session.expired"), &json!(START + 3600)));
    let read = bench.get(&format!("/v1/events/{}", event["id"].as_str().unwrap())).await;
    assert_eq!(read.json(), event);
}

#[tokio::test]
async fn webhooks_are_lost_or_doubled_as_asked_and_signed_over_their_bytes() {
    let bench = bench();
    bench.gateway.set_webhook_mode(WebhookMode::Lose);
    let lost = bench.open().await;
    bench.expire(&lost).await;
    assert!(bench.gateway.take_webhooks().is_empty());
    bench.gateway.set_webhook_mode(WebhookMode::Double);
    let doubled = bench.open().await;
    bench.send(post(&format!("/v1/checkout/sessions/{doubled}/expire"), "key-9", &[])).await;
    bench.pass(7);
    let notices = bench.gateway.take_webhooks();
    assert_eq!(notices.len(), 2);
    assert_eq!(notices[0], notices[1]);
    let event: Value = serde_json::from_slice(&notices[0].body).unwrap();
    assert_eq!(event["request"]["idempotency_key"], "key-9");
    let header = &notices[0].headers.iter().find(|(name, _)| name == "Stripe-Signature").unwrap().1;
    assert_eq!(*header, signature("whsec_bench", START + 7, &notices[0].body));
    assert!(bench.gateway.take_webhooks().is_empty());
}

#[test]
fn a_signature_is_what_openssl_computes_over_time_and_body() {
    let expected = "t=1492774577,v1=7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2";
    let found = signature("whsec_test", 1_492_774_577, br#"{"id":"evt_1"}"#);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let file = scratch("restart");
    let first = bench_on(Some(file.clone()));
    let (paid, open) = (first.create("key-1", &order()).await, first.open().await);
    first.gateway.pay(&paid.id(), GOOD).unwrap();
    let clock = Arc::new(AtomicI64::new(START));
    let again = Bench { gateway: SandboxGateway::open(settings(Some(file.clone()), &clock)).unwrap(), clock };
    assert_eq!(again.gateway.sessions(), first.gateway.sessions());
    assert_eq!(again.gateway.charges(), first.gateway.charges());
    assert_eq!(again.create("key-1", &order()).await.text, paid.text);
    assert_eq!(again.event_types().len(), 3);
    let next = again.open().await;
    assert!(next > open);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"last4\":\"4242\"") && !text.contains("42424242"));
    fs::remove_file(file).unwrap();
}

#[test]
fn an_unreadable_file_is_named() {
    let file = scratch("unreadable");
    fs::write(&file, "{").unwrap();
    let clock = Arc::new(AtomicI64::new(START));
    let error = SandboxGateway::open(settings(Some(file.clone()), &clock)).unwrap_err();
    assert!(format!("{error:#}").contains(&file.display().to_string()));
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_currency_without_decimals_is_counted_whole() {
    let bench = bench();
    let yen = order_with(&[
        ("line_items[0][price_data][currency]", "JPY"),
        ("line_items[0][price_data][unit_amount]", "2500"),
        ("line_items[0][quantity]", "2"),
    ]);
    let id = bench.create("", &yen).await.id();
    bench.gateway.pay(&id, GOOD).unwrap();
    let charge = bench.gateway.charges().remove(0);
    assert_eq!((charge.amount_minor, charge.currency.as_str()), (5000, "jpy"));
    assert!(bench.page(&id).await.text.contains("5,000 JPY"));
}

fn scratch(name: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("sandbox-gateway-{name}-{}.json", std::process::id()));
    let _ = fs::remove_file(&file);
    file
}
