//! What the use cases of API keys share: how a key is found, whose secret the stack was born with, and how a new one is minted.

use crate::{AppError, Caller, Deps, millis};
use chrono::{DateTime, Utc};
use domain::{
    api_key::{ApiKey, BOOTSTRAP_ID},
    digest::Digest,
    ids::ApiKeyId,
    pii::Pii,
    record::Actor,
};
use runtime::secrets::{SecretError, Secrets};
use secrecy::ExposeSecret as _;
use store::StoredApiKey;

/// The name that the bootstrap key is listed under.
const BOOTSTRAP_NAME: &str = "Bootstrap key of the stack";

/// The key that the stack was born with. Its secret is in the secret store; here is only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// Its public part.
    pub id: ApiKeyId,
    /// Digest of its secret part.
    pub hash: Digest,
}

/// Digest of a key's secret part: what the table keeps of it.
///
/// A secret of 256 random bits needs no slow hash: nobody can try them all.
#[must_use]
pub fn hash_of_secret(secret: &str) -> Digest {
    Digest::of(&[b"api key 1", secret.as_bytes()])
}

/// Reads the bootstrap key. Nothing hangs on it once there are others, so one that cannot be read is only noted, and one whose secret
/// was deleted, as it should be, is not even that.
pub(crate) async fn bootstrap(secrets: &Secrets, name: Option<&str>) -> Option<Bootstrap> {
    match secrets.bootstrap_key(name?).await {
        Ok(found) => match ApiKeyId::parse(&found.id) {
            Ok(id) if ApiKey::is_bootstrap(&id) => Some(Bootstrap { id, hash: hash_of_secret(found.secret.expose_secret()) }),
            Ok(_) | Err(_) => {
                tracing::error!("the bootstrap key is not taken: its id must be {BOOTSTRAP_ID}");
                None
            }
        },
        Err(SecretError::Gone { .. }) => None,
        Err(error @ (SecretError::Unreadable { .. } | SecretError::Malformed { .. })) => {
            tracing::error!(%error, "the bootstrap key cannot be read");
            None
        }
    }
}

/// Finds an API key: in the table, or the bootstrap key before its first use.
///
/// # Errors
/// [`AppError::Store`].
pub async fn find_api_key(deps: &Deps, id: &ApiKeyId, now: DateTime<Utc>) -> Result<Option<StoredApiKey>, AppError> {
    let found = deps.store.find_api_key(id).await?;
    let Some(bootstrap) = deps.bootstrap.as_ref().filter(|bootstrap| bootstrap.id == *id) else { return Ok(found) };
    let hash = bootstrap.hash;
    Ok(Some(match found {
        Some(found) => StoredApiKey { hash, ..found },
        None => StoredApiKey { key: ApiKey::owner(id.clone(), BOOTSTRAP_NAME, now), hash, rev: 0 },
    }))
}

/// Whether anybody can come with this key: with the bootstrap key only while its secret is there.
pub(crate) fn is_within_reach(deps: &Deps, id: &ApiKeyId) -> bool {
    !ApiKey::is_bootstrap(id) || deps.bootstrap.is_some()
}

/// Another key with which an owner can come in, read from the table itself. The caller's own and the bootstrap key are tried first.
pub(crate) async fn another_owner(
    deps: &Deps,
    caller: &Caller,
    id: &ApiKeyId,
    now: DateTime<Utc>,
) -> Result<Option<StoredApiKey>, AppError> {
    let own = match &caller.actor {
        Actor::Staff(own) => Some(own.clone()),
        Actor::User(_) | Actor::Customer(_) | Actor::System(_) | Actor::Gateway(_) => None,
    };
    let near = own.into_iter().chain(deps.bootstrap.iter().map(|bootstrap| bootstrap.id.clone())).collect();
    if let Some(found) = first_owner(deps, near, id, now).await? {
        return Ok(Some(found));
    }
    let mut cursor = None;
    loop {
        let page = deps.store.list_api_keys(PAGE, cursor.as_deref()).await?;
        let listed = page.rows.into_iter().filter(|key| key.is_valid_owner(now)).map(|key| key.id).collect();
        if let Some(found) = first_owner(deps, listed, id, now).await? {
            return Ok(Some(found));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(None),
        }
    }
}

async fn first_owner(deps: &Deps, candidates: Vec<ApiKeyId>, but: &ApiKeyId, now: DateTime<Utc>) -> Result<Option<StoredApiKey>, AppError> {
    for candidate in candidates.iter().filter(|candidate| *candidate != but && is_within_reach(deps, candidate)) {
        if let Some(found) = find_api_key(deps, candidate, now).await?.filter(|found| found.key.is_valid_owner(now)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

const PAGE: i32 = 100;

/// A key that was made, and its token, unless the request was carried out before: it is shown once.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The key. It is not read again for the answer: with an answer that fails, the token would be lost.
    pub stored: StoredApiKey,
    /// What its holder sends.
    pub token: Option<Pii>,
}

/// The public and the secret part of a new key.
pub(crate) struct Mint {
    pub id: ApiKeyId,
    secret: String,
}

impl Mint {
    /// A new id and 256 random bits.
    pub fn new(deps: &Deps, now: DateTime<Utc>) -> Self {
        let id = ApiKeyId::at(millis(now), deps.entropy.number());
        Self { id, secret: format!("{}{}", deps.entropy.token(), deps.entropy.token()) }
    }

    /// The key as the table keeps it.
    pub fn stored(&self, key: ApiKey) -> StoredApiKey {
        StoredApiKey { key, hash: hash_of_secret(&self.secret), rev: 1 }
    }

    /// The key as it is answered, this once.
    pub fn minted(self, stored: StoredApiKey) -> Minted {
        Minted { stored, token: Some(Pii::new(format!("{}_{}", self.id, self.secret))) }
    }
}

/// The key that the same request made before, under the caller's idempotency key.
pub(crate) async fn replay(deps: &Deps, caller: &Caller, now: DateTime<Utc>) -> Result<Option<Minted>, AppError> {
    let Some(id) = deps.replayed(caller).await? else { return Ok(None) };
    let id = ApiKeyId::parse(&id).map_err(|e| AppError::Defect(e.to_string()))?;
    let stored = find_api_key(deps, &id, now).await?.ok_or(AppError::ResultGone)?;
    Ok(Some(Minted { stored, token: None }))
}
