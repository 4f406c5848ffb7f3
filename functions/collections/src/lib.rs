//! Started every five minutes: settles tries whose outcome nobody has told.

use app::{
    AppError, Deps,
    sweep::{Budget, Run},
};

/// Runs the sweep once. `has_time` says whether there is time for one more record.
///
/// # Errors
/// [`AppError`] when it cannot begin; the next start goes on where this one ended.
pub async fn handle(deps: &Deps, has_time: Budget<'_>) -> Result<Run, AppError> {
    app::settle_attempts::settle_attempts(deps, has_time).await
}
