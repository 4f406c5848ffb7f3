//! Events of an attempt.

use crate::{
    error::Corrupt,
    items::{
        attempt::{AttemptItem, DeclineItem},
        money::{id, named},
    },
};
use domain::{
    attempt::{AttemptEvent, AttemptState, Outcome},
    ids::PaymentId,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum AttemptEventItem {
    #[serde(rename = "attempt_dispatched")]
    Dispatched { attempt: Box<AttemptItem> },
    #[serde(rename = "attempt_moved")]
    Moved {
        state: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_ref: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent_ref: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decline: Option<DeclineItem>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_id: Option<String>,
    },
    #[serde(rename = "attempt_resolved")]
    Resolved { outcome: String },
    #[serde(rename = "attempt_outdated")]
    Outdated,
}

pub(super) fn write(event: &AttemptEvent) -> AttemptEventItem {
    match event {
        AttemptEvent::Dispatched(attempt) => AttemptEventItem::Dispatched { attempt: Box::new(AttemptItem::told(attempt)) },
        AttemptEvent::Moved { state, session_ref, intent_ref, decline, payment_id } => AttemptEventItem::Moved {
            state: state.name().to_owned(),
            session_ref: session_ref.clone(),
            intent_ref: intent_ref.clone(),
            decline: decline.as_ref().map(DeclineItem::from),
            payment_id: payment_id.as_ref().map(ToString::to_string),
        },
        AttemptEvent::Resolved(outcome) => AttemptEventItem::Resolved { outcome: outcome.name().to_owned() },
        AttemptEvent::Outdated => AttemptEventItem::Outdated,
    }
}

pub(super) fn read(event: AttemptEventItem) -> Result<AttemptEvent, Corrupt> {
    Ok(match event {
        AttemptEventItem::Dispatched { attempt } => AttemptEvent::Dispatched(Box::new(attempt.read()?)),
        AttemptEventItem::Moved { state, session_ref, intent_ref, decline, payment_id } => AttemptEvent::Moved {
            state: named("attempt state", AttemptState::find(&state))?,
            session_ref,
            intent_ref,
            decline: decline.map(DeclineItem::read).transpose()?,
            payment_id: payment_id.map(|payment| id(PaymentId::parse(&payment))).transpose()?,
        },
        AttemptEventItem::Resolved { outcome } => AttemptEvent::Resolved(named("outcome", Outcome::find(&outcome))?),
        AttemptEventItem::Outdated => AttemptEvent::Outdated,
    })
}
