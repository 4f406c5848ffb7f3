//! Every read. Indexes give candidates; what decides is read strongly from the table.

use crate::{
    Store, Stored,
    commits::unavailable,
    error::{Corrupt, StoreError},
    items::{
        Item,
        invoice::{self, InvoiceSummaryItem},
        journal::{StoredEntry, read_entry},
        money::{currency, minor},
        others::{self, ContactSummaryItem, GatewayEventRecord, IdempotencyRecord, ProductItem, RunRecord, StoredApiKey},
        outbox, sort_key, string_of, text,
    },
    keys::{self, Index},
};
use aws_sdk_dynamodb::types::{AttributeValue, Get, TransactGetItem};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    attempt::Attempt,
    automation::Sweep,
    contact::Contact,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, InvoiceId, ProductId},
    invoice::{Invoice, InvoiceText, status::StatusCode},
    message::Message,
    money::Money,
    numbering::INVOICE_SERIES,
    payment::Payment,
    pii::Pii,
    product::Product,
    record::Subject,
    settings::Business,
};
use std::collections::BTreeMap;

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

/// Some rows of a list, and where the next begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// An invoice as lists show it.
#[derive(Debug, Clone)]
pub struct InvoiceSummary {
    /// Its id.
    pub id: InvoiceId,
    /// Who is billed.
    pub contact_id: ContactId,
    /// Where it stands.
    pub status: StatusCode,
    /// Its number.
    pub number: Option<String>,
    /// All there is to pay.
    pub total: Money,
    /// What is left of it.
    pub balance: Money,
    /// Its date.
    pub invoice_date: NaiveDate,
    /// When it is due.
    pub due_on: NaiveDate,
}

/// A contact as lists show it.
#[derive(Debug, Clone)]
pub struct ContactSummary {
    /// Its id.
    pub id: ContactId,
    /// Its name.
    pub name: Pii,
    /// Its main address.
    pub email: Option<Pii>,
}

/// Which invoices are listed.
#[derive(Debug, Clone)]
pub enum InvoiceList {
    /// All of them, oldest first.
    All,
    /// Those in a status.
    Status(StatusCode),
    /// Those of a contact.
    Contact(ContactId),
    /// Those owed whose due date is before this date, longest overdue first.
    DueBefore(NaiveDate),
}

/// Something that may be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// An invoice with a step.
    Invoice(InvoiceId),
    /// An attempt to be asked about.
    Attempt(InvoiceId, AttemptId),
    /// A row of the outbox, by its key.
    Message(InvoiceId, String),
}

type Key = BTreeMap<String, String>;

struct Ask<'a> {
    index: Option<Index>,
    partition: String,
    /// Condition on the sort key after `AND`, with `:a` and `:b`.
    condition: &'a str,
    values: Vec<(&'a str, String)>,
    limit: Option<i32>,
    backwards: bool,
    start: Option<Key>,
}

impl Store {
    async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, StoreError> {
        let answer =
            self.client.get_item().table_name(&self.table).key("pk", text(pk)).key("sk", text(sk)).consistent_read(true).send().await;
        match answer {
            Ok(found) => Ok(found.item),
            Err(error) => Err(unavailable("GetItem", &error)),
        }
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<(Vec<Item>, Option<Key>), StoreError> {
        let (partition, sort) = ask.index.map_or(("pk", "sk"), |index| (index.partition, index.sort));
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(ask.index.map(|index| index.name.to_owned()))
            .key_condition_expression(if ask.condition.is_empty() {
                "#p = :p".to_owned()
            } else {
                format!("#p = :p AND {}", ask.condition)
            })
            .expression_attribute_names("#p", partition)
            .expression_attribute_values(":p", text(ask.partition))
            .set_limit(ask.limit)
            .scan_index_forward(!ask.backwards);
        if ask.index.is_none() {
            query = query.consistent_read(true);
        }
        if !ask.condition.is_empty() {
            query = query.expression_attribute_names("#s", sort);
        }
        for (name, value) in ask.values {
            query = query.expression_attribute_values(name, text(value));
        }
        if let Some(start) = ask.start {
            query = query.set_exclusive_start_key(Some(start.into_iter().map(|(name, value)| (name, text(value))).collect()));
        }
        match query.send().await {
            Ok(found) => {
                let next = found
                    .last_evaluated_key
                    .map(|key| key.into_iter().filter_map(|(name, value)| Some((name, value.as_s().ok()?.clone()))).collect());
                Ok((found.items.unwrap_or_default(), next))
            }
            Err(error) => Err(unavailable("Query", &error)),
        }
    }

    async fn range(&self, pk: String, from: &str, to: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let ask = Ask {
                index: None,
                partition: pk.clone(),
                condition: "#s BETWEEN :a AND :b",
                values: vec![(":a", from.to_owned()), (":b", to.to_owned())],
                limit: None,
                backwards: false,
                start,
            };
            let (found, next) = self.ask(ask).await?;
            items.extend(found);
            match next {
                Some(next) => start = Some(next),
                None => return Ok(items),
            }
        }
    }

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

