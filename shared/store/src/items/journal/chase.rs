//! Events of asking for the money.

use crate::{error::Corrupt, items::money::named};
use chrono::{DateTime, Utc};
use domain::{
    automation::StepRef,
    invoice::journal::{ChaseEvent, StepOutcome},
    reminder::Skip,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum ChaseEventItem {
    #[serde(rename = "payment_requested")]
    Requested,
    #[serde(rename = "step_taken")]
    StepTaken {
        step: String,
        due_version: u32,
        outcome: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<DateTime<Utc>>,
    },
}

pub(super) fn write(event: &ChaseEvent) -> ChaseEventItem {
    match event {
        ChaseEvent::Requested => ChaseEventItem::Requested,
        ChaseEvent::StepTaken { step, due_version, outcome } => {
            let (outcome, reason, to) = match outcome {
                StepOutcome::Enqueued => ("enqueued", None, None),
                StepOutcome::Skipped(reason) => ("skipped", Some(reason.name().to_owned()), None),
                StepOutcome::Moved { to, reason } => ("moved", Some(reason.name().to_owned()), Some(*to)),
            };
            ChaseEventItem::StepTaken { step: step.to_string(), due_version: *due_version, outcome: outcome.to_owned(), reason, to }
        }
    }
}

pub(super) fn read(event: ChaseEventItem) -> Result<ChaseEvent, Corrupt> {
    Ok(match event {
        ChaseEventItem::Requested => ChaseEvent::Requested,
        ChaseEventItem::StepTaken { step, due_version, outcome, reason, to } => {
            let skip = || named("skip", reason.as_deref().and_then(Skip::find));
            let outcome = match outcome.as_str() {
                "enqueued" => StepOutcome::Enqueued,
                "skipped" => StepOutcome::Skipped(skip()?),
                "moved" => StepOutcome::Moved { to: named("moved to", to)?, reason: skip()? },
                other => return Err(Corrupt::new("step outcome", other)),
            };
            ChaseEvent::StepTaken { step: StepRef::from_name(&step), due_version, outcome }
        }
    })
}
