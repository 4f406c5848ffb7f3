//! Staff correct a contact.

use crate::{AppError, Caller, Deps, commit::Races};
use domain::{
    contact::{Contact, ContactDetails},
    ids::ContactId,
};
use store::{
    CommitError,
    commits::{Commit, Record, RecordWrite},
};

/// Changes a contact's details. `change` is given what is known now; `seen` is the version the client read.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Stale`], or what `change` says.
pub async fn patch_contact(
    deps: &Deps,
    caller: &Caller,
    id: &ContactId,
    seen: Option<u64>,
    change: impl Fn(ContactDetails) -> Result<ContactDetails, AppError>,
) -> Result<(), AppError> {
    let now = deps.clock.now();
    let mut races = Races::default();
    loop {
        let before = deps.store.find_contact(id).await?.ok_or(AppError::NotFound { what: "contact" })?;
        if seen.is_some_and(|seen| seen != before.contact.head.seq) {
            return Err(AppError::Stale);
        }
        let details = change(before.contact.value.details.clone())?;
        if details == before.contact.value.details {
            return Ok(());
        }
        let after = Contact { details, ..before.contact.value };
        let context = deps.context(caller, "COL-CONTACTS", now);
        let salt = deps.entropy.token();
        let write = RecordWrite::plain(before.contact.head, Record::Contact(&after, &salt));
        match deps.commit(&Commit::of(&context, write)).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Lost(_)) => races.lost(deps).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}
