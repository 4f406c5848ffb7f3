//! Started every five minutes: settles tries whose outcome nobody has told.

use app::{AppError, Deps, remind::Run};

/// Runs the sweep once. `has_time` says whether there is time for one more record.
///
/// # Errors
/// [`AppError`] when it cannot begin; the next start goes on where this one ended.
pub async fn handle(deps: &Deps, has_time: &(dyn Fn() -> bool + Send + Sync)) -> Result<Run, AppError> {
    app::settle_attempts::settle_attempts(deps, has_time).await
}
