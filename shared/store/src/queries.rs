//! Every read of one record, with what belongs to it: strongly, from the table.

use crate::{
    Store, Stored, StoredApiKey,
    error::{Corrupt, StoreError},
    items::{
        Item,
        api_key::read_api_key,
        attempt::read_attempt,
        invoice,
        others::{self, GatewayEventRecord, IdempotencyRecord, ProductItem, RunRecord},
        outbox,
        payment::read_payment,
        sort_key, string_of, words,
    },
    keys,
};
use chrono::{DateTime, Utc};
use domain::{
    attempt::Attempt,
    contact::Contact,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, InvoiceId, PaymentId, ProductId},
    invoice::{Invoice, InvoiceText},
    message::Message,
    numbering::INVOICE_SERIES,
    payment::Payment,
    product::Product,
    record::Subject,
    settings::Business,
};

/// An invoice with its words.
#[derive(Debug, Clone)]
pub struct InvoiceFolder {
    /// The invoice and the end of its journal.
    pub invoice: Stored<Invoice>,
    /// Its words.
    pub text: InvoiceText,
    /// The salt of their digest.
    pub salt: String,
}

/// A contact with the salt of its digest.
#[derive(Debug, Clone)]
pub struct ContactFolder {
    /// The contact and the end of its journal.
    pub contact: Stored<Contact>,
    /// The salt of its digest.
    pub salt: String,
}

impl Store {
    /// Reads an invoice and its words: one strongly consistent query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_invoice(&self, id: &InvoiceId) -> Result<Option<InvoiceFolder>, StoreError> {
        let items = self.range(keys::invoice(id), "A#", "A#~").await?;
        folder(&items)
    }

    /// Reads an attempt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_attempt(&self, id: &AttemptId) -> Result<Option<Stored<Attempt>>, StoreError> {
        let found = self.get(&keys::attempt(id), keys::STATE).await?.as_ref().map(read_attempt).transpose()?;
        Ok(found.map(|(value, head)| Stored { value, head }))
    }

    /// Reads a payment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_payment(&self, id: &PaymentId) -> Result<Option<Stored<Payment>>, StoreError> {
        let found = self.get(&keys::payment(id), keys::STATE).await?.as_ref().map(read_payment).transpose()?;
        Ok(found.map(|(value, head)| Stored { value, head }))
    }

    /// Reads what became of a gateway's event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_gateway_event(&self, gateway: &str, event_id: &str) -> Result<Option<GatewayEventRecord>, StoreError> {
        let found = self.get(&keys::gateway_event(gateway, event_id), keys::STATE).await?;
        Ok(found.map(|item| event_record(&item, gateway, event_id)).transpose()?)
    }

    /// Reads a contact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_contact(&self, id: &ContactId) -> Result<Option<ContactFolder>, StoreError> {
        self.get(&keys::contact(id), keys::STATE).await?.as_ref().map(contact_folder).transpose()
    }

    /// Reads a product.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_product(&self, id: &ProductId) -> Result<Option<Stored<Product>>, StoreError> {
        match self.get(&keys::product(id), keys::STATE).await? {
            Some(item) => {
                let (value, head) = crate::items::read::<ProductItem>(&item)?.read()?;
                Ok(Some(Stored { value, head }))
            }
            None => Ok(None),
        }
    }

    /// Reads the business's settings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_business(&self) -> Result<Option<Stored<Business>>, StoreError> {
        match self.get(&keys::business(), keys::STATE).await? {
            Some(item) => {
                let (value, head) = others::read_business(&item)?;
                Ok(Some(Stored { value, head }))
            }
            None => Ok(None),
        }
    }

    /// Reads an API key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, StoreError> {
        Ok(self.get(&keys::api_key(id), keys::STATE).await?.as_ref().map(read_api_key).transpose()?)
    }

    /// Reads what was done under an idempotency key. A record whose time is over counts as gone: the table deletes it days later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_idempotency(&self, key: &Digest, now: DateTime<Utc>) -> Result<Option<IdempotencyRecord>, StoreError> {
        let item = self.get(&keys::idempotency(key), keys::STATE).await?;
        let record = item.map(|item| others::read_idempotency(&item, *key)).transpose()?;
        Ok(record.filter(|record| now < record.end()))
    }

    /// Reads how a sweep last went.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_run(&self, function: &str) -> Result<Option<RunRecord>, StoreError> {
        Ok(self.get(&keys::run(function), keys::STATE).await?.as_ref().map(others::read_run).transpose()?)
    }

    /// The next free number of the invoice series.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_number(&self) -> Result<u64, StoreError> {
        match self.get(&keys::number_series(INVOICE_SERIES), keys::STATE).await? {
            None => Ok(1),
            Some(item) => match item.get("next_number").and_then(|v| v.as_n().ok()).and_then(|n| n.parse().ok()) {
                Some(next) => Ok(next),
                None => Err(Corrupt::new("number series", "no next number").into()),
            },
        }
    }

    /// Reads an outbox row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_message(&self, subject: &Subject, key: &str) -> Result<Option<Message>, StoreError> {
        Ok(self.get(&keys::subject(subject), &keys::message(key)).await?.as_ref().map(outbox::read_message).transpose()?)
    }
}

pub(crate) fn folder(items: &[Item]) -> Result<Option<InvoiceFolder>, StoreError> {
    let mut state = None;
    let mut words = None;
    for item in items {
        match sort_key(item) {
            keys::STATE => state = Some(invoice::read_invoice(item)?),
            keys::TEXT => words = Some(words::read_text(item)?),
            _ => {}
        }
    }
    let Some((value, head)) = state else { return Ok(None) };
    let Some((text, salt)) = words else { return Err(Corrupt::new(value.id.as_str(), "its words are missing").into()) };
    Ok(Some(InvoiceFolder { invoice: Stored { value, head }, text, salt }))
}

pub(crate) fn contact_folder(item: &Item) -> Result<ContactFolder, StoreError> {
    let (value, salt, head) = others::read_contact(item)?;
    Ok(ContactFolder { contact: Stored { value, head }, salt })
}

fn event_record(item: &Item, gateway: &str, event_id: &str) -> Result<GatewayEventRecord, Corrupt> {
    let of = |name: &str| string_of(item, name).unwrap_or_default().to_owned();
    Ok(GatewayEventRecord {
        gateway: gateway.to_owned(),
        event_id: event_id.to_owned(),
        kind: of("kind"),
        outcome: of("outcome"),
        received_at: of("received_at").parse().map_err(|e| Corrupt::new("received_at", e))?,
    })
}
