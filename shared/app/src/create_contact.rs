//! Staff write a contact down.

use crate::{Answered, AppError, Caller, Deps, change::idempotency_record, millis};
use domain::{
    contact::{Contact, ContactDetails},
    ids::ContactId,
    record::Head,
};
use store::{
    CommitError, Lost,
    commits::{Commit, ContactWrite},
};

/// Writes a contact down. Answers with its id.
///
/// # Errors
/// [`AppError`].
pub async fn create_contact(deps: &Deps, caller: &Caller, details: ContactDetails) -> Result<Answered<ContactId>, AppError> {
    let now = deps.clock.now();
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let id = ContactId::at(millis(now), deps.entropy.number());
    let contact = Contact { id: id.clone(), details, credit: std::collections::BTreeMap::default() };
    let record = idempotency_record(caller, id.as_str(), now);
    let context = deps.context(caller, "COL-CONTACTS", now);
    let salt = deps.entropy.token();
    let write = ContactWrite { before: Head::START, after: &contact, salt: &salt, details_changed: true, credits: &[] };
    match deps.store.commit(&Commit { contact: Some(write), idempotency: record.as_ref(), ..Commit::new(&context) }).await {
        Ok(_) => Ok(Answered { value: id, replayed: false }),
        Err(CommitError::Lost(Lost::Idempotency)) => replay(deps, caller).await?.ok_or(AppError::Busy),
        Err(error) => Err(error.into()),
    }
}

async fn replay(deps: &Deps, caller: &Caller) -> Result<Option<Answered<ContactId>>, AppError> {
    let parse = |result: String| ContactId::parse(&result).map_err(|e| AppError::Defect(e.to_string()));
    Ok(deps.replayed(caller).await?.map(parse).transpose()?.map(|value| Answered { value, replayed: true }))
}
