//! The outbox is emptied: each row's reason is checked again, it is written, claimed, handed over once, and what came of it written down.

use crate::{
    AppError, Deps,
    measures::Measure,
    sweep::{Budget, Run, Slice, Source, Walk},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::PaymentId,
    message::{BusEvent, Content, MailKind, Message, MessageState, Recipient, Role, recipients},
    payment::Payment,
    pii::{EmailAddress, Pii},
    record::Subject,
    settings::Business,
};
use mail::{Composed, HandOver, MailView, Mailer, Outgoing, Published, compose};
use store::{CommitError, lists::Due, queries::InvoiceFolder};

/// Seconds a claim lasts: longer than any hand-over takes, and than clocks differ.
pub const LEASE_SECONDS: i64 = 120;
/// Minutes after which what could not be handed over now is tried again, at most.
const SOON_MINUTES: i64 = 10;
/// The same for what waits until somebody mends something. The alarm on the outbox's age looks back longer than that.
const MENDED_MINUTES: i64 = 30;
/// Days after which an event that the bus never took is given up.
const BUS_DAYS: i64 = 2;

/// Why a row is cancelled whose recipient the contact has no longer.
const ADDRESS_GONE: &str = "this is no longer an address of the contact";

/// Hands over the rows a stream has just brought. Rows of the future, or moved on by others, are left.
///
/// # Errors
/// Those rows, by their place, that could not be dealt with and should be brought again.
pub async fn dispatch_rows(deps: &Deps, mailer: &Mailer, rows: &[(Subject, String)]) -> Vec<(usize, AppError)> {
    let mut failed = Vec::new();
    for (place, (subject, key)) in rows.iter().enumerate() {
        if let Err(error) = dispatch_row(deps, mailer, subject, key).await {
            tracing::error!(record = %subject, %error, "an outbox row was left");
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
            Due::Message(subject, key) => dispatch_row(deps, mailer, subject, key).await,
            Due::Invoice(_) | Due::Attempt(..) => Ok(false),
        };
        walk.count(&due, outcome);
    }
    Ok(walk.end(deps))
}

