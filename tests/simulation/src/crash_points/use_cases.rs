//! What is cut off: each use case, what comes before it, and what those who asked for it do when they hear nothing.

use crate::actors::Stage;
use chrono::TimeDelta;
use local::{
    sandbox_gateway::{Call, Fault, Notice},
    stream::Stream,
};
use serde_json::{Value, json};
use tests::world::{BAD_CARD, GOOD_CARD, Reply, World};

/// What has happened before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Before {
    /// A draft was written.
    Draft,
    /// The invoice was sent; nothing was told yet.
    Sent,
    /// Its mail went out.
    Told,
    /// A checkout is open.
    CheckoutOpen,
    /// A checkout was opened, and its answer was lost.
    CheckoutUnknown,
    /// The customer has paid, and nobody was told.
    Paid,
}

/// Who does what.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Staff ask the API, and ask again until they are answered.
    Ask(fn(&Scene<'_>) -> Value, fn(&Scene<'_>, &Value)),
    /// A customer opens a page.
    Open(fn(&Scene<'_>) -> String),
    /// A customer presses Pay.
    Press,
    /// The gateway tells, and tells again until it is heard.
    Tell(&'static str),
    /// A function starts by itself.
    Start(&'static str),
    /// The table's stream is handed to the outbox.
    Batch,
}

/// A use case.
#[derive(Debug, Clone, Copy)]
pub struct UseCase {
    /// Method and path of the API's operation, or what happens; more about it after a comma.
    pub name: &'static str,
    before: Before,
    at: Option<&'static str>,
    act: Act,
}

const fn asked(name: &'static str, before: Before, body: fn(&Scene<'_>) -> Value, done: fn(&Scene<'_>, &Value)) -> UseCase {
    UseCase { name, before, at: None, act: Act::Ask(body, done) }
}

const fn happens(name: &'static str, before: Before, act: Act) -> UseCase {
    UseCase { name, before, at: None, act }
}

const fn comes(name: &'static str, before: Before, at: &'static str, act: Act) -> UseCase {
    UseCase { name, before, at: Some(at), act }
}

/// Every use case.
pub const ALL: [UseCase; 34] = [
    asked("PUT /v1/business", Before::Draft, |_| business(), nothing_more),
    asked("POST /v1/contacts", Before::Draft, |_| json!({ "name": "Bob", "emails": [{ "address": "bob@example.com" }] }), nothing_more),
    asked("PATCH /v1/contacts/{id}", Before::Told, |_| json!({ "company": "Engines Ltd" }), nothing_more),
    asked("POST /v1/products", Before::Draft, |_| json!({ "name": "Hour", "unit_price": money("50.00") }), nothing_more),
    asked("POST /v1/api-keys", Before::Draft, |_| json!({ "name": "Till", "role": "staff" }), nothing_more),
    asked("POST /v1/api-keys/{id}/rotate", Before::Draft, |_| json!({}), nothing_more),
    asked("DELETE /v1/api-keys/{id}", Before::Draft, |_| Value::Null, nothing_more),
    asked("POST /v1/invoices", Before::Draft, |it| it.order("80.00", false), |it, made| it.made(made, true)),
    asked("POST /v1/invoices, sent at once", Before::Told, |it| it.order("80.00", true), |it, made| it.made(made, false)),
    asked("PATCH /v1/invoices/{id}", Before::Draft, |_| lines("90.00"), |it, _| it.stage.model.revised(&it.id, 9000)),
    asked(
        "PATCH /v1/invoices/{id}, while a checkout is open",
        Before::CheckoutOpen,
        |_| lines("90.00"),
        |it, _| {
            it.stage.model.revised(&it.id, 9000);
        },
    ),
    asked("DELETE /v1/invoices/{id}", Before::Draft, |_| Value::Null, |it, _| it.stage.model.deleted(&it.id)),
    asked("POST /v1/invoices/{id}/send", Before::Draft, |_| json!({}), |it, _| it.stage.model.sent(&it.id)),
    asked("POST /v1/invoices/{id}/void", Before::Told, |_| json!({}), |it, _| it.stage.model.voided(&it.id)),
    asked(
        "POST /v1/invoices/{id}/void, while a checkout is open",
        Before::CheckoutOpen,
        |_| json!({}),
        |it, _| {
            it.stage.model.voided(&it.id);
        },
    ),
    asked(
        "POST /v1/invoices/{id}/void, although it is paid",
        Before::Paid,
        |_| json!({ "acknowledge_captured_funds": true }),
        |it, _| {
            it.stage.model.voided(&it.id);
        },
    ),
    asked("POST /v1/invoices/{id}/payments", Before::Told, |_| cash("100.00"), |it, _| it.stage.model.paid_in_cash(&it.id, 10000)),
    asked(
        "POST /v1/invoices/{id}/payments, while a checkout is open",
        Before::CheckoutOpen,
        |_| cash("30.00"),
        |it, _| {
            it.stage.model.paid_in_cash(&it.id, 3000);
        },
    ),
    UseCase {
        at: Some("2026-11-04T10:00:00Z"),
        ..asked("POST /v1/invoices/{id}/request-payment", Before::Told, |_| json!({}), nothing_more)
    },
    asked(
        "POST /v1/attempts/{id}/resolve",
        Before::CheckoutUnknown,
        |_| json!({ "outcome": "nothing", "reason": "Nothing on the statement" }),
        nothing_more,
    ),
    happens("the invoice is opened for the first time", Before::Told, Act::Open(|it| it.invoice_url.clone())),
    happens("Pay is pressed", Before::Told, Act::Press),
    happens("Pay is pressed again", Before::CheckoutOpen, Act::Press),
    happens("the customer comes back from paying", Before::Paid, Act::Open(|it| format!("{}/return", it.pay_url))),
    happens("the customer comes back without paying", Before::CheckoutOpen, Act::Open(|it| format!("{}/cancel", it.pay_url))),
    happens("the gateway tells of a payment", Before::Paid, Act::Tell("checkout.session.completed")),
    happens("the gateway tells of a refused card", Before::CheckoutOpen, Act::Tell("payment_intent.payment_failed")),
    happens("the gateway tells of a checkout that is over", Before::CheckoutOpen, Act::Tell("checkout.session.expired")),
    comes("a reminder is due", Before::Told, "2026-11-13T08:00:00Z", Act::Start("upcoming-reminders")),
    comes("a past-due reminder is due", Before::Told, "2026-11-23T08:00:00Z", Act::Start("past-due-reminders")),
    comes("a lost answer is asked for", Before::CheckoutUnknown, "2026-11-02T10:20:00Z", Act::Start("collections")),
    comes("a payment nobody told of is found", Before::Paid, "2026-11-03T09:00:00Z", Act::Start("collections")),
    happens("the outbox is emptied", Before::Sent, Act::Start("dispatch")),
    happens("the stream brings messages", Before::Sent, Act::Batch),
];

fn nothing_more(_: &Scene<'_>, _: &Value) {}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

fn lines(amount: &str) -> Value {
    json!({ "lines": [{ "name": "Studio hours", "quantity": "1", "unit_price": money(amount) }] })
}

fn cash(amount: &str) -> Value {
    json!({ "amount": money(amount), "method": "cash" })
}

fn business() -> Value {
    json!({
        "name": "Kestrel Studio", "zone": "Europe/Berlin", "default_currency": "EUR",
        "email_from": "billing@kestrel.example.com", "sweep_hour": 9, "due_default_days": 14, "terms": "Payable within a fortnight."
    })
}

/// One invoice, and all that a use case is about.
pub(super) struct Scene<'a> {
    stage: &'a Stage<'a>,
    contact: String,
    id: String,
    api_key: String,
    attempt: String,
    invoice_url: String,
    pay_url: String,
    stream: Stream,
    notice: Option<Notice>,
}

impl<'a> Scene<'a> {
    /// What a use case finds.
    pub(super) async fn of(stage: &'a Stage<'a>, use_case: &UseCase) -> Self {
        let world = stage.world;
        let key = json!({ "name": "Old till", "role": "staff" });
        let api_key = world.post("/v1/api-keys", &key).await.expect(201).json()["api_key"]["id"].as_str().unwrap().to_owned();
        let contact = world.contact("Ada Lovelace", "ada@example.com").await;
        let stream = world.table.stream().expect("the embedded engine");
        let sent = use_case.before > Before::Draft;
        let invoice = world.invoice_for(&contact, "100.00", "2026-11-16", sent).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (id, links) = (text(&invoice["id"]), &invoice["links"]);
        stage.model.made(&id, &contact, 10000);
        if !sent {
            stage.model.drafted(&id);
        }
        let (invoice_url, pay_url) = (text(&links["invoice_url"]), text(&links["pay_url"]));
        let mut scene = Self { stage, contact, id, api_key, attempt: String::new(), invoice_url, pay_url, stream, notice: None };
        if use_case.before >= Before::Told {
            world.dispatch().await;
        }
        let name = if let Act::Tell(name) = use_case.act { name } else { "" };
        match use_case.before {
            Before::Draft | Before::Sent | Before::Told => {}
            Before::CheckoutUnknown => {
                world.gateway.inject(Fault::LoseAnswerAfterEffect { on: Call::CreateSession });
                let _ = world.press_pay(&scene.pay_url).await;
                scene.attempt = text(&world.invoice(&scene.id).await["attempts"][0]["id"]);
            }
            Before::CheckoutOpen | Before::Paid => {
                let session = world.open_checkout(&scene.pay_url).await;
                if use_case.before == Before::Paid {
                    world.gateway.pay(&session, GOOD_CARD).unwrap();
                } else if name.ends_with("failed") {
                    world.gateway.pay(&session, BAD_CARD).unwrap();
                } else if name.ends_with("expired") {
                    world.pass(TimeDelta::minutes(61));
                }
            }
        }
        scene.notice = world.gateway.take_webhooks().into_iter().find(|notice| kind(notice) == name);
        assert_eq!(scene.notice.is_some(), !name.is_empty(), "{}", use_case.name);
        if let Some(at) = use_case.at {
            world.set_clock(at);
        }
        scene
    }

    fn world(&self) -> &'a World {
        self.stage.world
    }

    /// Does it once.
    pub(super) async fn act(&mut self, use_case: &UseCase) -> Option<Reply> {
        let world = self.world();
        match use_case.act {
            Act::Ask(body, _) => {
                let (method, path) = use_case.name.split(',').next()?.split_once(' ')?;
                let id = match path {
                    path if path.contains("api-keys") => &self.api_key,
                    path if path.contains("contacts") => &self.contact,
                    path if path.contains("attempts") => &self.attempt,
                    _ => &self.id,
                };
                let (path, body) = (path.replace("{id}", id), body(self));
                let key = (method == "POST").then_some("asked");
                Some(world.api(method, &path, key, Some(&body).filter(|body| !body.is_null())).await)
            }
            Act::Open(url) => Some(world.open(&url(self)).await),
            Act::Press => Some(world.click_again(&self.pay_url, "10000").await),
            Act::Tell(_) => Some(world.deliver(&world.signed_now(self.notice.as_ref()?)).await),
            Act::Start(function) => {
                let _ = world.try_start(function, &json!({ "detail-type": "Scheduled Event" }), &|| true).await;
                None
            }
            Act::Batch => {
                let batch = self.stream.next_batch()?;
                let _ = world.try_dispatch(&batch, &|| true).await;
                None
            }
        }
    }

    /// Those who wait for an answer ask again.
    pub(super) async fn go_on(&mut self, use_case: &UseCase, answer: Option<Reply>) {
        let heard = |answer: &Option<Reply>| answer.as_ref().is_some_and(|reply| reply.status.as_u16() < 500);
        let mut answer = answer;
        let asked_again = !heard(&answer);
        if let Act::Ask(..) | Act::Tell(_) = use_case.act {
            for minutes in [1, 5, 10] {
                if heard(&answer) {
                    break;
                }
                self.world().pass(TimeDelta::minutes(minutes));
                answer = self.act(use_case).await;
            }
        }
        let Act::Ask(_, done) = use_case.act else { return };
        let reply = answer.expect("an answer");
        // A deletion that is asked for again finds nothing any more.
        let gone = asked_again && use_case.name.starts_with("DELETE") && reply.status.as_u16() == 404;
        if reply.status.is_success() || gone {
            done(self, &if reply.text.is_empty() || gone { Value::Null } else { reply.json() });
        } else {
            self.stage.book.broken("answer", format!("{}: {} {}", use_case.name, reply.status, reply.text));
        }
    }

    fn order(&self, amount: &str, send: bool) -> Value {
        let mut order = lines(amount);
        order["contact_id"] = json!(self.contact);
        order["due_on"] = json!("2026-11-16");
        order["send"] = json!(send);
        order
    }

    fn made(&self, invoice: &Value, draft: bool) {
        let id = invoice["id"].as_str().unwrap();
        self.stage.model.made(id, &self.contact, 8000);
        if draft {
            self.stage.model.drafted(id);
        }
    }
}

fn kind(notice: &Notice) -> String {
    let event: Value = serde_json::from_slice(&notice.body).unwrap();
    event["type"].as_str().unwrap_or_default().to_owned()
}
