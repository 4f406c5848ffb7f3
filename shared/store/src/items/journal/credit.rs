//! Events of a credit.

use crate::{
    error::Corrupt,
    items::{
        credit::{CreditItem, UseItem},
        money::{MoneyItem, currency, id},
    },
};
use domain::{credit::CreditEvent, ids::PaymentId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum CreditEventItem {
    #[serde(rename = "credit_granted")]
    Granted { credit: Box<CreditItem> },
    #[serde(rename = "credit_spent")]
    Spent {
        #[serde(flatten)]
        spent: UseItem,
        currency: String,
    },
    #[serde(rename = "credit_taken_back")]
    TakenBack { by: String, amount: MoneyItem },
}

pub(super) fn write(event: &CreditEvent) -> CreditEventItem {
    match event {
        CreditEvent::Granted(credit) => CreditEventItem::Granted { credit: Box::new(credit.as_ref().into()) },
        CreditEvent::TakenBack { by, amount } => CreditEventItem::TakenBack { by: by.to_string(), amount: (*amount).into() },
        CreditEvent::Spent(spent) => CreditEventItem::Spent { spent: spent.into(), currency: spent.amount.currency().code().to_owned() },
    }
}

pub(super) fn read(event: CreditEventItem) -> Result<CreditEvent, Corrupt> {
    Ok(match event {
        CreditEventItem::Granted { credit } => CreditEvent::Granted(Box::new(credit.read()?)),
        CreditEventItem::Spent { spent, currency: of } => CreditEvent::Spent(spent.read(currency(&of)?)?),
        CreditEventItem::TakenBack { by, amount } => CreditEvent::TakenBack { by: id(PaymentId::parse(&by))?, amount: amount.read()? },
    })
}
