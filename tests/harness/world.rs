//! Remit in one process: the real functions, use cases, adapters and SDKs, with a table, a mailbox and a gateway of their own.

use crate::{table::Table, wire::Wire};
use app::{Clock, Deps, Entropy, Parts};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{digest::Digest, ids::ApiKeyId, link::LinkKeys};
use futures::FutureExt as _;
use gateway::{
    Gateway, Transport,
    stripe::{Stripe, StripeConfig},
    transport::{TransportError, TransportErrorKind},
};
use http_body_util::BodyExt as _;
use local::{
    recorder::{self, Mail, Recorder},
    sandbox_gateway::{self, AnswerLost, SandboxGateway},
};
use mail::Mailer;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{Store, StoredApiKey};
use tower::ServiceExt as _;

/// Where the sandbox gateway stands in stories.
pub const GATEWAY: &str = "https://gateway.invalid";
/// What customers' addresses begin with in stories.
pub const BASE: &str = "https://pay.invalid";
/// A card that pays.
pub const GOOD_CARD: &str = "4242424242424242";
/// A card that is declined.
pub const BAD_CARD: &str = "4000000000000002";

const SECRET: &str = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2";

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }

    /// A header's text, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same, after checking the status.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

/// One whole Remit. Ends with [`World::close`], which folds every journal; one that is dropped without it fails its test.
pub struct World {
    /// The table.
    pub table: Table,
    /// Mailbox and bus.
    pub recorder: Recorder,
    /// Mailbox and bus, below their SDKs.
    pub wire: Wire,
    /// The payment gateway.
    pub gateway: SandboxGateway,
    /// What the functions use.
    pub deps: Deps,
    mailer: Mailer,
    router: Router,
    clock: Arc<Mutex<DateTime<Utc>>>,
    api_key: String,
    keys: AtomicU64,
    closed: bool,
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.closed || std::thread::panicking(), "every story ends with close(), which folds every journal");
    }
}

/// Runs a story in a new world at a fixed instant, and closes it.
///
/// # Panics
/// When a journal does not fold to what is stored.
pub async fn story(at: &str, told: impl AsyncFnOnce(&mut World)) {
    let mut world = World::begin(at).await;
    told(&mut world).await;
    world.close().await;
}

