//! The outbox: what commits left behind goes out, at once from the table's stream, and when its time comes from the tick.

use app::{
    AppError, Deps,
    dispatch_outbox::{dispatch_due, dispatch_rows},
    sweep::Budget,
};
use mail::Mailer;
use serde::Serialize;
use serde_json::Value;
use store::stream::new_messages;

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
pub async fn handle(deps: &Deps, mailer: &Mailer, event: &Value, has_time: Budget<'_>) -> Result<Answer, AppError> {
    let Some(rows) = new_messages(event) else {
        dispatch_due(deps, mailer, has_time).await?;
        return Ok(Answer::default());
    };
    let keys: Vec<_> = rows.iter().map(|row| (row.subject.clone(), row.key.clone())).collect();
    let failed = dispatch_rows(deps, mailer, &keys).await;
    let failure = |(place, _): (usize, AppError)| Failure { item_identifier: rows[place].sequence_number.clone() };
    Ok(Answer { batch_item_failures: failed.into_iter().map(failure).collect() })
}
