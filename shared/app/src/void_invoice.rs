//! Staff cancel an invoice.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{Frame, change_invoice},
};
use domain::ids::InvoiceId;

/// Cancels an invoice, after closing an open checkout. Money that was received becomes the contact's credit.
/// `seen` is the `ETag` the client read.
///
/// # Errors
/// [`AppError::Stale`]; refusals by `ACT-VOID-STATUS`, G8 and G9; [`AppError::GatewayUnanswered`] while an open checkout cannot be closed.
pub async fn void_invoice(
    deps: &Deps,
    caller: &Caller,
    id: &InvoiceId,
    seen: Option<&str>,
    acknowledge_captured_funds: bool,
) -> Result<Answered<InvoiceId>, AppError> {
    let now = deps.clock.now();
    let frame = Frame { fence: true, payments: true, ..Frame::new(caller, "ACT-VOID-STATUS", id, seen, now) };
    change_invoice(deps, frame, id, |loaded| {
        let payments: Vec<_> = loaded.payments.iter().map(|payment| &payment.value).collect();
        Ok(Some(loaded.invoice().void(&payments, acknowledge_captured_funds)?.into()))
    })
    .await
}
