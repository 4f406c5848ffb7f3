//! How the table is asked: for one item, for a page, for a range. From the table itself every read is strong.

use crate::{
    Store,
    error::{StoreError, unavailable},
    items::{Item, text},
    keys::Index,
};
use std::collections::BTreeMap;

/// A key of the table or of an index, as a query ends at it and goes on after it.
pub(crate) type Key = BTreeMap<String, String>;

/// One query: of the table, or of an index.
pub(crate) struct Ask<'a> {
    pub index: Option<Index>,
    pub partition: String,
    /// Condition on the sort key after `AND`, with `:a` and `:b`.
    pub condition: &'a str,
    pub values: Vec<(&'a str, String)>,
    pub limit: Option<i32>,
    pub backwards: bool,
    pub start: Option<Key>,
}

impl Store {
    pub(crate) async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, StoreError> {
        let answer =
            self.client.get_item().table_name(&self.table).key("pk", text(pk)).key("sk", text(sk)).consistent_read(true).send().await;
        match answer {
            Ok(found) => Ok(found.item),
            Err(error) => Err(unavailable("GetItem", &error)),
        }
    }

    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<(Vec<Item>, Option<Key>), StoreError> {
        let (partition, sort) = ask.index.map_or(("pk", "sk"), |index| (index.partition, index.sort));
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(ask.index.map(|index| index.name.to_owned()))
            .key_condition_expression(if ask.condition.is_empty() {
                "#p = :p".to_owned()
            } else {
                format!("#p = :p AND {}", ask.condition)
            })
            .expression_attribute_names("#p", partition)
            .expression_attribute_values(":p", text(ask.partition))
            .set_limit(ask.limit)
            .scan_index_forward(!ask.backwards);
        if ask.index.is_none() {
            query = query.consistent_read(true);
        }
        if !ask.condition.is_empty() {
            query = query.expression_attribute_names("#s", sort);
        }
        for (name, value) in ask.values {
            query = query.expression_attribute_values(name, text(value));
        }
        if let Some(start) = ask.start {
            query = query.set_exclusive_start_key(Some(start.into_iter().map(|(name, value)| (name, text(value))).collect()));
        }
        match query.send().await {
            Ok(found) => {
                let next = found
                    .last_evaluated_key
                    .map(|key| key.into_iter().filter_map(|(name, value)| Some((name, value.as_s().ok()?.clone()))).collect());
                Ok((found.items.unwrap_or_default(), next))
            }
            Err(error) => Err(unavailable("Query", &error)),
        }
    }

    pub(crate) async fn range(&self, pk: String, from: &str, to: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let ask = Ask {
                index: None,
                partition: pk.clone(),
                condition: "#s BETWEEN :a AND :b",
                values: vec![(":a", from.to_owned()), (":b", to.to_owned())],
                limit: None,
                backwards: false,
                start,
            };
            let (found, next) = self.ask(ask).await?;
            items.extend(found);
            match next {
                Some(next) => start = Some(next),
                None => return Ok(items),
            }
        }
    }
}
