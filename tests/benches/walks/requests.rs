//! What is asked of a function's routes.

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::BodyExt as _;
use local::sandbox_gateway::Notice;
use serde_json::{Value, json};
use tests::world::{BASE, GOOD_CARD, World};
use tower::ServiceExt as _;

/// The day by which invoices are to be paid.
pub const DUE_ON: &str = "2026-12-05";

/// An invoice of so many lines, to be sent at once.
pub fn of_lines(contact: &str, lines: u32) -> Value {
    let line = |n: u32| {
        let (code, rate) = if n.is_multiple_of(3) { ("REDUCED", "7") } else { ("VAT", "19") };
        json!({
            "name": format!("Studio hours, week {n}"), "description": "Drawing, cutting and binding", "quantity": "2.5",
            "unit_price": { "amount": "40.00", "currency": "EUR" }, "tax": { "code": code, "rate": rate }
        })
    };
    json!({ "contact_id": contact, "due_on": DUE_ON, "send": true, "lines": (1..=lines).map(line).collect::<Vec<_>>() })
}

/// Asks, and gives the answer's body.
///
/// # Panics
/// When its status is another one.
pub async fn ask(router: &Router, request: Request<Body>, status: u16) -> Bytes {
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), status);
    answer.into_body().collect().await.unwrap().to_bytes()
}

/// Opens a page, by its path.
pub async fn open(router: &Router, path: &str) {
    let request = Request::builder().uri(path).header(header::USER_AGENT, "Mozilla/5.0").body(Body::empty()).unwrap();
    let _ = ask(router, request, 200).await;
}

/// Makes an invoice, under an idempotency key of its own.
pub async fn create(world: &World, router: &Router, invoice: &Bytes, n: u32) {
    let request = world.staff("POST", "/v1/invoices").header("idempotency-key", format!("walk-{n}"));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(invoice.clone())).unwrap();
    let _ = ask(router, request, 201).await;
}

/// Delivers a notice of the gateway.
pub async fn deliver(router: &Router, notice: &Notice) {
    let mut request = Request::builder().method("POST").uri("/webhooks/stripe");
    for (name, value) in &notice.headers {
        request = request.header(name, value);
    }
    let _ = ask(router, request.body(Body::from(notice.body.clone())).unwrap(), 204).await;
}

/// A sent invoice.
pub async fn sent(world: &World, contact: &str, lines: u32) -> Value {
    world.post("/v1/invoices", &of_lines(contact, lines)).await.expect(201).json()
}

/// The path of one of an invoice's links.
pub fn path(invoice: &Value, link: &str) -> String {
    invoice["links"][link].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned()
}

/// The notice of an invoice that was just paid at the gateway.
pub async fn paid(world: &World, contact: &str) -> Notice {
    let invoice = sent(world, contact, 5).await;
    let session = world.open_checkout(invoice["links"]["pay_url"].as_str().unwrap()).await;
    world.gateway.pay(&session, GOOD_CARD).unwrap();
    let completed = |notice: &Notice| str::from_utf8(&notice.body).unwrap().contains("checkout.session.completed");
    world.gateway.take_webhooks().into_iter().find(completed).unwrap()
}
