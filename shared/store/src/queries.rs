//! Every read of one record, with what belongs to it: strongly, from the table.

use crate::{
    Store, Stored, StoredApiKey,
    commits::IN_THE_WAY,
    error::{Corrupt, StoreError, unavailable},
    items::{
        Item,
        api_key::read_api_key,
        attempt::AttemptItem,
        invoice,
        others::{self, GatewayEventRecord, IdempotencyRecord, ProductItem, RunRecord},
        outbox,
        payment::PaymentItem,
        sort_key, string_of, text, words,
    },
    keys,
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_get_items::{TransactGetItemsError, TransactGetItemsOutput},
    types::{Get, TransactGetItem},
};
use chrono::{DateTime, Utc};
use domain::{
    attempt::Attempt,
    contact::Contact,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, InvoiceId, ProductId},
    invoice::{Invoice, InvoiceText},
    message::Message,
    numbering::INVOICE_SERIES,
    payment::Payment,
    product::Product,
    settings::Business,
};

/// How much of an invoice's partition is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// State and words: what its page shows.
    Page,
    /// Also its attempts.
    WithAttempts,
    /// Also its payments.
    WithPayments,
}

/// An invoice with what was asked for beside it.
#[derive(Debug, Clone)]
pub struct InvoiceFolder {
    /// The invoice and the end of its journal.
    pub invoice: Stored<Invoice>,
    /// Its words.
    pub text: InvoiceText,
    /// The salt of their digest.
    pub salt: String,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Its payments, oldest first.
    pub payments: Vec<Payment>,
}

impl InvoiceFolder {
    /// The try that holds the slot.
    #[must_use]
    pub fn slot_attempt(&self) -> Option<&Attempt> {
        let slot = self.invoice.value.slot.as_ref()?;
        self.attempts.iter().find(|attempt| attempt.id == slot.attempt_id)
    }
}

/// A contact with the salt of its digest.
#[derive(Debug, Clone)]
pub struct ContactFolder {
    /// The contact and the end of its journal.
    pub contact: Stored<Contact>,
    /// The salt of its digest.
    pub salt: String,
}

/// What a gateway's notice is about, read in one transaction.
#[derive(Debug)]
pub struct NoticeFolder {
    /// What became of the same event before.
    pub event: Option<GatewayEventRecord>,
    /// The try.
    pub attempt: Option<Attempt>,
    /// The invoice.
    pub invoice: Option<Stored<Invoice>>,
    /// The contact.
    pub contact: Option<ContactFolder>,
}

impl Store {
    /// Reads an invoice and what belongs to it: one strongly consistent query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_invoice(&self, id: &InvoiceId, part: Part) -> Result<Option<InvoiceFolder>, StoreError> {
        let to = match part {
            Part::Page => "A#~",
            Part::WithAttempts => "B#~",
            Part::WithPayments => "C#~",
        };
        let items = self.range(keys::invoice(id), "A#", to).await?;
        folder(&items)
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

    /// Reads event, attempt, invoice and contact of a gateway's notice in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_for_notice(
        &self,
        gateway: &str,
        event_id: &str,
        invoice_id: &InvoiceId,
        attempt_id: &AttemptId,
        contact_id: &ContactId,
    ) -> Result<NoticeFolder, StoreError> {
        let wanted = [
            (keys::gateway_event(gateway, event_id), keys::STATE.to_owned()),
            (keys::invoice(invoice_id), keys::attempt(attempt_id)),
            (keys::invoice(invoice_id), keys::STATE.to_owned()),
            (keys::contact(contact_id), keys::STATE.to_owned()),
        ];
        let mut gets = Vec::new();
        for (pk, sk) in wanted {
            let get = Get::builder().table_name(&self.table).key("pk", text(pk)).key("sk", text(sk)).build();
            gets.push(TransactGetItem::builder().get(get.map_err(|e| Corrupt::new("get", e))?).build());
        }
        let found = self.read_at_once(gets).await?;
        let mut items = found.responses.unwrap_or_default().into_iter().map(|r| r.item.filter(|item| !item.is_empty()));
        let mut next = || items.next().flatten();
        let (event, attempt, state, contact) = (next(), next(), next(), next());
        let stored = |item: &Item| {
            let (value, head) = invoice::read_invoice(item)?;
            Ok::<_, StoreError>(Stored { value, head })
        };
        Ok(NoticeFolder {
            event: event.map(|item| event_record(&item, gateway, event_id)).transpose()?,
            attempt: attempt.map(|item| crate::items::read::<AttemptItem>(&item)?.read()).transpose()?,
            invoice: state.as_ref().map(stored).transpose()?,
            contact: contact.as_ref().map(contact_folder).transpose()?,
        })
    }

    /// Reads several items as they are at one instant; again, after a moment, when a transaction on one of them is under way.
    async fn read_at_once(&self, gets: Vec<TransactGetItem>) -> Result<TransactGetItemsOutput, StoreError> {
        let mut wait = std::time::Duration::from_millis(20);
        for _ in 1..READS {
            match self.client.transact_get_items().set_transact_items(Some(gets.clone())).send().await {
                Err(error) if is_in_the_way(&error) => tokio::time::sleep(wait).await,
                answer => return answer.map_err(|error| unavailable("TransactGetItems", &error)),
            }
            wait *= 2;
        }
        let last = self.client.transact_get_items().set_transact_items(Some(gets)).send().await;
        last.map_err(|error| unavailable("TransactGetItems", &error))
    }

    /// Reads an outbox row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_message(&self, invoice_id: &InvoiceId, key: &str) -> Result<Option<Message>, StoreError> {
        Ok(self.get(&keys::invoice(invoice_id), &keys::message(key)).await?.as_ref().map(outbox::read_message).transpose()?)
    }
}

/// How often items are read at one instant before that is given up.
const READS: u32 = 6;

fn is_in_the_way<R>(error: &SdkError<TransactGetItemsError, R>) -> bool {
    let Some(TransactGetItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else { return false };
    cancelled.cancellation_reasons().iter().any(|reason| reason.code().is_some_and(|code| IN_THE_WAY.contains(&code)))
}

pub(crate) fn folder(items: &[Item]) -> Result<Option<InvoiceFolder>, StoreError> {
    let mut state = None;
    let mut words = None;
    let mut attempts = Vec::new();
    for item in items {
        match sort_key(item) {
            keys::STATE => state = Some(invoice::read_invoice(item)?),
            keys::TEXT => words = Some(words::read_text(item)?),
            sk if sk.starts_with("B#") => attempts.push(crate::items::read::<AttemptItem>(item)?.read()?),
            _ => {}
        }
    }
    let Some((value, head)) = state else { return Ok(None) };
    let Some((text, salt)) = words else { return Err(Corrupt::new(value.id.as_str(), "its words are missing").into()) };
    Ok(Some(InvoiceFolder { invoice: Stored { value, head }, text, salt, attempts, payments: payments(items)? }))
}

pub(crate) fn payments(items: &[Item]) -> Result<Vec<Payment>, StoreError> {
    let mut payments = Vec::new();
    for item in items.iter().filter(|item| sort_key(item).starts_with("C#")) {
        payments.push(crate::items::read::<PaymentItem>(item)?.read()?);
    }
    payments.sort_by(|a: &Payment, b: &Payment| a.recorded_at.cmp(&b.recorded_at).then_with(|| a.id.cmp(&b.id)));
    Ok(payments)
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
