//! Mechanisms taken away, each at a seam: a request is changed after the code has signed it off, as if the code had never had the
//! mechanism. What is deployed holds nothing of this.

use crate::faults::{BendGateway, Change};
use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tests::{table::Bend, world::GATEWAY};

type AtGateway = fn(&mut Request<Bytes>) -> Option<Change>;

/// A mechanism that is missing.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// Its name.
    pub name: &'static str,
    /// The invariant that must notice.
    pub caught_by: &'static str,
    table: fn(&str, &mut Value),
    gateway: AtGateway,
}

fn as_it_is(_: &str, _: &mut Value) {}

fn as_it_came(_: &mut Request<Bytes>) -> Option<Change> {
    None
}

const fn at_table(name: &'static str, caught_by: &'static str, table: fn(&str, &mut Value)) -> Mutant {
    Mutant { name, caught_by, table, gateway: as_it_came }
}

const fn at_gateway(name: &'static str, caught_by: &'static str, gateway: AtGateway) -> Mutant {
    Mutant { name, caught_by, table: as_it_is, gateway }
}

/// Every mutant.
pub const ALL: [Mutant; 16] = [
    at_table("no condition on the slot", "I12", no_condition_on_the_slot),
    at_table("settled without a condition on the state", "I1", settled_without_condition),
    at_table("journal outside the transaction", "I12", journal_outside),
    at_table("number without its condition", "I7", number_without_condition),
    at_table("claim without a condition", "I8", claim_without_condition),
    at_table("an uncertain mail is sent again", "I8", uncertain_is_planned),
    at_table("outbox outside the transaction", "I8", outbox_outside),
    at_table("no record of an idempotency key", "model", no_idempotency_record),
    at_table("nobody looks for tries that are due", "I17", tries_are_never_due),
    at_table("a watermark instead of a due date on each invoice", "I8", invoices_are_never_due),
    at_table("credit outside the transaction", "I20", credit_outside),
    at_table("a payment that its invoice does not hear of", "I20", one_side_only),
    at_table("a slot that moves on without its attempt", "I20", slot_without_attempt),
    at_gateway("a new key for every retry", "I18", new_key_every_time),
    at_gateway("no fence", "I2", no_fence),
    at_gateway("a look-up that is believed without reading", "I1", blind_look_up),
];

/// Seeds that have caught what hundreds of others did not. They are played first.
pub const SHARP: [u64; 5] = [493, 60, 46, 399, 105];

impl Mutant {
    /// The mutant of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        ALL.into_iter().find(|mutant| mutant.name == name)
    }

    /// What it does to requests to the table.
    #[must_use]
    pub fn bend_table(self) -> Bend {
        Arc::new(self.table)
    }

    /// What it does to requests to the gateway.
    #[must_use]
    pub fn bend_gateway(self) -> BendGateway {
        Arc::new(self.gateway)
    }
}

fn actions(request: &mut Value) -> Option<&mut Vec<Value>> {
    request["TransactItems"].as_array_mut()
}

fn key<'a>(action: &'a Value, name: &str) -> &'a str {
    let item = &action["Put"]["Item"][name]["S"];
    item.as_str().or_else(|| action["Update"]["Key"][name]["S"].as_str()).unwrap_or_default()
}

fn is(action: &Value, pk: &str, sk: &str) -> bool {
    key(action, "pk").starts_with(pk) && key(action, "sk").starts_with(sk)
}

fn free(put: &mut Value) {
    if let Some(members) = put.as_object_mut() {
        for name in ["ConditionExpression", "ExpressionAttributeValues", "ExpressionAttributeNames"] {
            members.remove(name);
        }
    }
}

/// Puts of records lose their conditions in a transaction that has an item of that sort.
fn free_where(request: &mut Value, there: impl Fn(&Value) -> bool) {
    let Some(actions) = actions(request) else { return };
    if actions.iter().any(there) {
        for action in actions.iter_mut().filter(|action| ["INV#", "ATT#", "PAY#"].iter().any(|kind| is(action, kind, ""))) {
            free(&mut action["Put"]);
        }
    }
}

fn no_condition_on_the_slot(_: &str, request: &mut Value) {
    free_where(request, |action| is(action, "ATT#", "A#") && action["Put"]["Item"]["state"]["S"] == "dispatched");
}

