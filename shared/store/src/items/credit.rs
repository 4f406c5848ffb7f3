//! Credit of contacts as items.

use super::{Item, money::MoneyItem, text, write};
use crate::{error::Corrupt, keys};
use domain::{
    ids::{ContactId, CreditId, InvoiceId, PaymentId},
    money::Money,
};
use serde::{Deserialize, Serialize};

/// Unapplied credit of a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CreditItem {
    pub id: String,
    pub contact_id: String,
    pub amount: MoneyItem,
    pub cause: String,
    pub invoice_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
}

pub(crate) fn write_credit(
    contact_id: &ContactId,
    credit_id: &CreditId,
    amount: Money,
    cause: &str,
    invoice_id: &InvoiceId,
    payment_id: Option<&PaymentId>,
) -> Result<Item, Corrupt> {
    let body = CreditItem {
        id: credit_id.to_string(),
        contact_id: contact_id.to_string(),
        amount: amount.into(),
        cause: cause.to_owned(),
        invoice_id: invoice_id.to_string(),
        payment_id: payment_id.map(ToString::to_string),
    };
    let mut item = write(&keys::contact(contact_id), &keys::credit(credit_id), &body)?;
    item.insert("kind".to_owned(), text("credit"));
    Ok(item)
}
