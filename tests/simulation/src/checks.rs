//! What must hold: of an invoice after every write to it, of everything when all is quiet.

use crate::{book::Book, model::Model, told};
use chrono::TimeDelta;
use domain::{
    attempt::AttemptState,
    invoice::{
        journal::{AttemptEvent, ChaseEvent, DocumentEvent, Event, StepOutcome},
        status::StatusCode,
    },
    message::MessageState,
    record::{Fact, Subject},
    reminder::{Skip, next_step},
};
use local::sandbox_gateway::{SandboxGateway, SessionView, SessionViewStatus};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use store::{
    StoredEntry,
    audit::{Looked, look_at_invoice},
};
use tests::{
    table::{Effect, Table, Watch},
    world::World,
};

/// The partitions of invoices that a write names.
fn invoices_in(request: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = vec![request];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(members) => {
                if let Some(pk) = members.get("pk").and_then(|pk| pk["S"].as_str()).filter(|pk| pk.starts_with("INV#")) {
                    found.insert(pk.to_owned());
                } else {
                    rest.extend(members.values());
                }
            }
            Value::Array(members) => rest.extend(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Looks at every invoice that was written to, right after the write.
#[must_use]
pub fn watch(book: Book, stirred: Arc<tokio::sync::Notify>, gateway: SandboxGateway) -> Watch {
    let numbered = Mutex::new(BTreeSet::new());
    Arc::new(move |table: &Table, effect: &Effect<'_>| {
        if effect.status == 400 {
            book.probe("condition lost");
        }
        if effect.status != 200 {
            return;
        }
        stirred.notify_waiters();
        for pk in invoices_in(effect.request) {
            match look_at_invoice(&pk, table.partition("remit", &pk)) {
                Ok(looked) => {
                    one_invoice(&book, &pk, &looked);
                    stays(&book, &pk, &looked, &mut numbered.lock().unwrap());
                    at_the_gateway(&book, &pk, &looked, &gateway);
                }
                Err(error) => book.broken("I12", format!("{pk}: {error}")),
            }
        }
    })
}

fn one_invoice(book: &Book, pk: &str, looked: &Looked) {
    for finding in &looked.findings {
        book.broken("I12", format!("{pk}: {finding}"));
    }
    let Some(folder) = &looked.folder else { return };
    let invoice = &folder.invoice.value;
    let holders: Vec<_> = folder.attempts.iter().filter(|attempt| attempt.state.holds_slot()).collect();
    let slot = invoice.slot.as_ref().map(|slot| &slot.attempt_id);
    if holders.len() > 1 || holders.first().map(|attempt| &attempt.id) != slot {
        book.broken("I2", format!("{pk}: {} tries hold the slot, which is {slot:?}'s", holders.len()));
    }
    let allocated: i64 = folder.payments.iter().map(|payment| payment.allocated.minor()).sum();
    if invoice.status.code() != StatusCode::Voided && allocated != invoice.received.minor() {
        book.broken("I1", format!("{pk}: {allocated} allocated, {} received", invoice.received));
    }
    for payment in &folder.payments {
        let surplus = payment.surplus.as_ref().map_or(0, |surplus| surplus.amount.minor());
        if payment.allocated.minor() + surplus != payment.amount.minor() {
            book.broken("I1", format!("{pk}: a payment of {} is not all accounted for", payment.amount));
        }
    }
    if invoice.balance().minor() < 0 || (invoice.status.code() == StatusCode::Open && invoice.balance().is_zero()) {
        book.broken("I3", format!("{pk}: balance {} while {}", invoice.balance(), invoice.status.code().name()));
    }
    // Not by its balance: that is nothing for whatever is closed.
    if invoice.status.code() == StatusCode::Closed && invoice.received.minor() < invoice.total.minor() {
        book.broken("I4", format!("{pk}: closed with {} received of {}", invoice.received, invoice.total));
    }
    if invoice.total.is_zero() && invoice.sent_at.is_some() && invoice.status.code() == StatusCode::Open {
        book.broken("I16", format!("{pk}: sent with nothing to pay, and still open"));
    }
    let applied: BTreeSet<_> = folder.payments.iter().filter_map(|payment| payment.attempt_id.as_ref()).collect();
    for attempt in &folder.attempts {
        if (attempt.state == AttemptState::Applied) != applied.contains(&attempt.id) {
            book.broken("I2", format!("{pk}: {} is {} beside its payments", attempt.id, attempt.state.name()));
        }
    }
}

/// An invoice that has a number is there for ever (I6).
fn stays(book: &Book, pk: &str, looked: &Looked, numbered: &mut BTreeSet<String>) {
    match &looked.folder {
        Some(folder) if folder.invoice.value.number.is_some() => {
            numbered.insert(pk.to_owned());
        }
        Some(_) => {}
        None if numbered.contains(pk) => book.broken("I6", format!("{pk} had a number, and is gone")),
        None => {}
    }
}

/// One try is one checkout, and whoever no longer holds the slot can no longer be paid either.
fn at_the_gateway(book: &Book, pk: &str, looked: &Looked, gateway: &SandboxGateway) {
    let attempts = || looked.folder.iter().flat_map(|folder| &folder.attempts);
    if attempts().next().is_none() {
        return;
    }
    let sessions = gateway.sessions();
    for attempt in attempts() {
        let of_it = sessions.iter().filter(|session| session.client_reference_id.as_deref() == Some(attempt.id.as_str()));
        if of_it.count() > 1 {
            book.broken("I18", format!("{pk}: {} has more than one checkout", attempt.id));
        }
        let open = |session: &&SessionView| session.status == SessionViewStatus::Open && Some(&session.id) == attempt.session_ref.as_ref();
        if !attempt.state.holds_slot() && sessions.iter().any(|session| open(&session)) {
            book.broken("I2", format!("{pk}: {} does not hold the slot, and its checkout can still be paid", attempt.id));
        }
    }
}

/// When nothing goes wrong any more: what waits for neither payer nor bank is final, and the outbox is empty (I17).
pub fn liveness(book: &Book, world: &World, model: &Model) {
    for id in &model.invoices() {
        let pk = format!("INV#{id}");
        let Ok(looked) = look_at_invoice(&pk, world.table.partition("remit", &pk)) else { continue };
        for attempt in looked.folder.iter().flat_map(|folder| &folder.attempts) {
            let waits = [AttemptState::Prepared, AttemptState::Dispatched, AttemptState::Unknown].contains(&attempt.state);
            if waits {
                book.broken("I17", format!("{pk}: {} is still {}", attempt.id, attempt.state.name()));
            }
        }
        for message in &looked.messages {
            // One of the last minutes is for the next run of the outbox.
            let due = message.send_at + TimeDelta::minutes(5) <= world.now();
            if due && matches!(message.state, MessageState::Planned | MessageState::Claimed { .. }) {
                book.broken("I17", format!("{pk}: {} is still {}", message.key, message.state.name()));
            }
        }
    }
}

/// At the very end, everything against everything: table, gateway, mailbox, and the model of the business.
pub async fn in_the_end(book: &Book, world: &World, model: &Model) {
    let mut captured: BTreeMap<String, i64> = BTreeMap::new();
    let sessions: BTreeMap<String, _> = world.gateway.sessions().into_iter().map(|session| (session.id.clone(), session)).collect();
    for charge in world.gateway.charges() {
        let invoice = sessions[&charge.session].metadata["remit_invoice"].clone();
        *captured.entry(invoice).or_default() += charge.amount_minor;
    }
    let mut explained = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let business = world.deps.store.find_business().await.unwrap().unwrap().value;
    for id in &model.invoices() {
        let pk = format!("INV#{id}");
        let Ok(Looked { folder: Some(folder), messages, .. }) = look_at_invoice(&pk, world.table.partition("remit", &pk)) else {
            book.broken("model", format!("{pk} is not there"));
            continue;
        };
        let invoice = &folder.invoice.value;
        if folder.payments.iter().any(|payment| payment.surplus.is_some()) {
            book.probe("surplus");
        }
        explained.extend(folder.attempts.iter().filter_map(|attempt| attempt.session_ref.clone()));
        let known: i64 = folder.payments.iter().filter(|payment| payment.gateway_ref.is_some()).map(|payment| payment.amount.minor()).sum();
        let at_gateway = captured.get(id).copied().unwrap_or_default();
        if known != at_gateway {
            book.broken("I1", format!("{pk}: {at_gateway} were captured, {known} are known"));
        }
        if let Some(number) = &invoice.number
            && !numbers.insert(number.sequence)
        {
            book.broken("I7", format!("{number} is given twice"));
        }
        let payable = |session: &String| sessions.get(session).is_some_and(|session| session.status == SessionViewStatus::Open);
        if invoice.amount_due().is_zero() && folder.attempts.iter().filter_map(|attempt| attempt.session_ref.as_ref()).any(payable) {
            book.broken("I19", format!("{pk}: nothing is owed, and a checkout can still be paid"));
        }
        let steps = next_step(invoice, &business, &world.deps.automations);
        if steps.is_some_and(|next| next.at <= world.now()) {
            book.broken("I8", format!("{pk}: a step was due and is not dealt with"));
        }
        if messages.iter().any(|message| matches!(message.state, MessageState::Uncertain { .. })) {
            book.probe("mail: uncertain");
        }
        let entries = world.deps.store.list_entries(&Subject::Invoice(invoice.id.clone()), 0, 1000).await.unwrap().rows;
        let history = told::history(&invoice.id, &entries);
        told::first_mail(book, &messages, &history);
        told::with_reason(book, world, &messages, &history);
        model.compare(book, world, id, &folder, at_gateway).await;
        journal(book, entries);
    }
    if numbers.iter().copied().ne(1..=numbers.len() as u64) {
        book.broken("I7", format!("numbers are not contiguous: {numbers:?}"));
    }
    for session in sessions.values().filter(|session| !explained.contains(&session.id)) {
        // A checkout whose creation was never answered is known by its try; it must not be open any more.
        if session.status != SessionViewStatus::Expired {
            book.broken("I18", format!("{} is {:?} and nobody knows of it", session.id, session.status));
        }
    }
    each_mail_once(book, world);
    let audit = world.deps.store.audit().await.unwrap();
    for finding in audit.findings {
        book.broken("I12", finding);
    }
    let listed = model.listed(world).await;
    let made = model.invoices().len();
    if listed != made {
        book.broken("model", format!("{listed} invoices are listed, {made} were made"));
    }
}

fn each_mail_once(book: &Book, world: &World) {
    let mut sent = BTreeMap::<String, u32>::new();
    for mail in world.mails() {
        let tag = mail.tags.values().cloned().collect::<Vec<_>>().join(" ");
        *sent.entry(tag).or_default() += 1;
    }
    for (tag, times) in sent.into_iter().filter(|(_, times)| *times > 1) {
        book.broken("I8", format!("{tag} went out {times} times"));
    }
}

/// How long the gateway keeps an idempotency key.
///
/// Source: Stripe, Idempotent requests: at least 24 hours.
const KEY_LIVES: TimeDelta = TimeDelta::hours(24);

/// Rare paths as journals tell them.
fn journal(book: &Book, entries: Vec<StoredEntry>) {
    let mut states: BTreeMap<String, AttemptState> = BTreeMap::new();
    let mut begun = BTreeMap::new();
    for stored in entries {
        let Fact::Invoice(event) = stored.entry.fact else { continue };
        match event {
            Event::Attempt(AttemptEvent::Dispatched(attempt)) => {
                begun.insert(attempt.id.to_string(), attempt.taken_at);
            }
            Event::Attempt(AttemptEvent::Moved { attempt_id, state, .. }) => {
                let before = states.insert(attempt_id.to_string(), state);
                let forgotten = begun.get(attempt_id.as_str()).is_some_and(|at| stored.entry.at - *at > KEY_LIVES);
                if forgotten && matches!(before, None | Some(AttemptState::Unknown)) && state != AttemptState::Unknown {
                    book.probe("try unknown for longer than its key lives");
                }
                match (before, state) {
                    (Some(AttemptState::Unknown), AttemptState::Applied) => book.probe("try unknown, then applied"),
                    (Some(AttemptState::Unknown), AttemptState::Cancelled | AttemptState::Expired | AttemptState::Declined) => {
                        book.probe("try unknown, then without money");
                    }
                    (Some(before), AttemptState::Applied) if !before.holds_slot() => book.probe("late success"),
                    (_, _) => {}
                }
            }
            Event::Document(DocumentEvent::Viewed { .. }) => book.probe("invoice seen"),
            Event::Chase(ChaseEvent::StepTaken { outcome: StepOutcome::Skipped(Skip::Superseded), .. }) => {
                book.probe("reminder superseded")
            }
            _ => {}
        }
    }
}
