//! The embedded engine behind a test's table: an operation's name and body in, a status and a body out.

use super::Answer;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Carries one operation out on the database.
pub(super) fn answer(database: &Database, operation: &str, body: &str) -> Answer {
    match run(database, operation, body) {
        Ok(body) => Answer { status: 200, body },
        Err(error) => Answer { status: error.status_code(), body: error.to_json() },
    }
}

fn run(db: &Database, operation: &str, body: &str) -> dynoxide::Result<String> {
    match operation {
        "GetItem" => carry(body, |it| db.get_item(it)),
        "PutItem" => carry(body, |it| db.put_item(it)),
        "UpdateItem" => carry(body, |it| db.update_item(it)),
        "DeleteItem" => carry(body, |it| db.delete_item(it)),
        "Query" => carry(body, |it| db.query(it)),
        "Scan" => carry(body, |it| db.scan(it)),
        "BatchGetItem" => carry(body, |it| db.batch_get_item(it)),
        "BatchWriteItem" => carry(body, |it| db.batch_write_item(it)),
        "TransactGetItems" => carry(body, |it| db.transact_get_items(it)),
        "TransactWriteItems" => carry(body, |it| db.transact_write_items(it)),
        "CreateTable" => carry(body, |it| db.create_table(it)),
        "DeleteTable" => carry(body, |it| db.delete_table(it)),
        "DescribeTable" => carry(body, |it| db.describe_table(it)),
        "UpdateTable" => carry(body, |it| db.update_table(it)),
        "ListTables" => carry(body, |it| db.list_tables(it)),
        "UpdateTimeToLive" => carry(body, |it| db.update_time_to_live(it)),
        "DescribeTimeToLive" => carry(body, |it| db.describe_time_to_live(it)),
        "ListStreams" => carry(body, |it| db.list_streams(it)),
        "DescribeStream" => carry(body, |it| db.describe_stream(it)),
        "GetShardIterator" => carry(body, |it| db.get_shard_iterator(it)),
        "GetRecords" => carry(body, |it| db.get_records(it)),
        other => panic!("the test table does not speak {other}"),
    }
}

fn carry<Request: DeserializeOwned, Response: Serialize>(
    body: &str,
    call: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<String> {
    let response = call(serde_json::from_str(body).map_err(unreadable)?)?;
    serde_json::to_string(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine marks the class of a refusal in the text of its decoding error.
fn unreadable(error: serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let of_the_request = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    if let Some((_, refusal)) = text.split_once(':').filter(|(mark, _)| mark.starts_with("VALIDATION")) {
        DynoxideError::ValidationException(refusal.to_owned())
    } else if of_the_request.iter().any(|sign| text.contains(sign)) {
        DynoxideError::ValidationException(text)
    } else {
        DynoxideError::SerializationException(text)
    }
}
