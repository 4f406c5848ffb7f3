//! How an attempt to collect goes.

use crate::{
    attempt::{Attempt, AttemptState, Decline},
    ids::AttemptId,
    invoice::{Invoice, Slot},
};
use chrono::{DateTime, Utc};

/// Something that happened to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEvent {
    /// It took the slot, before any call.
    Dispatched(Box<Attempt>),
    /// It came to another state, or its references became known.
    Moved {
        /// The attempt.
        attempt_id: AttemptId,
        /// How far it has come.
        state: AttemptState,
        /// The gateway's checkout.
        session_ref: Option<String>,
        /// The gateway's payment.
        intent_ref: Option<String>,
        /// Why it was last declined.
        decline: Option<Decline>,
        /// When to ask the gateway next.
        look_at: Option<DateTime<Utc>>,
    },
    /// The gateway was asked about it and had nothing new, or did not answer.
    Looked {
        /// The attempt.
        attempt_id: AttemptId,
        /// How often that happened.
        looks: u32,
        /// When to ask next.
        look_at: Option<DateTime<Utc>>,
    },
}

impl AttemptEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Dispatched(_) => "attempt_dispatched",
            Self::Moved { .. } => "attempt_moved",
            Self::Looked { .. } => "attempt_looked",
        }
    }
}

impl Invoice {
    pub(in crate::invoice) fn evolve_attempt(&mut self, event: &AttemptEvent) {
        match event {
            AttemptEvent::Dispatched(attempt) => self.slot = Some(Slot { attempt_id: attempt.id.clone(), state: attempt.state }),
            AttemptEvent::Moved { attempt_id, state, .. } => {
                if self.slot.as_ref().is_some_and(|slot| slot.attempt_id == *attempt_id) {
                    self.slot = state.holds_slot().then(|| Slot { attempt_id: attempt_id.clone(), state: *state });
                }
            }
            AttemptEvent::Looked { .. } => {}
        }
    }
}

impl Attempt {
    /// The attempt after one more event; one about another attempt changes nothing.
    #[must_use]
    pub fn evolve(mut self, event: &AttemptEvent) -> Self {
        match event {
            AttemptEvent::Moved { attempt_id, state, session_ref, intent_ref, decline, look_at } if *attempt_id == self.id => {
                if *state != self.state {
                    self.looks = 0;
                }
                self.state = *state;
                self.session_ref.clone_from(session_ref);
                self.intent_ref.clone_from(intent_ref);
                self.decline.clone_from(decline);
                self.look_at = *look_at;
            }
            AttemptEvent::Looked { attempt_id, looks, look_at } if *attempt_id == self.id => {
                self.looks = *looks;
                self.look_at = *look_at;
            }
            AttemptEvent::Dispatched(_) | AttemptEvent::Moved { .. } | AttemptEvent::Looked { .. } => {}
        }
        self
    }
}
