//! Who asks for something, under which key, and what an earlier request under it made.

use crate::{AppError, Deps};
use chrono::{DateTime, Utc};
use domain::{digest::Digest, ids::RequestId, record::Actor};

/// A key under which a request is carried out once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Digest of the key, which holds for the whole business.
    pub key: Digest,
    /// Digest of method, path and body.
    pub request: Digest,
}

/// Who asks, and under which key.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// The request or run.
    pub request_id: RequestId,
    /// The key under which it is carried out once.
    pub idempotency: Option<Idempotency>,
}

impl Caller {
    /// A caller without a key, for functions that nobody watches and for customers.
    #[must_use]
    pub fn new(deps: &Deps, actor: Actor, now: DateTime<Utc>) -> Self {
        Self { actor, request_id: deps.request_id(now), idempotency: None }
    }
}

/// What a request brought, and whether it was carried out by an earlier one under the same key.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// What it brought.
    pub value: T,
    /// Whether this was a replay.
    pub replayed: bool,
}

impl Deps {
    /// What an earlier request under the caller's key made, by id.
    pub(crate) async fn replayed(&self, caller: &Caller) -> Result<Option<String>, AppError> {
        let now = self.clock.now();
        let Some(idempotency) = &caller.idempotency else { return Ok(None) };
        match self.store.find_idempotency(&idempotency.key, now).await? {
            None => Ok(None),
            Some(record) if record.request == idempotency.request => Ok(Some(record.result)),
            Some(_) => Err(AppError::KeyReused),
        }
    }
}
