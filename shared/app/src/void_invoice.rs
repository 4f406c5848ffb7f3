//! Staff cancel an invoice.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{Frame, change_invoice},
    millis,
};
use domain::ids::{CreditId, InvoiceId};

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
    let credit_id = CreditId::at(millis(now), deps.entropy.number());
    let frame = Frame { caller, rule: "ACT-VOID-STATUS", id, seen, fence: true, number: false, now };
    change_invoice(deps, frame, |loaded| Ok(Some(loaded.folder.invoice.value.void(acknowledge_captured_funds, credit_id.clone())?.into())))
        .await
}
