//! Every change: one conditional transaction of state, journal entries, outbox rows, idempotency record, number.

use crate::{
    KeyWrite, Store,
    error::{CommitError, Corrupt, Lost, unavailable},
    items::{
        FORMAT, Item, attempt, credit, invoice, journal, number as number_value,
        others::{self, GatewayEventRecord, IdempotencyRecord},
        outbox, payment, text, words,
    },
    keys,
    sizes::fits,
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
    ids::{CreditId, InvoiceId, PaymentId},
    invoice::{
        Invoice, InvoiceText,
        journal::{Event, MoneyEvent},
    },
    message::Message,
    money::Money,
    numbering::INVOICE_SERIES,
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

/// An invoice's part of a commit.
#[derive(Debug)]
pub struct InvoiceWrite<'a> {
    /// The journal's end when it was loaded; [`Head::START`] when it is new.
    pub before: Head,
    /// The invoice after the events.
    pub after: &'a Invoice,
    /// What happened.
    pub events: &'a [Event],
    /// Its words and their salt, when they changed.
    pub text: Option<(&'a InvoiceText, &'a str)>,
    /// Attempts that changed, as they are now.
    pub attempts: &'a [Attempt],
    /// What is to be told.
    pub messages: &'a [Message],
    /// When it is next looked at.
    pub next: Option<NextStep>,
}

/// Credit that a contact got.
#[derive(Debug)]
pub struct CreditWrite {
    /// Its id.
    pub id: CreditId,
    /// How much.
    pub amount: Money,
    /// Why, such as `late_success` or `void`.
    pub cause: &'static str,
    /// The invoice it came from.
    pub invoice_id: InvoiceId,
    /// The payment it came from.
    pub payment_id: Option<PaymentId>,
}

/// A contact's part of a commit.
#[derive(Debug)]
pub struct ContactWrite<'a> {
    /// The journal's end when it was loaded; [`Head::START`] when it is new.
    pub before: Head,
    /// The contact afterwards.
    pub after: &'a Contact,
    /// The salt of its digest.
    pub salt: &'a str,
    /// Whether its details changed (or began).
    pub details_changed: bool,
    /// Credit it got.
    pub credits: &'a [CreditWrite],
}

/// One change, whole or not at all.
#[derive(Debug)]
pub struct Commit<'a> {
    /// Who, why, when.
    pub context: &'a Context,
    /// An invoice's part.
    pub invoice: Option<InvoiceWrite<'a>>,
    /// A contact's part.
    pub contact: Option<ContactWrite<'a>>,
    /// A product's part: the journal's end before, and the product afterwards.
    pub product: Option<(Head, &'a Product)>,
    /// The business's part: the journal's end before, and the settings afterwards.
    pub business: Option<(Head, &'a Business)>,
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
        Self {
            context,
            invoice: None,
            contact: None,
            product: None,
            business: None,
            api_keys: &[],
            number: None,
            idempotency: None,
            gateway_event: None,
        }
    }
}

/// What a commit leaves for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The end of the invoice's journal, if it took part.
    pub invoice: Option<Head>,
}

type Writes = Vec<(TransactWriteItem, Lost)>;

impl Store {
    /// Carries a change out: all of it, or nothing.
    ///
    /// # Errors
    /// [`CommitError::Lost`] names the condition that did not hold; [`CommitError::Store`] leaves open whether it happened,
    /// which loading again tells.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Committed, CommitError> {
        let (writes, committed) = self.writes(commit)?;
        for item in writes.iter().filter_map(|(write, _)| write.put().map(Put::item)) {
            fits(item)?;
        }
        let meanings: Vec<Lost> = writes.iter().map(|(_, lost)| *lost).collect();
        let answer = self
            .client
            .transact_write_items()
            .client_request_token(&commit.context.token)
            .set_transact_items(Some(writes.into_iter().map(|(item, _)| item).collect()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(committed),
            Err(error) => {
                Err(lost_on(&error, &meanings)
                    .map_or_else(|| CommitError::Store(unavailable("TransactWriteItems", &error)), CommitError::Lost))
            }
        }
    }

