//! Started hourly: reminders on and before the due day. What is due stands on each invoice; the hour decides nothing.

use app::{
    AppError, Deps,
    sweep::{Budget, Run},
};
use domain::automation::Sweep;
use mail::Bus;
use serde_json::Value;

/// Runs the sweep once, or the slice of it that `event` asks for. `has_time` says whether there is time for one more record.
///
/// # Errors
/// [`AppError`] when it cannot begin; the next start goes on where this one ended.
pub async fn handle(deps: &Deps, bus: &Bus, event: &Value, has_time: Budget<'_>) -> Result<Run, AppError> {
    app::remind::remind(deps, bus, Sweep::UpcomingReminders, event, has_time).await
}
