use std::pin::pin;

use futures::FutureExt;
use http::StatusCode;

use super::super::{Call, Fault};
use super::{bench, order, order_with, post};

#[tokio::test]
async fn the_same_key_and_body_get_the_very_same_answer() {
    let bench = bench();
    let first = bench.create("key-1", &order()).await;
    bench.pass(3600);
    let mut shuffled = order();
    shuffled.reverse();
    let second = bench.create("key-1", &shuffled).await;
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(bench.gateway.sessions().len(), 1);
}

#[tokio::test]
async fn another_body_or_path_under_a_key_is_refused() {
    let bench = bench();
    let id = bench.create("key-1", &order()).await.id();
    let other = bench.create("key-1", &order_with(&[("client_reference_id", "att_2")])).await;
    assert_eq!((other.status, other.error("type")), (StatusCode::BAD_REQUEST, "idempotency_error".to_owned()));
    let path = format!("/v1/checkout/sessions/{id}/expire");
    let elsewhere = bench.send(post(&path, "key-1", &[])).await;
    assert_eq!(elsewhere.error("type"), "idempotency_error");
    assert_eq!(bench.gateway.sessions().len(), 1);
}

#[tokio::test]
async fn a_key_in_flight_answers_409_until_its_answer_is_out_or_its_caller_gone() {
    let bench = bench();
    bench.gateway.inject(Fault::Slow { on: Call::CreateSession, seconds: 3600 });
    let form = order();
    {
        let mut slow = pin!(bench.create("key-1", &form));
        assert!(slow.as_mut().now_or_never().is_none());
        let twin = bench.create("key-1", &form).await;
        assert_eq!(twin.status, StatusCode::CONFLICT);
        assert_eq!(twin.error("code"), "idempotency_key_in_use");
        assert_eq!(bench.create("key-2", &form).await.status, StatusCode::OK);
    }
    let after = bench.create("key-1", &form).await;
    assert_eq!(after.headers["idempotent-replayed"], "true");
    assert_eq!(bench.gateway.sessions().len(), 2);
}

#[tokio::test]
async fn a_key_is_forgotten_after_24_hours() {
    let bench = bench();
    let form: Vec<_> = order().into_iter().filter(|(name, _)| *name != "expires_at").collect();
    let first = bench.create("key-1", &form).await.id();
    bench.pass(24 * 3600 - 1);
    assert_eq!(bench.create("key-1", &form).await.id(), first);
    bench.pass(1);
    assert_ne!(bench.create("key-1", &form).await.id(), first);
}

#[tokio::test]
async fn a_refused_parameter_does_not_use_the_key_up() {
    let bench = bench();
    let refused = bench.create("key-1", &order_with(&[("mode", "nonsense")])).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(bench.create("key-1", &order()).await.status, StatusCode::OK);
}
