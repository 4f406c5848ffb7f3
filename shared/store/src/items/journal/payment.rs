//! Events of a payment.

use crate::{
    error::Corrupt,
    items::{
        money::{MoneyItem, id},
        payment::PaymentItem,
    },
};
use domain::{
    ids::{CreditId, InvoiceId, PaymentId},
    payment::{PaymentEvent, Place},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum PaymentEventItem {
    #[serde(rename = "payment_recorded")]
    Recorded { payment: Box<PaymentItem> },
    #[serde(rename = "payment_moved_to_credit")]
    MovedToCredit { invoice_id: String, amount: MoneyItem, credit_id: String },
    #[serde(rename = "payment_moved_from_credit")]
    MovedFromCredit { credit_id: String, invoice_id: String, amount: MoneyItem },
    #[serde(rename = "payment_taken_back")]
    TakenBack { by: String, from: PlaceItem, amount: MoneyItem },
    #[serde(rename = "payment_came_back")]
    CameBack { by: String, to: PlaceItem, amount: MoneyItem },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlaceItem {
    Invoice(String),
    Credit(String),
}

impl From<&Place> for PlaceItem {
    fn from(place: &Place) -> Self {
        match place {
            Place::Invoice(id) => Self::Invoice(id.to_string()),
            Place::Credit(id) => Self::Credit(id.to_string()),
        }
    }
}

impl PlaceItem {
    fn read(&self) -> Result<Place, Corrupt> {
        Ok(match self {
            Self::Invoice(text) => Place::Invoice(id(InvoiceId::parse(text))?),
            Self::Credit(text) => Place::Credit(id(CreditId::parse(text))?),
        })
    }
}

pub(super) fn write(event: &PaymentEvent) -> PaymentEventItem {
    match event {
        PaymentEvent::Recorded(payment) => PaymentEventItem::Recorded { payment: Box::new(payment.as_ref().into()) },
        PaymentEvent::MovedToCredit { invoice_id, amount, credit_id } => PaymentEventItem::MovedToCredit {
            invoice_id: invoice_id.to_string(),
            amount: (*amount).into(),
            credit_id: credit_id.to_string(),
        },
        PaymentEvent::MovedFromCredit { credit_id, invoice_id, amount } => PaymentEventItem::MovedFromCredit {
            credit_id: credit_id.to_string(),
            invoice_id: invoice_id.to_string(),
            amount: (*amount).into(),
        },
        PaymentEvent::TakenBack { by, from, amount } => {
            PaymentEventItem::TakenBack { by: by.to_string(), from: from.into(), amount: (*amount).into() }
        }
        PaymentEvent::CameBack { by, to, amount } => {
            PaymentEventItem::CameBack { by: by.to_string(), to: to.into(), amount: (*amount).into() }
        }
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
        PaymentEventItem::MovedFromCredit { credit_id, invoice_id, amount } => PaymentEvent::MovedFromCredit {
            credit_id: id(CreditId::parse(&credit_id))?,
            invoice_id: id(InvoiceId::parse(&invoice_id))?,
            amount: amount.read()?,
        },
        PaymentEventItem::TakenBack { by, from, amount } => {
            PaymentEvent::TakenBack { by: id(PaymentId::parse(&by))?, from: from.read()?, amount: amount.read()? }
        }
        PaymentEventItem::CameBack { by, to, amount } => {
            PaymentEvent::CameBack { by: id(PaymentId::parse(&by))?, to: to.read()?, amount: amount.read()? }
        }
    })
}
