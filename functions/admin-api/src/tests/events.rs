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
