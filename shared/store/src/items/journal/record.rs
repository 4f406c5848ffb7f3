//! Events of records that are no invoice.

use crate::{
    error::Corrupt,
    items::money::{MoneyItem, digest, id},
};
use domain::{
    ids::{CreditId, InvoiceId, PaymentId},
    record::RecordEvent,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum RecordEventItem {
    #[serde(rename = "record_created")]
    Created { details: String },
    #[serde(rename = "record_changed")]
    Changed { details: String },
    #[serde(rename = "credited")]
    Credited {
        credit_id: String,
        amount: MoneyItem,
        invoice_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_id: Option<String>,
    },
}

pub(super) fn write(event: &RecordEvent) -> RecordEventItem {
    match event {
        RecordEvent::Created { details } => RecordEventItem::Created { details: details.hex() },
        RecordEvent::Changed { details } => RecordEventItem::Changed { details: details.hex() },
        RecordEvent::Credited { credit_id, amount, invoice_id, payment_id } => RecordEventItem::Credited {
            credit_id: credit_id.to_string(),
            amount: (*amount).into(),
            invoice_id: invoice_id.to_string(),
            payment_id: payment_id.as_ref().map(ToString::to_string),
        },
    }
}

pub(super) fn read(event: RecordEventItem) -> Result<RecordEvent, Corrupt> {
    Ok(match event {
        RecordEventItem::Created { details } => RecordEvent::Created { details: digest(&details)? },
        RecordEventItem::Changed { details } => RecordEvent::Changed { details: digest(&details)? },
        RecordEventItem::Credited { credit_id, amount, invoice_id, payment_id } => RecordEvent::Credited {
            credit_id: id(CreditId::parse(&credit_id))?,
            amount: amount.read()?,
            invoice_id: id(InvoiceId::parse(&invoice_id))?,
            payment_id: payment_id.map(|p| id(PaymentId::parse(&p))).transpose()?,
        },
    })
}