fn entropy() -> Entropy {
    let count = AtomicU64::new(1);
    Entropy::new(move |bytes| {
        let digest = Digest::of(&[b"entropy", &count.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        for (byte, random) in bytes.iter_mut().zip(digest.bytes().iter().cycle()) {
            *byte = *random;
        }
    })
}

pub(crate) fn transport(gateway: &SandboxGateway) -> Transport {
    let router = gateway.router();
    Transport::new(move |request: Request<Bytes>| {
        let router = router.clone();
        async move {
            let broken = || TransportError::new(TransportErrorKind::Broken);
            let answer = router.oneshot(request.map(Body::from)).await.map_err(|_| broken())?;
            if answer.extensions().get::<AnswerLost>().is_some() {
                return Err(broken());
            }
            let (parts, body) = answer.into_parts();
            Ok(http::Response::from_parts(parts, body.collect().await.map_err(|_| broken())?.to_bytes()))
        }
        .boxed()
    })
}

impl World {
    /// A new world, with a business in Berlin and nothing else.
    pub async fn begin(at: &str) -> Self {
        let world = Self::bare(at).await;
        let business = json!({
            "name": "Kestrel Studio", "zone": "Europe/Berlin", "default_currency": "EUR",
            "email_from": "billing@kestrel.example.com", "reply_to": "hello@kestrel.example.com", "sweep_hour": 9,
            "due_default_days": 14, "terms": "Payable without deduction."
        });
        let _ = world.put("/v1/business", &business).await.expect(200);
        world
    }

    /// A new world without a business.
    pub async fn bare(at: &str) -> Self {
        let clock = Arc::new(Mutex::new(at.parse::<DateTime<Utc>>().unwrap()));
        let now = {
            let clock = clock.clone();
            Arc::new(move || *clock.lock().unwrap())
        };
        let table = Table::memory();
        let recorder = Recorder::open(recorder::Settings { data_dir: None, now: now.clone(), secrets: BTreeMap::new() }).unwrap();
        let wire = Wire::to(recorder.router());
        let webhook_secret = "whsec_story".to_owned();
        let gateway = SandboxGateway::open(sandbox_gateway::Settings {
            data_file: None,
            public_url: GATEWAY.to_owned(),
            secret_key: "sk_test_story".to_owned(),
            webhook_secret: webhook_secret.clone(),
            now: now.clone(),
            record_exchanges: true,
        })
        .unwrap();
        let stripe = Stripe::new(StripeConfig {
            api_url: GATEWAY.to_owned(),
            checkout_origin: GATEWAY.to_owned(),
            secret_key: "sk_test_story".to_owned().into(),
            transport: transport(&gateway),
        })
        .unwrap();
        let deps = Deps::new(Parts {
            store: Store::new(&table.sdk_config(), None, "remit"),
            gateway: Some(Gateway::Stripe(stripe)),
            links: LinkKeys::new(1, vec![(1, [7; 32])]).unwrap(),
            base_url: BASE.to_owned(),
            notice_secrets: vec![webhook_secret.into()],
            clock: Clock::new(move || now()),
            entropy: entropy(),
        });
        deps.store.create_table().await.unwrap();
        let id = ApiKeyId::at(1, 1);
        let hash = app::authenticate::hash_of_secret(SECRET);
        deps.store.put_api_key(&StoredApiKey { id: id.clone(), hash, created_at: deps.clock.now() }).await.unwrap();
        let sdk = wire.sdk_config();
        Self {
            router: Self::routes(&deps),
            mailer: Mailer::new(&sdk, None, None, Some("remit".to_owned()), "remit".to_owned(), None),
            api_key: format!("{id}_{SECRET}"),
            table,
            recorder,
            wire,
            gateway,
            deps,
            clock,
            keys: AtomicU64::new(1),
            closed: false,
        }
    }

    fn routes(deps: &Deps) -> Router {
        let pick = |router: Router| router;
        let (pages, pay, api, notices) = (
            pick(invoice_page::router(deps.clone())),
            pick(pay_page::router(deps.clone())),
            pick(admin_api::router(deps.clone())),
            pick(gateway_webhooks::router(deps.clone())),
        );
        Router::new().fallback(move |request: axum::extract::Request| {
            let path = request.uri().path();
            let router = if path.starts_with("/v1") {
                api.clone()
            } else if path.starts_with("/p/") {
                pay.clone()
            } else if path.starts_with("/webhooks") {
                notices.clone()
            } else {
                pages.clone()
            };
            async move { router.oneshot(request).await }
        })
    }

    /// Puts something else in the place of what the functions use, such as other link keys or no gateway.
    pub fn rebuild(&mut self, change: impl FnOnce(Deps) -> Deps) {
        self.deps = change(self.deps.clone());
        self.router = Self::routes(&self.deps);
    }

    /// The end of every story: nothing is stored that its journal does not tell.
    pub async fn close(mut self) {
        self.closed = true;
        self.table.clear_faults();
        let audit = self.deps.store.audit().await.unwrap();
        assert!(audit.findings.is_empty(), "{:#?}", audit.findings);
        crate::vendor::check(&self.gateway.exchanges());
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        *self.clock.lock().unwrap()
    }

    /// Moves the clock to an instant and does nothing else.
    pub fn set_clock(&self, at: &str) {
        *self.clock.lock().unwrap() = at.parse().unwrap();
        self.gateway.expire_due();
    }

    /// Moves the clock on and does nothing else.
    pub fn pass(&self, span: TimeDelta) {
        *self.clock.lock().unwrap() += span;
        self.gateway.expire_due();
    }

    /// Any request.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A request to the API that carries nothing yet but staff's API key.
    #[must_use]
    pub fn staff(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {}", self.api_key))
    }

    /// A request to the API. `key` is its idempotency key.
    pub async fn api(&self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Reply {
        let mut request = self.staff(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// `GET` at the API.
    pub async fn get(&self, path: &str) -> Reply {
        self.api("GET", path, None, None).await
    }

    /// `PUT` at the API.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.api("PUT", path, None, Some(body)).await
    }

    /// `PATCH` at the API.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.api("PATCH", path, None, Some(body)).await
    }

    /// `POST` at the API, under a key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let key = format!("story-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.api("POST", path, Some(&key), Some(body)).await
    }

    /// A customer's `GET`, by the whole address.
    pub async fn open(&self, url: &str) -> Reply {
        let path = url.strip_prefix(BASE).unwrap_or(url);
        self.send(Request::builder().uri(path).header(header::USER_AGENT, "Mozilla/5.0").body(Body::empty()).unwrap()).await
    }

    /// A customer's form, by the whole address.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> Reply {
        let path = url.strip_prefix(BASE).unwrap_or(url);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(form).unwrap()));
        self.send(request.unwrap()).await
    }

    /// Opens a pay page and presses its button, as a browser does.
    pub async fn press_pay(&self, pay_url: &str) -> Reply {
        let page = self.open(pay_url).await.expect(200);
        let hidden = hidden_fields(&page.text);
        assert!(!hidden.is_empty(), "no form on {}", page.text);
        let form: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.submit(pay_url, &form).await
    }

    /// Presses Pay and gives the checkout's id at the gateway.
    pub async fn open_checkout(&self, pay_url: &str) -> String {
        let answer = self.press_pay(pay_url).await.expect(303);
        let location = answer.header("location");
        assert!(location.starts_with(GATEWAY), "{location}");
        location.rsplit('/').next().unwrap().to_owned()
    }

    /// Delivers what the gateway has to tell; answers with the statuses.
    pub async fn deliver_notices(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for notice in self.gateway.take_webhooks() {
            statuses.push(self.deliver(&notice).await.status.as_u16());
        }
        statuses
    }

    /// Delivers one notice.
    pub async fn deliver(&self, notice: &sandbox_gateway::Notice) -> Reply {
        let mut request = Request::builder().method("POST").uri("/webhooks/stripe");
        for (name, value) in &notice.headers {
            request = request.header(name, value);
        }
        self.send(request.body(Body::from(notice.body.clone())).unwrap()).await
    }

    /// Starts a scheduled function once.
    pub async fn start(&self, function: &str) {
        let has_time = || true;
        match function {
            "upcoming-reminders" => drop(upcoming_reminders::handle(&self.deps, &has_time).await.unwrap()),
            "past-due-reminders" => drop(past_due_reminders::handle(&self.deps, &has_time).await.unwrap()),
            "collections" => drop(collections::handle(&self.deps, &has_time).await.unwrap()),
            "dispatch" => drop(dispatch::handle(&self.deps, &self.mailer, &json!({}), &has_time).await.unwrap()),
            other => panic!("no function {other}"),
        }
    }

    /// Hands a batch of the table's stream to the outbox's function.
    pub async fn dispatch_batch(&self, batch: &Value) -> dispatch::Answer {
        dispatch::handle(&self.deps, &self.mailer, batch, &|| true).await.unwrap()
    }

    /// Empties the outbox.
    pub async fn dispatch(&self) {
        self.start("dispatch").await;
    }

    /// Moves the clock hour by hour to an instant, and starts every sweep on every full hour, as the schedule does.
    pub async fn live_until(&self, at: &str) {
        let until: DateTime<Utc> = at.parse().unwrap();
        loop {
            let next = local::schedule::Rate::Hourly.after(self.now());
            if next > until {
                break;
            }
            *self.clock.lock().unwrap() = next;
            self.gateway.expire_due();
            for function in ["upcoming-reminders", "past-due-reminders", "collections", "dispatch"] {
                self.start(function).await;
            }
        }
        *self.clock.lock().unwrap() = until;
    }

    /// All mails so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.recorder.mails()
    }

    /// The subjects of all mails so far.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        self.mails().iter().map(Mail::subject).collect()
    }

    /// The events on the bus so far, by their detail type.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.recorder.events().into_iter().map(|event| event.detail_type).collect()
    }

    /// A contact with an address.
    pub async fn contact(&self, name: &str, address: &str) -> String {
        let body = json!({ "name": name, "emails": [{ "address": address }] });
        let made = self.post("/v1/contacts", &body).await.expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// An invoice of one line, sent, due in so many days.
    pub async fn sent_invoice(&self, amount: &str, due_on: &str) -> Value {
        let contact = self.contact("Ada Lovelace", "ada@example.com").await;
        self.invoice_for(&contact, amount, due_on, true).await
    }

    /// An invoice of one line for a contact.
    pub async fn invoice_for(&self, contact: &str, amount: &str, due_on: &str, send: bool) -> Value {
        let body = json!({
            "contact_id": contact, "due_on": due_on, "send": send,
            "lines": [{ "name": "Studio hours", "quantity": "1", "unit_price": { "amount": amount, "currency": "EUR" } }]
        });
        self.post("/v1/invoices", &body).await.expect(201).json()
    }

    /// An invoice as the API shows it now.
    pub async fn invoice(&self, id: &str) -> Value {
        self.get(&format!("/v1/invoices/{id}")).await.expect(200).json()
    }

    /// Its balance and status: `60.00 open`.
    pub async fn stands(&self, id: &str) -> String {
        let invoice = self.invoice(id).await;
        format!("{} {}", invoice["balance"]["amount"].as_str().unwrap(), invoice["status"]["code"].as_str().unwrap())
    }

    /// Everything in the table, for comparing before and after.
    pub async fn snapshot(&self) -> Vec<String> {
        let client = self.table.client();
        let items = client.scan().table_name("remit").consistent_read(true).send().await.unwrap().items.unwrap_or_default();
        let mut lines: Vec<String> = items.into_iter().map(|item| plain(&AttributeValue::M(item)).to_string()).collect();
        lines.sort();
        lines
    }
}

/// An attribute with its members in order, so that the same item is always written alike.
fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::M(members) => {
            let members: BTreeMap<&String, Value> = members.iter().map(|(name, member)| (name, plain(member))).collect();
            json!(members)
        }
        AttributeValue::L(members) => members.iter().map(plain).collect(),
        scalar => json!(format!("{scalar:?}")),
    }
}

/// Names and values of a page's hidden fields.
#[must_use]
pub fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let page = scraper::Html::parse_document(html);
    let hidden = scraper::Selector::parse("form input[type=hidden]").unwrap();
    page.select(&hidden)
        .map(|field| {
            (field.value().attr("name").unwrap_or_default().to_owned(), field.value().attr("value").unwrap_or_default().to_owned())
        })
        .collect()
}
