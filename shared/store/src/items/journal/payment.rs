//! Events of a payment.

use crate::{
    error::Corrupt,
    items::{
        money::{MoneyItem, id},
        payment::PaymentItem,
    },
};
use domain::{
    ids::{CreditId, InvoiceId},
    payment::PaymentEvent,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum PaymentEventItem {
    #[serde(rename = "payment_recorded")]
    Recorded { payment: Box<PaymentItem> },
    #[serde(rename = "payment_moved_to_credit")]
    MovedToCredit { invoice_id: String, amount: MoneyItem, credit_id: String },
}

pub(super) fn write(event: &PaymentEvent) -> PaymentEventItem {
    match event {
        PaymentEvent::Recorded(payment) => PaymentEventItem::Recorded { payment: Box::new(payment.as_ref().into()) },
        PaymentEvent::MovedToCredit { invoice_id, amount, credit_id } => PaymentEventItem::MovedToCredit {
            invoice_id: invoice_id.to_string(),
            amount: (*amount).into(),
            credit_id: credit_id.to_string(),
        },
    }
}

pub(super) fn read(event: PaymentEventItem) -> Result<PaymentEvent, Corrupt> {
    Ok(match event {
        PaymentEventItem::Recorded { payment } => PaymentEvent::Recorded(Box::new(payment.read()?)),
        PaymentEventItem::MovedToCredit { invoice_id, amount, credit_id } => PaymentEvent::MovedToCredit {
            invoice_id: id(InvoiceId::parse(&invoice_id))?,
            amount: amount.read()?,
            credit_id: id(CreditId::parse(&credit_id))?,
        },
    })
}
