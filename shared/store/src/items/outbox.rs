//! Outbox rows as items.

use super::{
    Item, index,
    money::{email, id, named},
    read, sort_key, string_of, write,
};
use crate::{error::Corrupt, keys};
use chrono::{DateTime, Utc};
use domain::{
    automation::StepRef,
    ids::PaymentId,
    message::{BusEvent, Content, MailKind, Message, MessageState, Recipient, Role},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct MessageItem {
    /// The mail's kind, or `bus`.
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
    planned_at: DateTime<Utc>,
    send_at: DateTime<Utc>,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    tries: u32,
}

pub(crate) fn write_message(message: &Message) -> Result<Item, Corrupt> {
    let (state_at, service_id, reason) = match &message.state {
        MessageState::Planned => (None, None, None),
        MessageState::Claimed { until } => (Some(*until), None, None),
        MessageState::Handed { service_id, at } => (Some(*at), Some(service_id.clone()), None),
        MessageState::Uncertain { at } => (Some(*at), None, None),
        MessageState::Failed { reason } | MessageState::Cancelled { reason } => (None, None, Some(reason.clone())),
    };
    let mut body = MessageItem {
        kind: "bus".to_owned(),
        to: None,
        role: None,
        step: None,
        event: None,
        payment_id: None,
        planned_at: message.planned_at,
        send_at: message.send_at,
        state: message.state.name().to_owned(),
        state_at,
        service_id,
        reason,
        tries: message.tries,
    };
    match &message.content {
        Content::Bus { event, payment_id } => {
            body.event = Some(event.name().to_owned());
            body.payment_id = payment_id.as_ref().map(ToString::to_string);
        }
        Content::Mail { kind, recipient } => {
            kind.name().clone_into(&mut body.kind);
            body.to = Some(recipient.address.reveal().to_owned());
            body.role = Some(recipient.role.name().to_owned());
            match kind {
                MailKind::Unpaid | MailKind::Request => {}
                MailKind::Receipt { payment_id } => body.payment_id = Some(payment_id.to_string()),
                MailKind::Upcoming { step } | MailKind::PastDue { step } => body.step = Some(step.to_string()),
            }
        }
    }
    let mut item = write(&keys::subject(&message.subject), &keys::message(&message.key), &body)?;
    let look_at = match &message.state {
        // A claim leaves the row where it is, and its lease stands in the row.
        MessageState::Planned | MessageState::Claimed { .. } => Some(message.send_at),
        MessageState::Handed { .. } | MessageState::Uncertain { .. } | MessageState::Failed { .. } | MessageState::Cancelled { .. } => None,
    };
    if let Some(at) = look_at {
        let partition = keys::outbox_partition(keys::shard(&message.subject));
        index(&mut item, keys::OUTBOX, partition, keys::instant(at));
    }
    Ok(item)
}

pub(crate) fn read_message(item: &Item) -> Result<Message, Corrupt> {
    let body: MessageItem = read(item)?;
    let place = keys::parse_message_key(string_of(item, "pk").unwrap_or_default(), sort_key(item));
    let (subject, key) = place.ok_or_else(|| Corrupt::new(sort_key(item), "not an outbox row"))?;
    let payment_id = body.payment_id.map(|p| id(PaymentId::parse(&p))).transpose()?;
    let step = || named("step", body.step.as_deref().map(StepRef::from_name));
    let content = if body.kind == "bus" {
        Content::Bus { event: named("event", body.event.as_deref().and_then(BusEvent::find))?, payment_id }
    } else {
        let kind = match body.kind.as_str() {
            "unpaid" => MailKind::Unpaid,
            "request" => MailKind::Request,
            "receipt" => MailKind::Receipt { payment_id: named("payment", payment_id)? },
            "upcoming_reminder" => MailKind::Upcoming { step: step()? },
            "past_due_reminder" => MailKind::PastDue { step: step()? },
            other => return Err(Corrupt::new("message kind", other)),
        };
        let role = match body.role.as_deref() {
            Some("cc") => Role::Cc,
            Some(_) | None => Role::To,
        };
        Content::Mail { kind, recipient: Recipient { address: email(&named("to", body.to)?)?, role } }
    };
    let at = || named("state instant", body.state_at);
    let reason = || body.reason.clone().unwrap_or_default();
    let state = match body.state.as_str() {
        "planned" => MessageState::Planned,
        "claimed" => MessageState::Claimed { until: at()? },
        "handed" => MessageState::Handed { service_id: body.service_id.clone().unwrap_or_default(), at: at()? },
        "uncertain" => MessageState::Uncertain { at: at()? },
        "failed" => MessageState::Failed { reason: reason() },
        "cancelled" => MessageState::Cancelled { reason: reason() },
        other => return Err(Corrupt::new("message state", other)),
    };
    Ok(Message { subject, key, content, planned_at: body.planned_at, send_at: body.send_at, state, tries: body.tries })
}
