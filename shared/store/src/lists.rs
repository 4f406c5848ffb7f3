//! Every list. Indexes give candidates; what decides is read strongly from the table.

use crate::{
    Store, Stored,
    ask::{Ask, Key},
    error::{Corrupt, StoreError},
    items::{
        Item,
        api_key::ApiKeyItem,
        attempt::AttemptSummaryItem,
        credit::read_credit,
        invoice::InvoiceSummaryItem,
        journal::{StoredEntry, read_entry},
        money::{currency, minor},
        others::{ContactSummaryItem, ProductItem},
        outbox, sort_key, string_of,
    },
    keys::{self, Index, parse_message_key},
};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    api_key::ApiKey,
    attempt::Attempt,
    automation::Sweep,
    credit::Credit,
    ids::{AttemptId, ContactId, InvoiceId, PaymentId},
    invoice::status::StatusCode,
    message::Message,
    money::Money,
    payment::Payment,
    pii::Pii,
    product::Product,
    record::Subject,
};

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
    /// All of them, newest first.
    Newest,
    /// Those in a status.
    Status(StatusCode),
    /// Those of a contact.
    Contact(ContactId),
    /// Those owed whose due date is before this date, longest overdue first.
    DueBefore(NaiveDate),
}

/// Whose attempts or payments are listed, newest first.
#[derive(Debug, Clone)]
pub enum RecordList {
    /// All of them.
    All,
    /// Those of a contact.
    Contact(ContactId),
}

/// Something that may be due, and the cursor behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// What it is.
    pub due: Due,
    /// Where a list goes on after it.
    pub after: String,
}

/// Something that may be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// An invoice with a step.
    Invoice(InvoiceId),
    /// An attempt to be asked about.
    Attempt(AttemptId),
    /// A row of the outbox, by its record and key.
    Message(Subject, String),
}

impl Store {
    /// Lists invoices: one query of one index.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_invoices(&self, list: &InvoiceList, limit: i32, cursor: Option<&str>) -> Result<Page<InvoiceSummary>, StoreError> {
        let (index, partition, condition, values) = match list {
            InvoiceList::All | InvoiceList::Newest => (keys::BY_KIND, "invoice".to_owned(), "", vec![]),
            InvoiceList::Status(status) => (keys::BY_STATUS, keys::status_partition(*status).to_owned(), "", vec![]),
            InvoiceList::Contact(id) => (keys::BY_CONTACT, id.to_string(), BETWEEN, between("inv_")),
            InvoiceList::DueBefore(date) => (keys::BY_DUE_DATE, keys::OWING.to_owned(), "#s < :a", vec![(":a", date.to_string())]),
        };
        let start = cursor.map(|text| read_cursor(text, index, &partition)).transpose()?;
        let backwards = matches!(list, InvoiceList::Newest);
        let ask = Ask { index: Some(index), partition, condition, values, limit: Some(limit), backwards, start };
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

