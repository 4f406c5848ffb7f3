//! What is written alone, without a journal: gateway events, sweeps' records, outbox rows that move on.

use crate::{
    Store,
    error::{CommitError, Corrupt, Lost, unavailable},
    items::{
        Item, number,
        others::{self, GatewayEventRecord, RunRecord},
        outbox, text,
    },
};
use aws_sdk_dynamodb::{error::ProvideErrorMetadata as _, types::AttributeValue};
use domain::message::{Message, MessageState};

impl Store {
    /// Records a gateway's event that changes nothing.
    ///
    /// # Errors
    /// [`CommitError::Lost`] with [`Lost::Event`] when it is there already.
    pub async fn record_gateway_event(&self, record: &GatewayEventRecord) -> Result<(), CommitError> {
        self.put_one(others::write_gateway_event(record)?, Some("attribute_not_exists(pk)"), vec![], Lost::Event).await
    }

    /// Writes down how a sweep went.
    ///
    /// # Errors
    /// [`CommitError`].
    pub async fn put_run(&self, record: &RunRecord) -> Result<(), CommitError> {
        self.put_one(others::write_run(record)?, None, vec![], Lost::Record).await
    }

    /// Puts a row into the outbox that no change of a record brings.
    ///
    /// # Errors
    /// [`CommitError::Lost`] with [`Lost::Twice`] when it is there already.
    pub async fn add_message(&self, message: &Message) -> Result<(), CommitError> {
        self.put_one(outbox::write_message(message)?, Some("attribute_not_exists(pk)"), vec![], Lost::Twice).await
    }

    /// Moves an outbox row on, if it still stands as it was loaded.
    ///
    /// # Errors
    /// [`CommitError::Lost`] with [`Lost::Conflict`] when somebody else moved it.
    pub async fn move_message(&self, before: &Message, after: &Message) -> Result<(), CommitError> {
        let values = vec![(":state", text(before.state.name())), (":tries", number(before.tries))];
        let item = outbox::write_message(after)?;
        match &before.state {
            MessageState::Claimed { until } => {
                let mut values = values;
                let until = serde_dynamo::to_attribute_value(until).map_err(|e| Corrupt::new("lease", e))?;
                values.push((":until", until));
                self.put_one(item, Some("#state = :state AND tries = :tries AND state_at = :until"), values, Lost::Conflict).await
            }
            MessageState::Planned
            | MessageState::Handed { .. }
            | MessageState::Uncertain { .. }
            | MessageState::Failed { .. }
            | MessageState::Cancelled { .. } => {
                self.put_one(item, Some("#state = :state AND tries = :tries"), values, Lost::Conflict).await
            }
        }
    }

    pub(crate) async fn put_one(
        &self,
        item: Item,
        condition: Option<&str>,
        values: Vec<(&str, AttributeValue)>,
        lost: Lost,
    ) -> Result<(), CommitError> {
        let mut put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        if let Some(condition) = condition {
            put = put.condition_expression(condition);
            if condition.contains("#state") {
                put = put.expression_attribute_names("#state", "state");
            }
        }
        for (name, value) in values {
            put = put.expression_attribute_values(name, value);
        }
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Err(CommitError::Lost(lost)),
            Err(error) => Err(CommitError::Store(unavailable("PutItem", &error))),
        }
    }
}
