//! Events of an invoice's money.

use crate::{
    error::Corrupt,
    items::{
        invoice::MoneyLineItem,
        money::{MoneyItem, id, named},
    },
};
use domain::{
    ids::{CreditId, PaymentId},
    invoice::{journal::MoneyEvent, status::CollectionsReason},
    payment::SurplusCause,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum MoneyEventItem {
    MoneyAllocated { line: MoneyLineItem },
    Overpaid { payment_id: String, credit_id: String, amount: MoneyItem, cause: String },
    MoneyMovedToCredit { payment_id: String, amount: MoneyItem, credit_id: String },
    MoneyTakenBack { payment_id: String, line: MoneyLineItem },
    Credited { payment_id: String, amount: MoneyItem },
    CreditReversed { payment_id: String, amount: MoneyItem },
    WrittenOff { amount: MoneyItem },
    Recovered { line: MoneyLineItem },
    Closed,
    Reopened,
    Refunded,
    MovedToCollections { reason: String },
}

pub(super) fn write(event: &MoneyEvent) -> MoneyEventItem {
    match event {
        MoneyEvent::Allocated(line) => MoneyEventItem::MoneyAllocated { line: line.as_ref().into() },
        MoneyEvent::Overpaid { payment_id, credit_id, amount, cause } => MoneyEventItem::Overpaid {
            payment_id: payment_id.to_string(),
            credit_id: credit_id.to_string(),
            amount: (*amount).into(),
            cause: cause.name().to_owned(),
        },
        MoneyEvent::MovedToCredit { payment_id, amount, credit_id } => MoneyEventItem::MoneyMovedToCredit {
            payment_id: payment_id.to_string(),
            amount: (*amount).into(),
            credit_id: credit_id.to_string(),
        },
        MoneyEvent::TakenBack { payment_id, line } => {
            MoneyEventItem::MoneyTakenBack { payment_id: payment_id.to_string(), line: line.as_ref().into() }
        }
        MoneyEvent::Credited { payment_id, amount } => {
            MoneyEventItem::Credited { payment_id: payment_id.to_string(), amount: (*amount).into() }
        }
        MoneyEvent::CreditReversed { payment_id, amount } => {
            MoneyEventItem::CreditReversed { payment_id: payment_id.to_string(), amount: (*amount).into() }
        }
        MoneyEvent::WrittenOff { amount } => MoneyEventItem::WrittenOff { amount: (*amount).into() },
        MoneyEvent::Recovered(line) => MoneyEventItem::Recovered { line: line.as_ref().into() },
        MoneyEvent::Closed => MoneyEventItem::Closed,
        MoneyEvent::Reopened => MoneyEventItem::Reopened,
        MoneyEvent::Refunded => MoneyEventItem::Refunded,
        MoneyEvent::MovedToCollections(reason) => MoneyEventItem::MovedToCollections { reason: reason.name().to_owned() },
    }
}

pub(super) fn read(event: MoneyEventItem) -> Result<MoneyEvent, Corrupt> {
    let payment = |text: &str| id(PaymentId::parse(text));
    let credit = |text: &str| id(CreditId::parse(text));
    Ok(match event {
        MoneyEventItem::MoneyAllocated { line } => MoneyEvent::Allocated(Box::new(line.read()?)),
        MoneyEventItem::Overpaid { payment_id, credit_id, amount, cause } => MoneyEvent::Overpaid {
            payment_id: payment(&payment_id)?,
            credit_id: credit(&credit_id)?,
            amount: amount.read()?,
            cause: named("surplus cause", SurplusCause::find(&cause))?,
        },
        MoneyEventItem::MoneyMovedToCredit { payment_id, amount, credit_id } => {
            MoneyEvent::MovedToCredit { payment_id: payment(&payment_id)?, amount: amount.read()?, credit_id: credit(&credit_id)? }
        }
        MoneyEventItem::MoneyTakenBack { payment_id, line } => {
            MoneyEvent::TakenBack { payment_id: payment(&payment_id)?, line: Box::new(line.read()?) }
        }
        MoneyEventItem::Credited { payment_id, amount } => {
            MoneyEvent::Credited { payment_id: payment(&payment_id)?, amount: amount.read()? }
        }
        MoneyEventItem::CreditReversed { payment_id, amount } => {
            MoneyEvent::CreditReversed { payment_id: payment(&payment_id)?, amount: amount.read()? }
        }
        MoneyEventItem::WrittenOff { amount } => MoneyEvent::WrittenOff { amount: amount.read()? },
        MoneyEventItem::Recovered { line } => MoneyEvent::Recovered(Box::new(line.read()?)),
        MoneyEventItem::Closed => MoneyEvent::Closed,
        MoneyEventItem::Reopened => MoneyEvent::Reopened,
        MoneyEventItem::Refunded => MoneyEvent::Refunded,
        MoneyEventItem::MovedToCollections { reason } => {
            MoneyEvent::MovedToCollections(named("collections reason", CollectionsReason::find(&reason))?)
        }
    })
}
