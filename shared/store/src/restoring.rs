//! What a restored table needs: to become equal to a backup, to be read whole, and a number series that moves on.

use crate::{
    Store, StoreError,
    error::{Corrupt, unavailable},
    items::{FORMAT, Item, number, sort_key, string_of, text},
    keys,
    lists::{Due, due},
};
use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata as _,
    types::{DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest},
};
use domain::numbering::INVOICE_SERIES;
use std::{collections::HashMap, time::Duration};

/// Keys of one batch of reads, and writes of one batch: what DynamoDB takes at most.
const READS: usize = 100;
const WRITES: usize = 25;
/// Times that what a batch left over is sent again, each time after a longer while.
const AGAIN: u32 = 12;

/// Where a walk goes on.
#[derive(Debug, Clone)]
pub struct Position(Item);

/// What making two tables equal took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Items that were missing or different and were written.
    pub written: u64,
    /// Items that the backup does not have and that were taken away.
    pub removed: u64,
}

impl Store {
    /// Makes this table hold exactly what another one holds. Nothing else may write to either meanwhile. What is equal costs only its
    /// read, and a run that ended early is simply run again.
    ///
    /// # Errors
    /// [`StoreError`]; what was copied until then stays.
    pub async fn become_equal_to(&self, backup: &Self) -> Result<Copied, StoreError> {
        let mut copied = Copied::default();
        let mut start = None;
        loop {
            let (items, next) = backup.scan(start, false).await?;
            for some in items.chunks(READS) {
                let here = self.read_batch(some.iter().map(key_of).collect()).await?;
                let different = |item: &&Item| here.get(&name_of(item)) != Some(*item);
                let puts: Vec<WriteRequest> = some.iter().filter(different).map(put).collect::<Result<_, _>>()?;
                copied.written += self.write_batches(puts).await?;
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        loop {
            let (items, next) = self.scan(start, true).await?;
            for some in items.chunks(READS) {
                let there = backup.read_batch(some.iter().map(key_of).collect()).await?;
                let extra = |item: &&Item| !there.contains_key(&name_of(item));
                let deletes: Vec<WriteRequest> = some.iter().filter(extra).map(delete).collect::<Result<_, _>>()?;
                copied.removed += self.write_batches(deletes).await?;
            }
            start = next;
            if start.is_none() {
                return Ok(copied);
            }
        }
    }

    /// Every invoice, attempt and outbox row, read strongly from the table itself, a page at a time; `None` ends it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn walk_records(&self, from: Option<Position>) -> Result<(Vec<Due>, Option<Position>), StoreError> {
        let (items, next) = self.scan(from.map(|position| position.0), true).await?;
        let mut found = Vec::new();
        for item in &items {
            found.extend(due(string_of(item, "pk").unwrap_or_default(), sort_key(item))?);
        }
        Ok((found, next.map(Position)))
    }

    /// Lets the invoice series go on at a number or later. `false` when it is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn raise_next_number(&self, next: u64) -> Result<bool, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(keys::number_series(INVOICE_SERIES)))
            .key("sk", text(keys::STATE))
            .update_expression("SET next_number = :next, v = :v")
            .condition_expression("attribute_not_exists(next_number) OR next_number < :next")
            .expression_attribute_values(":next", number(next))
            .expression_attribute_values(":v", number(FORMAT))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(unavailable("UpdateItem", &error)),
        }
    }

    async fn scan(&self, from: Option<Item>, keys_only: bool) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let scan = self.client.scan().table_name(&self.table).consistent_read(true).set_exclusive_start_key(from);
        let scan = if keys_only { scan.projection_expression("pk, sk") } else { scan };
        let page = scan.send().await.map_err(|error| unavailable("Scan", &error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key.filter(|key| !key.is_empty())))
    }

    async fn read_batch(&self, wanted: Vec<Item>) -> Result<HashMap<(String, String), Item>, StoreError> {
        let mut found = HashMap::new();
        let mut left = wanted;
        for round in 0..AGAIN {
            if left.is_empty() {
                return Ok(found);
            }
            pause(round).await;
            let keys = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
            let keys = keys.map_err(|e| Corrupt::new("batch", e))?;
            let answer = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let answer = answer.map_err(|error| unavailable("BatchGetItem", &error))?;
            let items = answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
            found.extend(items.into_iter().map(|item| (name_of(&item), item)));
            left = answer.unprocessed_keys.unwrap_or_default().remove(&self.table).map(|keys| keys.keys).unwrap_or_default();
        }
        Err(StoreError::Unavailable { operation: "BatchGetItem", code: "keys are left over again and again".to_owned() })
    }

    async fn write_batches(&self, writes: Vec<WriteRequest>) -> Result<u64, StoreError> {
        let count = writes.len() as u64;
        for some in writes.chunks(WRITES) {
            self.write_batch(some.to_vec()).await?;
        }
        Ok(count)
    }

    async fn write_batch(&self, writes: Vec<WriteRequest>) -> Result<(), StoreError> {
        let mut left = writes;
        for round in 0..AGAIN {
            if left.is_empty() {
                return Ok(());
            }
            pause(round).await;
            let answer = self.client.batch_write_item().request_items(&self.table, left).send().await;
            let answer = answer.map_err(|error| unavailable("BatchWriteItem", &error))?;
            left = answer.unprocessed_items.unwrap_or_default().remove(&self.table).unwrap_or_default();
        }
        Err(StoreError::Unavailable { operation: "BatchWriteItem", code: "writes are left over again and again".to_owned() })
    }
}

/// Not at all before the first try, then 50 ms, twice as long each time, at most 12.8 s.
async fn pause(round: u32) {
    if round > 0 {
        tokio::time::sleep(Duration::from_millis(25 << round.min(9))).await;
    }
}

fn key_of(item: &Item) -> Item {
    item.iter().filter(|(name, _)| ["pk", "sk"].contains(&name.as_str())).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn name_of(item: &Item) -> (String, String) {
    (string_of(item, "pk").unwrap_or_default().to_owned(), sort_key(item).to_owned())
}

fn put(item: &Item) -> Result<WriteRequest, Corrupt> {
    let put = PutRequest::builder().set_item(Some(item.clone())).build().map_err(|e| Corrupt::new("put", e))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn delete(item: &Item) -> Result<WriteRequest, Corrupt> {
    let delete = DeleteRequest::builder().set_key(Some(key_of(item))).build().map_err(|e| Corrupt::new("delete", e))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}
