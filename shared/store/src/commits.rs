//! Every change: one conditional transaction of any number of records, each with one journal entry, and of outbox rows, idempotency
//! record, number.

use crate::{
    KeyWrite, Store,
    error::{CommitError, Corrupt, Lost, unavailable},
    items::{
        FORMAT, Item, attempt, credit, invoice, journal, number as number_value,
        others::{self, GatewayEventRecord, IdempotencyRecord},
        outbox, payment, text, words,
    },
    keys,
    sizes::all_fit,
};
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{Delete, Put, TransactWriteItem, Update},
};
use chrono::{DateTime, Utc};
use domain::{
    attempt::Attempt,
    contact::Contact,
    credit::Credit,
    digest::Digest,
    invoice::{Invoice, InvoiceText},
    message::Message,
    numbering::INVOICE_SERIES,
    payment::Payment,
    product::Product,
    record::{Actor, Cause, Entry, Fact, Head, RecordEvent, Subject},
    reminder::NextStep,
    settings::Business,
};

/// Who commits, why and when.
#[derive(Debug, Clone)]
pub struct Context {
    /// The instant of the change.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub cause: Cause,
    /// The request's token: the same commit sent twice within ten minutes happens once.
    pub token: String,
}

/// A record as a commit leaves it.
#[derive(Debug)]
pub enum Record<'a> {
    /// An invoice, when it is next looked at, and its words with their salt when they changed.
    Invoice {
        /// The invoice.
        invoice: &'a Invoice,
        /// When it is next looked at.
        next: Option<NextStep>,
        /// Its words and their salt, when they changed.
        text: Option<(&'a InvoiceText, &'a str)>,
    },
    /// An attempt.
    Attempt(&'a Attempt),
    /// A payment. A new one claims the object at the gateway that its id is derived from.
    Payment(&'a Payment),
    /// A credit.
    Credit(&'a Credit),
    /// A contact, and the salt of its digest.
    Contact(&'a Contact, &'a str),
    /// A product.
    Product(&'a Product),
    /// The business's settings.
    Business(&'a Business),
}

impl Record<'_> {
    fn subject(&self) -> Subject {
        match self {
            Self::Invoice { invoice, .. } => Subject::Invoice(invoice.id.clone()),
            Self::Attempt(attempt) => Subject::Attempt(attempt.id.clone()),
            Self::Payment(payment) => Subject::Payment(payment.id.clone()),
            Self::Credit(credit) => Subject::Credit(credit.contact_id.clone(), credit.id.clone()),
            Self::Contact(contact, _) => Subject::Contact(contact.id.clone()),
            Self::Product(product) => Subject::Product(product.id.clone()),
            Self::Business(_) => Subject::Business,
        }
    }

    /// How it stands after the commit, as its entry says.
    fn status(&self) -> Option<String> {
        match self {
            Self::Invoice { invoice, .. } => Some(invoice.status.code().name().to_owned()),
            Self::Attempt(attempt) => Some(attempt.state.name().to_owned()),
            Self::Payment(_) | Self::Credit(_) | Self::Contact(..) | Self::Product(_) | Self::Business(_) => None,
        }
    }

    fn item(&self, head: Head) -> Result<Item, Corrupt> {
        match self {
            Self::Invoice { invoice, next, .. } => invoice::write_invoice(invoice, head, *next),
            Self::Attempt(attempt) => attempt::write_attempt(attempt, head),
            Self::Payment(payment) => payment::write_payment(payment, head),
            Self::Credit(credit) => credit::write_credit(credit, head),
            Self::Contact(contact, salt) => others::write_contact(contact, salt, head),
            Self::Product(product) => others::write_product(product, head),
            Self::Business(business) => others::write_business(business, head),
        }
    }

    /// The digest that names the details of a record without a family of events.
    fn details(&self) -> Option<Digest> {
        match self {
            Self::Contact(contact, salt) => Some(contact.details.digest(salt.as_bytes())),
            Self::Product(product) => Some(others::product_digest(product)),
            Self::Business(business) => Some(others::business_digest(business)),
            Self::Invoice { .. } | Self::Attempt(_) | Self::Payment(_) | Self::Credit(_) => None,
        }
    }
}

/// One record's part of a commit.
#[derive(Debug)]
pub struct RecordWrite<'a> {
    /// The journal's end when it was loaded; [`Head::START`] when it is new.
    pub before: Head,
    /// The record afterwards.
    pub after: Record<'a>,
    /// What happened to it, in order. Without any, only what is outside the journal changes.
    pub facts: Vec<Fact>,
}

impl<'a> RecordWrite<'a> {
    /// A record that has no family of events: it began, or its details changed.
    #[must_use]
    pub fn plain(before: Head, after: Record<'a>) -> Self {
        let told = |details| if before.seq == 0 { RecordEvent::Created { details } } else { RecordEvent::Changed { details } };
        let facts = after.details().map(told).map(Fact::Record).into_iter().collect();
        Self { before, after, facts }
    }
}

/// One change of any number of records, whole or not at all.
#[derive(Debug)]
pub struct Commit<'a> {
    /// Who, why, when.
    pub context: &'a Context,
    /// The records that change.
    pub records: Vec<RecordWrite<'a>>,
    /// What is to be told.
    pub messages: &'a [Message],
    /// The API keys' part.
    pub api_keys: &'a [KeyWrite<'a>],
    /// The invoice number that is taken.
    pub number: Option<u64>,
    /// What the request did, under its key.
    pub idempotency: Option<&'a IdempotencyRecord>,
    /// The gateway's event that caused it.
    pub gateway_event: Option<&'a GatewayEventRecord>,
}

