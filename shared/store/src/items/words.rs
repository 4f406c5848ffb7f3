//! An invoice's words, and a contact's details, as items.

use super::{Item, money::email, read, write};
use crate::{error::Corrupt, keys};
use domain::{
    contact::{ContactDetails, ContactEmail},
    ids::InvoiceId,
    invoice::{InvoiceText, line::LineText},
    pii::Pii,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DetailsItem {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    company: String,
    emails: Vec<EmailItem>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    phone: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    billing_address: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct EmailItem {
    address: String,
    main: bool,
    cc_invoices: bool,
}

impl From<&ContactDetails> for DetailsItem {
    fn from(details: &ContactDetails) -> Self {
        Self {
            name: details.name.reveal().to_owned(),
            company: details.company.reveal().to_owned(),
            emails: details
                .emails
                .iter()
                .map(|e| EmailItem { address: e.address.reveal().to_owned(), main: e.main, cc_invoices: e.cc_invoices })
                .collect(),
            phone: details.phone.reveal().to_owned(),
            billing_address: details.billing_address.reveal().to_owned(),
        }
    }
}

impl DetailsItem {
    pub fn read(self) -> Result<ContactDetails, Corrupt> {
        let emails = self
            .emails
            .into_iter()
            .map(|e| Ok::<_, Corrupt>(ContactEmail { address: email(&e.address)?, main: e.main, cc_invoices: e.cc_invoices }));
        Ok(ContactDetails {
            name: Pii::new(self.name),
            company: Pii::new(self.company),
            emails: emails.collect::<Result<_, _>>()?,
            phone: Pii::new(self.phone),
            billing_address: Pii::new(self.billing_address),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TextItem {
    salt: String,
    bill_to: DetailsItem,
    lines: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    customer_note: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    internal_note: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    terms: String,
}

pub(crate) fn write_text(invoice_id: &InvoiceId, words: &InvoiceText, salt: &str) -> Result<Item, Corrupt> {
    let body = TextItem {
        salt: salt.to_owned(),
        bill_to: DetailsItem::from(&words.bill_to),
        lines: words.lines.iter().map(|line| (line.name.clone(), line.description.clone())).collect(),
        customer_note: words.customer_note.clone(),
        internal_note: words.internal_note.reveal().to_owned(),
        terms: words.terms.clone(),
    };
    write(&keys::invoice(invoice_id), keys::TEXT, &body)
}

pub(crate) fn read_text(item: &Item) -> Result<(InvoiceText, String), Corrupt> {
    let body: TextItem = read(item)?;
    let words = InvoiceText {
        bill_to: body.bill_to.read()?,
        lines: body.lines.into_iter().map(|(name, description)| LineText { name, description }).collect(),
        customer_note: body.customer_note,
        internal_note: Pii::new(body.internal_note),
        terms: body.terms,
    };
    Ok((words, body.salt))
}
