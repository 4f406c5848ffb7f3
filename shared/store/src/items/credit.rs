//! Credits as items.

use super::{
    Item, is_zero,
    money::{MoneyItem, digest, id, minor, named},
    read, write,
};
use crate::{error::Corrupt, keys};
use domain::{
    credit::{Credit, CreditCause, Use},
    currency::Currency,
    ids::{ContactId, CreditId, InvoiceId, PaymentId},
    record::Head,
};
use serde::{Deserialize, Serialize};

/// A part of a credit that went to an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct UseItem {
    invoice: String,
    amount: i64,
}

impl From<&Use> for UseItem {
    fn from(spent: &Use) -> Self {
        Self { invoice: spent.invoice_id.to_string(), amount: spent.amount.minor() }
    }
}

impl UseItem {
    pub fn read(self, of: Currency) -> Result<Use, Corrupt> {
        Ok(Use { invoice_id: id(InvoiceId::parse(&self.invoice))?, amount: minor(self.amount, of)? })
    }
}

/// A credit as journal and state both hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CreditItem {
    id: String,
    contact_id: String,
    payment_id: String,
    invoice_id: String,
    amount: MoneyItem,
    left: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    taken_back: i64,
    cause: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    uses: Vec<UseItem>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StateItem {
    #[serde(flatten)]
    credit: CreditItem,
    seq: u64,
    head: String,
}

impl From<&Credit> for CreditItem {
    fn from(credit: &Credit) -> Self {
        Self {
            id: credit.id.to_string(),
            contact_id: credit.contact_id.to_string(),
            payment_id: credit.payment_id.to_string(),
            invoice_id: credit.invoice_id.to_string(),
            amount: credit.amount.into(),
            left: credit.left.minor(),
            taken_back: credit.taken_back.minor(),
            cause: credit.cause.name().to_owned(),
            uses: credit.uses.iter().map(UseItem::from).collect(),
        }
    }
}

impl CreditItem {
    pub fn read(self) -> Result<Credit, Corrupt> {
        let amount = self.amount.read()?;
        let of = amount.currency();
        Ok(Credit {
            id: id(CreditId::parse(&self.id))?,
            contact_id: id(ContactId::parse(&self.contact_id))?,
            payment_id: id(PaymentId::parse(&self.payment_id))?,
            invoice_id: id(InvoiceId::parse(&self.invoice_id))?,
            amount,
            left: minor(self.left, of)?,
            taken_back: minor(self.taken_back, of)?,
            cause: named("credit cause", CreditCause::find(&self.cause))?,
            uses: self.uses.into_iter().map(|spent| spent.read(of)).collect::<Result<_, _>>()?,
        })
    }
}

pub(crate) fn write_credit(credit: &Credit, head: Head) -> Result<Item, Corrupt> {
    let body = StateItem { credit: CreditItem::from(credit), seq: head.seq, head: head.hash.hex() };
    write(&keys::contact(&credit.contact_id), &keys::credit(&credit.id), &body)
}

pub(crate) fn read_credit(item: &Item) -> Result<(Credit, Head), Corrupt> {
    let body: StateItem = read(item)?;
    Ok((body.credit.read()?, Head { seq: body.seq, hash: digest(&body.head)? }))
}
