//! What must hold: of an invoice after every write to it, of everything when all is quiet.

use crate::{book::Book, model::Model, told};
use chrono::TimeDelta;
use domain::{
    attempt::{Attempt, AttemptEvent, AttemptState},
    ids::ContactId,
    invoice::{
        Invoice,
        journal::{ChaseEvent, DocumentEvent, Event, StepOutcome},
        status::StatusCode,
    },
    message::{Message, MessageState},
    payment::Payment,
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
    audit::{Books, Looked, look_at_partition},
};
use tests::{
    table::{Effect, Table, Watch},
    world::World,
};

/// What the table holds, followed write by write: records by contact, and outbox rows by partition.
#[derive(Debug, Default)]
pub struct Ledger {
    contacts: BTreeMap<ContactId, Books>,
    /// The contact whose records a partition holds.
    owners: BTreeMap<String, ContactId>,
    messages: BTreeMap<String, Vec<Message>>,
    numbered: BTreeSet<String>,
}

/// A ledger that the watch writes and the checks read.
pub type Shared = Arc<Mutex<Ledger>>;

impl Ledger {
    /// Takes in a partition as it is now; answers with whose it is.
    fn take(&mut self, pk: &str, looked: Looked) -> Option<ContactId> {
        self.messages.insert(pk.to_owned(), looked.messages);
        let Books { invoices, attempts, payments, credits } = &looked.books;
        let owner = invoices.values().map(|invoice| &invoice.contact_id);
        let owner = owner.chain(attempts.values().map(|attempt| &attempt.contact_id));
        let mut owner = owner.chain(payments.values().map(|payment| &payment.contact_id)).chain(credits.values().map(|it| &it.contact_id));
        let owner = owner.next().cloned().or_else(|| self.owners.get(pk).cloned())?;
        let books = self.contacts.entry(owner.clone()).or_default();
        if let Some(id) = pk.strip_prefix("INV#") {
            // A draft that was thrown away is gone.
            books.invoices.retain(|known, _| known.as_str() != id);
        }
        books.add(looked.books);
        self.owners.insert(pk.to_owned(), owner.clone());
        Some(owner)
    }

    /// The records of an invoice's contact.
    fn of(&self, id: &str) -> Option<&Books> {
        self.contacts.get(self.owners.get(&format!("INV#{id}"))?)
    }

    /// An invoice.
    pub fn invoice(&self, id: &str) -> Option<&Invoice> {
        self.of(id)?.invoices.values().find(|invoice| invoice.id.as_str() == id)
    }

    fn attempts(&self, id: &str) -> Vec<&Attempt> {
        let of_it = |attempt: &&Attempt| attempt.orders().iter().any(|order| order.invoice_id.as_str() == id);
        self.of(id).into_iter().flat_map(|books| books.attempts.values()).filter(of_it).collect()
    }

    fn payments(&self, id: &str) -> Vec<&Payment> {
        let of_it = |payment: &&Payment| payment.allocations.iter().any(|part| part.invoice_id.as_str() == id);
        self.of(id).into_iter().flat_map(|books| books.payments.values()).filter(of_it).collect()
    }

    /// The rows of an invoice and of its payments.
    fn messages(&self, id: &str) -> Vec<Message> {
        let of_payments = self.payments(id).into_iter().map(|payment| format!("PAY#{}", payment.id));
        let partitions = std::iter::once(format!("INV#{id}")).chain(of_payments);
        partitions.filter_map(|pk| self.messages.get(&pk)).flatten().cloned().collect()
    }
}

