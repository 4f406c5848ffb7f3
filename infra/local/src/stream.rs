//! The embedded table's stream, as batches that a Lambda would be given.

use anyhow::Context as _;
use dynoxide::Database;
use dynoxide::actions::{
    describe_stream::DescribeStreamRequest, get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest,
    list_streams::ListStreamsRequest,
};
use serde_json::{Value, json};

/// Where reading the stream has come.
#[derive(Debug)]
pub struct Stream {
    iterators: Vec<String>,
}

impl Stream {
    /// Begins after what is in the stream now; what was left before is found by the tick.
    ///
    /// # Errors
    /// The table has no stream.
    pub fn from_now(database: &Database, table: &str) -> anyhow::Result<Self> {
        let streams = database.list_streams(ListStreamsRequest { table_name: Some(table.to_owned()), ..Default::default() })?;
        let stream_arn = streams.streams.first().context("the table has no stream")?.stream_arn.clone();
        let described = database.describe_stream(DescribeStreamRequest { stream_arn: stream_arn.clone(), ..Default::default() })?;
        let mut iterators = Vec::new();
        for shard in described.stream_description.shards {
            let request = GetShardIteratorRequest {
                stream_arn: stream_arn.clone(),
                shard_id: shard.shard_id,
                shard_iterator_type: "LATEST".to_owned(),
                sequence_number: None,
            };
            iterators.extend(database.get_shard_iterator(request)?.shard_iterator);
        }
        Ok(Self { iterators })
    }

    /// The next batch as a Lambda event, or none when nothing is new.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn next_batch(&mut self, database: &Database) -> anyhow::Result<Option<Value>> {
        let mut records = Vec::new();
        for iterator in &mut self.iterators {
            let answer = database.get_records(GetRecordsRequest { shard_iterator: iterator.clone(), limit: Some(100) })?;
            if let Some(next) = answer.next_shard_iterator {
                *iterator = next;
            }
            for record in answer.records {
                records.push(serde_json::to_value(record)?);
            }
        }
        Ok((!records.is_empty()).then(|| json!({ "Records": records })))
    }
}
