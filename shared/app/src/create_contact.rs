//! Staff write a contact down.

use crate::{Answered, AppError, Caller, Deps, change::create_record, millis};
use domain::{
    contact::{Contact, ContactDetails},
    ids::ContactId,
};
use store::commits::Record;

/// Writes a contact down. Answers with its id.
///
/// # Errors
/// [`AppError`].
pub async fn create_contact(deps: &Deps, caller: &Caller, details: ContactDetails) -> Result<Answered<ContactId>, AppError> {
    let now = deps.clock.now();
    let id = ContactId::at(millis(now), deps.entropy.number());
    let contact = Contact { id: id.clone(), details };
    let salt = deps.entropy.token();
    create_record(deps, caller, "COL-CONTACTS", id, Record::Contact(&contact, &salt), now).await
}
