//! Asking for the money, by staff or by a reminder.

use crate::{automation::StepRef, invoice::Invoice, reminder::Skip};
use chrono::{DateTime, Utc};

/// What became of a reminder's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// A mail was put into the outbox.
    Enqueued,
    /// It is over without a mail.
    Skipped(Skip),
    /// It waits until then.
    Moved {
        /// Until when.
        to: DateTime<Utc>,
        /// Why.
        reason: Skip,
    },
}

/// Something that happened to the asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChaseEvent {
    /// Staff asked for the money again.
    Requested,
    /// A reminder's step was dealt with.
    StepTaken {
        /// Which.
        step: StepRef,
        /// Counting from which due date.
        due_version: u32,
        /// What became of it.
        outcome: StepOutcome,
    },
}

impl ChaseEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Requested => "payment_requested",
            Self::StepTaken { .. } => "step_taken",
        }
    }
}

impl Invoice {
    pub(in crate::invoice) fn evolve_chase(&mut self, event: &ChaseEvent, at: DateTime<Utc>) {
        match event {
            ChaseEvent::Requested => {
                self.requested_at = Some(at);
                if let Some(chase) = &mut self.chase {
                    chase.last_mailed_at = Some(at);
                }
            }
            ChaseEvent::StepTaken { step, outcome, .. } => self.take_step(step, outcome, at),
        }
    }

    fn take_step(&mut self, step: &StepRef, outcome: &StepOutcome, at: DateTime<Utc>) {
        let Some(chase) = &mut self.chase else { return };
        match outcome {
            StepOutcome::Enqueued => {
                chase.since = at;
                chase.moved = None;
                chase.last_mailed_at = Some(at);
            }
            StepOutcome::Skipped(_) => {
                chase.since = at;
                if chase.moved.as_ref().is_some_and(|(moved, _)| moved == step) {
                    chase.moved = None;
                }
            }
            StepOutcome::Moved { to, .. } => {
                chase.since = at;
                chase.moved = Some((step.clone(), *to));
            }
        }
    }
}
