//! Journal entries as items: the canonical text that is hashed, and the hash. What an entry tells has a file for each family of events.

mod attempt;
mod chase;
mod credit;
mod document;
mod money;
mod payment;
mod record;
mod slot;

use super::{
    Item,
    money::{MoneyItem, digest, id, named, recipient},
    string_of, text, write,
};
use crate::{error::Corrupt, keys};
use chrono::{DateTime, Utc};
use domain::{
    access::UserId,
    currency::Currency,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, CreditId, InvoiceId, PaymentId, ProductId, RequestId},
    invoice::journal::Event,
    record::{Actor, Cause, Entry, Fact, Head, Subject},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct EntryItem {
    v: u32,
    subject: (String, String),
    seq: u64,
    at: DateTime<Utc>,
    actor: (String, String),
    request_id: String,
    rule: String,
    events: Vec<FactItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount_due: Option<MoneyItem>,
}

/// Something that happened, by family. The names in `type` are unique across families.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum FactItem {
    Document(document::DocumentEventItem),
    Slot(slot::SlotEventItem),
    Money(money::MoneyEventItem),
    Chase(chase::ChaseEventItem),
    Attempt(attempt::AttemptEventItem),
    Payment(payment::PaymentEventItem),
    Credit(credit::CreditEventItem),
    Record(record::RecordEventItem),
}

fn write_fact(fact: &Fact, of: Option<Currency>) -> FactItem {
    match fact {
        Fact::Invoice(Event::Document(event)) => FactItem::Document(document::write(event, of)),
        Fact::Invoice(Event::Slot(event)) => FactItem::Slot(slot::write(event)),
        Fact::Invoice(Event::Money(event)) => FactItem::Money(money::write(event)),
        Fact::Invoice(Event::Chase(event)) => FactItem::Chase(chase::write(event)),
        Fact::Attempt(event) => FactItem::Attempt(attempt::write(event)),
        Fact::Payment(event) => FactItem::Payment(payment::write(event)),
        Fact::Credit(event) => FactItem::Credit(credit::write(event)),
        Fact::Record(event) => FactItem::Record(record::write(event)),
    }
}

fn read_fact(fact: FactItem) -> Result<Fact, Corrupt> {
    Ok(match fact {
        FactItem::Document(event) => Fact::Invoice(Event::Document(document::read(event)?)),
        FactItem::Slot(event) => Fact::Invoice(Event::Slot(slot::read(event)?)),
        FactItem::Money(event) => Fact::Invoice(Event::Money(money::read(event)?)),
        FactItem::Chase(event) => Fact::Invoice(Event::Chase(chase::read(event)?)),
        FactItem::Attempt(event) => Fact::Attempt(attempt::read(event)?),
        FactItem::Payment(event) => Fact::Payment(payment::read(event)?),
        FactItem::Credit(event) => Fact::Credit(credit::read(event)?),
        FactItem::Record(event) => Fact::Record(record::read(event)?),
    })
}

fn write_subject(subject: &Subject) -> (String, String) {
    let (kind, name) = match subject {
        Subject::Invoice(id) => ("invoice", id.to_string()),
        Subject::Attempt(id) => ("attempt", id.to_string()),
        Subject::Payment(id) => ("payment", id.to_string()),
        Subject::Credit(contact, id) => ("credit", format!("{contact}/{id}")),
        Subject::Contact(id) => ("contact", id.to_string()),
        Subject::Product(id) => ("product", id.to_string()),
        Subject::Business => ("business", String::new()),
    };
    (kind.to_owned(), name)
}

