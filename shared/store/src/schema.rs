//! The table itself: made here for laptops and tests, by `infra/template.yaml` on AWS; a test holds the two together.

use crate::{
    Store,
    error::{Corrupt, StoreError, unavailable},
    keys::{INDEXES, Index, SUMMARY, TTL},
};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TimeToLiveSpecification,
};

fn key_schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, Corrupt> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(|e| Corrupt::new("schema", e)))
        .collect()
}

fn index(index: &Index) -> Result<GlobalSecondaryIndex, Corrupt> {
    let projection = if index.with_summary {
        Projection::builder().projection_type(ProjectionType::Include).non_key_attributes(SUMMARY).build()
    } else {
        Projection::builder().projection_type(ProjectionType::KeysOnly).build()
    };
    GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(key_schema(index.partition, index.sort)?))
        .projection(projection)
        .build()
        .map_err(|e| Corrupt::new("schema", e))
}

impl Store {
    /// Makes the table, if it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let mut names = vec!["pk", "sk"];
        names.extend(INDEXES.iter().flat_map(|index| [index.partition, index.sort]));
        let mut create = self
            .client
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema("pk", "sk")?))
            .stream_specification(
                StreamSpecification::builder()
                    .stream_enabled(true)
                    .stream_view_type(StreamViewType::NewImage)
                    .build()
                    .map_err(|e| Corrupt::new("schema", e))?,
            );
        for name in names {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
            create = create.attribute_definitions(attribute.map_err(|e| Corrupt::new("schema", e))?);
        }
        for shape in &INDEXES {
            create = create.global_secondary_indexes(index(shape)?);
        }
        match create.send().await {
            Ok(_) => self.delete_what_has_expired().await,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => Ok(()),
            Err(error) => Err(unavailable("CreateTable", &error)),
        }
    }

    async fn delete_what_has_expired(&self) -> Result<(), StoreError> {
        let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build().map_err(|e| Corrupt::new("schema", e))?;
        let answer = self.client.update_time_to_live().table_name(&self.table).time_to_live_specification(ttl).send().await;
        answer.map(|_| ()).map_err(|error| unavailable("UpdateTimeToLive", &error))
    }
}
