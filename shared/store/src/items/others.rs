//! Contacts, products, the business, idempotency records, gateway events, runs as items.

use super::{
    Item, index,
    money::{MoneyItem, currency, digest, email, id},
    number, read,
    words::DetailsItem,
    write,
};
use crate::{error::Corrupt, keys};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    calendar::{Hour, Zone},
    contact::Contact,
    digest::Digest,
    ids::{ContactId, ProductId},
    product::Product,
    record::Head,
    settings::Business,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct ContactItem {
    id: String,
    details: DetailsItem,
    salt: String,
    seq: u64,
    head: String,
}

/// What lists show of a contact.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContactSummaryItem {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

pub(crate) fn write_contact(contact: &Contact, salt: &str, head: Head) -> Result<Item, Corrupt> {
    let body = ContactItem {
        id: contact.id.to_string(),
        details: DetailsItem::from(&contact.details),
        salt: salt.to_owned(),
        seq: head.seq,
        head: head.hash.hex(),
    };
    let mut item = write(&keys::contact(&contact.id), keys::STATE, &body)?;
    let summary = ContactSummaryItem {
        id: body.id,
        name: contact.details.name.reveal().to_owned(),
        email: contact.details.main_email().map(|e| e.reveal().to_owned()),
    };
    let summary: Item = serde_dynamo::to_item(&summary).map_err(|e| Corrupt::new("summary", e))?;
    item.insert(keys::SUMMARY.to_owned(), AttributeValue::M(summary));
    index(&mut item, keys::BY_KIND, "contact", contact.id.as_str());
    Ok(item)
}

