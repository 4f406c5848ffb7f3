//! Staff make an API key.

use crate::{
    Answered, AppError, Caller, Deps,
    api_keys::{Mint, Minted, replay},
    change::idempotency_record,
};
use domain::{
    access::Grant,
    api_key::{ApiKey, NewKey},
};
use store::{CommitError, KeyWrite, Lost, commits::Commit};

/// Makes a key. Answers with it and, this once, its token.
///
/// # Errors
/// A refusal by `KEY-BEYOND-MAKER` when the key could do more than the caller, whose grant is `maker`.
pub async fn create_api_key(deps: &Deps, caller: &Caller, maker: &Grant, new: NewKey) -> Result<Answered<Minted>, AppError> {
    let now = deps.clock.now();
    if let Some(minted) = replay(deps, caller, now).await? {
        return Ok(Answered { value: minted, replayed: true });
    }
    let mint = Mint::new(deps, now);
    let stored = mint.stored(ApiKey::make(new, mint.id.clone(), maker, caller.actor.clone(), now)?);
    let record = idempotency_record(caller, mint.id.as_str(), now);
    let context = deps.context(caller, "KEY-MAKE", now);
    let commit = Commit { api_keys: &[KeyWrite::New(&stored)], idempotency: record.as_ref(), ..Commit::new(&context) };
    match deps.commit(&commit).await {
        Ok(_) => Ok(Answered { value: mint.minted(stored), replayed: false }),
        Err(CommitError::Lost(Lost::Idempotency)) => {
            Ok(Answered { value: replay(deps, caller, now).await?.ok_or(AppError::Busy)?, replayed: true })
        }
        Err(error) => Err(error.into()),
    }
}
