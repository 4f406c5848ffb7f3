//! Staff save the business's settings.

use crate::{AppError, Caller, Deps};
use domain::{record::Head, settings::Business};
use store::{
    CommitError, Lost, Stored,
    commits::{Commit, Record, RecordWrite},
};

/// Saves the settings. `seen` is the version the client read; none for whatever is there.
///
/// # Errors
/// [`AppError::Stale`] when they changed since.
pub async fn save_business(deps: &Deps, caller: &Caller, business: Business, seen: Option<u64>) -> Result<Business, AppError> {
    let now = deps.clock.now();
    let before = deps.store.find_business().await?;
    let head = before.as_ref().map_or(Head::START, |stored| stored.head);
    if seen.is_some_and(|seen| seen != head.seq) {
        return Err(AppError::Stale);
    }
    let business = Business { version: head.seq + 1, ..business };
    if let Some(Stored { value, .. }) = &before
        && (Business { version: business.version, ..value.clone() }) == business
    {
        return Ok(value.clone());
    }
    let context = deps.context(caller, "SET-SCOPE", now);
    match deps.commit(&Commit::of(&context, RecordWrite::plain(head, Record::Business(&business)))).await {
        Ok(_) => {
            deps.remember(|cache| cache.business = None);
            Ok(business)
        }
        Err(CommitError::Lost(Lost::Conflict)) => Err(AppError::Busy),
        Err(CommitError::Lost(_)) => Err(AppError::Stale),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
