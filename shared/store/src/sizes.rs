//! How large an item is, before it is sent.

use crate::{error::StoreError, items::Item};
use aws_sdk_dynamodb::types::AttributeValue;

/// The most bytes that an item may take.
///
/// Source: DynamoDB developer guide, "Quotas in Amazon DynamoDB": 400 KB, names included.
pub(crate) const MOST: usize = 400 * 1024;

/// The most items and bytes of one transaction.
///
/// Source: DynamoDB API reference, `TransactWriteItems`: up to 100 actions, 4 MB in all.
pub(crate) const MOST_ITEMS: usize = 100;
pub(crate) const MOST_AT_ONCE: usize = 4 * 1024 * 1024;

/// Whether so many actions, with these items, may be sent at once.
///
/// # Errors
/// [`StoreError::TooMany`], [`StoreError::TooLarge`].
pub(crate) fn all_fit<'a>(actions: usize, items: impl Iterator<Item = &'a Item>) -> Result<(), StoreError> {
    if actions > MOST_ITEMS {
        return Err(StoreError::TooMany { items: actions, most: MOST_ITEMS });
    }
    let mut sum = 0;
    for item in items {
        let bytes = members(item.iter().map(|(name, value)| (name.as_str(), value)));
        if bytes > MOST {
            return Err(StoreError::TooLarge { bytes, most: MOST });
        }
        sum += bytes;
    }
    if sum > MOST_AT_ONCE { Err(StoreError::TooLarge { bytes: sum, most: MOST_AT_ONCE }) } else { Ok(()) }
}

fn members<'a>(all: impl Iterator<Item = (&'a str, &'a AttributeValue)>) -> usize {
    all.map(|(name, value)| name.len() + size(value)).sum()
}

/// Bytes of a value. A number is counted as if it had no zeros at its ends, which is the most that it takes.
///
/// Source: DynamoDB developer guide, "DynamoDB item sizes and formats".
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK keeps a variant to itself, which is never written")]
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1 + usize::from(number.starts_with('-')),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.len() + members(map.iter().map(|(name, value)| (name.as_str(), value))),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| number.len().div_ceil(2) + 2).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(|blob| blob.as_ref().len()).sum(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        _ => 0,
    }
}
