//! What API Gateway sends is what the router takes.

use super::nowhere;
use axum::http::StatusCode;
use tower::ServiceExt as _;

async fn answered(event: &str) -> StatusCode {
    let request = lambda_http::request::from_str(event).unwrap();
    crate::router(nowhere()).oneshot(request).await.unwrap().status()
}

/// The routes are found and the key in the event is looked up, at a table that is nowhere.
#[tokio::test]
async fn sample_events_reach_their_routes() {
    for (event, path, method) in [
        (include_str!("../../events/list-invoices.json"), "/v1/invoices?status=Unpaid&limit=10", "GET"),
        (include_str!("../../events/create-invoice.json"), "/v1/invoices", "POST"),
    ] {
        let request = lambda_http::request::from_str(event).unwrap();
        assert_eq!((request.uri().path_and_query().unwrap().as_str(), request.method().as_str()), (path, method));
        assert_eq!(answered(event).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answered(&event.replace("Bearer key_", "Bearer ")).await, StatusCode::UNAUTHORIZED);
        assert_eq!(answered(&event.replace("/v1/invoices", "/v1/nothing")).await, StatusCode::NOT_FOUND);
    }
}

#[test]
fn the_sample_of_a_new_invoice_fits() {
    let event: serde_json::Value = serde_json::from_str(include_str!("../../events/create-invoice.json")).unwrap();
    let body = event["body"].as_str().unwrap();
    let read = crate::node::read::<crate::dto::draft::NewInvoiceBody>(body.as_bytes()).unwrap().read();
    assert_eq!(super::refusal(read), None);
}

#[test]
fn the_claims_of_a_login_are_read_from_the_context_of_the_event() {
    let event = include_str!("../../events/list-invoices-logged-in.json");
    let request = lambda_http::request::from_str(event).unwrap();
    let login = crate::login::login(request.extensions()).unwrap();
    assert_eq!(
        (login.subject.as_str(), login.kind.as_deref(), login.role, login.groups),
        ("73d4c8e2-3031-70d9-2f5b-0a1b2c3d4e5f", Some("id"), None, vec!["remit-staff".to_owned()])
    );
    assert!(login.issuer.ends_with("eu-central-1_Kestrel"));
    let without = lambda_http::request::from_str(include_str!("../../events/list-invoices.json")).unwrap();
    assert_eq!(crate::login::login(without.extensions()), None);
}

/// The login is trusted, so no key is looked up: what fails is the list itself, at a table that is nowhere.
#[tokio::test]
async fn a_login_reaches_its_route_when_its_issuer_is_trusted_and_not_otherwise() {
    let event = include_str!("../../events/list-invoices-logged-in.json");
    for (issuer, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other"), StatusCode::UNAUTHORIZED),
        (Some("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Kestrel"), StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let mut deps = nowhere();
        deps.jwt_issuer = issuer.map(str::to_owned);
        let request = runtime::path::below("/login", lambda_http::request::from_str(event).unwrap());
        assert_eq!(crate::router(deps).oneshot(request).await.unwrap().status(), status, "{issuer:?}");
    }
}
