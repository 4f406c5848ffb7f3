//! What the log tells of those who are turned away.

use super::nowhere;
use axum::{body::Body, http::Request};
use runtime::logs::Kept;
use serde_json::Value;
use tower::ServiceExt as _;

/// What is logged while a request with this header is answered, a line each.
async fn logged(authorization: &str) -> Vec<Value> {
    let kept = Kept::here();
    let request = Request::get("/v1/contacts").header("authorization", authorization).body(Body::empty()).unwrap();
    let answer = crate::router(nowhere()).oneshot(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    kept.take().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn who_is_turned_away_is_one_warning_that_a_metric_can_count_and_that_tells_nothing_of_the_token() {
    for (authorization, reason) in [
        ("", "missing"),
        ("Basic a2V5OnNlY3JldA==", "missing"),
        ("Bearer key_01JZ8Q6X3S9V7K2M4N5P6R8T0_0f1e2d3c4b5a6978", "malformed"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.0f1e2d3c4b5a6978", "malformed"),
        ("Bearer key_00000000000000000000000000_0f1e2d3c4b5a6978", "unknown"),
    ] {
        let lines = logged(authorization).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let told = |name: &str| lines[0][name].as_str().unwrap_or_default().to_owned();
        assert_eq!((told("level").as_str(), told("rule").as_str(), told("reason").as_str()), ("WARN", "unauthenticated", reason));
        assert!(told("request_id").starts_with("req_"), "{lines:?}");
        let line = lines[0].to_string();
        assert!(["0f1e2d3c", "a2V5", "key_0", "eyJ"].iter().all(|part| !line.contains(part)), "{line}");
    }
}
