//! Staff throw a draft away.

use crate::{
    AppError, Caller, Deps,
    change::{Frame, change_invoice},
};
use domain::ids::InvoiceId;

/// Deletes a draft; its journal stays as the trace of it. `seen` is the `ETag` the client read.
///
/// # Errors
/// [`AppError::Stale`]; a refusal by `ACT-DELETE` once it was sent.
pub async fn delete_draft(deps: &Deps, caller: &Caller, id: &InvoiceId, seen: Option<&str>) -> Result<(), AppError> {
    let now = deps.clock.now();
    let frame = Frame { caller, rule: "ACT-DELETE", id, seen, fence: false, number: false, now };
    change_invoice(deps, frame, |loaded| Ok(Some(loaded.folder.invoice.value.delete()?.into()))).await?;
    Ok(())
}