/// The partitions of records that a write names.
fn partitions_in(request: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = vec![request];
    let record = |pk: &&str| ["INV#", "ATT#", "PAY#", "CON#"].iter().any(|kind| pk.starts_with(kind));
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(members) => match members.get("pk").and_then(|pk| pk["S"].as_str()).filter(record) {
                Some(pk) => {
                    found.insert(pk.to_owned());
                }
                None => rest.extend(members.values()),
            },
            Value::Array(members) => rest.extend(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Looks at every record that was written to, right after the write, and at all that belongs to the same contact.
#[must_use]
pub fn watch(book: Book, ledger: Shared, stirred: Arc<tokio::sync::Notify>, gateway: SandboxGateway) -> Watch {
    Arc::new(move |table: &Table, effect: &Effect<'_>| {
        if effect.status == 400 {
            book.probe("condition lost");
        }
        if effect.status != 200 {
            return;
        }
        stirred.notify_waiters();
        let mut ledger = ledger.lock().unwrap();
        let mut touched = BTreeSet::new();
        for pk in partitions_in(effect.request) {
            match look_at_partition(&pk, table.partition("remit", &pk)) {
                Ok(looked) => {
                    for finding in &looked.findings {
                        book.broken("I12", finding.clone());
                    }
                    stays(&book, &pk, &looked, &mut ledger.numbered);
                    touched.extend(ledger.take(&pk, looked));
                }
                Err(error) => book.broken("I12", format!("{pk}: {error}")),
            }
        }
        for contact in touched {
            let books = &ledger.contacts[&contact];
            for finding in books.disagreements() {
                book.broken("I20", finding);
            }
            for invoice in books.invoices.values() {
                one_invoice(&book, books, invoice);
            }
            at_the_gateway(&book, books, &gateway);
        }
    })
}

fn one_invoice(book: &Book, books: &Books, invoice: &Invoice) {
    let id = &invoice.id;
    let holders: Vec<_> = books.attempts.values().filter(|it| it.order_of(id).is_some() && it.state.holds_slot()).collect();
    let slot = invoice.slot.as_ref().map(|slot| &slot.attempt_id);
    if holders.len() > 1 || holders.first().map(|attempt| &attempt.id) != slot {
        book.broken("I2", format!("{id}: {} attempts hold the slot, which is {slot:?}'s", holders.len()));
    }
    let here =
        |payment: &Payment| payment.allocations.iter().filter(|part| part.invoice_id == *id).map(|part| part.amount.minor()).sum::<i64>();
    let allocated: i64 = books.payments.values().map(here).sum();
    if allocated != invoice.sums.received.minor() {
        book.broken("I1", format!("{id}: {allocated} allocated, {} received", invoice.sums.received));
    }
    if invoice.balance().minor() < 0 || (invoice.status.code() == StatusCode::Open && invoice.balance().is_zero()) {
        book.broken("I3", format!("{id}: balance {} while {}", invoice.balance(), invoice.status.code().name()));
    }
    if invoice.status.code() == StatusCode::Closed && allocated < invoice.total.minor() {
        book.broken("I4", format!("{id}: closed with {allocated} received of {}", invoice.total));
    }
    if invoice.total.is_zero() && invoice.sent_at.is_some() && invoice.status.code() == StatusCode::Open {
        book.broken("I16", format!("{id}: sent with nothing to pay, and still open"));
    }
}

/// An invoice that has a number is there for ever (I6).
fn stays(book: &Book, pk: &str, looked: &Looked, numbered: &mut BTreeSet<String>) {
    match looked.books.invoices.values().next() {
        Some(invoice) if invoice.number.is_some() => {
            numbered.insert(pk.to_owned());
        }
        Some(_) => {}
        None if numbered.contains(pk) => book.broken("I6", format!("{pk} had a number, and is gone")),
        None => {}
    }
}

/// One attempt is one checkout, and whoever no longer holds a slot can no longer be paid either.
fn at_the_gateway(book: &Book, books: &Books, gateway: &SandboxGateway) {
    if books.attempts.is_empty() {
        return;
    }
    let sessions = gateway.sessions();
    for attempt in books.attempts.values() {
        let of_it = sessions.iter().filter(|session| session.client_reference_id.as_deref() == Some(attempt.id.as_str()));
        if of_it.count() > 1 {
            book.broken("I18", format!("{} has more than one checkout", attempt.id));
        }
        let open = |session: &&SessionView| session.status == SessionViewStatus::Open && Some(&session.id) == attempt.session_ref.as_ref();
        if !attempt.state.holds_slot() && sessions.iter().any(|session| open(&session)) {
            book.broken("I2", format!("{} does not hold a slot, and its checkout can still be paid", attempt.id));
        }
    }
}

/// When nothing goes wrong any more: what waits for neither payer nor bank is final, and the outbox is empty (I17).
pub fn liveness(book: &Book, ledger: &Ledger, world: &World) {
    for attempt in ledger.contacts.values().flat_map(|books| books.attempts.values()) {
        if [AttemptState::Prepared, AttemptState::Dispatched, AttemptState::Unknown].contains(&attempt.state) {
            book.broken("I17", format!("{} is still {}", attempt.id, attempt.state.name()));
        }
    }
    for message in ledger.messages.values().flatten() {
        // One of the last minutes is for the next run of the outbox.
        let due = message.send_at + TimeDelta::minutes(5) <= world.now();
        if due && matches!(message.state, MessageState::Planned | MessageState::Claimed { .. }) {
            book.broken("I17", format!("{}: {} is still {}", message.subject, message.key, message.state.name()));
        }
    }
}

/// Nothing can be paid for an invoice on which nothing is owed (I19).
fn payable_no_more(book: &Book, sessions: &BTreeMap<String, SessionView>, invoice: &Invoice, attempts: &[Attempt]) {
    let payable = |session: &String| sessions.get(session).is_some_and(|session| session.status == SessionViewStatus::Open);
    if invoice.amount_due().is_zero() && attempts.iter().filter_map(|attempt| attempt.session_ref.as_ref()).any(payable) {
        book.broken("I19", format!("{}: nothing is owed, and a checkout can still be paid", invoice.id));
    }
}

/// What the gateway captured for each invoice.
fn captured(world: &World, sessions: &BTreeMap<String, SessionView>) -> BTreeMap<String, i64> {
    let mut captured = BTreeMap::new();
    for charge in world.gateway.charges() {
        *captured.entry(sessions[&charge.session].metadata["remit_invoice"].clone()).or_default() += charge.amount_minor;
    }
    captured
}

/// At the very end, everything against everything: table, gateway, mailbox, and the model of the business.
pub async fn in_the_end(book: &Book, ledger: &Shared, world: &World, model: &Model) {
    let sessions: BTreeMap<String, _> = world.gateway.sessions().into_iter().map(|session| (session.id.clone(), session)).collect();
    let captured = captured(world, &sessions);
    let mut explained = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let business = world.deps.store.find_business().await.unwrap().unwrap().value;
    for id in &model.invoices() {
        let (invoice, attempts, payments, messages) = {
            let ledger = ledger.lock().unwrap();
            let Some(invoice) = ledger.invoice(id).cloned() else {
                book.broken("model", format!("{id} is not there"));
                continue;
            };
            let attempts: Vec<Attempt> = ledger.attempts(id).into_iter().cloned().collect();
            let payments: Vec<Payment> = ledger.payments(id).into_iter().cloned().collect();
            (invoice, attempts, payments, ledger.messages(id))
        };
        if payments.iter().any(|payment| payment.surplus.is_some()) {
            book.probe("surplus");
        }
        explained.extend(attempts.iter().filter_map(|attempt| attempt.session_ref.clone()));
        let known: i64 = payments.iter().filter(|payment| payment.gateway_ref.is_some()).map(|payment| payment.amount.minor()).sum();
        let at_gateway = captured.get(id).copied().unwrap_or_default();
        if known != at_gateway {
            book.broken("I1", format!("{id}: {at_gateway} were captured, {known} are known"));
        }
        if let Some(number) = &invoice.number
            && !numbers.insert(number.sequence)
        {
            book.broken("I7", format!("{number} is given twice"));
        }
        payable_no_more(book, &sessions, &invoice, &attempts);
        let steps = next_step(&invoice, &business, &world.deps.automations);
        if steps.is_some_and(|next| next.at <= world.now()) {
            book.broken("I8", format!("{id}: a step was due and is not dealt with"));
        }
        if messages.iter().any(|message| matches!(message.state, MessageState::Uncertain { .. })) {
            book.probe("mail: uncertain");
        }
        let entries = world.deps.store.list_entries(&Subject::Invoice(invoice.id.clone()), 0, 1000).await.unwrap().rows;
        let history = told::history(&invoice.id, &entries);
        told::first_mail(book, &messages, &history);
        told::with_reason(book, world, &messages, &history);
        model.compare(book, world, &invoice, at_gateway).await;
        of_invoice(book, &entries);
        for attempt in &attempts {
            of_attempt(book, attempt, &world.deps.store.list_entries(&Subject::Attempt(attempt.id.clone()), 0, 1000).await.unwrap().rows);
        }
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

/// Rare paths as an attempt's journal tells them.
fn of_attempt(book: &Book, attempt: &Attempt, entries: &[StoredEntry]) {
    let mut before = None;
    for StoredEntry { entry, .. } in entries {
        for fact in &entry.facts {
            let Fact::Attempt(AttemptEvent::Moved { state, .. }) = fact else { continue };
            let forgotten = entry.at - attempt.taken_at > KEY_LIVES;
            if forgotten && matches!(before, None | Some(AttemptState::Unknown)) && *state != AttemptState::Unknown {
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
            before = Some(*state);
        }
    }
}

/// Rare paths as an invoice's journal tells them.
fn of_invoice(book: &Book, entries: &[StoredEntry]) {
    for fact in entries.iter().flat_map(|stored| &stored.entry.facts) {
        match fact {
            Fact::Invoice(Event::Document(DocumentEvent::Viewed { .. })) => book.probe("invoice seen"),
            Fact::Invoice(Event::Chase(ChaseEvent::StepTaken { outcome: StepOutcome::Skipped(Skip::Superseded), .. })) => {
                book.probe("reminder superseded");
            }
            _ => {}
        }
    }
}
