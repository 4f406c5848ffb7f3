//! Staff throw a draft away.

use crate::{
    AppError, Caller, Deps,
    change::{Frame, change_invoice},
};
use domain::{changes::Changes, ids::InvoiceId};

/// Deletes a draft; its journal stays as the trace of it. `seen` is the `ETag` the client read.
///
/// # Errors
/// [`AppError::Stale`]; a refusal by `ACT-DELETE` once it was sent.
pub async fn delete_draft(deps: &Deps, caller: &Caller, id: &InvoiceId, seen: Option<&str>) -> Result<(), AppError> {
    let now = deps.clock.now();
    let frame = Frame::new(caller, "ACT-DELETE", id, seen, now);
    change_invoice(deps, frame, id, |loaded| Ok(Some(Changes::of_invoice(id, loaded.invoice().delete()?).into()))).await?;
    Ok(())
}
