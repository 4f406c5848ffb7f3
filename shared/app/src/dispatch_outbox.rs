//! The outbox is emptied: each row claimed, its reason checked again, handed over once, and what came of it written down.

use crate::{
    AppError, Deps,
    measures::Measure,
    sweep::{Budget, Run, Slice, Source, Walk},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{InvoiceId, PaymentId},
    message::{BusEvent, Content, MailKind, Message, MessageState, Recipient, recipients},
    payment::Payment,
    settings::Business,
};
use mail::{HandOver, MailView, Mailer, Outgoing, Published, compose};
use store::{
    CommitError,
    lists::Due,
    queries::{InvoiceFolder, Part},
};

/// Seconds a claim lasts: longer than any hand-over takes, and than clocks differ.
pub const LEASE_SECONDS: i64 = 120;
/// Minutes after which what could not be handed over now is tried again, at most.
const SOON_MINUTES: i64 = 10;
/// The same for what waits until somebody mends something. The alarm on the outbox's age looks back longer than that.
const MENDED_MINUTES: i64 = 30;
/// Days after which an event that the bus never took is given up.
const BUS_DAYS: i64 = 2;

/// Hands over the rows a stream has just brought. Rows of the future, or moved on by others, are left.
///
/// # Errors
/// Those rows, by their place, that could not be dealt with and should be brought again.
pub async fn dispatch_rows(deps: &Deps, mailer: &Mailer, rows: &[(InvoiceId, String)]) -> Vec<(usize, AppError)> {
    let mut failed = Vec::new();
    for (place, (invoice_id, key)) in rows.iter().enumerate() {
        if let Err(error) = dispatch_row(deps, mailer, invoice_id, key).await {
            tracing::error!(invoice = %invoice_id, %error, "an outbox row was left");
            failed.push((place, error));
        }
    }
    failed
}

/// Hands over every row whose time has come, and settles claims whose lease is over: 16 queries when there is none.
///
/// # Errors
/// [`AppError`] when the index cannot be read; a single row that fails is counted and does not stop the rest.
pub async fn dispatch_due(deps: &Deps, mailer: &Mailer, budget: Budget<'_>) -> Result<Run, AppError> {
    let mut walk = Walk::begin(deps, Source::Outbox, Slice::whole(Source::Outbox, deps.clock.now())).await?;
    while let Some(due) = walk.next(deps, budget).await? {
        let outcome = match &due {
            Due::Message(invoice_id, key) => dispatch_row(deps, mailer, invoice_id, key).await,
            Due::Invoice(_) | Due::Attempt(..) => Ok(false),
        };
        walk.count(&due, outcome);
    }
    Ok(walk.end(deps))
}

async fn dispatch_row(deps: &Deps, mailer: &Mailer, invoice_id: &InvoiceId, key: &str) -> Result<bool, AppError> {
    let now = deps.clock.now();
    let Some(found) = deps.store.find_message(invoice_id, key).await? else { return Ok(false) };
    if matches!(found.state, MessageState::Planned | MessageState::Claimed { .. }) {
        // One that was put back is as old as it was before.
        let since = if found.tries == 0 { found.send_at } else { found.planned_at };
        deps.measures.note(Measure::OutboxAge, u64::try_from((now - since).num_seconds()).unwrap_or(0));
    }
    let mail = matches!(found.content, Content::Mail { .. });
    match &found.state {
        MessageState::Planned if found.send_at <= now => {}
        MessageState::Claimed { until } if *until <= now && mail => {
            return move_on(deps, &found, Message { state: MessageState::Uncertain { at: now }, ..found.clone() }).await;
        }
        // An event carries its id, and who listens knows it again: it is handed over once more.
        MessageState::Claimed { until } if *until <= now => {}
        MessageState::Planned
        | MessageState::Claimed { .. }
        | MessageState::Handed { .. }
        | MessageState::Uncertain { .. }
        | MessageState::Failed { .. }
        | MessageState::Cancelled { .. } => return Ok(false),
    }
    let until = now + TimeDelta::seconds(LEASE_SECONDS);
    let claimed = Message { state: MessageState::Claimed { until }, tries: found.tries + 1, ..found.clone() };
    if !move_on(deps, &found, claimed.clone()).await? {
        return Ok(false);
    }
    let after = hand_over(deps, mailer, &claimed, now).await?;
    move_on(deps, &claimed, after).await?;
    Ok(true)
}