pub(crate) fn read_contact(item: &Item) -> Result<(Contact, String, Head), Corrupt> {
    let body: ContactItem = read(item)?;
    let contact = Contact { id: id(ContactId::parse(&body.id))?, details: body.details.read()? };
    Ok((contact, body.salt, Head { seq: body.seq, hash: digest(&body.head)? }))
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProductItem {
    id: String,
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    unit_price: MoneyItem,
    active: bool,
    seq: u64,
    head: String,
}

pub(crate) fn write_product(product: &Product, head: Head) -> Result<Item, Corrupt> {
    let body = ProductItem {
        id: product.id.to_string(),
        name: product.name.clone(),
        description: product.description.clone(),
        unit_price: product.unit_price.into(),
        active: product.active,
        seq: head.seq,
        head: head.hash.hex(),
    };
    let mut item = write(&keys::product(&product.id), keys::STATE, &body)?;
    let summary: Item = serde_dynamo::to_item(&body).map_err(|e| Corrupt::new("summary", e))?;
    item.insert(keys::SUMMARY.to_owned(), AttributeValue::M(summary));
    index(&mut item, keys::BY_KIND, "product", product.id.as_str());
    Ok(item)
}

impl ProductItem {
    pub fn read(self) -> Result<(Product, Head), Corrupt> {
        let product = Product {
            id: id(ProductId::parse(&self.id))?,
            name: self.name,
            description: self.description,
            unit_price: self.unit_price.read()?,
            active: self.active,
        };
        Ok((product, Head { seq: self.seq, hash: digest(&self.head)? }))
    }
}

/// The digest that names a product's details in its journal.
#[must_use]
pub fn product_digest(product: &Product) -> Digest {
    let parts = [
        product.name.clone(),
        product.description.clone(),
        product.unit_price.decimal_string(),
        product.unit_price.currency().code().to_owned(),
        product.active.to_string(),
    ];
    Digest::of(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}

#[derive(Debug, Serialize, Deserialize)]
struct BusinessItem {
    name: String,
    zone: String,
    default_currency: String,
    email_from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    sweep_hour: u8,
    due_default_days: u16,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    terms: String,
    seq: u64,
    head: String,
}

pub(crate) fn write_business(business: &Business, head: Head) -> Result<Item, Corrupt> {
    let body = BusinessItem {
        name: business.name.clone(),
        zone: business.zone.name().to_owned(),
        default_currency: business.default_currency.code().to_owned(),
        email_from: business.email_from.reveal().to_owned(),
        reply_to: business.reply_to.as_ref().map(|a| a.reveal().to_owned()),
        sweep_hour: business.sweep_hour.get(),
        due_default_days: business.due_default_days,
        terms: business.terms.clone(),
        seq: head.seq,
        head: head.hash.hex(),
    };
    write(&keys::business(), keys::STATE, &body)
}

pub(crate) fn read_business(item: &Item) -> Result<(Business, Head), Corrupt> {
    let body: BusinessItem = read(item)?;
    let business = Business {
        version: body.seq,
        name: body.name,
        zone: Zone::parse(&body.zone).map_err(|e| Corrupt::new("zone", e))?,
        default_currency: currency(&body.default_currency)?,
        email_from: email(&body.email_from)?,
        reply_to: body.reply_to.map(|a| email(&a)).transpose()?,
        sweep_hour: Hour::parse(i64::from(body.sweep_hour)).map_err(|e| Corrupt::new("sweep hour", e))?,
        due_default_days: body.due_default_days,
        terms: body.terms,
    };
    Ok((business, Head { seq: body.seq, hash: digest(&body.head)? }))
}

/// The digest that names the business's settings in its journal.
#[must_use]
pub fn business_digest(business: &Business) -> Digest {
    let parts = [
        business.name.clone(),
        business.zone.name().to_owned(),
        business.default_currency.code().to_owned(),
        business.email_from.reveal().to_owned(),
        business.reply_to.as_ref().map_or_else(String::new, |a| a.reveal().to_owned()),
        business.sweep_hour.get().to_string(),
        business.due_default_days.to_string(),
        business.terms.clone(),
    ];
    Digest::of(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}

/// What a request under an idempotency key did: enough to answer it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Digest of scope and key.
    pub key: Digest,
    /// Digest of method, path and body.
    pub request: Digest,
    /// What it made or changed, by id.
    pub result: String,
    /// When it was done.
    pub at: DateTime<Utc>,
}

/// Days an idempotency record is kept.
pub const IDEMPOTENCY_DAYS: i64 = 30;

impl IdempotencyRecord {
    /// From this instant on its key is free again.
    pub(crate) fn end(&self) -> DateTime<Utc> {
        self.at + chrono::TimeDelta::days(IDEMPOTENCY_DAYS)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct IdempotencyItem {
    request: String,
    result: String,
    at: DateTime<Utc>,
}

pub(crate) fn write_idempotency(record: &IdempotencyRecord) -> Result<Item, Corrupt> {
    let body = IdempotencyItem { request: record.request.hex(), result: record.result.clone(), at: record.at };
    let mut item = write(&keys::idempotency(&record.key), keys::STATE, &body)?;
    item.insert(keys::TTL.to_owned(), number(record.end().timestamp()));
    Ok(item)
}

pub(crate) fn read_idempotency(item: &Item, key: Digest) -> Result<IdempotencyRecord, Corrupt> {
    let body: IdempotencyItem = read(item)?;
    Ok(IdempotencyRecord { key, request: digest(&body.request)?, result: body.result, at: body.at })
}

/// What became of a gateway's event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayEventRecord {
    /// The gateway's name.
    pub gateway: String,
    /// Its id of the event.
    pub event_id: String,
    /// Its type.
    pub kind: String,
    /// `applied`, `ignored_old`, `unmatched`.
    pub outcome: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize)]
struct GatewayEventItem {
    kind: String,
    outcome: String,
    received_at: DateTime<Utc>,
}

pub(crate) fn write_gateway_event(record: &GatewayEventRecord) -> Result<Item, Corrupt> {
    let body = GatewayEventItem { kind: record.kind.clone(), outcome: record.outcome.clone(), received_at: record.received_at };
    let mut item = write(&keys::gateway_event(&record.gateway, &record.event_id), keys::STATE, &body)?;
    let end = record.received_at + chrono::TimeDelta::days(90);
    item.insert(keys::TTL.to_owned(), number(end.timestamp()));
    Ok(item)
}

/// The record of a function's latest run: for people and alarms, never deciding what is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The function.
    pub function: String,
    /// The day it was about, in the business's zone.
    pub day: NaiveDate,
    /// When it last finished.
    pub finished_at: DateTime<Utc>,
    /// Records it dealt with that day.
    pub done: u64,
    /// Records it could not deal with.
    pub failed: u64,
}

pub(crate) fn write_run(record: &RunRecord) -> Result<Item, Corrupt> {
    write(&keys::run(&record.function), keys::STATE, record)
}

pub(crate) fn read_run(item: &Item) -> Result<RunRecord, Corrupt> {
    read(item)
}
