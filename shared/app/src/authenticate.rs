//! Who asks, and what they may do: the holder of an API key, or somebody who logged in.

use crate::{
    AppError, Deps,
    api_keys::{find_api_key, hash_of_secret, is_within_reach},
};
use chrono::{DateTime, Utc};
use domain::{
    access::{Grant, Role, UserId},
    api_key::{ApiKey, Standing},
    ids::ApiKeyId,
    record::Actor,
};
use store::{CommitError, StoredApiKey};

/// Who asks, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub actor: Actor,
    /// What they may do.
    pub grant: Grant,
}

/// Why a request is taken as nobody's. For the log: whoever asks is told nothing but that it is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unproven {
    /// No bearer token, or not in one header.
    Missing,
    /// It is not of a token's form.
    Malformed,
    /// There is no such key.
    Unknown,
    /// The key has another secret.
    WrongSecret,
    /// The time of this key is over; its secret was right.
    Expired(ApiKeyId),
    /// This key was taken back; its secret was right.
    Revoked(ApiKeyId),
    /// The login names nobody.
    NoSubject,
}

impl Unproven {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::WrongSecret => "wrong_secret",
            Self::Expired(_) => "expired",
            Self::Revoked(_) => "revoked",
            Self::NoSubject => "no_subject",
        }
    }
}

/// Finds whose key a bearer token is: `key_<26 characters>_<secret>`. At most one read a minute for each key, and one write an hour.
///
/// # Errors
/// [`AppError::Unauthenticated`].
pub async fn authenticate(deps: &Deps, bearer: Option<&str>) -> Result<Access, AppError> {
    let now = deps.clock.now();
    let token = bearer.ok_or(AppError::Unauthenticated(Unproven::Missing))?;
    let (id, secret) = read_token(token).ok_or(AppError::Unauthenticated(Unproven::Malformed))?;
    if !is_within_reach(deps, &id) {
        return Err(AppError::Unauthenticated(Unproven::Unknown));
    }
    let stored = remembered(deps, &id, now).await?.ok_or(AppError::Unauthenticated(Unproven::Unknown))?;
    // Digests are compared, not secrets: how early two digests differ tells nothing of the secret.
    if stored.hash != hash_of_secret(secret) {
        return Err(AppError::Unauthenticated(Unproven::WrongSecret));
    }
    match stored.key.standing(now) {
        Standing::Valid => {}
        Standing::Expired => return Err(AppError::Unauthenticated(Unproven::Expired(id))),
        Standing::Revoked => return Err(AppError::Unauthenticated(Unproven::Revoked(id))),
    }
    if stored.key.is_use_news(now) {
        note_use(deps, &stored, now).await;
    }
    Ok(Access { actor: Actor::Staff(id), grant: stored.key.grant })
}

fn read_token(token: &str) -> Option<(ApiKeyId, &str)> {
    let (id, secret) = token.rsplit_once('_').filter(|_| token.len() <= 200)?;
    Some((ApiKeyId::parse(id).ok()?, secret))
}

async fn remembered(deps: &Deps, id: &ApiKeyId, now: DateTime<Utc>) -> Result<Option<StoredApiKey>, AppError> {
    if let Some(stored) = deps.cached(|cache| cache.keys.get(id.as_str()).cloned(), now) {
        return Ok(Some(stored));
    }
    let found = find_api_key(deps, id, now).await?;
    if let Some(found) = &found {
        deps.remember(|cache| {
            cache.keys.insert(id.to_string(), (now, found.clone()));
        });
    }
    Ok(found)
}

/// Writes down when the key was used. Nothing hangs on it: a failure is noted, and tried again after a minute at the earliest.
async fn note_use(deps: &Deps, stored: &StoredApiKey, now: DateTime<Utc>) {
    let used = |key: &ApiKey| ApiKey { last_used_at: Some(now), ..key.clone() };
    let after = StoredApiKey { key: used(&stored.key), ..stored.clone() };
    match deps.store.note_key_use(stored, &after).await {
        Ok(()) | Err(CommitError::Lost(_)) => {}
        Err(CommitError::Store(error)) => tracing::warn!(key = %stored.key.id, %error, "the use of an API key was not noted"),
    }
    deps.remember(|cache| {
        if let Some((_, known)) = cache.keys.get_mut(stored.key.id.as_str()) {
            known.key = used(&known.key);
        }
    });
}

/// What `token_use` says in an ID token.
const ID_TOKEN: &str = "id";

/// What a token said that was verified before the request came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `token_use`: which of its kinds of token this is, where the issuer says so.
    pub kind: Option<String>,
    /// `custom:remit_role`
    pub role: Option<String>,
    /// `cognito:groups`
    pub groups: Vec<String>,
}

/// Finds what somebody who logged in may do; nothing when their issuer is not the one that is trusted.
///
/// Only an ID token says who somebody is. An issuer that does not say the kind has it told apart by the audience.
///
/// Source: Amazon Cognito developer guide, "Verifying JSON web tokens": `token_use` is `id` or `access`, and must be the expected one.
///
/// # Errors
/// [`AppError::Unauthenticated`] without a subject, [`AppError::NotAnIdToken`], [`AppError::NoRole`] without a role.
pub fn log_in(deps: &Deps, login: &Login) -> Result<Option<Access>, AppError> {
    if deps.jwt_issuer.as_deref() != Some(login.issuer.as_str()) {
        return Ok(None);
    }
    let user = UserId::parse(&login.subject).map_err(|_| AppError::Unauthenticated(Unproven::NoSubject))?;
    if login.kind.as_deref().is_some_and(|kind| kind != ID_TOKEN) {
        return Err(AppError::NotAnIdToken(user));
    }
    let Some(role) = Role::of_login(login.role.as_deref(), login.groups.iter().map(String::as_str)) else {
        return Err(AppError::NoRole(user));
    };
    Ok(Some(Access { actor: Actor::User(user), grant: Grant::of(role) }))
}
