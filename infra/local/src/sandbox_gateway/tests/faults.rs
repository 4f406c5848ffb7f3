use std::time::Duration;

use http::StatusCode;
use tokio::net::TcpListener;

use super::super::{Call, Fault};
use super::{bench, order};

#[tokio::test]
async fn a_lost_answer_is_replayed_with_the_same_session() {
    let bench = bench();
    bench.gateway.inject(Fault::LoseAnswerAfterEffect { on: Call::CreateSession });
    assert!(bench.create("key-1", &order()).await.lost);
    let opened = bench.gateway.sessions();
    let replay = bench.create("key-1", &order()).await;
    assert_eq!(replay.headers["idempotent-replayed"], "true");
    assert_eq!(vec![replay.id()], opened.into_iter().map(|session| session.id).collect::<Vec<_>>());
    let lost: Vec<bool> = bench.gateway.exchanges().into_iter().map(|exchange| exchange.lost).collect();
    assert_eq!(lost, [true, false]);
}

#[tokio::test]
async fn a_lost_request_has_no_effect() {
    let bench = bench();
    bench.gateway.inject(Fault::LoseBeforeEffect { on: Call::Any });
    assert!(bench.create("key-1", &order()).await.lost);
    assert!(bench.gateway.sessions().is_empty());
    let again = bench.create("key-1", &order()).await;
    assert!(!again.headers.contains_key("idempotent-replayed"));
}

#[tokio::test]
async fn a_500_is_stored_and_replayed_under_its_key() {
    for (fault, opened) in
        [(Fault::ServerError { on: Call::CreateSession }, 0), (Fault::ServerErrorAfterEffect { on: Call::CreateSession }, 1)]
    {
        let bench = bench();
        bench.gateway.inject(fault);
        for _ in 0..2 {
            let failed = bench.create("key-1", &order()).await;
            assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(failed.error("type"), "api_error");
        }
        assert_eq!(bench.gateway.sessions().len(), opened);
        assert_eq!(bench.create("key-2", &order()).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_call_and_strikes_once() {
    let bench = bench();
    bench.gateway.inject(Fault::RateLimited { on: Call::RetrieveSession });
    let id = bench.open().await;
    let path = format!("/v1/checkout/sessions/{id}");
    assert_eq!(bench.get(&path).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(bench.get(&path).await.status, StatusCode::OK);
    bench.gateway.inject(Fault::KeyInFlight { on: Call::Any });
    assert_eq!(bench.get(&path).await.status, StatusCode::OK);
    assert_eq!(bench.create("key-1", &order()).await.status, StatusCode::CONFLICT);
    assert_eq!(bench.create("key-1", &order()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn over_a_socket_a_lost_answer_is_a_broken_connection() {
    let bench = bench();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/checkout/sessions", listener.local_addr().unwrap());
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(gateway::transport::tls().unwrap())
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let call = || async {
        let request = client.post(&url).bearer_auth("sk_test_bench").header("idempotency-key", "key-1");
        let body = serde_urlencoded::to_string(order()).unwrap();
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await?.text().await
    };
    let calls = async {
        bench.gateway.inject(Fault::LoseAnswerAfterEffect { on: Call::CreateSession });
        assert!(call().await.is_err());
        let id = bench.gateway.sessions().remove(0).id;
        assert!(call().await.unwrap().contains(&id));
    };
    tokio::select! {
        () = calls => {}
        ended = axum::serve(listener, bench.gateway.router()) => ended.unwrap(),
    }
}
