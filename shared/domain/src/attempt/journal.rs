//! What can happen to an attempt.

use crate::{
    attempt::{Attempt, AttemptState, Decline},
    ids::PaymentId,
};

/// What staff say an attempt really came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It collected money, which the business has.
    Collected,
    /// It collected nothing.
    Nothing,
    /// It collected money, which was given back at the gateway.
    Refund,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Collected, Self::Nothing, Self::Refund];

    /// Its name in API and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Collected => "collected",
            Self::Nothing => "nothing",
            Self::Refund => "refund",
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Something that happened to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEvent {
    /// It took the slots, before any call.
    Dispatched(Box<Attempt>),
    /// It came to another state, or its references became known.
    Moved {
        /// How far it has come.
        state: AttemptState,
        /// The gateway's checkout.
        session_ref: Option<String>,
        /// The gateway's payment.
        intent_ref: Option<String>,
        /// Why it was last declined.
        decline: Option<Decline>,
        /// What it collected.
        payment_id: Option<PaymentId>,
    },
    /// Staff said what really became of it, because the gateway does not, or tells otherwise.
    Resolved(Outcome),
    /// Money for an earlier attempt lowered what is owed: its checkout asks for another amount and is to be closed.
    Outdated,
}

impl AttemptEvent {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dispatched(_) => "attempt_dispatched",
            Self::Moved { .. } => "attempt_moved",
            Self::Resolved(_) => "attempt_resolved",
            Self::Outdated => "attempt_outdated",
        }
    }
}

impl Attempt {
    /// The attempt after one more event; none when the event cannot come here.
    #[must_use]
    pub fn evolve(before: Option<Self>, event: &AttemptEvent) -> Option<Self> {
        match (before, event) {
            (None, AttemptEvent::Dispatched(attempt)) => Some(attempt.as_ref().clone()),
            (Some(before), AttemptEvent::Moved { state, session_ref, intent_ref, decline, payment_id }) => Some(Self {
                state: *state,
                session_ref: session_ref.clone(),
                intent_ref: intent_ref.clone(),
                decline: decline.clone(),
                payment_id: payment_id.clone(),
                ..before
            }),
            (Some(before), AttemptEvent::Resolved(outcome)) => Some(Self { resolved: Some(*outcome), ..before }),
            (Some(before), AttemptEvent::Outdated) => Some(before),
            (None, AttemptEvent::Moved { .. } | AttemptEvent::Outdated | AttemptEvent::Resolved(_))
            | (Some(_), AttemptEvent::Dispatched(_)) => None,
        }
    }
}