    /// Reads an API key's hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, StoreError> {
        Ok(self.get(&keys::api_key(id), keys::STATE).await?.as_ref().map(others::read_api_key).transpose()?)
    }

    /// Reads what was done under an idempotency key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_idempotency(&self, key: &Digest) -> Result<Option<IdempotencyRecord>, StoreError> {
        Ok(self.get(&keys::idempotency(key), keys::STATE).await?.map(|item| others::read_idempotency(&item, *key)).transpose()?)
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
        let found = self.client.transact_get_items().set_transact_items(Some(gets)).send().await;
        let found = found.map_err(|error| unavailable("TransactGetItems", &error))?;
        let mut items = found.responses.unwrap_or_default().into_iter().map(|r| r.item.filter(|item| !item.is_empty()));
        let mut next = || items.next().flatten();
        let (event, attempt, state, contact) = (next(), next(), next(), next());
        let stored = |item: &Item| {
            let (value, head) = invoice::read_invoice(item)?;
            Ok::<_, StoreError>(Stored { value, head })
        };
        Ok(NoticeFolder {
            event: event.map(|item| event_record(&item, gateway, event_id)).transpose()?,
            attempt: attempt.map(|item| crate::items::read::<invoice::AttemptItem>(&item)?.read()).transpose()?,
            invoice: state.as_ref().map(stored).transpose()?,
            contact: contact.as_ref().map(contact_folder).transpose()?,
        })
    }

    /// Lists invoices: one query of one index.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_invoices(&self, list: &InvoiceList, limit: i32, cursor: Option<&str>) -> Result<Page<InvoiceSummary>, StoreError> {
        let (index, partition, condition, values) = match list {
            InvoiceList::All => (keys::BY_KIND, "invoice".to_owned(), "", vec![]),
            InvoiceList::Status(status) => (keys::BY_STATUS, keys::status_partition(*status).to_owned(), "", vec![]),
            InvoiceList::Contact(id) => (keys::BY_CONTACT, id.to_string(), "", vec![]),
            InvoiceList::DueBefore(date) => (keys::BY_DUE_DATE, keys::OWING.to_owned(), "#s < :a", vec![(":a", date.to_string())]),
        };
        let start = cursor.map(|text| read_cursor(text, index, &partition)).transpose()?;
        let ask = Ask { index: Some(index), partition, condition, values, limit: Some(limit), backwards: false, start };
        let (items, next) = self.ask(ask).await?;
        Ok(Page { rows: items.iter().map(invoice_summary).collect::<Result<_, _>>()?, next: next.map(|key| write_cursor(&key)) })
    }

    /// Lists contacts, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_contacts(&self, limit: i32, cursor: Option<&str>) -> Result<Page<ContactSummary>, StoreError> {
        let (items, next) = self.list_kind("contact", limit, cursor).await?;
        let row = |item: &Item| {
            let body: ContactSummaryItem = summary(item)?;
            let id = crate::items::money::id(ContactId::parse(&body.id))?;
            Ok::<_, StoreError>(ContactSummary { id, name: Pii::new(body.name), email: body.email.map(Pii::new) })
        };
        Ok(Page { rows: items.iter().map(row).collect::<Result<_, _>>()?, next })
    }

    /// Lists products, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_products(&self, limit: i32, cursor: Option<&str>) -> Result<Page<Product>, StoreError> {
        let (items, next) = self.list_kind("product", limit, cursor).await?;
        let row = |item: &Item| Ok::<_, StoreError>(summary::<ProductItem>(item)?.read()?.0);
        Ok(Page { rows: items.iter().map(row).collect::<Result<_, _>>()?, next })
    }

    async fn list_kind(&self, kind: &str, limit: i32, cursor: Option<&str>) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let start = cursor.map(|text| read_cursor(text, keys::BY_KIND, kind)).transpose()?;
        let ask = Ask {
            index: Some(keys::BY_KIND),
            partition: kind.to_owned(),
            condition: "",
            values: vec![],
            limit: Some(limit),
            backwards: false,
            start,
        };
        let (items, next) = self.ask(ask).await?;
        Ok((items, next.map(|key| write_cursor(&key))))
    }

    /// What may be due in one shard of a sweep, earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_due(
        &self,
        sweep: Sweep,
        shard: u8,
        now: DateTime<Utc>,
        limit: i32,
        cursor: Option<&str>,
    ) -> Result<Page<Due>, StoreError> {
        let partition = keys::due_partition(sweep, shard);
        let (items, next) = self.list_until(keys::DUE, partition, now, limit, cursor).await?;
        let mut rows = Vec::new();
        for item in &items {
            let (pk, sk) = (string_of(item, "pk").unwrap_or_default(), sort_key(item));
            let invoice_id = crate::items::money::id(InvoiceId::parse(pk.trim_start_matches("INV#")))?;
            rows.push(match sk.strip_prefix("B#") {
                Some(attempt) => Due::Attempt(invoice_id, crate::items::money::id(AttemptId::parse(attempt))?),
                None => Due::Invoice(invoice_id),
            });
        }
        Ok(Page { rows, next })
    }

    /// Outbox rows of one shard whose time has come, earliest first: invoice and message key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_outbox(&self, shard: u8, now: DateTime<Utc>, limit: i32, cursor: Option<&str>) -> Result<Page<Due>, StoreError> {
        let (items, next) = self.list_until(keys::OUTBOX, keys::outbox_partition(shard), now, limit, cursor).await?;
        let row = |item: &Item| {
            let (pk, sk) = (string_of(item, "pk").unwrap_or_default(), sort_key(item));
            let (invoice_id, key) = parse_message_key(pk, sk).ok_or_else(|| Corrupt::new(sk, "not an outbox row"))?;
            Ok::<_, StoreError>(Due::Message(invoice_id, key))
        };
        Ok(Page { rows: items.iter().map(row).collect::<Result<_, _>>()?, next })
    }

    async fn list_until(
        &self,
        index: Index,
        partition: String,
        now: DateTime<Utc>,
        limit: i32,
        cursor: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let start = cursor.map(|text| read_cursor(text, index, &partition)).transpose()?;
        let values = vec![(":a", keys::instant(now))];
        let ask = Ask { index: Some(index), partition, condition: "#s <= :a", values, limit: Some(limit), backwards: false, start };
        let (items, next) = self.ask(ask).await?;
        Ok((items, next.map(|key| write_cursor(&key))))
    }

    /// Reads an outbox row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_message(&self, invoice_id: &InvoiceId, key: &str) -> Result<Option<Message>, StoreError> {
        Ok(self.get(&keys::invoice(invoice_id), &keys::message(key)).await?.as_ref().map(outbox::read_message).transpose()?)
    }

    /// An invoice's outbox rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_messages(&self, invoice_id: &InvoiceId) -> Result<Vec<Message>, StoreError> {
        let items = self.range(keys::invoice(invoice_id), keys::MESSAGES, "M#~").await?;
        Ok(items.iter().map(outbox::read_message).collect::<Result<_, _>>()?)
    }

    /// An invoice's payments, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_payments(&self, invoice_id: &InvoiceId) -> Result<Vec<Payment>, StoreError> {
        let items = self.range(keys::invoice(invoice_id), "C#", "C#~").await?;
        payments(&items)
    }

    /// A journal's entries in order, from a place on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_entries(&self, subject: &Subject, after_seq: u64, limit: i32) -> Result<Page<StoredEntry>, StoreError> {
        let ask = Ask {
            index: None,
            partition: keys::subject(subject),
            condition: "#s BETWEEN :a AND :b",
            values: vec![(":a", keys::entry(after_seq + 1)), (":b", format!("{}~", keys::JOURNAL))],
            limit: Some(limit),
            backwards: false,
            start: None,
        };
        let (items, next) = self.ask(ask).await?;
        let rows: Vec<StoredEntry> = items.iter().map(read_entry).collect::<Result<_, _>>()?;
        let next = next.and_then(|_| rows.last().map(|row| row.entry.seq.to_string()));
        Ok(Page { rows, next })
    }
}

