//! Staff ask for the money again.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{Frame, change_invoice},
};
use domain::{changes::Changes, ids::InvoiceId};

/// Mails the invoice once more; within a minute of the last time only with `force`.
/// `seen` is the `ETag` the client read.
///
/// # Errors
/// [`AppError::Stale`]; refusals by `ACT-REQUEST`, G1 and G5.
pub async fn request_payment(
    deps: &Deps,
    caller: &Caller,
    id: &InvoiceId,
    seen: Option<&str>,
    force: bool,
) -> Result<Answered<InvoiceId>, AppError> {
    let now = deps.clock.now();
    let frame = Frame::new(caller, "ACT-REQUEST", id, seen, now);
    change_invoice(deps, frame, id, |loaded| {
        let invoice = loaded.invoice();
        let has_recipient = loaded.contact.contact.value.details.main_email().is_some();
        let circumstances = deps.circumstances(invoice, has_recipient);
        Ok(Some(Changes::of_invoice(id, invoice.request_payment(&circumstances, force, now)?).into()))
    })
    .await
}