fn read_subject((kind, name): &(String, String)) -> Result<Subject, Corrupt> {
    Ok(match kind.as_str() {
        "invoice" => Subject::Invoice(id(InvoiceId::parse(name))?),
        "attempt" => Subject::Attempt(id(AttemptId::parse(name))?),
        "payment" => Subject::Payment(id(PaymentId::parse(name))?),
        "credit" => {
            let (contact, credit) = named("credit", name.split_once('/'))?;
            Subject::Credit(id(ContactId::parse(contact))?, id(CreditId::parse(credit))?)
        }
        "contact" => Subject::Contact(id(ContactId::parse(name))?),
        "product" => Subject::Product(id(ProductId::parse(name))?),
        "business" => Subject::Business,
        other => return Err(Corrupt::new("subject", other)),
    })
}

pub(crate) fn write_actor(actor: &Actor) -> (String, String) {
    match actor {
        Actor::Staff(key) => ("staff".to_owned(), key.to_string()),
        Actor::User(user) => ("user".to_owned(), user.as_str().to_owned()),
        Actor::Customer(whose) => ("customer".to_owned(), whose.hex()),
        Actor::System(function) => ("system".to_owned(), function.clone()),
        Actor::Gateway(gateway) => ("gateway".to_owned(), gateway.clone()),
    }
}

pub(crate) fn read_actor((kind, name): (String, String)) -> Result<Actor, Corrupt> {
    Ok(match kind.as_str() {
        "staff" => Actor::Staff(id(ApiKeyId::parse(&name))?),
        "user" => Actor::User(UserId::parse(&name).map_err(|e| Corrupt::new("user", e))?),
        "customer" => Actor::Customer(recipient(&name)?),
        "system" => Actor::System(name),
        "gateway" => Actor::Gateway(name),
        other => return Err(Corrupt::new("actor", other)),
    })
}

/// An entry on a journal's head: its item and the head after it. `of` is the invoice's currency.
pub(crate) fn write_entry(entry: &Entry, head: Head, of: Option<Currency>) -> Result<(Item, Head), Corrupt> {
    let body = EntryItem {
        v: super::FORMAT,
        subject: write_subject(&entry.subject),
        seq: entry.seq,
        at: entry.at,
        actor: write_actor(&entry.actor),
        request_id: entry.cause.request_id.to_string(),
        rule: entry.cause.rule.clone(),
        events: entry.facts.iter().map(|fact| write_fact(fact, of)).collect(),
        status: entry.status.clone(),
        amount_due: entry.amount_due.map(MoneyItem::from),
    };
    let canonical = serde_json::to_string(&body).map_err(|e| Corrupt::new("entry", e))?;
    let after = head.after(canonical.as_bytes());
    let mut item = write(
        &keys::subject(&entry.subject),
        &keys::entry(&entry.subject, entry.seq),
        &std::collections::BTreeMap::<String, String>::new(),
    )?;
    item.insert("entry".to_owned(), text(canonical));
    item.insert("hash".to_owned(), text(after.hash.hex()));
    Ok((item, after))
}

/// An entry and the hash that stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// What it tells.
    pub entry: Entry,
    /// The text that was hashed.
    pub canonical: String,
    /// The hash over it and all before.
    pub hash: Digest,
}

pub(crate) fn read_entry(item: &Item) -> Result<StoredEntry, Corrupt> {
    let canonical = string_of(item, "entry").ok_or_else(|| Corrupt::new(super::sort_key(item), "no entry"))?;
    let body: EntryItem = serde_json::from_str(canonical).map_err(|e| Corrupt::new(super::sort_key(item), e))?;
    let entry = Entry {
        subject: read_subject(&body.subject)?,
        seq: body.seq,
        at: body.at,
        actor: read_actor(body.actor)?,
        cause: Cause { request_id: id(RequestId::parse(&body.request_id))?, rule: body.rule },
        facts: body.events.into_iter().map(read_fact).collect::<Result<_, _>>()?,
        status: body.status,
        amount_due: body.amount_due.map(|due| due.read()).transpose()?,
    };
    let hash = digest(string_of(item, "hash").unwrap_or_default())?;
    Ok(StoredEntry { entry, canonical: canonical.to_owned(), hash })
}
