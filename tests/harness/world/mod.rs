//! Remit in one process: the real functions, use cases, adapters and SDKs, with a table, a mailbox and a gateway of their own.

mod building;
mod hands;
mod requests;

pub use building::{API_SECRET, GATEWAY_SECRET, NOTICE_SECRET, stripe, transport};
pub use requests::{Reply, hidden_fields};

use crate::{acting::acting, table::Table, wire::Wire};
use app::{
    AppError, Deps,
    sweep::{Budget, Run},
};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use hands::Hands;
use local::{
    recorder::{Mail, Recorder},
    sandbox_gateway::SandboxGateway,
};
use mail::Mailer;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

/// Where the sandbox gateway stands in stories.
pub const GATEWAY: &str = "https://gateway.invalid";
/// What customers' addresses begin with in stories.
pub const BASE: &str = "https://pay.invalid";
/// A card that pays.
pub const GOOD_CARD: &str = "4242424242424242";
/// A card that is declined.
pub const BAD_CARD: &str = "4000000000000002";

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
    clock: Arc<Mutex<Hands>>,
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

impl World {
    /// The end of every story: nothing is stored that its journal does not tell.
    pub async fn close(mut self) {
        self.closed = true;
        self.table.clear_faults();
        let audit = self.deps.store.audit().await.unwrap();
        assert!(audit.findings.is_empty(), "{:#?}", audit.findings);
        for exchange in self.gateway.exchanges() {
            vendor_schema::check_request(&exchange.method, &exchange.path, &exchange.query, &exchange.form);
            if exchange.status > 0 {
                vendor_schema::check_answer(&exchange.method, &exchange.path, exchange.status, &exchange.answer);
            }
        }
    }

    /// The end of what looks at everything by itself.
    pub fn leave(mut self) {
        self.closed = true;
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.lock().unwrap().now()
    }

    /// Lets the clock follow tokio's from now on: it shows what it shows now, and goes on as sleeping tasks do.
    pub fn follow_tokio(&self) {
        self.clock.lock().unwrap().follow();
    }

    /// Moves the clock to an instant and does nothing else.
    pub fn set_clock(&self, at: &str) {
        self.clock.lock().unwrap().set(at.parse().unwrap());
        self.gateway.expire_due();
    }

    /// Moves the clock on and does nothing else.
    pub fn pass(&self, span: TimeDelta) {
        self.clock.lock().unwrap().pass(span);
        self.gateway.expire_due();
    }

    /// Starts a scheduled function once.
    pub async fn start(&self, function: &str) {
        self.start_for(function, &json!({ "detail-type": "Scheduled Event" }), &|| true).await;
    }

    /// Starts a function with an event, and with time only while `has_time` says so.
    pub async fn start_for(&self, function: &str, event: &Value, has_time: Budget<'_>) -> Run {
        self.try_start(function, event, has_time).await.unwrap()
    }

    /// The same, where the function may fail.
    ///
    /// # Errors
    /// The function's own.
    pub async fn try_start(&self, function: &str, event: &Value, has_time: Budget<'_>) -> Result<Run, AppError> {
        let (deps, bus) = (&self.deps, &self.mailer.bus);
        match function {
            "upcoming-reminders" => acting("upcoming-reminders", upcoming_reminders::handle(deps, bus, event, has_time)).await,
            "past-due-reminders" => acting("past-due-reminders", past_due_reminders::handle(deps, bus, event, has_time)).await,
            "collections" => acting("collections", collections::handle(deps, has_time)).await,
            "dispatch" => self.try_dispatch(event, has_time).await.map(|_| Run::default()),
            other => panic!("no function {other}"),
        }
    }

    /// Hands a batch of the table's stream to the outbox's function.
    pub async fn dispatch_batch(&self, batch: &Value) -> dispatch::Answer {
        dispatch::handle(&self.deps, &self.mailer, batch, &|| true).await.unwrap()
    }

    /// Hands any event to the outbox's function, which may fail.
    ///
    /// # Errors
    /// The function's own.
    pub async fn try_dispatch(&self, event: &Value, has_time: Budget<'_>) -> Result<dispatch::Answer, AppError> {
        acting("dispatch", dispatch::handle(&self.deps, &self.mailer, event, has_time)).await
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
            self.clock.lock().unwrap().set(next);
            self.gateway.expire_due();
            for function in ["upcoming-reminders", "past-due-reminders", "collections", "dispatch"] {
                self.start(function).await;
            }
        }
        self.clock.lock().unwrap().set(until);
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
