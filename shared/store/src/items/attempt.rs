//! Attempts as items.

use super::{
    Item, index,
    money::{MoneyItem, digest, id, minor, named, recipient},
    read, write,
};
use crate::{error::Corrupt, keys};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use domain::{
    attempt::{Attempt, AttemptState, Decline, DeclineClass, How, Look, Order, Outcome, Purpose},
    automation::Sweep,
    digest::Digest,
    ids::{AttemptId, ContactId, InvoiceId, PaymentId},
    payment::Origin,
    pii::Pii,
    record::Head,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeclineItem {
    code: String,
    class: String,
}

impl From<&Decline> for DeclineItem {
    fn from(decline: &Decline) -> Self {
        Self { code: decline.code.clone(), class: decline.class.name().to_owned() }
    }
}

impl DeclineItem {
    pub fn read(self) -> Result<Decline, Corrupt> {
        Ok(Decline { code: self.code, class: named("decline class", DeclineClass::find(&self.class))? })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OrderItem {
    invoice: String,
    rev: u32,
    amount: i64,
}

/// What an attempt is for: `{"collect": [orders]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PurposeItem {
    Collect(Vec<OrderItem>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HowItem {
    Hosted { recipient: String, link_version: u16, link_key: u8, open_until: DateTime<Utc> },
}

/// An attempt as journal and state both hold it; the journal has the digest of the key in its place, and no look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AttemptItem {
    id: String,
    purpose: PurposeItem,
    how: HowItem,
    contact_id: String,
    amount: MoneyItem,
    origin: String,
    gateway: String,
    key: String,
    taken_at: DateTime<Utc>,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decline: Option<DeclineItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StateItem {
    #[serde(flatten)]
    attempt: AttemptItem,
    #[serde(default, skip_serializing_if = "is_zero")]
    looks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    seq: u64,
    head: String,
}

/// What stands in lists of an attempt. It never changes, so that an attempt that moves on rewrites no index.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AttemptSummaryItem {
    pub id: String,
    pub invoices: Vec<String>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What stands in the journal for an idempotency key.
pub(crate) fn key_digest(key: &str) -> String {
    Digest::of(&[b"attempt key", key.as_bytes()]).hex()
}

impl AttemptItem {
    /// With its key for the state, with the key's digest for the journal.
    fn of(attempt: &Attempt, key: String) -> Self {
        let order = |order: &Order| OrderItem { invoice: order.invoice_id.to_string(), rev: order.rev, amount: order.amount.minor() };
        let Purpose::Collect { orders } = &attempt.purpose;
        let How::Hosted { recipient, link_version, link_key, open_until } = &attempt.how;
        Self {
            id: attempt.id.to_string(),
            purpose: PurposeItem::Collect(orders.iter().map(order).collect()),
            how: HowItem::Hosted { recipient: recipient.hex(), link_version: *link_version, link_key: *link_key, open_until: *open_until },
            contact_id: attempt.contact_id.to_string(),
            amount: attempt.amount.into(),
            origin: attempt.origin.name().to_owned(),
            gateway: attempt.gateway.clone(),
            key,
            taken_at: attempt.taken_at,
            state: attempt.state.name().to_owned(),
            session_ref: attempt.session_ref.clone(),
            intent_ref: attempt.intent_ref.clone(),
            decline: attempt.decline.as_ref().map(DeclineItem::from),
            payment_id: attempt.payment_id.as_ref().map(ToString::to_string),
            resolved: attempt.resolved.map(|outcome| outcome.name().to_owned()),
        }
    }

    /// As the journal tells it.
    pub fn told(attempt: &Attempt) -> Self {
        Self::of(attempt, key_digest(&attempt.key))
    }

    pub fn read(self) -> Result<Attempt, Corrupt> {
        let amount = self.amount.read()?;
        let order = |order: OrderItem| {
            let invoice_id = id(InvoiceId::parse(&order.invoice))?;
            Ok::<_, Corrupt>(Order { invoice_id, rev: order.rev, amount: minor(order.amount, amount.currency())? })
        };
        let PurposeItem::Collect(orders) = self.purpose;
        let HowItem::Hosted { recipient: whose, link_version, link_key, open_until } = self.how;
        Ok(Attempt {
            id: id(AttemptId::parse(&self.id))?,
            purpose: Purpose::Collect { orders: orders.into_iter().map(order).collect::<Result<_, _>>()? },
            how: How::Hosted { recipient: recipient(&whose)?, link_version, link_key, open_until },
            contact_id: id(ContactId::parse(&self.contact_id))?,
            amount,
            origin: named("origin", Origin::find(&self.origin))?,
            gateway: self.gateway,
            key: self.key,
            taken_at: self.taken_at,
            state: named("attempt state", AttemptState::find(&self.state))?,
            session_ref: self.session_ref,
            intent_ref: self.intent_ref,
            decline: self.decline.map(DeclineItem::read).transpose()?,
            payment_id: self.payment_id.map(|payment| id(PaymentId::parse(&payment))).transpose()?,
            resolved: self.resolved.map(|name| named("outcome", Outcome::find(&name))).transpose()?,
            look: Look::default(),
            note: None,
        })
    }
}

pub(crate) fn write_attempt(attempt: &Attempt, head: Head) -> Result<Item, Corrupt> {
    let body = StateItem {
        attempt: AttemptItem::of(attempt, attempt.key.clone()),
        looks: attempt.look.count,
        look_at: attempt.look.at,
        note: attempt.note.as_ref().map(|note| note.reveal().to_owned()),
        seq: head.seq,
        head: head.hash.hex(),
    };
    let mut item = write(&keys::attempt(&attempt.id), keys::STATE, &body)?;
    let invoices = attempt.orders().iter().map(|order| order.invoice_id.to_string()).collect();
    let summary = AttemptSummaryItem { id: attempt.id.to_string(), invoices };
    let summary: Item = serde_dynamo::to_item(&summary).map_err(|e| Corrupt::new("summary", e))?;
    item.insert(keys::SUMMARY.to_owned(), AttributeValue::M(summary));
    index(&mut item, keys::BY_KIND, "attempt", attempt.id.as_str());
    index(&mut item, keys::BY_CONTACT, attempt.contact_id.as_str(), attempt.id.as_str());
    if let Some(at) = attempt.look.at {
        index(&mut item, keys::DUE, keys::due_partition(Sweep::Collections, attempt.id.shard(keys::SHARDS)), keys::instant(at));
    }
    Ok(item)
}

pub(crate) fn read_attempt(item: &Item) -> Result<(Attempt, Head), Corrupt> {
    let body: StateItem = read(item)?;
    let look = Look { count: body.looks, at: body.look_at };
    let note = body.note.map(Pii::new);
    Ok((Attempt { look, note, ..body.attempt.read()? }, Head { seq: body.seq, hash: digest(&body.head)? }))
}
