//! Messages: what was and will be told about an invoice.

use super::value::instant;
use domain::message::{Content, MailKind, Message, MessageState};
use serde::Serialize;
use utoipa::ToSchema;

/// A mail or an event of the outbox.
#[derive(Serialize, ToSchema)]
#[schema(as = Message, examples(json!({
    "key": "unpaid/first/1f0c8a7d55b3e942/email", "record_id": "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "channel": "email",
    "kind": "unpaid", "to": "ada@example.com", "role": "to", "step": null, "payment_id": null, "state": "handed",
    "planned_at": "2026-07-01T08:00:00.000Z", "send_at": "2026-07-01T08:00:00.000Z",
    "handed_at": "2026-07-01T08:00:01.250Z", "service_id": "0100019-example", "reason": null, "tries": 1
})))]
pub(crate) struct MessageBody {
    /// What makes it the one and only of its record.
    pub key: String,
    /// The invoice it is about, or the payment.
    pub record_id: String,
    /// `email`, or `bus` for an event to other systems.
    pub channel: &'static str,
    /// The mail's kind, such as `unpaid` or `past_due_reminder`, or the event's, such as `invoice.sent`.
    pub kind: &'static str,
    /// Where the mail goes.
    pub to: Option<String>,
    /// `to` or `cc`.
    pub role: Option<&'static str>,
    /// A reminder's step.
    pub step: Option<String>,
    /// The payment it is about.
    pub payment_id: Option<String>,
    /// `planned`, `claimed`, `handed`, `uncertain`, `failed` or `cancelled`.
    pub state: &'static str,
    /// When it was put into the outbox.
    #[schema(format = DateTime)]
    pub planned_at: String,
    /// When it is to go out.
    #[schema(format = DateTime)]
    pub send_at: String,
    /// When the service accepted it.
    #[schema(format = DateTime)]
    pub handed_at: Option<String>,
    /// The service's id of it.
    pub service_id: Option<String>,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// Hand-overs that were tried.
    pub tries: u32,
}

impl From<&Message> for MessageBody {
    fn from(message: &Message) -> Self {
        let (channel, kind) = match &message.content {
            Content::Mail { kind, .. } => ("email", kind.name()),
            Content::Bus { event, .. } => ("bus", event.name()),
        };
        let recipient = match &message.content {
            Content::Mail { recipient, .. } => Some(recipient),
            Content::Bus { .. } => None,
        };
        let (step, payment_id) = match &message.content {
            Content::Mail { kind: MailKind::Upcoming { step } | MailKind::PastDue { step }, .. } => (Some(step.to_string()), None),
            Content::Mail { kind: MailKind::Receipt { payment_id }, .. } => (None, Some(payment_id.to_string())),
            Content::Mail { kind: MailKind::Unpaid | MailKind::Request, .. } => (None, None),
            Content::Bus { payment_id, .. } => (None, payment_id.as_ref().map(ToString::to_string)),
        };
        let (handed_at, service_id, reason) = match &message.state {
            MessageState::Handed { service_id, at } => (Some(instant(*at)), Some(service_id.clone()), None),
            MessageState::Failed { reason } | MessageState::Cancelled { reason } => (None, None, Some(reason.clone())),
            MessageState::Planned | MessageState::Claimed { .. } | MessageState::Uncertain { .. } => (None, None, None),
        };
        Self {
            key: message.key.clone(),
            record_id: message.subject.to_string(),
            channel,
            kind,
            to: recipient.map(|recipient| recipient.address.reveal().to_owned()),
            role: recipient.map(|recipient| recipient.role.name()),
            step,
            payment_id,
            state: message.state.name(),
            planned_at: instant(message.planned_at),
            send_at: instant(message.send_at),
            handed_at,
            service_id,
            reason,
            tries: message.tries,
        }
    }
}