    fn writes(&self, commit: &Commit<'_>) -> Result<(Writes, Committed), CommitError> {
        let mut writes = Writes::new();
        let mut committed = Committed { invoice: None };
        if let Some(write) = &commit.invoice {
            committed.invoice = Some(self.invoice_writes(commit.context, write, &mut writes)?);
        }
        if let Some(write) = &commit.contact {
            self.contact_writes(commit.context, write, &mut writes)?;
        }
        if let Some((before, product)) = &commit.product {
            let details = others::product_digest(product);
            let fact = Fact::Record(if before.seq == 0 { RecordEvent::Created { details } } else { RecordEvent::Changed { details } });
            let head = self.entries(commit.context, &Subject::Product(product.id.clone()), *before, vec![fact], None, &mut writes)?;
            writes.push((self.put_at(others::write_product(product, head)?, *before)?, Lost::Record));
        }
        if let Some((before, business)) = &commit.business {
            let details = others::business_digest(business);
            let fact = Fact::Record(if before.seq == 0 { RecordEvent::Created { details } } else { RecordEvent::Changed { details } });
            let head = self.entries(commit.context, &Subject::Business, *before, vec![fact], None, &mut writes)?;
            writes.push((self.put_at(others::write_business(business, head)?, *before)?, Lost::Record));
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
        Ok((writes, committed))
    }

    fn invoice_writes(&self, context: &Context, write: &InvoiceWrite<'_>, writes: &mut Writes) -> Result<Head, CommitError> {
        let invoice = write.after;
        let facts = write.events.iter().cloned().map(Fact::Invoice).collect();
        let subject = Subject::Invoice(invoice.id.clone());
        let head = self.entries(context, &subject, write.before, facts, Some(invoice.currency), writes)?;
        if invoice.deleted {
            writes.push((self.delete(&keys::invoice(&invoice.id), keys::STATE, Some(write.before))?, Lost::Invoice));
            writes.push((self.delete(&keys::invoice(&invoice.id), keys::TEXT, None)?, Lost::Invoice));
            return Ok(head);
        }
        writes.push((self.put_at(invoice::write_invoice(invoice, head, write.next)?, write.before)?, Lost::Invoice));
        if let Some((words, salt)) = write.text {
            writes.push((self.put(words::write_text(&invoice.id, words, salt)?)?, Lost::Invoice));
        }
        for attempt in write.attempts {
            writes.push((self.put(attempt::write_attempt(attempt)?)?, Lost::Invoice));
        }
        for event in write.events {
            if let Event::Money(MoneyEvent::Applied(payment)) = event {
                writes.push((self.put_new(payment::write_payment(payment)?)?, Lost::Twice));
            }
        }
        for message in write.messages {
            writes.push((self.put_new(outbox::write_message(message)?)?, Lost::Twice));
        }
        Ok(head)
    }

    fn contact_writes(&self, context: &Context, write: &ContactWrite<'_>, writes: &mut Writes) -> Result<(), CommitError> {
        let contact = write.after;
        let mut facts = Vec::new();
        if write.details_changed {
            let details = contact.details.digest(write.salt.as_bytes());
            facts.push(Fact::Record(if write.before.seq == 0 {
                RecordEvent::Created { details }
            } else {
                RecordEvent::Changed { details }
            }));
        }
        for credit in write.credits {
            facts.push(Fact::Record(RecordEvent::Credited {
                credit_id: credit.id.clone(),
                amount: credit.amount,
                invoice_id: credit.invoice_id.clone(),
                payment_id: credit.payment_id.clone(),
            }));
            let item =
                credit::write_credit(&contact.id, &credit.id, credit.amount, credit.cause, &credit.invoice_id, credit.payment_id.as_ref())?;
            writes.push((self.put_new(item)?, Lost::Twice));
        }
        let head = self.entries(context, &Subject::Contact(contact.id.clone()), write.before, facts, None, writes)?;
        writes.push((self.put_at(others::write_contact(contact, write.salt, head)?, write.before)?, Lost::Record));
        Ok(())
    }

    fn entries(
        &self,
        context: &Context,
        subject: &Subject,
        before: Head,
        facts: Vec<Fact>,
        currency: Option<domain::currency::Currency>,
        writes: &mut Writes,
    ) -> Result<Head, CommitError> {
        let mut head = before;
        for fact in facts {
            let entry = Entry {
                subject: subject.clone(),
                seq: head.seq + 1,
                at: context.at,
                actor: context.actor.clone(),
                cause: context.cause.clone(),
                fact,
            };
            let (item, after) = journal::write_entry(&entry, head, currency)?;
            writes.push((self.put_new(item)?, Lost::Invoice));
            head = after;
        }
        Ok(head)
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
        .or_else(|| failed.first().copied())
        .or_else(|| reasons.iter().any(|reason| reason.code().is_some_and(|code| IN_THE_WAY.contains(&code))).then_some(Lost::Conflict))
}
