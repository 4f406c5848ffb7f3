//! Payments as items.

use super::{
    Item, index, is_zero,
    money::{MethodItem, MoneyItem, digest, id, minor, named},
    read, write,
};
use crate::{error::Corrupt, keys};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{AttemptId, ContactId, CreditId, InvoiceId, PaymentId},
    payment::{Allocation, Origin, Payment, PaymentType, Surplus, SurplusCause},
    record::Head,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct AllocationItem {
    invoice: String,
    amount: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SurplusItem {
    credit_id: String,
    amount: i64,
    cause: String,
}

/// A payment as journal and state both hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PaymentItem {
    id: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    contact_id: String,
    amount: MoneyItem,
    allocations: Vec<AllocationItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    surplus: Option<SurplusItem>,
    #[serde(default, skip_serializing_if = "is_zero")]
    taken_back: i64,
    method: MethodItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway_ref: Option<String>,
    origin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid_at: Option<DateTime<Utc>>,
    received_on: NaiveDate,
    recorded_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StateItem {
    #[serde(flatten)]
    payment: PaymentItem,
    seq: u64,
    head: String,
}

impl From<&Payment> for PaymentItem {
    fn from(payment: &Payment) -> Self {
        let part = |part: &Allocation| AllocationItem { invoice: part.invoice_id.to_string(), amount: part.amount.minor() };
        Self {
            id: payment.id.to_string(),
            kind: payment.kind.name().to_owned(),
            parent_id: payment.parent_id.as_ref().map(ToString::to_string),
            contact_id: payment.contact_id.to_string(),
            amount: payment.amount.into(),
            allocations: payment.allocations.iter().map(part).collect(),
            surplus: payment.surplus.as_ref().map(|s| SurplusItem {
                credit_id: s.credit_id.to_string(),
                amount: s.amount.minor(),
                cause: s.cause.name().to_owned(),
            }),
            taken_back: payment.taken_back.minor(),
            method: MethodItem::from(&payment.method),
            reference: payment.reference.clone(),
            attempt_id: payment.attempt_id.as_ref().map(ToString::to_string),
            gateway: payment.gateway.clone(),
            gateway_ref: payment.gateway_ref.clone(),
            origin: payment.origin.name().to_owned(),
            paid_at: payment.paid_at,
            received_on: payment.received_on,
            recorded_at: payment.recorded_at,
        }
    }
}

impl PaymentItem {
    pub fn read(self) -> Result<Payment, Corrupt> {
        let amount = self.amount.read()?;
        let of = amount.currency();
        let surplus = |s: SurplusItem| {
            Ok::<_, Corrupt>(Surplus {
                credit_id: id(CreditId::parse(&s.credit_id))?,
                amount: minor(s.amount, of)?,
                cause: named("surplus cause", SurplusCause::find(&s.cause))?,
            })
        };
        let part = |part: AllocationItem| {
            Ok::<_, Corrupt>(Allocation { invoice_id: id(InvoiceId::parse(&part.invoice))?, amount: minor(part.amount, of)? })
        };
        Ok(Payment {
            id: id(PaymentId::parse(&self.id))?,
            kind: named("payment type", PaymentType::find(&self.kind))?,
            parent_id: self.parent_id.map(|p| id(PaymentId::parse(&p))).transpose()?,
            contact_id: id(ContactId::parse(&self.contact_id))?,
            amount,
            allocations: self.allocations.into_iter().map(part).collect::<Result<_, _>>()?,
            surplus: self.surplus.map(surplus).transpose()?,
            taken_back: minor(self.taken_back, of)?,
            method: self.method.read()?,
            reference: self.reference,
            attempt_id: self.attempt_id.map(|a| id(AttemptId::parse(&a))).transpose()?,
            gateway: self.gateway,
            gateway_ref: self.gateway_ref,
            origin: named("origin", Origin::find(&self.origin))?,
            paid_at: self.paid_at,
            received_on: self.received_on,
            recorded_at: self.recorded_at,
        })
    }
}

pub(crate) fn write_payment(payment: &Payment, head: Head) -> Result<Item, Corrupt> {
    let body = StateItem { payment: PaymentItem::from(payment), seq: head.seq, head: head.hash.hex() };
    let mut item = write(&keys::payment(&payment.id), keys::STATE, &body)?;
    index(&mut item, keys::BY_KIND, "payment", keys::by_time(payment.recorded_at, payment.id.as_str()));
    index(&mut item, keys::BY_CONTACT, payment.contact_id.as_str(), keys::payment_of_contact(payment));
    Ok(item)
}

pub(crate) fn read_payment(item: &Item) -> Result<(Payment, Head), Corrupt> {
    let body: StateItem = read(item)?;
    Ok((body.payment.read()?, Head { seq: body.seq, hash: digest(&body.head)? }))
}
