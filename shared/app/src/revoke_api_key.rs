//! Staff take an API key back.

use crate::{
    AppError, Caller, Deps,
    api_keys::{another_owner, find_api_key},
    commit::Races,
};
use domain::{api_key::KeyRefusal, ids::ApiKeyId};
use store::{CommitError, KeyWrite, StoredApiKey, commits::Commit};

/// Takes a key back. Others that know it forget it within a minute. `seen` is the revision the client read.
///
/// # Errors
/// A refusal by `KEY-LAST-OWNER` for the last key with which an owner can come in; [`AppError::NotFound`], [`AppError::Stale`].
pub async fn revoke_api_key(deps: &Deps, caller: &Caller, id: &ApiKeyId, seen: Option<u64>) -> Result<(), AppError> {
    let now = deps.clock.now();
    let mut races = Races::default();
    loop {
        let before = find_api_key(deps, id, now).await?.ok_or(AppError::NotFound { what: "API key" })?;
        if before.key.revoked.is_some() {
            return Ok(());
        }
        if seen.is_some_and(|seen| seen != before.rev) {
            return Err(AppError::Stale);
        }
        // The key that keeps the door open takes part in the commit: two owners that take back each other's keys do not both succeed.
        let keeper = if before.key.is_valid_owner(now) {
            Some(another_owner(deps, caller, id, now).await?.ok_or(KeyRefusal::LastOwner)?)
        } else {
            None
        };
        let after = StoredApiKey { key: before.key.revoke(caller.actor.clone(), now), ..before };
        let writes: Vec<KeyWrite<'_>> = [KeyWrite::Changed(&after)].into_iter().chain(keeper.as_ref().map(KeyWrite::Kept)).collect();
        let context = deps.context(caller, "KEY-REVOKE", now);
        match deps.commit(&Commit { api_keys: &writes, ..Commit::new(&context) }).await {
            Ok(_) => {
                deps.forget_key(id);
                return Ok(());
            }
            Err(CommitError::Lost(_)) => races.lost(deps).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}
