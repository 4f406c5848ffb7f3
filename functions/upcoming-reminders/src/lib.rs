//! Started hourly: reminders on and before the due day. What is due stands on each invoice; the hour decides nothing.

use app::{AppError, Deps, remind::Run};
use domain::automation::Sweep;

/// Runs the sweep once. `has_time` says whether there is time for one more record.
///
/// # Errors
/// [`AppError`] when it cannot begin; the next start goes on where this one ended.
pub async fn handle(deps: &Deps, has_time: &(dyn Fn() -> bool + Send + Sync)) -> Result<Run, AppError> {
    app::remind::remind(deps, Sweep::UpcomingReminders, has_time).await
}