async fn dispatch_row(deps: &Deps, mailer: &Mailer, subject: &Subject, key: &str) -> Result<bool, AppError> {
    let now = deps.clock.now();
    let Some(found) = deps.store.find_message(subject, key).await? else { return Ok(false) };
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
    let ready = match prepare(deps, &found, now).await? {
        Prepared::Ready(ready) => ready,
        Prepared::Moot(reason) => {
            return move_on(deps, &found, Message { state: MessageState::Cancelled { reason: reason.to_owned() }, ..found.clone() }).await;
        }
        Prepared::Broken(reason) => {
            return move_on(deps, &found, Message { state: MessageState::Failed { reason }, ..found.clone() }).await;
        }
    };
    // The last call before it goes out: what fails up to here leaves the row as it was.
    let until = now + TimeDelta::seconds(LEASE_SECONDS);
    let claimed = Message { state: MessageState::Claimed { until }, tries: found.tries + 1, ..found.clone() };
    if !move_on(deps, &found, claimed.clone()).await? {
        return Ok(false);
    }
    let after = after_answer(&claimed, ready.hand_over(mailer).await, now);
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

/// What becomes of a row about to go out.
enum Prepared {
    Ready(Box<Ready>),
    /// Its reason is gone.
    Moot(&'static str),
    /// It can never be written.
    Broken(String),
}

/// All that a hand-over needs.
enum Ready {
    Event { message: Message, event: BusEvent, payment_id: Option<PaymentId>, folder: Box<InvoiceFolder> },
    Mail(Mail),
}

/// A mail as it will be handed over.
struct Mail {
    composed: Composed,
    business: Business,
    to: Vec<EmailAddress>,
    cc: Vec<EmailAddress>,
    recipient: EmailAddress,
    name: Pii,
    tag: String,
    at: DateTime<Utc>,
}

impl Ready {
    async fn hand_over(&self, mailer: &Mailer) -> HandOver {
        match self {
            Self::Event { message, event, payment_id, folder } => publish(mailer, message, *event, folder, payment_id.as_ref()).await,
            Self::Mail(mail) => {
                let outgoing = Outgoing {
                    composed: &mail.composed,
                    business: &mail.business,
                    header_to: &mail.to,
                    header_cc: &mail.cc,
                    envelope_to: &mail.recipient,
                    to_name: Some(mail.name.reveal()),
                    tag: &mail.tag,
                    at: mail.at,
                    unsubscribe: None,
                };
                mailer.send(&outgoing).await
            }
        }
    }
}

/// Loads, checks and writes what a row is to hand over.
async fn prepare(deps: &Deps, message: &Message, now: DateTime<Utc>) -> Result<Prepared, AppError> {
    let payment =
        if let Subject::Payment(id) = &message.subject { deps.store.find_payment(id).await?.map(|found| found.value) } else { None };
    let invoice_id = if let Subject::Invoice(id) = &message.subject { Some(id) } else { payment.as_ref().and_then(Payment::first_invoice) };
    let Some(invoice_id) = invoice_id else { return Ok(Prepared::Moot("its record is gone")) };
    let Some(folder) = deps.store.find_invoice(invoice_id).await? else { return Ok(Prepared::Moot("the invoice is gone")) };
    if let Some(reason) = message.moot(&folder.invoice.value) {
        return Ok(Prepared::Moot(reason));
    }
    match &message.content {
        Content::Bus { event, payment_id } => {
            let (message, payment_id) = (message.clone(), payment_id.clone());
            Ok(Prepared::Ready(Box::new(Ready::Event { message, event: *event, payment_id, folder: Box::new(folder) })))
        }
        Content::Mail { kind, recipient } => prepare_mail(deps, message, (kind, recipient), &folder, payment.as_ref(), now).await,
    }
}

async fn prepare_mail(
    deps: &Deps,
    message: &Message,
    (kind, recipient): (&MailKind, &Recipient),
    folder: &InvoiceFolder,
    payment: Option<&Payment>,
    now: DateTime<Utc>,
) -> Result<Prepared, AppError> {
    let invoice = &folder.invoice.value;
    let contact = deps.load_contact(invoice).await?;
    let present = recipients(&contact.contact.value.details);
    if !present.iter().any(|other| other.address == recipient.address) {
        // The mail was meant for the contact, who has another address by now.
        for other in message.for_others(&present) {
            plan_instead(deps, Message { planned_at: now, send_at: now, ..other }).await?;
        }
        return Ok(Prepared::Moot(ADDRESS_GONE));
    }
    let (mut to, mut cc) = (Vec::new(), Vec::new());
    for other in &present {
        // Who is named in a header has the mail as well.
        let has_it = other.address == recipient.address || has_row(deps, message, other).await?;
        match other.role {
            _ if !has_it => {}
            Role::To => to.push(other.address.clone()),
            Role::Cc => cc.push(other.address.clone()),
        }
    }
    if to.is_empty() {
        // Whoever was addressed got it under another address.
        to.append(&mut cc);
    }
    let business = deps.business(now).await?;
    let whose = recipient.address.reference();
    let (invoice_url, pay_url) = (deps.invoice_url(invoice, whose), deps.pay_url(invoice, whose));
    let view = MailView {
        invoice,
        text: &folder.text,
        business: &business,
        today: business.zone.date_at(now),
        invoice_url: invoice_url.reveal(),
        pay_url: pay_url.reveal(),
        payment,
    };
    let composed = match compose(kind, &view) {
        Ok(composed) => composed,
        Err(error) => return Ok(Prepared::Broken(error.to_string())),
    };
    Ok(Prepared::Ready(Box::new(Ready::Mail(Mail {
        composed,
        business,
        to,
        cc,
        recipient: recipient.address.clone(),
        name: folder.text.bill_to.name.clone(),
        tag: format!("{}/{}", message.subject, message.key),
        at: message.planned_at,
    }))))
}

/// Plans a mail to an address that it was not planned for. One that was cancelled because the address had gone is planned again.
async fn plan_instead(deps: &Deps, row: Message) -> Result<(), AppError> {
    match deps.store.add_message(&row).await {
        Ok(()) => return Ok(()),
        Err(CommitError::Lost(_)) => {}
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    match deps.store.find_message(&row.subject, &row.key).await? {
        Some(found) if matches!(&found.state, MessageState::Cancelled { reason } if reason == ADDRESS_GONE) => {
            move_on(deps, &found, row).await?;
        }
        Some(_) | None => {}
    }
    Ok(())
}

/// Whether the same mail to another recipient is in the outbox, or went out.
async fn has_row(deps: &Deps, message: &Message, other: &Recipient) -> Result<bool, AppError> {
    let Some(key) = message.key_for(other) else { return Ok(false) };
    let found = deps.store.find_message(&message.subject, &key).await?;
    Ok(found.is_some_and(|row| !matches!(row.state, MessageState::Cancelled { .. } | MessageState::Failed { .. })))
}

/// The row after an answer to its hand-over.
fn after_answer(message: &Message, answer: HandOver, now: DateTime<Utc>) -> Message {
    let to = |state: MessageState| Message { state, ..message.clone() };
    match answer {
        HandOver::Accepted { service_id } => to(MessageState::Handed { service_id, at: now }),
        HandOver::Refused { reason } => {
            tracing::error!(record = %message.subject, key = message.key, reason, "refused");
            to(MessageState::Failed { reason })
        }
        HandOver::Throttled => later(message, now, SOON_MINUTES),
        HandOver::Blocked { reason } => {
            tracing::warn!(record = %message.subject, key = message.key, reason, "a hand-over waits until its reason is mended");
            later(message, now, MENDED_MINUTES)
        }
        HandOver::Unknown { reason } => {
            tracing::warn!(record = %message.subject, key = message.key, reason, "no answer to a hand-over");
            match &message.content {
                Content::Mail { .. } => to(MessageState::Uncertain { at: now }),
                Content::Bus { .. } if now - message.planned_at > TimeDelta::days(BUS_DAYS) => to(MessageState::Failed { reason }),
                Content::Bus { .. } => later(message, now, SOON_MINUTES),
            }
        }
    }
}

/// Back into the outbox: a minute later, then two, at most so many.
fn later(message: &Message, now: DateTime<Utc>, most: i64) -> Message {
    let minutes = i64::from(1_u32 << message.tries.saturating_sub(1).min(5)).min(most);
    Message { state: MessageState::Planned, send_at: now + TimeDelta::minutes(minutes), ..message.clone() }
}

async fn publish(mailer: &Mailer, message: &Message, event: BusEvent, folder: &InvoiceFolder, payment_id: Option<&PaymentId>) -> HandOver {
    let published = Published {
        event,
        id: &format!("{}/{}", message.subject, message.key),
        at: message.planned_at,
        invoice: &folder.invoice.value,
        payment_id,
    };
    mailer.bus.publish(&published).await
}