/// Whether the row still stood as it was loaded.
async fn move_on(deps: &Deps, before: &Message, after: Message) -> Result<bool, AppError> {
    let measure = match &after.state {
        MessageState::Uncertain { .. } => Some(Measure::UncertainMessages),
        MessageState::Failed { .. } => Some(Measure::FailedMessages),
        MessageState::Planned | MessageState::Claimed { .. } | MessageState::Handed { .. } | MessageState::Cancelled { .. } => None,
    };
    match deps.store.move_message(before, &after).await {
        Ok(()) => {
            if let Some(measure) = measure {
                deps.measures.note(measure, 1);
            }
            Ok(true)
        }
        Err(CommitError::Lost(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

async fn hand_over(deps: &Deps, mailer: &Mailer, message: &Message, now: DateTime<Utc>) -> Result<Message, AppError> {
    let to = |state: MessageState| Message { state, ..message.clone() };
    let Some(folder) = deps.store.find_invoice(&message.invoice_id, Part::WithPayments).await? else {
        return Ok(to(MessageState::Cancelled { reason: "the invoice is gone".to_owned() }));
    };
    if let Some(reason) = message.moot(&folder.invoice.value) {
        return Ok(to(MessageState::Cancelled { reason: reason.to_owned() }));
    }
    let business = deps.business(now).await?;
    let answer = match &message.content {
        Content::Bus { event, payment_id } => publish(mailer, message, *event, &folder, payment_id.as_ref()).await,
        Content::Mail { kind, recipient } => {
            let sending = Sending { deps, business: &business, message, kind, recipient, folder: &folder, now };
            sending.compose_and_send(mailer).await?
        }
    };
    Ok(match answer {
        HandOver::Accepted { service_id } => to(MessageState::Handed { service_id, at: now }),
        HandOver::Refused { reason } => {
            tracing::error!(invoice = %message.invoice_id, key = message.key, reason, "refused");
            to(MessageState::Failed { reason })
        }
        HandOver::Throttled => later(message, now, SOON_MINUTES),
        HandOver::Blocked { reason } => {
            tracing::warn!(invoice = %message.invoice_id, key = message.key, reason, "a hand-over waits until its reason is mended");
            later(message, now, MENDED_MINUTES)
        }
        HandOver::Unknown { reason } => {
            tracing::warn!(invoice = %message.invoice_id, key = message.key, reason, "no answer to a hand-over");
            match &message.content {
                Content::Mail { .. } => to(MessageState::Uncertain { at: now }),
                Content::Bus { .. } if now - message.planned_at > TimeDelta::days(BUS_DAYS) => to(MessageState::Failed { reason }),
                Content::Bus { .. } => later(message, now, SOON_MINUTES),
            }
        }
    })
}

/// Back into the outbox: a minute later, then two, at most so many.
fn later(message: &Message, now: DateTime<Utc>, most: i64) -> Message {
    let minutes = i64::from(1_u32 << message.tries.saturating_sub(1).min(5)).min(most);
    Message { state: MessageState::Planned, send_at: now + TimeDelta::minutes(minutes), ..message.clone() }
}

/// A mail about to go out.
struct Sending<'a> {
    deps: &'a Deps,
    business: &'a Business,
    message: &'a Message,
    kind: &'a MailKind,
    recipient: &'a Recipient,
    folder: &'a InvoiceFolder,
    now: DateTime<Utc>,
}

impl Sending<'_> {
    async fn compose_and_send(&self, mailer: &Mailer) -> Result<HandOver, AppError> {
        let Self { deps, business, message, kind, recipient, folder, now } = *self;
        let invoice = &folder.invoice.value;
        let payment: Option<&Payment> = match kind {
            MailKind::Receipt { payment_id } => folder.payments.iter().find(|p| p.id == *payment_id),
            MailKind::Unpaid | MailKind::Request | MailKind::Upcoming { .. } | MailKind::PastDue { .. } => None,
        };
        let contact = deps.load_contact(invoice).await?;
        let everyone = recipients(&contact.contact.value.details);
        let (mut to, mut cc) = (Vec::new(), Vec::new());
        let reminder = matches!(kind, MailKind::Upcoming { .. } | MailKind::PastDue { .. });
        for other in everyone.iter().filter(|other| !reminder || other.address == recipient.address) {
            match other.role {
                domain::message::Role::To => to.push(other.address.clone()),
                domain::message::Role::Cc => cc.push(other.address.clone()),
            }
        }
        if !to.contains(&recipient.address) && !cc.contains(&recipient.address) {
            to.push(recipient.address.clone());
        }
        let whose = recipient.address.reference();
        let (invoice_url, pay_url) = (deps.invoice_url(invoice, whose), deps.pay_url(invoice, whose));
        let view = MailView {
            invoice,
            text: &folder.text,
            business,
            today: business.zone.date_at(now),
            invoice_url: invoice_url.reveal(),
            pay_url: pay_url.reveal(),
            payment,
        };
        let composed = match compose(kind, &view) {
            Ok(composed) => composed,
            Err(error) => return Ok(HandOver::Refused { reason: error.to_string() }),
        };
        let name = folder.text.bill_to.name.reveal();
        let outgoing = Outgoing {
            composed: &composed,
            business,
            header_to: &to,
            header_cc: &cc,
            envelope_to: &recipient.address,
            to_name: Some(name),
            tag: &format!("{}/{}", message.invoice_id, message.key),
            at: message.planned_at,
            unsubscribe: None,
        };
        Ok(mailer.send(&outgoing).await)
    }
}

async fn publish(mailer: &Mailer, message: &Message, event: BusEvent, folder: &InvoiceFolder, payment_id: Option<&PaymentId>) -> HandOver {
    let published = Published {
        event,
        id: &format!("{}/{}", message.invoice_id, message.key),
        at: message.planned_at,
        invoice: &folder.invoice.value,
        payment_id,
    };
    mailer.bus.publish(&published).await
}
