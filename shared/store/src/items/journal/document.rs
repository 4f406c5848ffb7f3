//! Events of the document.

use crate::{
    error::Corrupt,
    items::{
        invoice::BodyItem,
        money::{MoneyItem, currency, id, recipient},
    },
};
use domain::{currency::Currency, ids::ContactId, invoice::journal::DocumentEvent, numbering::Number};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum DocumentEventItem {
    Drafted { contact_id: String, currency: String, body: BodyItem },
    Revised { rev: u32, due_version: u32, currency: String, body: BodyItem },
    Deleted,
    Sent { series: String, sequence: u64 },
    Viewed { recipient: String },
    Voided { cancelled: MoneyItem },
    LinksRevoked,
}

/// `of` is the invoice's currency, which the text of a revision repeats.
pub(super) fn write(event: &DocumentEvent, of: Option<Currency>) -> DocumentEventItem {
    match event {
        DocumentEvent::Drafted { contact_id, currency, body } => {
            DocumentEventItem::Drafted { contact_id: contact_id.to_string(), currency: currency.code().to_owned(), body: body.into() }
        }
        DocumentEvent::Revised { rev, due_version, body } => DocumentEventItem::Revised {
            rev: *rev,
            due_version: *due_version,
            currency: of.map_or_else(String::new, |c| c.code().to_owned()),
            body: body.into(),
        },
        DocumentEvent::Deleted => DocumentEventItem::Deleted,
        DocumentEvent::Sent { number } => DocumentEventItem::Sent { series: number.series.clone(), sequence: number.sequence },
        DocumentEvent::Viewed { recipient } => DocumentEventItem::Viewed { recipient: recipient.hex() },
        DocumentEvent::Voided { cancelled } => DocumentEventItem::Voided { cancelled: (*cancelled).into() },
        DocumentEvent::LinksRevoked => DocumentEventItem::LinksRevoked,
    }
}

pub(super) fn read(event: DocumentEventItem) -> Result<DocumentEvent, Corrupt> {
    Ok(match event {
        DocumentEventItem::Drafted { contact_id, currency: code, body } => {
            let of = currency(&code)?;
            DocumentEvent::Drafted { contact_id: id(ContactId::parse(&contact_id))?, currency: of, body: body.read(of)? }
        }
        DocumentEventItem::Revised { rev, due_version, currency: code, body } => {
            DocumentEvent::Revised { rev, due_version, body: body.read(currency(&code)?)? }
        }
        DocumentEventItem::Deleted => DocumentEvent::Deleted,
        DocumentEventItem::Sent { series, sequence } => DocumentEvent::Sent { number: Number { series, sequence } },
        DocumentEventItem::Viewed { recipient: whose } => DocumentEvent::Viewed { recipient: recipient(&whose)? },
        DocumentEventItem::Voided { cancelled } => DocumentEvent::Voided { cancelled: cancelled.read()? },
        DocumentEventItem::LinksRevoked => DocumentEvent::LinksRevoked,
    })
}