impl<'a> Commit<'a> {
    /// A commit of nothing yet.
    #[must_use]
    pub fn new(context: &'a Context) -> Self {
        Self { context, records: Vec::new(), messages: &[], api_keys: &[], number: None, idempotency: None, gateway_event: None }
    }

    /// A commit of one record.
    #[must_use]
    pub fn of(context: &'a Context, record: RecordWrite<'a>) -> Self {
        Self { records: vec![record], ..Self::new(context) }
    }
}

type Writes = Vec<(TransactWriteItem, Lost)>;

impl Store {
    /// Carries a change out: all of it, or nothing. Answers with the end of each record's journal, in the order of the records.
    ///
    /// # Errors
    /// [`CommitError::Lost`] names the condition that did not hold; [`CommitError::Store`] leaves open whether it happened,
    /// which loading again tells, but for [`StoreError::TooLarge`](crate::StoreError::TooLarge) and
    /// [`StoreError::TooMany`](crate::StoreError::TooMany): those never fit.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Vec<Head>, CommitError> {
        let (writes, heads) = self.writes(commit)?;
        all_fit(writes.len(), writes.iter().filter_map(|(write, _)| write.put().map(Put::item)))?;
        let meanings: Vec<Lost> = writes.iter().map(|(_, lost)| *lost).collect();
        let answer = self
            .client
            .transact_write_items()
            .client_request_token(&commit.context.token)
            .set_transact_items(Some(writes.into_iter().map(|(item, _)| item).collect()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(heads),
            Err(error) => {
                Err(lost_on(&error, &meanings)
                    .map_or_else(|| CommitError::Store(unavailable("TransactWriteItems", &error)), CommitError::Lost))
            }
        }
    }

    fn writes(&self, commit: &Commit<'_>) -> Result<(Writes, Vec<Head>), CommitError> {
        let mut writes = Writes::new();
        let mut heads = Vec::with_capacity(commit.records.len());
        for record in &commit.records {
            heads.push(self.record_writes(commit.context, record, &mut writes)?);
        }
        for message in commit.messages {
            writes.push((self.put_new(outbox::write_message(message)?)?, Lost::Twice));
        }
        for write in commit.api_keys {
            writes.push(self.key_write(write)?);
        }
        if let Some(sequence) = commit.number {
            writes.push((self.take_number(sequence)?, Lost::Number));
        }
        if let Some(record) = commit.idempotency {
            writes.push((self.put_unless_kept(others::write_idempotency(record)?, commit.context.at)?, Lost::Idempotency));
        }
        if let Some(record) = commit.gateway_event {
            writes.push((self.put_new(others::write_gateway_event(record)?)?, Lost::Event));
        }
        Ok((writes, heads))
    }

    fn record_writes(&self, context: &Context, write: &RecordWrite<'_>, writes: &mut Writes) -> Result<Head, CommitError> {
        let claims = matches!(write.after, Record::Payment(_)) && write.before.seq == 0;
        let lost = if claims { Lost::Claimed } else { Lost::Record };
        let head = self.entry(context, write, lost, writes)?;
        if let Record::Invoice { invoice, text, .. } = &write.after {
            if invoice.deleted {
                writes.push((self.delete(&keys::invoice(&invoice.id), keys::STATE, Some(write.before))?, Lost::Record));
                writes.push((self.delete(&keys::invoice(&invoice.id), keys::TEXT, None)?, Lost::Record));
                return Ok(head);
            }
            if let Some((text, salt)) = text {
                writes.push((self.put(words::write_text(&invoice.id, text, salt)?)?, Lost::Record));
            }
        }
        writes.push((self.put_at(write.after.item(head)?, write.before)?, lost));
        Ok(head)
    }

