//! How records look in the table. Private to the store: no other crate sees an item.
//!
//! Every item says its format in `v`. Formats are only ever added to; the fixtures in `fixtures/` hold one of each for ever.

pub(crate) mod api_key;
pub(crate) mod attempt;
pub(crate) mod credit;
pub(crate) mod invoice;
pub(crate) mod journal;
pub(crate) mod money;
pub(crate) mod others;
pub(crate) mod outbox;
pub(crate) mod payment;
pub(crate) mod words;

use crate::error::Corrupt;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The format that is written today.
pub(crate) const FORMAT: u32 = 1;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An item of a private struct under its keys.
pub(crate) fn write<T: Serialize>(pk: &str, sk: &str, body: &T) -> Result<Item, Corrupt> {
    let mut item: Item = serde_dynamo::to_item(body).map_err(|e| Corrupt::new(sk, e))?;
    item.insert("pk".to_owned(), text(pk));
    item.insert("sk".to_owned(), text(sk));
    item.insert("v".to_owned(), number(FORMAT));
    Ok(item)
}

/// The private struct of an item.
pub(crate) fn read<T: DeserializeOwned>(item: &Item) -> Result<T, Corrupt> {
    let found = item.get("v").and_then(|v| v.as_n().ok()).map(String::as_str);
    if found != Some("1") {
        return Err(Corrupt::new(sort_key(item), format!("format {} is not known to this version", found.unwrap_or("none"))));
    }
    serde_dynamo::from_item(item.clone()).map_err(|e| Corrupt::new(sort_key(item), e))
}

/// Whether a sum in minor units is left out.
pub(crate) fn is_zero(sum: &i64) -> bool {
    *sum == 0
}

pub(crate) fn sort_key(item: &Item) -> &str {
    item.get("sk").and_then(|v| v.as_s().ok()).map_or("", String::as_str)
}

pub(crate) fn string_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|v| v.as_s().ok()).map(String::as_str)
}

/// Puts an item into an index.
pub(crate) fn index(item: &mut Item, index: crate::keys::Index, partition: impl Into<String>, sort: impl Into<String>) {
    item.insert(index.partition.to_owned(), text(partition));
    item.insert(index.sort.to_owned(), text(sort));
}
