//! Who holds an API key.

use crate::{AppError, Deps};
use domain::{digest::Digest, ids::ApiKeyId};
use store::StoredApiKey;

/// Digest of a key's secret part: what the table keeps of it.
///
/// A secret of 256 random bits needs no slow hash: nobody can try them all.
#[must_use]
pub fn hash_of_secret(secret: &str) -> Digest {
    Digest::of(&[b"api key 1", secret.as_bytes()])
}

/// Finds whose key a bearer token is: `key_<26 characters>_<secret>`. At most one read a minute for each key.
///
/// # Errors
/// [`AppError::Unauthenticated`] for a missing, malformed, unknown or wrong one, all alike.
pub async fn authenticate(deps: &Deps, bearer: Option<&str>) -> Result<ApiKeyId, AppError> {
    let now = deps.clock.now();
    let token = bearer.ok_or(AppError::Unauthenticated)?;
    let (id, secret) = token.rsplit_once('_').filter(|_| token.len() <= 200).ok_or(AppError::Unauthenticated)?;
    let id = ApiKeyId::parse(id).map_err(|_| AppError::Unauthenticated)?;
    let key: StoredApiKey = match deps.cached(|cache| cache.keys.get(id.as_str()).cloned(), now) {
        Some(key) => key,
        None => {
            let found = deps.store.find_api_key(&id).await?.ok_or(AppError::Unauthenticated)?;
            deps.remember(|cache| {
                cache.keys.insert(id.to_string(), (now, found.clone()));
            });
            found
        }
    };
    // Digests are compared, not secrets: how early two digests differ tells nothing of the secret.
    if key.hash == hash_of_secret(secret) { Ok(id) } else { Err(AppError::Unauthenticated) }
}
