//! Journal entries as items: the canonical text that is hashed, and the hash.

use super::{
    Item,
    attempt::{AttemptItem, DeclineItem},
    invoice::BodyItem,
    money::{MoneyItem, currency, digest, id, named, recipient},
    payment::PaymentItem,
    string_of, text, write,
};
use crate::{error::Corrupt, keys};
use chrono::{DateTime, Utc};
use domain::{
    access::UserId,
    attempt::AttemptState,
    automation::StepRef,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, CreditId, InvoiceId, PaymentId, ProductId, RequestId},
    invoice::journal::{Event, StepOutcome},
    numbering::Number,
    record::{Actor, Cause, Entry, Fact, Head, RecordEvent, Subject},
    reminder::Skip,
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
    fact: FactItem,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FactItem {
    Drafted {
        contact_id: String,
        currency: String,
        body: BodyItem,
    },
    Revised {
        rev: u32,
        due_version: u32,
        currency: String,
        body: BodyItem,
    },
    Deleted,
    Sent {
        series: String,
        sequence: u64,
    },
    PaymentRequested,
    Viewed {
        recipient: String,
    },
    AttemptDispatched {
        attempt: Box<AttemptItem>,
    },
    AttemptMoved {
        attempt_id: String,
        state: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_ref: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent_ref: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decline: Option<DeclineItem>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        look_at: Option<DateTime<Utc>>,
    },
    AttemptLooked {
        attempt_id: String,
        looks: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        look_at: Option<DateTime<Utc>>,
    },
    PaymentApplied {
        payment: Box<PaymentItem>,
    },
    Voided {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credit: Option<(String, MoneyItem)>,
    },
    StepTaken {
        step: String,
        due_version: u32,
        outcome: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<DateTime<Utc>>,
    },
    LinksRevoked,
    RecordCreated {
        details: String,
    },
    RecordChanged {
        details: String,
    },
    Credited {
        credit_id: String,
        amount: MoneyItem,
        invoice_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_id: Option<String>,
    },
}

fn write_fact(fact: &Fact, of: Option<domain::currency::Currency>) -> FactItem {
    match fact {
        Fact::Invoice(event) => write_event(event, of),
        Fact::Record(RecordEvent::Created { details }) => FactItem::RecordCreated { details: details.hex() },
        Fact::Record(RecordEvent::Changed { details }) => FactItem::RecordChanged { details: details.hex() },
        Fact::Record(RecordEvent::Credited { credit_id, amount, invoice_id, payment_id }) => FactItem::Credited {
            credit_id: credit_id.to_string(),
            amount: (*amount).into(),
            invoice_id: invoice_id.to_string(),
            payment_id: payment_id.as_ref().map(ToString::to_string),
        },
    }
}

fn write_event(event: &Event, of: Option<domain::currency::Currency>) -> FactItem {
    match event {
        Event::Drafted { contact_id, currency, body } => {
            FactItem::Drafted { contact_id: contact_id.to_string(), currency: currency.code().to_owned(), body: body.into() }
        }
        Event::Revised { rev, due_version, body } => FactItem::Revised {
            rev: *rev,
            due_version: *due_version,
            currency: of.map_or_else(String::new, |c| c.code().to_owned()),
            body: body.into(),
        },
        Event::Deleted => FactItem::Deleted,
        Event::Sent { number } => FactItem::Sent { series: number.series.clone(), sequence: number.sequence },
        Event::PaymentRequested => FactItem::PaymentRequested,
        Event::Viewed { recipient } => FactItem::Viewed { recipient: recipient.hex() },
        Event::AttemptDispatched(attempt) => FactItem::AttemptDispatched { attempt: Box::new(attempt.as_ref().into()) },
        Event::AttemptMoved { attempt_id, state, session_ref, intent_ref, decline, look_at } => FactItem::AttemptMoved {
            attempt_id: attempt_id.to_string(),
            state: state.name().to_owned(),
            session_ref: session_ref.clone(),
            intent_ref: intent_ref.clone(),
            decline: decline.as_ref().map(DeclineItem::from),
            look_at: *look_at,
        },
        Event::AttemptLooked { attempt_id, looks, look_at } => {
            FactItem::AttemptLooked { attempt_id: attempt_id.to_string(), looks: *looks, look_at: *look_at }
        }
        Event::PaymentApplied(payment) => FactItem::PaymentApplied { payment: Box::new(payment.as_ref().into()) },
        Event::Voided { credit } => {
            FactItem::Voided { credit: credit.as_ref().map(|(credit_id, amount)| (credit_id.to_string(), (*amount).into())) }
        }
        Event::StepTaken { step, due_version, outcome } => {
            let (outcome, reason, to) = match outcome {
                StepOutcome::Enqueued => ("enqueued", None, None),
                StepOutcome::Skipped(reason) => ("skipped", Some(reason.name().to_owned()), None),
                StepOutcome::Moved { to, reason } => ("moved", Some(reason.name().to_owned()), Some(*to)),
            };
            FactItem::StepTaken { step: step.to_string(), due_version: *due_version, outcome: outcome.to_owned(), reason, to }
        }
        Event::LinksRevoked => FactItem::LinksRevoked,
    }
}

