//! The table's stream, as a Lambda is given it: JSON whose shape is the service's.
//!
//! Source: AWS Lambda, Using Lambda with Amazon DynamoDB, example event.

use crate::keys::parse_message_key;
use domain::record::Subject;
use serde_json::Value;

/// An outbox row that a batch of the stream has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The record's place in the stream, by which it can be asked for again.
    pub sequence_number: String,
    /// The record the row belongs to.
    pub subject: Subject,
    /// The row's key.
    pub key: String,
}

/// The outbox rows that a batch has brought; none when the event is no batch of a stream.
#[must_use]
pub fn new_messages(event: &Value) -> Option<Vec<NewMessage>> {
    Some(event.get("Records")?.as_array()?.iter().filter_map(new_message).collect())
}

fn new_message(record: &Value) -> Option<NewMessage> {
    if record.get("eventName")?.as_str()? != "INSERT" {
        return None;
    }
    let change = record.get("dynamodb")?;
    let key = |name: &str| change.get("Keys")?.get(name)?.get("S")?.as_str();
    let (subject, key) = parse_message_key(key("pk")?, key("sk")?)?;
    Some(NewMessage { sequence_number: change.get("SequenceNumber")?.as_str()?.to_owned(), subject, key })
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
        let batch = |records: Vec<Value>| new_messages(&json!({ "Records": records })).unwrap_or_default();
        let found = batch(vec![record("INSERT", "M#unpaid/first/0011223344556677/email"), record("INSERT", "J#000000000001")]);
        assert!(found.len() == 1 && found[0].sequence_number == "7" && found[0].key.starts_with("unpaid/"));
        for (event, sk) in [("MODIFY", "M#unpaid"), ("REMOVE", "M#unpaid"), ("INSERT", "A#STATE")] {
            assert!(batch(vec![record(event, sk)]).is_empty(), "{event} {sk}");
        }
        assert_eq!(new_messages(&json!({"detail-type": "Scheduled Event"})), None);
    }
}
