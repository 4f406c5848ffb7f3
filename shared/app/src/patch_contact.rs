//! Staff correct a contact.

use crate::{AppError, Caller, Deps};
use domain::{
    contact::{Contact, ContactDetails},
    ids::ContactId,
};
use store::{
    CommitError, Lost,
    commits::{Commit, ContactWrite},
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
    for races in 1..=crate::change::RACES {
        let before = deps.store.find_contact(id).await?.ok_or(AppError::NotFound { what: "contact" })?;
        if seen.is_some_and(|seen| seen != before.contact.head.seq) {
            return Err(AppError::Stale);
        }
        let details = change(before.contact.value.details.clone())?;
        if details == before.contact.value.details {
            return Ok(());
        }
        let after = Contact { details, ..before.contact.value.clone() };
        let context = deps.context(caller, "COL-CONTACTS", now);
        let salt = deps.entropy.token();
        let write = ContactWrite { before: before.contact.head, after: &after, salt: &salt, details_changed: true, credits: &[] };
        match deps.store.commit(&Commit { contact: Some(write), ..Commit::new(&context) }).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Lost(Lost::Record | Lost::Conflict | Lost::Invoice)) => crate::change::pause(deps, races).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Busy)
}
