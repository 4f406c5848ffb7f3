//! Events of money.

use crate::{error::Corrupt, items::payment::PaymentItem};
use domain::invoice::journal::MoneyEvent;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum MoneyEventItem {
    #[serde(rename = "payment_applied")]
    Applied { payment: Box<PaymentItem> },
}

pub(super) fn write(event: &MoneyEvent) -> MoneyEventItem {
    match event {
        MoneyEvent::Applied(payment) => MoneyEventItem::Applied { payment: Box::new(payment.as_ref().into()) },
    }
}

pub(super) fn read(event: MoneyEventItem) -> Result<MoneyEvent, Corrupt> {
    Ok(match event {
        MoneyEventItem::Applied { payment } => MoneyEvent::Applied(Box::new(payment.read()?)),
    })
}
