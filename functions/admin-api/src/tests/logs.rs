//! What the log tells of those who ask and of those who are turned away.

use super::nowhere;
use axum::{body::Body, http::Request};
use lambda_http::request::RequestContext;
use runtime::logs::Kept;
use serde_json::{Value, json};
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

const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Kestrel";

/// The answer's status and code, and what is logged, when somebody who logged in with these claims makes a contact.
async fn logged_in(claims: &[(&str, &str)]) -> (u16, String, Value) {
    let kept = Kept::here();
    let claims: serde_json::Map<_, _> = claims.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let context: RequestContext = serde_json::from_value(json!({
        "accountId": "123456789012", "apiId": "a1b2c3d4e5", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "ANY /login/v1/{proxy+}",
        "stage": "$default", "time": "28/Jul/2026:10:00:00 +0000", "timeEpoch": 1_785_232_800_000_i64,
        "http": { "method": "POST", "path": "/v1/contacts", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "curl/8.9.1" },
        "authorizer": { "jwt": { "claims": claims, "scopes": null } }
    }))
    .unwrap();
    let mut deps = nowhere();
    deps.jwt_issuer = Some(ISSUER.to_owned());
    let request = Request::post("/v1/contacts").header("authorization", "Bearer e30.e30.c2ln").extension(context);
    let answer = crate::router(deps).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    let lines = kept.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(["e30", "c2ln", "curl", "203.0.113.7"].iter().all(|part| !lines[0].contains(part)), "{lines:?}");
    (status, problem["code"].as_str().unwrap().to_owned(), serde_json::from_str(&lines[0]).unwrap())
}

#[tokio::test]
async fn every_line_says_who_asked_with_which_role_and_by_which_rule_and_scope_they_were_refused() {
    let role = |role: &'static str| ("custom:remit_role", role);
    let (no_key, unproven) = ((400, "idempotency_key_missing"), "unauthenticated");
    for (claims, answered, told) in [
        (vec![("sub", "u-1"), role("staff")], no_key, json!({ "actor": "u-1", "role": "staff" })),
        (
            vec![("sub", "u-1"), role("read_only")],
            (403, "scope_missing"),
            json!({ "actor": "u-1", "role": "read_only", "rule": "KEY-SCOPE", "lacks": "write" }),
        ),
        (vec![("sub", "u-1")], (403, "role_missing"), json!({ "actor": "u-1", "rule": "LOGIN-ROLE" })),
        (
            vec![("sub", "u-1"), role("owner"), ("token_use", "access")],
            (401, "id_token_needed"),
            json!({ "actor": "u-1", "rule": unproven, "reason": "not_an_id_token" }),
        ),
        (vec![("sub", ""), role("owner")], (401, "unauthenticated"), json!({ "rule": unproven, "reason": "no_subject" })),
        (vec![("sub", "ada@example.com"), role("owner")], no_key, json!({ "actor": "sha256:b5fc85e55755f9e0", "role": "owner" })),
        (vec![("sub", "ada@example.com")], (403, "role_missing"), json!({ "actor": "sha256:b5fc85e55755f9e0", "rule": "LOGIN-ROLE" })),
    ] {
        let (status, code, line) = logged_in(&[vec![("iss", ISSUER)], claims.clone()].concat()).await;
        assert_eq!((status, code.as_str()), answered, "{claims:?}");
        assert_eq!((&line["route"], &line["method"], &line["status"]), (&json!("/v1/contacts"), &json!("POST"), &json!(status)));
        for name in ["actor", "role", "rule", "lacks", "reason"] {
            assert_eq!(line[name], told[name], "{name} of {claims:?}");
        }
        assert!(!line.to_string().contains("example.com"), "{line}");
    }
}
