//! Staff cancel an invoice.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{Frame, change_invoice, move_money_of_voided},
};
use domain::{ids::InvoiceId, invoice::commands::MOVED_AT_ONCE};
use std::sync::atomic::{AtomicBool, Ordering};

/// Cancels an invoice, after closing an open checkout. Money that was received becomes the contact's credit; that of more than
/// [`MOVED_AT_ONCE`] payments in several commits, which a sweep goes on with when this is stopped.
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
    let more = AtomicBool::new(false);
    let answered = change_invoice(deps, frame, id, |loaded| {
        let payments: Vec<_> = loaded.payments.iter().map(|payment| &payment.value).collect();
        more.store(payments.len() > MOVED_AT_ONCE, Ordering::Relaxed);
        Ok(Some(loaded.invoice().void(&payments, acknowledge_captured_funds)?.into()))
    })
    .await?;
    if more.into_inner()
        && let Err(error) = move_money_of_voided(deps, caller, id, now).await
    {
        tracing::warn!(invoice = %id, %error, "money of a voided invoice is moved by the next sweep");
    }
    Ok(answered)
}
