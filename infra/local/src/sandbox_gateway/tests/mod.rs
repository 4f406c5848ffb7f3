//! What the sandbox promises, through its router.
#![expect(clippy::unwrap_used, reason = "a test stops where its ground is missing")]

mod checkout;
mod faults;
mod keys;
mod pages;
mod refusals;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use axum::response::Response;
use chrono::DateTime;
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use super::{AnswerLost, SandboxGateway, Settings};

const START: i64 = 1_900_000_000;
const GOOD: &str = "4242 4242 4242 4242";
const BROKE: &str = "4000000000009995";

/// A gateway with a clock of its own.
struct Bench {
    gateway: SandboxGateway,
    clock: Arc<AtomicI64>,
}

/// An answer that arrived.
#[derive(Debug)]
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    lost: bool,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    fn error(&self, field: &str) -> String {
        self.json()["error"][field].as_str().unwrap_or("").to_owned()
    }
}

fn settings(data_file: Option<PathBuf>, clock: &Arc<AtomicI64>) -> Settings {
    let clock = Arc::clone(clock);
    Settings {
        data_file,
        public_url: "http://127.0.0.1:4242/".to_owned(),
        secret_key: "sk_test_bench".to_owned(),
        webhook_secret: "whsec_bench".to_owned(),
        now: Arc::new(move || DateTime::from_timestamp(clock.load(Ordering::SeqCst), 0).unwrap()),
        record_exchanges: true,
    }
}

fn bench() -> Bench {
    bench_on(None)
}

fn bench_on(data_file: Option<PathBuf>) -> Bench {
    let clock = Arc::new(AtomicI64::new(START));
    Bench { gateway: SandboxGateway::open(settings(data_file, &clock)).unwrap(), clock }
}

impl Bench {
    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn send(&self, request: Request<Body>) -> Got {
        got(self.gateway.router().oneshot(request).await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Got {
        self.send(api("GET", path).body(Body::empty()).unwrap()).await
    }

    async fn create(&self, key: &str, form: &[(&str, &str)]) -> Got {
        self.send(post("/v1/checkout/sessions", key, form)).await
    }

    async fn open(&self) -> String {
        let got = self.create("", &order()).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text);
        got.id()
    }

    async fn expire(&self, id: &str) -> Got {
        self.send(post(&format!("/v1/checkout/sessions/{id}/expire"), "", &[])).await
    }

    async fn page(&self, id: &str) -> Got {
        self.send(Request::get(format!("/c/pay/{id}")).body(Body::empty()).unwrap()).await
    }

    async fn submit(&self, id: &str, number: &str) -> Got {
        let form = [("number", number), ("exp", "12 / 40"), ("cvc", "123")];
        let body = serde_urlencoded::to_string(form).unwrap();
        self.send(Request::post(format!("/c/pay/{id}")).body(Body::from(body)).unwrap()).await
    }

    fn event_types(&self) -> Vec<String> {
        let bodies = self.gateway.take_webhooks().into_iter().map(|notice| notice.body);
        let events = bodies.map(|body| serde_json::from_slice::<Value>(&body).unwrap());
        events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }
}

/// Every answer follows the schema, also one to a wrong request.
impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for exchange in self.gateway.exchanges().iter().filter(|exchange| exchange.status > 0) {
            vendor_schema::check_answer(&exchange.method, &exchange.path, exchange.status, &exchange.answer);
        }
    }
}

async fn got(response: Response) -> Got {
    let (parts, body) = response.into_parts();
    let lost = parts.extensions.get::<AnswerLost>().is_some();
    let bytes = to_bytes(body, usize::MAX).await;
    assert_eq!(bytes.is_err(), lost, "a body breaks off exactly where the answer is lost");
    let text = String::from_utf8(bytes.unwrap_or_default().to_vec()).unwrap();
    Got { status: parts.status, headers: parts.headers, text, lost }
}

fn api(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", "Bearer sk_test_bench").header("stripe-version", "2023-08-16")
}

fn post(path: &str, key: &str, form: &[(&str, &str)]) -> Request<Body> {
    let request = api("POST", path).header("content-type", "application/x-www-form-urlencoded");
    let request = if key.is_empty() { request } else { request.header("idempotency-key", key) };
    request.body(Body::from(serde_urlencoded::to_string(form).unwrap())).unwrap()
}

fn order() -> Vec<(&'static str, &'static str)> {
    vec![
        ("mode", "payment"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "165000"),
        ("line_items[0][price_data][product_data][name]", "Invoice <A-1>"),
        ("line_items[0][quantity]", "1"),
        ("metadata[attempt]", "att_1"),
        ("payment_intent_data[metadata][attempt]", "att_1"),
        ("payment_intent_data[description]", "Invoice A-1"),
        ("client_reference_id", "att_1"),
        ("customer_email", "ada@example.org"),
        ("success_url", "https://pay.example.org/back?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://pay.example.org/cancel"),
        ("expires_at", "1900003600"),
        ("payment_method_types[]", "card"),
    ]
}

fn order_with(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut form = order();
    form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    form.extend(changes);
    form
}
