//! The settings of the business.

use crate::{
    aws::untold,
    report::{Check, Finding},
};
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use domain::settings::Business;
use store::{Store, StoreError};

/// The settings, if they are there, and what they say. The store's own sentences may hold an address and are left out.
pub(crate) async fn read(sdk: &SdkConfig, table: &str, now: DateTime<Utc>) -> (Option<Business>, Finding) {
    let check = Check::Business;
    match Store::new(sdk, None, table).find_business().await {
        Ok(Some(found)) => {
            let finding = Finding::ok(check, describe(&found.value, now));
            (Some(found.value), finding)
        }
        Ok(None) => {
            let says = "The business has no settings, so no invoice can be written.";
            (None, Finding::problem(check, says, "Save name, zone, currency and sender with PUT /v1/business."))
        }
        Err(StoreError::Unavailable { code, .. }) => (None, untold(check, &format!("Table {table}"), &code)),
        Err(
            StoreError::Corrupt(_) | StoreError::Cursor | StoreError::TooLarge { .. } | StoreError::TooMany { .. } | StoreError::Defect(_),
        ) => {
            let says = format!("The settings of the business in table {table} cannot be understood.");
            (None, Finding::problem(check, says, "See that this program and the stack are of the same version."))
        }
    }
}

fn describe(business: &Business, now: DateTime<Utc>) -> String {
    let zone = business.zone.name();
    let local = business.zone.clock_at(now).format("%Y-%m-%d %H:%M");
    let (sender, hour) = (&business.email_from, business.sweep_hour.get());
    format!("The business is in {zone}, where it is {local}; it writes as {sender} and reminds at {hour}:00.")
}
