//! Events of records without a family of their own.

use crate::{error::Corrupt, items::money::digest};
use domain::record::RecordEvent;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum RecordEventItem {
    #[serde(rename = "record_created")]
    Created { details: String },
    #[serde(rename = "record_changed")]
    Changed { details: String },
}

pub(super) fn write(event: &RecordEvent) -> RecordEventItem {
    match event {
        RecordEvent::Created { details } => RecordEventItem::Created { details: details.hex() },
        RecordEvent::Changed { details } => RecordEventItem::Changed { details: details.hex() },
    }
}

pub(super) fn read(event: RecordEventItem) -> Result<RecordEvent, Corrupt> {
    Ok(match event {
        RecordEventItem::Created { details } => RecordEvent::Created { details: digest(&details)? },
        RecordEventItem::Changed { details } => RecordEvent::Changed { details: digest(&details)? },
    })
}
