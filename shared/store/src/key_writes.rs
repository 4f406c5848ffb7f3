//! How API keys are written: in a commit, each under the revision it was loaded with, and alone when one was used.

use crate::{
    Store, StoredApiKey,
    error::{CommitError, Corrupt, Lost},
    items::{api_key::write_api_key, number, text},
    keys,
};
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};

/// An API key's part of a commit.
#[derive(Debug)]
pub enum KeyWrite<'a> {
    /// One that was not there.
    New(&'a StoredApiKey),
    /// One as it is afterwards, under the revision it was loaded with; the commit raises it.
    Changed(&'a StoredApiKey),
    /// One that must still be as it was loaded, and stays so.
    Kept(&'a StoredApiKey),
}

/// A revision that no item has yet, as conditions write it.
const NO_REV: &str = "attribute_not_exists(rev)";
const SAME_REV: &str = "rev = :rev";

impl Store {
    pub(crate) fn key_write(&self, write: &KeyWrite<'_>) -> Result<(TransactWriteItem, Lost), Corrupt> {
        let item = match write {
            KeyWrite::New(stored) => {
                let put = self.key_put(stored)?.condition_expression("attribute_not_exists(pk)").build();
                TransactWriteItem::builder().put(put.map_err(|e| Corrupt::new("put", e))?).build()
            }
            KeyWrite::Changed(stored) => {
                let put = self.key_put(&StoredApiKey { rev: stored.rev + 1, ..(*stored).clone() })?;
                let put = match stored.rev {
                    0 => put.condition_expression(NO_REV),
                    rev => put.condition_expression(SAME_REV).expression_attribute_values(":rev", number(rev)),
                };
                TransactWriteItem::builder().put(put.build().map_err(|e| Corrupt::new("put", e))?).build()
            }
            KeyWrite::Kept(stored) => {
                let key = keys::api_key(&stored.key.id);
                let check = ConditionCheck::builder().table_name(&self.table).key("pk", text(key)).key("sk", text(keys::STATE));
                let check = match stored.rev {
                    0 => check.condition_expression(NO_REV),
                    rev => check.condition_expression(SAME_REV).expression_attribute_values(":rev", number(rev)),
                };
                TransactWriteItem::builder().condition_check(check.build().map_err(|e| Corrupt::new("check", e))?).build()
            }
        };
        Ok((item, Lost::Record))
    }

    fn key_put(&self, stored: &StoredApiKey) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Corrupt> {
        Ok(Put::builder().table_name(&self.table).set_item(Some(write_api_key(stored)?)))
    }

    /// Writes down an API key, whatever was there: how a key gets into an empty table.
    ///
    /// # Errors
    /// [`CommitError`].
    pub async fn put_api_key(&self, key: &StoredApiKey) -> Result<(), CommitError> {
        self.put_one(write_api_key(key)?, None, vec![], Lost::Record).await
    }

    /// Writes down when an API key was last used, if it still stands as it was loaded. Its revision stays.
    ///
    /// # Errors
    /// [`CommitError::Lost`] with [`Lost::Record`] when it was changed since, or its use written down by somebody else.
    pub async fn note_key_use(&self, before: &StoredApiKey, after: &StoredApiKey) -> Result<(), CommitError> {
        let mut values = Vec::new();
        let mut condition = NO_REV.to_owned();
        if before.rev > 0 {
            SAME_REV.clone_into(&mut condition);
            values.push((":rev", number(before.rev)));
        }
        match before.key.last_used_at {
            None => condition.push_str(" AND attribute_not_exists(last_used_at)"),
            Some(last) => {
                condition.push_str(" AND last_used_at = :last");
                values.push((":last", serde_dynamo::to_attribute_value(last).map_err(|e| Corrupt::new("last use", e))?));
            }
        }
        self.put_one(write_api_key(after)?, Some(&condition), values, Lost::Record).await
    }
}
