//! Events of an attempt.

use crate::{
    error::Corrupt,
    items::{
        attempt::{AttemptItem, DeclineItem},
        money::{id, named},
    },
};
use chrono::{DateTime, Utc};
use domain::{attempt::AttemptState, ids::AttemptId, invoice::journal::AttemptEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum AttemptEventItem {
    #[serde(rename = "attempt_dispatched")]
    Dispatched { attempt: Box<AttemptItem> },
    #[serde(rename = "attempt_moved")]
    Moved {
        attempt_id: String,
        state: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_ref: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent_ref: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decline: Option<DeclineItem>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        look_at: Option<DateTime<Utc>>,
    },
    #[serde(rename = "attempt_looked")]
    Looked {
        attempt_id: String,
        looks: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        look_at: Option<DateTime<Utc>>,
    },
}

pub(super) fn write(event: &AttemptEvent) -> AttemptEventItem {
    match event {
        AttemptEvent::Dispatched(attempt) => AttemptEventItem::Dispatched { attempt: Box::new(attempt.as_ref().into()) },
        AttemptEvent::Moved { attempt_id, state, session_ref, intent_ref, decline, look_at } => AttemptEventItem::Moved {
            attempt_id: attempt_id.to_string(),
            state: state.name().to_owned(),
            session_ref: session_ref.clone(),
            intent_ref: intent_ref.clone(),
            decline: decline.as_ref().map(DeclineItem::from),
            look_at: *look_at,
        },
        AttemptEvent::Looked { attempt_id, looks, look_at } => {
            AttemptEventItem::Looked { attempt_id: attempt_id.to_string(), looks: *looks, look_at: *look_at }
        }
    }
}

pub(super) fn read(event: AttemptEventItem) -> Result<AttemptEvent, Corrupt> {
    Ok(match event {
        AttemptEventItem::Dispatched { attempt } => AttemptEvent::Dispatched(Box::new(attempt.read()?)),
        AttemptEventItem::Moved { attempt_id, state, session_ref, intent_ref, decline, look_at } => AttemptEvent::Moved {
            attempt_id: id(AttemptId::parse(&attempt_id))?,
            state: named("attempt state", AttemptState::find(&state))?,
            session_ref,
            intent_ref,
            decline: decline.map(DeclineItem::read).transpose()?,
            look_at,
        },
        AttemptEventItem::Looked { attempt_id, looks, look_at } => {
            AttemptEvent::Looked { attempt_id: id(AttemptId::parse(&attempt_id))?, looks, look_at }
        }
    })
}