    /// The one entry of a record and commit.
    fn entry(&self, context: &Context, write: &RecordWrite<'_>, lost: Lost, writes: &mut Writes) -> Result<Head, CommitError> {
        if write.facts.is_empty() {
            return Ok(write.before);
        }
        let invoice = if let Record::Invoice { invoice, .. } = &write.after { Some(*invoice) } else { None };
        let entry = Entry {
            subject: write.after.subject(),
            seq: write.before.seq + 1,
            at: context.at,
            actor: context.actor.clone(),
            cause: context.cause.clone(),
            facts: write.facts.clone(),
            status: write.after.status(),
            amount_due: invoice.map(Invoice::amount_due),
        };
        let (item, after) = journal::write_entry(&entry, write.before, invoice.map(|invoice| invoice.currency))?;
        writes.push((self.put_new(item)?, lost));
        Ok(after)
    }

    fn put_builder(&self, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }

    fn put(&self, item: Item) -> Result<TransactWriteItem, Corrupt> {
        let put = self.put_builder(item).build().map_err(|e| Corrupt::new("put", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn put_new(&self, item: Item) -> Result<TransactWriteItem, Corrupt> {
        let put = self.put_builder(item).condition_expression("attribute_not_exists(pk)").build().map_err(|e| Corrupt::new("put", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A put on the condition that there is no such item, or only one whose time is over.
    fn put_unless_kept(&self, item: Item, now: DateTime<Utc>) -> Result<TransactWriteItem, Corrupt> {
        let put = self
            .put_builder(item)
            .condition_expression("attribute_not_exists(pk) OR #ttl <= :now")
            .expression_attribute_names("#ttl", keys::TTL)
            .expression_attribute_values(":now", number_value(now.timestamp()))
            .build()
            .map_err(|e| Corrupt::new("put", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A put on the condition that the record's journal still ends where it did.
    fn put_at(&self, item: Item, before: Head) -> Result<TransactWriteItem, Corrupt> {
        if before.seq == 0 {
            return self.put_new(item);
        }
        let put = self
            .put_builder(item)
            .condition_expression("seq = :seq")
            .expression_attribute_values(":seq", number_value(before.seq))
            .build()
            .map_err(|e| Corrupt::new("put", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete(&self, pk: &str, sk: &str, before: Option<Head>) -> Result<TransactWriteItem, Corrupt> {
        let mut delete = Delete::builder().table_name(&self.table).key("pk", text(pk)).key("sk", text(sk));
        if let Some(before) = before {
            delete = delete.condition_expression("seq = :seq").expression_attribute_values(":seq", number_value(before.seq));
        }
        let delete = delete.build().map_err(|e| Corrupt::new("delete", e))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn take_number(&self, sequence: u64) -> Result<TransactWriteItem, Corrupt> {
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(keys::number_series(INVOICE_SERIES)))
            .key("sk", text(keys::STATE))
            .update_expression("SET next_number = :next, v = :v")
            .expression_attribute_values(":v", number_value(FORMAT))
            .expression_attribute_values(":next", number_value(sequence + 1));
        update = if sequence == 1 {
            update.condition_expression("attribute_not_exists(pk)")
        } else {
            update.condition_expression("next_number = :this").expression_attribute_values(":this", number_value(sequence))
        };
        let update = update.build().map_err(|e| Corrupt::new("number", e))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// Codes of reasons that lie in what others do at the same time, and not in what was asked.
///
/// Source: DynamoDB API reference, `TransactWriteItems`, "Cancellation reason codes".
pub(crate) const IN_THE_WAY: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// Which condition a cancelled transaction lost: a real condition before mere contention.
fn lost_on<R>(error: &SdkError<TransactWriteItemsError, R>, meanings: &[Lost]) -> Option<Lost> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return match error.code() {
            Some("TransactionConflictException" | "TransactionInProgressException") => Some(Lost::Conflict),
            Some(_) | None => None,
        };
    };
    let reasons = cancelled.cancellation_reasons();
    let failed: Vec<Lost> = reasons
        .iter()
        .zip(meanings)
        .filter(|(reason, _)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(_, meaning)| *meaning)
        .collect();
    let first_of = |wanted: Lost| failed.contains(&wanted).then_some(wanted);
    first_of(Lost::Idempotency)
        .or_else(|| first_of(Lost::Event))
        .or_else(|| first_of(Lost::Record))
        .or_else(|| first_of(Lost::Claimed))
        .or_else(|| failed.first().copied())
        .or_else(|| reasons.iter().any(|reason| reason.code().is_some_and(|code| IN_THE_WAY.contains(&code))).then_some(Lost::Conflict))
}