    /// Lists API keys, oldest first. A key from before roles is listed from its next use on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_api_keys(&self, limit: i32, cursor: Option<&str>) -> Result<Page<ApiKey>, StoreError> {
        let (items, next) = self.list_kind("api_key", limit, cursor).await?;
        let row = |item: &Item| Ok::<_, StoreError>(summary::<ApiKeyItem>(item)?.read()?);
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
    ) -> Result<Page<DueRow>, StoreError> {
        let partition = keys::due_partition(sweep, shard);
        let (items, next) = self.list_until(keys::DUE, partition, now, limit, cursor).await?;
        let mut rows = Vec::new();
        for item in &items {
            let (pk, sk) = (string_of(item, "pk").unwrap_or_default(), sort_key(item));
            let due = due(pk, sk)?.ok_or_else(|| Corrupt::new(pk, "nothing that can be due"))?;
            rows.push(DueRow { due, after: cursor_behind(item, keys::DUE) });
        }
        Ok(Page { rows, next })
    }

    /// Outbox rows of one shard whose time has come, earliest first: invoice and message key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_outbox(&self, shard: u8, now: DateTime<Utc>, limit: i32, cursor: Option<&str>) -> Result<Page<DueRow>, StoreError> {
        let (items, next) = self.list_until(keys::OUTBOX, keys::outbox_partition(shard), now, limit, cursor).await?;
        let row = |item: &Item| {
            let (pk, sk) = (string_of(item, "pk").unwrap_or_default(), sort_key(item));
            let (subject, key) = parse_message_key(pk, sk).ok_or_else(|| Corrupt::new(sk, "not an outbox row"))?;
            Ok::<_, StoreError>(DueRow { due: Due::Message(subject, key), after: cursor_behind(item, keys::OUTBOX) })
        };
        Ok(Page { rows: items.iter().map(row).collect::<Result<_, _>>()?, next })
    }

    /// When the first of what is to come is due in a sweep: 16 queries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_due(&self, sweep: Sweep) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.first_of(keys::DUE, |shard| keys::due_partition(sweep, shard)).await
    }

    /// When the first row of the outbox is to be handed over: 16 queries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_handover(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.first_of(keys::OUTBOX, keys::outbox_partition).await
    }

    async fn first_of(&self, index: Index, partition: impl Fn(u8) -> String) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut first: Option<DateTime<Utc>> = None;
        for shard in 0..keys::SHARDS {
            let partition = partition(shard);
            let ask = Ask { index: Some(index), partition, condition: "", values: vec![], limit: Some(1), backwards: false, start: None };
            let (items, _) = self.ask(ask).await?;
            if let Some(item) = items.first() {
                let text = string_of(item, index.sort).unwrap_or_default();
                let at: DateTime<Utc> = text.parse().map_err(|error| Corrupt::new(index.sort, error))?;
                first = Some(first.map_or(at, |known| known.min(at)));
            }
        }
        Ok(first)
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

    /// A record's outbox rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_messages(&self, subject: &Subject) -> Result<Vec<Message>, StoreError> {
        let items = self.range(keys::subject(subject), keys::MESSAGES, "M#~").await?;
        Ok(items.iter().map(outbox::read_message).collect::<Result<_, _>>()?)
    }

    /// A contact's credits, each as it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_credits(&self, contact: &ContactId) -> Result<Vec<Stored<Credit>>, StoreError> {
        let items = self.range(keys::contact(contact), keys::CREDITS, "C#~").await?;
        let read = |item: &Item| read_credit(item).map(|(value, head)| Stored { value, head });
        Ok(items.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Lists attempts, newest first, each as it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_newest_attempts(&self, list: &RecordList, limit: i32, cursor: Option<&str>) -> Result<Page<Attempt>, StoreError> {
        let (items, next) = self.newest(list, "attempt", "att_", limit, cursor).await?;
        let mut rows = Vec::with_capacity(items.len());
        for item in &items {
            let id = string_of(item, "pk").unwrap_or_default().trim_start_matches("ATT#");
            rows.extend(self.find_attempt(&crate::items::money::id(AttemptId::parse(id))?).await?.map(|found| found.value));
        }
        Ok(Page { rows, next })
    }

    /// Lists payments, newest first, each as it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_newest_payments(&self, list: &RecordList, limit: i32, cursor: Option<&str>) -> Result<Page<Payment>, StoreError> {
        let (items, next) = self.newest(list, "payment", keys::PAYMENTS_OF_CONTACT, limit, cursor).await?;
        let mut rows = Vec::with_capacity(items.len());
        for item in &items {
            let id = string_of(item, "pk").unwrap_or_default().trim_start_matches("PAY#");
            rows.extend(self.find_payment(&crate::items::money::id(PaymentId::parse(id))?).await?.map(|found| found.value));
        }
        Ok(Page { rows, next })
    }

    async fn newest(
        &self,
        list: &RecordList,
        kind: &str,
        begins: &str,
        limit: i32,
        cursor: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let (index, partition, condition, values) = match list {
            RecordList::All => (keys::BY_KIND, kind.to_owned(), "", vec![]),
            RecordList::Contact(id) => (keys::BY_CONTACT, id.to_string(), BETWEEN, between(begins)),
        };
        let start = cursor.map(|text| read_cursor(text, index, &partition)).transpose()?;
        let ask = Ask { index: Some(index), partition, condition, values, limit: Some(limit), backwards: true, start };
        let (items, next) = self.ask(ask).await?;
        Ok((items, next.map(|key| write_cursor(&key))))
    }

    /// A contact's attempts to collect for an invoice, oldest first, each as it stands. One begun within the last second may be missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_attempts(&self, contact: &ContactId, invoice: &InvoiceId) -> Result<Vec<Attempt>, StoreError> {
        let mut attempts = Vec::new();
        let mut start = None;
        loop {
            let ask = Ask {
                index: Some(keys::BY_CONTACT),
                partition: contact.to_string(),
                condition: BETWEEN,
                values: between("att_"),
                limit: None,
                backwards: false,
                start,
            };
            let (items, next) = self.ask(ask).await?;
            for item in &items {
                let of: AttemptSummaryItem = summary(item)?;
                if of.invoices.iter().any(|id| id == invoice.as_str()) {
                    let id = crate::items::money::id(AttemptId::parse(&of.id))?;
                    attempts.extend(self.find_attempt(&id).await?.map(|found| found.value));
                }
            }
            start = next;
            if start.is_none() {
                return Ok(attempts);
            }
        }
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
            values: vec![(":a", keys::entry(subject, after_seq + 1)), (":b", format!("{}~", keys::journal(subject)))],
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

const BETWEEN: &str = "#s BETWEEN :a AND :b";

/// The bounds of all sort keys that begin so.
fn between(begins: &str) -> Vec<(&'static str, String)> {
    vec![(":a", begins.to_owned()), (":b", format!("{begins}~"))]
}

/// What is named by an item's keys, if that can be due.
pub(crate) fn due(pk: &str, sk: &str) -> Result<Option<Due>, StoreError> {
    Ok(match (pk.split_once('#'), sk) {
        (Some(("INV", invoice)), keys::STATE) => Some(Due::Invoice(crate::items::money::id(InvoiceId::parse(invoice))?)),
        (Some(("ATT", attempt)), keys::STATE) => Some(Due::Attempt(crate::items::money::id(AttemptId::parse(attempt))?)),
        (Some(_) | None, _) => parse_message_key(pk, sk).map(|(subject, key)| Due::Message(subject, key)),
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

fn cursor_behind(item: &Item, index: Index) -> String {
    let of = |name: &str| (name.to_owned(), string_of(item, name).unwrap_or_default().to_owned());
    write_cursor(&["pk", "sk", index.partition, index.sort].map(of).into())
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
