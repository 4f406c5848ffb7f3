//! A full table, without a life for every invoice in it.

use crate::world::World;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use domain::ids::InvoiceId;
use std::collections::HashMap;

/// What is done with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filler {
    /// They are put there.
    Put,
    /// They are deleted again.
    Delete,
}

/// Puts the states of so many invoices like the one given into the table, in the same shard, or deletes them again: what no story
/// could write one by one. They have no journal, so they must be gone when the story ends.
///
/// # Panics
/// When the table does not take them.
pub async fn others_like(w: &World, id: &str, count: u64, filler: Filler) {
    let client = w.table.client();
    let key = |id: &str| [("pk", format!("INV#{id}")), ("sk", "A#STATE".to_owned())];
    let key = |id: &str| HashMap::from(key(id).map(|(name, value)| (name.to_owned(), AttributeValue::S(value))));
    let found = client.get_item().table_name("remit").set_key(Some(key(id))).send().await.unwrap().item.unwrap();
    let ids: Vec<String> = (1..=count).map(|n| InvoiceId::at(n, n.into()).to_string()).collect();
    for some in ids.chunks(25) {
        let write = |other: &String| {
            let like = |value: &AttributeValue| match value {
                AttributeValue::S(text) => AttributeValue::S(text.replace(id, other)),
                same => same.clone(),
            };
            let item = found.iter().map(|(name, value)| (name.clone(), like(value))).collect();
            let put_it = PutRequest::builder().set_item(Some(item)).build().unwrap();
            let delete_it = DeleteRequest::builder().set_key(Some(key(other))).build().unwrap();
            match filler {
                Filler::Put => WriteRequest::builder().put_request(put_it).build(),
                Filler::Delete => WriteRequest::builder().delete_request(delete_it).build(),
            }
        };
        let writes = some.iter().map(write).collect();
        let answer = client.batch_write_item().request_items("remit", writes).send().await.unwrap();
        assert!(answer.unprocessed_items.unwrap_or_default().is_empty());
    }
}
