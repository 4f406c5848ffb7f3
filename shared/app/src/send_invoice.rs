//! Staff send a draft: it takes its number, is owed, and its customer is told.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{Frame, change_invoice},
};
use domain::{changes::Changes, ids::InvoiceId, numbering::Number};

/// Sends a draft for the first time.
/// `seen` is the `ETag` the client read.
///
/// # Errors
/// [`AppError::Stale`]; refusals by `ACT-SEND-DRAFT` and G4.
pub async fn send_invoice(deps: &Deps, caller: &Caller, id: &InvoiceId, seen: Option<&str>) -> Result<Answered<InvoiceId>, AppError> {
    let now = deps.clock.now();
    let frame = Frame { number: true, ..Frame::new(caller, "ACT-SEND-DRAFT", id, seen, now) };
    change_invoice(deps, frame, id, |loaded| {
        let has_recipient = loaded.contact.contact.value.details.main_email().is_some();
        let number = Number::of_invoice(loaded.number.unwrap_or(1));
        Ok(Some(Changes::of_invoice(id, loaded.invoice().send(number, has_recipient, now)?).into()))
    })
    .await
}
