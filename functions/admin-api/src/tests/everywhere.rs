//! What holds for every route.

use super::{SOME_KEY, nowhere};
use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, header},
};
use serde_json::Value;
use tower::ServiceExt as _;

/// Every route, typed apart from the code.
pub(super) const ROUTES: [(&str, &str); 36] = [
    ("GET", "/v1/business"),
    ("PUT", "/v1/business"),
    ("GET", "/v1/api-keys"),
    ("POST", "/v1/api-keys"),
    ("GET", "/v1/api-keys/{id}"),
    ("DELETE", "/v1/api-keys/{id}"),
    ("POST", "/v1/api-keys/{id}/rotate"),
    ("GET", "/v1/contacts"),
    ("POST", "/v1/contacts"),
    ("GET", "/v1/contacts/{id}"),
    ("PATCH", "/v1/contacts/{id}"),
    ("GET", "/v1/products"),
    ("POST", "/v1/products"),
    ("GET", "/v1/products/{id}"),
    ("GET", "/v1/invoices"),
    ("POST", "/v1/invoices"),
    ("GET", "/v1/invoices/{id}"),
    ("PATCH", "/v1/invoices/{id}"),
    ("DELETE", "/v1/invoices/{id}"),
    ("POST", "/v1/invoices/{id}/send"),
    ("POST", "/v1/invoices/{id}/request-payment"),
    ("POST", "/v1/invoices/{id}/payments"),
    ("POST", "/v1/invoices/{id}/void"),
    ("GET", "/v1/invoices/{id}/journal"),
    ("GET", "/v1/payments"),
    ("GET", "/v1/messages"),
    ("GET", "/v1/payments/{id}"),
    ("GET", "/v1/payments/{id}/journal"),
    ("GET", "/v1/attempts"),
    ("GET", "/v1/attempts/{id}"),
    ("POST", "/v1/attempts/{id}/resolve"),
    ("GET", "/v1/attempts/{id}/journal"),
    ("GET", "/v1/contacts/{id}/credits"),
    ("GET", "/v1/contacts/{id}/journal"),
    ("GET", "/v1/me"),
    ("GET", "/v1/openapi.json"),
];

async fn send(request: Request<Body>) -> Response<Body> {
    crate::router(nowhere()).oneshot(request).await.unwrap()
}

fn asked(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path.replace("{id}", "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W"))
}

/// Checks what every answer has, and gives status and code.
async fn checked(answer: Response<Body>) -> (u16, String) {
    let (parts, body) = answer.into_parts();
    let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default().to_owned();
    let request_id = text("x-request-id");
    assert!(request_id.starts_with("req_"), "{parts:?}");
    assert_eq!((text("cache-control").as_str(), text("x-content-type-options").as_str()), ("no-store", "nosniff"));
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    if parts.status.is_client_error() || parts.status.is_server_error() {
        assert_eq!(text("content-type"), "application/problem+json");
        assert_eq!((&body["status"], &body["request_id"]), (&parts.status.as_u16().into(), &request_id.into()));
        assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{body}");
    }
    (parts.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_route_but_the_description_refuses_a_missing_and_a_bad_key_before_any_read() {
    let bad = [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Basic a2V5OnNlY3JldA=="),
        Some("Bearer key_01JZ8Q6X3S9V7K2M4N5P6R8T0W"),
        Some("Bearer inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W_0f1e"),
        Some("Bearer key_01JZ8Q6X3S9V7K2M4N5P6R8T0_0f1e"),
        Some("Bearer 0f1e2d3c4b5a6978"),
    ];
    for (method, path) in ROUTES.into_iter().filter(|(_, path)| *path != "/v1/openapi.json") {
        for key in bad {
            let mut request = asked(method, path);
            if let Some(key) = key {
                request = request.header(header::AUTHORIZATION, key);
            }
            let answer = send(request.body(Body::empty()).unwrap()).await;
            assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE), "{method} {path} {key:?}");
            assert_eq!(checked(answer).await, (401, "unauthenticated".to_owned()), "{method} {path} {key:?}");
        }
        let twice = asked(method, path).header(header::AUTHORIZATION, SOME_KEY).header(header::AUTHORIZATION, SOME_KEY);
        assert_eq!(checked(send(twice.body(Body::empty()).unwrap()).await).await.0, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_503_with_a_fixed_text_and_when_to_try_again() {
    let request = asked("GET", "/v1/contacts").header(header::AUTHORIZATION, SOME_KEY);
    let answer = send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers().get(header::RETRY_AFTER).unwrap(), "1");
    assert_eq!(checked(answer).await, (503, "unavailable".to_owned()));
}

#[tokio::test]
async fn the_description_is_open_to_everybody() {
    let answer = send(asked("GET", "/v1/openapi.json").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers().get(header::CONTENT_TYPE).unwrap(), "application/json");
    assert_eq!(checked(answer).await, (200, String::new()));
}

#[tokio::test]
async fn an_unknown_address_is_404_and_an_unknown_method_405_with_those_it_takes() {
    for path in ["/", "/v1", "/v1/", "/v1/nothing", "/v2/invoices", "/v1/invoices/", "/v1/invoices/a/b/c"] {
        assert_eq!(checked(send(asked("GET", path).body(Body::empty()).unwrap()).await).await, (404, "not_found".to_owned()), "{path}");
    }
    for (method, path, allow) in
        [("DELETE", "/v1/contacts", "GET,HEAD,POST"), ("PUT", "/v1/invoices/{id}/send", "POST"), ("POST", "/v1/openapi.json", "GET,HEAD")]
    {
        let request = asked(method, path).header(header::AUTHORIZATION, SOME_KEY);
        let answer = send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers().get(header::ALLOW).unwrap(), allow, "{method} {path}");
        assert_eq!(checked(answer).await, (405, "method_not_allowed".to_owned()), "{method} {path}");
    }
}
