//! The only crate that knows DynamoDB.
//!
//! [`keys`] is every key shape on one page; [`queries`] is every read of a record, [`lists`] every list; [`commits`] is every
//! change: state, journal, outbox, idempotency record and number in one conditional transaction. Items are private.

mod ask;
pub mod audit;
pub mod commits;
pub mod error;
mod items;
mod key_writes;
pub mod keys;
pub mod lists;
pub mod queries;
pub mod restoring;
pub mod schema;
mod sizes;
pub mod stream;
mod writes;

pub use error::{CommitError, Lost, StoreError};
pub use items::{
    api_key::StoredApiKey,
    journal::StoredEntry,
    others::{GatewayEventRecord, IDEMPOTENCY_DAYS, IdempotencyRecord, RunRecord, business_digest, product_digest},
};
pub use key_writes::KeyWrite;

use domain::record::Head;

/// A record with its place in its journal: what a commit is conditional on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The record.
    pub value: T,
    /// The journal's end when it was loaded.
    pub head: Head,
}

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl Store {
    /// Connects to a table. `endpoint` replaces the service's own address.
    #[must_use]
    pub fn new(sdk: &aws_config::SdkConfig, endpoint: Option<&str>, table: &str) -> Self {
        let mut config = aws_sdk_dynamodb::config::Builder::from(sdk);
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: aws_sdk_dynamodb::Client::from_conf(config.build()), table: table.to_owned() }
    }
}
