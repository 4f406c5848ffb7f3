//! The table's stream, as the batches that its mapping in the template gives to a Lambda.

use crate::schedule::{Mapping, TEMPLATE, mapping};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

type Queue = Mutex<VecDeque<Value>>;

/// Everybody who follows a table, and what of its rows they want.
pub(crate) struct Streams {
    mapping: Mapping,
    followers: Mutex<Vec<Weak<Queue>>>,
    records: AtomicU64,
}

/// A row that a write puts: where, under which keys, and the whole of it.
pub(crate) struct Row {
    pub(crate) table: String,
    pub(crate) keys: Value,
    image: Value,
}

/// What was inserted since it began, until it is taken.
#[derive(Debug)]
pub struct Stream {
    records: Arc<Queue>,
    most: usize,
}

impl Stream {
    /// The next batch as a Lambda event, or none when nothing is new.
    pub fn next_batch(&mut self) -> Option<Value> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let most = records.len().min(self.most);
        let batch: Vec<Value> = records.drain(..most).collect();
        (!batch.is_empty()).then(|| json!({ "Records": batch }))
    }
}

impl Streams {
    pub(crate) fn of_template() -> anyhow::Result<Self> {
        let mapping = mapping(TEMPLATE).map_err(anyhow::Error::msg)?;
        Ok(Self { mapping, followers: Mutex::default(), records: AtomicU64::new(1) })
    }

    pub(crate) fn subscribe(&self) -> Stream {
        let records = Arc::new(Queue::default());
        self.followers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&records));
        Stream { records, most: self.mapping.batch_size }
    }

    /// Whether anybody follows; what nobody would read is not kept.
    pub(crate) fn are_followed(&self) -> bool {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|queue| queue.strong_count() > 0);
        !followers.is_empty()
    }

    /// The rows of a write that the mapping lets through if they are new.
    pub(crate) fn wanted(&self, operation: &str, request: &Value) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut put = |table: &Value, image: &Value| {
            let keys = json!({ "pk": image["pk"], "sk": image["sk"] });
            if self.mapping.pattern.matches(&json!({ "eventName": "INSERT", "dynamodb": { "Keys": keys } })) {
                rows.push(Row { table: table.as_str().unwrap_or_default().to_owned(), keys, image: image.clone() });
            }
        };
        match operation {
            "PutItem" => put(&request["TableName"], &request["Item"]),
            "TransactWriteItems" => {
                let puts = request["TransactItems"].as_array().into_iter().flatten().filter_map(|item| item.get("Put"));
                puts.for_each(|it| put(&it["TableName"], &it["Item"]));
            }
            "BatchWriteItem" => {
                for (table, writes) in request["RequestItems"].as_object().into_iter().flatten() {
                    let puts = writes.as_array().into_iter().flatten().filter_map(|write| write["PutRequest"].get("Item"));
                    puts.for_each(|item| put(&Value::from(table.as_str()), item));
                }
            }
            _ => {}
        }
        rows
    }

    /// Gives everybody who follows the rows that were inserted.
    pub(crate) fn feed(&self, rows: Vec<Row>) {
        let records: Vec<Value> = rows.into_iter().map(|row| self.record(row)).collect();
        for follower in self.followers.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade) {
            follower.lock().unwrap_or_else(PoisonError::into_inner).extend(records.iter().cloned());
        }
    }

    /// Source: AWS Lambda, Using Lambda with Amazon DynamoDB, example event.
    fn record(&self, row: Row) -> Value {
        let number = self.records.fetch_add(1, Ordering::Relaxed);
        json!({
            "eventID": format!("{number:032x}"),
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": row.keys, "NewImage": row.image, "SequenceNumber": format!("{number:021}"), "StreamViewType": "NEW_IMAGE"
            },
        })
    }
}
