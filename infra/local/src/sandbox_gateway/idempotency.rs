//! Idempotency keys. Source: docs.stripe.com/api/idempotent_requests.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{Answer, ApiError};
use super::state::State;

const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// The answer a key was first used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredAnswer {
    path: String,
    fingerprint: String,
    status: u16,
    body: String,
    at: i64,
}

/// A POST under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keyed {
    pub(super) key: String,
    path: String,
    fingerprint: String,
}

impl Keyed {
    /// The parameters count, their order does not.
    pub(super) fn new(key: &str, path: &str, pairs: &[(String, String)]) -> Self {
        let mut sorted: Vec<_> = pairs.iter().collect();
        sorted.sort();
        let mut hash = Sha256::new();
        for part in sorted.into_iter().flat_map(|(name, value)| [name, value]) {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self { key: key.to_owned(), path: path.to_owned(), fingerprint: HEXLOWER.encode(&hash.finalize()) }
    }
}

impl State {
    /// The stored answer for this very request, if its key was used in the last 24 hours.
    pub(super) fn replay(&self, request: &Keyed, now: i64) -> Result<Option<Answer>, ApiError> {
        let Some(stored) = self.keys.get(&request.key).filter(|stored| is_kept(stored, now)) else {
            return Ok(None);
        };
        let key = &request.key;
        if stored.path != request.path {
            return Err(ApiError::key_reused(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{}' vs \
                 '{}'). Try using a key other than '{key}' if you meant to execute a different request.",
                request.path, stored.path
            )));
        }
        if stored.fingerprint != request.fingerprint {
            return Err(ApiError::key_reused(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
                 using a key other than '{key}' if you meant to execute a different request."
            )));
        }
        Ok(Some(Answer { status: stored.status, body: stored.body.clone() }))
    }

    /// Stores what was answered and forgets keys older than 24 hours.
    pub(super) fn remember(&mut self, request: &Keyed, answer: &Answer, now: i64) {
        self.keys.retain(|_, stored| is_kept(stored, now));
        let stored = StoredAnswer {
            path: request.path.clone(),
            fingerprint: request.fingerprint.clone(),
            status: answer.status,
            body: answer.body.clone(),
            at: now,
        };
        self.keys.insert(request.key.clone(), stored);
    }
}

fn is_kept(stored: &StoredAnswer, now: i64) -> bool {
    now.saturating_sub(stored.at) < KEPT_SECONDS
}
