//! The outbox: what commits left behind goes out, at once from the table's stream, and when its time comes from the tick.

use app::{
    AppError, Deps,
    dispatch_outbox::{dispatch_due, dispatch_rows},
};
use mail::Mailer;
use serde::Serialize;
use serde_json::Value;
use store::queries::parse_message_key;

/// The answer to an event: records of a stream's batch that should be brought again.
///
/// Source: AWS Lambda, Using Lambda with DynamoDB, "Reporting batch item failures".
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The failed records; none means that all went well.
    #[serde(rename = "batchItemFailures")]
    pub batch_item_failures: Vec<Failure>,
}

/// A record of a batch that failed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Its sequence number in the stream.
    #[serde(rename = "itemIdentifier")]
    pub item_identifier: String,
}

/// Hands over the rows of a stream's batch, or, for any other event, every row whose time has come.
///
/// # Errors
/// [`AppError`] when the tick cannot begin.
pub async fn handle(deps: &Deps, mailer: &Mailer, event: &Value, has_time: &(dyn Fn() -> bool + Send + Sync)) -> Result<Answer, AppError> {
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        dispatch_due(deps, mailer, has_time).await?;
        return Ok(Answer::default());
    };
    let rows: Vec<_> = records.iter().filter_map(row).collect();
    let keys: Vec<_> = rows.iter().map(|(_, key)| key.clone()).collect();
    let failed = dispatch_rows(deps, mailer, &keys).await;
    let failure = |(place, _): (usize, AppError)| Failure { item_identifier: rows[place].0.clone() };
    Ok(Answer { batch_item_failures: failed.into_iter().map(failure).collect() })
}

/// The sequence number and the row of a record that put a row into the outbox.
fn row(record: &Value) -> Option<(String, (domain::ids::InvoiceId, String))> {
    if record.get("eventName")?.as_str()? != "INSERT" {
        return None;
    }
    let keys = record.pointer("/dynamodb/Keys")?;
    let key = |name: &str| keys.get(name)?.get("S")?.as_str();
    let sequence = record.pointer("/dynamodb/SequenceNumber")?.as_str()?;
    Some((sequence.to_owned(), parse_message_key(key("pk")?, key("sk")?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_new_outbox_rows_of_a_batch_are_taken() {
        let record = |event: &str, sk: &str| {
            let keys = json!({"pk": {"S": "INV#inv_00000000000000000000000001"}, "sk": {"S": sk}});
            json!({"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys, "SequenceNumber": "7"}})
        };
        assert!(
            row(&record("INSERT", "M#unpaid/first/0011223344556677/email"))
                .is_some_and(|(seq, (_, key))| seq == "7" && key.starts_with("unpaid/"))
        );
        for (event, sk) in [("MODIFY", "M#unpaid"), ("REMOVE", "M#unpaid"), ("INSERT", "A#STATE"), ("INSERT", "J#000000000001")] {
            assert!(row(&record(event, sk)).is_none(), "{event} {sk}");
        }
        assert!(row(&json!({})).is_none());
    }
}
