//! Payments as items.

use super::{
    Item,
    money::{MethodItem, MoneyItem, id, minor, named},
    write,
};
use crate::{error::Corrupt, keys};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{AttemptId, ContactId, CreditId, InvoiceId, PaymentId},
    payment::{Origin, Payment, Surplus, SurplusCause},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PaymentItem {
    id: String,
    invoice_id: String,
    contact_id: String,
    amount: MoneyItem,
    allocated: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    surplus: Option<SurplusItem>,
    method: MethodItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway_ref: Option<String>,
    origin: String,
    received_on: NaiveDate,
    recorded_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SurplusItem {
    credit_id: String,
    amount: i64,
    cause: String,
}

impl From<&Payment> for PaymentItem {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id.to_string(),
            invoice_id: payment.invoice_id.to_string(),
            contact_id: payment.contact_id.to_string(),
            amount: payment.amount.into(),
            allocated: payment.allocated.minor(),
            surplus: payment.surplus.as_ref().map(|s| SurplusItem {
                credit_id: s.credit_id.to_string(),
                amount: s.amount.minor(),
                cause: s.cause.name().to_owned(),
            }),
            method: MethodItem::from(&payment.method),
            reference: payment.reference.clone(),
            attempt_id: payment.attempt_id.as_ref().map(ToString::to_string),
            gateway_ref: payment.gateway_ref.clone(),
            origin: payment.origin.name().to_owned(),
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
        Ok(Payment {
            id: id(PaymentId::parse(&self.id))?,
            invoice_id: id(InvoiceId::parse(&self.invoice_id))?,
            contact_id: id(ContactId::parse(&self.contact_id))?,
            amount,
            allocated: minor(self.allocated, of)?,
            surplus: self.surplus.map(surplus).transpose()?,
            method: self.method.read()?,
            reference: self.reference,
            attempt_id: self.attempt_id.map(|a| id(AttemptId::parse(&a))).transpose()?,
            gateway_ref: self.gateway_ref,
            origin: named("origin", Origin::find(&self.origin))?,
            received_on: self.received_on,
            recorded_at: self.recorded_at,
        })
    }
}

pub(crate) fn write_payment(payment: &Payment) -> Result<Item, Corrupt> {
    write(&keys::invoice(&payment.invoice_id), &keys::payment(&payment.id), &PaymentItem::from(payment))
}