fn settled_without_condition(_: &str, request: &mut Value) {
    free_where(request, |action| is(action, "PAY#", "A#"));
}

fn without(request: &mut Value, only_with: (&str, &str), gone: impl Fn(&Value) -> bool) {
    if let Some(actions) = actions(request)
        && actions.iter().any(|action| is(action, only_with.0, only_with.1))
    {
        actions.retain(|action| !gone(action));
    }
}

fn journal_outside(_: &str, request: &mut Value) {
    without(request, ("PAY#", "A#"), |action| is(action, "INV#", "J#"));
}

/// The payment is written down, and the invoice does not hear of it.
fn one_side_only(_: &str, request: &mut Value) {
    without(request, ("PAY#", "A#"), |action| is(action, "INV#", ""));
}

/// The slot is freed or moved on, and its attempt does not hear of it.
fn slot_without_attempt(_: &str, request: &mut Value) {
    without(request, ("INV#", "A#"), |action| is(action, "ATT#", "") && action["Put"]["Item"]["state"]["S"] != "dispatched");
}

fn number_without_condition(_: &str, request: &mut Value) {
    for action in actions(request).into_iter().flatten().filter(|action| is(action, "NUM#", "")) {
        let update = &mut action["Update"];
        if let Some(members) = update.as_object_mut() {
            members.remove("ConditionExpression");
        }
        if let Some(values) = update["ExpressionAttributeValues"].as_object_mut() {
            values.remove(":this");
        }
    }
}

fn claim_without_condition(operation: &str, request: &mut Value) {
    if operation == "PutItem" && request["Item"]["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("M#")) {
        free(request);
    }
}

fn uncertain_is_planned(operation: &str, request: &mut Value) {
    if operation == "PutItem" && request["Item"]["state"]["S"] == "uncertain" {
        let item = &mut request["Item"];
        item["state"] = json!({ "S": "planned" });
        item["outbox_pk"] = json!({ "S": "outbox#00" });
        item["outbox_at"] = json!({ "S": "2020-01-01T00:00:00.000Z" });
    }
}

fn outbox_outside(_: &str, request: &mut Value) {
    without(request, ("INV#", "A#"), |action| is(action, "INV#", "M#unpaid"));
}

fn no_idempotency_record(_: &str, request: &mut Value) {
    without(request, ("INV#", "A#"), |action| is(action, "IDEM#", ""));
}

fn never_due(request: &mut Value, kind: &str) {
    for action in actions(request).into_iter().flatten().filter(|action| is(action, kind, "A#")) {
        if let Some(item) = action["Put"]["Item"].as_object_mut() {
            item.remove("due_pk");
            item.remove("due_at");
        }
    }
}

fn tries_are_never_due(_: &str, request: &mut Value) {
    never_due(request, "ATT#");
}

fn invoices_are_never_due(_: &str, request: &mut Value) {
    never_due(request, "INV#");
}

fn credit_outside(_: &str, request: &mut Value) {
    without(request, ("PAY#", "A#"), |action| is(action, "CON#", ""));
}

fn new_key_every_time(request: &mut Request<Bytes>) -> Option<Change> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if request.headers().contains_key("idempotency-key") {
        let key = format!("new-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        request.headers_mut().insert("idempotency-key", HeaderValue::from_str(&key).unwrap());
    }
    None
}

fn no_fence(request: &mut Request<Bytes>) -> Option<Change> {
    let path = request.uri().path().strip_suffix("/expire")?.to_owned();
    let form = String::from_utf8(request.body().to_vec()).unwrap();
    *request.method_mut() = Method::GET;
    *request.uri_mut() = format!("{GATEWAY}{path}?{form}").parse().unwrap();
    *request.body_mut() = Bytes::new();
    request.headers_mut().remove("content-length");
    let expired: Change = |session| {
        if session["status"] == "open" {
            session["status"] = json!("expired");
            session["url"] = Value::Null;
        }
    };
    Some(expired)
}

fn blind_look_up(request: &mut Request<Bytes>) -> Option<Change> {
    let look_up = request.method() == Method::GET && request.uri().path().contains("/sessions/");
    let nothing: Change = |session| {
        session["status"] = json!("expired");
        session["payment_status"] = json!("unpaid");
        session["payment_intent"] = Value::Null;
        session["url"] = Value::Null;
    };
    look_up.then_some(nothing)
}
