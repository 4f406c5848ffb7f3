//! Staff replace an API key by a new one that can do the same.

use crate::{
    Answered, AppError, Caller, Deps,
    api_keys::{Mint, Minted, find_api_key, replay},
    change::idempotency_record,
    commit::Races,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{access::Grant, api_key::ApiKey, ids::ApiKeyId};
use store::{CommitError, KeyWrite, Lost, StoredApiKey, commits::Commit};

/// A key that replaces another one.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// The new key.
    pub minted: Minted,
    /// The old key, with its end.
    pub replaced: ApiKey,
}

/// Makes a key with the name, role, scopes and end of another, which ends after the overlap. Answers with both and, this once, the
/// new one's token.
///
/// # Errors
/// A refusal by `KEY-ROTATE` when the key is not valid, by `KEY-BEYOND-MAKER` when it can do more than the caller, whose grant is
/// `maker`; [`AppError::NotFound`]; [`AppError::Stale`] when `seen` is not the revision that is there.
pub async fn rotate_api_key(
    deps: &Deps,
    caller: &Caller,
    maker: &Grant,
    id: &ApiKeyId,
    seen: Option<u64>,
    overlap: TimeDelta,
) -> Result<Answered<Rotated>, AppError> {
    let now = deps.clock.now();
    if let Some(answered) = replayed(deps, caller, id, now).await? {
        return Ok(answered);
    }
    let mint = Mint::new(deps, now);
    let record = idempotency_record(caller, mint.id.as_str(), now);
    let mut races = Races::default();
    loop {
        let before = find_api_key(deps, id, now).await?.ok_or(AppError::NotFound { what: "API key" })?;
        if seen.is_some_and(|seen| seen != before.rev) {
            return Err(AppError::Stale);
        }
        let (new, old) = before.key.rotate(mint.id.clone(), maker, caller.actor.clone(), overlap, now)?;
        let (new, old) = (mint.stored(new), StoredApiKey { key: old, ..before });
        let context = deps.context(caller, "KEY-ROTATE", now);
        let writes = [KeyWrite::New(&new), KeyWrite::Changed(&old)];
        match deps.commit(&Commit { api_keys: &writes, idempotency: record.as_ref(), ..Commit::new(&context) }).await {
            Ok(_) => {
                deps.forget_key(id);
                return Ok(Answered { value: Rotated { minted: mint.minted(new), replaced: old.key }, replayed: false });
            }
            Err(CommitError::Lost(Lost::Idempotency)) => return replayed(deps, caller, id, now).await?.ok_or(AppError::Busy),
            Err(CommitError::Lost(_)) => races.lost(deps).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

async fn replayed(deps: &Deps, caller: &Caller, id: &ApiKeyId, now: DateTime<Utc>) -> Result<Option<Answered<Rotated>>, AppError> {
    let Some(minted) = replay(deps, caller, now).await? else { return Ok(None) };
    let replaced = find_api_key(deps, id, now).await?.ok_or(AppError::ResultGone)?.key;
    Ok(Some(Answered { value: Rotated { minted, replaced }, replayed: true }))
}