fn read_fact(fact: FactItem) -> Result<Fact, Corrupt> {
    let event = match fact {
        FactItem::Drafted { contact_id, currency: code, body } => {
            let of = currency(&code)?;
            Event::Drafted { contact_id: id(ContactId::parse(&contact_id))?, currency: of, body: body.read(of)? }
        }
        FactItem::Revised { rev, due_version, currency: code, body } => {
            Event::Revised { rev, due_version, body: body.read(currency(&code)?)? }
        }
        FactItem::Deleted => Event::Deleted,
        FactItem::Sent { series, sequence } => Event::Sent { number: Number { series, sequence } },
        FactItem::PaymentRequested => Event::PaymentRequested,
        FactItem::Viewed { recipient: whose } => Event::Viewed { recipient: recipient(&whose)? },
        FactItem::AttemptDispatched { attempt } => Event::AttemptDispatched(Box::new(attempt.read()?)),
        FactItem::AttemptMoved { attempt_id, state, session_ref, intent_ref, decline, look_at } => Event::AttemptMoved {
            attempt_id: id(AttemptId::parse(&attempt_id))?,
            state: named("attempt state", AttemptState::find(&state))?,
            session_ref,
            intent_ref,
            decline: decline.map(DeclineItem::read).transpose()?,
            look_at,
        },
        FactItem::AttemptLooked { attempt_id, looks, look_at } => {
            Event::AttemptLooked { attempt_id: id(AttemptId::parse(&attempt_id))?, looks, look_at }
        }
        FactItem::PaymentApplied { payment } => Event::PaymentApplied(Box::new(payment.read()?)),
        FactItem::Voided { credit } => Event::Voided {
            credit: credit.map(|(credit_id, amount)| Ok::<_, Corrupt>((id(CreditId::parse(&credit_id))?, amount.read()?))).transpose()?,
        },
        FactItem::StepTaken { step, due_version, outcome, reason, to } => {
            let skip = || named("skip", reason.as_deref().and_then(Skip::find));
            let outcome = match outcome.as_str() {
                "enqueued" => StepOutcome::Enqueued,
                "skipped" => StepOutcome::Skipped(skip()?),
                "moved" => StepOutcome::Moved { to: named("moved to", to)?, reason: skip()? },
                other => return Err(Corrupt::new("step outcome", other)),
            };
            Event::StepTaken { step: StepRef::from_name(&step), due_version, outcome }
        }
        FactItem::LinksRevoked => Event::LinksRevoked,
        FactItem::RecordCreated { details } => return Ok(Fact::Record(RecordEvent::Created { details: digest(&details)? })),
        FactItem::RecordChanged { details } => return Ok(Fact::Record(RecordEvent::Changed { details: digest(&details)? })),
        FactItem::Credited { credit_id, amount, invoice_id, payment_id } => {
            return Ok(Fact::Record(RecordEvent::Credited {
                credit_id: id(CreditId::parse(&credit_id))?,
                amount: amount.read()?,
                invoice_id: id(InvoiceId::parse(&invoice_id))?,
                payment_id: payment_id.map(|p| id(PaymentId::parse(&p))).transpose()?,
            }));
        }
    };
    Ok(Fact::Invoice(event))
}

fn write_subject(subject: &Subject) -> (String, String) {
    let (kind, name) = match subject {
        Subject::Invoice(id) => ("invoice", id.as_str()),
        Subject::Contact(id) => ("contact", id.as_str()),
        Subject::Product(id) => ("product", id.as_str()),
        Subject::Business => ("business", ""),
    };
    (kind.to_owned(), name.to_owned())
}

fn read_subject((kind, name): &(String, String)) -> Result<Subject, Corrupt> {
    Ok(match kind.as_str() {
        "invoice" => Subject::Invoice(id(InvoiceId::parse(name))?),
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
pub(crate) fn write_entry(entry: &Entry, head: Head, of: Option<domain::currency::Currency>) -> Result<(Item, Head), Corrupt> {
    let body = EntryItem {
        v: super::FORMAT,
        subject: write_subject(&entry.subject),
        seq: entry.seq,
        at: entry.at,
        actor: write_actor(&entry.actor),
        request_id: entry.cause.request_id.to_string(),
        rule: entry.cause.rule.clone(),
        fact: write_fact(&entry.fact, of),
    };
    let canonical = serde_json::to_string(&body).map_err(|e| Corrupt::new("entry", e))?;
    let after = head.after(canonical.as_bytes());
    let mut item = write(&keys::subject(&entry.subject), &keys::entry(entry.seq), &std::collections::BTreeMap::<String, String>::new())?;
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
        fact: read_fact(body.fact)?,
    };
    let hash = digest(string_of(item, "hash").unwrap_or_default())?;
    Ok(StoredEntry { entry, canonical: canonical.to_owned(), hash })
}