/// The invoice and message key of an outbox row's keys, as stream records carry them.
#[must_use]
pub fn parse_message_key(pk: &str, sk: &str) -> Option<(InvoiceId, String)> {
    let invoice_id = InvoiceId::parse(pk.strip_prefix("INV#")?).ok()?;
    Some((invoice_id, sk.strip_prefix(keys::MESSAGES)?.to_owned()))
}

pub(crate) fn folder(items: &[Item]) -> Result<Option<InvoiceFolder>, StoreError> {
    let mut state = None;
    let mut words = None;
    let mut attempts = Vec::new();
    for item in items {
        match sort_key(item) {
            keys::STATE => state = Some(invoice::read_invoice(item)?),
            keys::TEXT => words = Some(invoice::read_text(item)?),
            sk if sk.starts_with("B#") => attempts.push(crate::items::read::<invoice::AttemptItem>(item)?.read()?),
            _ => {}
        }
    }
    let Some((value, head)) = state else { return Ok(None) };
    let Some((text, salt)) = words else { return Err(Corrupt::new(value.id.as_str(), "its words are missing").into()) };
    Ok(Some(InvoiceFolder { invoice: Stored { value, head }, text, salt, attempts, payments: payments(items)? }))
}

fn payments(items: &[Item]) -> Result<Vec<Payment>, StoreError> {
    let mut payments = Vec::new();
    for item in items.iter().filter(|item| sort_key(item).starts_with("C#")) {
        payments.push(crate::items::read::<invoice::PaymentItem>(item)?.read()?);
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

fn summary<T: serde::de::DeserializeOwned>(item: &Item) -> Result<T, Corrupt> {
    match item.get(keys::SUMMARY) {
        Some(AttributeValue::M(map)) => serde_dynamo::from_item(map.clone()).map_err(|e| Corrupt::new("summary", e)),
        Some(_) | None => Err(Corrupt::new(sort_key(item), "no summary")),
    }
}

fn invoice_summary(item: &Item) -> Result<InvoiceSummary, StoreError> {
    let body: InvoiceSummaryItem = summary(item)?;
    let of = currency(&body.currency)?;
    Ok(InvoiceSummary {
        id: crate::items::money::id(InvoiceId::parse(&body.id))?,
        contact_id: crate::items::money::id(ContactId::parse(&body.contact_id))?,
        status: StatusCode::find(&body.status).ok_or_else(|| Corrupt::new("status", &body.status))?,
        number: body.number,
        total: minor(body.total, of)?,
        balance: minor(body.balance, of)?,
        invoice_date: body.invoice_date,
        due_on: body.due_on,
    })
}

fn write_cursor(key: &Key) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_cursor(text: &str, index: Index, partition: &str) -> Result<Key, StoreError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| StoreError::Cursor)?;
    let key: Key = serde_json::from_slice(&bytes).map_err(|_| StoreError::Cursor)?;
    let fits = key.len() == 4
        && key.get(index.partition).is_some_and(|p| p == partition)
        && ["pk", "sk", index.sort].iter().all(|name| key.contains_key(*name));
    if fits { Ok(key) } else { Err(StoreError::Cursor) }
}
